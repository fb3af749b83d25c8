//! Flows: IVR documents with every revision ever saved. Whether a document is sound is checked before it comes here.

use crate::{
    Actor, Deed, Listed, Page, Store, StoreError,
    audit::{self, wall},
    db::{Row, Tx},
    settings::{self, CONFIGURATION_REVISION},
    table::{self, check_key, upsert},
};
use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use serde::Serialize;
use vocab::{FlowId, Timestamp};

const TABLE: &str = "flows";
const REVISIONS: &str = "flow_revisions";
const COLUMNS: &[&str] = &["flow", "revision", "updated", "document"];

/// A flow in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowHead {
    /// Its name.
    pub flow: FlowId,
    /// Newest revision, from 1.
    pub revision: u32,
    /// When that was saved.
    pub updated: Timestamp,
}

/// A flow with its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowDocument {
    /// Its name.
    pub flow: FlowId,
    /// Revision of this document.
    pub revision: u32,
    /// When it was saved.
    pub updated: Timestamp,
    /// The document, JSON text as it was saved.
    pub document: String,
}

/// One saved revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowRevision {
    /// Its number, from 1.
    pub revision: u32,
    /// When it was saved.
    pub saved: Timestamp,
    /// Who saved it.
    pub who: String,
}

impl Store {
    /// Flows by name. `q` is looked for in the name.
    pub async fn flows(&self, page: &Page) -> Result<Listed<FlowHead>, StoreError> {
        let mut select = Query::select();
        select.columns(COLUMNS[..3].iter().copied()).from(TABLE).order_by("flow", Order::Asc);
        if let Some(after) = &page.cursor {
            select.and_where(Expr::col("flow").gt(after.as_str()));
        }
        if let Some(q) = page.q.as_deref().filter(|q| !q.is_empty()) {
            select.cond_where(table::contains(&["flow"], q));
        }
        let rows_max = page.rows_max();
        let rows = self.db.fetch(select.limit(rows_max + 1)).await?;
        let heads = rows.iter().map(read_head).collect::<Result<Vec<_>, _>>()?;
        Ok(Listed::cut(heads, rows_max, |head| head.flow.to_string()))
    }

    /// The newest document of a flow.
    pub async fn flow(&self, flow: &str) -> Result<Option<FlowDocument>, StoreError> {
        self.db.fetch(&newest(flow)).await?.first().map(read).transpose()
    }

    /// An older document of a flow.
    pub async fn flow_at(&self, flow: &str, revision: u32) -> Result<Option<FlowDocument>, StoreError> {
        let mut select = Query::select();
        select.columns(["flow", "revision", "document"]).expr_as(Expr::col("saved"), "updated").from(REVISIONS);
        select.and_where(Expr::col("flow").eq(flow)).and_where(Expr::col("revision").eq(i64::from(revision)));
        self.db.fetch(&select).await?.first().map(read).transpose()
    }

    /// Revisions of a flow, newest first.
    pub async fn flow_revisions(&self, flow: &str, page: &Page) -> Result<Listed<FlowRevision>, StoreError> {
        let mut select = Query::select();
        select.columns(["revision", "saved", "who"]).from(REVISIONS).order_by("revision", Order::Desc);
        select.and_where(Expr::col("flow").eq(flow));
        if let Some(cursor) = &page.cursor {
            let before: i64 = cursor.parse().map_err(|_| StoreError::Cursor)?;
            select.and_where(Expr::col("revision").lt(before));
        }
        let rows_max = page.rows_max();
        let rows = self.db.fetch(select.limit(rows_max + 1)).await?;
        let read = |row: &Row| {
            let (revision, saved) = (revision_of(row)?, Timestamp(row.integer("saved")?));
            Ok(FlowRevision { revision, saved, who: row.text("who")? })
        };
        let revisions = rows.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Listed::cut(revisions, rows_max, |revision| revision.revision.to_string()))
    }

    /// Saves a document as the flow's next revision and returns that. Saving the newest document again changes nothing.
    pub async fn put_flow(&self, actor: &Actor, flow: &FlowId, document: &str) -> Result<u32, StoreError> {
        let mut tx = self.db.write().await?;
        let revision = put_flow_in(&mut tx, actor, flow, document).await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// Removes a flow; its revisions stay for the records that name them. Whether there was one.
    pub async fn delete_flow(&self, actor: &Actor, flow: &str) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        settings::count_up(&mut tx, CONFIGURATION_REVISION).await?;
        let mut delete = Query::delete();
        delete.from_table(TABLE).and_where(Expr::col("flow").eq(flow));
        if tx.run(&delete).await? == 0 {
            return Ok(false);
        }
        let deed = Deed { action: "delete", object: format!("{TABLE}/{flow}"), result: "ok", ..Deed::default() };
        audit::write(&mut tx, actor, &deed).await?;
        tx.commit().await?;
        Ok(true)
    }
}

