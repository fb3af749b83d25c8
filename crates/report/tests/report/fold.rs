//! From facts to records.

use crate::walk::*;
use proptest::prelude::*;
use report::{Fold, OFFERS_MAX, PATH_STEPS_MAX, Record};
use vocab::{
    AgentId, Direction, EndState, EndedBy, Fact, FactRecord, OfferEnd, QueueExit, RecordingPurpose, Timestamp,
};

/// Takes all facts; exactly the last gives the record.
fn fold(facts: &[FactRecord]) -> Record {
    let mut fold = Fold::new();
    let (last, before) = facts.split_last().unwrap();
    for fact in before {
        assert_eq!(fold.handle(fact), None, "{fact:?}");
    }
    let record = fold.handle(last).expect("the last fact closes the call");
    assert_eq!(fold.open_calls().count(), 0);
    record
}

fn second(second: i64) -> Option<Timestamp> {
    Some(Timestamp(second * 1000))
}

#[test]
fn an_answered_call_has_every_time_the_path_and_the_reason_of_each_choice() {
    let record = fold(&answered_call(1));
    assert_eq!((record.call, record.direction, record.arrived), (call(1), Direction::Inbound, Timestamp(0)));
    assert_eq!((record.answered, record.queued, record.ringing), (second(1), second(3), second(4)));
    assert_eq!((record.joined, record.parted, record.ended), (second(7), second(27), Timestamp(28_000)));
    assert_eq!((record.waited_ms, record.talked_ms), (4_000, 20_000));
    assert_eq!((record.flow.as_ref().map(|flow| flow.as_str()), record.flow_version), (Some("welcome"), Some(3)));
    let path: Vec<_> = record.path.iter().map(|step| (step.node.as_str(), step.outcome.as_deref())).collect();
    assert_eq!(path, [("menu", Some("1")), ("queue", Some("answered"))]);
    assert_eq!((record.digits.as_str(), record.queue_exit), ("1", Some(QueueExit::Answered)));
    let offers: Vec<_> =
        record.offers.iter().map(|offer| (offer.agent.as_str(), offer.rang, offer.ended, offer.end)).collect();
    let no_answer = ("1001", second(4), second(5), Some(OfferEnd::NoAnswer));
    assert_eq!(offers, [no_answer, ("1002", second(6), second(7), Some(OfferEnd::Answered))]);
    assert_eq!(record.offers[0].reason.strategy, "longest_idle");
    assert_eq!(record.agent, Some(AgentId::from("1002")));
    assert_eq!((record.recordings[0].started, record.recordings[0].stopped), (Timestamp(7_000), second(27)));
    assert_eq!((record.state, record.state_number, record.by), (EndState::AgentAnswered, 9, EndedBy::Caller));
}

#[test]
fn a_call_without_queue_or_agent_has_no_times_of_them() {
    let facts = [
        at(0, opened(1)),
        at(1, Fact::CallAnswered { call: call(1) }),
        at(1, entered(1, "greeting")),
        at(5, ended(1, EndState::InIvr, EndedBy::Caller)),
    ];
    let record = fold(&facts);
    assert_eq!((record.queued, record.ringing, record.joined, record.parted), (None, None, None, None));
    assert_eq!((record.waited_ms, record.talked_ms, record.state_number), (0, 0, 7));
    assert_eq!(record.path[0].outcome, None, "the call ended in this node");
}

#[test]
fn a_refused_call_is_a_record_with_its_reason() {
    let record = Fold::new().handle(&at(3, refused(1, "number_unbound"))).unwrap();
    assert_eq!((record.status, record.reason.as_deref()), (Some(404), Some("number_unbound")));
    assert_eq!((record.state, record.state_number, record.by), (EndState::Refused, 3, EndedBy::System));
    assert_eq!((record.arrived, record.ended), (Timestamp(3_000), Timestamp(3_000)));
}

#[test]
fn a_call_refused_after_it_was_opened_keeps_what_opening_told() {
    let record = fold(&[at(0, opened(1)), at(2, refused(1, "media"))]);
    assert_eq!((record.trunk.is_some(), record.called.as_str()), (true, "4008001000"));
    assert_eq!((record.arrived, record.ended, record.status), (Timestamp(0), Timestamp(2_000), Some(404)));
}

