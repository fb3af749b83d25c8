//! One live link: a WebSocket that tells its reader what happens, and is cut off when the reader does not keep up.

use super::{
    batch::Batch,
    cursor::Cursor,
    hub::{Listener, LiveHub, Start},
    view::View,
};
use crate::{
    body::Parameters,
    identity::{Principal, still_valid},
    problem::{Problem, ProblemDocument},
    state::{Shared, Site, ended, wall},
    wording::Code,
};
use axum::{
    extract::{
        FromRequestParts, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    http::request::Parts,
    response::Response,
};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use report::Snapshot;
use serde::{Deserialize, Serialize};
use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use utoipa::IntoParams;

/// Tells a quiet link from a dead one.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How soon a link ends after its session, or its rights, did.
const SESSION_CHECK: Duration = Duration::from_secs(10);
/// A reader that owes more is cut off; memory for readers is bounded by this times their number.
pub const OWED_BYTES_MAX: usize = 1024 * 1024;
/// A reader that was cut off may still be told so for this long.
const GOODBYE: Duration = Duration::from_secs(5);
/// Readers say nothing but "pong" and "close".
const INBOUND_BYTES_MAX: usize = 4096;

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// `cursor` of the last message received; absent for a first connection.
    pub cursor: Option<String>,
}

/// Live facts over WebSocket.
///
/// Messages are `LiveMessage`. First comes `reset` with everything as it is, unless the cursor still reaches; then `facts`
/// as they happen, at most every 50 ms, and `heartbeat` each second. Agents are told of themselves, their own calls and
/// their queues' counters. A reader that falls 1 MiB behind is closed with 1013; a session that ended with 1008.
#[utoipa::path(get, path = "/live", tag = "live", params(LiveQuery), responses(
    (status = 101, description = "Switched to WebSocket; messages are `LiveMessage`"),
    (status = 400, description = "Not a WebSocket request", body = ProblemDocument)
))]
pub async fn live(
    State(site): Site,
    principal: Principal,
    Parameters(query): Parameters<LiveQuery>,
    Upgrade(upgrade): Upgrade,
) -> Response {
    let cursor = query.cursor.as_deref().and_then(Cursor::parse);
    let upgrade = upgrade.max_message_size(INBOUND_BYTES_MAX).max_frame_size(INBOUND_BYTES_MAX);
    upgrade.on_upgrade(move |socket| Link::run(site, principal, cursor, socket))
}

/// The upgrade, refused with a problem document.
pub struct Upgrade(WebSocketUpgrade);

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        upgrade.map(Upgrade).map_err(|_| Code::BadQuery.into())
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said<'a> {
    Reset { cursor: String, now: i64, snapshot: &'a Snapshot },
    Heartbeat { cursor: String, now: i64 },
}

struct Link {
    live: LiveHub,
    view: View,
    /// The batch told last.
    seen: u64,
    outbox: Outbox,
    /// Length of the snapshot sent last: a big site's is over the limit by itself, and nobody's fault.
    snapshot_bytes: usize,
}

impl Link {
    async fn run(site: Arc<Shared>, principal: Principal, cursor: Option<Cursor>, socket: WebSocket) {
        let live = site.state.live.clone();
        let listener = live.listen();
        let (sink, mut inbound) = socket.split();
        let outbox = Outbox::open(sink);
        let mut link = Link { live, view: view_of(&principal), seen: 0, outbox, snapshot_bytes: 0 };
        link.begin(cursor);
        let inbound = async {
            while let Some(Ok(message)) = inbound.next().await {
                if matches!(message, Message::Close(_)) {
                    break;
                }
            }
        };
        let goodbye = tokio::select! {
            goodbye = link.tell(&site, &principal, listener) => Some(goodbye),
            goodbye = session_over(&site, &principal) => Some(goodbye),
            () = inbound => None,
        };
        link.outbox.close(goodbye);
    }

    /// Tells until something ends the link; says how.
    async fn tell(&mut self, site: &Shared, principal: &Principal, mut listener: Listener) -> CloseFrame {
        let mut heartbeat = every(HEARTBEAT);
        let mut closed = site.closed.clone();
        loop {
            tokio::select! {
                _ = listener.news.changed() => self.catch_up(),
                _ = heartbeat.tick() => self.heartbeat(),
                () = ended(&mut closed) => return frame(close_code::AWAY, "restarting"),
            }
            if self.fell_behind() {
                tracing::warn!(who = principal.user.username, "a live reader fell behind and was cut off");
                return frame(close_code::AGAIN, "fell behind");
            }
        }
    }

