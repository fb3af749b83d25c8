//! What of a bench needs no server: its arguments, and what it says when there is none.

use super::*;

fn args(words: &[&str]) -> Args {
    Args::try_parse_from(std::iter::once(&"bench").chain(words)).expect("good arguments")
}

#[test]
fn all_rows_but_the_long_one_are_usual() {
    let usual = args(&[]);
    assert_eq!((usual.rows.len(), usual.long), (6, false));
    assert_eq!(args(&["--rows", "w3,queue"]).rows, [RowName::W3, RowName::Queue]);
}

/// Runs a bench that cannot succeed in this folder and gives what it said.
fn failing(binary: &str, folder: &Path) -> String {
    let (mut out, json) = (Vec::new(), folder.join("bench.json"));
    let (data, json) = (folder.to_str().unwrap(), json.to_str().unwrap());
    let words = ["--rows", "w1", "--binary", binary, "--data", data, "--json", json];
    let bench = bench(&args(&words), &mut out).unwrap();
    assert_eq!(bench, Bench { rows: Vec::new(), failed: true });
    assert!(Path::new(json).exists());
    String::from_utf8(out).unwrap()
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let (mut out, data, json) = (Vec::new(), folder.path().join("file/data"), folder.path().join("bench.json"));
    let (data, json) = (data.to_str().unwrap(), json.to_str().unwrap());
    bench(&args(&["--rows", "w1", "--data", data, "--json", json]), &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    assert!(said.contains(&format!("{data}/w1-")) && said.contains("Not a directory"), "{said}");
}

#[test]
fn a_server_that_cannot_be_started_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = failing("/nonexistent/strowger", folder.path());
    assert!(said.contains("w1 could not be measured: cannot start /nonexistent/strowger"), "{said}");
}

#[test]
fn a_server_that_ends_at_once_leaves_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let said = failing("/bin/false", folder.path());
    let (_, log) = said.split_once("see ").unwrap();
    assert!(Path::new(log.lines().next().unwrap()).exists(), "{said}");
}
