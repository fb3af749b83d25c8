//! Numbers an operator watches, as Prometheus text. `docs/operating.md` says which of them to alarm on.

use std::{
    fmt::{Display, Write},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::{SystemTime, UNIX_EPOCH},
};
use vocab::Fact;

/// Counters of the exchange thread and what it could not do.
#[derive(Default)]
pub struct Vitals {
    calls: AtomicU64,
    legs: AtomicU64,
    recordings: AtomicU64,
    offers: AtomicU64,
    registered: AtomicU64,
    calls_opened: AtomicU64,
    calls_refused: AtomicU64,
    call_faults: AtomicU64,
    authentications_refused: AtomicU64,
    journal_failures: AtomicU64,
    journal_held: AtomicBool,
    /// Entries given up in the present trouble, and in all.
    journal_losing: AtomicU64,
    journal_lost: AtomicU64,
    media_busy: AtomicU64,
    media_events_lost: AtomicU64,
    draining: AtomicBool,
}

/// What the process knows beside the exchange.
pub struct Others {
    /// SIP sockets.
    pub sip: wire::sip::StatisticsSnapshot,
    /// Media threads.
    pub media: wire::media::PlaneStatistics,
    /// Recordings.
    pub recorder: Option<wire::recording::RecorderStatistics>,
    /// The way into the database.
    pub archive: store::Progress,
    /// When the process began.
    pub started: SystemTime,
}

impl Vitals {
    /// What the exchange has open.
    pub fn exchange(&self, counts: &switch::Counts) {
        let set = |gauge: &AtomicU64, value: usize| gauge.store(value as u64, Relaxed);
        set(&self.calls, counts.calls);
        set(&self.legs, counts.legs);
        set(&self.recordings, counts.recordings);
        set(&self.offers, counts.offers);
        set(&self.registered, counts.registered);
    }

