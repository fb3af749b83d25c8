//! The engine between two phones of paper: what each hears, unbroken and from nobody else.

#![allow(clippy::unwrap_used, reason = "helpers of a test are tests")]

mod world;

use media::{
    Codec::{Pcma, Pcmu},
    Command, Direction, Event, PlaybackId, RecordingKey, Sound,
};
use world::{GROUP, Phone, World, level};

const PLAY: PlaybackId = PlaybackId(1);
const RECORDING: RecordingKey = RecordingKey(9);

fn play(phone: &Phone, playback: PlaybackId, sounds: Vec<Sound>, repeat: bool) -> Command {
    Command::Play { group: GROUP, stream: phone.stream, playback, language: "en".into(), sounds, repeat }
}

fn tone(hz: u16, ms: u32) -> Vec<Sound> {
    vec![Sound::Tone { hz, ms, level_dbm0: -10 }]
}

fn bridge(one: &Phone, other: &Phone) -> Command {
    Command::Bridge { group: GROUP, one: one.stream, other: other.stream }
}

#[test]
fn a_prompt_goes_out_every_tick_and_ends() {
    let mut world = World::default();
    let mut phone = world.phone(1, Pcmu);
    world.command(play(&phone, PLAY, tone(400, 100), false));
    world.run(20, &mut [&mut phone]);
    assert_eq!(phone.received.len(), 5);
    assert!(phone.received[0].marker && phone.received[1..].iter().all(|packet| !packet.marker));
    assert!(phone.received.iter().all(|packet| packet.payload.len() == 160));
    phone.assert_continuous();
    let played = |event: &Event| matches!(event, Event::Played { playback: PLAY, finished: true, .. });
    assert_eq!(world.events.iter().filter(|event| played(event)).count(), 1);
}

#[test]
fn prompt_music_and_bridge_are_one_unbroken_stream() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcmu), world.phone(2, Pcmu));
    caller.speaks(400);
    agent.speaks(600);
    world.command(play(&caller, PLAY, tone(1_000, 400), false));
    world.run(30, &mut [&mut caller]);
    world.command(play(&caller, PlaybackId(2), tone(1_500, 10_000), true));
    world.run(25, &mut [&mut caller, &mut agent]);
    world.command(bridge(&caller, &agent));
    world.run(50, &mut [&mut caller, &mut agent]);
    world.command(Command::Unbridge { group: GROUP, one: caller.stream, other: agent.stream });
    world.run(10, &mut [&mut caller, &mut agent]);
    world.command(play(&caller, PlaybackId(3), tone(1_000, 200), false));
    world.run(15, &mut [&mut caller, &mut agent]);
    caller.assert_continuous();
    agent.assert_continuous();
    let sound = caller.sound();
    for hz in [1_000.0, 1_500.0, 600.0] {
        assert!(level(&sound, hz) > 500.0, "{hz} Hz is missing");
    }
    assert!(level(&sound, 400.0) < 100.0, "the caller hears himself");
    let stopped = |event: &Event| matches!(event, Event::Played { playback: PlaybackId(2), finished: false, .. });
    assert_eq!(world.events.iter().filter(|event| stopped(event)).count(), 1, "the bridge stopped the music");
}

#[test]
fn a_bridge_keeps_loss_disorder_and_wrap_around_of_the_talker() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcmu), world.phone(2, Pcmu));
    agent.speaks(600);
    agent.sequence = u16::MAX - 10;
    agent.timestamp = u32::MAX - 1_000;
    world.command(bridge(&caller, &agent));
    world.run(10, &mut [&mut caller, &mut agent]);
    agent.skip(3);
    world.run(10, &mut [&mut caller, &mut agent]);
    agent.swap_next_two = true;
    world.run(10, &mut [&mut caller, &mut agent]);
    let first = caller.received[0].clone();
    let steps: Vec<u16> = caller.received.iter().map(|packet| packet.sequence.wrapping_sub(first.sequence)).collect();
    assert_eq!(steps[9..12], [9, 13, 14], "the gap is the talker's");
    assert!(steps.windows(2).any(|pair| pair[1] < pair[0]), "disorder is the talker's: {steps:?}");
    for packet in &caller.received {
        let step = u32::from(packet.sequence.wrapping_sub(first.sequence));
        assert_eq!(packet.timestamp.wrapping_sub(first.timestamp), step * 160);
    }
}