    fn begin(&mut self, cursor: Option<Cursor>) {
        let (seen, start) = self.live.begin(cursor, &mut self.view);
        self.seen = seen;
        match start {
            Start::Reset(snapshot) => self.reset(&snapshot),
            Start::Resumed => self.catch_up(),
        }
    }

    fn reset(&mut self, snapshot: &Snapshot) {
        let said = Said::Reset { cursor: self.live.cursor(self.seen).text(), now: wall().0, snapshot };
        self.snapshot_bytes = self.outbox.say(&said);
    }

    fn heartbeat(&mut self) {
        self.outbox.say(&Said::Heartbeat { cursor: self.live.cursor(self.seen).text(), now: wall().0 });
    }

    fn fell_behind(&self) -> bool {
        self.outbox.owed() > OWED_BYTES_MAX + self.snapshot_bytes
    }

    fn catch_up(&mut self) {
        let Some(batches) = self.live.since(self.seen) else { return self.begin(None) };
        for batch in batches {
            self.seen = batch.number;
            if self.tell_batch(&batch).is_break() {
                return;
            }
        }
    }

    fn tell_batch(&mut self, batch: &Batch) -> ControlFlow<()> {
        if let Some(body) = self.view.read(batch) {
            let (cursor, now) = (self.live.cursor(self.seen).text(), wall().0);
            self.outbox.send(format!(r#"{{"type":"facts","cursor":"{cursor}","now":{now},{body}}}"#));
        }
        if self.fell_behind() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Resolves when the session, or the rights it was opened with, are gone.
async fn session_over(site: &Shared, principal: &Principal) -> CloseFrame {
    let mut check = every(SESSION_CHECK);
    loop {
        check.tick().await;
        // A database that does not answer ends nobody's link.
        if matches!(still_valid(site, principal).await, Ok(false)) {
            return frame(close_code::POLICY, "session is over");
        }
    }
}

fn view_of(principal: &Principal) -> View {
    match &principal.user.agent {
        _ if principal.sees_all() => View::Whole,
        Some(agent) => View::own(agent.clone()),
        None => View::Nothing,
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

fn frame(code: u16, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}

/// Messages on their way, counted until the socket has taken them.
struct Outbox {
    messages: mpsc::UnboundedSender<String>,
    owed: Arc<AtomicUsize>,
    ending: Arc<Ending>,
}

#[derive(Default)]
struct Ending {
    now: Notify,
    frame: std::sync::Mutex<Option<CloseFrame>>,
}

impl Outbox {
    fn open(sink: SplitSink<WebSocket, Message>) -> Outbox {
        let (messages, queue) = mpsc::unbounded_channel();
        let outbox = Outbox { messages, owed: Arc::default(), ending: Arc::default() };
        tokio::spawn(write(sink, queue, outbox.owed.clone(), outbox.ending.clone()));
        outbox
    }

    /// Returns the length of what was said.
    fn say(&self, said: &Said<'_>) -> usize {
        let text = serde_json::to_string(said).expect("the board has text keys and finite numbers only");
        let bytes = text.len();
        self.send(text);
        bytes
    }

    fn send(&self, text: String) {
        self.owed.fetch_add(text.len(), Ordering::Relaxed);
        // A writer that is gone means a connection that is gone; the reading half notices.
        let _ = self.messages.send(text);
    }

    fn owed(&self) -> usize {
        self.owed.load(Ordering::Relaxed)
    }

    fn close(self, frame: Option<CloseFrame>) {
        *self.ending.frame.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = frame;
        self.ending.now.notify_one();
    }
}

async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::UnboundedReceiver<String>,
    owed: Arc<AtomicUsize>,
    ending: Arc<Ending>,
) {
    let sending = async {
        while let Some(text) = queue.recv().await {
            let length = text.len();
            if sink.send(Message::Text(text.into())).await.is_err() {
                return;
            }
            owed.fetch_sub(length, Ordering::Relaxed);
        }
    };
    tokio::select! {
        () = sending => {}
        () = ending.now.notified() => {}
    }
    let frame = ending.frame.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let _ = timeout(GOODBYE, sink.send(Message::Close(frame))).await;
}
