//! How dialogs come back after a restart, as the values that an earlier life exported: confirmed ones to be ended or gone
//! on with, and INVITEs under way to be cancelled. Must never know where the values were kept.

use super::{Calling, Cancellation, Dialog, Exchange, Peer, Phase, Probe};
use crate::{
    DialogId, DialogSnapshot, Invite, InviteSnapshot, Target,
    endpoint::Endpoint,
    message::{Method, Writer},
    station::{Due, T1, branch_number, contact, restored, via},
    timer::TimerKey,
    transaction::{ClientKey, ClientUser},
};
use bytes::Bytes;

/// Requests that the life before may have sent after the dialog was exported: of its probes, one every 30 s for three weeks.
/// Leaving numbers out is legal, going back is refused (RFC 3261 section 12.2.2).
const CSEQ_LEFT_OUT: u32 = 1 << 16;

impl Endpoint {
    /// [`crate::Command::Restore`].
    pub(crate) fn restore(&mut self, id: DialogId, snapshot: DialogSnapshot) {
        if self.dialogs.contains(id) {
            return;
        }
        let flow = restored(snapshot.flow, &snapshot.remote_target);
        let dialog = Dialog {
            call_id: snapshot.call_id,
            local_tag: snapshot.local_tag,
            local_address: snapshot.local_address,
            contact: contact("", &flow).into(),
            peer: Peer {
                tag: Some(snapshot.remote_tag).filter(|tag| !tag.is_empty()),
                address: snapshot.remote_address,
                target: snapshot.remote_target,
                route_set: snapshot.route_set,
            },
            local_cseq: snapshot.local_cseq.saturating_add(CSEQ_LEFT_OUT),
            remote_cseq: snapshot.remote_cseq,
            flow,
            phase: Phase::Confirmed(Exchange::Idle),
            probe: Probe::None,
            acknowledged: Vec::new(),
            authorization: None,
        };
        self.dialogs.insert(id, dialog);
    }

    /// [`crate::Command::CancelRestored`]. The INVITE comes back as a call that is to be given up, so that whatever its
    /// answer is meets the same rules as if there had been no restart. The CANCEL waits for a 1xx (H4) or T1: by then a
    /// phone has seen an INVITE that was still under way when its sender died, and would not miss what it is to cancel.
    pub(crate) fn cancel_restored(&mut self, id: DialogId, mut snapshot: InviteSnapshot) {
        let full = self.dialogs.len() >= self.station.config.limits.dialogs_max;
        let Some(branch) = branch_number(snapshot.branch.as_bytes()).filter(|_| !full) else { return };
        if self.dialogs.contains(id) {
            return;
        }
        snapshot.flow = restored(snapshot.flow, &snapshot.uri);
        let client = ClientKey { branch, cancel: false };
        let request = lost_request(&snapshot);
        self.clients.resume(client, ClientUser::Invite(id), snapshot.flow, request);
        let give_up = Some(self.station.after(T1, Due::GiveUp(id)));
        self.dialogs.insert(id, cancelled_dialog(id, client, give_up, snapshot));
    }
}

/// What of the INVITE is repeated in its CANCEL and in the ACK of its refusal (RFC 3261 sections 9.1 and 17.1.1.3).
fn lost_request(snapshot: &InviteSnapshot) -> Bytes {
    let InviteSnapshot { uri, call_id, local_tag, local_address, remote_address, cseq, branch, route_set, flow } =
        snapshot;
    let mut writer = Writer::request(Method::Invite.name(), uri)
        .header("Via", via(flow, branch))
        .header("From", format!("{local_address};tag={local_tag}"))
        .header("To", remote_address.as_bytes())
        .header("Call-ID", call_id.as_bytes())
        .put("CSeq", format_args!("{cseq} INVITE"));
    for route in route_set {
        writer = writer.header("Route", route.as_bytes());
    }
    writer.finish(None)
}

fn cancelled_dialog(id: DialogId, client: ClientKey, give_up: Option<TimerKey>, snapshot: InviteSnapshot) -> Dialog {
    let InviteSnapshot { uri, flow, .. } = snapshot;
    let invite = Box::new(Invite {
        dialog: id,
        target: Target::Address { uri: uri.clone(), flow },
        from_display: None,
        from_user: "".into(),
        headers: Vec::new(),
        body: None,
    });
    let cancellation = Cancellation::Wanted;
    let calling = Calling { client, invite, uri: uri.clone(), heard: false, cancellation, give_up, attempts: 0 };
    Dialog {
        call_id: snapshot.call_id,
        local_tag: snapshot.local_tag,
        local_address: snapshot.local_address,
        contact: contact("", &flow).into(),
        peer: Peer { tag: None, address: snapshot.remote_address, target: uri, route_set: snapshot.route_set },
        local_cseq: snapshot.cseq,
        remote_cseq: None,
        flow,
        phase: Phase::Calling(Box::new(calling)),
        probe: Probe::None,
        acknowledged: Vec::new(),
        authorization: None,
    }
}