#[test]
fn a_talker_who_changes_his_source_is_still_one_stream_for_the_listener() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcmu), world.phone(2, Pcmu));
    agent.speaks(600);
    world.command(bridge(&caller, &agent));
    world.run(10, &mut [&mut caller, &mut agent]);
    agent.ssrc = 0xABCD;
    agent.sequence = 40_000;
    agent.timestamp = 5;
    world.run(10, &mut [&mut caller, &mut agent]);
    assert_eq!(caller.received.len(), 20);
    caller.assert_continuous();
}

#[test]
fn codecs_that_differ_are_translated() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcma), world.phone(2, Pcmu));
    caller.speaks(400);
    agent.speaks(600);
    world.command(bridge(&caller, &agent));
    world.run(50, &mut [&mut caller, &mut agent]);
    assert!(caller.received.iter().all(|packet| packet.payload_type == 8));
    assert!(agent.received.iter().all(|packet| packet.payload_type == 0));
    assert!(level(&caller.sound(), 600.0) > 5_000.0 && level(&agent.sound(), 400.0) > 5_000.0);
}

#[test]
fn a_recording_has_each_talker_on_his_side_and_keeps_its_length() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcma), world.phone(2, Pcmu));
    caller.speaks(400);
    agent.speaks(600);
    world.command(bridge(&caller, &agent));
    let record = Command::Record { group: GROUP, recording: RECORDING, left: caller.stream, right: Some(agent.stream) };
    world.command(record);
    world.run(100, &mut [&mut caller, &mut agent]);
    caller.mute = true;
    world.run(50, &mut [&mut caller, &mut agent]);
    world.command(Command::StopRecording { group: GROUP, recording: RECORDING });
    let taps = &world.taps[&RECORDING];
    assert_eq!((taps.channels, taps.ended_ms, taps.sound.len()), (2, Some(3_000), 150 * 320));
    let side = |side: usize| world::linear(&taps.sound[side..].iter().step_by(2).copied().collect::<Vec<_>>());
    let (left, right) = (side(0), side(1));
    let talked = ..2_000 * 8;
    assert!(level(&left[talked], 400.0) > 5_000.0 && level(&left[talked], 600.0) < 100.0);
    assert!(level(&right, 600.0) > 5_000.0 && level(&right, 400.0) < 100.0);
    let silent_from = (2_000 + 100) * 8;
    assert!(left[silent_from..].iter().all(|sample| *sample == 0), "gaps are silence");
}

#[test]
fn closing_ends_everything_of_a_stream_once() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcmu), world.phone(2, Pcmu));
    agent.speaks(600);
    world.command(bridge(&caller, &agent));
    world.command(Command::Record {
        group: GROUP,
        recording: RECORDING,
        left: caller.stream,
        right: Some(agent.stream),
    });
    world.run(10, &mut [&mut caller, &mut agent]);
    world.command(play(&caller, PLAY, tone(400, 1_000), true));
    world.command(Command::Close { group: GROUP, stream: caller.stream });
    world.run(10, &mut [&mut caller, &mut agent]);
    world.command(Command::Close { group: GROUP, stream: agent.stream });
    world.command(Command::Close { group: GROUP, stream: caller.stream });
    assert_eq!(world.taps[&RECORDING].ended_ms, Some(200));
    let closed: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Closed { stream, statistics } => {
                Some((*stream, statistics.received_packets, statistics.sent_packets))
            }
            _ => None,
        })
        .collect();
    assert_eq!(closed, [(caller.stream, 0, 10), (agent.stream, 20, 0), (caller.stream, 0, 0)]);
    assert!(world.open.is_empty());
    // Slots are used again without remembering whom they served.
    let mut next = world.phone(3, Pcmu);
    agent.speaks(600);
    world.run(5, &mut [&mut next]);
    assert!(next.received.is_empty());
}

