//! Numbers: what a dialled number leads to.

use crate::{
    StoreError,
    db::Row,
    table::{self, Noun},
};
use sea_query::Value;
use serde::{Deserialize, Serialize};
use vocab::{ExtensionId, FlowId, PhoneNumber, QueueId};

/// Where a number leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", content = "id", rename_all = "snake_case")]
pub enum Destination {
    /// An IVR document.
    Flow(FlowId),
    /// Straight into a queue.
    Queue(QueueId),
    /// A phone.
    Extension(ExtensionId),
}

/// A number that can be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// As dialled.
    pub number: PhoneNumber,
    /// Where it leads.
    pub destination: Destination,
    /// Whether outside callers may reach it.
    pub public: bool,
}

impl Noun for Number {
    const TABLE: &'static str = "numbers";
    const COLUMNS: &'static [&'static str] = &["number", "destination", "public"];
    const SEARCHED: &'static [&'static str] = &["number", "destination"];

    fn key(&self) -> &str {
        self.number.as_str()
    }

    fn values(&self) -> Vec<Value> {
        vec![self.number.as_str().into(), table::json(&self.destination), i64::from(self.public).into()]
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let number = row.text("number")?;
        Ok(Number {
            destination: table::read_json::<Self, _>(&number, &row.text("destination")?)?,
            public: row.integer("public")? != 0,
            number: PhoneNumber::new(number),
        })
    }
}