#[test]
fn a_caller_who_gives_up_in_the_queue_has_waited() {
    let told = [at(0, opened(1)), at(2, queued(1, 2)), at(9, left(1, QueueExit::Abandoned, 6_990))];
    let over = at(9, ended(1, EndState::QueueAbandoned, EndedBy::Caller));
    let record = fold(&[told.as_slice(), std::slice::from_ref(&over)].concat());
    assert_eq!((record.waited_ms, record.queue_exit), (6_990, Some(QueueExit::Abandoned)));
    // If the queue never said so, the wall clock does.
    let record = fold(&[&told[..2], &[over]].concat());
    assert_eq!((record.waited_ms, record.queue_exit), (7_000, Some(QueueExit::Ended)));
}

#[test]
fn two_queues_and_two_conversations_add_up() {
    let facts = [
        at(0, opened(1)),
        at(1, queued(1, 1)),
        at(3, left(1, QueueExit::Answered, 2_000)),
        at(3, joined(1, "1001")),
        at(13, parted(1, "1001")),
        at(14, queued(1, 14)),
        at(17, left(1, QueueExit::Answered, 3_000)),
        at(17, joined(1, "1002")),
        at(37, ended(1, EndState::AgentAnswered, EndedBy::Agent)),
    ];
    let record = fold(&facts);
    assert_eq!((record.waited_ms, record.talked_ms), (5_000, 30_000));
    assert_eq!((record.queued, record.joined, record.parted), (second(1), second(3), second(37)));
    assert_eq!(record.agent, Some(AgentId::from("1002")));
}

#[test]
fn a_call_to_an_extension_talks_until_it_ends() {
    let facts = [
        at(0, opened(1)),
        at(1, Fact::ExtensionRinging { call: call(1), extension: "8002".into() }),
        at(4, Fact::ExtensionJoined { call: call(1), extension: "8002".into() }),
        at(10, ended(1, EndState::ExtensionCall, EndedBy::Agent)),
    ];
    let record = fold(&facts);
    assert_eq!((record.ringing, record.joined, record.talked_ms), (second(1), second(4), 6_000));
    assert_eq!((record.agent, record.agent_extension.unwrap().as_str()), (None, "8002"));
}

#[test]
fn a_crash_leaves_a_failed_record_that_tells_what_the_call_was_doing() {
    let told = answered_call(1);
    let message = [at(0, opened(1)), at(2, recording_started(1, RecordingPurpose::Message))];
    let phases: [(&[FactRecord], &str); 6] = [
        (&told[..3], "crash_ivr"),
        (&told[..9], "crash_queued"),
        (&told[..11], "crash_ringing"),
        (&told[..18], "crash_talking"),
        (&told[..19], "crash_ending"),
        (&message, "crash_message"),
    ];
    for (facts, reason) in phases {
        let mut fold = Fold::new();
        assert!(facts.iter().all(|fact| fold.handle(fact).is_none()));
        let record = fold.abandon(call(1), Timestamp(30_000)).unwrap();
        assert_eq!(record.reason.as_deref(), Some(reason));
        assert_eq!((record.state, record.state_number, record.by), (EndState::Failed, 12, EndedBy::Crash));
        assert_eq!(record.ended, Timestamp(30_000));
        assert_eq!(fold.abandon(call(1), Timestamp(30_000)), None);
        assert_eq!(fold.handle(&at(31, ended(1, EndState::InIvr, EndedBy::System))), None);
    }
    let mut fold = Fold::new();
    told[..18].iter().for_each(|fact| drop(fold.handle(fact)));
    let record = fold.abandon(call(1), Timestamp(30_000)).unwrap();
    assert_eq!((record.talked_ms, record.recordings[0].stopped), (23_000, None), "nobody stopped the recording");
}

#[test]
fn facts_of_unknown_and_finished_calls_change_nothing() {
    let mut fold = Fold::new();
    for fact in &answered_call(1)[1..] {
        assert_eq!(fold.handle(fact), None, "never opened");
    }
    let records = answered_call(1).iter().filter_map(|fact| fold.handle(fact)).count();
    let again = answered_call(1).iter().filter_map(|fact| fold.handle(fact)).count();
    assert_eq!((records, again), (1, 0));
    assert_eq!(fold.handle(&at(40, refused(1, "late"))), None);
}

#[test]
fn a_record_says_which_far_end_was_lost() {
    for (extension, reason) in [(None, "caller_lost"), (Some("8001".into()), "phone_lost")] {
        let lost = at(5, Fact::LegLost { call: call(1), extension });
        let record = fold(&[at(0, opened(1)), lost, at(6, ended(1, EndState::AgentAnswered, EndedBy::Lost))]);
        assert_eq!((record.by, record.reason.as_deref()), (EndedBy::Lost, Some(reason)));
    }
}

