//! The files under the journal, as narrow as it needs them, so that tests can fill a disk without filling one.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

/// A folder of segment files.
pub(super) trait Disk: Send + Sync {
    /// A new, empty file; what a failed attempt left under its name is cut away.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn Tape>>;
    /// Makes creations and removals in a folder last.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// An open segment file.
pub(super) trait Tape: Send + Sync {
    /// One write; may take less than all.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Cuts what a failed write left.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Makes what was written last.
    fn sync(&self) -> io::Result<()>;
}

/// The machine's own file system.
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn Tape>> {
        Ok(Arc::new(OpenOptions::new().write(true).create(true).truncate(true).open(path)?))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        fs::File::open(folder)?.sync_all()
    }
}

impl Tape for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, offset)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        File::set_len(self, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
