//! Which leg belongs to which call, and how far its dialog and its stream have come.

use call::Ringing;
use std::{collections::BTreeMap, sync::Arc};
use vocab::{CallId, ExtensionId, LegId};

/// A leg as the exchange must know it to translate between call, dialog and stream.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) call: CallId,
    /// The extension this leg keeps busy with a call the dispatcher did not arrange.
    pub(crate) busies: Option<ExtensionId>,
    pub(crate) dialog: Dialog,
    pub(crate) stream: Stream,
}

/// How far a leg's dialog is.
#[derive(Debug)]
pub(crate) enum Dialog {
    /// The caller's INVITE is here; nothing final was said. Its offer, if it brought one.
    Invited { offer: Option<sip::Body> },
    /// Our answer is being described.
    Accepting { late_offer: bool },
    /// 200 sent; the ACK is awaited.
    Accepted { late_offer: bool },
    /// Our offer is being described; the INVITE goes out with it.
    Preparing(Dialling),
    /// INVITE sent.
    Inviting,
    /// Their answer is here; its sound is being agreed.
    Agreeing,
    /// Confirmed, with sound.
    Up {
        /// A changed session (re-INVITE) is being described.
        reoffered: bool,
    },
    /// We asked it to end.
    Ending,
    /// Nothing more comes from it.
    Over,
}

/// How to dial once the offer is described.
#[derive(Clone, Debug)]
pub(crate) struct Dialling {
    pub(crate) ringing: Ringing,
    pub(crate) from_user: Arc<str>,
    pub(crate) extension: ExtensionId,
}

/// How far a leg's stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    None,
    Open,
    Closing,
    Closed,
}

/// All legs of the node.
#[derive(Default)]
pub(crate) struct Legs {
    legs: BTreeMap<LegId, Leg>,
}

impl Legs {
    pub(crate) fn insert(&mut self, id: LegId, leg: Leg) {
        self.legs.insert(id, leg);
    }

    pub(crate) fn get(&self, id: LegId) -> Option<&Leg> {
        self.legs.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(&id)
    }

    pub(crate) fn of_call(&self, call: CallId) -> Vec<LegId> {
        self.legs.iter().filter(|(_, leg)| leg.call == call).map(|(id, _)| *id).collect()
    }

    /// Forgets the leg once neither dialog nor stream can say anything more; returns it then.
    pub(crate) fn forget_if_closed(&mut self, id: LegId) -> Option<Leg> {
        let closed = self.legs.get(&id).is_some_and(|leg| {
            matches!(leg.dialog, Dialog::Over) && matches!(leg.stream, Stream::None | Stream::Closed)
        });
        if closed { self.legs.remove(&id) } else { None }
    }

    pub(crate) fn len(&self) -> usize {
        self.legs.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }
}

pub(crate) fn dialog_of(leg: LegId) -> sip::DialogId {
    sip::DialogId(leg.0)
}

pub(crate) fn leg_of(dialog: sip::DialogId) -> LegId {
    LegId(dialog.0)
}

pub(crate) fn stream_of(leg: LegId) -> media::StreamId {
    media::StreamId(leg.0)
}

pub(crate) fn leg_of_stream(stream: media::StreamId) -> LegId {
    LegId(stream.0)
}

pub(crate) fn group_of(call: CallId) -> media::GroupId {
    media::GroupId(call.0.as_u128())
}
