//! Words that may not stand in the sources of a pure crate. Clippy bans the types and calls; this catches whole modules
//! and what a renamed import would hide.

use crate::arrows::PURE;
use anyhow::{Context, Result};
use std::{fs, path::Path};

const BANNED: &[(&str, &str)] = &[
    ("std::fs", "no files"),
    ("std::net::UdpSocket", "no sockets"),
    ("std::net::TcpStream", "no sockets"),
    ("std::thread", "no threads"),
    ("std::sync::Mutex", "no locks"),
    ("std::sync::atomic", "no shared state"),
    ("Instant::now", "time is an input"),
    ("SystemTime", "time is an input"),
    ("HashMap", "order is an input"),
    ("HashSet", "order is an input"),
    ("thread_rng", "chance is an input"),
    ("unsafe ", "nothing here needs it"),
];

/// No crate may be called like a drawer.
const DRAWERS: &[&str] = &["core", "common", "utils", "util", "helpers", "manager", "misc"];

/// Every banned word in a pure crate's `src`, and every module that is a drawer.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for name in PURE {
        let source = root.join("crates").join(name).join("src");
        if source.is_dir() {
            visit(root, &source, &mut problems)?;
        }
    }
    Ok(problems)
}

fn visit(root: &Path, folder: &Path, problems: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if DRAWERS.contains(&stem) {
            problems.push(format!("{shown}: a drawer; put each thing with the noun it speaks of"));
        }
        if path.is_dir() {
            visit(root, &path, problems)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).with_context(|| format!("{shown} cannot be read"))?;
            problems.extend(banned_words(&shown, &text));
        }
    }
    Ok(())
}

fn banned_words(shown: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        for (word, why) in BANNED {
            if code.contains(word) {
                found.push(format!("{shown}:{}: {word} in a pure crate: {why}", number + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_caught_and_comments_are_not() {
        assert_eq!(banned_words("a.rs", "let now = Instant::now();").len(), 1);
        assert!(banned_words("a.rs", "// an Instant::now would break replay").is_empty());
    }
}
