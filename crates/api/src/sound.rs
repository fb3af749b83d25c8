//! The sound of a recording: its pieces read as one WAV, any part of it, as stored or as 16-bit PCM.
//!
//! Knows WAV files and G.711; knows neither rights nor HTTP. Everything here blocks on the disk.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
};

/// Telephone sound.
const RATE_HZ: u32 = 8000;
/// A piece that begins this little after the end of the one before continues it: one packet's worth of rounding.
const GAP_FRAMES_MIN: u64 = 160;
/// A header is within this; recorders write one of a few dozen bytes.
const HEADER_BYTES_MAX: usize = 4096;
/// Peaks asked for at most: more than the pixels of any screen.
pub const PEAK_POINTS_MAX: u32 = 8192;
/// Read at once while looking for peaks.
const SCAN_FRAMES: u64 = 65_536;

/// How samples are stored in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// 16-bit little-endian.
    Pcm16,
    /// G.711 A-law.
    Alaw,
    /// G.711 µ-law.
    Mulaw,
}

impl Coding {
    /// By the format tag of a WAV file (RFC 2361).
    fn of_tag(tag: u16) -> Option<Coding> {
        match tag {
            1 => Some(Coding::Pcm16),
            6 => Some(Coding::Alaw),
            7 => Some(Coding::Mulaw),
            _ => None,
        }
    }

    fn tag(self) -> u16 {
        match self {
            Coding::Pcm16 => 1,
            Coding::Alaw => 6,
            Coding::Mulaw => 7,
        }
    }

    fn bytes(self) -> u64 {
        match self {
            Coding::Pcm16 => 2,
            Coding::Alaw | Coding::Mulaw => 1,
        }
    }

    fn silence(self) -> u8 {
        match self {
            Coding::Pcm16 => 0,
            Coding::Alaw => 0xd5,
            Coding::Mulaw => 0xff,
        }
    }

    fn decode(self, bytes: &[u8]) -> i16 {
        match self {
            Coding::Pcm16 => i16::from_le_bytes([bytes[0], bytes[1]]),
            Coding::Alaw => alaw(bytes[0]),
            Coding::Mulaw => mulaw(bytes[0]),
        }
    }
}

/// ITU-T G.711 table 2a: sign, 3 bits of segment, 4 bits of interval, every even bit inverted.
fn alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (segment, interval) = ((byte >> 4) & 7, i16::from(byte & 0x0f));
    let magnitude = match segment {
        0 => (interval << 4) + 8,
        _ => ((interval << 4) + 0x108) << (segment - 1),
    };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

