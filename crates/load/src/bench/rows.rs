//! The rows: what each asks of a server of its own, and which figures come of it. The goals are this stage's.

use super::{
    Args, Error,
    site::{ANSWER_NUMBER, QUEUE_NUMBER, SPEECH_NUMBER, Site, folder},
    table::{Reach, Row},
};
use crate::{
    generator::{Generator, HangUp, Outcome, Phones, Plan, Usage},
    relay::{Floor, IdleTimer, raw_relay},
};
use std::{net::IpAddr, path::Path, time::Duration};

/// How long W1 and the latency row go on.
const RATED_S: usize = 10;
/// How long the raw loop relays.
const FLOOR_TIME: Duration = Duration::from_secs(5);
/// New calls a second while a steady state is built up.
const RAMP_PER_S: f64 = 50.0;
/// A whole queue call: the agent's phone rings, then the two talk.
const QUEUE_RING: Duration = Duration::from_millis(100);
const QUEUE_TALK: Duration = Duration::from_millis(1_500);
/// What an agent needs besides: time to be found, and to be ready again.
const QUEUE_SLACK: Duration = Duration::from_millis(900);
/// The latency row: few enough calls that nothing waits for anything.
const LATENCY_PER_S: usize = 50;
const LATENCY_TALK: Duration = Duration::from_millis(200);
/// For a call to be answered and joined.
const PATIENCE: Duration = Duration::from_secs(30);
/// For records to reach the database after the last call.
const RECORDS_PATIENCE: Duration = Duration::from_secs(30);
/// The long row: pieces after each of which memory is read.
const LONG_PIECES: usize = 10;
const LONG_PIECE_CALLS: usize = 10_000;
const LONG_TALK: Duration = Duration::from_millis(200);

/// The last calls of an evenly spaced load end a little later than they began.
const SPEED_SHARE: f64 = 0.98;

/// Our own address for callers and phones.
const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Answer and hang up, no sound: signalling alone.
pub(super) fn w1(args: &Args, directory: &Path) -> Result<Row, Error> {
    let site = Site::start(&args.server_binary()?, folder(directory, "w1"), args.keep, true)?;
    site.add_flows()?;
    let calls = (args.rate * RATED_S as f64) as usize;
    let plan = Plan {
        rate_per_s: args.rate,
        hang_up: HangUp::AfterJoined(Duration::ZERO),
        ..plan(&site, ANSWER_NUMBER, calls)
    };
    let (outcome, idle) = beside_idle_timer(|| Generator::open(plan, LOCAL)?.run())?;
    let mut row = Row::new("W1", format!("answer and hang up, {calls} calls at {:.0}/s", args.rate));
    row.goal("calls/s", rate_reached(&outcome), Reach::AtLeast(1_500.0_f64.min(args.rate) * SPEED_SHARE));
    row.goal("CPU s per 1,000 calls", outcome.whole.map(|usage| per_thousand(usage, calls)), Reach::AtMost(0.5));
    row.goal("messages sent again", retransmissions(&outcome), Reach::AtMost(0.0));
    row.goal("calls failed", outcome.failed() as f64, Reach::AtMost(0.0));
    row.figure("memory MiB", outcome.whole.map(|usage| usage.resident_after_bytes as f64 / (1 << 20) as f64));
    row.figure("INVITE to 200 p50 ms", outcome.setup.percentile_ms(50.0));
    row.figure("INVITE to 200 p99 ms", outcome.setup.percentile_ms(99.0));
    row.figure("idle timer late p99 ms", idle);
    Ok(row)
}

/// A caller hears a flow's prompts.
pub(super) fn w2(args: &Args, directory: &Path) -> Result<Row, Error> {
    let floor = raw_relay(args.calls, FLOOR_TIME)?;
    let site = Site::start(&args.server_binary()?, folder(directory, "w2"), args.keep, true)?;
    site.add_flows()?;
    let plan = Plan { sound: true, ..steady_plan(args, &site, SPEECH_NUMBER) };
    let before = site.tick_lateness()?;
    let (outcome, idle) = beside_idle_timer(|| Generator::open(plan, LOCAL)?.run())?;
    let mut row = Row::new("W2", format!("IVR playback, {} calls for {} s", args.calls, args.seconds));
    sound_figures(&mut row, &outcome, args.calls, &floor, None);
    row.figure("memory per call KiB", memory_per_call_kib(&outcome, args.calls));
    lateness_figures(&mut row, &outcome, site.tick_lateness()?.percentile_ms_since(&before, 99.0), idle);
    Ok(row)
}

