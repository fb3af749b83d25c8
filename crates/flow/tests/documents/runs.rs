//! Tables of a document and a script of outcomes, and the effects they must give.

use crate::caller::*;
use flow::{Flow, Outcome, TransferTarget};

/// One line of a script and the effects that follow it.
enum Step {
    Tell(Outcome),
    Key(char),
    Played(u64),
    Wait(u64),
}
use Step::*;

const NO_EFFECT: [&str; 0] = [];

/// Plays a script; `start` comes by itself, and its effects are not compared.
fn plays(flow: Flow, script: Vec<(Step, &[&str])>) {
    let mut caller = Caller::at(flow);
    caller.start();
    for (number, (step, expected)) in script.into_iter().enumerate() {
        let effects = match step {
            Tell(outcome) => caller.tell(outcome),
            Key(digit) => caller.key(digit),
            Played(play) => caller.played(play),
            Wait(ms) => caller.wait(ms),
        };
        assert_eq!(effects, expected, "step {number}");
    }
}

const END: &str = r#""end":{"type":"hangup"}"#;
const ENDED: [&str; 5] = ["> end", "< end done", "hang up", "finished", ""];

fn ended(first: &'static str) -> Vec<&'static str> {
    std::iter::once(first).chain(ENDED[..4].iter().copied()).collect()
}

fn menu(more: &str) -> Flow {
    document(&format!(
        r##""menu":{{"type":"menu","says":[{{"say":"prompt","name":"menu"}}],"timeout_ms":5000,"retries":1,
        "invalid_key":[{{"say":"prompt","name":"invalid_key"}}],"no_key":[{{"say":"prompt","name":"no_key"}}],{more}
        "links":{{"1":"end","#":"end","no_key":"end","invalid":"end"}}}},{END}"##
    ))
}

#[test]
fn a_call_is_answered_greeted_and_ended() {
    let flow = document(&format!(
        r#""a":{{"type":"answer","links":{{"done":"p"}}}},
        "p":{{"type":"play","says":[{{"say":"prompt","name":"welcome"}},{{"say":"number","value":3}}],"links":{{"done":"end"}}}},{END}"#
    ));
    let mut caller = Caller::at(flow);
    assert_eq!(caller.start(), ["> a", "answer"]);
    assert_eq!(caller.start(), NO_EFFECT, "a run begins once");
    assert_eq!(caller.tell(Outcome::Answered), ["< a done", "> p", "play 1: welcome 3"]);
    assert_eq!(caller.played(9), NO_EFFECT, "another playing is not ours");
    assert_eq!(caller.played(1), ended("< p done"));
    assert!(caller.run.is_finished());
    assert_eq!(caller.tell(Outcome::CallerGone), NO_EFFECT);
}

#[test]
fn a_key_ends_the_question_or_is_waited_for() {
    plays(
        menu(""),
        vec![(Key('1'), &["stop 1", "menu keys 1", "< menu 1", "> end", "< end done", "hang up", "finished"])],
    );
    plays(
        menu(""),
        vec![
            (Played(1), &NO_EFFECT),
            (Wait(4_999), &NO_EFFECT),
            (Key('#'), &["menu keys #", "< menu #", "> end", "< end done", "hang up", "finished"]),
        ],
    );
}

#[test]
fn a_menu_asks_again_after_no_key_and_after_a_wrong_one_as_often_as_it_says() {
    plays(
        menu(""),
        vec![
            (Played(1), &NO_EFFECT),
            (Wait(5_000), &["play 2: no_key menu"]),
            (Played(2), &NO_EFFECT),
            (Wait(5_000), &ended("< menu no_key")),
        ],
    );
    plays(
        menu(""),
        vec![
            (Key('5'), &["stop 1", "menu keys 5", "play 2: invalid_key menu"]),
            (Played(1), &NO_EFFECT),
            (Key('x'), &NO_EFFECT),
            (Key('6'), &["stop 2", "menu keys 6", "< menu invalid", "> end", "< end done", "hang up", "finished"]),
        ],
    );
}

