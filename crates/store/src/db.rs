//! The three databases behind one door: statements are built once and rendered for the one that is open. Only this file
//! hands SQL text to the driver; it is always the query builder's, with values bound, never pasted.

#![allow(clippy::disallowed_types, reason = "this is the one file that renders statements")]

use crate::StoreError;
use sea_query::{MysqlQueryBuilder, PostgresQueryBuilder, QueryStatementWriter, SelectStatement, SqliteQueryBuilder};
use sea_query_sqlx::SqlxBinder;
use sqlx::{
    AssertSqlSafe, Connection as _, Row as _,
    mysql::{MySqlPool, MySqlPoolOptions, MySqlRow},
    postgres::{PgPool, PgPoolOptions, PgRow},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use std::{
    str::FromStr,
    time::{Duration, Instant},
};

/// Readers of SQLite beside its one writer; more than the two cores of a small site bring nothing.
const SQLITE_READERS_MAX: u32 = 4;
/// Connections to a database server: the API's concurrent requests plus the record writer.
const SERVER_CONNECTIONS_MAX: u32 = 10;
/// A request that cannot get a connection this long is answered "unavailable" instead of piling up.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Another process (a command line tool, a backup) may hold SQLite's write lock this long.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// SQLite's code for a file that another connection has locked.
const SQLITE_BUSY: &str = "5";
/// A change of journal mode by another process is over within this, as a rule.
const SQLITE_LOCKED_PAUSE: Duration = Duration::from_millis(20);

/// Which SQL is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    Mysql,
}

/// The open database.
pub(crate) enum Db {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
    Mysql(MySqlPool),
}

/// A transaction. Dropped without [`Tx::commit`] it is rolled back.
pub(crate) enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
    Mysql(sqlx::Transaction<'static, sqlx::MySql>),
}

/// A row of any of them; public only because [`crate::table::Noun`] is, and not reachable from outside. Columns hold text or 64-bit integers only, so that all three give the same values.
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    Mysql(MySqlRow),
}

impl Db {
    pub(crate) async fn connect(url: &str) -> Result<Db, StoreError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Db::connect_sqlite(url).await,
            Some("postgres" | "postgresql") => {
                let pool =
                    PgPoolOptions::new().max_connections(SERVER_CONNECTIONS_MAX).acquire_timeout(ACQUIRE_TIMEOUT);
                Ok(Db::Postgres(pool.connect(url).await.map_err(unreachable_or_url)?))
            }
            Some("mysql" | "mariadb") => {
                let pool =
                    MySqlPoolOptions::new().max_connections(SERVER_CONNECTIONS_MAX).acquire_timeout(ACQUIRE_TIMEOUT);
                Ok(Db::Mysql(pool.connect(url).await.map_err(unreachable_or_url)?))
            }
            Some(_) | None => Err(StoreError::Url { reason: "unknown scheme".into() }),
        }
    }

    async fn connect_sqlite(url: &str) -> Result<Db, StoreError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(unreachable_or_url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL, NORMAL loses at most the last transactions in a power cut and never corrupts; the journal,
            // which is fsynced by itself, still holds the records of those.
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(SQLITE_BUSY_TIMEOUT);
        if url.contains(":memory:") || url.contains("mode=memory") {
            // Readers and the writer would each have a memory of their own.
            return Err(StoreError::Url { reason: "a database in memory lasts no longer than its connection".into() });
        }
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A disk that fails in a commit makes SQLite roll back by itself. The driver then counts a transaction that is
            // none, and no other can begin on that connection: it is closed, and the next writer gets a fresh one.
            .after_release(|connection, _| {
                Box::pin(async move {
                    // Its own roll-back may still be under way.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            });
        let write = connect_patiently(&writer, &options).await?;
        let reader = SqlitePoolOptions::new().max_connections(SQLITE_READERS_MAX).acquire_timeout(ACQUIRE_TIMEOUT);
        let read = connect_patiently(&reader, &options.read_only(true).create_if_missing(false)).await?;
        Ok(Db::Sqlite { read, write })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Db::Sqlite { .. } => Dialect::Sqlite,
            Db::Postgres(_) => Dialect::Postgres,
            Db::Mysql(_) => Dialect::Mysql,
        }
    }

    /// A transaction that will write.
    pub(crate) async fn write(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            // The lock is taken at once: a deferred transaction that finds it taken later cannot wait for it.
            Db::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
            Db::Mysql(pool) => Tx::Mysql(pool.begin().await?),
        })
    }

    /// A transaction that only reads, so that several statements see one state.
    pub(crate) async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Db::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Db::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
            // InnoDB's default isolation is REPEATABLE READ.
            Db::Mysql(pool) => Tx::Mysql(pool.begin_with("START TRANSACTION READ ONLY").await?),
        })
    }

    /// Runs one select outside any transaction.
    pub(crate) async fn fetch(&self, select: &SelectStatement) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Db::Sqlite { read, .. } => {
                let (sql, values) = select.build_sqlx(SqliteQueryBuilder);
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(read).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Db::Postgres(pool) => {
                let (sql, values) = select.build_sqlx(PostgresQueryBuilder);
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(pool).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            Db::Mysql(pool) => {
                let (sql, values) = select.build_sqlx(MysqlQueryBuilder);
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(pool).await?;
                rows.into_iter().map(Row::Mysql).collect()
            }
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Db::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
            Db::Mysql(pool) => pool.close().await,
        }
    }
}

