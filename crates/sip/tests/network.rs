//! Two endpoints over a network that loses, repeats and reorders, by seed and in virtual time.
//!
//! Whatever is done when: every dialog ends exactly once on both sides, and 64·T1 + 32 s after the last command nothing is
//! left in any table.

mod support;

use proptest::prelude::*;
use sip::{Command, Counts, DialogId, Event, Transport};
use std::{collections::BTreeMap, time::Duration};
use support::*;

const OFFER: &str = "v=0\r\noffer\r\n";
const ANSWER: &str = "v=0\r\nanswer\r\n";
/// 64·T1 for the last transaction, 32 s for the dialog it ends, and what is still under way.
const SETTLED: Duration = Duration::from_secs(32 + 32 + 32 + 6);

/// What one side knows of its dialogs: how often each began and ended.
#[derive(Default, Debug)]
struct Ledger {
    begun: BTreeMap<DialogId, u32>,
    ended: BTreeMap<DialogId, u32>,
    confirmed: u32,
    read: usize,
}

impl Ledger {
    fn read(&mut self, events: &[Event]) {
        for event in &events[self.read..] {
            match event {
                Event::Invited(invited) => *self.begun.entry(invited.dialog).or_default() += 1,
                Event::Ended { dialog, .. } => *self.ended.entry(*dialog).or_default() += 1,
                Event::Confirmed { .. } => self.confirmed += 1,
                _ => {}
            }
            let over = |dialog: &DialogId| self.ended.contains_key(dialog);
            match event {
                Event::Progress { dialog, .. } | Event::Answered { dialog, .. } | Event::Reoffered { dialog, .. } => {
                    assert!(!over(dialog), "{event:?} after the end");
                }
                _ => {}
            }
        }
        self.read = events.len();
    }

    fn open(&self) -> Vec<DialogId> {
        self.begun.keys().filter(|dialog| !self.ended.contains_key(dialog)).copied().collect()
    }
}

/// A command for a dialog, sensible or not.
fn any_command(pair: &mut Pair, dialog: DialogId) -> Command {
    let body = (pair.below(3) > 0).then(|| sdp(OFFER));
    match pair.below(14) {
        0 | 1 => Command::Provisional { dialog, status: 180, body: None },
        2 | 3 => Command::Accept { dialog, body: sdp(ANSWER) },
        4 => Command::Refuse { dialog, status: 486, reason: "Busy".into(), retry_after_s: None },
        5 => Command::Cancel { dialog },
        6 => Command::Bye { dialog, reason: None },
        7 | 8 => Command::AnswerReoffer { dialog, body },
        9 => Command::RefuseReoffer { dialog, status: 488 },
        10 => Command::Reoffer { dialog, body: sdp(OFFER) },
        11 => Command::Probe { dialog },
        12 => Command::StopProbe { dialog },
        _ => Command::Notify { dialog, event: "talk".into(), body: None },
    }
}

/// Both sides do anything at any time for twenty seconds, then hang up what is left.
fn anything_goes(seed: u64, transport: Transport, weather: Weather) {
    let mut pair = Pair::new(seed, transport, weather);
    let mut ledgers = [Ledger::default(), Ledger::default()];
    let mut numbers = 0;
    let mut next_act = Duration::ZERO;
    while next_act < Duration::from_secs(20) {
        while pair.step(next_act) {}
        let side = usize::from(pair.below(2) == 1);
        ledgers[side].read(&pair.events[side]);
        let open = ledgers[side].open();
        if open.is_empty() || pair.below(8) == 0 {
            numbers += 1;
            ledgers[side].begun.insert(DialogId(numbers), 1);
            let body = (pair.below(4) > 0).then(|| sdp(OFFER));
            let flow = pair.flow(side);
            pair.command(side, invite_to(numbers, flow, body));
        } else {
            let dialog = open[usize::try_from(pair.below(open.len() as u64)).expect("small")];
            let command = any_command(&mut pair, dialog);
            pair.command(side, command);
        }
        next_act += Duration::from_millis(pair.below(400));
    }
    // A call may still come in while the others are ended.
    for _ in 0..40 {
        for (side, ledger) in ledgers.iter_mut().enumerate() {
            ledger.read(&pair.events[side]);
            for dialog in ledger.open() {
                pair.command(side, Command::Bye { dialog, reason: None });
            }
        }
        let end = pair.now + Duration::from_secs(1);
        while pair.step(end) {}
    }
    let end = pair.now + SETTLED;
    while pair.step(end) {}
    for (side, ledger) in ledgers.iter_mut().enumerate() {
        ledger.read(&pair.events[side]);
        assert_eq!(ledger.begun, ledger.ended, "seed {seed}, side {side}: each dialog begins and ends once");
        assert_eq!(pair.endpoints[side].counts(), Counts::default(), "seed {seed}, side {side}: nothing is left over");
        let bad = pair.events[side].iter().find(|event| matches!(event, Event::BadMessage { .. }));
        assert!(bad.is_none(), "seed {seed}: {bad:?}");
    }
}