#[test]
fn digits_are_told_once_and_cross_a_bridge_as_events() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcmu), world.phone(2, Pcmu));
    world.command(bridge(&caller, &agent));
    caller.speaks(400);
    world.run(5, &mut [&mut caller, &mut agent]);
    caller.press(7);
    world.run(20, &mut [&mut caller, &mut agent]);
    let digits: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Digit { stream, digit, ms } => Some((*stream, *digit, *ms)),
            _ => None,
        })
        .collect();
    assert_eq!(digits, [(caller.stream, '7', 100)]);
    let events: Vec<_> = agent.received.iter().filter(|packet| packet.payload_type == 101).collect();
    assert_eq!(events.len(), 7);
    assert!(events.iter().all(|packet| packet.timestamp == events[0].timestamp));
    agent.assert_continuous();
}

#[test]
fn sent_digits_are_events_with_sound_waiting_behind_them() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcmu), world.phone(2, Pcmu));
    caller.speaks(400);
    world.command(bridge(&caller, &agent));
    world.run(10, &mut [&mut caller, &mut agent]);
    world.command(Command::SendDigits { group: GROUP, stream: agent.stream, digits: "42".into() });
    world.run(40, &mut [&mut caller, &mut agent]);
    let codes: Vec<u8> =
        agent.received.iter().filter(|packet| packet.payload_type == 101).map(|packet| packet.payload[0]).collect();
    assert_eq!(codes, [4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2]);
    agent.assert_continuous();
}

#[test]
fn digits_as_tones_are_heard_and_sent_where_events_are_unknown() {
    let mut world = World::default();
    let (mut plain, mut agent) = (world.phone_without_events(1, Pcmu), world.phone_without_events(2, Pcmu));
    world.command(bridge(&plain, &agent));
    world.command(Command::SendDigits { group: GROUP, stream: agent.stream, digits: "5".into() });
    world.run(10, &mut [&mut plain, &mut agent]);
    let sound = agent.sound();
    assert!(level(&sound[..800], 770.0) > 3_000.0 && level(&sound[..800], 1_336.0) > 3_000.0);
    // The tones come back as if the other phone had sent them.
    plain.replay = agent.received.iter().map(|packet| packet.payload.clone()).collect();
    world.run(30, &mut [&mut plain, &mut agent]);
    let digit = |event: &Event| matches!(event, Event::Digit { digit: '5', stream, .. } if *stream == plain.stream);
    assert_eq!(world.events.iter().filter(|event| digit(event)).count(), 1);
}

#[test]
fn strangers_are_counted_and_neither_heard_nor_answered() {
    let mut world = World::default();
    let (mut caller, mut agent) = (world.phone(1, Pcmu), world.phone(2, Pcmu));
    caller.speaks(400);
    agent.speaks(600);
    world.command(bridge(&caller, &agent));
    world.run(5, &mut [&mut caller, &mut agent]);
    let stranger = "127.0.0.66:6666".parse().unwrap();
    for sequence in 0..200 {
        world.inject(caller.stream, stranger, sequence);
    }
    world.run(50, &mut [&mut caller, &mut agent]);
    assert!(world.sent_elsewhere.is_empty(), "{:?}", world.sent_elsewhere);
    assert_eq!(agent.received.len(), 55);
    world.command(Command::Close { group: GROUP, stream: caller.stream });
    let foreign =
        |event: &Event| matches!(event, Event::Closed { statistics, .. } if statistics.foreign_packets == 200);
    assert!(world.events.iter().any(foreign));
}

#[test]
fn a_held_far_end_is_sent_nothing_until_it_comes_back_elsewhere() {
    let mut world = World::default();
    let mut phone = world.phone(1, Pcmu);
    phone.speaks(400);
    world.command(play(&phone, PLAY, tone(1_000, 60_000), true));
    world.run(10, &mut [&mut phone]);
    world.answer(&phone, "a=sendonly");
    assert!(matches!(world.events.last(), Some(Event::Described { direction: Direction::ReceiveOnly, .. })));
    world.run(10, &mut [&mut phone]);
    assert_eq!(phone.received.len(), 10);
    phone.address.set_port(9_999);
    world.answer(&phone, "a=sendrecv");
    world.run(10, &mut [&mut phone]);
    assert_eq!(phone.received.len(), 20);
    phone.assert_continuous();
}

