//! Agents: people who can log in at any extension, and the queues they may serve.

use crate::{
    StoreError,
    db::Row,
    table::{self, Noun},
};
use sea_query::Value;
use serde::Serialize;
use vocab::{AgentId, ExtensionId, QueueId};

/// A person who takes calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// The agent number.
    pub agent: AgentId,
    /// What screens show.
    pub name: String,
    /// Queues the agent may serve.
    pub queues: Vec<QueueId>,
    /// The extension a log-in proposes.
    pub extension_default: Option<ExtensionId>,
}

impl Noun for Agent {
    const TABLE: &'static str = "agents";
    const COLUMNS: &'static [&'static str] = &["agent", "name", "queues", "extension_default"];
    const SEARCHED: &'static [&'static str] = &["agent", "name"];

    fn key(&self) -> &str {
        self.agent.as_str()
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.agent.as_str().into(),
            self.name.as_str().into(),
            table::json(&self.queues),
            self.extension_default.as_ref().map(|extension| extension.as_str().to_owned()).into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let agent = row.text("agent")?;
        Ok(Agent {
            queues: table::read_json::<Self, _>(&agent, &row.text("queues")?)?,
            name: row.text("name")?,
            extension_default: row.text_maybe("extension_default")?.map(ExtensionId::new),
            agent: AgentId::new(agent),
        })
    }
}