pub(crate) async fn put_flow_in(tx: &mut Tx, actor: &Actor, flow: &FlowId, document: &str) -> Result<u32, StoreError> {
    check_key(TABLE, "flow", flow.as_str())?;
    settings::count_up(tx, CONFIGURATION_REVISION).await?;
    if let Some(row) = tx.fetch(&newest(flow.as_str())).await?.first()
        && row.text("document")? == document
    {
        return revision_of(row);
    }
    // Numbers go on where a removed flow of the same name stopped, so that a record's revision stays unmistakable.
    let mut last = Query::select();
    last.column("revision").from(REVISIONS).and_where(Expr::col("flow").eq(flow.as_str()));
    last.order_by("revision", Order::Desc).limit(1);
    let revision = match tx.fetch(&last).await?.first() {
        Some(row) => revision_of(row)? + 1,
        None => 1,
    };
    let (name, at) = (flow.as_str(), wall().0);
    let row = vec![name.into(), i64::from(revision).into(), at.into(), document.into()];
    tx.run(&upsert(TABLE, &["flow"], COLUMNS, [row])).await?;
    let row = vec![name.into(), i64::from(revision).into(), at.into(), actor.who.as_str().into(), document.into()];
    let columns = ["flow", "revision", "saved", "who", "document"];
    tx.run(&upsert(REVISIONS, &columns[..2], &columns, [row])).await?;
    // The documents are the revisions themselves; the audit names the number.
    let after = Some(serde_json::json!({ "revision": revision }).to_string());
    let deed = Deed { action: "put", object: format!("{TABLE}/{name}"), before: None, after, result: "ok" };
    audit::write(tx, actor, &deed).await?;
    Ok(revision)
}

/// All flows with their newest documents.
pub(crate) async fn all_in(tx: &mut Tx) -> Result<Vec<FlowDocument>, StoreError> {
    let mut select = Query::select();
    select.columns(COLUMNS.iter().copied()).from(TABLE).order_by("flow", Order::Asc);
    tx.fetch(&select).await?.iter().map(read).collect()
}

fn newest(flow: &str) -> SelectStatement {
    let mut select = Query::select();
    select.columns(COLUMNS.iter().copied()).from(TABLE).and_where(Expr::col("flow").eq(flow));
    select
}

fn revision_of(row: &Row) -> Result<u32, StoreError> {
    let number = row.integer("revision")?;
    u32::try_from(number).map_err(|error| table::damaged(TABLE, &number.to_string(), &error))
}

fn read_head(row: &Row) -> Result<FlowHead, StoreError> {
    let flow = FlowId::new(row.text("flow")?);
    Ok(FlowHead { flow, revision: revision_of(row)?, updated: Timestamp(row.integer("updated")?) })
}

fn read(row: &Row) -> Result<FlowDocument, StoreError> {
    let FlowHead { flow, revision, updated } = read_head(row)?;
    Ok(FlowDocument { flow, revision, updated, document: row.text("document")? })
}
