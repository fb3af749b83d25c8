//! From a flow to its call and to the media plane.

use crate::{
    Switch,
    legs::{Stream, group_of, stream_of},
};
use call::{Input, Wish};
use flow::{Effect, Say, TransferTarget};
use vocab::{CallId, Fact, Now};

impl Switch {
    pub(crate) fn flow_effect(&mut self, now: Now, id: CallId, effect: Effect) {
        match effect {
            Effect::Answer => self.wish(now, id, Wish::Answer),
            Effect::Play { play, language, says, repeat } => self.play(now, id, play, language, says, repeat),
            Effect::StopPlaying { play } => {
                if let Some((group, stream)) = self.open_stream(id) {
                    self.media(media::Command::Stop { group, stream, playback: media::PlaybackId(play.0) });
                }
            }
            Effect::RecordMessage { ms_max } => self.wish(now, id, Wish::RecordMessage { ms_max }),
            Effect::StopRecording => self.wish(now, id, Wish::StopRecording),
            Effect::Enqueue { queue, priority } => self.wish(now, id, Wish::Enqueue { queue, priority }),
            Effect::LeaveQueue { exit } => self.wish(now, id, Wish::LeaveQueue { exit }),
            Effect::Transfer { target: TransferTarget::Extension { number }, ring_ms } => {
                let leg = self.next_leg();
                self.wish(now, id, Wish::Transfer { leg, extension: vocab::ExtensionId::new(number), ring_ms });
            }
            Effect::Transfer { target: TransferTarget::Queue { queue }, .. } => {
                self.wish(now, id, Wish::Enqueue { queue, priority: 0 });
            }
            Effect::HangUp => self.wish(now, id, Wish::HangUp),
            Effect::Entered { node } => self.fact(now, Fact::NodeEntered { call: id, node }),
            Effect::Left { node, outcome } => self.fact(now, Fact::NodeLeft { call: id, node, outcome }),
            Effect::Digits { node, digits } => self.fact(now, Fact::DigitsCollected { call: id, node, digits }),
            Effect::Finished => {
                if let Some(entry) = self.calls.get_mut(&id) {
                    entry.run = None;
                }
            }
        }
    }

    fn wish(&mut self, now: Now, id: CallId, wish: Wish) {
        self.tell_call(now, id, Input::Flow(wish));
    }

    fn play(
        &mut self,
        now: Now,
        id: CallId,
        play: flow::PlayNumber,
        language: std::sync::Arc<str>,
        says: Vec<Say>,
        repeat: bool,
    ) {
        match self.open_stream(id) {
            Some((group, stream)) => {
                let (playback, sounds) = (media::PlaybackId(play.0), says.into_iter().map(sound).collect());
                self.media(media::Command::Play { group, stream, playback, language, sounds, repeat });
            }
            // Nobody can hear it before the answer: a prompt counts as played, music as playing.
            None if !repeat => self.tell_run(now, id, flow::Outcome::Played { play, finished: true }),
            None => {}
        }
    }

    fn open_stream(&self, id: CallId) -> Option<(media::GroupId, media::StreamId)> {
        let leg = self.calls.get(&id)?.call.caller_leg();
        let open = self.legs.get(leg).is_some_and(|l| l.stream == Stream::Open);
        open.then(|| (group_of(id), stream_of(leg)))
    }
}

fn sound(say: Say) -> media::Sound {
    match say {
        Say::Prompt { name } => media::Sound::Prompt(name),
        Say::Number { value } => media::Sound::Number(value),
        Say::Digits { digits } => media::Sound::Digits(digits),
        Say::Music { name } => media::Sound::Music(name),
        // What callers know from answering machines: about 1 kHz, 300 ms, a little below speech.
        Say::Beep => media::Sound::Tone { hz: 1000, ms: 300, level_dbm0: -12 },
        Say::Silence { ms } => media::Sound::Silence { ms },
    }
}
