//! Configuration nouns.

use crate::support::{actor, agent, extension, user};
use acd::Strategy;
use store::{AuditQuery, Deed, Destination, Number, Page, Queue, Store, StoreError, Trunk};
use vocab::{ExtensionId, FlowId, PhoneNumber, QueueId, TrunkId};

fn queue(name: &str) -> Queue {
    Queue {
        queue: QueueId::from(name),
        number: PhoneNumber::from("601"),
        name_zh: "销售 ☎".into(),
        name_en: "Sales \"A\" \\ 'B'".into(),
        strategy: Strategy::LongestIdle,
        ring_ms: 45_000,
        wrap_up_ms: 0,
        waiting_max: u32::MAX,
        no_answer_leaves: true,
        music: "music".into(),
    }
}

fn page(limit: u32, cursor: Option<String>) -> Page {
    Page { limit: Some(limit), cursor, q: None }
}

pub async fn a_noun_is_listed_read_replaced_and_removed(url: String) {
    let store = Store::open(&url).await.unwrap();
    let number = |destination| Number { number: PhoneNumber::from("4008001000"), destination, public: true };
    let flow = number(Destination::Flow(FlowId::from("welcome")));
    let phone = number(Destination::Extension(ExtensionId::from("8001")));

    assert_eq!(store.numbers().get("4008001000").await.unwrap(), None);
    store.numbers().put(&actor(), &flow).await.unwrap();
    assert_eq!(store.numbers().get("4008001000").await.unwrap(), Some(flow));
    store.numbers().put(&actor(), &phone).await.unwrap();
    assert_eq!(store.numbers().list(&Page::default()).await.unwrap().items, [phone]);
    assert!(store.numbers().delete(&actor(), "4008001000").await.unwrap().is_some());
    assert!(store.numbers().delete(&actor(), "4008001000").await.unwrap().is_none());

    let queue = queue("sales");
    store.queues().put(&actor(), &queue).await.unwrap();
    assert_eq!(store.queues().get("sales").await.unwrap(), Some(queue));
    let trunk = Trunk { trunk: TrunkId::from("loopback"), networks: vec!["127.0.0.0/8".into(), "::1/128".into()] };
    store.trunks().put(&actor(), &trunk).await.unwrap();
    assert_eq!(store.trunks().get("loopback").await.unwrap(), Some(trunk));
    store.users().put(&actor(), &user("wang")).await.unwrap();
    assert_eq!(store.users().get("wang").await.unwrap(), Some(user("wang")));
    store.extensions().put(&actor(), &extension("8001")).await.unwrap();
    assert_eq!(store.extensions().get("8001").await.unwrap(), Some(extension("8001")));
    store.close().await;
}

pub async fn keys_are_told_apart_and_ordered_by_their_bytes(url: String) {
    let store = Store::open(&url).await.unwrap();
    let names = ["中", "b", "B", "a", "A", "é", "e", "10", "9", "😀"];
    for name in names {
        store.agents().put(&actor(), &agent(name, name)).await.unwrap();
    }
    let mut ordered = names;
    ordered.sort_unstable();
    let listed = store.agents().list(&Page::default()).await.unwrap();
    assert_eq!(listed.items.iter().map(|agent| agent.agent.as_str()).collect::<Vec<_>>(), ordered);
    assert_eq!(store.agents().get("É").await.unwrap(), None);
    store.close().await;
}

pub async fn pages_join_to_the_whole_list(url: String) {
    let store = Store::open(&url).await.unwrap();
    for number in 1..=7 {
        store.agents().put(&actor(), &agent(&format!("100{number}"), "x")).await.unwrap();
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let listed = store.agents().list(&page(3, cursor)).await.unwrap();
        found.push(listed.items.len());
        cursor = listed.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, [3, 3, 1]);
    assert_eq!(store.agents().list(&page(7, None)).await.unwrap().next_cursor, None, "a full last page ends the list");
    assert_eq!(store.agents().list(&page(0, None)).await.unwrap().items.len(), 1, "no page is empty for its limit");
    store.close().await;
}

pub async fn a_search_takes_wildcards_literally(url: String) {
    let store = Store::open(&url).await.unwrap();
    for (number, name) in [("1001", "100%"), ("1002", "a_b"), ("1003", "bang!"), ("1004", "王芳"), ("1005", "acb")] {
        store.agents().put(&actor(), &agent(number, name)).await.unwrap();
    }
    for (q, found) in [
        ("%", vec!["1001"]),
        ("a_b", vec!["1002"]),
        ("!", vec!["1003"]),
        ("王", vec!["1004"]),
        ("100", vec!["1001", "1002", "1003", "1004", "1005"]),
    ] {
        let listed = store.agents().list(&Page { q: Some(q.into()), ..Page::default() }).await.unwrap();
        assert_eq!(listed.items.iter().map(|agent| agent.agent.as_str()).collect::<Vec<_>>(), found, "{q}");
    }
    store.close().await;
}