/// A call is made, rung, answered and ended; true if both sides confirmed it.
fn plain_call(seed: u64, weather: Weather) -> bool {
    let mut pair = Pair::new(seed, Transport::Udp, weather);
    let flow = pair.flow(0);
    pair.command(0, invite_to(1, flow, Some(sdp(OFFER))));
    let mut callee = None;
    while callee.is_none() && pair.step(Duration::from_secs(32)) {
        callee = pair.events[1].iter().find_map(|event| match event {
            Event::Invited(invited) => Some(invited.dialog),
            _ => None,
        });
    }
    let Some(dialog) = callee else { return false };
    pair.command(1, Command::Provisional { dialog, status: 180, body: None });
    let answer = pair.now + Duration::from_secs(1);
    while pair.step(answer) {}
    pair.command(1, Command::Accept { dialog, body: sdp(ANSWER) });
    let end = pair.now + Duration::from_secs(30);
    while pair.step(end) {}
    let mut ledgers = [Ledger::default(), Ledger::default()];
    for (side, ledger) in ledgers.iter_mut().enumerate() {
        ledger.read(&pair.events[side]);
        assert!(ledger.confirmed <= 1, "seed {seed}: confirmed once");
    }
    ledgers.iter().all(|ledger| ledger.confirmed == 1 && ledger.ended.is_empty())
}

/// How many seeds; `SIP_SEEDS=100000` for a long night. A failing one is named in the panic and fails again at once.
fn seeds() -> u64 {
    std::env::var("SIP_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(600)
}

#[test]
fn whatever_is_done_every_dialog_ends_once_and_nothing_is_left() {
    let weathers = [
        Weather { lost: 0, repeated: 0, delay_ms_max: 20 },
        Weather { lost: 50, repeated: 50, delay_ms_max: 200 },
        Weather { lost: 150, repeated: 150, delay_ms_max: 900 },
    ];
    for seed in 0..seeds() {
        anything_goes(seed, Transport::Udp, weathers[usize::try_from(seed % 3).expect("small")]);
    }
}

#[test]
fn the_same_holds_over_streams() {
    for seed in 0..100 {
        anything_goes(seed, Transport::Tcp, Weather { lost: 0, repeated: 0, delay_ms_max: 1 });
    }
}

#[test]
fn every_call_is_set_up_at_five_percent_loss() {
    let weather = Weather { lost: 50, repeated: 50, delay_ms_max: 150 };
    let failed: Vec<_> = (0..2000).filter(|seed| !plain_call(*seed, weather)).collect();
    assert!(failed.is_empty(), "these seeds failed: {failed:?}");
}

#[test]
fn without_loss_nothing_is_sent_twice() {
    let mut pair = Pair::new(1, Transport::Udp, Weather { lost: 0, repeated: 0, delay_ms_max: 5 });
    let flow = pair.flow(0);
    pair.command(0, invite_to(1, flow, Some(sdp(OFFER))));
    let mut messages = 0;
    while pair.step(Duration::from_secs(200)) {
        messages += 1;
        if let [Event::Invited(invited)] = &pair.events[1][..] {
            let dialog = invited.dialog;
            pair.events[1].clear();
            pair.command(1, Command::Accept { dialog, body: sdp(ANSWER) });
        }
        if let [.., Event::Confirmed { dialog, .. }] = &pair.events[1][..] {
            let dialog = *dialog;
            pair.events[1].clear();
            pair.command(1, Command::Bye { dialog, reason: None });
        }
    }
    // INVITE, 100, 200, ACK, BYE, 200 arrive. Four transactions and two dialogs are forgotten, the caller's dialog at the
    // same moment as the transaction of the BYE that ended it.
    assert_eq!(messages, 6 + 5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_seed_in_any_weather(seed: u64, lost in 0_u32..200, repeated in 0_u32..300, delay_ms_max in 1_u64..1500) {
        anything_goes(seed, Transport::Udp, Weather { lost, repeated, delay_ms_max });
    }

    #[test]
    fn no_bytes_can_make_an_endpoint_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut desk = Desk::new(udp());
        desk.give(sip::Input::Received { flow: udp(), bytes: bytes.into() });
    }

    #[test]
    fn no_change_of_a_good_message_can_make_an_endpoint_panic(
        at in 0_usize..500, byte: u8, length in 0_usize..20, method in "(INVITE|REGISTER|BYE|CANCEL|ACK|UPDATE)",
    ) {
        let mut text = request(&method, "a", 1, "", "Content-Type: application/sdp\r\n", OFFER).into_bytes();
        let at = at % text.len();
        let end = (at + length).min(text.len());
        text.splice(at..end, [byte]);
        let mut desk = Desk::new(udp());
        desk.give(sip::Input::Received { flow: udp(), bytes: text.into() });
        desk.pass_ms(70_000);
    }
}
