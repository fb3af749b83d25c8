//! From the store's nouns to the site as the exchange works with it.

use std::{net::IpAddr, sync::Arc};
use store::Configuration;
use vocab::{FlowId, NodeId};

/// Directly called extensions ring this long, as agents do where a queue says nothing (requirement ACD-15).
const EXTENSION_RING_MS: u64 = 45_000;
/// Calls a node takes at once; one more is refused with 503 (design figure: 4,000 outside lines a site).
const CALLS_MAX: usize = 16_000;
/// Longest wait in a queue that is dialled directly, without a flow that says otherwise.
const DIRECT_QUEUE_WAIT_MS: u64 = 600_000;

/// The exchange's configuration, and what of the store's could not be used.
pub fn site(configuration: &Configuration, node: NodeId, record_conversations: bool) -> (switch::Config, Vec<String>) {
    let mut troubles = Vec::new();
    let mut flows = Vec::new();
    for stored in &configuration.flows {
        match serde_json::from_str::<flow::Flow>(&stored.document) {
            Ok(document) => flows.push(Arc::new(flow::Flow { revision: stored.revision, ..document })),
            Err(error) => troubles.push(format!("flow {}: {error}", stored.flow)),
        }
    }
    let mut numbers: Vec<call::Number> = Vec::new();
    for extension in &configuration.extensions {
        let destination = call::Destination::Extension(extension.extension.clone());
        numbers.push(call::Number { number: extension.extension.as_str().into(), destination, public: false });
    }
    for queue in &configuration.queues {
        let document = queue_flow(queue, &mut troubles);
        numbers.push(call::Number {
            number: queue.number.clone(),
            destination: call::Destination::Flow(queue_flow_name(&queue.queue)),
            public: false,
        });
        flows.extend(document.map(Arc::new));
    }
    for number in &configuration.numbers {
        let destination = match &number.destination {
            store::Destination::Flow(flow) => call::Destination::Flow(flow.clone()),
            store::Destination::Queue(queue) => call::Destination::Flow(queue_flow_name(queue)),
            store::Destination::Extension(extension) => call::Destination::Extension(extension.clone()),
        };
        numbers.push(call::Number { number: number.number.clone(), destination, public: number.public });
    }
    let mut trunks = Vec::new();
    for trunk in &configuration.trunks {
        let mut networks = Vec::new();
        for text in &trunk.networks {
            match network(text) {
                Some(network) => networks.push(network),
                None => troubles.push(format!("trunk {}: {text} is no network", trunk.trunk)),
            }
        }
        trunks.push(call::Trunk { trunk: trunk.trunk.clone(), networks });
    }
    let extensions = configuration.extensions.iter().map(|e| switch::Extension {
        extension: e.extension.clone(),
        account: sip::Account {
            name: e.extension.as_str().into(),
            ha1_md5: e.ha1_md5.as_str().into(),
            ha1_sha256: e.ha1_sha256.as_str().into(),
        },
    });
    let config = switch::Config {
        revision: configuration.revision,
        node,
        extensions: extensions.collect(),
        numbers,
        trunks,
        flows,
        acd: configuration.dispatcher(),
        record_conversations,
        calls_max: CALLS_MAX,
        extension_ring_ms: EXTENSION_RING_MS,
        codecs: vec![media::Codec::Pcma, media::Codec::Pcmu],
    };
    (config, troubles)
}

/// Names for boards.
pub fn names(configuration: &Configuration) -> report::Names {
    let agents = configuration.agents.iter().map(|agent| report::AgentNames {
        agent: agent.agent.clone(),
        name: agent.name.clone(),
        queues: agent.queues.clone(),
    });
    let queues = configuration.queues.iter().map(|queue| report::QueueNames {
        queue: queue.queue.clone(),
        number: queue.number.clone(),
        name_zh: queue.name_zh.clone(),
        name_en: queue.name_en.clone(),
        ring_ms: queue.ring_ms,
    });
    report::Names { agents: agents.collect(), queues: queues.collect() }
}

fn queue_flow_name(queue: &vocab::QueueId) -> FlowId {
    FlowId::new(format!("queue:{queue}"))
}

/// A queue that is dialled directly is a document of one queue node, so that it waits, plays and is recorded as any other.
fn queue_flow(queue: &store::Queue, troubles: &mut Vec<String>) -> Option<flow::Flow> {
    let document = serde_json::json!({
        "version": 1,
        "flow": queue_flow_name(&queue.queue),
        "revision": 1,
        "start": "answer",
        "language": "zh",
        "nodes": {
            "answer": { "type": "answer", "links": { "done": "queue" } },
            "queue": {
                "type": "queue",
                "queue": queue.queue,
                "music": queue.music,
                "max_wait_ms": DIRECT_QUEUE_WAIT_MS,
                "links": { "timeout": "bye", "refused": "bye" },
            },
            "bye": { "type": "hangup" },
        },
    });
    serde_json::from_value(document).map_err(|error| troubles.push(format!("queue {}: {error}", queue.queue))).ok()
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/').unwrap_or((text, if text.contains(':') { "128" } else { "32" }));
    let address: IpAddr = address.parse().ok()?;
    let prefix: u8 = prefix.parse().ok()?;
    (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_an_address_with_or_without_a_prefix() {
        assert_eq!(network("127.0.0.0/8"), Some(("127.0.0.0".parse().unwrap(), 8)));
        assert_eq!(network("::1"), Some(("::1".parse().unwrap(), 128)));
        assert_eq!(network("10.0.0.0/33"), None);
        assert_eq!(network("carrier"), None);
    }

    #[test]
    fn a_directly_dialled_queue_is_a_document_that_passes_the_check() {
        let queue = store::Queue {
            queue: "sales".into(),
            number: "601".into(),
            name_zh: "销售".into(),
            name_en: "Sales".into(),
            strategy: acd::Strategy::LongestIdle,
            ring_ms: 45_000,
            wrap_up_ms: 0,
            waiting_max: 10,
            no_answer_leaves: false,
            music: "calm".into(),
        };
        let mut troubles = Vec::new();
        assert!(queue_flow(&queue, &mut troubles).is_some(), "{troubles:?}");
    }
}