/// ITU-T G.711 table 2b: all bits inverted, a bias of 33 in 14-bit steps (132 in 16-bit ones).
fn mulaw(byte: u8) -> i16 {
    const BIAS: i16 = 0x84;
    let byte = !byte;
    let (segment, interval) = ((byte >> 4) & 7, i16::from(byte & 0x0f));
    let magnitude = (((interval << 3) + BIAS) << segment) - BIAS;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

/// A file with its place in the recording.
#[derive(Clone, Debug)]
pub struct PieceFile {
    /// Where it lies, already checked to be inside the recordings' folder.
    pub path: PathBuf,
    /// Where it begins in the recording.
    pub offset_ms: u64,
}

#[derive(Debug)]
struct Piece {
    path: PathBuf,
    coding: Coding,
    data_at: u64,
    begins: u64,
    frames: u64,
}

/// A recording, opened: its length is fixed from here on, though it may still be growing.
#[derive(Debug)]
pub struct Sound {
    pieces: Vec<Piece>,
    channels: u16,
    frames: u64,
    coding: Coding,
}

impl Sound {
    /// Reads the headers of all pieces. `as_stored` keeps the coding if all pieces share one; else everything is PCM16.
    ///
    /// # Errors
    /// When a file is missing or no WAV of ours (8 kHz, PCM16 or G.711, as many channels as the first).
    pub fn open(files: &[PieceFile], as_stored: bool) -> io::Result<Sound> {
        let mut pieces = Vec::with_capacity(files.len());
        let (mut channels, mut frames) = (None, 0);
        for file in files {
            let header = Header::read(&file.path)?;
            if *channels.get_or_insert(header.channels) != header.channels {
                return Err(not_ours("pieces differ in channels"));
            }
            let offset = file.offset_ms.saturating_mul(u64::from(RATE_HZ)) / 1000;
            let begins = if offset > frames + GAP_FRAMES_MIN { offset } else { frames };
            frames = begins + header.frames;
            let Header { coding, data_at, frames, .. } = header;
            pieces.push(Piece { path: file.path.clone(), coding, data_at, begins, frames });
        }
        let channels = channels.ok_or_else(|| not_ours("no pieces"))?;
        let first = pieces[0].coding;
        let coding = match as_stored && pieces.iter().all(|piece| piece.coding == first) {
            true => first,
            false => Coding::Pcm16,
        };
        Ok(Sound { pieces, channels, frames, coding })
    }

    /// Playing time.
    pub fn duration_ms(&self) -> u64 {
        self.frames * 1000 / u64::from(RATE_HZ)
    }

    /// Length of the WAV in bytes, header included.
    pub fn bytes(&self) -> u64 {
        self.header().len() as u64 + self.frames * self.frame_bytes()
    }

    fn frame_bytes(&self) -> u64 {
        u64::from(self.channels) * self.coding.bytes()
    }

    /// Bytes of the WAV from `at`, as many as asked for while there are any.
    ///
    /// # Errors
    /// When a piece cannot be read.
    pub fn read(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let header = self.header();
        let end = at.saturating_add(length as u64).min(self.bytes());
        let mut out = Vec::with_capacity(length);
        if at < header.len() as u64 {
            out.extend_from_slice(&header[at as usize..(end as usize).min(header.len())]);
        }
        let (from, to) = (at.max(header.len() as u64) - header.len() as u64, end.saturating_sub(header.len() as u64));
        if from < to {
            let frame_bytes = self.frame_bytes();
            let first = from / frame_bytes;
            let bytes = self.frames(first, to.div_ceil(frame_bytes), self.coding)?;
            let skip = (from - first * frame_bytes) as usize;
            out.extend_from_slice(&bytes[skip..skip + (to - from) as usize]);
        }
        Ok(out)
    }

    /// Samples of the frames `from..to`, silence where there is no piece.
    fn frames(&self, from: u64, to: u64, coding: Coding) -> io::Result<Vec<u8>> {
        let frame_bytes = u64::from(self.channels) * coding.bytes();
        let mut out = vec![coding.silence(); ((to - from) * frame_bytes) as usize];
        for piece in &self.pieces {
            let (first, last) = (from.max(piece.begins), to.min(piece.begins + piece.frames));
            if first >= last {
                continue;
            }
            let stored = piece.read(first - piece.begins, last - first, self.channels)?;
            let place = &mut out[((first - from) * frame_bytes) as usize..][..((last - first) * frame_bytes) as usize];
            if piece.coding == coding {
                place.copy_from_slice(&stored);
            } else {
                let samples = stored.chunks_exact(piece.coding.bytes() as usize);
                for (two, sample) in place.chunks_exact_mut(2).zip(samples) {
                    two.copy_from_slice(&piece.coding.decode(sample).to_le_bytes());
                }
            }
        }
        Ok(out)
    }

    /// The loudest sample of each of `points` equal parts, per channel, 0 to 1.
    ///
    /// # Errors
    /// When a piece cannot be read.
    pub fn peaks(&self, points: u32) -> io::Result<Vec<Vec<f32>>> {
        let points = u64::from(points.clamp(1, PEAK_POINTS_MAX)).min(self.frames.max(1));
        let channels = usize::from(self.channels);
        let mut loudest = vec![vec![0_u16; points as usize]; channels];
        for from in (0..self.frames).step_by(SCAN_FRAMES as usize) {
            let bytes = self.frames(from, (from + SCAN_FRAMES).min(self.frames), Coding::Pcm16)?;
            for (index, frame) in bytes.chunks_exact(channels * 2).enumerate() {
                let point = ((from + index as u64) * points / self.frames) as usize;
                for (channel, sample) in frame.chunks_exact(2).enumerate() {
                    let level = Coding::Pcm16.decode(sample).unsigned_abs();
                    loudest[channel][point] = loudest[channel][point].max(level);
                }
            }
        }
        // Three decimals are finer than a pixel, and keep the answer short.
        let scaled = |level: u16| (f32::from(level) / 32.768).round() / 1000.0;
        Ok(loudest.into_iter().map(|channel| channel.into_iter().map(scaled).collect()).collect())
    }

    /// RIFF header; formats other than PCM carry the `fact` chunk that the WAV specification asks of them.
    fn header(&self) -> Vec<u8> {
        let four = |length: u64| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let frame_bytes = self.frame_bytes();
        let data_bytes = self.frames * frame_bytes;
        let compressed = self.coding != Coding::Pcm16;
        let (format_bytes, fact_bytes) = if compressed { (18, 12) } else { (16, 0) };
        let mut out = Vec::with_capacity(58);
        out.extend_from_slice(b"RIFF");
        out.extend_from_slice(&four(4 + 8 + format_bytes + fact_bytes + 8 + data_bytes));
        out.extend_from_slice(b"WAVEfmt ");
        out.extend_from_slice(&four(format_bytes));
        out.extend_from_slice(&self.coding.tag().to_le_bytes());
        out.extend_from_slice(&self.channels.to_le_bytes());
        out.extend_from_slice(&RATE_HZ.to_le_bytes());
        out.extend_from_slice(&four(u64::from(RATE_HZ) * frame_bytes));
        out.extend_from_slice(&(frame_bytes as u16).to_le_bytes());
        out.extend_from_slice(&(self.coding.bytes() as u16 * 8).to_le_bytes());
        if compressed {
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(b"fact");
            out.extend_from_slice(&four(4));
            out.extend_from_slice(&four(self.frames));
        }
        out.extend_from_slice(b"data");
        out.extend_from_slice(&four(data_bytes));
        out
    }
}

impl Piece {
    fn read(&self, from: u64, frames: u64, channels: u16) -> io::Result<Vec<u8>> {
        let frame_bytes = u64::from(channels) * self.coding.bytes();
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.data_at + from * frame_bytes))?;
        let mut bytes = vec![0; (frames * frame_bytes) as usize];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

struct Header {
    coding: Coding,
    channels: u16,
    data_at: u64,
    frames: u64,
}

impl Header {
    fn read(path: &std::path::Path) -> io::Result<Header> {
        let file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let mut start = Vec::with_capacity(HEADER_BYTES_MAX);
        file.take(HEADER_BYTES_MAX as u64).read_to_end(&mut start)?;
        Header::parse(&start, file_bytes).ok_or_else(|| not_ours("not a WAV of 8 kHz in PCM16 or G.711"))
    }

    /// Never believes more bytes than the file has, nor more than its header claims: the writer may be in the middle.
    fn parse(start: &[u8], file_bytes: u64) -> Option<Header> {
        if start.get(..4)? != b"RIFF" || start.get(8..12)? != b"WAVE" {
            return None;
        }
        let two = |at: usize| Some(u16::from_le_bytes(start.get(at..at + 2)?.try_into().ok()?));
        let four = |at: usize| Some(u32::from_le_bytes(start.get(at..at + 4)?.try_into().ok()?));
        let (mut at, mut format) = (12, None);
        loop {
            let (name, length) = (start.get(at..at + 4)?, four(at + 4)?);
            let body = at + 8;
            match name {
                b"fmt " => {
                    let coding = Coding::of_tag(two(body)?)?;
                    let right = four(body + 4)? == RATE_HZ && u64::from(two(body + 14)?) == coding.bytes() * 8;
                    let channels = two(body + 2).filter(|channels| right && (1..=2).contains(channels))?;
                    format = Some((coding, channels));
                }
                b"data" => {
                    let (coding, channels) = format?;
                    let data_at = body as u64;
                    let bytes = u64::from(length).min(file_bytes.checked_sub(data_at)?);
                    let frames = bytes / (u64::from(channels) * coding.bytes());
                    return Some(Header { coding, channels, data_at, frames });
                }
                _ => {}
            }
            // Chunks are padded to an even length.
            at = body.checked_add(length as usize)?.checked_add(length as usize % 2)?;
        }
    }
}

fn not_ours(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(folder: &std::path::Path, name: &str, tag: u16, channels: u16, data: &[u8]) -> PathBuf {
        let bits: u16 = if tag == 1 { 16 } else { 8 };
        let mut out = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        out.extend_from_slice(&tag.to_le_bytes());
        out.extend_from_slice(&channels.to_le_bytes());
        out.extend_from_slice(&RATE_HZ.to_le_bytes());
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(&bits.to_le_bytes());
        out.extend_from_slice(b"data");
        out.extend_from_slice(&(data.len() as u32).to_le_bytes());
        out.extend_from_slice(data);
        let path = folder.join(name);
        std::fs::write(&path, out).unwrap();
        path
    }

    #[test]
    fn g711_decodes_as_the_tables_of_the_recommendation_say() {
        for (byte, sample) in [(0x00, -32124), (0x80, 32124), (0xff, 0), (0x7f, 0), (0xef, 132), (0xdb, 524)] {
            assert_eq!(mulaw(byte), sample, "{byte:#x}");
        }
        for (byte, sample) in [(0xd5, 8), (0x55, -8), (0xaa, 32256), (0x2a, -32256), (0x85, 4224)] {
            assert_eq!(alaw(byte), sample, "{byte:#x}");
        }
    }

    #[test]
    fn pieces_are_one_wav_with_silence_in_the_gap_and_every_cut_of_it_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let one = wav(folder.path(), "1.wav", 7, 2, &[0x80; 3200]);
        let two = wav(folder.path(), "2.wav", 7, 2, &[0x00; 1600]);
        let files = [PieceFile { path: one, offset_ms: 0 }, PieceFile { path: two, offset_ms: 300 }];
        for (as_stored, header_bytes, frame_bytes) in [(true, 58, 2), (false, 44, 4)] {
            let sound = Sound::open(&files, as_stored).unwrap();
            assert_eq!(sound.duration_ms(), 400);
            let whole = sound.read(0, 1 << 20).unwrap();
            assert_eq!(whole.len() as u64, sound.bytes());
            assert_eq!(whole.len(), header_bytes + 3200 * frame_bytes);
            assert!(
                whole[header_bytes + 1600 * frame_bytes..header_bytes + 2400 * frame_bytes]
                    .iter()
                    .all(|byte| *byte == if as_stored { 0xff } else { 0 })
            );
            for (at, length) in [(0, 10), (40, 30), (header_bytes, 1), (header_bytes + 6395, 37), (whole.len() - 3, 99)]
            {
                let end = (at + length).min(whole.len());
                assert_eq!(sound.read(at as u64, length).unwrap(), &whole[at..end], "{at}+{length}");
            }
            assert!(sound.read(sound.bytes() + 5, 10).unwrap().is_empty());
        }
    }

    #[test]
    fn our_own_header_can_be_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = wav(folder.path(), "a.wav", 6, 1, &[0xd5; 801]);
        for as_stored in [true, false] {
            let sound = Sound::open(&[PieceFile { path: path.clone(), offset_ms: 0 }], as_stored).unwrap();
            let whole = sound.read(0, 1 << 20).unwrap();
            let header = Header::parse(&whole, whole.len() as u64).unwrap();
            assert_eq!((header.channels, header.frames), (1, 801));
        }
    }

    #[test]
    fn a_header_that_claims_more_than_the_file_has_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = wav(folder.path(), "a.wav", 1, 1, &[1; 1000]);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() - 501).unwrap();
        let sound = Sound::open(&[PieceFile { path, offset_ms: 0 }], true).unwrap();
        assert_eq!(sound.frames, 249);
    }

    #[test]
    fn what_is_no_wav_of_ours_is_an_error_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let good = std::fs::read(wav(folder.path(), "a.wav", 7, 2, &[1; 8])).unwrap();
        for length in 0..good.len() - 8 {
            assert!(Header::parse(&good[..length], length as u64).is_none(), "{length}");
        }
        let stereo = wav(folder.path(), "s.wav", 7, 2, &[0; 8]);
        let mono = wav(folder.path(), "m.wav", 7, 1, &[0; 8]);
        let files = [stereo, mono].map(|path| PieceFile { path, offset_ms: 0 });
        assert!(Sound::open(&files, true).is_err());
        assert!(Sound::open(&[], true).is_err());
    }

    #[test]
    fn peaks_show_who_spoke_when() {
        let folder = tempfile::tempdir().unwrap();
        let mut data = Vec::new();
        for frame in 0..8000_u16 {
            data.extend(if frame < 4000 { [0x80, 0xff] } else { [0xff, 0x00] });
        }
        let path = wav(folder.path(), "a.wav", 7, 2, &data);
        let sound = Sound::open(&[PieceFile { path, offset_ms: 0 }], true).unwrap();
        assert_eq!(sound.peaks(4).unwrap(), [[0.98, 0.98, 0.0, 0.0], [0.0, 0.0, 0.98, 0.98]]);
    }
}
