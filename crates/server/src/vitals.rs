//! Numbers an operator watches, as Prometheus text.

use std::{
    fmt::Write,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// Counters of the exchange thread and what it could not do.
#[derive(Default)]
pub struct Vitals {
    calls: AtomicU64,
    legs: AtomicU64,
    recordings: AtomicU64,
    offers: AtomicU64,
    registered: AtomicU64,
    journal_failures: AtomicU64,
    journal_held: AtomicBool,
    media_busy: AtomicU64,
    media_events_lost: AtomicU64,
    archive_waiting: AtomicU64,
    draining: AtomicBool,
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

    /// The journal could not be written; the entries are held.
    pub fn journal_failed(&self) {
        self.journal_failures.fetch_add(1, Relaxed);
        self.journal_held.store(true, Relaxed);
    }

    /// It could.
    pub fn journal_written(&self) {
        self.journal_held.store(false, Relaxed);
    }

    /// A command found no room in a media thread's queue.
    pub fn media_busy(&self) {
        self.media_busy.fetch_add(1, Relaxed);
    }

    /// A media event found no room in the exchange's queue.
    pub fn media_event_lost(&self) {
        self.media_events_lost.fetch_add(1, Relaxed);
    }

    /// Records and pieces that wait for the database.
    pub fn archive_waiting(&self, count: usize) {
        self.archive_waiting.store(count as u64, Relaxed);
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
        if self.journal_held.load(Relaxed) {
            reasons.push("journal: the disk takes no writes; free space or mend the volume".to_owned());
        }
        reasons
    }

    /// All numbers, those of sockets and media threads included.
    pub fn render(&self, sip: &wire::sip::StatisticsSnapshot, plane: &wire::media::Plane) -> String {
        let mut text = String::new();
        let mut row = |kind: &str, name: &str, help: &str, value: u64| {
            // Writing to a String cannot fail.
            let _ =
                write!(text, "# HELP strowger_{name} {help}\n# TYPE strowger_{name} {kind}\nstrowger_{name} {value}\n");
        };
        row("gauge", "calls", "Calls open now.", self.calls.load(Relaxed));
        row("gauge", "legs", "Dialogs and streams open now.", self.legs.load(Relaxed));
        row("gauge", "recordings", "Recordings running.", self.recordings.load(Relaxed));
        row("gauge", "offers", "Agents being rung.", self.offers.load(Relaxed));
        row("gauge", "extensions_registered", "Extensions with a phone.", self.registered.load(Relaxed));
        row("counter", "journal_failures_total", "Journal writes that failed.", self.journal_failures.load(Relaxed));
        row("counter", "media_busy_total", "Commands a media thread had no room for.", self.media_busy.load(Relaxed));
        let lost = self.media_events_lost.load(Relaxed);
        row("counter", "media_events_lost_total", "Media events the exchange had no room for.", lost);
        let waiting = self.archive_waiting.load(Relaxed);
        row("gauge", "archive_waiting", "Records and pieces waiting for the database.", waiting);
        row("gauge", "sip_receive_buffer_bytes", "Granted UDP receive buffer.", sip.receive_buffer_bytes);
        row("counter", "sip_received_total", "SIP datagrams received.", sip.received);
        row("counter", "sip_sent_total", "SIP datagrams sent.", sip.sent);
        row("counter", "sip_queue_drops_total", "SIP datagrams dropped: exchange's queue full.", sip.queue_drops);
        row("counter", "sip_kernel_drops_total", "SIP datagrams dropped: receive buffer full.", sip.kernel_drops);
        row("counter", "sip_streams_refused_total", "SIP streams refused by a cap.", sip.refused);
        row("counter", "sip_streams_cut_off_total", "SIP streams closed for breaking a limit.", sip.cut_off);
        let media = plane.statistics();
        row("gauge", "media_streams", "Streams open on the media threads.", media.streams);
        row("counter", "media_packets_received_total", "RTP packets received.", media.received_packets);
        row("counter", "media_packets_sent_total", "RTP packets sent.", media.sent_packets);
        row("counter", "media_ticks_skipped_total", "Ticks left out by a standstill.", media.skipped_ticks);
        if let Some(recorder) = plane.recorder_statistics() {
            row("counter", "recording_lost_ms_total", "Sound of recordings on no disk.", recorder.lost_ms);
            row("counter", "recording_failures_total", "Writes of recordings that failed.", recorder.failures);
        }
        tick_lateness(&mut text, &media);
        text
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
