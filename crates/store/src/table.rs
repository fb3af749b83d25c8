//! What all configuration nouns have in common: list, get, put, delete, each write with its audit entry and its new
//! configuration revision in one transaction.

use crate::{
    Actor, Deed, Listed, Page, Store, StoreError, audit,
    db::{Row, Tx},
    settings,
};
use sea_query::{Asterisk, Cond, Expr, ExprTrait, OnConflict, Order, Query, SelectStatement, Value};
use serde::{Serialize, de::DeserializeOwned};
use std::marker::PhantomData;

/// Longest key; all three databases can index four bytes per character of it.
pub(crate) const KEY_CHARACTERS_MAX: usize = 128;
/// Longest single-line text that is not a key (names, titles).
pub(crate) const NAME_CHARACTERS_MAX: usize = 250;

/// Rows of one insert: a dozen values each stay well under every database's limit (32,766 bound values in SQLite).
pub(crate) const INSERT_ROWS_MAX: usize = 200;

/// A configuration noun: one table, one row each, keyed by its identity.
pub trait Noun: Sized + Serialize + Send + Sync {
    /// The table; also the noun in the API's paths and in audit objects.
    const TABLE: &'static str;
    /// All columns, the key first.
    const COLUMNS: &'static [&'static str];
    /// Columns that a list's `q` looks into.
    const SEARCHED: &'static [&'static str];
    /// Whether the exchange reads it, so that a write makes a new configuration revision.
    const CONFIGURES: bool = true;

    /// The identity.
    fn key(&self) -> &str;
    /// Values in the order of `COLUMNS`.
    fn values(&self) -> Vec<Value>;
    /// The noun out of a row.
    fn read(row: &Row) -> Result<Self, StoreError>;
    /// Whether a secret (which the audit never shows) differs.
    fn secret_differs(&self, _before: &Self) -> bool {
        false
    }
}

/// One noun's table.
pub struct Table<'a, T> {
    store: &'a Store,
    noun: PhantomData<T>,
}

impl<'a, T: Noun> Table<'a, T> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Table { store, noun: PhantomData }
    }

    /// A page in key order. `q` is looked for in the key and the names.
    pub async fn list(&self, page: &Page) -> Result<Listed<T>, StoreError> {
        let mut select = all::<T>();
        if let Some(after) = &page.cursor {
            select.and_where(Expr::col(T::COLUMNS[0]).gt(after.as_str()));
        }
        if let Some(q) = page.q.as_deref().filter(|q| !q.is_empty()) {
            select.cond_where(contains(T::SEARCHED, q));
        }
        let rows_max = page.rows_max();
        let rows = self.store.db.fetch(select.limit(rows_max + 1)).await?;
        Ok(Listed::cut(read_all(&rows)?, rows_max, |item: &T| item.key().to_owned()))
    }

    /// One by its key; none when there is none.
    pub async fn get(&self, key: &str) -> Result<Option<T>, StoreError> {
        let rows = self.store.db.fetch(&one::<T>(key)).await?;
        rows.first().map(T::read).transpose()
    }

    /// Adds it or replaces the one of the same key. Returns the configuration revision that holds it.
    pub async fn put(&self, actor: &Actor, item: &T) -> Result<u64, StoreError> {
        let mut tx = self.store.db.write().await?;
        let revision = put_in(&mut tx, actor, item).await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// Removes it. Returns the new configuration revision, or none when there was nothing to remove.
    pub async fn delete(&self, actor: &Actor, key: &str) -> Result<Option<u64>, StoreError> {
        let mut tx = self.store.db.write().await?;
        let Some(before) = tx.fetch(&one::<T>(key)).await?.first().map(T::read).transpose()? else {
            return Ok(None);
        };
        let mut delete = Query::delete();
        delete.from_table(T::TABLE).and_where(Expr::col(T::COLUMNS[0]).eq(key));
        tx.run(&delete).await?;
        let deed =
            Deed { action: "delete", object: object::<T>(key), before: shown(&before), after: None, result: "ok" };
        audit::write(&mut tx, actor, &deed).await?;
        let revision = revise::<T>(&mut tx).await?;
        tx.commit().await?;
        Ok(Some(revision))
    }
}