#[test]
fn a_record_stays_bounded_whatever_a_call_does() {
    let mut facts = vec![at(0, opened(1))];
    for round in 0..1_000 {
        facts.push(at(round, entered(1, "loop")));
        facts.push(at(round, Fact::DigitsCollected { call: call(1), node: "loop".into(), digits: "12345".into() }));
        facts.push(at(round, offered(1, "1001")));
        facts.push(at(round, offer_ended(1, "1001", OfferEnd::Declined)));
        facts.push(at(round, recording_started(1, RecordingPurpose::Message)));
    }
    facts.push(at(1_000, Fact::CallFault { call: call(1), message: "boom ".repeat(1_000) }));
    facts.push(at(1_001, ended(1, EndState::Failed, EndedBy::System)));
    let record = fold(&facts);
    assert_eq!((record.path.len(), record.offers.len()), (PATH_STEPS_MAX, OFFERS_MAX));
    assert_eq!(record.path[PATH_STEPS_MAX - 1].outcome.as_deref(), Some("+800"));
    assert_eq!((record.digits.len(), record.recordings.len(), record.reason.unwrap().len()), (500, 100, 200));
}

#[test]
fn a_record_survives_json() {
    let record = fold(&answered_call(1));
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
}

fn any_fact() -> impl Strategy<Value = FactRecord> {
    let fact =
        (0u8..21, 0u64..3, prop_oneof![Just("1001"), Just("1002")]).prop_map(|(kind, number, agent)| match kind {
            0..3 => opened(number),
            3 => ended(number, EndState::InIvr, EndedBy::Caller),
            4 => refused(number, "overload"),
            5 => queued(number, 5),
            6 => left(number, QueueExit::Abandoned, 1_000),
            7 => left(number, QueueExit::Answered, u64::MAX / 2),
            8 => offered(number, agent),
            9 => ringing(number, agent),
            10 => offer_ended(number, agent, OfferEnd::Answered),
            11 => joined(number, agent),
            12 => parted(number, agent),
            13 => entered(number, "menu"),
            14 => node_left(number, "menu", "1"),
            15 => recording_started(number, RecordingPurpose::Message),
            16 => recording_stopped(number),
            17 => Fact::ExtensionJoined { call: call(number), extension: "8002".into() },
            18 => Fact::CallFault { call: call(number), message: "boom".into() },
            19 => Fact::LegLost { call: call(number), extension: None },
            _ => Fact::CallAnswered { call: call(number) },
        });
    // The wall clock jumps, back too.
    (fact, -5i64..40).prop_map(|(fact, second)| at(second, fact))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_facts_in_any_order_give_at_most_one_record_a_call(facts in prop::collection::vec(any_fact(), 0..80)) {
        let mut fold = Fold::new();
        let mut records: Vec<Record> = facts.iter().filter_map(|fact| fold.handle(fact)).collect();
        let open: Vec<_> = fold.open_calls().collect();
        records.extend(open.into_iter().filter_map(|call| fold.abandon(call, Timestamp(40_000))));
        let mut calls: Vec<_> = records.iter().map(|record| record.call).collect();
        calls.sort_unstable();
        calls.dedup();
        prop_assert_eq!(calls.len(), records.len());
        // Every call that was opened or refused has one.
        let begun = |fact: &&FactRecord| matches!(fact.fact, Fact::CallOpened { .. } | Fact::CallRefused { .. });
        let mut begun: Vec<_> = facts.iter().filter(begun).filter_map(|fact| fact.fact.call()).collect();
        begun.sort_unstable();
        begun.dedup();
        prop_assert_eq!(calls, begun);
    }

    #[test]
    fn with_a_steady_clock_nobody_talks_longer_than_the_call(mut facts in prop::collection::vec(any_fact(), 0..80)) {
        facts.sort_by_key(|fact| fact.at);
        let mut fold = Fold::new();
        for record in facts.iter().filter_map(|fact| fold.handle(fact)) {
            let lasted = record.ended.since_ms(record.arrived);
            // Two agents and an extension at most talk in these facts.
            prop_assert!(record.talked_ms <= 3 * lasted, "{:?}", record);
            prop_assert!(record.joined.is_none_or(|joined| joined >= record.arrived && joined <= record.ended));
            prop_assert!(record.parted.is_none_or(|parted| parted >= record.joined.unwrap() && parted <= record.ended));
            prop_assert!(record.talked_ms == 0 || record.parted.is_some());
        }
    }
}