pub async fn values_no_database_would_keep_whole_are_refused(url: String) {
    let store = Store::open(&url).await.unwrap();
    let long = "x".repeat(251);
    for (number, name) in [("", "x"), (" 1", "x"), ("1\n", "x"), (&long, "x"), ("1", &long), ("1", "a\0b")] {
        let refused = store.agents().put(&actor(), &agent(number, name)).await;
        assert!(matches!(refused, Err(StoreError::Value { table: "agents", .. })), "{number:?} {name:?} {refused:?}");
    }
    store.agents().put(&actor(), &agent(&"数".repeat(128), &"字".repeat(250))).await.unwrap();
    store.close().await;
}

pub async fn every_write_makes_a_revision_and_an_audit_entry_without_secrets(url: String) {
    let store = Store::open(&url).await.unwrap();
    let before = store.revision().await.unwrap();
    let mut extension = extension("8001");
    assert_eq!(store.extensions().put(&actor(), &extension).await.unwrap(), before + 1);
    extension.ha1_md5 = "a".repeat(32);
    store.extensions().put(&actor(), &extension).await.unwrap();
    assert_eq!(store.extensions().delete(&actor(), "8001").await.unwrap(), Some(before + 3));
    assert_eq!(store.revision().await.unwrap(), before + 3);

    let entries = store.audit_entries(&AuditQuery::default()).await.unwrap().items;
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.seq, entry.action.as_str(), entry.before.is_some(), entry.after.is_some()))
        .collect();
    assert_eq!(told, [(3, "delete", true, false), (2, "put", true, true), (1, "put", false, true)]);
    assert!(entries.iter().all(|entry| entry.object == "extensions/8001" && entry.who == "admin"));
    assert!(entries[1].after.as_ref().unwrap().contains("\"secret_changed\":true"));
    let shown = format!("{entries:?}");
    assert!(!shown.contains("0123456789abcdef") && !shown.contains(&"a".repeat(32)), "a secret in the audit");

    let revision = store.revision().await.unwrap();
    store.users().put(&actor(), &user("wang")).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), revision, "people who log in are not the exchange's configuration");
    store.close().await;
}

pub async fn writers_at_the_same_time_lose_nothing(url: String) {
    let store = Store::open(&url).await.unwrap();
    let (mut puts, mut others) = (tokio::task::JoinSet::new(), tokio::task::JoinSet::new());
    for number in 0..20 {
        let here = store.clone();
        puts.spawn(async move { here.agents().put(&actor(), &agent(&format!("{}", number % 5), "x")).await });
        let here = store.clone();
        others.spawn(async move { here.audit(&actor(), &Deed { action: "play", ..Deed::default() }).await });
        let here = store.clone();
        others.spawn(async move { here.put_flow(&actor(), &"f".into(), &number.to_string()).await.map(drop) });
    }
    let mut revisions: Vec<u64> = puts.join_all().await.into_iter().map(Result::unwrap).collect();
    others.join_all().await.into_iter().for_each(Result::unwrap);
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!((revisions.len(), store.revision().await.unwrap()), (20, 40));
    assert_eq!(store.flow("f").await.unwrap().unwrap().revision, 20);
    assert_eq!(store.audit_break().await.unwrap(), None);
    let newest = store.audit_entries(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!(newest.seq, 60);
    store.close().await;
}

pub async fn the_configuration_is_read_whole(url: String) {
    let store = Store::open(&url).await.unwrap();
    store.agents().put(&actor(), &agent("1001", "王芳")).await.unwrap();
    store.queues().put(&actor(), &queue("sales")).await.unwrap();
    store.extensions().put(&actor(), &extension("8001")).await.unwrap();
    store.put_flow(&actor(), &FlowId::from("welcome"), "{}").await.unwrap();
    let configuration = store.configuration().await.unwrap();
    assert_eq!(configuration.revision, 4);
    assert_eq!(configuration.extensions, [extension("8001")]);
    assert_eq!(configuration.flows[0].document, "{}");
    let dispatcher = configuration.dispatcher();
    assert_eq!((dispatcher.revision, dispatcher.agents.len()), (4, 1));
    assert_eq!(dispatcher.queues, [queue("sales").rules()]);
    store.close().await;
}

pub async fn settings_are_kept(url: String) {
    let store = Store::open(&url).await.unwrap();
    assert_eq!(store.setting("timezone").await.unwrap(), None);
    store.put_setting(&actor(), "timezone", "\"Asia/Shanghai\"").await.unwrap();
    store.put_setting(&actor(), "timezone", "\"UTC\"").await.unwrap();
    assert_eq!(store.setting("timezone").await.unwrap().as_deref(), Some("\"UTC\""));
    store.close().await;
}
