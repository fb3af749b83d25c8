//! The live board.

use crate::walk::*;
use report::{AgentNames, Board, Changed, Fold, Names, Phase, QueueNames};
use vocab::{
    AgentId, AgentState, EndState, EndedBy, Fact, FactRecord, OfferEnd, PendingState, PhoneNumber, QueueExit, QueueId,
    RecordingPurpose, Timestamp,
};

fn names() -> Names {
    let queue = |queue: &str, number| QueueNames {
        queue: QueueId::from(queue),
        number: PhoneNumber::from(number),
        name_zh: "销售".into(),
        name_en: "Sales".into(),
        ring_ms: 15_000,
    };
    let agent = |agent: &str| AgentNames { agent: agent.into(), name: "王芳".into(), queues: vec!["sales".into()] };
    Names { agents: vec![agent("1001"), agent("1002")], queues: vec![queue("sales", "601"), queue("support", "602")] }
}

fn board() -> Board {
    Board::new(names(), Timestamp(0))
}

fn take(board: &mut Board, facts: &[FactRecord]) -> Changed {
    let mut changed = Changed::default();
    for fact in facts {
        changed.merge(board.handle(fact));
    }
    changed
}

#[test]
fn an_empty_board_shows_everybody_logged_out_and_every_queue() {
    let snapshot = board().snapshot(Timestamp(0));
    let agents: Vec<_> = snapshot.agents.iter().map(|agent| (agent.agent.as_str(), agent.state)).collect();
    assert_eq!(agents, [("1001", "logged_out"), ("1002", "logged_out")]);
    assert_eq!(snapshot.agents[0].queues, [QueueId::from("sales")], "what the agent may serve");
    assert_eq!(snapshot.queues.iter().map(|queue| queue.number.as_str()).collect::<Vec<_>>(), ["601", "602"]);
}

#[test]
fn a_call_is_followed_through_its_phases() {
    let mut board = board();
    let mut phases = Vec::new();
    for fact in answered_call(1) {
        let changed = board.handle(&fact);
        assert!(changed.calls.contains(&call(1)), "{fact:?}");
        phases.extend(board.call(call(1)).map(|live| live.phase));
    }
    phases.dedup();
    assert_eq!(
        phases,
        [Phase::Ivr, Phase::Queued, Phase::Ringing, Phase::Queued, Phase::Ringing, Phase::Talking, Phase::Ending]
    );
    assert!(board.call(call(1)).is_none());
}

#[test]
fn a_ringing_call_shows_who_is_asked_why_and_until_when() {
    let mut board = board();
    take(&mut board, &answered_call(1)[..11]);
    let live = board.call(call(1)).unwrap();
    let offered = live.offered.as_ref().unwrap();
    assert_eq!((offered.agent.as_str(), offered.since), ("1001", Timestamp(4_000)));
    assert_eq!(offered.ring_until, Some(Timestamp(19_000)));
    assert_eq!((live.place, live.digits.as_str(), live.node.as_ref().unwrap().as_str()), (Some(1), "1", "queue"));
    take(&mut board, &answered_call(1)[11..12]);
    assert_eq!(board.call(call(1)).unwrap().offered, None);
    take(&mut board, &answered_call(1)[12..18]);
    let live = board.call(call(1)).unwrap();
    assert_eq!(
        (live.agent.as_ref().unwrap().as_str(), live.joined, live.recording),
        ("1002", Some(Timestamp(7_000)), true)
    );
    assert_eq!((live.place, &live.offered), (None, &None));
}

