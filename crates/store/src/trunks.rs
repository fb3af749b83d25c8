//! Trunks: SIP peers for outside calls, known by the networks they call from.

use crate::{
    StoreError,
    db::Row,
    table::{self, Noun},
};
use sea_query::Value;
use serde::{Deserialize, Serialize};
use vocab::TrunkId;

/// A SIP peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trunk {
    /// Its name.
    pub trunk: TrunkId,
    /// Networks it calls from ("127.0.0.0/8"); checked by whoever writes it.
    pub networks: Vec<String>,
}

impl Noun for Trunk {
    const TABLE: &'static str = "trunks";
    const COLUMNS: &'static [&'static str] = &["trunk", "networks"];
    const SEARCHED: &'static [&'static str] = &["trunk", "networks"];

    fn key(&self) -> &str {
        self.trunk.as_str()
    }

    fn values(&self) -> Vec<Value> {
        vec![self.trunk.as_str().into(), table::json(&self.networks)]
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let trunk = row.text("trunk")?;
        Ok(Trunk { networks: table::read_json::<Self, _>(&trunk, &row.text("networks")?)?, trunk: TrunkId::new(trunk) })
    }
}
