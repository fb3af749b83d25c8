//! One piece on disk: sound first, then the header that claims it.

use media::{
    g711::PCMU_SILENCE,
    wav::{self, Format, HEADER_BYTES},
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
};

/// Only the service may read recordings; others read them through the API.
const FILE_MODE: u32 = 0o640;

pub(super) struct PieceFile {
    file: File,
    channels: u16,
    data_bytes: u32,
}

impl PieceFile {
    /// Makes the file with a header that claims nothing. A file of that name is a fault and is not touched.
    pub fn create(path: &Path, channels: u16) -> io::Result<PieceFile> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
        file.write_all_at(&wav::header(Format::Pcmu, channels, 0), 0)?;
        Ok(PieceFile { file, channels, data_bytes: 0 })
    }

    /// Adds sound behind what the header claims, then claims it. After an error the header still tells the truth and
    /// the next call overwrites what was left half done.
    pub fn append(&mut self, sound: &[u8]) -> io::Result<()> {
        let end = HEADER_BYTES as u64 + u64::from(self.data_bytes);
        self.file.write_all_at(sound, end)?;
        let data_bytes = self.data_bytes + sound.len() as u32;
        self.file.write_all_at(&wav::header(Format::Pcmu, self.channels, data_bytes), 0)?;
        self.data_bytes = data_bytes;
        Ok(())
    }

    /// Adds silence where sound was lost, so that what follows keeps its moment.
    pub fn append_silence(&mut self, ms: u64) -> io::Result<()> {
        self.append(&vec![PCMU_SILENCE; ms as usize * 8 * usize::from(self.channels)])
    }

    pub fn ms(&self) -> u64 {
        u64::from(self.data_bytes) / (8 * u64::from(self.channels))
    }

    pub fn bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.data_bytes)
    }
}
