//! Who did what, in a chain: each entry carries the hash of the one before, so that a change or a gap shows.

use crate::{
    Listed, Page, Store, StoreError,
    db::{Row, Tx},
    settings, table,
};
use sea_query::{Asterisk, Expr, ExprTrait, Order, Query, SelectStatement, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::time::SystemTime;
use vocab::Timestamp;

const TABLE: &str = "audit";
const COLUMNS: &[&str] =
    &["seq", "at", "who", "source", "action", "object", "before_json", "after_json", "result", "prev", "hash"];
/// What the first entry has in place of a hash before it.
const CHAIN_START: &str = "";

/// Who asks for a change, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// A user name, or `system`.
    pub who: String,
    /// A network address, or `console` for the command line.
    pub source: String,
}

impl Actor {
    /// The platform itself: first start, migration, demo.
    pub fn system() -> Actor {
        Actor { who: "system".into(), source: "local".into() }
    }
}

/// Something done that is not a write of a noun (those are audited by themselves): a log-in, a recording played.
#[derive(Clone, Debug, Default)]
pub struct Deed {
    /// The verb (`log_in`, `play`, `put`).
    pub action: &'static str,
    /// What it was done to (`recordings/0198...`).
    pub object: String,
    /// JSON before, without secrets.
    pub before: Option<String>,
    /// JSON after, without secrets.
    pub after: Option<String>,
    /// `ok`, or why it was refused.
    pub result: &'static str,
}

/// An entry as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Counts up by one.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// From where.
    pub source: String,
    /// The verb.
    pub action: String,
    /// To what.
    pub object: String,
    /// JSON text before.
    pub before: Option<String>,
    /// JSON text after.
    pub after: Option<String>,
    /// `ok`, or why not.
    pub result: String,
    /// Hash of the entry before, hexadecimal.
    #[serde(skip)]
    pub prev: String,
    /// Hash of this entry, hexadecimal.
    #[serde(skip)]
    pub hash: String,
}

/// What part of the audit is wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Page; `q` is looked for in who, action and object.
    pub page: Page,
    /// Only this person's deeds.
    pub who: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before this.
    pub to: Option<Timestamp>,
}

impl Store {
    /// Writes an entry.
    pub async fn audit(&self, actor: &Actor, deed: &Deed) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        write(&mut tx, actor, deed).await?;
        tx.commit().await
    }

    /// Entries, newest first.
    pub async fn audit_entries(&self, query: &AuditQuery) -> Result<Listed<AuditEntry>, StoreError> {
        let mut select = newest_first();
        if let Some(cursor) = &query.page.cursor {
            let before: i64 = cursor.parse().map_err(|_| StoreError::Cursor)?;
            select.and_where(Expr::col("seq").lt(before));
        }
        if let Some(who) = &query.who {
            select.and_where(Expr::col("who").eq(who.as_str()));
        }
        if let Some(from) = query.from {
            select.and_where(Expr::col("at").gte(from.0));
        }
        if let Some(to) = query.to {
            select.and_where(Expr::col("at").lt(to.0));
        }
        if let Some(q) = query.page.q.as_deref().filter(|q| !q.is_empty()) {
            select.cond_where(table::contains(&["who", "action", "object"], q));
        }
        let rows_max = query.page.rows_max();
        let rows = self.db.fetch(select.limit(rows_max + 1)).await?;
        let entries = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Listed::cut(entries, rows_max, |entry| entry.seq.to_string()))
    }

    /// Walks the chain from its start; returns the first entry that does not fit, none when all is well.
    pub async fn audit_break(&self) -> Result<Option<u64>, StoreError> {
        let (mut after, mut prev) = (0u64, CHAIN_START.to_owned());
        loop {
            let mut select = Query::select();
            select.column(Asterisk).from(TABLE).order_by("seq", Order::Asc).limit(u64::from(crate::LIST_LIMIT_MAX));
            select.and_where(Expr::col("seq").gt(table::signed(after)));
            let rows = self.db.fetch(&select).await?;
            if rows.is_empty() {
                return Ok(None);
            }
            for row in &rows {
                let entry = read(row)?;
                if entry.seq != after + 1 || entry.prev != prev || entry.hash != hash(&entry) {
                    return Ok(Some(entry.seq));
                }
                (after, prev) = (entry.seq, entry.hash);
            }
        }
    }
}

/// Adds an entry within a transaction; the counter's row lock keeps the chain single file.
pub(crate) async fn write(tx: &mut Tx, actor: &Actor, deed: &Deed) -> Result<(), StoreError> {
    let seq = settings::count_up(tx, settings::AUDIT_SEQ).await?;
    let prev = match tx.fetch(newest_first().limit(1)).await?.first() {
        Some(row) => row.text("hash")?,
        None => CHAIN_START.to_owned(),
    };
    let mut entry = AuditEntry {
        seq,
        at: wall(),
        who: actor.who.clone(),
        source: actor.source.clone(),
        action: deed.action.to_owned(),
        object: deed.object.clone(),
        before: deed.before.clone(),
        after: deed.after.clone(),
        result: deed.result.to_owned(),
        prev,
        hash: String::new(),
    };
    entry.hash = hash(&entry);
    let mut insert = Query::insert();
    insert.into_table(TABLE).columns(COLUMNS.iter().copied());
    insert.values_panic(values(&entry).into_iter().map(Expr::val));
    tx.run(&insert).await?;
    Ok(())
}

/// Over every field with its length before it, so that no two entries have the same bytes.
fn hash(entry: &AuditEntry) -> String {
    let mut digest = Sha256::new();
    let (seq, at) = (entry.seq.to_string(), entry.at.0.to_string());
    let fixed = [&entry.prev, &seq, &at, &entry.who, &entry.source, &entry.action, &entry.object, &entry.result];
    for field in fixed.into_iter().map(Some).chain([entry.before.as_ref(), entry.after.as_ref()]) {
        match field {
            Some(text) => {
                digest.update((text.len() as u64).to_be_bytes());
                digest.update(text.as_bytes());
            }
            None => digest.update(u64::MAX.to_be_bytes()),
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn newest_first() -> SelectStatement {
    let mut select = Query::select();
    select.column(Asterisk).from(TABLE).order_by("seq", Order::Desc);
    select
}

fn values(entry: &AuditEntry) -> Vec<Value> {
    vec![
        table::signed(entry.seq).into(),
        entry.at.0.into(),
        entry.who.as_str().into(),
        entry.source.as_str().into(),
        entry.action.as_str().into(),
        entry.object.as_str().into(),
        entry.before.clone().into(),
        entry.after.clone().into(),
        entry.result.as_str().into(),
        entry.prev.as_str().into(),
        entry.hash.as_str().into(),
    ]
}

fn read(row: &Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        seq: row.integer("seq")?.unsigned_abs(),
        at: Timestamp(row.integer("at")?),
        who: row.text("who")?,
        source: row.text("source")?,
        action: row.text("action")?,
        object: row.text("object")?,
        before: row.text_maybe("before_json")?,
        after: row.text_maybe("after_json")?,
        result: row.text("result")?,
        prev: row.text("prev")?,
        hash: row.text("hash")?,
    })
}

/// The wall clock, for entries made here.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
