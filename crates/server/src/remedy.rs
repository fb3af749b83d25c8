//! What an operator can do about an error that keeps a command from its work: the same two lines as a mistake in the
//! configuration gets.

use std::{error::Error, io::ErrorKind};
use store::{StoreError, journal::JournalError};

/// What, where and why in one sentence, and what to do about it.
pub fn told(error: &anyhow::Error) -> String {
    let mut told = "strowger".to_owned();
    for cause in error.chain().map(ToString::to_string) {
        // Some libraries say their cause themselves.
        if !told.ends_with(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    let remedy = error.chain().find_map(remedy).map(|remedy| format!("\n    remedy: {remedy}"));
    told + &remedy.unwrap_or_default()
}

fn remedy(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = cause.downcast_ref::<JournalError>() {
        return of_journal(error);
    }
    if let Some(error) = cause.downcast_ref::<StoreError>() {
        return of_store(error);
    }
    if cause.is::<wire::media::LibraryError>() {
        return Some("put a WAV there (PCM, 16 bit, mono, 8 or 16 kHz); a shipped one that is deleted comes back");
    }
    cause.downcast_ref::<std::io::Error>().and_then(|error| of_kind(error.kind()))
}

fn of_journal(error: &JournalError) -> Option<&'static str> {
    match error {
        JournalError::InUse { .. } => {
            Some("stop the other strowger, or give this one a data folder of its own (--data)")
        }
        JournalError::Newer { .. } => Some("start the newer release again; this one would lose what it promised"),
        JournalError::Io { source, .. } | JournalError::Held { source, .. } => of_kind(source.kind()),
        JournalError::Fatal => Some("mend the disk and start again"),
    }
}

fn of_store(error: &StoreError) -> Option<&'static str> {
    match error {
        _ if error.is_full() => of_kind(ErrorKind::StorageFull),
        StoreError::Unavailable { .. } => Some("start the database, or correct [store] url"),
        StoreError::Statement { .. } => {
            Some("correct [store] url (file or name, user, password, rights), or restore a backup")
        }
        StoreError::Url { .. } => {
            Some("[store] url takes sqlite:FILE, postgres://USER@HOST/NAME or mysql://USER@HOST/NAME")
        }
        StoreError::Newer { .. } => Some("start the newer release again, or restore a backup from before it"),
        StoreError::Damaged { .. } | StoreError::Cursor | StoreError::Value { .. } => None,
    }
}

fn of_kind(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free space on that volume",
        ErrorKind::ReadOnlyFilesystem => "mount that volume for writing; the kernel's log says if the disk is damaged",
        ErrorKind::PermissionDenied => "give this user the right to it (ports below 1024 need CAP_NET_BIND_SERVICE)",
        ErrorKind::AddrInUse => {
            "stop what uses it (`ss -lntup` shows the process), or choose another in the configuration"
        }
        ErrorKind::AddrNotAvailable => "use an address of this machine (`ip address` lists them), or 0.0.0.0 for all",
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            "move the file that lies in the way, or name another folder"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;
    use std::io;

    #[test]
    fn the_cause_at_the_bottom_decides_the_remedy() {
        let full = JournalError::Io {
            doing: "write",
            path: "/data/journal/1.log".into(),
            source: io::ErrorKind::StorageFull.into(),
        };
        let busy = io::Error::new(ErrorKind::AddrInUse, "cannot listen for SIP over UDP on 127.0.0.1:5060: in use");
        for (error, what, remedy) in [
            (anyhow::Error::new(full), "/data/journal/1.log", "free space"),
            (anyhow::Error::new(JournalError::InUse { path: "/data".into() }), "in use", "--data"),
            (Err::<(), _>(busy).context("no SIP").unwrap_err(), "127.0.0.1:5060", "ss -lntup"),
        ] {
            let told = told(&error);
            let (first, second) = told.split_once("\n    remedy: ").unwrap();
            assert!(first.contains(what) && second.contains(remedy), "{told}");
        }
    }

    #[test]
    fn what_a_cause_says_of_its_own_cause_is_said_once() {
        let error = anyhow::anyhow!("(code: 13) full").context("database: (code: 13) full").context("no store");
        assert_eq!(told(&error), "strowger: no store: database: (code: 13) full");
    }

    #[test]
    fn without_a_remedy_there_is_no_empty_line() {
        assert_eq!(told(&anyhow::anyhow!("no entropy")), "strowger: no entropy");
    }
}