#[test]
fn silence_is_told_every_thirty_seconds_until_something_comes() {
    let mut world = World::default();
    let mut phone = world.phone(1, Pcmu);
    let told = |world: &World| world.events.iter().filter(|event| matches!(event, Event::Silent { .. })).count();
    let heard = |world: &World| world.events.iter().filter(|event| matches!(event, Event::Heard { .. })).count();
    phone.speaks(400);
    world.run(10, &mut [&mut phone]);
    phone.mute = true;
    for (ticks, expected) in [(1_498, 0), (2, 1), (1_498, 1), (2, 2)] {
        world.run(ticks, &mut [&mut phone]);
        assert_eq!(told(&world), expected);
    }
    assert_eq!(heard(&world), 0);
    phone.mute = false;
    world.run(1, &mut [&mut phone]);
    assert_eq!(heard(&world), 1, "the first packet after a silence is told");
    phone.mute = true;
    for (ticks, expected) in [(1_498, 2), (2, 3)] {
        world.run(ticks, &mut [&mut phone]);
        assert_eq!(told(&world), expected, "the thirty seconds begin with the last packet");
    }
    phone.mute = false;
    world.run(10, &mut [&mut phone]);
    assert_eq!(heard(&world), 2, "and those after it are not");
}

#[test]
fn silence_of_a_far_end_that_holds_is_told_too() {
    for attribute in ["a=recvonly", "a=inactive"] {
        let mut world = World::default();
        let mut phone = world.phone(1, Pcmu);
        world.answer(&phone, attribute);
        world.run(3_001, &mut [&mut phone]);
        let silent: Vec<_> = world.events.iter().filter(|event| matches!(event, Event::Silent { .. })).collect();
        assert_eq!(silent.len(), 2, "{attribute}: {silent:?}");
    }
}

#[test]
fn a_stream_without_an_agreement_is_not_silent() {
    let mut world = World::default();
    world.command(Command::Open { group: GROUP, stream: media::StreamId(1) });
    world.run(4_000, &mut []);
    assert!(world.events.is_empty(), "{:?}", world.events);
}

#[test]
fn what_cannot_be_done_is_told_with_its_reason() {
    let mut world = World::default();
    let phone = world.phone(1, Pcmu);
    let (stream, group) = (media::StreamId(77), GROUP);
    let offer =
        |text: &str| Command::Answer { group, stream: phone.stream, offer: text.to_owned().into(), codecs: vec![Pcmu] };
    let head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n";
    for (command, reason) in [
        (Command::Offer { group, stream, codecs: vec![Pcmu] }, "unknown_stream"),
        (Command::Bridge { group, one: phone.stream, other: stream }, "unknown_stream"),
        (offer("nonsense"), "bad_description"),
        (offer(&format!("{head}m=audio 1 RTP/AVP 9\r\n")), "no_common_codec"),
        (offer(&format!("{head}m=video 1 RTP/AVP 0\r\n")), "no_audio"),
        (offer("v=0\r\nm=audio 1 RTP/AVP 0\r\n"), "bad_description"),
    ] {
        world.command(command);
        assert!(matches!(world.events.last(), Some(Event::Failed { reason: told, .. }) if *told == reason), "{reason}");
    }
    world.ports = 0;
    world.command(Command::Open { group, stream });
    assert!(matches!(world.events.last(), Some(Event::Failed { reason: "no_ports", .. })));
}

#[test]
fn our_offer_is_answered_and_sound_flows() {
    let mut world = World::default();
    let mut phone = world.offered_phone(1, Pcma);
    assert!(matches!(
        world.events.last(),
        Some(Event::Negotiated { codec: Pcma, direction: Direction::SendReceive, .. })
    ));
    world.command(play(&phone, PLAY, tone(400, 1_000), false));
    world.run(50, &mut [&mut phone]);
    assert!(phone.received.iter().all(|packet| packet.payload_type == 8));
    assert!(level(&phone.sound(), 400.0) > 5_000.0);
}