/// A bad address is the operator's to correct; the driver's text may hold the password, so it is not shown.
fn unreachable_or_url(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Configuration(_) => StoreError::Url { reason: "malformed".into() },
        other => other.into(),
    }
}

impl Tx {
    /// Runs an insert, update or delete; returns how many rows it touched.
    pub(crate) async fn run(
        &mut self,
        statement: &(impl SqlxBinder + QueryStatementWriter),
    ) -> Result<u64, StoreError> {
        Ok(match self {
            Tx::Sqlite(tx) => {
                let (sql, values) = statement.build_sqlx(SqliteQueryBuilder);
                sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut **tx).await?.rows_affected()
            }
            Tx::Postgres(tx) => {
                let (sql, values) = statement.build_sqlx(PostgresQueryBuilder);
                sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut **tx).await?.rows_affected()
            }
            Tx::Mysql(tx) => {
                let (sql, values) = statement.build_sqlx(MysqlQueryBuilder);
                sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    pub(crate) async fn fetch(&mut self, select: &SelectStatement) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Tx::Sqlite(tx) => {
                let (sql, values) = select.build_sqlx(SqliteQueryBuilder);
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Tx::Postgres(tx) => {
                let (sql, values) = select.build_sqlx(PostgresQueryBuilder);
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            Tx::Mysql(tx) => {
                let (sql, values) = select.build_sqlx(MysqlQueryBuilder);
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Mysql).collect()
            }
        })
    }

    /// Runs a statement of a migration, given as text of this program.
    pub(crate) async fn define(&mut self, sql: String) -> Result<(), StoreError> {
        match self {
            Tx::Sqlite(tx) => _ = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await?,
            Tx::Postgres(tx) => _ = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await?,
            Tx::Mysql(tx) => _ = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await?,
        }
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await?,
            Tx::Postgres(tx) => tx.commit().await?,
            Tx::Mysql(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Row {
    pub(crate) fn text(&self, column: &str) -> Result<String, StoreError> {
        Ok(match self {
            Row::Sqlite(row) => row.try_get(column)?,
            Row::Postgres(row) => row.try_get(column)?,
            Row::Mysql(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn text_maybe(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(match self {
            Row::Sqlite(row) => row.try_get(column)?,
            Row::Postgres(row) => row.try_get(column)?,
            Row::Mysql(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn integer(&self, column: &str) -> Result<i64, StoreError> {
        Ok(match self {
            Row::Sqlite(row) => row.try_get(column)?,
            Row::Postgres(row) => row.try_get(column)?,
            Row::Mysql(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn integer_maybe(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(match self {
            Row::Sqlite(row) => row.try_get(column)?,
            Row::Postgres(row) => row.try_get(column)?,
            Row::Mysql(row) => row.try_get(column)?,
        })
    }
}

/// Connects again while the file is locked. Two processes that make one file a WAL database at the same moment are told so
/// at once: for that change of mode SQLite does not wait, whatever its time-out.
async fn connect_patiently(
    pool: &SqlitePoolOptions,
    options: &SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    let deadline = Instant::now() + SQLITE_BUSY_TIMEOUT;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some(SQLITE_BUSY) && Instant::now() < deadline =>
            {
                tokio::time::sleep(SQLITE_LOCKED_PAUSE).await;
            }
            connected => return connected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_does_not_keep_the_next_from_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite:{}", folder.path().join("site.db").display())).await.unwrap();
        let Ok(Tx::Sqlite(mut tx)) = db.write().await else { panic!("not SQLite") };
        // As after a commit that the disk did not take.
        sqlx::query("ROLLBACK").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap_err();
        db.write().await.unwrap().commit().await.unwrap();
    }
}