#[test]
fn a_queue_counts_its_waiting_its_agents_and_its_day() {
    let mut board = board();
    take(&mut board, &[at(0, agent_is("1001", AgentState::Ready)), at(0, agent_is("1002", AgentState::Ready))]);
    take(&mut board, &answered_call(1)[..10]);
    take(&mut board, &[at(5, opened(2)), at(6, queued(2, 6))]);
    let queue = board.queue(&"sales".into()).unwrap();
    assert_eq!((queue.waiting, queue.longest_since), (2, Some(Timestamp(3_000))));
    assert_eq!((queue.logged_in, queue.ready, queue.offered_today), (2, 2, 2));
    let talking = agent_is("1002", AgentState::Talking { call: call(1) });
    take(&mut board, &[at(7, talking)]);
    take(&mut board, &answered_call(1)[10..]);
    take(
        &mut board,
        &[at(30, left(2, QueueExit::Abandoned, 24_000)), at(30, ended(2, EndState::QueueAbandoned, EndedBy::Caller))],
    );
    take(&mut board, &[at(31, opened(3)), at(31, queued(3, 31)), at(60, left(3, QueueExit::Answered, 29_000))]);
    let queue = board.queue(&"sales".into()).unwrap();
    assert_eq!((queue.waiting, queue.longest_since, queue.talking, queue.ready), (0, None, 1, 1));
    let day = (queue.offered_today, queue.answered_today, queue.abandoned_today, queue.answered_in_20s_today);
    assert_eq!(day, (3, 2, 1, 1));
    let other = board.queue(&"support".into()).unwrap();
    assert_eq!((other.logged_in, other.offered_today), (0, 0));
}

#[test]
fn midnight_begins_the_counters_anew_and_leaves_the_waiting() {
    let mut board = board();
    take(&mut board, &[at(5, opened(2)), at(6, queued(2, 6))]);
    let changed = board.begin_day(Timestamp(86_400_000));
    assert_eq!(changed.queues.len(), 2);
    take(&mut board, &[at(86_000, left(2, QueueExit::Answered, 1))]);
    let queue = board.queue(&"sales".into()).unwrap();
    assert_eq!((queue.offered_today, queue.answered_today, queue.waiting), (0, 0, 0), "a fact of yesterday");
}

#[test]
fn a_call_that_ends_without_leaving_the_queue_does_not_wait_for_ever() {
    let mut board = board();
    take(&mut board, &[at(5, opened(2)), at(6, queued(2, 6))]);
    let changed = take(&mut board, &[at(7, ended(2, EndState::Failed, EndedBy::System))]);
    assert!(changed.queues.contains(&QueueId::from("sales")));
    assert_eq!(board.queue(&"sales".into()).unwrap().waiting, 0);
    let changes = board.changes(&changed, Timestamp(7_000));
    assert_eq!((changes.calls.len(), changes.calls_over), (0, vec![call(2)]));
}

#[test]
fn the_day_of_before_a_restart_is_counted_from_its_records() {
    let mut board = board();
    let mut fold = Fold::new();
    for fact in answered_call(1) {
        if let Some(record) = fold.handle(&fact) {
            board.count(&record);
        }
    }
    let queue = board.queue(&"sales".into()).unwrap();
    assert_eq!((queue.offered_today, queue.answered_today, queue.answered_in_20s_today), (1, 1, 1));
}

#[test]
fn an_agents_state_has_its_beginning_and_wrap_up_runs_down() {
    let mut board = board();
    let wrap_up = |left_ms| AgentState::WrapUp { call: call(1), left_ms };
    take(&mut board, &[at(10, agent_is("1001", wrap_up(30_000)))]);
    let live = board.agent(&"1001".into(), Timestamp(15_000)).unwrap();
    assert_eq!(
        (live.state, live.since, live.left_ms, live.call),
        ("wrap_up", Timestamp(10_000), Some(25_000), Some(call(1)))
    );
    let Fact::AgentChanged { agent, extension, queues, .. } = agent_is("1001", wrap_up(0)) else { unreachable!() };
    let pending = Some(PendingState::NotReady { reason: "lunch".into() });
    let asked = Fact::AgentChanged { agent, extension, queues, state: wrap_up(20_000), pending: pending.clone() };
    take(&mut board, &[at(20, asked)]);
    let live = board.agent(&"1001".into(), Timestamp(21_000)).unwrap();
    assert_eq!((live.since, live.left_ms, live.pending), (Timestamp(10_000), Some(19_000), pending));
    let lunch = AgentState::NotReady { reason: "lunch".into() };
    let changed = take(&mut board, &[at(40, agent_is("1001", lunch))]);
    let live = &board.changes(&changed, Timestamp(41_000)).agents[0];
    assert_eq!((live.state, live.reason.as_deref(), live.left_ms), ("not_ready", Some("lunch"), None));
}

