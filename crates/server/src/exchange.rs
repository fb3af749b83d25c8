//! The exchange thread: feeds the switch and the dispatcher, writes the journal, then acts. Decides nothing.
//!
//! A batch of inputs is handled whole; then every fact and promise of it is written with one write(2); then messages go
//! out. So "opened" is on disk before any response above 100, and "leg confirmed" before the call goes on.

use crate::{pace::Pace, vitals::Vitals};
use bytes::Bytes;
use cluster::Frame;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use report::Fold;
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use store::{
    Piece,
    journal::{Entry, Journal, JournalError},
};
use switch::{Answer, Command, Dispatcher, Gateway, Input, Output, Promise, Switch};
use tokio::sync::oneshot;
use vocab::{Fact, FactRecord, Now, RequestId, Timestamp};
use wire::{bell::Bell, media::Plane, recording::PieceReport, sip::Inbound};

/// Inputs handled before the journal is written and anything goes out; bounds both latency and the size of a write.
const BATCH_MAX: usize = 256;
/// Commands and reports of pieces that may wait; beyond it askers hear "busy".
pub const CONTROL_MAX: usize = 4_096;
/// Batches of SIP messages that may wait (64 messages each at the most).
pub const SIP_BATCHES_MAX: usize = 1_024;
/// Media events that may wait; the media threads count what finds no room.
pub const MEDIA_EVENTS_MAX: usize = 65_536;
/// The longest nap, so that a missed wake-up could never become a standstill.
const NAP_MAX: Duration = Duration::from_secs(1);
/// A command without an answer by then is answered busy.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// What people, programs and writer threads bring in.
pub enum Control {
    /// A command through the door.
    Ask(Command, oneshot::Sender<Answer>),
    /// A recording's file was begun or closed.
    Piece(PieceReport),
    /// Stop now; the answer is sent when the journal is closed.
    Stop(oneshot::Sender<()>),
}

/// The one door to the exchange.
pub struct Door {
    pub control: Sender<Control>,
    pub bell: Bell,
}

impl Gateway for Door {
    fn submit(&self, command: Command) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.control.try_send(Control::Ask(command, reply));
        self.bell.ring();
        Box::pin(async move {
            match sent {
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Answer::Busy,
                Ok(()) => match tokio::time::timeout(ANSWER_MAX, answer).await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(_)) | Err(_) => Answer::Busy,
                },
            }
        })
    }
}

/// Everything the thread owns or talks to.
pub struct Exchange {
    pub switch: Switch,
    pub dispatcher: Dispatcher,
    pub fold: Fold,
    pub journal: Option<Journal>,
    pub clock: Clock,
    pub sip: Arc<wire::sip::Handle>,
    pub plane: Arc<Plane>,
    pub sip_in: Receiver<Inbound>,
    pub media_in: Receiver<media::Event>,
    pub control_in: Receiver<Control>,
    /// Rung by all who put something into these queues.
    pub bell: Bell,
    /// Takes finished records and pieces to the database; never waits.
    pub archive: Box<dyn Fn(Archived) + Send>,
    /// Takes facts to screens; never waits.
    pub live: Box<dyn Fn(Vec<FactRecord>) + Send>,
    pub vitals: Arc<Vitals>,
    pub replies: std::collections::BTreeMap<RequestId, oneshot::Sender<Answer>>,
    pub next_request: u64,
    /// Recordings with a file being written, and their calls.
    pub recorded: std::collections::BTreeMap<vocab::RecordingId, vocab::CallId>,
}

/// What goes to the database.
pub enum Archived {
    Record(Box<report::Record>),
    Piece(Piece),
}

/// The process's two clocks.
#[derive(Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that begins now.
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// Both times.
    pub fn now(self) -> Now {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let ms = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Now { mono: self.0.elapsed(), wall: Timestamp(ms) }
    }
}

/// What a batch wants done, journal first.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    sends: Vec<(sip::Flow, Bytes)>,
    media: Vec<media::Command>,
    replies: Vec<(RequestId, Answer)>,
    pieces: Vec<Piece>,
}

impl Exchange {
    /// Runs until told to stop.
    pub fn run(mut self) {
        let _guard = StopsTheProcess;
        self.bell.answer();
        let mut batch = Batch::default();
        let mut pace = Pace::default();
        self.collect(&mut batch);
        self.carry_out(&mut batch);
        loop {
            self.wait();
            let (inputs, stop) = self.take_inputs(&mut batch);
            self.run_timers();
            self.collect(&mut batch);
            self.carry_out(&mut batch);
            if let Some(rest) = pace.after_round(self.clock.now().mono, inputs).filter(|_| inputs < BATCH_MAX) {
                // Who rings meanwhile finds the thread awake, and pays for no wake-up.
                std::thread::sleep(rest);
            }
            if let Some(stopped) = stop {
                if let Some(journal) = self.journal.take()
                    && let Err(error) = journal.stop()
                {
                    tracing::error!(%error, "journal could not be closed; the next start will read it as after a crash");
                }
                let _ = stopped.send(());
                return;
            }
        }
    }

