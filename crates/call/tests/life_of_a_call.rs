//! The life of a call, told by what it is given and what it says.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up may panic")]

use call::{Call, DispatcherReport, Input, LegEvent, Offer, Opening, Output, Progress, Ringing, Wish};
use proptest::prelude::*;
use std::time::Duration;
use vocab::{
    AgentId, AssignmentReason, CallId, Direction, EndState, EndedBy, Fact, LegId, Now, OfferEnd, OfferId, QueueExit,
    RecordingId, Timestamp,
};

const CALLER: LegId = LegId(1 << 63);
const AGENT_LEG: LegId = LegId(7);

/// A call with its clock; keeps everything it said.
struct Played {
    call: Call,
    ms: u64,
    said: Vec<Output>,
}

impl Played {
    fn new() -> Played {
        let opening = Opening {
            call: CallId::new(Timestamp(1), [1; 10]),
            caller_leg: CALLER,
            direction: Direction::Inbound,
            caller: "13800138000".into(),
            called: "4008001000".into(),
            trunk: Some("carrier".into()),
            extension: None,
            source: "10.0.0.9:5060".parse().unwrap(),
            record_conversations: true,
        };
        let mut played = Played { call: Call::new(opening, 1), ms: 0, said: Vec::new() };
        played.drain();
        played
    }

    fn give(&mut self, input: Input) -> &mut Played {
        let wall = Timestamp(i64::try_from(self.ms).unwrap());
        self.call.handle(Now { mono: Duration::from_millis(self.ms), wall }, input);
        self.drain();
        self
    }

    fn after(&mut self, ms: u64) -> &mut Played {
        self.ms += ms;
        self
    }

    fn leg(&mut self, leg: LegId, event: LegEvent) -> &mut Played {
        self.give(Input::Leg { leg, event })
    }

    fn wish(&mut self, wish: Wish) -> &mut Played {
        self.give(Input::Flow(wish))
    }

    fn answered() -> Played {
        let mut played = Played::new();
        played.wish(Wish::Answer).leg(CALLER, LegEvent::Up);
        played
    }

    fn queued() -> Played {
        let mut played = Played::answered();
        played.wish(Wish::Enqueue { queue: "sales".into(), priority: 0 });
        played
    }

    fn offered() -> Played {
        let mut played = Played::queued();
        played.after(100).give(Input::Offer(offer(1)));
        played
    }

    fn talking() -> Played {
        let mut played = Played::offered();
        played.leg(AGENT_LEG, LegEvent::Ringing).after(500).leg(AGENT_LEG, LegEvent::Up);
        played
    }

    fn drain(&mut self) {
        while let Some(output) = self.call.poll() {
            // The writer of this test is as quick as one can be.
            if let Output::StopRecording { recording } = output {
                self.said.push(output);
                self.give(Input::Recorded { recording, ms: 5_000 });
            } else {
                self.said.push(output);
            }
        }
    }

    fn end(&self) -> Option<(EndState, EndedBy)> {
        self.facts().find_map(|fact| match fact {
            Fact::CallEnded { state, by, .. } => Some((*state, *by)),
            _ => None,
        })
    }

    fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.said.iter().filter_map(|output| if let Output::Fact(fact) = output { Some(fact) } else { None })
    }

    fn reports(&self) -> Vec<&DispatcherReport> {
        let reports = self.said.iter().filter_map(|o| if let Output::Report(report) = o { Some(report) } else { None });
        reports.collect()
    }

    fn says(&self, test: impl Fn(&Output) -> bool) -> bool {
        self.said.iter().any(test)
    }
}

fn offer(number: u64) -> Offer {
    Offer {
        offer: OfferId { epoch: 1, number },
        agent: "1001".into(),
        extension: "8001".into(),
        leg: AGENT_LEG,
        ring_ms: 15_000,
        reason: Box::new(AssignmentReason {
            queue: "sales".into(),
            strategy: "longest_idle".into(),
            place: 1,
            waited_ms: 100,
            candidates: Vec::new(),
            others: Default::default(),
        }),
    }
}

fn agent() -> AgentId {
    "1001".into()
}

#[test]
fn opened_is_the_first_thing_a_call_says() {
    assert!(matches!(Played::new().said[..], [Output::Fact(Fact::CallOpened { .. })]));
}

#[test]
fn a_caller_is_up_only_when_the_wire_confirmed_it() {
    let mut played = Played::new();
    played.wish(Wish::Answer);
    assert!(!played.says(|o| matches!(o, Output::Tell(Progress::Answered))));
    played.leg(CALLER, LegEvent::Up);
    assert!(played.says(|o| matches!(o, Output::Tell(Progress::Answered))));
}