#[test]
fn secret_keys_are_not_told() {
    plays(
        menu(r#""secret":true,"#),
        vec![(Key('1'), &["stop 1", "menu keys *", "< menu 1", "> end", "< end done", "hang up", "finished"])],
    );
}

/// A greeting, two menus deep.
fn deep(interruptible: bool, type_ahead: bool) -> Flow {
    document(&format!(
        r#""hello":{{"type":"play","says":[{{"say":"prompt","name":"welcome"}}],"interruptible":{interruptible},"links":{{"done":"one"}}}},
        "one":{{"type":"menu","says":[{{"say":"prompt","name":"menu"}}],"links":{{"1":"two","no_key":"end","invalid":"end"}}}},
        "two":{{"type":"menu","says":[{{"say":"prompt","name":"menu"}}],"type_ahead":{type_ahead},"links":{{"2":"end","no_key":"end","invalid":"end"}}}},{END}"#
    ))
}

#[test]
fn a_key_during_an_interruptible_play_goes_to_the_menu_after_it() {
    plays(
        deep(true, true),
        vec![
            (Key('1'), &["stop 1", "< hello done", "> one", "one keys 1", "< one 1", "> two", "play 2: menu"]),
            (Played(1), &NO_EFFECT),
            (Key('2'), &["stop 2", "two keys 2", "< two 2", "> end", "< end done", "hang up", "finished"]),
        ],
    );
    plays(deep(false, true), vec![(Key('1'), &NO_EFFECT), (Played(1), &["< hello done", "> one", "play 2: menu"])]);
}

/// Two plays, then a menu whose keys come from before.
#[test]
fn keys_pressed_ahead_skip_plays_and_are_kept_in_order() {
    let flow = document(&format!(
        r#""p":{{"type":"play","says":[{{"say":"prompt","name":"welcome"}}],"links":{{"done":"q"}}}},
        "q":{{"type":"play","says":[{{"say":"prompt","name":"welcome"}}],"links":{{"done":"r"}}}},
        "r":{{"type":"play","says":[{{"say":"prompt","name":"welcome"}}],"interruptible":false,"links":{{"done":"one"}}}},
        "one":{{"type":"menu","says":[],"links":{{"1":"end","no_key":"end","invalid":"end"}}}},{END}"#
    ));
    plays(
        flow,
        vec![
            (Key('1'), &["stop 1", "< p done", "> q", "< q done", "> r", "play 2: welcome"]),
            (Played(2), &["< r done", "> one", "one keys 1", "< one 1", "> end", "< end done", "hang up", "finished"]),
        ],
    );
}

#[test]
fn a_menu_without_type_ahead_hears_only_its_own_keys() {
    let flow = document(&format!(
        r#""p":{{"type":"play","says":[{{"say":"prompt","name":"welcome"}}],"links":{{"done":"m"}}}},
        "m":{{"type":"menu","says":[{{"say":"prompt","name":"menu"}}],"type_ahead":false,"links":{{"1":"end","no_key":"end","invalid":"end"}}}},{END}"#
    ));
    plays(flow, vec![(Key('1'), &["stop 1", "< p done", "> m", "play 2: menu"])]);
}

fn queue() -> Flow {
    document(&format!(
        r##""q":{{"type":"queue","queue":"sales","priority":3,"says":[{{"say":"prompt","name":"queue_wait"}}],"music":"calm",
        "position":{{"every_ms":20000,"before":[{{"say":"prompt","name":"queue_position_before"}}],"after":[{{"say":"prompt","name":"queue_exit_offer"}}]}},
        "exit_keys":"#*","max_wait_ms":50000,"links":{{"timeout":"end","refused":"end","key":"end"}}}},{END}"##
    ))
}

#[test]
fn a_waiting_caller_hears_a_prompt_then_music_and_now_and_then_the_place() {
    let mut caller = Caller::at(queue());
    assert_eq!(caller.start(), ["> q", "enqueue sales 3", "play 1: queue_wait"]);
    assert_eq!(caller.played(1), ["repeat 2: ~calm"]);
    assert_eq!(caller.wait(20_000), NO_EFFECT, "the place is not known yet");
    assert_eq!(caller.tell(Outcome::Placed { place: 3 }), NO_EFFECT);
    assert_eq!(caller.wait(20_000), ["play 3: queue_position_before 3 queue_exit_offer"]);
    assert_eq!(caller.played(3), ["repeat 4: ~calm"]);
    assert_eq!(caller.tell(Outcome::Connected), NO_EFFECT);
    assert_eq!(caller.run.next_timeout(), None, "a conversation lasts as long as it lasts");
    assert_eq!(caller.wait(600_000), NO_EFFECT);
    assert_eq!(caller.tell(Outcome::Parted), ["< q answered", "hang up", "finished"]);
}

