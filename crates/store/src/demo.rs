//! The demo site of the documentation, on an empty database only: the one place with fixed passwords.

use crate::{
    Actor, Agent, Destination, Extension, Number, Queue, Role, Store, StoreError, Trunk, User, flows,
    table::{empty_in, put_in},
};
use acd::Strategy;
use vocab::{AgentId, ExtensionId, FlowId, PhoneNumber, QueueId, TrunkId};

/// Phones of the demo site, each with an agent of the number 7,000 lower.
pub const EXTENSIONS: std::ops::RangeInclusive<u32> = 8001..=8010;
/// Agents of `sales`.
pub const SALES_AGENTS: std::ops::RangeInclusive<u32> = 1001..=1006;
/// Agents of `support`; three serve both queues.
pub const SUPPORT_AGENTS: std::ops::RangeInclusive<u32> = 1004..=1010;
/// The inbound number.
pub const NUMBER: &str = "4008001000";
/// The flow it leads to.
pub const FLOW: &str = "welcome";

/// Digests of an extension's password.
#[derive(Clone)]
pub struct Digests {
    /// MD5 of `user:realm:password`, hexadecimal.
    pub md5: String,
    /// SHA-256 of the same.
    pub sha256: String,
}

/// What the caller makes, because this crate hashes no passwords and holds no flows.
pub struct Seeds<'a> {
    /// Digests for an extension and a password, in the site's realm.
    pub digests: &'a (dyn Fn(&str, &str) -> Digests + Sync),
    /// Hash of the demo password `demo`.
    pub password_hash: &'a str,
    /// Flow documents by name; `welcome` is one of them.
    pub flows: &'a [(&'a str, &'a str)],
}

/// The password of a demo extension.
pub fn extension_password(extension: &str) -> String {
    format!("demo-{extension}")
}

/// Fills an empty database with the demo site. Does nothing (and says so) when there are users already.
pub async fn seed(store: &Store, seeds: &Seeds<'_>) -> Result<bool, StoreError> {
    let actor = Actor::system();
    let mut tx = store.db.write().await?;
    if !empty_in::<User>(&mut tx).await? {
        return Ok(false);
    }
    for (flow, document) in seeds.flows {
        flows::put_flow_in(&mut tx, &actor, &FlowId::from(*flow), document).await?;
    }
    for queue in queues() {
        put_in(&mut tx, &actor, &queue).await?;
    }
    for number in numbers() {
        put_in(&mut tx, &actor, &number).await?;
    }
    let trunk = Trunk { trunk: TrunkId::from("loopback"), networks: vec!["127.0.0.0/8".into()] };
    put_in(&mut tx, &actor, &trunk).await?;
    for number in EXTENSIONS {
        put_in(&mut tx, &actor, &extension(number, seeds)).await?;
        put_in(&mut tx, &actor, &agent(number - 7000)).await?;
    }
    for user in users(seeds.password_hash) {
        put_in(&mut tx, &actor, &user).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Fills an empty database with what any site begins with: one administrator, whose password hash the caller made from
/// a random password, and the flows at hand. Does nothing (and says so) when there are users already.
pub async fn seed_first_start(
    store: &Store,
    password_hash: &str,
    flows_at_hand: &[(&str, &str)],
) -> Result<bool, StoreError> {
    let actor = Actor::system();
    let mut tx = store.db.write().await?;
    if !empty_in::<User>(&mut tx).await? {
        return Ok(false);
    }
    for (flow, document) in flows_at_hand {
        flows::put_flow_in(&mut tx, &actor, &FlowId::from(*flow), document).await?;
    }
    put_in(&mut tx, &actor, &user("admin", "Administrator", &[Role::Admin], None, password_hash)).await?;
    tx.commit().await?;
    Ok(true)
}

fn queues() -> Vec<Queue> {
    [("sales", "601", "销售", "Sales"), ("support", "602", "支持", "Support")]
        .into_iter()
        .map(|(queue, number, name_zh, name_en)| Queue {
            queue: QueueId::from(queue),
            number: PhoneNumber::from(number),
            name_zh: name_zh.into(),
            name_en: name_en.into(),
            strategy: Strategy::LongestIdle,
            ring_ms: 45_000,
            wrap_up_ms: 10_000,
            waiting_max: 100,
            no_answer_leaves: false,
            music: "music".into(),
        })
        .collect()
}

fn numbers() -> Vec<Number> {
    let flow = Destination::Flow(FlowId::from(FLOW));
    let inside = queues().into_iter().map(|queue| Number {
        number: queue.number,
        destination: Destination::Queue(queue.queue),
        public: false,
    });
    inside.chain([Number { number: PhoneNumber::from(NUMBER), destination: flow, public: true }]).collect()
}

fn extension(number: u32, seeds: &Seeds<'_>) -> Extension {
    let name = number.to_string();
    let digests = (seeds.digests)(&name, &extension_password(&name));
    Extension {
        display_name: format!("Phone {name}"),
        extension: ExtensionId::new(name),
        ha1_md5: digests.md5,
        ha1_sha256: digests.sha256,
    }
}

fn agent(number: u32) -> Agent {
    let served = [("sales", SALES_AGENTS), ("support", SUPPORT_AGENTS)];
    Agent {
        agent: AgentId::new(number.to_string()),
        name: agent_name(number),
        queues: served
            .into_iter()
            .filter(|(_, agents)| agents.contains(&number))
            .map(|(queue, _)| queue.into())
            .collect(),
        extension_default: Some(ExtensionId::new((number + 7000).to_string())),
    }
}

/// Names that are easy to tell apart on a screen, none of a real person.
fn agent_name(number: u32) -> String {
    const NAMES: [&str; 10] = ["王芳", "李伟", "张敏", "刘洋", "陈静", "杨磊", "赵丽", "黄强", "周婷", "吴军"];
    NAMES.get((number % 1001) as usize).map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

fn users(password_hash: &str) -> Vec<User> {
    let mut users = vec![
        user("admin", "Administrator", &[Role::Admin], None, password_hash),
        user("1000", "班长", &[Role::Supervisor], None, password_hash),
    ];
    for number in EXTENSIONS.map(|extension| extension - 7000) {
        let agent = AgentId::new(number.to_string());
        users.push(user(&number.to_string(), &agent_name(number), &[Role::Agent], Some(agent), password_hash));
    }
    users
}

fn user(username: &str, name: &str, roles: &[Role], agent: Option<AgentId>, password_hash: &str) -> User {
    User {
        username: username.into(),
        name: name.into(),
        roles: roles.to_vec(),
        agent,
        password_hash: password_hash.into(),
    }
}