#[test]
fn an_offer_is_reserved_before_the_phone_is_dialled_and_recorded_once_both_talk() {
    let played = Played::talking();
    let order: Vec<_> = played
        .said
        .iter()
        .filter_map(|output| match output {
            Output::Report(DispatcherReport::Reserved { .. }) => Some("reserved"),
            Output::Dial { ringing: Ringing::Normal, .. } => Some("dial"),
            Output::Bridge { .. } => Some("bridge"),
            Output::Record { left: CALLER, right: Some(AGENT_LEG), .. } => Some("record"),
            Output::Tell(Progress::Connected) => Some("connected"),
            _ => None,
        })
        .collect();
    assert_eq!(order, ["reserved", "dial", "bridge", "record", "connected"]);
}

#[test]
fn an_agent_who_answers_without_ringing_loses_no_call() {
    let mut played = Played::offered();
    played.leg(AGENT_LEG, LegEvent::Up);
    assert!(played.says(|o| matches!(o, Output::Bridge { .. })));
}

#[test]
fn whoever_hangs_up_where_the_record_says_so() {
    type Case = (&'static str, fn() -> Played, EndState, EndedBy);
    let cases: [Case; 13] = [
        (
            "in the menu",
            || {
                let mut p = Played::answered();
                p.leg(CALLER, LegEvent::Ended);
                p
            },
            EndState::InIvr,
            EndedBy::Caller,
        ),
        (
            "in line",
            || {
                let mut p = Played::queued();
                p.leg(CALLER, LegEvent::Ended);
                p
            },
            EndState::QueueAbandoned,
            EndedBy::Caller,
        ),
        (
            "while ringing",
            || {
                let mut p = Played::offered();
                p.leg(AGENT_LEG, LegEvent::Ringing).leg(CALLER, LegEvent::Ended);
                p
            },
            EndState::TransferRinging,
            EndedBy::Caller,
        ),
        (
            "in talk",
            || {
                let mut p = Played::talking();
                p.leg(CALLER, LegEvent::Ended);
                p
            },
            EndState::AgentAnswered,
            EndedBy::Caller,
        ),
        (
            "the agent",
            || {
                let mut p = Played::talking();
                p.leg(AGENT_LEG, LegEvent::Ended).wish(Wish::HangUp);
                p
            },
            EndState::AgentAnswered,
            EndedBy::Agent,
        ),
        (
            "nobody: the caller died in talk",
            || {
                let mut p = Played::talking();
                p.leg(CALLER, LegEvent::Lost);
                p
            },
            EndState::AgentAnswered,
            EndedBy::Lost,
        ),
        (
            "nobody: the caller died in line",
            || {
                let mut p = Played::queued();
                p.leg(CALLER, LegEvent::Lost);
                p
            },
            EndState::QueueAbandoned,
            EndedBy::Lost,
        ),
        (
            "nobody: the agent's phone died",
            || {
                let mut p = Played::talking();
                p.leg(AGENT_LEG, LegEvent::Lost).wish(Wish::HangUp);
                p
            },
            EndState::AgentAnswered,
            EndedBy::Lost,
        ),
        (
            "the flow, long after the agent's phone died",
            || {
                let mut p = Played::talking();
                p.leg(AGENT_LEG, LegEvent::Lost).after(1).wish(Wish::HangUp);
                p
            },
            EndState::AgentAnswered,
            EndedBy::System,
        ),
        (
            "in a message",
            || {
                let mut p = Played::answered();
                p.wish(Wish::RecordMessage { ms_max: 60_000 }).after(3_000).leg(CALLER, LegEvent::Ended);
                p
            },
            EndState::VoiceMessage,
            EndedBy::Caller,
        ),
        (
            "before a word",
            || {
                let mut p = Played::answered();
                p.wish(Wish::RecordMessage { ms_max: 60_000 }).after(300).leg(CALLER, LegEvent::Ended);
                p
            },
            EndState::InIvr,
            EndedBy::Caller,
        ),
        (
            "the flow, after nobody answered",
            || {
                let mut p = Played::offered();
                p.leg(AGENT_LEG, LegEvent::Ringing)
                    .after(15_000)
                    .give(Input::Timeout)
                    .wish(Wish::LeaveQueue { exit: QueueExit::TimedOut })
                    .wish(Wish::HangUp);
                p
            },
            EndState::RingTimeout,
            EndedBy::System,
        ),
        (
            "a fault",
            || {
                let mut p = Played::talking();
                p.give(Input::Fault);
                p
            },
            EndState::Failed,
            EndedBy::System,
        ),
    ];
    for (name, play, state, by) in cases {
        let played = play();
        assert_eq!(played.end(), Some((state, by)), "{name}");
        assert!(matches!(played.said.last(), Some(Output::Over)), "{name}");
        assert_eq!(played.call.next_timeout(), None, "{name}: a timer is left");
    }
}

#[test]
fn a_far_end_that_died_is_told_before_the_parting_it_causes() {
    for (leg, lost) in [(CALLER, None), (AGENT_LEG, Some("8001".into()))] {
        let mut played = Played::talking();
        played.leg(leg, LegEvent::Lost);
        let told = |fact: &&Fact| matches!(fact, Fact::LegLost { .. } | Fact::Parted { .. });
        let facts: Vec<_> = played.facts().filter(told).collect();
        assert!(matches!(&facts[..], [Fact::LegLost { extension, .. }, Fact::Parted { .. }] if *extension == lost));
        assert!(played.says(|o| matches!(o, Output::Unbridge { .. })));
        assert!(!played.says(|o| matches!(o, Output::Drop { leg: dropped } if *dropped == leg)), "it is over already");
        assert!(played.reports().contains(&&DispatcherReport::Parted { agent: agent() }));
    }
}

#[test]
fn a_phone_that_died_while_it_waited_for_the_caller_is_not_its_agents_no() {
    let mut played = Played::new();
    played.wish(Wish::Enqueue { queue: "sales".into(), priority: 0 }).give(Input::Offer(offer(1)));
    played.leg(AGENT_LEG, LegEvent::Up).leg(AGENT_LEG, LegEvent::Lost);
    let ended = DispatcherReport::OfferEnded { offer: offer(1).offer, agent: agent(), end: OfferEnd::Unreachable };
    assert!(played.reports().contains(&&ended));
    assert_eq!(played.call.in_line().map(|line| line.tried.clone()), Some(Vec::new()));
}

#[test]
fn a_phone_that_rings_too_long_is_dropped_and_its_agent_counts_as_tried() {
    let mut played = Played::offered();
    played.leg(AGENT_LEG, LegEvent::Ringing).after(15_000).give(Input::Timeout);
    assert!(played.says(|o| matches!(o, Output::Drop { leg: AGENT_LEG })));
    let ended = DispatcherReport::OfferEnded { offer: offer(1).offer, agent: agent(), end: OfferEnd::NoAnswer };
    assert!(played.reports().contains(&&ended));
    assert_eq!(played.call.in_line().map(|line| line.tried.clone()), Some(vec![agent()]));
}

#[test]
fn a_phone_that_cannot_be_reached_is_not_its_agents_no() {
    let mut played = Played::offered();
    played.leg(AGENT_LEG, LegEvent::Refused { status: 480 });
    assert_eq!(played.call.in_line().map(|line| line.tried.clone()), Some(Vec::new()));
}

#[test]
fn an_offer_that_comes_after_the_caller_left_the_line_is_given_back() {
    let mut played = Played::queued();
    played.wish(Wish::LeaveQueue { exit: QueueExit::Key }).give(Input::Offer(offer(1)));
    let back = DispatcherReport::OfferEnded { offer: offer(1).offer, agent: agent(), end: OfferEnd::Withdrawn };
    assert!(played.reports().contains(&&back));
    assert!(!played.says(|o| matches!(o, Output::Dial { .. })));
}

#[test]
fn a_caller_who_leaves_takes_the_ringing_phone_along() {
    let mut played = Played::offered();
    played.leg(AGENT_LEG, LegEvent::Ringing).wish(Wish::LeaveQueue { exit: QueueExit::TimedOut });
    assert!(played.says(|o| matches!(o, Output::Drop { leg: AGENT_LEG })));
    assert!(played.says(|o| matches!(o, Output::Tell(Progress::QueueLeft))));
}

#[test]
fn answering_by_the_desk_dials_the_phone_again_and_keeps_the_ring_deadline() {
    let mut played = Played::offered();
    let deadline = played.call.next_timeout();
    let again = Input::RingAgain { agent: agent(), leg: LegId(8) };
    played.leg(AGENT_LEG, LegEvent::Ringing).give(again).leg(AGENT_LEG, LegEvent::Ended);
    assert_eq!(played.call.next_timeout(), deadline);
    played.leg(LegId(8), LegEvent::Up);
    assert!(played.says(|o| matches!(o, Output::Bridge { other: LegId(8), .. })));
}

#[test]
fn a_direct_call_rings_at_the_caller_and_ends_as_an_extension_call() {
    let mut played = Played::new();
    let dial = Input::DialExtension { leg: AGENT_LEG, extension: "8002".into(), ring_ms: 30_000 };
    played.give(dial).leg(AGENT_LEG, LegEvent::Ringing);
    assert!(played.says(|o| matches!(o, Output::Ring { leg: CALLER })));
    played.leg(AGENT_LEG, LegEvent::Up).leg(CALLER, LegEvent::Up).leg(AGENT_LEG, LegEvent::Ended);
    assert_eq!(played.end(), Some((EndState::ExtensionCall, EndedBy::Agent)));
}

#[test]
fn a_busy_extension_is_told_to_the_caller_as_busy() {
    let mut played = Played::new();
    let dial = Input::DialExtension { leg: AGENT_LEG, extension: "8002".into(), ring_ms: 30_000 };
    played.give(dial).leg(AGENT_LEG, LegEvent::Refused { status: 486 });
    assert!(played.says(|o| matches!(o, Output::Refuse { leg: CALLER, status: 486 })));
}

fn any_input() -> impl Strategy<Value = Input> {
    let leg = prop_oneof![Just(CALLER), Just(AGENT_LEG), Just(LegId(8)), Just(LegId(9))];
    let event = prop_oneof![
        Just(LegEvent::Ringing),
        Just(LegEvent::Up),
        Just(LegEvent::Ended),
        Just(LegEvent::Lost),
        Just(LegEvent::Unusable),
        (400_u16..700).prop_map(|status| LegEvent::Refused { status }),
    ];
    prop_oneof![
        4 => (leg, event).prop_map(|(leg, event)| Input::Leg { leg, event }),
        1 => Just(Input::Flow(Wish::Answer)),
        1 => Just(Input::Flow(Wish::Enqueue { queue: "sales".into(), priority: 0 })),
        1 => Just(Input::Flow(Wish::LeaveQueue { exit: QueueExit::Key })),
        1 => Just(Input::Flow(Wish::RecordMessage { ms_max: 1_000 })),
        1 => Just(Input::Flow(Wish::StopRecording)),
        1 => Just(Input::Flow(Wish::Transfer { leg: LegId(9), extension: "8009".into(), ring_ms: 1_000 })),
        2 => (1_u64..3).prop_map(|number| Input::Offer(offer(number))),
        1 => Just(Input::Withdraw { offer: offer(1).offer }),
        1 => Just(Input::RingAgain { agent: agent(), leg: LegId(8) }),
        1 => Just(Input::AgentHangUp { agent: agent() }),
        2 => Just(Input::Timeout),
        1 => Just(Input::Recorded { recording: RecordingId::new(Timestamp(1), [2; 10]), ms: 10 }),
    ]
}

#[test]
fn a_second_transfer_does_not_give_the_caller_two_voices() {
    let mut played = Played::answered();
    let transfer = |leg| Wish::Transfer { leg, extension: "8009".into(), ring_ms: 1_000 };
    played.wish(transfer(LegId(9))).leg(LegId(9), LegEvent::Up).wish(transfer(LegId(10))).leg(LegId(10), LegEvent::Up);
    assert_eq!(played.said.iter().filter(|o| matches!(o, Output::Bridge { .. })).count(), 1);
    assert!(played.says(|o| matches!(o, Output::Tell(Progress::TransferFailed { why: "busy" }))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: no panic, one end, every dialled leg dropped or gone, no timer left.
    #[test]
    fn any_order_of_events_ends_in_one_record_and_nothing_left(inputs in prop::collection::vec((any_input(), 0_u64..4_000), 0..60)) {
        let mut played = Played::new();
        for (input, ms) in inputs {
            played.after(ms).give(input);
        }
        played.after(1).give(Input::End { by: EndedBy::System }).after(3_000).give(Input::Timeout);
        let ends = played.facts().filter(|fact| matches!(fact, Fact::CallEnded { .. })).count();
        prop_assert_eq!(ends, 1);
        prop_assert_eq!(played.call.next_timeout(), None);
        let offers = played.facts().filter(|fact| matches!(fact, Fact::AgentOffered { .. })).count();
        let ended = played.facts().filter(|fact| matches!(fact, Fact::OfferEnded { .. })).count();
        prop_assert_eq!(offers, ended, "an offer was left open");
        let joined = played.facts().filter(|fact| matches!(fact, Fact::Joined { .. })).count();
        let parted = played.facts().filter(|fact| matches!(fact, Fact::Parted { .. })).count();
        prop_assert_eq!(joined, parted, "an agent was left talking");
        let bridges = played.said.iter().filter(|o| matches!(o, Output::Bridge { .. })).count();
        let unbridges = played.said.iter().filter(|o| matches!(o, Output::Unbridge { .. })).count();
        prop_assert_eq!(bridges, unbridges);
    }
}
