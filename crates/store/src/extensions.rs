//! Extensions: phone accounts with the digests of their passwords. The passwords themselves are nowhere.

use crate::{StoreError, db::Row, table::Noun};
use sea_query::Value;
use serde::Serialize;
use std::fmt;
use vocab::ExtensionId;

/// A phone account.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Extension {
    /// Its number, which is also its SIP user name.
    pub extension: ExtensionId,
    /// What screens show.
    pub display_name: String,
    /// MD5 of `user:realm:password`, hexadecimal (RFC 2617). As good as the password within the realm: never shown.
    #[serde(skip)]
    pub ha1_md5: String,
    /// SHA-256 of the same (RFC 7616).
    #[serde(skip)]
    pub ha1_sha256: String,
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extension")
            .field("extension", &self.extension)
            .field("display_name", &self.display_name)
            .finish_non_exhaustive()
    }
}

impl Noun for Extension {
    const TABLE: &'static str = "extensions";
    const COLUMNS: &'static [&'static str] = &["extension", "display_name", "ha1_md5", "ha1_sha256"];
    const SEARCHED: &'static [&'static str] = &["extension", "display_name"];

    fn key(&self) -> &str {
        self.extension.as_str()
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.extension.as_str().into(),
            self.display_name.as_str().into(),
            self.ha1_md5.as_str().into(),
            self.ha1_sha256.as_str().into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Extension {
            extension: ExtensionId::new(row.text("extension")?),
            display_name: row.text("display_name")?,
            ha1_md5: row.text("ha1_md5")?,
            ha1_sha256: row.text("ha1_sha256")?,
        })
    }

    fn secret_differs(&self, before: &Self) -> bool {
        (&self.ha1_md5, &self.ha1_sha256) != (&before.ha1_md5, &before.ha1_sha256)
    }
}
