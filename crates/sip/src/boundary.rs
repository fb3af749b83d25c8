#![allow(missing_docs, reason = "fields of events are named in full; what is not obvious has its line")]
//! The values that cross the crate's border. Nothing here decides anything.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// A dialog of this endpoint, from its first INVITE until 32 s after its end. The endpoint numbers incoming ones with
/// the top bit set; whoever sends [`Command::Invite`] numbers outgoing ones with it clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DialogId(pub u64);

impl DialogId {
    /// Set in the number of every dialog that the far end began.
    pub const INCOMING: u64 = 1 << 63;
}

/// How bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
    /// WebSocket.
    Ws,
    /// WebSocket under TLS.
    Wss,
}

/// The way a message came and its answer must go (RFC 3261 18.2.2, RFC 3581, RFC 5626): replies follow the flow, not the Via.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// How bytes travel.
    pub transport: Transport,
    /// Our address as the far end sees it (after `external_address`).
    pub local: SocketAddr,
    /// The far end.
    pub remote: SocketAddr,
    /// Numbers the connection of a stream; 0 for UDP.
    pub connection: u64,
}

/// What the endpoint is given.
#[derive(Clone, Debug)]
pub enum Input {
    /// One datagram, or one message cut from a stream (see [`crate::Framer`]).
    Received {
        /// How it came.
        flow: Flow,
        /// The message as it came.
        bytes: Bytes,
    },
    /// A stream is gone; its dialogs stay, their next request opens a new one or fails.
    FlowClosed {
        /// Which.
        flow: Flow,
    },
    /// A moment named by `next_timeout` has come.
    Timeout,
    /// The exchange wants something.
    Command(Command),
}

/// A body with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// `application/sdp` and the like.
    pub content_type: Arc<str>,
    /// The bytes.
    pub bytes: Bytes,
}

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A registered account: the newest binding, down the flow on which it registered.
    Account(Arc<str>),
    /// A URI at a known address (a trunk; the command-line phone's peer).
    Address {
        /// The request URI.
        uri: Arc<str>,
        /// Where to send it.
        flow: Flow,
    },
}

/// What the exchange may ask. A command for an unknown or finished dialog is dropped without effect.
#[derive(Clone, Debug)]
pub enum Command {
    /// Send a 1xx above 100 to an incoming call. Repeated every 60 s by the endpoint until a final answer (H9).
    Provisional { dialog: DialogId, status: u16, body: Option<Body> },
    /// Send 200 to an incoming call; retransmitted until its ACK.
    Accept { dialog: DialogId, body: Body },
    /// Refuse an incoming call with this status (300–699) and reason phrase; `retry_after_s` for 503.
    Refuse { dialog: DialogId, status: u16, reason: Arc<str>, retry_after_s: Option<u32> },
    /// Ask the sender of an incoming INVITE for digest credentials: 401 that ends this dialog; the next try is a new one.
    Challenge { dialog: DialogId },
    /// Begin an outgoing call.
    Invite(Box<Invite>),
    /// Give up an outgoing call that has no final answer yet (CANCEL once a 1xx is here, H4), or, if the 200 wins the
    /// race, ACK and BYE it. Always ends in [`Event::Ended`].
    Cancel { dialog: DialogId },
    /// End a confirmed dialog.
    Bye { dialog: DialogId, reason: Option<Arc<str>> },
    /// Answer a re-INVITE or UPDATE that came as [`Event::Reoffered`]. After an [`Event::Answered`] whose INVITE had no
    /// body it is the answer to the offer in their 2xx: the ACK waits for it, and [`Event::Confirmed`] follows.
    AnswerReoffer { dialog: DialogId, body: Option<Body> },
    /// Refuse it (488, 491).
    RefuseReoffer { dialog: DialogId, status: u16 },
    /// Send a re-INVITE with this offer in a confirmed dialog.
    Reoffer { dialog: DialogId, body: Body },
    /// Tell a ringing or talking phone to go off-hook or on-hook: NOTIFY with `Event: talk` or `hold`.
    Notify { dialog: DialogId, event: Arc<str>, body: Option<Body> },
    /// Ask the far end of a confirmed dialog whether it is still there (OPTIONS inside the dialog). Nothing is said if it is;
    /// otherwise the dialog ends ([`EndCause::Unknown`], [`EndCause::Timeout`], or [`EndCause::Transport`] when two in a row
    /// found no connection).
    /// One that is still unanswered is not asked again.
    Probe { dialog: DialogId },
    /// The far end was heard by other means: an answer to the probe is not awaited any more.
    StopProbe { dialog: DialogId },
    /// Take back a dialog exported before a restart, to end or go on with it.
    Restore { dialog: DialogId, snapshot: Box<DialogSnapshot> },
    /// An INVITE that a life before a restart sent and whose answer it did not live to hear: cancel it, or, if the 200
    /// wins the race, ACK and BYE it. Always ends in [`Event::Ended`], after 64·T1 at the latest.
    CancelRestored { dialog: DialogId, snapshot: Box<InviteSnapshot> },
    /// Take back a registration from before a restart.
    RestoreBinding(Box<Binding>),
    /// Replace the accounts that may register (configuration).
    Accounts(Vec<Account>),
    /// As a client (the command-line phone): register, or with `expires_s` 0 unregister.
    Register(Box<Registration>),
    /// Give this account's digest secret for outgoing requests that are challenged.
    Credentials(ClientCredentials),
}

