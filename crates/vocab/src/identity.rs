//! Identities. Text identities are short names chosen by people; the others are made by the exchange.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

macro_rules! text_identity {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as it stands.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                $name(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text_identity! {
    /// A person who can log in at any extension, by agent number ("1001").
    AgentId,
    /// A SIP account ("8001").
    ExtensionId,
    /// A queue by its name ("sales").
    QueueId,
    /// An IVR document by its name ("welcome").
    FlowId,
    /// A node of a flow document, unique within it ("menu").
    NodeName,
    /// A SIP peer for outside calls ("loopback").
    TrunkId,
}

macro_rules! uuid_identity {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A UUIDv7 from wall time and ten random bytes, both given: ids sort by the time they were made.
            pub fn new(wall: crate::Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(wall.0).unwrap_or(0);
                $name(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                uuid::Uuid::try_parse(text).map($name)
            }
        }
    )+};
}

uuid_identity! {
    /// One contact by voice; lives through every transfer.
    CallId,
    /// One recording of a call (its sound may lie in several pieces).
    RecordingId,
}

/// One dialog with one endpoint. Made by the exchange, unique while the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LegId(pub u64);

/// One reservation of one agent for one work item, numbered by the dispatcher within its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OfferId {
    /// The dispatcher's epoch, so that numbers of a restarted dispatcher never meet old ones.
    pub epoch: u64,
    /// Number within the epoch.
    pub number: u64,
}

/// Ties a reply of the exchange to the command that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);