    /// Something happened.
    pub fn fact(&self, fact: &Fact) {
        let counter = match fact {
            Fact::CallOpened { .. } => &self.calls_opened,
            Fact::CallRefused { .. } => &self.calls_refused,
            Fact::CallFault { .. } => &self.call_faults,
            Fact::AuthenticationRefused { .. } => &self.authentications_refused,
            _ => return,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// The journal could not be written; the entries are held, so many given up since the trouble began. Says whether
    /// that is news.
    pub fn journal_failed(&self, lost: u64) -> bool {
        self.journal_failures.fetch_add(1, Relaxed);
        let more = lost.saturating_sub(self.journal_losing.swap(lost, Relaxed));
        self.journal_lost.fetch_add(more, Relaxed);
        !self.journal_held.swap(true, Relaxed) || more > 0
    }

    /// It could. Says whether that is news.
    pub fn journal_written(&self) -> bool {
        self.journal_losing.store(0, Relaxed);
        self.journal_held.swap(false, Relaxed)
    }

    /// Whether the disk took none of the journal's last lines.
    pub fn journal_is_held(&self) -> bool {
        self.journal_held.load(Relaxed)
    }

    /// A command found no room in a media thread's queue.
    pub fn media_busy(&self) {
        self.media_busy.fetch_add(1, Relaxed);
    }

    /// A media event found no room in the exchange's queue.
    pub fn media_event_lost(&self) {
        self.media_events_lost.fetch_add(1, Relaxed);
    }

    /// The node takes no more calls.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    /// Calls open now.
    pub fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    /// Legs open now.
    pub fn legs(&self) -> u64 {
        self.legs.load(Relaxed)
    }

    /// Why the node should get no new calls; empty when it should.
    pub fn not_ready(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.draining.load(Relaxed) {
            reasons.push("draining: the process was told to stop".to_owned());
        }
        if self.journal_is_held() {
            reasons.push("journal: the disk takes no writes; free space or mend the volume".to_owned());
        }
        reasons
    }

    /// All numbers.
    pub fn render(&self, others: &Others) -> String {
        let mut text = Text::default();
        self.calls_and_phones(&mut text);
        self.journal_and_database(&mut text, &others.archive);
        self.media(&mut text, &others.media);
        if let Some(recorder) = &others.recorder {
            recordings(&mut text, recorder);
        }
        sip_sockets(&mut text, &others.sip);
        tick_lateness(&mut text.0, &others.media);
        text.counter("log_lines_lost_total", "Lines of the log that nobody took in time.", crate::log::lost());
        let started = others.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        text.gauge("start_time_seconds", "When the process began, Unix time.", started);
        text.0
    }

    fn calls_and_phones(&self, text: &mut Text) {
        let get = |number: &AtomicU64| number.load(Relaxed);
        text.gauge("calls", "Calls open now.", get(&self.calls));
        text.gauge("legs", "Legs open now: dialogs with callers and phones.", get(&self.legs));
        text.gauge("offers", "Calls offered to agents now.", get(&self.offers));
        text.gauge("extensions_registered", "Extensions that a phone is registered for.", get(&self.registered));
        text.counter("calls_opened_total", "Calls taken on.", get(&self.calls_opened));
        text.counter("calls_refused_total", "Calls turned away; the console shows why.", get(&self.calls_refused));
        text.counter("call_faults_total", "Calls ended by a fault of ours.", get(&self.call_faults));
        let refused = get(&self.authentications_refused);
        text.counter("authentications_refused_total", "Wrong passwords and unknown accounts of phones.", refused);
    }

    fn journal_and_database(&self, text: &mut Text, archive: &store::Progress) {
        let held = u64::from(self.journal_is_held());
        text.gauge("journal_held", "1 while the journal's disk takes no writes.", held);
        let failures = self.journal_failures.load(Relaxed);
        text.counter("journal_failures_total", "Batches that the journal's disk did not take at once.", failures);
        let lost = self.journal_lost.load(Relaxed);
        text.counter("journal_entries_lost_total", "Journal entries given up after too long without a disk.", lost);
        text.gauge("archive_waiting", "Records and pieces waiting for the database.", archive.waiting());
        let away = u64::from(archive.is_failing());
        text.gauge("archive_failing", "1 while the database takes no records.", away);
        text.counter("archive_written_total", "Records and pieces the database has taken.", archive.written());
        let refused = archive.given_up();
        text.counter("archive_refused_total", "Records and pieces the database refused for good.", refused);
    }

    fn media(&self, text: &mut Text, media: &wire::media::PlaneStatistics) {
        text.gauge("media_streams", "Streams open on the media threads.", media.streams);
        text.counter("media_packets_received_total", "RTP packets received.", media.received_packets);
        text.counter("media_packets_sent_total", "RTP packets sent.", media.sent_packets);
        text.counter("media_send_errors_total", "RTP packets the kernel did not take.", media.send_errors);
        text.counter("media_ports_exhausted_total", "Streams refused because no port was free.", media.port_failures);
        text.counter("media_ticks_skipped_total", "20 ms steps left out after a standstill.", media.skipped_ticks);
        let busy = self.media_busy.load(Relaxed);
        text.counter("media_busy_total", "Commands a media thread had no room for.", busy);
        let lost = self.media_events_lost.load(Relaxed);
        text.counter("media_events_lost_total", "Media events the exchange had no room for.", lost);
        text.gauge("recordings", "Recordings running.", self.recordings.load(Relaxed));
    }
}

fn recordings(text: &mut Text, recorder: &wire::recording::RecorderStatistics) {
    text.counter("recording_failures_total", "Writes of recordings that failed.", recorder.failures);
    let lost_s = Thousandths(recorder.lost_ms);
    text.counter("recording_lost_seconds_total", "Sound of ended recordings that is on no disk.", lost_s);
    let sync_s = Thousandths(recorder.sync_ms_max);
    text.gauge("recording_sync_seconds_max", "Longest sync of the recordings' volume.", sync_s);
}

fn sip_sockets(text: &mut Text, sip: &wire::sip::StatisticsSnapshot) {
    text.gauge("sip_receive_buffer_bytes", "UDP receive buffer that the kernel granted.", sip.receive_buffer_bytes);
    text.counter("sip_received_total", "SIP datagrams received.", sip.received);
    text.counter("sip_sent_total", "SIP datagrams sent.", sip.sent);
    text.counter("sip_send_errors_total", "SIP datagrams not sent.", sip.send_failed + sip.send_blocked);
    text.counter("sip_queue_drops_total", "SIP datagrams dropped as the exchange's queue was full.", sip.queue_drops);
    text.counter("sip_kernel_drops_total", "SIP datagrams dropped as the receive buffer was full.", sip.kernel_drops);
    text.counter("sip_streams_accepted_total", "SIP streams accepted.", sip.accepted);
    text.counter("sip_streams_refused_total", "SIP streams refused by a cap.", sip.refused);
    text.counter("sip_streams_cut_off_total", "SIP streams closed for breaking a limit.", sip.cut_off);
}

/// The text format, version 0.0.4: each family with its help and type, once.
#[derive(Default)]
struct Text(String);

impl Text {
    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family("gauge", name, help, &value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family("counter", name, help, &value);
    }

    fn family(&mut self, kind: &str, name: &str, help: &str, value: &dyn Display) {
        // Writing to a String cannot fail.
        let _ =
            write!(self.0, "# HELP strowger_{name} {help}\n# TYPE strowger_{name} {kind}\nstrowger_{name} {value}\n");
    }
}

/// Milliseconds written as seconds.
struct Thousandths(u64);

impl Display for Thousandths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// A histogram in seconds, as Prometheus wants its buckets: each counts what is in those before it too.
fn tick_lateness(text: &mut String, media: &wire::media::PlaneStatistics) {
    const NAME: &str = "strowger_media_tick_lateness_seconds";
    text.push_str(&format!(
        "# HELP {NAME} How late the media threads' ticks of 20 ms were.\n# TYPE {NAME} histogram\n"
    ));
    let edges = wire::media::LATENESS_US.iter().map(|us| (*us as f64 / 1e6).to_string());
    let mut ticks = 0;
    for (edge, count) in edges.chain(["+Inf".to_owned()]).zip(media.lateness) {
        ticks += count;
        text.push_str(&format!("{NAME}_bucket{{le=\"{edge}\"}} {ticks}\n"));
    }
    let sum = media.lateness_us_sum as f64 / 1e6;
    text.push_str(&format!("{NAME}_sum {sum}\n{NAME}_count {ticks}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_with_the_journal_is_news_when_it_begins_when_it_costs_and_when_it_ends() {
        let vitals = Vitals::default();
        assert!(!vitals.journal_written());
        let news = [0, 0, 5, 5, 7].map(|lost| vitals.journal_failed(lost));
        assert_eq!(news, [true, false, true, false, true]);
        assert_eq!(vitals.not_ready().len(), 1);
        assert!(vitals.journal_written() && !vitals.journal_written());
        assert!(vitals.journal_failed(1));
        assert_eq!(vitals.journal_lost.load(Relaxed), 8, "7 of the first trouble, 1 of the second");
    }

    #[test]
    fn milliseconds_are_written_as_seconds() {
        assert_eq!([7, 12_345].map(|ms| Thousandths(ms).to_string()), ["0.007", "12.345"]);
    }
}
