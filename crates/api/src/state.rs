//! What the web door is given by the process that opens it, and what its handlers share.

use crate::{LiveHub, Tls, passwords::Passwords, throttle::Throttle};
use std::{
    collections::BTreeSet,
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use store::Store;
use switch::Gateway;
use tokio::sync::watch;
use vocab::Timestamp;

/// How the door is hung.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Certificate and key; none for plain HTTP.
    pub tls: Option<Tls>,
    /// Origins under which browsers reach it besides the Host they name ("https://calls.example.com" behind a proxy).
    pub public_origins: Vec<String>,
    /// Demo site with fixed passwords: answers only to loopback names, whoever resolves to it.
    pub demo: bool,
}

/// Called after each change of the configuration; resolves when the exchange works with it, or with why it does not.
pub type ConfigurationChanged = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// Sounds that flows may speak of.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Prompts by name.
    pub prompts: BTreeSet<Arc<str>>,
    /// Music by name.
    pub music: BTreeSet<Arc<str>>,
}

/// What the handlers work with.
#[derive(Clone)]
pub struct State {
    /// What lasts.
    pub store: Store,
    /// The exchange.
    pub gateway: Arc<dyn Gateway>,
    /// Facts and boards.
    pub live: LiveHub,
    /// Where pieces of recordings lie.
    pub recordings_dir: PathBuf,
    /// Realm of the phones' digest passwords.
    pub realm: Arc<str>,
    /// The site's time zone (IANA name).
    pub timezone: Arc<str>,
    /// Prompts and music in a language ("zh", "en"), for the check of flows.
    pub library: Arc<dyn Fn(&str) -> Library + Send + Sync>,
    /// Why the process is not ready for calls; empty when it is.
    pub ready: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    /// The metrics in Prometheus text form.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Makes the exchange work with what was just stored.
    pub on_configuration_change: ConfigurationChanged,
}

/// Shared by all requests.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) state: State,
    pub(crate) throttle: Throttle,
    pub(crate) passwords: Passwords,
    /// Becomes true when the server stops.
    pub(crate) closed: watch::Receiver<bool>,
}

/// As handlers extract it.
pub(crate) type Site = axum::extract::State<Arc<Shared>>;

impl Shared {
    pub(crate) fn store(&self) -> &Store {
        &self.state.store
    }
}

/// The wall clock.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Resolves when the server stops.
pub(crate) async fn ended(closed: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    let _ = closed.wait_for(|closed| *closed).await;
}