    fn wait(&self) {
        let now = self.clock.now().mono;
        let next = [self.switch.next_timeout(), self.dispatcher.next_timeout()].into_iter().flatten().min();
        let nap = next.map_or(NAP_MAX, |at| at.saturating_sub(now)).min(NAP_MAX);
        if self.sip_in.is_empty() && self.media_in.is_empty() && self.control_in.is_empty() {
            self.bell.nap(nap);
        }
    }

    /// Returns how many it took, and whom to tell that the exchange has stopped, if it is to.
    fn take_inputs(&mut self, batch: &mut Batch) -> (usize, Option<oneshot::Sender<()>>) {
        let mut left = BATCH_MAX;
        while left > 0 {
            let mut quiet = true;
            if let Ok(inbound) = self.sip_in.try_recv() {
                quiet = false;
                left = left.saturating_sub(self.inbound(inbound));
            }
            if let Ok(event) = self.media_in.try_recv() {
                quiet = false;
                left = left.saturating_sub(1);
                self.switch.handle(self.clock.now(), Input::Media(event));
            }
            match self.control_in.try_recv() {
                Ok(Control::Ask(command, reply)) => {
                    quiet = false;
                    left = left.saturating_sub(1);
                    self.ask(command, reply);
                }
                Ok(Control::Piece(report)) => {
                    quiet = false;
                    left = left.saturating_sub(1);
                    self.piece(report, batch);
                }
                Ok(Control::Stop(stopped)) => return (BATCH_MAX - left, Some(stopped)),
                Err(_) => {}
            }
            if quiet {
                break;
            }
        }
        (BATCH_MAX - left, None)
    }

    /// Returns how many messages it held.
    fn inbound(&mut self, inbound: Inbound) -> usize {
        match inbound {
            Inbound::Messages(messages) => {
                let count = messages.len();
                for (flow, bytes) in messages {
                    self.switch.handle(self.clock.now(), Input::Received { flow, bytes });
                }
                count
            }
            Inbound::Closed(flow) => {
                self.switch.handle(self.clock.now(), Input::FlowClosed { flow });
                1
            }
        }
    }

    fn ask(&mut self, command: Command, reply: oneshot::Sender<Answer>) {
        self.next_request += 1;
        let request = RequestId(self.next_request);
        self.replies.retain(|_, waiting| !waiting.is_closed());
        self.replies.insert(request, reply);
        self.switch.handle(self.clock.now(), Input::Gateway { request, command });
    }

    fn run_timers(&mut self) {
        let now = self.clock.now();
        if self.switch.next_timeout().is_some_and(|at| at <= now.mono) {
            self.switch.handle(now, Input::Timeout);
        }
        if self.dispatcher.next_timeout().is_some_and(|at| at <= now.mono) {
            self.dispatcher.handle_timeout(now);
        }
    }