#[test]
fn an_announcement_does_not_cut_another_short() {
    let mut caller = Caller::at(queue());
    caller.start();
    caller.tell(Outcome::Placed { place: 1 });
    assert_eq!(caller.wait(20_000), NO_EFFECT, "the first prompt is still being said");
    assert_eq!(caller.played(1), ["repeat 2: ~calm"]);
}

#[test]
fn a_caller_leaves_the_line_by_key_by_time_or_is_refused() {
    plays(
        queue(),
        vec![
            (Key('5'), &NO_EFFECT),
            (Key('#'), &["q keys #", "stop 1", "leave queue Key"]),
            (Key('#'), &NO_EFFECT),
            (Tell(Outcome::QueueLeft), &ended("< q key")),
        ],
    );
    plays(
        queue(),
        vec![
            (Played(1), &["repeat 2: ~calm"]),
            (Wait(50_000), &["stop 2", "leave queue TimedOut"]),
            (Tell(Outcome::QueueLeft), &ended("< q timeout")),
        ],
    );
    plays(
        queue(),
        vec![(
            Tell(Outcome::QueueRefused { why: "nobody".into() }),
            &["stop 1", "< q refused", "> end", "< end done", "hang up", "finished"],
        )],
    );
}

#[test]
fn an_agent_who_wins_the_race_talks() {
    plays(
        queue(),
        vec![
            (Key('#'), &["q keys #", "stop 1", "leave queue Key"]),
            (Tell(Outcome::Connected), &NO_EFFECT),
            (Tell(Outcome::QueueLeft), &NO_EFFECT),
            (Tell(Outcome::Parted), &["< q answered", "hang up", "finished"]),
        ],
    );
}

#[test]
fn an_edge_that_owes_an_answer_does_not_hold_the_caller_for_ever() {
    plays(queue(), vec![(Key('#'), &["q keys #", "stop 1", "leave queue Key"]), (Wait(40_000), &ended("< q key"))]);
    let flow = document(&format!(r#""a":{{"type":"answer","links":{{"done":"end"}}}},{END}"#));
    plays(flow, vec![(Wait(40_000), &["< a fault", "hang up", "finished"])]);
}

fn message() -> Flow {
    document(&format!(
        r##""m":{{"type":"message","says":[{{"say":"prompt","name":"leave_message"}}],"ms_max":60000,"ms_min":2000,
        "stop_keys":"#","links":{{"saved":"end","too_short":"end"}}}},{END}"##
    ))
}

#[test]
fn a_message_is_taken_after_the_tone() {
    let mut caller = Caller::at(message());
    assert_eq!(caller.start(), ["> m", "play 1: leave_message beep"]);
    assert_eq!(caller.played(1), ["record 60000"]);
    assert_eq!(caller.key('5'), NO_EFFECT);
    assert_eq!(caller.key('#'), ["stop recording"]);
    assert_eq!(caller.tell(Outcome::Recorded { ms: 2_000 }), ended("< m saved"));
    plays(
        message(),
        vec![
            (Key('1'), &["play 2: beep"]),
            (Played(1), &NO_EFFECT),
            (Played(2), &["record 60000"]),
            (Tell(Outcome::Recorded { ms: 1_999 }), &ended("< m too_short")),
        ],
    );
    plays(
        message(),
        vec![
            (Played(1), &["record 60000"]),
            (Tell(Outcome::CallerGone), &["< m caller_gone", "finished"]),
            (Tell(Outcome::Recorded { ms: 9_000 }), &NO_EFFECT),
        ],
    );
}

