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

#[test]
fn a_server_that_cannot_be_started_is_named() {
    let mut out = Vec::new();
    let error = bench(&args(&["--rows", "w1", "--binary", "/nonexistent/strowger"]), &mut out).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/strowger"), "{error}");
}

#[test]
fn a_server_that_ends_at_once_leaves_its_log() {
    let mut out = Vec::new();
    let error = bench(&args(&["--rows", "w1", "--binary", "/bin/false"]), &mut out).unwrap_err();
    let Error::NotReady { log } = error else { panic!("{error}") };
    assert!(Path::new(&log).exists());
    fs::remove_dir_all(Path::new(&log).parent().and_then(Path::parent).unwrap()).unwrap();
}