#[test]
fn an_agent_without_a_phone_is_seen() {
    let mut board = board();
    take(&mut board, &[at(0, agent_is("1001", AgentState::Ready))]);
    let registered = |board: &Board| board.agent(&"1001".into(), Timestamp(0)).unwrap().phone_registered;
    assert!(!registered(&board));
    let (contact, user_agent) = ("sip:8001@10.0.0.1".into(), "phone".into());
    let here = Fact::ExtensionRegistered { extension: "8001".into(), contact, user_agent };
    let changed = take(&mut board, &[at(1, here)]);
    assert!(registered(&board) && changed.agents.contains(&AgentId::from("1001")));
    take(&mut board, &[at(2, Fact::ExtensionUnregistered { extension: "8001".into() })]);
    assert!(!registered(&board));
    board.phone_registered("8001".into());
    assert!(registered(&board) && board.is_registered(&"8001".into()));
}

#[test]
fn the_last_fifty_refused_calls_are_kept() {
    let mut board = board();
    for number in 0..60 {
        let changed = board.handle(&at(1, refused(number, "number_unbound")));
        assert_eq!(board.changes(&changed, Timestamp(0)).refused[0].call, call(number));
    }
    let refused = board.snapshot(Timestamp(0)).refused;
    assert_eq!((refused.len(), refused[0].call, refused[49].call), (50, call(10), call(59)));
}

#[test]
fn a_new_configuration_keeps_what_goes_on() {
    let mut board = board();
    take(&mut board, &[at(0, agent_is("1001", AgentState::Ready)), at(5, opened(2)), at(6, queued(2, 6))]);
    let mut names = names();
    names.agents.remove(1);
    names.agents[0].name = "李伟".into();
    names.queues.remove(1);
    board.configure(names);
    let snapshot = board.snapshot(Timestamp(0));
    assert_eq!(
        (snapshot.agents.len(), snapshot.agents[0].state, snapshot.agents[0].name.as_str()),
        (1, "ready", "李伟")
    );
    assert_eq!((snapshot.queues.len(), snapshot.queues[0].waiting), (1, 1));
}

#[test]
fn a_message_is_a_phase_of_its_own_and_an_offer_withdrawn_ends_it() {
    let mut board = board();
    take(&mut board, &[at(0, opened(1)), at(1, recording_started(1, RecordingPurpose::Message))]);
    assert_eq!(board.call(call(1)).unwrap().phase, Phase::Message);
    take(&mut board, &[at(2, recording_stopped(1))]);
    let live = board.call(call(1)).unwrap();
    assert_eq!((live.phase, live.recording), (Phase::Ivr, false));
    take(&mut board, &[at(3, queued(1, 3)), at(4, offered(1, "1001")), at(4, ringing(1, "1001"))]);
    take(&mut board, &[at(5, left(1, QueueExit::Key, 2_000)), at(5, offer_ended(1, "1001", OfferEnd::Withdrawn))]);
    let live = board.call(call(1)).unwrap();
    assert_eq!((live.phase, &live.offered), (Phase::Ivr, &None));
}

#[test]
fn the_json_is_that_of_the_contract() {
    let mut board = board();
    take(&mut board, &answered_call(1)[..11]);
    take(&mut board, &[at(4, agent_is("1001", AgentState::Offered { call: call(1) }))]);
    let json = serde_json::to_value(board.snapshot(Timestamp(4_000))).unwrap();
    assert_eq!(json["agents"][0]["state"], "offered");
    assert_eq!(json["agents"][0]["call"], call(1).to_string());
    assert_eq!(json["agents"][0]["since"], 4_000);
    assert!(json["agents"][1].get("reason").is_none());
    assert_eq!(json["queues"][0]["longest_since"], 3_000);
    assert_eq!(json["calls"][0]["phase"], "ringing");
    assert_eq!(json["calls"][0]["offered"]["reason"]["candidates"][0]["agent"], "1001");
    assert_eq!(json["refused"], serde_json::json!([]));
    assert_eq!(serde_json::to_value(Phase::Talking).unwrap(), Phase::Talking.word());
}
