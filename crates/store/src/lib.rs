//! Owns what lasts: the site's configuration, records and audit in SQLite, PostgreSQL or MariaDB, and the local journal
//! that comes before them. Decides nothing about calls; knows no socket of a phone and no HTTP.

mod agents;
mod audit;
mod configuration;
mod db;
pub mod demo;
mod error;
mod extensions;
mod flows;
pub mod journal;
mod migrations;
mod numbers;
mod page;
mod queues;
mod recordings;
mod records;
mod sessions;
mod settings;
mod table;
mod trunks;
mod users;
mod writer;

pub use agents::Agent;
pub use audit::{Actor, AuditEntry, AuditQuery, Deed};
pub use configuration::Configuration;
pub use error::StoreError;
pub use extensions::Extension;
pub use flows::{FlowDocument, FlowHead, FlowRevision};
pub use numbers::{Destination, Number};
pub use page::{LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, Listed, Page};
pub use queues::Queue;
pub use recordings::{Piece, Recording};
pub use records::RecordQuery;
pub use sessions::Session;
pub use table::Table;
pub use trunks::Trunk;
pub use users::{Role, User};
pub use writer::{Acknowledge, Backlog, Progress, Write, Writer, WriterHandle};

use db::Db;
use std::sync::Arc;

/// An open database. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Store {
    db: Arc<Db>,
}

impl Store {
    /// Connects to `sqlite:PATH`, `postgres://...` or `mysql://...` and brings the tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Url`] for another scheme, [`StoreError::Newer`] when a newer release wrote the tables,
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        let db = Db::connect(url).await?;
        migrations::apply(&db).await?;
        Ok(Store { db: Arc::new(db) })
    }

    /// Whether the database answers; for readiness checks.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.revision().await.map(drop)
    }

    /// Waits for running statements and closes the connections.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Writes records and pieces together, each idempotent by its key. All or none.
    pub async fn put_records_and_pieces(&self, records: &[report::Record], pieces: &[Piece]) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        records::put_records_in(&mut tx, records).await?;
        recordings::put_pieces_in(&mut tx, pieces).await?;
        tx.commit().await
    }

    /// Phone accounts.
    pub fn extensions(&self) -> Table<'_, Extension> {
        Table::new(self)
    }

    /// People who take calls.
    pub fn agents(&self) -> Table<'_, Agent> {
        Table::new(self)
    }

    /// Queues.
    pub fn queues(&self) -> Table<'_, Queue> {
        Table::new(self)
    }

    /// Numbers bound to a flow, queue or extension.
    pub fn numbers(&self) -> Table<'_, Number> {
        Table::new(self)
    }

    /// Peers for outside calls.
    pub fn trunks(&self) -> Table<'_, Trunk> {
        Table::new(self)
    }

    /// People who log in.
    pub fn users(&self) -> Table<'_, User> {
        Table::new(self)
    }
}
