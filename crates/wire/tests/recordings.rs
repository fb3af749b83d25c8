//! Recordings on a disk that does not always help, and their pieces.

#![allow(clippy::unwrap_used, reason = "helpers of a test are tests")]

use crossbeam_channel::{Receiver, unbounded};
use media::{RecordingKey, Tap, wav};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use wire::recording::{self, Feed, Piece, PieceReport, Recorder, RecorderConfig};

const PATIENCE: Duration = Duration::from_secs(20);
const RECORDING: RecordingKey = RecordingKey(0x0191_0000_0000_7000_8000_0000_0000_0001);
const DAY: &str = "2024/07/29";

struct Desk {
    recorder: Recorder,
    recorded: Receiver<(RecordingKey, u64, u64)>,
    pieces: Receiver<PieceReport>,
    directory: PathBuf,
}

impl Desk {
    fn new(name: &str, queue_chunks: usize) -> Desk {
        let directory = std::env::temp_dir().join(format!("strowger-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        let config = RecorderConfig { directory: directory.clone(), threads: 1, queue_chunks };
        let (tell, recorded) = unbounded();
        let (report, pieces) = unbounded();
        let recorder = Recorder::start(
            config,
            move |recording, ms, lost_ms| tell.send((recording, ms, lost_ms)).unwrap(),
            move |piece| report.send(piece).unwrap(),
        );
        Desk { recorder: recorder.unwrap(), recorded, pieces, directory }
    }

    fn piece(&self) -> PieceReport {
        self.pieces.recv_timeout(PATIENCE).unwrap()
    }

    fn closed(&self) -> Piece {
        loop {
            if let PieceReport::Closed(piece) = self.piece() {
                return piece;
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn blocks(feed: &mut Feed, count: usize, byte: u8) {
    for _ in 0..count {
        feed.tap(RECORDING, Tap::Block(&[byte; 320]));
    }
}

fn sound(path: &Path) -> Vec<u8> {
    let file = fs::read(path).unwrap();
    let layout = wav::layout(&file).unwrap();
    assert_eq!(layout.data_start + layout.data_bytes, file.len());
    file[layout.data_start..].to_vec()
}

#[test]
fn what_is_tapped_is_on_disk_in_order() {
    let desk = Desk::new("order", 100);
    let mut feed = desk.recorder.feed();
    feed.tap(RECORDING, Tap::Begin { channels: 2 });
    for byte in 0..75 {
        blocks(&mut feed, 1, byte);
    }
    feed.tap(RECORDING, Tap::End { ms: 1_500 });
    assert_eq!(desk.recorded.recv_timeout(PATIENCE).unwrap(), (RECORDING, 1_500, 0));
    let piece = desk.closed();
    assert_eq!(piece.path, format!("{DAY}/01910000-0000-7000-8000-000000000001-0.wav"));
    let sound = sound(&desk.directory.join(&piece.path));
    assert!(sound.chunks(320).zip(0..75).all(|(block, byte)| block.iter().all(|sample| *sample == byte)));
    assert_eq!(sound.len(), 75 * 320);
    assert_eq!(recording::repair_all(&desk.directory).unwrap().len(), 0);
}

#[test]
fn a_disk_that_fails_costs_what_it_failed_on_and_no_more() {
    let desk = Desk::new("obstacle", 100);
    // A file where the year's directory should be: nothing can be opened.
    fs::write(desk.directory.join("2024"), "in the way").unwrap();
    let mut feed = desk.recorder.feed();
    feed.tap(RECORDING, Tap::Begin { channels: 2 });
    blocks(&mut feed, 20, 1);
    let mut failures = 0;
    while failures < 2 {
        failures = desk.recorder.statistics().failures;
        std::thread::yield_now();
    }
    fs::remove_file(desk.directory.join("2024")).unwrap();
    blocks(&mut feed, 40, 2);
    feed.tap(RECORDING, Tap::End { ms: 1_200 });
    assert_eq!(desk.recorded.recv_timeout(PATIENCE).unwrap(), (RECORDING, 1_200, 400));
    let piece = desk.closed();
    assert_eq!((piece.number, piece.offset_ms, piece.ms), (0, 400, 800));
    assert!(sound(&desk.directory.join(&piece.path)).iter().all(|byte| *byte == 2));
    assert_eq!(desk.recorder.statistics().lost_ms, 400);
}

#[test]
fn a_full_queue_loses_sound_but_neither_ends_nor_moments() {
    let desk = Desk::new("full", 1);
    let mut feed = desk.recorder.feed();
    feed.tap(RECORDING, Tap::Begin { channels: 2 });
    // Far more at once than a queue of one can take.
    blocks(&mut feed, 20 * 200, 3);
    feed.tap(RECORDING, Tap::End { ms: 80_000 });
    let (_, ms, lost_ms) = loop {
        feed.tick();
        if let Ok(recorded) = desk.recorded.try_recv() {
            break recorded;
        }
        std::thread::yield_now();
    };
    assert_eq!(ms, 80_000);
    let mut written = 0;
    let mut end = 0;
    for report in desk.pieces.try_iter() {
        if let PieceReport::Closed(piece) = report {
            assert!(piece.offset_ms >= end, "pieces overlap");
            end = piece.offset_ms + piece.ms;
            written += sound(&desk.directory.join(&piece.path)).iter().filter(|byte| **byte == 3).count() as u64 / 16;
        }
    }
    assert_eq!(lost_ms, ms - written, "what is not told as lost is there");
    assert!(lost_ms > 0);
}

#[test]
fn a_piece_has_its_outline() {
    let desk = Desk::new("outline", 100);
    let mut feed = desk.recorder.feed();
    feed.tap(RECORDING, Tap::Begin { channels: 2 });
    // 0x80 is the loudest positive value, 0xFF silence.
    blocks(&mut feed, 25, 0xFF);
    blocks(&mut feed, 25, 0x80);
    drop(feed);
    let piece = desk.closed();
    assert_eq!(piece.ms, 1_000);
    let peaks = recording::peaks(&desk.directory.join(&piece.path), 4).unwrap();
    assert_eq!((peaks.ms, &peaks.left, peaks.right.as_ref()), (1_000, &vec![0, 0, 250, 250], Some(&peaks.left)));
}
