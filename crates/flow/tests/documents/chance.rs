//! Whatever the edge says and whenever: a run never panics, never spins, ends with the caller, and leaves no timer.

use crate::{caller::*, welcome};
use flow::{Effect, Flow, Node, Outcome, PlayNumber, Run};
use proptest::prelude::*;
use std::sync::Arc;
use vocab::{NodeName, PhoneNumber};

/// Something an edge may say; a play is named by how many plays ago it was asked for.
#[derive(Clone, Debug)]
enum Said {
    Outcome(Outcome),
    Played { ago: u64 },
}

fn outcome() -> impl Strategy<Value = Said> {
    use Outcome::*;
    let (caller, called) = (PhoneNumber::from("1"), PhoneNumber::from("2"));
    let why = prop_oneof![Just("busy"), Just("no_answer"), Just("nobody"), Just("?")].prop_map(str::to_owned);
    prop_oneof![
        4 => (0u64..3).prop_map(|ago| Said::Played { ago }),
        4 => "[0-9*#A]".prop_map(|digit| Said::Outcome(Digit { digit: digit.chars().next().unwrap_or('1') })),
        2 => Just(Said::Outcome(Timeout)),
        1 => Just(Said::Outcome(Start { caller, called })),
        2 => Just(Said::Outcome(Answered)),
        1 => (0u64..10_000).prop_map(|ms| Said::Outcome(Recorded { ms })),
        1 => why.clone().prop_map(|why| Said::Outcome(QueueRefused { why })),
        1 => (0u32..9).prop_map(|place| Said::Outcome(Placed { place })),
        2 => Just(Said::Outcome(QueueLeft)),
        1 => Just(Said::Outcome(Connected)),
        1 => Just(Said::Outcome(Parted)),
        1 => why.prop_map(|why| Said::Outcome(TransferFailed { why })),
    ]
}

/// The demo flow with some links led astray: what `check` would refuse must not harm either.
fn astray(links: &[(usize, usize, Option<usize>)]) -> Flow {
    let mut flow = welcome::welcome();
    let names: Vec<NodeName> = flow.nodes.keys().cloned().collect();
    for (node, link, target) in links {
        let name = &names[node % names.len()];
        let target = target.map_or_else(|| NodeName::from("nowhere"), |target| names[target % names.len()].clone());
        let links = match flow.nodes.get_mut(name) {
            Some(Node::Answer(node)) => &mut node.links,
            Some(Node::Play(node)) => &mut node.links,
            Some(Node::Menu(node)) => &mut node.links,
            Some(Node::Queue(node)) => &mut node.links,
            Some(Node::Message(node)) => &mut node.links,
            Some(Node::Transfer(node)) => &mut node.links,
            Some(Node::Hangup(_)) | None => continue,
        };
        let nth = link % links.len();
        if let Some(link) = links.values_mut().nth(nth) {
            *link = target;
        }
    }
    flow
}

/// Effects of one input; more would hold up other calls.
const EFFECTS_MAX: usize = 500;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_always_ends_with_its_caller(
        links in proptest::collection::vec((0usize..20, 0usize..8, proptest::option::weighted(0.9, 0usize..20)), 0..6),
        script in proptest::collection::vec((0u64..60_000, outcome()), 1..150),
    ) {
        let mut run = Run::new(Arc::new(astray(&links)), 7);
        let (mut ms, mut plays, mut finished, mut hung_up) = (0, 0, 0, 0);
        let begin = Said::Outcome(Outcome::Start { caller: PhoneNumber::from("1"), called: PhoneNumber::from("2") });
        let script = std::iter::once((0, begin)).chain(script);
        for (gap, said) in script.chain([(0, Said::Outcome(Outcome::CallerGone)), (0, Said::Outcome(Outcome::Timeout))]) {
            ms += gap;
            let outcome = match said {
                Said::Outcome(outcome) => outcome,
                Said::Played { ago } => Outcome::Played { play: PlayNumber(u64::saturating_sub(plays, ago)), finished: true },
            };
            let before = finished;
            run.handle(now(ms), outcome);
            let effects: Vec<Effect> = std::iter::from_fn(|| run.poll()).collect();
            prop_assert!(effects.len() <= EFFECTS_MAX);
            prop_assert!(before == 0 || effects.is_empty(), "nothing comes after the end");
            for effect in effects {
                prop_assert_eq!(finished, 0, "finished is the last");
                match effect {
                    Effect::Play { play, .. } => {
                        prop_assert_eq!(play.0, plays + 1, "plays are numbered in order");
                        plays = play.0;
                    }
                    Effect::HangUp => hung_up += 1,
                    Effect::Finished => finished += 1,
                    _ => {}
                }
            }
            prop_assert_eq!(run.is_finished(), finished == 1);
            prop_assert!(finished == 0 || run.next_timeout().is_none(), "no timer is left");
        }
        prop_assert_eq!(finished, 1);
        prop_assert!(hung_up <= 1);
    }

    #[test]
    fn reading_and_checking_any_text_never_panics(text in "[\\PC]{0,200}", nodes in "[a-z0-9:,\"{}\\[\\]]{0,200}") {
        let _ = Flow::parse(&text);
        let _ = Flow::parse(&format!(r#"{{"version":1,"flow":"t","revision":1,"start":"a","language":"zh","nodes":{{{nodes}}}}}"#));
    }

    #[test]
    fn any_links_are_checked_without_panic(
        links in proptest::collection::vec((0usize..20, 0usize..8, proptest::option::weighted(0.9, 0usize..20)), 0..20),
    ) {
        flow::check(&astray(&links), &site());
    }
}
