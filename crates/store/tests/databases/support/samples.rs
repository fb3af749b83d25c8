//! Nouns and records to store.

use report::{OfferRecord, PathStep, Record, RecordingEntry};
use store::{Actor, Agent, Extension, Piece, Role, User};
use vocab::{
    AgentId, AssignmentReason, CallId, Candidate, Direction, EndState, EndedBy, ExtensionId, FlowId, NodeName,
    OfferEnd, PassedOver, PhoneNumber, QueueExit, QueueId, RecordingId, RecordingPurpose, Timestamp, TrunkId,
};

/// 2026-11-21, noon UTC.
pub const NOON: i64 = 1_795_262_400_000;

pub fn actor() -> Actor {
    Actor { who: "admin".into(), source: "127.0.0.1".into() }
}

pub fn call(number: u64) -> CallId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    CallId::new(Timestamp(NOON), random)
}

pub fn recording(number: u64) -> RecordingId {
    RecordingId(call(number).0)
}

pub fn extension(number: &str) -> Extension {
    Extension {
        extension: ExtensionId::from(number),
        display_name: format!("Phone {number}"),
        ha1_md5: "0123456789abcdef0123456789abcdef".into(),
        ha1_sha256: "f".repeat(64),
    }
}

pub fn agent(number: &str, name: &str) -> Agent {
    Agent {
        agent: AgentId::from(number),
        name: name.into(),
        queues: vec![QueueId::from("sales"), QueueId::from("support")],
        extension_default: None,
    }
}

pub fn user(username: &str) -> User {
    User {
        username: username.into(),
        name: "王芳".into(),
        roles: vec![Role::Agent, Role::Quality],
        agent: Some(AgentId::from("1001")),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
    }
}

pub fn piece(recording_number: u64, number: u32) -> Piece {
    Piece {
        recording: recording(recording_number),
        call: call(recording_number),
        number,
        offset_ms: u64::from(number) * 60_000,
        path: format!("2026/11/21/{recording_number}-{number}.wav"),
        channels: 2,
        codec: "pcmu".into(),
        bytes: None,
    }
}

/// An answered queue call; `number` makes it differ in caller, agent, queue and time.
pub fn record(number: u64) -> Record {
    let arrived = Timestamp(NOON + i64::try_from(number).expect("small") * 1000);
    let at = |seconds: i64| Timestamp(arrived.0 + seconds * 1000);
    let (agent, queue) =
        (AgentId::new(format!("{}", 1001 + number % 10)), QueueId::from(["sales", "support"][(number % 2) as usize]));
    Record {
        call: call(number),
        direction: Direction::Inbound,
        caller: PhoneNumber::new(format!("1380013{:04}", number % 10_000)),
        called: PhoneNumber::from("4008001000"),
        trunk: Some(TrunkId::from("loopback")),
        extension: None,
        source: "127.0.0.1:5070".parse().expect("an address"),
        arrived,
        answered: Some(at(1)),
        queued: Some(at(5)),
        ringing: Some(at(6)),
        joined: Some(at(9)),
        parted: Some(at(69)),
        ended: at(70),
        flow: Some(FlowId::from("welcome")),
        flow_version: Some(3),
        path: vec![PathStep { node: NodeName::from("菜单"), at: at(1), outcome: Some("1".into()) }],
        digits: "1".into(),
        queue: Some(queue.clone()),
        queue_exit: Some(QueueExit::Answered),
        waited_ms: 4000,
        offers: vec![OfferRecord {
            agent: agent.clone(),
            extension: ExtensionId::from("8001"),
            offered: at(6),
            rang: Some(at(6)),
            ended: Some(at(9)),
            end: Some(OfferEnd::Answered),
            reason: AssignmentReason {
                queue,
                strategy: "longest_idle".into(),
                place: 1,
                waited_ms: 1000,
                candidates: vec![
                    Candidate { agent: agent.clone(), idle_ms: Some(60_000), passed_over: None },
                    Candidate {
                        agent: AgentId::from("1010"),
                        idle_ms: None,
                        passed_over: Some(PassedOver::NotReady { reason: "午餐".into() }),
                    },
                ],
                others: [("talking".to_owned(), 12)].into(),
            },
        }],
        agent: Some(agent),
        agent_extension: Some(ExtensionId::from("8001")),
        talked_ms: 60_000,
        recordings: vec![RecordingEntry {
            recording: recording(number),
            purpose: RecordingPurpose::Conversation,
            started: at(9),
            stopped: Some(at(69)),
        }],
        state: EndState::AgentAnswered,
        state_number: EndState::AgentAnswered.number(),
        by: EndedBy::Caller,
        status: None,
        reason: None,
    }
}
