//! The site's own settings (small JSON values by name) and the counters that order writes.

use crate::{Actor, Deed, Store, StoreError, audit, db::Tx, table};
use sea_query::{Expr, ExprTrait, Query};

/// Grows with every change of the configuration.
pub(crate) const CONFIGURATION_REVISION: &str = "configuration_revision";
/// Number of the newest audit entry.
pub(crate) const AUDIT_SEQ: &str = "audit_seq";

/// Adds one and returns the result. Takes the row's lock until the transaction ends.
pub(crate) async fn count_up(tx: &mut Tx, counter: &'static str) -> Result<u64, StoreError> {
    let mut update = Query::update();
    update.table("counters").value("value", Expr::col("value").add(1i64)).and_where(Expr::col("counter").eq(counter));
    tx.run(&update).await?;
    count(tx, counter).await
}

pub(crate) async fn count(tx: &mut Tx, counter: &'static str) -> Result<u64, StoreError> {
    let mut select = Query::select();
    select.column("value").from("counters").and_where(Expr::col("counter").eq(counter));
    let rows = tx.fetch(&select).await?;
    let row = rows.first().ok_or_else(|| StoreError::Damaged {
        table: "counters",
        key: counter.to_owned(),
        reason: "missing".into(),
    })?;
    Ok(row.integer("value")?.unsigned_abs())
}

impl Store {
    /// The configuration's revision: unequal to the one last read means "read it again".
    pub async fn revision(&self) -> Result<u64, StoreError> {
        let mut tx = self.db.read().await?;
        count(&mut tx, CONFIGURATION_REVISION).await
    }

    /// A setting of the site, as JSON text; none when never set.
    pub async fn setting(&self, setting: &str) -> Result<Option<String>, StoreError> {
        let mut select = Query::select();
        select.column("document").from("settings").and_where(Expr::col("setting").eq(setting));
        self.db.fetch(&select).await?.first().map(|row| row.text("document")).transpose()
    }

    /// Sets a setting, with its audit entry. Secrets do not belong here: the value is shown in the audit.
    pub async fn put_setting(&self, actor: &Actor, setting: &str, document: &str) -> Result<u64, StoreError> {
        table::check_key("settings", "setting", setting)?;
        let before = self.setting(setting).await?;
        let mut tx = self.db.write().await?;
        let revision = count_up(&mut tx, CONFIGURATION_REVISION).await?;
        let row = vec![setting.into(), document.into()];
        tx.run(&table::upsert("settings", &["setting"], &["setting", "document"], [row])).await?;
        let object = format!("settings/{setting}");
        let deed = Deed { action: "put", object, before, after: Some(document.to_owned()), result: "ok" };
        audit::write(&mut tx, actor, &deed).await?;
        tx.commit().await?;
        Ok(revision)
    }
}
