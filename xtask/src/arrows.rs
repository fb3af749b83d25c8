//! The table of crates: who may import whom. An arrow that is not here is a decision record, not a line in a manifest.

use anyhow::{Context, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

const PROTOCOL: &[&str] = &["sip", "media"];

/// Crate, and what it may import of ours besides `vocab`. `None`: everything.
fn allowed(name: &str) -> Option<Option<Vec<&'static str>>> {
    let protocol_and = |more: &[&'static str]| [PROTOCOL, more].concat();
    Some(Some(match name {
        "vocab" | "sip" | "media" | "expr" | "call" | "crm" | "report" | "cluster" | "fax" => vec![],
        "flow" | "acd" | "dialer" => vec!["expr"],
        "switch" => protocol_and(&["call", "flow", "acd", "dialer", "cluster"]),
        "wire" => protocol_and(&[]),
        "effects" => vec!["flow"],
        "store" => vec!["flow", "acd", "dialer", "crm", "report"],
        "api" => vec!["switch", "store", "flow", "acd", "crm", "report"],
        "cti" => vec!["switch"],
        "channels" => vec!["switch", "crm", "store"],
        "load" => protocol_and(&["wire"]),
        "sim" => protocol_and(&["expr", "call", "flow", "acd", "dialer", "crm", "report", "cluster", "switch"]),
        "server" => return Some(None),
        // The real binary from outside: nothing of the server, only what reads sound.
        "blackbox" => vec!["media"],
        "xtask" => vec![],
        _ => return None,
    }))
}

/// Crates that may not import even `vocab`.
const ALONE: &[&str] = &["vocab", "sip", "media", "xtask"];

/// External crates that no pure crate may depend on: each brings I/O, a clock, threads or hash order with it.
const IMPURE: &[&str] =
    &["tokio", "socket2", "libc", "crossbeam-channel", "sqlx", "axum", "reqwest", "rand", "getrandom"];

pub const PURE: &[&str] =
    &["vocab", "sip", "media", "expr", "call", "flow", "acd", "dialer", "crm", "report", "cluster", "switch", "sim"];

/// Every arrow of the workspace that the table does not allow.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let packages = packages(root)?;
    let ours: BTreeSet<&String> = packages.keys().collect();
    for (name, dependencies) in &packages {
        let Some(table) = allowed(name) else {
            problems.push(format!("{name}: not in the table of crates (xtask/src/arrows.rs)"));
            continue;
        };
        for dependency in dependencies {
            let inside = ours.contains(dependency);
            let fine = match &table {
                _ if !inside => !(PURE.contains(&name.as_str()) && IMPURE.contains(&dependency.as_str())),
                _ if dependency == "vocab" => !ALONE.contains(&name.as_str()),
                None => true,
                Some(allowed) => allowed.contains(&dependency.as_str()),
            };
            if !fine {
                problems.push(format!("{name} may not import {dependency}"));
            }
        }
    }
    Ok(problems)
}

/// Each package of the workspace with its ordinary (not dev, not build) dependencies.
fn packages(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root)
        .output()
        .context("cargo metadata could not be started")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata did not print JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    Ok(packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            let ordinary = dependencies.filter(|d| d["kind"].is_null()).map(|d| text(&d["name"]));
            (text(&package["name"]), ordinary.collect())
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_crate_and_forbids_the_arrows_of_the_tumour() {
        assert_eq!(allowed("switch").flatten().map(|a| a.contains(&"store")), Some(false));
        assert_eq!(allowed("call").flatten(), Some(vec![]));
        assert!(allowed("utils").is_none());
    }
}
