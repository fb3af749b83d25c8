//! Prompts, music and sample flows that come with the binary, and the site's own beside them.

use anyhow::{Context, Result};
use rust_embed::RustEmbed;
use std::{fs, path::Path};

/// What `flows/` holds at build time.
#[derive(RustEmbed)]
#[folder = "../../flows"]
#[include = "prompts/*/*.wav"]
#[include = "music/*.wav"]
#[include = "*.json"]
struct Shipped;

/// Lays the shipped sounds where the site's own lie, without touching what is there: a replaced prompt stays replaced.
pub fn lay_out(folder: &Path) -> Result<()> {
    for name in Shipped::iter().filter(|name| name.ends_with(".wav")) {
        let path = folder.join(name.as_ref());
        if path.exists() {
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        if let Some(file) = Shipped::get(&name) {
            fs::write(&path, &file.data).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

/// The sample flows: name and document.
pub fn flows() -> Vec<(String, String)> {
    Shipped::iter()
        .filter_map(|name| {
            let flow = name.strip_suffix(".json").filter(|n| !n.contains('/'))?.to_owned();
            let document = String::from_utf8(Shipped::get(&name)?.data.into_owned()).ok()?;
            Some((flow, document))
        })
        .collect()
}
