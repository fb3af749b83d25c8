//! How dialogs end and are forgotten (RFC 3261 section 15).

use super::{Cancellation, Exchange, Phase};
use crate::{
    DialogId, EndCause, Event,
    endpoint::{Endpoint, Request},
    message::Method,
    station::{Due, GIVE_UP},
    transaction::{ClientKey, ClientUser, ServerId},
};

impl Endpoint {
    /// [`crate::Command::Bye`], whatever the dialog's state: one that was not answered is refused or given up.
    pub(crate) fn bye(&mut self, id: DialogId, reason: Option<&str>) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        match &mut dialog.phase {
            Phase::Ringing(_) => self.refuse_ringing(id, 603, "Decline", &[], EndCause::Local),
            Phase::Calling(_) => self.cancel(id),
            Phase::Accepted { bye, .. } => *bye = Some(reason.map(Into::into)),
            Phase::AnswerOwed { client, cseq, .. } => {
                let (client, cseq) = (*client, *cseq);
                self.acknowledge(client, id, cseq, None);
                self.send_bye(id, reason);
                self.end(id, EndCause::Local);
            }
            Phase::Confirmed(_) => {
                self.send_bye(id, reason);
                self.end(id, EndCause::Local);
            }
            Phase::Ended => {}
        }
    }

    /// Ends a dialog whose far end fell silent.
    pub(crate) fn give_up(&mut self, id: DialogId, cause: EndCause) {
        self.send_bye(id, None);
        self.end(id, cause);
    }

    /// Something was waited for in vain for 64·T1.
    pub(crate) fn waited_in_vain(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        match &mut dialog.phase {
            Phase::Accepted { .. } | Phase::Confirmed(Exchange::TheirsAnswered(_)) => {
                self.give_up(id, EndCause::Timeout)
            }
            // Of an INVITE from before a restart; the 1xx that H4 waits for was perhaps told to the life before.
            Phase::Calling(calling) if calling.cancellation == Cancellation::Wanted => self.send_cancel(id),
            Phase::Calling(calling) => {
                calling.give_up = None;
                let client = calling.client;
                self.clients.end(&mut self.station, client);
                self.end(id, EndCause::Local);
            }
            Phase::AnswerOwed { client, cseq, .. } => {
                let (client, cseq) = (*client, *cseq);
                self.acknowledge(client, id, cseq, None);
                self.give_up(id, EndCause::Timeout);
            }
            Phase::Ringing(_) | Phase::Confirmed(_) | Phase::Ended => {}
        }
    }

    pub(crate) fn send_bye(&mut self, id: DialogId, reason: Option<&str>) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let (branch, mut writer) = dialog.request(&mut self.station, &Method::Bye, None);
        if let Some(reason) = reason {
            writer = writer.header("Reason", reason.as_bytes());
        }
        let key = ClientKey { branch, cancel: false };
        self.clients.begin(&mut self.station, key, false, ClientUser::Nobody, dialog.flow, writer.finish(None));
    }

    /// Their BYE. Whatever they had asked before gets its answer too (RFC 3261 section 15.1.2).
    pub(crate) fn bye_came(&mut self, request: &Request<'_>, server: ServerId, id: DialogId) {
        self.answer_request(request, server, 200, None, &[]);
        self.refuse_ringing(id, 487, "Request Terminated", &[], EndCause::RemoteBye);
        self.end(id, EndCause::RemoteBye);
    }

    /// The end of a dialog: said once, whatever comes after it.
    pub(crate) fn end(&mut self, id: DialogId, cause: EndCause) {
        self.refuse_reoffer(id, 487);
        self.stop_probe(id);
        let Some(dialog) = self.dialogs.get(id) else { return };
        if matches!(dialog.phase, Phase::Ended) {
            return;
        }
        dialog.phase.stop(&mut self.station.timers);
        let open = match &dialog.phase {
            Phase::Calling(calling) => Some(calling.client),
            Phase::Confirmed(Exchange::Ours { client }) => Some(*client),
            _ => None,
        };
        if let Some(client) = open {
            self.clients.abandon(&mut self.station, client);
        }
        dialog.phase = Phase::Ended;
        self.station.after(GIVE_UP, Due::Forget(id));
        self.station.say(Event::Ended { dialog: id, cause });
    }

    /// The 32 s after the end are over.
    pub(crate) fn forget(&mut self, id: DialogId) {
        self.dialogs.remove(id);
    }
}
