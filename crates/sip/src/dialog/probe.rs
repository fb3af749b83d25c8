//! Asking a far end whether it is still there: OPTIONS inside a confirmed dialog (RFC 3261 sections 11 and 12.2.1). Must
//! never know why somebody wants to know.

use super::Phase;
use crate::{
    DialogId, EndCause,
    endpoint::Endpoint,
    message::Method,
    transaction::{ClientKey, ClientUser, Ending},
};

/// Whether a dialog's far end is being asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Probe {
    #[default]
    None,
    /// Its answer is awaited.
    Sent {
        client: ClientKey,
        /// The one before found no connection.
        again: bool,
    },
    /// No connection was to be had. A phone that changes networks gets a second chance.
    Undelivered,
}

impl Endpoint {
    /// [`crate::Command::Probe`].
    pub(crate) fn probe(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let again = match dialog.probe {
            Probe::None => false,
            Probe::Undelivered => true,
            Probe::Sent { .. } => return,
        };
        if !matches!(dialog.phase, Phase::Confirmed(_)) {
            return;
        }
        let (branch, writer) = dialog.request(&mut self.station, &Method::Options, None);
        let bytes =
            writer.header("Contact", dialog.contact.as_bytes()).header("Accept", "application/sdp").finish(None);
        let client = ClientKey { branch, cancel: false };
        dialog.probe = Probe::Sent { client, again };
        self.clients.begin(&mut self.station, client, false, ClientUser::Probe(id), dialog.flow, bytes);
    }

    /// Whoever answers is there, whatever he thinks of OPTIONS, unless he knows nothing of the dialog (RFC 3261 section
    /// 12.2.1.2).
    pub(crate) fn probe_response(&mut self, key: ClientKey, id: DialogId, status: u16) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        if !matches!(dialog.probe, Probe::Sent { client, .. } if client == key) {
            return;
        }
        dialog.probe = Probe::None;
        match status {
            408 => self.give_up(id, EndCause::Timeout),
            481 => self.give_up(id, EndCause::Unknown),
            _ => {}
        }
    }

    /// The transaction of a probe ended without an answer, or long after it.
    pub(crate) fn probe_over(&mut self, key: ClientKey, id: DialogId, ending: Ending) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Probe::Sent { client, again } = dialog.probe else { return };
        if client != key {
            return;
        }
        match ending {
            Ending::Timeout => self.give_up(id, EndCause::Timeout),
            Ending::FlowClosed if again => self.give_up(id, EndCause::Transport),
            Ending::FlowClosed => dialog.probe = Probe::Undelivered,
            Ending::Forgotten => {}
        }
    }

    /// [`crate::Command::StopProbe`]; also when the far end spoke of itself, or the dialog is over: nobody needs the answer
    /// any more.
    pub(crate) fn stop_probe(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        if let Probe::Sent { client, .. } = std::mem::take(&mut dialog.probe) {
            self.clients.end(&mut self.station, client);
        }
    }
}
