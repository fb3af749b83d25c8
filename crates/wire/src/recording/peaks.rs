//! The outline of a recording for a player's waveform.

use media::{g711, wav};
use std::{
    fs::File,
    io::{self, BufReader, Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// Most points: wider than any screen.
const POINTS_MAX: usize = 4_096;

/// The loudest sample of each stretch, 0 to 255.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peaks {
    /// Length of the sound.
    pub ms: u64,
    /// Of the left channel, or the only one.
    pub left: Vec<u8>,
    /// Of the right channel.
    pub right: Option<Vec<u8>>,
}

/// Reads a piece (µ-law at 8 kHz) and gives `points` values per channel.
pub fn peaks(piece: &Path, points: usize) -> io::Result<Peaks> {
    let points = points.clamp(1, POINTS_MAX);
    let mut file = File::open(piece)?;
    let mut header = [0; wav::HEADER_BYTES];
    file.read_exact(&mut header)?;
    let layout = wav::layout(&header).map_err(io::Error::other)?;
    if layout.format != wav::Format::Pcmu {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a piece of a recording"));
    }
    let channels = usize::from(layout.channels);
    let there = file.metadata()?.len().saturating_sub(layout.data_start as u64);
    let frames = (layout.data_bytes as u64).min(there) / channels as u64;
    file.seek(SeekFrom::Start(layout.data_start as u64))?;
    let mut loudest = vec![vec![0u8; points]; channels];
    let sound = BufReader::new(file.take(frames * channels as u64)).bytes();
    for (place, byte) in sound.enumerate() {
        let point = ((place / channels) as u64 * points as u64 / frames) as usize;
        let level = (g711::pcmu_to_linear(byte?).unsigned_abs() >> 7).min(255) as u8;
        let peak = &mut loudest[place % channels][point];
        *peak = level.max(*peak);
    }
    let mut channels = loudest.into_iter();
    Ok(Peaks { ms: frames / 8, left: channels.next().unwrap_or_default(), right: channels.next() })
}
