//! The whole configuration as the exchange takes it: read in one transaction, so that no half of a change is seen.

use crate::{
    Agent, Extension, FlowDocument, Number, Queue, Store, StoreError, Trunk, flows,
    settings::{self, CONFIGURATION_REVISION},
    table::all_in,
};

/// All nouns the exchange reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Grows with every change.
    pub revision: u64,
    /// Phone accounts.
    pub extensions: Vec<Extension>,
    /// People who take calls.
    pub agents: Vec<Agent>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Numbers.
    pub numbers: Vec<Number>,
    /// Peers for outside calls.
    pub trunks: Vec<Trunk>,
    /// Flows with their newest documents.
    pub flows: Vec<FlowDocument>,
}

impl Configuration {
    /// The part the dispatcher reads.
    pub fn dispatcher(&self) -> acd::Config {
        let agents = self.agents.iter();
        acd::Config {
            revision: self.revision,
            queues: self.queues.iter().map(Queue::rules).collect(),
            agents: agents
                .map(|agent| acd::AgentRules { agent: agent.agent.clone(), queues: agent.queues.clone() })
                .collect(),
        }
    }
}

impl Store {
    /// Reads it all.
    pub async fn configuration(&self) -> Result<Configuration, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(Configuration {
            revision: settings::count(&mut tx, CONFIGURATION_REVISION).await?,
            extensions: all_in(&mut tx).await?,
            agents: all_in(&mut tx).await?,
            queues: all_in(&mut tx).await?,
            numbers: all_in(&mut tx).await?,
            trunks: all_in(&mut tx).await?,
            flows: flows::all_in(&mut tx).await?,
        })
    }
}
