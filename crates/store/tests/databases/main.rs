//! The same behaviour on all three databases: one list of cases, each on an empty database of each server.
#![allow(clippy::disallowed_types, reason = "tests make databases and meddle with them")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod outage;
mod support;

use std::{future::Future, pin::Pin};
use support::{Kind, Server};

type Case = fn(String) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! cases {
    ($($module:ident :: $name:ident),+ $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($name)), (|url| Box::pin(cases::$module::$name(url))) as Case)),+]
    };
}

const CASES: &[(&str, Case)] = cases![
    nouns::a_noun_is_listed_read_replaced_and_removed,
    nouns::keys_are_told_apart_and_ordered_by_their_bytes,
    nouns::pages_join_to_the_whole_list,
    nouns::a_search_takes_wildcards_literally,
    nouns::values_no_database_would_keep_whole_are_refused,
    nouns::every_write_makes_a_revision_and_an_audit_entry_without_secrets,
    nouns::writers_at_the_same_time_lose_nothing,
    nouns::the_configuration_is_read_whole,
    nouns::settings_are_kept,
    flows::each_save_is_a_revision_and_the_same_again_is_none,
    flows::a_removed_flow_keeps_its_revisions,
    sessions::a_session_lasts_until_it_ends_or_runs_out,
    audit::the_chain_shows_a_changed_and_a_removed_entry,
    audit::the_audit_is_searched_newest_first,
    records::a_record_comes_back_as_it_went_in,
    records::a_record_written_twice_is_one,
    records::each_filter_finds_its_records,
    records::a_number_is_found_as_caller_and_as_called,
    records::pages_of_records_of_one_moment_leave_none_out,
    records::a_record_of_the_largest_size_is_kept,
    records::recordings_and_pieces_follow_their_call,
    writer::what_is_put_is_written_and_acknowledged,
    writer::what_found_no_room_is_read_from_the_journal,
    writer::one_bad_item_does_not_hold_the_others_back,
    migrations::opening_again_changes_nothing,
    migrations::tables_of_a_newer_release_are_refused,
    migrations::two_processes_may_open_an_empty_database_at_once,
    demo::the_demo_site_is_seeded_once,
    demo::a_first_start_has_an_administrator_and_no_known_password,
];

#[test]
fn sqlite_conforms() {
    run_all(&Server::start(Kind::Sqlite));
}

#[test]
fn postgresql_conforms() {
    run_all(&Server::start(Kind::Postgres));
}

#[test]
fn mariadb_conforms() {
    run_all(&Server::start(Kind::Mariadb));
}

#[test]
fn addresses_of_no_database_are_refused_without_showing_them() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let wrong = [
        "",
        "oracle://scott:tiger@host/db",
        "sqlite::memory:",
        "sqlite://x?mode=memory",
        "sqlite://x?mode=nonsense",
        "postgres://u:tiger@host:99999999/db",
        "mysql://u:tiger@host:99999999/db",
    ];
    for url in wrong {
        let refused = runtime.block_on(store::Store::open(url)).map(drop).unwrap_err();
        assert!(matches!(refused, store::StoreError::Url { .. }), "{url} {refused:?}");
        assert!(!format!("{refused} {refused:?}").contains("tiger"));
    }
}

/// Every case runs, so that one report shows all that differs.
fn run_all(server: &Server) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut failed = Vec::new();
    for (name, case) in CASES {
        let url = runtime.block_on(server.database());
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(case(url))));
        if outcome.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "{:?} differs in {failed:?}", server.kind());
}
