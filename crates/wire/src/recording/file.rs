//! One piece on disk: sound first, then the header that claims it.

use media::{
    g711::PCMU_SILENCE,
    wav::{self, Format, HEADER_BYTES},
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt as _},
    path::Path,
};

/// Only the service may read recordings; others read them through the API.
const FILE_MODE: u32 = 0o640;

/// The header is written anew for so much sound: readers of a running recording are that far behind it at the most, and
/// a crash costs nothing, as [`repair`](super::repair) claims what is there. It costs as much as the sound itself.
const CLAIM_MS: u64 = 800;

pub(super) struct PieceFile<S = File> {
    file: S,
    channels: u16,
    data_bytes: u32,
    /// How much of that the header claims.
    claimed_bytes: u32,
}

/// Where bytes go; a file, or in tests one that the power fails on.
pub(super) trait Store {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
}

impl Store for File {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }
}

impl PieceFile {
    /// Makes the file with a header that claims nothing. A file of that name is a fault and is not touched.
    pub fn create(path: &Path, channels: u16) -> io::Result<PieceFile> {
        let create = || OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path);
        // The first of a day makes its directory.
        let file = match (create(), path.parent()) {
            (Err(error), Some(directory)) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(directory)?;
                create()
            }
            (created, _) => created,
        }?;
        PieceFile::begin(file, channels).inspect_err(|_| {
            // A full disk has room for a name and none for a header: a name left behind would keep the next try out.
            let _ = fs::remove_file(path);
        })
    }
}

impl<S: Store> PieceFile<S> {
    fn begin(file: S, channels: u16) -> io::Result<PieceFile<S>> {
        file.write_all_at(&wav::header(Format::Pcmu, channels, 0), 0)?;
        Ok(PieceFile { file, channels, data_bytes: 0, claimed_bytes: 0 })
    }

    /// Adds sound behind what is there, and claims it when enough has gathered. After an error the header still tells
    /// the truth and the next call overwrites what was left half done.
    pub fn append(&mut self, sound: &[u8]) -> io::Result<()> {
        self.file.write_all_at(sound, self.bytes())?;
        let before = self.data_bytes;
        self.data_bytes += sound.len() as u32;
        if self.ms_of(self.data_bytes - self.claimed_bytes) < CLAIM_MS {
            return Ok(());
        }
        self.claim().inspect_err(|_| self.data_bytes = before)
    }

    /// Lets the header claim all that was written.
    pub fn claim(&mut self) -> io::Result<()> {
        if self.claimed_bytes < self.data_bytes {
            self.file.write_all_at(&wav::header(Format::Pcmu, self.channels, self.data_bytes), 0)?;
            self.claimed_bytes = self.data_bytes;
        }
        Ok(())
    }

    /// Adds silence where sound was lost, so that what follows keeps its moment.
    pub fn append_silence(&mut self, ms: u64) -> io::Result<()> {
        self.append(&vec![PCMU_SILENCE; ms as usize * 8 * usize::from(self.channels)])
    }

    pub fn ms(&self) -> u64 {
        self.ms_of(self.data_bytes)
    }

    fn ms_of(&self, bytes: u32) -> u64 {
        u64::from(bytes) / (8 * u64::from(self.channels))
    }

    pub fn bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.data_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::repair;
    use proptest::prelude::*;
    use std::cell::{Cell, RefCell};

    /// A disk that keeps so many bytes of all that is written and then fails.
    struct Failing {
        bytes: RefCell<Vec<u8>>,
        left: Cell<usize>,
    }

    impl Store for &Failing {
        fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
            let mut kept = bytes.len().min(self.left.get());
            // A header lies in one sector, which is written or not.
            if offset == 0 && kept < bytes.len() {
                kept = 0;
                self.left.set(0);
            }
            self.left.set(self.left.get() - kept);
            let mut disk = self.bytes.borrow_mut();
            let end = offset as usize + kept;
            if disk.len() < end {
                disk.resize(end, 0);
            }
            disk[offset as usize..end].copy_from_slice(&bytes[..kept]);
            if kept == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        }
    }

    fn claimed(bytes: &[u8]) -> Option<usize> {
        wav::layout(bytes).ok().map(|layout| layout.data_start + layout.data_bytes)
    }

    proptest! {
        #[test]
        fn at_every_crash_point_the_header_claims_only_what_is_there(
            chunks in proptest::collection::vec(1usize..4_000, 1..12),
            cut in 0usize..60_000,
        ) {
            let disk = Failing { bytes: RefCell::default(), left: Cell::new(cut) };
            let mut whole = 0;
            if let Ok(mut piece) = PieceFile::begin(&disk, 2) {
                whole = chunks.iter().take_while(|frames| piece.append(&vec![7; **frames * 2]).is_ok()).count();
            }
            let bytes = disk.bytes.borrow();
            let acknowledged: usize = chunks[..whole].iter().map(|frames| frames * 2).sum();
            if let Some(claimed) = claimed(&bytes) {
                prop_assert!(claimed <= bytes.len(), "{claimed} claimed of {}", bytes.len());
                let unclaimed = (HEADER_BYTES + acknowledged).saturating_sub(claimed) as u64;
                prop_assert!(unclaimed < CLAIM_MS * 16, "{unclaimed} bytes written and not claimed");
            } else {
                prop_assert_eq!(whole, 0);
            }
        }

        #[test]
        fn a_file_cut_anywhere_is_repaired_to_whole_frames(
            frames in 1usize..500,
            cut in any::<proptest::sample::Index>(),
            tail in 0usize..5,
        ) {
            let path = std::env::temp_dir().join(format!("strowger-cut-{}-{frames}-{tail}", std::process::id()));
            let bytes = [&wav::header(Format::Pcmu, 2, frames as u32 * 2)[..], &vec![7; frames * 2 + tail]].concat();
            let length = cut.index(bytes.len() + 1);
            std::fs::write(&path, &bytes[..length]).unwrap();
            let repaired = repair(&path).unwrap();
            let again = repair(&path).unwrap();
            let fixed = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            let sound = length.saturating_sub(HEADER_BYTES) / 2 * 2;
            prop_assert_eq!(fixed.len(), HEADER_BYTES + sound);
            prop_assert_eq!(claimed(&fixed), Some(fixed.len()));
            prop_assert_eq!((repaired.bytes, again.changed), (fixed.len() as u64, false));
        }
    }

    #[test]
    fn after_a_failure_the_same_place_is_written_again() {
        let disk = Failing { bytes: RefCell::default(), left: Cell::new(HEADER_BYTES + 100) };
        let mut piece = PieceFile::begin(&disk, 1).unwrap();
        assert!(piece.append(&[1; 160]).is_err());
        disk.left.set(10_000);
        piece.append_silence(20).unwrap();
        piece.append(&[2; 160]).unwrap();
        piece.claim().unwrap();
        let bytes = disk.bytes.borrow();
        assert_eq!((claimed(&bytes), piece.ms()), (Some(HEADER_BYTES + 320), 40));
        assert!(bytes[HEADER_BYTES..][..160].iter().all(|byte| *byte == PCMU_SILENCE));
    }
}
