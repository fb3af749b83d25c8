//! Log-ins.

use store::{Session, Store};
use vocab::Timestamp;

/// Far enough ahead of any clock.
const LATER: i64 = 4_000_000_000_000;

pub async fn a_session_lasts_until_it_ends_or_runs_out(url: String) {
    let store = Store::open(&url).await.unwrap();
    let session = |token: &str, username: &str, expires| Session {
        token_hash: token.into(),
        username: username.into(),
        source: "127.0.0.1".into(),
        created: Timestamp(1),
        expires: Timestamp(expires),
    };
    for (token, username, expires) in
        [("t1", "wang", LATER), ("t2", "wang", LATER), ("t3", "li", LATER), ("t4", "li", 2)]
    {
        store.put_session(&session(token, username, expires)).await.unwrap();
    }
    let at = |now| Timestamp(now);
    assert_eq!(store.session("t1", at(LATER - 1)).await.unwrap(), Some(session("t1", "wang", LATER)));
    assert_eq!(store.session("t1", at(LATER)).await.unwrap(), None, "run out");
    assert_eq!(store.session("t9", at(0)).await.unwrap(), None);
    assert!(store.delete_session("t1").await.unwrap());
    assert!(!store.delete_session("t1").await.unwrap());
    assert_eq!(store.delete_sessions_of("wang").await.unwrap(), 1);
    assert!(store.session("t3", at(0)).await.unwrap().is_some());
    store.put_session(&session("t5", "li", LATER)).await.unwrap();
    assert_eq!(
        store.session("t4", at(0)).await.unwrap(),
        None,
        "those that ran out are forgotten with the next log-in"
    );
    store.close().await;
}