/// An outgoing INVITE.
#[derive(Clone, Debug)]
pub struct Invite {
    /// Its number, top bit clear.
    pub dialog: DialogId,
    /// Whom to call.
    pub target: Target,
    /// Display name of From; none for none.
    pub from_display: Option<Arc<str>>,
    /// User part of From (the caller's number as the called phone shall see it).
    pub from_user: Arc<str>,
    /// More headers, name and value ("Alert-Info", "Call-Info", "X-Call-ID").
    pub headers: Vec<(Arc<str>, Arc<str>)>,
    /// The offer; none for a late offer.
    pub body: Option<Body>,
}

/// A SIP account of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// User part and digest user name ("8001").
    pub name: Arc<str>,
    /// Hex of MD5(name:realm:password) (RFC 7616 section 3.4.2).
    pub ha1_md5: Arc<str>,
    /// Hex of SHA-256(name:realm:password).
    pub ha1_sha256: Arc<str>,
}

/// Digest secret of a client.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// Digest user name.
    pub name: Arc<str>,
    /// Plain password; computed with the realm of the challenge.
    pub password: Arc<str>,
}

/// A client's registration.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Where the registrar is.
    pub flow: Flow,
    /// User part.
    pub account: Arc<str>,
    /// Host part of the address of record.
    pub domain: Arc<str>,
    /// Asked-for lifetime, seconds; 0 unregisters. Refreshed by the endpoint at half of what is granted.
    pub expires_s: u32,
}

/// Where a registered phone is (RFC 3261 section 10; the flow of RFC 5626 without its extra Contact parameters).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The account.
    pub account: Arc<str>,
    /// Its Contact URI.
    pub contact: Arc<str>,
    /// The flow it registered on.
    pub flow: Flow,
    /// Call-ID of its REGISTER.
    pub call_id: Arc<str>,
    /// CSeq of its last REGISTER.
    pub cseq: u32,
    /// Seconds left when this value was made.
    pub expires_in_s: u32,
    /// User-Agent header.
    pub user_agent: Arc<str>,
    /// The phone takes NOTIFY `Event: talk` (its Allow-Events said so).
    pub takes_talk_event: bool,
}

/// A confirmed dialog as a value (RFC 3261 section 12), enough to send a BYE or answer one after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialogSnapshot {
    /// Call-ID.
    pub call_id: Arc<str>,
    /// Our tag.
    pub local_tag: Arc<str>,
    /// Theirs.
    pub remote_tag: Arc<str>,
    /// From or To value of our side, without tag.
    pub local_address: Arc<str>,
    /// Of their side.
    pub remote_address: Arc<str>,
    /// Their Contact.
    pub remote_target: Arc<str>,
    /// Route set in the order to send.
    pub route_set: Vec<Arc<str>>,
    /// Last CSeq we used.
    pub local_cseq: u32,
    /// Last CSeq they used.
    pub remote_cseq: Option<u32>,
    /// The flow requests go down.
    pub flow: Flow,
}

/// An INVITE under way as a value: enough to cancel it, and to end the call that it may have become, after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteSnapshot {
    /// The request URI.
    pub uri: Arc<str>,
    /// Call-ID.
    pub call_id: Arc<str>,
    /// Our tag.
    pub local_tag: Arc<str>,
    /// From value without tag.
    pub local_address: Arc<str>,
    /// To value; it has no tag yet.
    pub remote_address: Arc<str>,
    /// CSeq number of the INVITE.
    pub cseq: u32,
    /// Branch of its Via.
    pub branch: Arc<str>,
    /// Its Route headers in order.
    pub route_set: Vec<Arc<str>>,
    /// The flow it went down.
    pub flow: Flow,
}

