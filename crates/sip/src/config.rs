//! What an endpoint is told once: its name, its limits, its first accounts.

use crate::Account;
use std::sync::Arc;

/// Settings of an [`crate::Endpoint`]. Addresses are not among them: [`crate::Flow::local`] says what to put in Contact.
#[derive(Clone, Debug)]
pub struct Config {
    /// Realm of digest challenges; the accounts' secrets are made with it.
    pub realm: Arc<str>,
    /// Who may register; replaced by [`crate::Command::Accounts`].
    pub accounts: Vec<Account>,
    /// What User-Agent and Server headers say.
    pub user_agent: Arc<str>,
    /// Shortest registration granted, seconds; less is answered 423.
    pub expires_s_min: u32,
    /// Registration granted when the phone names no time, seconds.
    pub expires_s_default: u32,
    /// Longest registration granted, seconds.
    pub expires_s_max: u32,
    /// How much may be open at once.
    pub limits: Limits,
}

/// Bounds of the endpoint's tables. What exceeds them is answered 503 with Retry-After.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Server transactions. A transaction lives 32 s over UDP, so this is about 3,000 requests a second.
    pub transactions_max: usize,
    /// Dialogs, those kept for 32 s after their end included.
    pub dialogs_max: usize,
    /// Contacts of one account: a desk phone, a softphone and what a restarted phone left behind.
    pub bindings_per_account_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { transactions_max: 400_000, dialogs_max: 200_000, bindings_per_account_max: 5 }
    }
}

impl Config {
    /// Usual settings for this realm.
    pub fn new(realm: impl Into<Arc<str>>) -> Self {
        Self {
            realm: realm.into(),
            accounts: Vec::new(),
            user_agent: "Strowger".into(),
            // A phone behind NAT refreshes often, but a table of 2,048 agents must not see 200 REGISTERs a second.
            expires_s_min: 10,
            expires_s_default: 300,
            expires_s_max: 3600,
            limits: Limits::default(),
        }
    }
}