/// Queue, then a bridge with sound both ways; recorded it is W4.
pub(super) fn bridged(args: &Args, directory: &Path, record: bool) -> Result<Row, Error> {
    let (name, goal) = if record { ("W4", 1.8) } else { ("W3", 1.5) };
    let floor = raw_relay(args.calls, FLOOR_TIME)?;
    let site = Site::start(&args.server_binary()?, folder(directory, name), args.keep, record)?;
    let plan = Plan { sound: true, ..steady_plan(args, &site, QUEUE_NUMBER) };
    let before = site.tick_lateness()?;
    let (outcome, idle) = queue_calls(&site, plan, args.calls, Duration::ZERO)?;
    let recorded = if record { ", recorded" } else { "" };
    let mut row =
        Row::new(name, format!("queue and two-way bridge{recorded}, {} calls for {} s", args.calls, args.seconds));
    sound_figures(&mut row, &outcome, args.calls, &floor, Some(goal));
    row.goal("memory per bridged call KiB", memory_per_call_kib(&outcome, args.calls), Reach::AtMost(60.0));
    row.figure("first sound at the agent p50 ms", outcome.first_sound.percentile_ms(50.0));
    lateness_figures(&mut row, &outcome, site.tick_lateness()?.percentile_ms_since(&before, 99.0), idle);
    Ok(row)
}

/// Whole queue calls, with their records on disk.
pub(super) fn queue(args: &Args, directory: &Path) -> Result<Row, Error> {
    let mut site = Site::start(&args.server_binary()?, folder(directory, "queue"), args.keep, true)?;
    let busy = QUEUE_RING + QUEUE_TALK + QUEUE_SLACK;
    let agents = (args.queue_rate * busy.as_secs_f64()).ceil() as usize;
    let plan = Plan {
        rate_per_s: args.queue_rate,
        hang_up: HangUp::AfterJoined(QUEUE_TALK),
        sound: true,
        ..plan(&site, QUEUE_NUMBER, args.queue_calls)
    };
    let (outcome, idle) = queue_calls(&site, plan, agents, QUEUE_RING)?;
    let records = site.count_records(outcome.offered, RECORDS_PATIENCE)?;
    let work = format!(
        "whole queue calls (ring {} ms, talk {} ms), {} calls at {:.0}/s, {agents} agents",
        QUEUE_RING.as_millis(),
        QUEUE_TALK.as_millis(),
        args.queue_calls,
        args.queue_rate
    );
    let mut row = Row::new("Q", work);
    row.goal("calls/s", rate_reached(&outcome), Reach::AtLeast(150.0_f64.min(args.queue_rate) * SPEED_SHARE));
    let cpu = outcome.whole.map(|usage| per_thousand(usage, outcome.offered));
    row.goal("CPU s per 1,000 calls", cpu, Reach::AtMost(3.0));
    row.goal("calls stuck", (outcome.stuck + outcome.agents_stuck) as f64, Reach::AtMost(0.0));
    row.goal("calls failed", outcome.failed() as f64, Reach::AtMost(0.0));
    row.goal("records missing", outcome.offered as f64 - records as f64, Reach::AtMost(0.0));
    row.goal("messages sent again", retransmissions(&outcome), Reach::AtMost(0.0));
    latency_figures(&mut row, &outcome, idle, false);
    row.figure("packets lost of a million", packets_lost_of_a_million(&outcome));
    if row.missed().next().is_some() {
        site.keep();
    }
    Ok(row)
}

