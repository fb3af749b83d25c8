//! What can go wrong with the database, told by what the caller can do about it.

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer or broke off; the same call may work later.
    #[error("database unavailable")]
    Unavailable {
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// The database refused a statement; trying again changes nothing.
    #[error("database refused the statement")]
    Statement {
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// The tables were written by a newer release; this one would damage them.
    #[error(
        "tables are of version {found}, this release knows up to {known}: run the newer release or restore a backup"
    )]
    Newer {
        /// Version found in the database.
        found: i64,
        /// Newest version this release knows.
        known: i64,
    },
    /// The address names no database this release can speak to.
    #[error("store url must begin with sqlite:, postgres: or mysql: ({reason})")]
    Url {
        /// What is wrong with it, without the password.
        reason: String,
    },
    /// A row cannot be read as what it should be.
    #[error("row {key} of {table} is damaged: {reason}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The row.
        key: String,
        /// What was found.
        reason: String,
    },
    /// A cursor that no list of this store gave out.
    #[error("cursor is not one of this list")]
    Cursor,
    /// A value too long or malformed for its column.
    #[error("{field} of {table} is not storable: {reason}")]
    Value {
        /// The table.
        table: &'static str,
        /// The field.
        field: &'static str,
        /// Why.
        reason: &'static str,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without any change.
    pub fn is_passing(&self) -> bool {
        matches!(self, StoreError::Unavailable { .. })
    }

    /// Whether the database's disk is full.
    pub fn is_full(&self) -> bool {
        let (StoreError::Unavailable { source } | StoreError::Statement { source }) = self else { return false };
        let sqlx::Error::Database(database) = source else { return false };
        // SQLite, PostgreSQL; MariaDB has no SQLSTATE for it.
        matches!(database.code().as_deref(), Some("13" | "53100"))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        match &source {
            sqlx::Error::Database(database) if !passing_code(database.code().as_deref()) => {
                StoreError::Statement { source }
            }
            sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::Configuration(_) => StoreError::Statement { source },
            _ => StoreError::Unavailable { source },
        }
    }
}

/// Codes that mean "not now": SQLite busy (5), locked (6), I/O error (10), full (13); PostgreSQL classes 08 (connection),
/// 40 (serialisation, deadlock), 53 (resources), 57 (shutdown); MariaDB SQLSTATE 40001 and HY000 lock wait time-out, 08.
fn passing_code(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    if let (true, Ok(number)) = (code.len() < 5, code.parse::<u32>()) {
        // The low byte is the primary result code of SQLite's extended ones.
        return matches!(number & 0xff, 5 | 6 | 10 | 13);
    }
    ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
}
