//! Chores of the project: `cargo xtask tidy` proves the crate arrows and the purity of the pure crates.

mod arrows;
mod purity;

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

#[expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]
fn main() -> Result<()> {
    let root = root();
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => {
            let mut problems = arrows::check(&root)?;
            problems.extend(purity::check(&root)?);
            for problem in &problems {
                println!("{problem}");
            }
            if !problems.is_empty() {
                bail!("{} problem(s); the table is in ARCHITECTURE.md", problems.len());
            }
            println!("tidy: crate arrows and purity hold");
            Ok(())
        }
        _ => bail!("usage: cargo xtask tidy"),
    }
}

/// The folder of the workspace, wherever the command was started.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}
