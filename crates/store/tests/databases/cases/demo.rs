//! Seeds.

use store::{
    Destination, Page, Role, Store,
    demo::{Digests, Seeds, seed, seed_first_start},
};

pub async fn the_demo_site_is_seeded_once(url: String) {
    let store = Store::open(&url).await.unwrap();
    let digests =
        |extension: &str, password: &str| Digests { md5: format!("{extension}:{password}"), sha256: "s".into() };
    let seeds = Seeds { digests: &digests, password_hash: "hash of demo", flows: &[("welcome", "{}")] };
    assert!(seed(&store, &seeds).await.unwrap());
    let revision = store.revision().await.unwrap();
    assert!(!seed(&store, &seeds).await.unwrap());
    assert_eq!(store.revision().await.unwrap(), revision);

    let configuration = store.configuration().await.unwrap();
    assert_eq!(configuration.extensions.len(), 10);
    assert_eq!(configuration.extensions[0].ha1_md5, "8001:demo-8001");
    let served: Vec<_> = configuration.agents.iter().map(|agent| (agent.agent.as_str(), agent.queues.len())).collect();
    assert_eq!((served[0], served[3], served[9]), (("1001", 1), ("1004", 2), ("1010", 1)));
    let number = store.numbers().get("4008001000").await.unwrap().unwrap();
    assert_eq!((number.public, number.destination), (true, Destination::Flow("welcome".into())));
    assert!(!store.numbers().get("601").await.unwrap().unwrap().public);
    let users = store.users().list(&Page::default()).await.unwrap().items;
    assert_eq!(users.len(), 12);
    let supervisor = users.iter().find(|user| user.username == "1000").unwrap();
    assert_eq!((supervisor.roles.as_slice(), &supervisor.agent), ([Role::Supervisor].as_slice(), &None));
    assert_eq!(store.audit_break().await.unwrap(), None);
    store.close().await;
}

pub async fn a_first_start_has_an_administrator_and_no_known_password(url: String) {
    let store = Store::open(&url).await.unwrap();
    assert!(seed_first_start(&store, "hash of a random password", &[("welcome", "{}")]).await.unwrap());
    assert!(!seed_first_start(&store, "another", &[]).await.unwrap());
    let users = store.users().list(&Page::default()).await.unwrap().items;
    assert_eq!((users.len(), users[0].username.as_str()), (1, "admin"));
    assert_eq!(users[0].password_hash, "hash of a random password");
    assert_eq!(store.configuration().await.unwrap().extensions, []);
    store.close().await;
}
