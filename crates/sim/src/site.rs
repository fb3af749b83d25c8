//! The simulated site: the demo's shape on invented addresses.

use crate::Scenario;
use call::{Destination, Number, Trunk};
use std::{net::SocketAddr, sync::Arc};

/// Ring time of the simulated queues; short, so that a seed's minutes hold several rings.
pub(crate) const RING_MS: u64 = 15_000;
/// Wrap-up of the simulated queues.
pub(crate) const WRAP_UP_MS: u64 = 5_000;
pub(crate) const REALM: &str = "exchange";
pub(crate) const EDGE: &str = "edge";
pub(crate) const DISPATCHER: &str = "dispatcher";

/// The exchange's address.
pub(crate) fn exchange() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 5060))
}

/// A caller's address, inside the trunk's network.
pub(crate) fn caller(number: usize) -> SocketAddr {
    SocketAddr::from(([10, 9, 0, u8::try_from(number).unwrap_or(255)], 5060))
}

/// An agent's phone.
pub(crate) fn desk(number: usize) -> SocketAddr {
    SocketAddr::from(([10, 1, 0, u8::try_from(number).unwrap_or(255)], 5060))
}

pub(crate) fn extension(agent: usize) -> String {
    format!("80{:02}", agent + 1)
}

pub(crate) fn agent(agent: usize) -> vocab::AgentId {
    vocab::AgentId::new(format!("10{:02}", agent + 1))
}

pub(crate) fn password(extension: &str) -> String {
    format!("demo-{extension}")
}

pub(crate) fn sip_config(accounts: Vec<sip::Account>) -> sip::Config {
    sip::Config { accounts, ..sip::Config::new(REALM) }
}

fn account(extension: &str) -> sip::Account {
    let password = password(extension);
    sip::Account {
        name: extension.into(),
        ha1_md5: sip::digest::ha1_md5(extension, REALM, &password).into(),
        ha1_sha256: sip::digest::ha1_sha256(extension, REALM, &password).into(),
    }
}

/// The production configuration of this site.
pub(crate) fn config(scenario: &Scenario) -> switch::Config {
    // 8010 takes the demo flow's operator key and is never registered here: a transfer that fails.
    let mut extensions: Vec<String> = (0..scenario.agents.len()).map(extension).collect();
    extensions.push("8010".to_owned());
    let queues = ["sales", "support"].map(|queue| acd::QueueRules {
        queue: queue.into(),
        strategy: acd::Strategy::LongestIdle,
        ring_ms: RING_MS,
        wrap_up_ms: WRAP_UP_MS,
        waiting_max: 4,
        no_answer_leaves: scenario.seed.is_multiple_of(2),
    });
    let agents = (0..scenario.agents.len())
        .map(|n| acd::AgentRules { agent: agent(n), queues: vec!["sales".into(), "support".into()] });
    let welcome = include_str!("../../../flows/welcome.json");
    let welcome: flow::Flow = serde_json::from_str(welcome).expect("the demo flow is well formed");
    switch::Config {
        revision: 1,
        node: EDGE.into(),
        numbers: vec![Number {
            number: "4008001000".into(),
            destination: Destination::Flow("welcome".into()),
            public: true,
        }],
        trunks: vec![Trunk { trunk: "carrier".into(), networks: vec![(caller(0).ip(), 16)] }],
        flows: vec![Arc::new(welcome)],
        acd: acd::Config { revision: 1, queues: queues.to_vec(), agents: agents.collect() },
        record_conversations: true,
        calls_max: 100,
        extension_ring_ms: RING_MS,
        codecs: vec![media::Codec::Pcma, media::Codec::Pcmu],
        extensions: extensions
            .iter()
            .map(|e| switch::Extension { extension: e.as_str().into(), account: account(e) })
            .collect(),
    }
}
