//! After a crash: headers are made to claim what is really there.

use media::wav::{self, HEADER_BYTES};
use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// What was found in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Its length now.
    pub bytes: u64,
    /// Its sound.
    pub ms: u64,
    /// Whether the header had to be changed.
    pub changed: bool,
}

/// Lets a piece's header claim exactly the whole frames that lie behind it. A file too short for a header gets an empty
/// one of two channels. Errors: what the file system says, or `InvalidData` for a file that is none of ours.
pub fn repair(piece: &Path) -> io::Result<Repaired> {
    let file = OpenOptions::new().read(true).write(true).open(piece)?;
    let length = file.metadata()?.len();
    let mut header = [0; HEADER_BYTES];
    if length < HEADER_BYTES as u64 {
        header = wav::header(wav::Format::Pcmu, 2, 0);
        file.write_all_at(&header, 0)?;
        return Ok(Repaired { bytes: HEADER_BYTES as u64, ms: 0, changed: true });
    }
    file.read_exact_at(&mut header, 0)?;
    let layout = wav::layout(&header).map_err(io::Error::other)?;
    if layout.data_start != HEADER_BYTES || layout.format != wav::Format::Pcmu {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a piece of a recording"));
    }
    let frame_bytes = u64::from(layout.channels);
    let data_bytes = (length - HEADER_BYTES as u64) / frame_bytes * frame_bytes;
    let right = wav::header(layout.format, layout.channels, u32::try_from(data_bytes).unwrap_or(u32::MAX));
    let bytes = HEADER_BYTES as u64 + data_bytes;
    let changed = right != header || bytes != length;
    if changed {
        file.write_all_at(&right, 0)?;
        file.set_len(bytes)?;
        file.sync_data()?;
    }
    Ok(Repaired { bytes, ms: data_bytes / frame_bytes / 8, changed })
}

/// Repairs every piece below a directory; tells those that were changed or could not be.
pub fn repair_all(directory: &Path) -> io::Result<Vec<(PathBuf, io::Result<Repaired>)>> {
    let mut told = Vec::new();
    let mut directories = vec![directory.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wav") {
                let result = repair(&path);
                if !matches!(result, Ok(Repaired { changed: false, .. })) {
                    told.push((path, result));
                }
            }
        }
    }
    Ok(told)
}