/// Caller's INVITE to agent's INVITE while nothing waits.
pub(super) fn latency(args: &Args, directory: &Path) -> Result<Row, Error> {
    let site = Site::start(&args.server_binary()?, folder(directory, "latency"), args.keep, true)?;
    let calls = LATENCY_PER_S * RATED_S;
    let plan = Plan {
        rate_per_s: LATENCY_PER_S as f64,
        hang_up: HangUp::AfterJoined(LATENCY_TALK),
        ..plan(&site, QUEUE_NUMBER, calls)
    };
    let (outcome, idle) = queue_calls(&site, plan, LATENCY_PER_S, Duration::ZERO)?;
    let mut row = Row::new("L", format!("caller's INVITE to agent's INVITE, {calls} calls at {LATENCY_PER_S}/s"));
    latency_figures(&mut row, &outcome, idle, true);
    row.goal("calls failed", outcome.failed() as f64, Reach::AtMost(0.0));
    Ok(row)
}

/// Memory over a hundred thousand calls.
pub(super) fn long(args: &Args, directory: &Path) -> Result<Row, Error> {
    let site = Site::start(&args.server_binary()?, folder(directory, "long"), args.keep, true)?;
    let agents = (args.queue_rate * (LONG_TALK + QUEUE_SLACK).as_secs_f64()).ceil() as usize;
    let plan = Plan {
        rate_per_s: args.queue_rate,
        hang_up: HangUp::AfterJoined(LONG_TALK),
        ..plan(&site, QUEUE_NUMBER, LONG_PIECE_CALLS)
    };
    let mut generator = prepare_agents(&site, plan, agents, Duration::ZERO)?;
    let mut row = Row::new("M", format!("memory over {} queue calls", LONG_PIECES * LONG_PIECE_CALLS));
    let mut resident = Vec::new();
    let mut failed = 0;
    for piece in 1..=LONG_PIECES {
        let outcome = generator.run()?;
        failed += outcome.failed();
        let mib = outcome.whole.map(|usage| usage.resident_after_bytes as f64 / (1 << 20) as f64);
        row.figure(&format!("MiB after {} calls", piece * LONG_PIECE_CALLS), mib);
        resident.extend(mib);
    }
    // The first pieces fill tables that are then used again.
    let growth = resident.get(LONG_PIECES / 2).zip(resident.last()).map(|(middle, last)| last - middle);
    row.goal("MiB grown in the second half", growth, Reach::AtMost(2.0));
    row.goal("calls failed", failed as f64, Reach::AtMost(0.0));
    Ok(row)
}

fn plan(site: &Site, called: &str, calls: usize) -> Plan {
    Plan {
        server: site.sip,
        process: Some(site.process()),
        called: called.to_owned(),
        calls,
        rate_per_s: RAMP_PER_S,
        hang_up: HangUp::AfterJoined(Duration::ZERO),
        sound: false,
        patience: PATIENCE,
        phones: None,
    }
}

fn steady_plan(args: &Args, site: &Site, called: &str) -> Plan {
    let ramp = Duration::from_secs_f64(args.calls as f64 / RAMP_PER_S);
    Plan {
        hang_up: HangUp::Together(Duration::from_secs(args.seconds)),
        patience: PATIENCE + ramp,
        ..plan(site, called, args.calls)
    }
}

/// Registers as many phones as agents, logs the agents in, and has the load ready.
fn prepare_agents(site: &Site, plan: Plan, agents: usize, answer_after: Duration) -> Result<Generator, Error> {
    let accounts = site.add_agents(agents)?;
    let mut generator = Generator::open(Plan { phones: Some(Phones { accounts, answer_after }), ..plan }, LOCAL)?;
    generator.register()?;
    site.log_agents_in(agents)?;
    Ok(generator)
}

fn queue_calls(
    site: &Site,
    plan: Plan,
    agents: usize,
    answer_after: Duration,
) -> Result<(Outcome, Option<f64>), Error> {
    let mut generator = prepare_agents(site, plan, agents, answer_after)?;
    beside_idle_timer(|| generator.run())
}