/// Puts within a transaction that may put more.
pub(crate) async fn put_in<T: Noun>(tx: &mut Tx, actor: &Actor, item: &T) -> Result<u64, StoreError> {
    check_key(T::TABLE, T::COLUMNS[0], item.key())?;
    // The revision row is taken first: it makes writers of all processes queue up, so `before` cannot go stale.
    let revision = revise::<T>(tx).await?;
    let before = tx.fetch(&one::<T>(item.key())).await?.first().map(T::read).transpose()?;
    tx.run(&upsert(T::TABLE, &T::COLUMNS[..1], T::COLUMNS, [item.values()])).await?;
    let mut after = serde_json::to_value(item).ok();
    if let (Some(before), Some(serde_json::Value::Object(after))) = (&before, &mut after)
        && item.secret_differs(before)
    {
        after.insert("secret_changed".into(), true.into());
    }
    let deed = Deed {
        action: "put",
        object: object::<T>(item.key()),
        before: before.as_ref().and_then(shown),
        after: after.map(|after| after.to_string()),
        result: "ok",
    };
    audit::write(tx, actor, &deed).await?;
    Ok(revision)
}

/// Everything of a noun, in key order.
pub(crate) async fn all_in<T: Noun>(tx: &mut Tx) -> Result<Vec<T>, StoreError> {
    read_all(&tx.fetch(&all::<T>()).await?)
}

/// Whether there is none at all.
pub(crate) async fn empty_in<T: Noun>(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.fetch(all::<T>().limit(1)).await?.is_empty())
}

/// An insert that replaces the other columns where the key is taken.
pub(crate) fn upsert(
    table: &'static str,
    key: &[&'static str],
    columns: &[&'static str],
    rows: impl IntoIterator<Item = Vec<Value>>,
) -> sea_query::InsertStatement {
    let mut insert = Query::insert();
    insert.into_table(table).columns(columns.iter().copied());
    for row in rows {
        insert.values_panic(row.into_iter().map(Expr::val));
    }
    let replaced = columns.iter().copied().filter(|column| !key.contains(column));
    insert.on_conflict(OnConflict::columns(key.iter().copied()).update_columns(replaced).to_owned());
    insert
}

/// Refuses what some database would cut, pad or reject, so that all three behave alike.
pub(crate) fn check_key(table: &'static str, field: &'static str, key: &str) -> Result<(), StoreError> {
    let reason = if key.is_empty() {
        "empty"
    } else if key.chars().count() > KEY_CHARACTERS_MAX {
        "too long"
    } else if key.trim() != key || key.chars().any(char::is_control) {
        "blank at its ends or control characters"
    } else {
        return Ok(());
    };
    Err(StoreError::Value { table, field, reason })
}

/// Any of the columns contains the text.
pub(crate) fn contains(columns: &[&'static str], q: &str) -> Cond {
    let mut literal = String::with_capacity(q.len() + 2);
    for character in q.chars() {
        if matches!(character, '%' | '_' | '!') {
            literal.push('!');
        }
        literal.push(character);
    }
    let pattern = sea_query::LikeExpr::new(format!("%{literal}%")).escape('!');
    columns.iter().fold(Cond::any(), |any, column| any.add(Expr::col(*column).like(pattern.clone())))
}

async fn revise<T: Noun>(tx: &mut Tx) -> Result<u64, StoreError> {
    if T::CONFIGURES {
        settings::count_up(tx, settings::CONFIGURATION_REVISION).await
    } else {
        settings::count(tx, settings::CONFIGURATION_REVISION).await
    }
}

fn all<T: Noun>() -> SelectStatement {
    let mut select = Query::select();
    select.column(Asterisk).from(T::TABLE).order_by(T::COLUMNS[0], Order::Asc);
    select
}

fn one<T: Noun>(key: &str) -> SelectStatement {
    let mut select = all::<T>();
    select.and_where(Expr::col(T::COLUMNS[0]).eq(key));
    select
}

fn read_all<T: Noun>(rows: &[Row]) -> Result<Vec<T>, StoreError> {
    rows.iter().map(T::read).collect()
}

fn object<T: Noun>(key: &str) -> String {
    format!("{}/{key}", T::TABLE)
}

fn shown<T: Serialize>(item: &T) -> Option<String> {
    serde_json::to_string(item).ok()
}

/// A value as JSON text. Own types always have a JSON form.
pub(crate) fn json(value: &impl Serialize) -> Value {
    serde_json::to_string(value).expect("configuration values have text keys only").into()
}

pub(crate) fn read_json<T: Noun, V: DeserializeOwned>(key: &str, text: &str) -> Result<V, StoreError> {
    serde_json::from_str(text).map_err(|error| damaged(T::TABLE, key, &error))
}

/// A unit variant as the word it has in JSON.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("not a unit variant: {other:?}"),
    }
}

pub(crate) fn read_word<T: Noun, V: DeserializeOwned>(key: &str, word: String) -> Result<V, StoreError> {
    serde_json::from_value(word.into()).map_err(|error| damaged(T::TABLE, key, &error))
}

pub(crate) fn damaged(table: &'static str, key: &str, reason: &impl ToString) -> StoreError {
    StoreError::Damaged { table, key: key.to_owned(), reason: reason.to_string() }
}

/// Numbers above the databases' range stop at its end; none of ours come near.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