fn transfer(target: &str) -> Flow {
    document(&format!(
        r#""t":{{"type":"transfer","target":{target},"ring_ms":30000,"says":[{{"say":"prompt","name":"transfer"}}],
        "links":{{"busy":"b","no_answer":"n","failed":"f"}}}},
        "b":{{"type":"hangup"}},"n":{{"type":"hangup"}},"f":{{"type":"hangup"}}"#
    ))
}

#[test]
fn a_transfer_rings_and_tells_how_it_went() {
    let extension = r#"{"to":"extension","number":"8010"}"#;
    for (why, outcome, next) in [
        ("busy", "busy", "b"),
        ("no_answer", "no_answer", "n"),
        ("unreachable", "failed", "f"),
        ("unknown", "failed", "f"),
    ] {
        let left = format!("< t {outcome}");
        let (entered, done) = (format!("> {next}"), format!("< {next} done"));
        plays(
            transfer(extension),
            vec![
                (Played(1), &["ring 8010 30000"]),
                (Tell(Outcome::TransferFailed { why: why.into() }), &[&left, &entered, &done, "hang up", "finished"]),
            ],
        );
    }
    plays(
        transfer(extension),
        vec![
            (Played(1), &["ring 8010 30000"]),
            (Tell(Outcome::Connected), &NO_EFFECT),
            (Tell(Outcome::Parted), &["< t answered", "hang up", "finished"]),
        ],
    );
}

#[test]
fn a_transfer_to_a_queue_waits_in_it() {
    let queue = r#"{"to":"queue","queue":"sales"}"#;
    plays(
        transfer(queue),
        vec![
            (Played(1), &["enqueue sales 0", "repeat 2: ~calm"]),
            (Wait(300_000), &["stop 2", "leave queue TimedOut"]),
            (Tell(Outcome::QueueLeft), &["< t no_answer", "> n", "< n done", "hang up", "finished"]),
        ],
    );
    plays(
        transfer(queue),
        vec![
            (Played(1), &["enqueue sales 0", "repeat 2: ~calm"]),
            (
                Tell(Outcome::QueueRefused { why: "full".into() }),
                &["stop 2", "< t failed", "> f", "< f done", "hang up", "finished"],
            ),
        ],
    );
    let parsed = serde_json::from_str::<TransferTarget>(queue).expect("a target");
    assert_eq!(parsed, TransferTarget::Queue { queue: "sales".into() });
}

#[test]
fn a_document_that_leads_nowhere_or_round_and_round_ends_the_call() {
    let nowhere = document(r#""a":{"type":"answer","links":{"done":"gone"}}"#);
    plays(nowhere, vec![(Tell(Outcome::Answered), &["< a done", "< gone fault", "hang up", "finished"])]);
    let round = document(
        r#""p":{"type":"play","says":[{"say":"prompt","name":"welcome"}],"links":{"done":"m"}},
        "m":{"type":"menu","says":[],"retries":0,"links":{"1":"p","no_key":"p","invalid":"p"}}"#,
    );
    let mut caller = Caller::at(round);
    caller.start();
    for _ in 0..10_000 {
        let effects = caller.key('1');
        assert!(effects.len() < 500, "one input may not hold up all other calls");
    }
    let plays = document(
        r#""p":{"type":"play","says":[{"say":"prompt","name":"welcome"}],"links":{"done":"q"}},
        "q":{"type":"play","says":[{"say":"prompt","name":"welcome"}],"links":{"done":"p"}}"#,
    );
    let mut caller = Caller::at(plays);
    caller.start();
    let effects = caller.key('1');
    assert!(effects.len() < 50 && !caller.run.is_finished(), "the key is dropped, the caller keeps listening");
}

#[test]
fn a_caller_who_hangs_up_ends_the_run_in_any_state() {
    let mut fresh = Caller::at(queue());
    assert_eq!(fresh.tell(Outcome::CallerGone), ["finished"]);
    plays(queue(), vec![(Tell(Outcome::CallerGone), &["< q caller_gone", "finished"])]);
    plays(
        menu(""),
        vec![
            (Played(1), &NO_EFFECT),
            (Tell(Outcome::CallerGone), &["< menu caller_gone", "finished"]),
            (Wait(100_000), &NO_EFFECT),
        ],
    );
}
