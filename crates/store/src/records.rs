//! Call records: written once per call, idempotent by the call's id, searched by number, person, queue, state and time.

use crate::{
    Listed, Page, Store, StoreError,
    db::{Row, Tx},
    recordings,
    table::{self, damaged},
};
use report::Record;
use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, Value};
use vocab::{AgentId, CallId, Direction, EndState, QueueId, Timestamp};

const TABLE: &str = "records";
const COLUMNS: &[&str] = &[
    "call",
    "direction",
    "caller",
    "called",
    "arrived",
    "ended",
    "agent",
    "queue",
    "state",
    "state_number",
    "document",
];
/// Sorts behind every character a number can hold.
const AFTER_ALL: char = '\u{10FFFF}';

/// Which records are wanted; every filter given must hold.
#[derive(Clone, Debug, Default)]
pub struct RecordQuery {
    /// Page, newest first; `q` is a number's beginning, of the caller or the called.
    pub page: Page,
    /// Arrived not before.
    pub from: Option<Timestamp>,
    /// Arrived before.
    pub to: Option<Timestamp>,
    /// Exactly this caller.
    pub caller: Option<String>,
    /// Exactly this number called.
    pub called: Option<String>,
    /// Exactly this number, as caller or called.
    pub number: Option<String>,
    /// The agent who talked.
    pub agent: Option<AgentId>,
    /// The queue it last waited in.
    pub queue: Option<QueueId>,
    /// Final state.
    pub state: Option<EndState>,
    /// Which way.
    pub direction: Option<Direction>,
}

impl Store {
    /// Writes records; one that is there already is replaced. All or none.
    pub async fn put_records(&self, records: &[Record]) -> Result<(), StoreError> {
        self.put_records_and_pieces(records, &[]).await
    }

    /// The record of a call.
    pub async fn record(&self, call: CallId) -> Result<Option<Record>, StoreError> {
        let mut select = documents();
        select.and_where(Expr::col("call").eq(call.to_string()));
        self.db.fetch(&select).await?.first().map(read).transpose()
    }

    /// Records, newest first.
    pub async fn records(&self, query: &RecordQuery) -> Result<Listed<Record>, StoreError> {
        let rows_max = query.page.rows_max();
        let mut records = Vec::new();
        // One select for each column a number may stand in: each walks its own index, where an OR would walk the table.
        for select in selects(query)? {
            let mut select = select;
            let rows = self.db.fetch(select.limit(rows_max + 1)).await?;
            for row in &rows {
                records.push(read(row)?);
            }
        }
        records.sort_by_key(|record| std::cmp::Reverse(place(record)));
        records.dedup_by_key(|record| record.call);
        Ok(Listed::cut(records, rows_max, |record| format!("{}.{}", record.arrived.0, record.call)))
    }
}

pub(crate) async fn put_records_in(tx: &mut Tx, records: &[Record]) -> Result<(), StoreError> {
    // The newest of several for one call wins; one statement must not meet the same key twice (PostgreSQL refuses it).
    let mut latest = std::collections::BTreeMap::new();
    for record in records {
        latest.insert(record.call, record);
    }
    let latest: Vec<&Record> = latest.into_values().collect();
    for part in latest.chunks(table::INSERT_ROWS_MAX) {
        tx.run(&table::upsert(TABLE, &COLUMNS[..1], COLUMNS, part.iter().map(|record| values(record)))).await?;
        recordings::put_of_records(tx, part).await?;
    }
    Ok(())
}

fn values(record: &Record) -> Vec<Value> {
    vec![
        record.call.to_string().into(),
        table::word(&record.direction).into(),
        bounded(record.caller.as_str()).into(),
        bounded(record.called.as_str()).into(),
        record.arrived.0.into(),
        record.ended.0.into(),
        record.agent.as_ref().map(|agent| bounded(agent.as_str())).into(),
        record.queue.as_ref().map(|queue| bounded(queue.as_str())).into(),
        table::word(&record.state).into(),
        i64::from(record.state_number).into(),
        table::json(record),
    ]
}

/// What peers send may be of any length; the column takes its beginning, the document keeps the whole.
fn bounded(text: &str) -> String {
    text.chars().take(table::KEY_CHARACTERS_MAX).filter(|character| *character != '\0').collect()
}

fn place(record: &Record) -> (Timestamp, CallId) {
    (record.arrived, record.call)
}

fn documents() -> SelectStatement {
    let mut select = Query::select();
    select.columns(["call", "document"]).from(TABLE);
    select
}

fn selects(query: &RecordQuery) -> Result<Vec<SelectStatement>, StoreError> {
    let common = filtered(query)?;
    let with = |column: &'static str| {
        let mut select = common.clone();
        if let Some(number) = &query.number {
            select.and_where(Expr::col(column).eq(number.as_str()));
        }
        if let Some(beginning) = query.page.q.as_deref().filter(|q| !q.is_empty()) {
            select.and_where(Expr::col(column).gte(beginning));
            select.and_where(Expr::col(column).lt(format!("{beginning}{AFTER_ALL}")));
        }
        select
    };
    let by_number = query.number.is_some() || query.page.q.as_deref().is_some_and(|q| !q.is_empty());
    Ok(if by_number { vec![with("caller"), with("called")] } else { vec![common] })
}

fn filtered(query: &RecordQuery) -> Result<SelectStatement, StoreError> {
    let mut select = documents();
    select.order_by("arrived", Order::Desc).order_by("call", Order::Desc);
    if let Some(cursor) = &query.page.cursor {
        let (arrived, call) = cursor.split_once('.').ok_or(StoreError::Cursor)?;
        let arrived: i64 = arrived.parse().map_err(|_| StoreError::Cursor)?;
        let call: CallId = call.parse().map_err(|_| StoreError::Cursor)?;
        let before = Expr::col("arrived").eq(arrived).and(Expr::col("call").lt(call.to_string()));
        select.and_where(Expr::col("arrived").lte(arrived)).and_where(Expr::col("arrived").lt(arrived).or(before));
    }
    if let Some(from) = query.from {
        select.and_where(Expr::col("arrived").gte(from.0));
    }
    if let Some(to) = query.to {
        select.and_where(Expr::col("arrived").lt(to.0));
    }
    let words = [
        ("caller", query.caller.clone()),
        ("called", query.called.clone()),
        ("agent", query.agent.as_ref().map(ToString::to_string)),
        ("queue", query.queue.as_ref().map(ToString::to_string)),
        ("state", query.state.as_ref().map(table::word)),
        ("direction", query.direction.as_ref().map(table::word)),
    ];
    for (column, wanted) in words {
        if let Some(wanted) = wanted {
            select.and_where(Expr::col(column).eq(wanted));
        }
    }
    Ok(select)
}

fn read(row: &Row) -> Result<Record, StoreError> {
    let document = row.text("document")?;
    serde_json::from_str(&document).map_err(|error| damaged(TABLE, &row.text("call").unwrap_or_default(), &error))
}
