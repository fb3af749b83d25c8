//! Prompts, music and sample flows that come with the binary, and the site's own beside them.

use anyhow::{Context, Result};
use rust_embed::RustEmbed;
use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

/// What `flows/` holds at build time.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../flows"]
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

/// Names of what lies there: prompts of a language, and all music.
pub fn names(folder: &Path, language: &str) -> api::Library {
    let stems = |folder: &Path| -> BTreeSet<Arc<str>> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let wavs = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "wav"));
        wavs.filter_map(|path| Some(path.file_stem()?.to_str()?.into())).collect()
    };
    api::Library { prompts: stems(&folder.join("prompts").join(language)), music: stems(&folder.join("music")) }
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