/// Runs a load and gives how late an idle timer was meanwhile, p99 in ms.
fn beside_idle_timer(
    load: impl FnOnce() -> Result<Outcome, crate::generator::Error>,
) -> Result<(Outcome, Option<f64>), Error> {
    let idle = IdleTimer::start()?;
    let outcome = load();
    let lateness = idle.stop();
    Ok((outcome?, lateness.percentile_ms(99.0)))
}

fn sound_figures(row: &mut Row, outcome: &Outcome, calls: usize, floor: &Floor, goal: Option<f64>) {
    let cpu_us = outcome.steady.map(|usage| usage.cpu.as_secs_f64() * 1e6 / (usage.wall.as_secs_f64() * calls as f64));
    row.figure("CPU us per call-second", cpu_us);
    row.figure("CPU % of a core per 100 calls", cpu_us.map(|us| us / 100.0));
    row.figure("raw relay loop us per call-second", floor.cpu_us_per_call_s);
    let share = cpu_us.map(|us| us / floor.cpu_us_per_call_s);
    match goal {
        Some(goal) => row.goal("times the raw relay loop", share, Reach::AtMost(goal)),
        None => row.figure("times the raw relay loop", share),
    };
    row.goal("calls joined at once", outcome.joined_max as f64, Reach::AtLeast(calls as f64));
    row.goal("calls failed", outcome.failed() as f64, Reach::AtMost(0.0));
    row.goal("packets lost of a million", packets_lost_of_a_million(outcome), Reach::AtMost(0.0));
    row.figure("memory MiB", outcome.steady.map(|usage| usage.resident_after_bytes as f64 / (1 << 20) as f64));
}

/// How regular the sound was, beside how regular anything on this machine was.
fn lateness_figures(row: &mut Row, outcome: &Outcome, tick: Option<f64>, idle: Option<f64>) {
    row.figure("packet spacing error p99 ms", outcome.spacing.percentile_ms(99.0));
    row.figure("the load's own lateness p99 ms", outcome.own_lateness.percentile_ms(99.0));
    row.figure("media tick late p99 ms, at most", tick);
    row.figure("idle timer late p99 ms", idle);
}

/// What the machine itself is late is not the server's; the goal is on the rest.
fn latency_figures(row: &mut Row, outcome: &Outcome, idle: Option<f64>, judged: bool) {
    let (p50, p99) = (outcome.invite_to_invite.percentile_ms(50.0), outcome.invite_to_invite.percentile_ms(99.0));
    row.figure("INVITE to INVITE p50 ms", p50);
    row.figure("INVITE to INVITE p99 ms", p99);
    row.figure("idle timer late p99 ms", idle);
    let excess = p99.zip(idle).map(|(p99, idle)| (p99 - idle).max(0.0));
    if judged {
        row.goal("INVITE to INVITE p99 beyond it ms", excess, Reach::AtMost(10.0));
    } else {
        row.figure("INVITE to INVITE p99 beyond it ms", excess);
    }
}

/// What went through while it went on: the time that the first call takes is no lack of speed.
fn rate_reached(outcome: &Outcome) -> Option<f64> {
    let time = outcome.first_to_last_end.as_secs_f64();
    (time > 0.0).then(|| outcome.completed.saturating_sub(1) as f64 / time)
}

fn per_thousand(usage: Usage, calls: usize) -> f64 {
    usage.cpu.as_secs_f64() * 1_000.0 / calls as f64
}

fn retransmissions(outcome: &Outcome) -> f64 {
    (outcome.retransmitted + outcome.repeated) as f64
}

fn packets_lost_of_a_million(outcome: &Outcome) -> Option<f64> {
    let all = outcome.packets_heard + outcome.packets_lost;
    (all > 0).then(|| outcome.packets_lost as f64 * 1e6 / all as f64)
}

fn memory_per_call_kib(outcome: &Outcome, calls: usize) -> Option<f64> {
    let (whole, steady) = outcome.whole.zip(outcome.steady)?;
    let grown = steady.resident_after_bytes.saturating_sub(whole.resident_before_bytes);
    Some(grown as f64 / 1_024.0 / calls as f64)
}
