//! Facts of calls as the exchange tells them, for the tests of this crate.

use vocab::{
    AgentId, AgentState, AssignmentReason, CallId, Candidate, Direction, EndState, EndedBy, Fact, FactRecord, OfferEnd,
    PhoneNumber, QueueExit, RecordingId, RecordingPurpose, SourceAddress, Timestamp,
};

/// Where the callers of the tests call from.
pub fn source() -> SourceAddress {
    "127.0.0.1:5070".parse().unwrap()
}

pub fn call(number: u64) -> CallId {
    CallId(uuid::Uuid::from_u64_pair(0x0198_0000_0000_7000, number))
}

pub fn recording(number: u64) -> RecordingId {
    RecordingId(call(number).0)
}

/// A fact at a second of the test's day.
pub fn at(second: i64, fact: Fact) -> FactRecord {
    FactRecord { seq: 0, at: Timestamp(second * 1000), fact }
}

pub fn opened(number: u64) -> Fact {
    Fact::CallOpened {
        call: call(number),
        direction: Direction::Inbound,
        caller: PhoneNumber::from("13800138000"),
        called: PhoneNumber::from("4008001000"),
        trunk: Some("loopback".into()),
        extension: None,
        source: source(),
    }
}

pub fn refused(number: u64, reason: &str) -> Fact {
    let (caller, called) = (PhoneNumber::from("13800138000"), PhoneNumber::from("999"));
    Fact::CallRefused { call: call(number), caller, called, source: source(), status: 404, reason: reason.into() }
}

pub fn ended(number: u64, state: EndState, by: EndedBy) -> Fact {
    Fact::CallEnded { call: call(number), state, by }
}

pub fn queued(number: u64, second: i64) -> Fact {
    Fact::Queued { call: call(number), queue: "sales".into(), enqueued: Timestamp(second * 1000) }
}

pub fn left(number: u64, exit: QueueExit, waited_ms: u64) -> Fact {
    Fact::QueueLeft { call: call(number), queue: "sales".into(), exit, waited_ms }
}

pub fn offered(number: u64, agent: &str) -> Fact {
    let candidates = vec![Candidate { agent: AgentId::from(agent), idle_ms: Some(1), passed_over: None }];
    let strategy = "longest_idle".into();
    let reason = Box::new(AssignmentReason {
        queue: "sales".into(),
        strategy,
        place: 1,
        waited_ms: 0,
        candidates,
        others: Default::default(),
    });
    Fact::AgentOffered { call: call(number), agent: agent.into(), extension: "8001".into(), reason }
}

pub fn ringing(number: u64, agent: &str) -> Fact {
    Fact::AgentRinging { call: call(number), agent: agent.into() }
}

pub fn offer_ended(number: u64, agent: &str, end: OfferEnd) -> Fact {
    Fact::OfferEnded { call: call(number), agent: agent.into(), end }
}

pub fn joined(number: u64, agent: &str) -> Fact {
    Fact::Joined { call: call(number), agent: agent.into(), extension: "8001".into() }
}

pub fn parted(number: u64, agent: &str) -> Fact {
    Fact::Parted { call: call(number), agent: agent.into() }
}

pub fn entered(number: u64, node: &str) -> Fact {
    Fact::NodeEntered { call: call(number), node: node.into() }
}

pub fn node_left(number: u64, node: &str, outcome: &str) -> Fact {
    Fact::NodeLeft { call: call(number), node: node.into(), outcome: outcome.into() }
}

pub fn recording_started(number: u64, purpose: RecordingPurpose) -> Fact {
    Fact::RecordingStarted { call: call(number), recording: recording(number), purpose }
}

pub fn recording_stopped(number: u64) -> Fact {
    Fact::RecordingStopped { call: call(number), recording: recording(number) }
}

pub fn agent_is(agent: &str, state: AgentState) -> Fact {
    let (extension, queues) = match state {
        AgentState::LoggedOut => (None, Vec::new()),
        _ => (Some("8001".into()), vec!["sales".into()]),
    };
    Fact::AgentChanged { agent: agent.into(), extension, queues, state, pending: None }
}

/// A caller chooses sales, waits 4 s, the first agent lets it ring, the second talks for 20 s and is recorded.
pub fn answered_call(number: u64) -> Vec<FactRecord> {
    vec![
        at(0, opened(number)),
        at(1, Fact::CallAnswered { call: call(number) }),
        at(1, Fact::FlowStarted { call: call(number), flow: "welcome".into(), version: 3 }),
        at(1, entered(number, "menu")),
        at(3, Fact::DigitsCollected { call: call(number), node: "menu".into(), digits: "1".into() }),
        at(3, node_left(number, "menu", "1")),
        at(3, entered(number, "queue")),
        at(3, queued(number, 3)),
        at(3, Fact::Placed { call: call(number), queue: "sales".into(), place: 1 }),
        at(4, offered(number, "1001")),
        at(4, ringing(number, "1001")),
        at(5, offer_ended(number, "1001", OfferEnd::NoAnswer)),
        at(5, offered(number, "1002")),
        at(6, ringing(number, "1002")),
        at(7, offer_ended(number, "1002", OfferEnd::Answered)),
        at(7, left(number, QueueExit::Answered, 4_000)),
        at(7, joined(number, "1002")),
        at(7, recording_started(number, RecordingPurpose::Conversation)),
        at(27, parted(number, "1002")),
        at(27, recording_stopped(number)),
        at(27, node_left(number, "queue", "answered")),
        at(28, ended(number, EndState::AgentAnswered, EndedBy::Caller)),
    ]
}