/// What the endpoint says.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send these bytes.
    Send {
        /// Down this flow; for a stream not yet connected (`connection` 0) the edge connects.
        flow: Flow,
        /// One whole message.
        bytes: Bytes,
    },
    /// Something the exchange must know.
    Event(Event),
}

/// Whose request it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Digest credentials of this account were right.
    Account(Arc<str>),
    /// No credentials came; the exchange decides by source, or answers with [`Command::Challenge`].
    Unproven,
}

/// An incoming INVITE, 100 already sent.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Its number, top bit set.
    pub dialog: DialogId,
    /// How it came.
    pub flow: Flow,
    /// Whose it is.
    pub identity: Identity,
    /// User part of From (P-Asserted-Identity is the exchange's affair: see `headers`).
    pub from_user: Arc<str>,
    /// Display name of From, lossy UTF-8, empty if none.
    pub from_display: Arc<str>,
    /// User part of the request URI, unescaped.
    pub to_user: Arc<str>,
    /// SIP Call-ID.
    pub call_id: Arc<str>,
    /// The offer, if the INVITE carried a body.
    pub body: Option<Body>,
    /// Headers the endpoint does not use itself, name (canonical case) and lossy value.
    pub headers: Vec<(Arc<str>, Arc<str>)>,
}

/// Why a dialog ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// They sent BYE, or refused our INVITE for good ([`Event::Refused`] came before).
    RemoteBye,
    /// They sent CANCEL before our final answer.
    RemoteCancel,
    /// Our BYE, CANCEL or refusal.
    Local,
    /// They know nothing of the dialog (481): they hung up and their BYE was lost or is on its way, or they began anew.
    Unknown,
    /// No ACK within 64·T1, no answer to a request, or 408. A BYE was sent if there was a dialog to end.
    Timeout,
    /// The transport failed.
    Transport,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call came in.
    Invited(Box<Invited>),
    /// An INVITE is about to be sent for an outgoing call: it is said before the bytes, and again when they are sent anew
    /// with credentials, so that who keeps the newest snapshot can cancel it whenever he comes back.
    Inviting { dialog: DialogId, snapshot: Box<InviteSnapshot> },
    /// An outgoing call rings, or has early media (`body`).
    Progress { dialog: DialogId, status: u16, body: Option<Body> },
    /// An outgoing call was answered (2xx here, ACK sent).
    Answered { dialog: DialogId, body: Option<Body> },
    /// An outgoing call was refused for good, by them or because nothing answered (408) or nobody is registered (480).
    Refused { dialog: DialogId, status: u16, reason: Arc<str> },
    /// The dialog is confirmed: our 2xx was acknowledged, or we acknowledged theirs. `body` is an answer in the ACK.
    Confirmed { dialog: DialogId, snapshot: Box<DialogSnapshot>, body: Option<Body> },
    /// They want to change the session of a confirmed dialog; no `body` means they want our offer.
    Reoffered { dialog: DialogId, body: Option<Body> },
    /// Our re-INVITE was answered; or the ACK of theirs answered the offer that we made in our 2xx to it.
    ReofferAnswered { dialog: DialogId, body: Option<Body> },
    /// Or refused; the session stays as it was.
    ReofferRefused { dialog: DialogId, status: u16 },
    /// An INFO came (digits of old phones); answered 200 already.
    Info { dialog: DialogId, body: Body },
    /// The dialog is over; the last event of it, always sent exactly once for each dialog that was Invited, Invite-d or
    /// restored.
    Ended { dialog: DialogId, cause: EndCause },
    /// A phone registered or refreshed.
    Registered { binding: Binding, fresh: bool },
    /// A registration ended.
    Unregistered { account: Arc<str>, contact: Arc<str>, expired: bool },
    /// Wrong credentials; the answer is already sent (delayed more with each failure of that account and source).
    AuthenticationRefused { account: Arc<str>, source: SocketAddr, reason: &'static str },
    /// A message could not be used; it was answered or dropped as RFC 3261 demands.
    BadMessage { source: SocketAddr, reason: &'static str },
    /// As a client: registered until then (time since start); at once over if it was asked to unregister.
    RegistrationGranted { account: Arc<str>, expires: Duration },
    /// As a client: refused.
    RegistrationRefused { account: Arc<str>, status: u16 },
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials").field("name", &self.name).finish_non_exhaustive()
    }
}