    /// Lets switch and dispatcher talk until both are quiet.
    fn collect(&mut self, batch: &mut Batch) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.switch.poll() {
                quiet = false;
                self.output(output, batch);
            }
            while let Some(frame) = self.dispatcher.poll() {
                quiet = false;
                self.switch.handle(self.clock.now(), Input::Dispatcher(frame));
            }
            if quiet {
                return;
            }
        }
    }

    fn output(&mut self, output: Output, batch: &mut Batch) {
        match output {
            Output::Send { flow, bytes } => batch.sends.push((flow, bytes)),
            Output::Media(command) => batch.media.push(command),
            Output::Dispatcher(frame) => {
                let now = self.clock.now();
                if let Frame::Message(envelope) = &frame {
                    let mono_ms = u64::try_from(now.mono.as_millis()).unwrap_or(u64::MAX);
                    batch.entries.push(Entry::Report { mono_ms, envelope: envelope.clone() });
                }
                self.dispatcher.handle(now, frame);
            }
            Output::Reply { request, answer } => batch.replies.push((request, answer)),
            Output::Fact(fact) => {
                log(&fact);
                self.vitals.fact(&fact.fact);
                let record = self.fold.handle(&fact);
                batch.entries.push(Entry::Fact(fact));
                batch.entries.extend(record.map(|record| Entry::Record(Box::new(record))));
            }
            Output::Promise(promise) => {
                if let Some(entry) = journaled(promise) {
                    batch.entries.push(entry);
                }
            }
        }
    }

    fn piece(&mut self, report: PieceReport, batch: &mut Batch) {
        let recording = crate::pieces::recording_of(&report);
        // The first report comes while the recording runs; the last may come after its call is over.
        let call = self.switch.call_of_recording(recording).or_else(|| self.recorded.get(&recording).copied());
        let Some(call) = call else {
            tracing::error!(%recording, "a file of a recording that no call has");
            return;
        };
        match &report {
            PieceReport::Opened(_) => drop(self.recorded.insert(recording, call)),
            PieceReport::Closed(_) => drop(self.recorded.remove(&recording)),
        }
        let (entry, piece) = crate::pieces::journaled(report, call);
        batch.entries.push(entry);
        batch.pieces.push(piece);
    }

    fn carry_out(&mut self, batch: &mut Batch) {
        // What is held must not wait for the next call: until it is written the node is not ready, and gets none.
        if !batch.entries.is_empty() || self.vitals.journal_is_held() {
            self.write(&batch.entries);
        }
        // Media first: a stream that a message ends must be told before the far end can begin anew on its ports.
        for command in batch.media.drain(..) {
            if let Err(busy) = self.plane.send(command) {
                self.vitals.media_busy();
                tracing::error!(command = ?busy.0, "media thread does not keep up");
            }
        }
        for (flow, bytes) in batch.sends.drain(..) {
            self.sip.send(&flow, bytes);
        }
        for (request, answer) in batch.replies.drain(..) {
            if let Some(reply) = self.replies.remove(&request) {
                let _ = reply.send(answer);
            }
        }
        let mut facts = Vec::new();
        for entry in batch.entries.drain(..) {
            match entry {
                Entry::Fact(fact) => facts.push(fact),
                Entry::Record(record) => (self.archive)(Archived::Record(record)),
                // For a restart only.
                _ => {}
            }
        }
        for piece in batch.pieces.drain(..) {
            (self.archive)(Archived::Piece(piece));
        }
        if !facts.is_empty() {
            (self.live)(facts);
        }
        self.vitals.exchange(&self.switch.counts());
    }

    /// Tells of trouble once when it begins, once for each loss, and once when it is over: a full disk is the worst moment
    /// to fill the log.
    fn write(&mut self, entries: &[Entry]) {
        let Some(journal) = &mut self.journal else { return };
        match journal.append(entries) {
            Ok(()) => {
                if self.vitals.journal_written() {
                    tracing::info!("journal is written again");
                }
            }
            Err(error) => {
                let lost = if let JournalError::Held { lost, .. } = error { lost } else { 0 };
                if self.vitals.journal_failed(lost) {
                    let cause = std::error::Error::source(&error).map(tracing::field::display);
                    tracing::error!(%error, cause, "journal not written; calls go on, a crash now would lose what is held");
                }
            }
        }
    }
}

/// A panic outside the machines that are rebuilt leaves a process that looks alive and takes no call. A restart takes up
/// records, phones and log-ins from the journal.
struct StopsTheProcess;

impl Drop for StopsTheProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the exchange panicked; stopping, so that a restart takes over");
            crate::log::flush();
            std::process::abort();
        }
    }
}

fn journaled(promise: Promise) -> Option<Entry> {
    let json = |value: serde_json::Result<String>| value.map_err(|error| tracing::error!(%error, "promise lost")).ok();
    Some(match promise {
        Promise::Inviting { call, leg, snapshot } => {
            Entry::Inviting { call, leg, snapshot: json(serde_json::to_string(&snapshot))? }
        }
        Promise::Dialog { call, leg, snapshot } => {
            Entry::Dialog { call, leg, snapshot: json(serde_json::to_string(&snapshot))? }
        }
        Promise::DialogOver { leg } => Entry::DialogOver { leg },
        Promise::Binding(binding) => {
            let (account, contact) = (binding.account.to_string(), binding.contact.to_string());
            Entry::Binding { account, contact, snapshot: json(serde_json::to_string(&binding))? }
        }
        Promise::BindingOver { account, contact } => {
            Entry::BindingOver { account: account.to_string(), contact: contact.to_string() }
        }
    })
}

/// What an operator reads: one line per call's beginning, end and trouble; everything else is in the facts.
fn log(record: &FactRecord) {
    match &record.fact {
        Fact::CallOpened { call, caller, called, source, .. } => {
            tracing::info!(%call, caller = %caller.masked(), called = %called.masked(), %source, "call opened");
        }
        Fact::CallRefused { caller, called, source, status, reason, .. } => {
            let (caller, called) = (caller.masked(), called.masked());
            tracing::warn!(%caller, %called, %source, status, reason, "call refused");
        }
        Fact::CallEnded { call, state, by } => tracing::info!(%call, ?state, ?by, "call ended"),
        Fact::LegLost { call, extension } => {
            let who = extension.as_ref().map_or("caller", |extension| extension.as_str());
            tracing::warn!(%call, who, "a far end is lost: it sends nothing and does not answer");
        }
        Fact::CallFault { call, message } => tracing::error!(%call, message, "call ended by a fault of ours"),
        Fact::AuthenticationRefused { account, source, reason } => {
            tracing::warn!(account = %vocab::Masked(account), %source, reason, "authentication refused");
        }
        Fact::ExtensionRegistered { extension, .. } => tracing::info!(%extension, "phone registered"),
        Fact::ExtensionUnregistered { extension } => tracing::info!(%extension, "phone gone"),
        Fact::DispatcherRebuilt { epoch, waiting, agents } => {
            tracing::info!(epoch, waiting, agents, "dispatcher built from reports");
        }
        _ => {}
    }
}
