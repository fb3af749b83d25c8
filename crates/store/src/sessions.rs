//! Sessions: log-ins that last. The token itself is never stored, only its hash.

use crate::{Store, StoreError, audit::wall, table};
use sea_query::{Asterisk, Expr, ExprTrait, Query};
use vocab::Timestamp;

const TABLE: &str = "sessions";
const COLUMNS: &[&str] = &["token_hash", "username", "source", "created", "expires"];

/// A log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token, hexadecimal, made by the caller.
    pub token_hash: String,
    /// Whose.
    pub username: String,
    /// From where it was opened.
    pub source: String,
    /// When opened.
    pub created: Timestamp,
    /// Not valid from here on.
    pub expires: Timestamp,
}

impl Store {
    /// Keeps a session (or moves its end), and forgets those that ran out. The audit entry is the caller's.
    pub async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        table::check_key(TABLE, "token_hash", &session.token_hash)?;
        let mut tx = self.db.write().await?;
        let mut expired = Query::delete();
        expired.from_table(TABLE).and_where(Expr::col("expires").lte(wall().0));
        tx.run(&expired).await?;
        let row = vec![
            session.token_hash.as_str().into(),
            session.username.as_str().into(),
            session.source.as_str().into(),
            session.created.0.into(),
            session.expires.0.into(),
        ];
        tx.run(&table::upsert(TABLE, &COLUMNS[..1], COLUMNS, [row])).await?;
        tx.commit().await
    }

    /// The session of a token, if it is still valid at `now`.
    pub async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let mut select = Query::select();
        select.column(Asterisk).from(TABLE).and_where(Expr::col("token_hash").eq(token_hash));
        select.and_where(Expr::col("expires").gt(now.0));
        let rows = self.db.fetch(&select).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Session {
            token_hash: row.text("token_hash")?,
            username: row.text("username")?,
            source: row.text("source")?,
            created: Timestamp(row.integer("created")?),
            expires: Timestamp(row.integer("expires")?),
        }))
    }

    /// Ends one session; whether there was one.
    pub async fn delete_session(&self, token_hash: &str) -> Result<bool, StoreError> {
        self.delete_sessions_where("token_hash", token_hash).await.map(|count| count > 0)
    }

    /// Ends all sessions of a person (password changed, person removed); how many there were.
    pub async fn delete_sessions_of(&self, username: &str) -> Result<u64, StoreError> {
        self.delete_sessions_where("username", username).await
    }

    async fn delete_sessions_where(&self, column: &'static str, value: &str) -> Result<u64, StoreError> {
        let mut tx = self.db.write().await?;
        let mut delete = Query::delete();
        delete.from_table(TABLE).and_where(Expr::col(column).eq(value));
        let count = tx.run(&delete).await?;
        tx.commit().await?;
        Ok(count)
    }
}
