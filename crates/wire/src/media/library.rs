//! Reads a site's sounds: prompts as `<language>/<name>.wav` below one directory, music as `<name>.wav` in another.

use media::{Audio, Library, wav};
use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

/// Why a directory is no library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A directory or file that cannot be read.
    #[error("cannot read {path}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that is no sound we can play.
    #[error("cannot play {path}", path = path.display())]
    Sound {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: wav::WavError,
    },
}

/// Reads all takes and all music; a missing directory is an empty one.
pub fn read_library(prompts: &Path, music: &Path) -> Result<Library, LibraryError> {
    let mut library = Library::default();
    for language in entries(prompts)?.into_iter().filter(|path| path.is_dir()) {
        for take in wavs(&language)? {
            library.add_prompt(audio(&take, &stem(&language))?);
        }
    }
    for piece in wavs(music)? {
        library.add_music(audio(&piece, "")?);
    }
    Ok(library)
}

fn audio(path: &Path, language: &str) -> Result<Audio, LibraryError> {
    let bytes = fs::read(path).map_err(|source| LibraryError::Read { path: path.into(), source })?;
    let samples = wav::read(&bytes).map_err(|source| LibraryError::Sound { path: path.into(), source })?;
    Ok(Audio::new(stem(path), language, &samples))
}

fn wavs(directory: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    Ok(entries(directory)?.into_iter().filter(|path| path.extension() == Some(OsStr::new("wav"))).collect())
}

/// In order of name, so that a library is the same on every machine.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    let failed = |source| LibraryError::Read { path: directory.into(), source };
    let listing = match fs::read_dir(directory) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut paths =
        listing.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
