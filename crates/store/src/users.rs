//! Users: people who log in to screens and the API, with their roles.

use crate::{
    StoreError,
    db::Row,
    table::{self, Noun},
};
use sea_query::Value;
use serde::{Deserialize, Serialize};
use std::fmt;
use vocab::AgentId;

/// What a person may do; a person may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes calls.
    Agent,
    /// Watches and steers queues and agents.
    Supervisor,
    /// Listens to recordings.
    Quality,
    /// Configures the site.
    Admin,
    /// Reads the audit.
    Auditor,
    /// A program.
    Integrator,
}

/// A person who can log in.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Log-in name.
    pub username: String,
    /// What screens show.
    pub name: String,
    /// Rights.
    pub roles: Vec<Role>,
    /// The agent this person is, if one.
    pub agent: Option<AgentId>,
    /// Password hash in PHC string form, made by the caller; empty: cannot log in.
    #[serde(skip)]
    pub password_hash: String,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("username", &self.username)
            .field("roles", &self.roles)
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

impl Noun for User {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &["username", "name", "roles", "agent", "password_hash"];
    const SEARCHED: &'static [&'static str] = &["username", "name"];
    const CONFIGURES: bool = false;

    fn key(&self) -> &str {
        &self.username
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.username.as_str().into(),
            self.name.as_str().into(),
            table::json(&self.roles),
            self.agent.as_ref().map(|agent| agent.as_str().to_owned()).into(),
            self.password_hash.as_str().into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let username = row.text("username")?;
        Ok(User {
            name: row.text("name")?,
            roles: table::read_json::<Self, _>(&username, &row.text("roles")?)?,
            agent: row.text_maybe("agent")?.map(AgentId::new),
            password_hash: row.text("password_hash")?,
            username,
        })
    }

    fn secret_differs(&self, before: &Self) -> bool {
        self.password_hash != before.password_hash
    }
}
