//! Who may do what: accounts, digest verdicts, and the growing delay of whoever guesses. Owns the accounts' secrets; it
//! must never let an answer tell whether an account exists.

use crate::{
    Account, Event,
    digest::{self, Algorithm, Credentials, NonceAge, Nonces},
    endpoint::{Endpoint, Request},
    message::{HeaderName, Uri, text},
    station::{Due, Station},
    transaction::{ReplyHead, ServerId},
};
use bytes::Bytes;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

/// The answer to the first wrong password waits this long; each further one twice as long.
const FAILURE_DELAY: Duration = Duration::from_millis(500);
/// The longest wait: the client's own patience is 32 s, and a person who mistyped shall not think the phone is dead.
const FAILURE_DELAY_MAX: Duration = Duration::from_secs(8);
/// After this long without a failure an account and source begin anew.
const FAILURE_MEMORY: Duration = Duration::from_secs(600);
/// Pairs of account and source remembered; the one silent longest makes room.
const FAILURES_MAX: usize = 4096;
/// Answers held back at once; beyond it a refusal is sent without its challenge, at once.
const HELD_MAX: usize = 2048;
/// Bytes of a claimed account name that are remembered and reported.
const CLAIMED_NAME_MAX: usize = 64;

/// What a request's credentials are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Proven(Arc<str>),
    /// None for our realm, or of a scheme we do not speak.
    Missing,
    /// Right, but with a nonce that has grown old.
    Stale,
    Wrong {
        account: Arc<str>,
        reason: &'static str,
    },
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Duration,
}

/// Accounts and failures.
#[derive(Debug)]
pub(crate) struct Guard {
    accounts: BTreeMap<Arc<str>, Account>,
    nonces: Nonces,
    failures: BTreeMap<(Arc<str>, IpAddr), Failures>,
    held: BTreeMap<ServerId, Bytes>,
}

impl Guard {
    pub(crate) fn new(accounts: Vec<Account>, secret: [u8; 32]) -> Self {
        let nonces = Nonces::new(secret);
        let mut guard = Self { accounts: BTreeMap::new(), nonces, failures: BTreeMap::new(), held: BTreeMap::new() };
        guard.replace_accounts(accounts);
        guard
    }

    pub(crate) fn replace_accounts(&mut self, accounts: Vec<Account>) {
        self.accounts = accounts.into_iter().map(|account| (account.name.clone(), account)).collect();
    }

    pub(crate) fn knows(&self, account: &str) -> bool {
        self.accounts.contains_key(account)
    }

    /// Judges the credentials of a request.
    pub(crate) fn verdict(&self, station: &Station, request: &Request<'_>) -> Verdict {
        let message = request.message;
        let authorization = message.all(&HeaderName::Authorization).chain(message.all(&HeaderName::ProxyAuthorization));
        let ours = |credentials: &Credentials| credentials.realm == station.config.realm.as_bytes();
        let Some(credentials) = authorization.filter_map(|value| Credentials::parse(value)).find(ours) else {
            return Verdict::Missing;
        };
        let name = text(&credentials.username[..credentials.username.len().min(CLAIMED_NAME_MAX)]);
        let account = self.accounts.get(&name);
        // An unknown account costs the same arithmetic as a known one.
        let ha1 = match (account, credentials.algorithm) {
            (Some(account), Algorithm::Md5) => &account.ha1_md5,
            (Some(account), Algorithm::Sha256) => &account.ha1_sha256,
            (None, _) => "00000000000000000000000000000000",
        };
        let proven = credentials.proves(request.method.name(), ha1) && account.is_some();
        match self.nonces.age(&credentials.nonce, station.now) {
            _ if !proven => Verdict::Wrong { account: name, reason: "wrong account or password" },
            _ if !same_uri(&credentials.uri, request.uri) => {
                Verdict::Wrong { account: name, reason: "credentials of another request" }
            }
            NonceAge::Stale => Verdict::Stale,
            NonceAge::Fresh => Verdict::Proven(name),
        }
    }

    /// The WWW-Authenticate headers for this User-Agent.
    pub(crate) fn challenges(&self, station: &Station, user_agent: &[u8], stale: bool) -> Vec<(&'static str, String)> {
        let nonce = self.nonces.issue(station.now);
        let value = |algorithm: &Algorithm| digest::challenge(&station.config.realm, &nonce, *algorithm, stale);
        digest::offered_to(user_agent).iter().map(|algorithm| ("WWW-Authenticate", value(algorithm))).collect()
    }

    /// Counts a failure, and says how long its answer waits.
    fn failed(&mut self, now: Duration, account: Arc<str>, source: IpAddr) -> Duration {
        let key = (account, source);
        if !self.failures.contains_key(&key) && self.failures.len() >= FAILURES_MAX {
            let oldest = self.failures.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| key.clone());
            oldest.map(|oldest| self.failures.remove(&oldest));
        }
        let failures = self.failures.entry(key).or_insert(Failures { count: 0, last: now });
        if now.saturating_sub(failures.last) > FAILURE_MEMORY {
            failures.count = 0;
        }
        failures.last = now;
        failures.count = failures.count.saturating_add(1);
        let doubled = FAILURE_DELAY.saturating_mul(1 << (failures.count - 1).min(16));
        doubled.min(FAILURE_DELAY_MAX)
    }

    fn succeeded(&mut self, account: &Arc<str>, source: IpAddr) {
        self.failures.remove(&(account.clone(), source));
    }
}

/// Same user at the same host: phones differ in which parameters they repeat.
fn same_uri(claimed: &[u8], requested: &[u8]) -> bool {
    claimed == requested
        || matches!((Uri::parse(claimed), Uri::parse(requested)), (Some(one), Some(other)) if one.is_sip() && one.same_place(&other))
}

impl Endpoint {
    /// 401 with challenges.
    pub(crate) fn challenge_request(&mut self, request: &Request<'_>, server: ServerId, stale: bool) {
        let user_agent = request.message.first(&HeaderName::UserAgent).map(|value| &value[..]).unwrap_or_default();
        let headers = self.guard.challenges(&self.station, user_agent, stale);
        self.refuse_request(request, server, 401, &headers);
    }

    /// Right credentials wipe out earlier failures.
    pub(crate) fn credentials_were_right(&mut self, account: &Arc<str>, request: &Request<'_>) {
        self.guard.succeeded(account, request.flow.remote.ip());
    }

    /// 401 after a delay that grows with each failure of that account and source.
    pub(crate) fn refuse_credentials(
        &mut self,
        request: &Request<'_>,
        server: ServerId,
        account: Arc<str>,
        reason: &'static str,
    ) {
        let source = request.flow.remote;
        self.station.say(Event::AuthenticationRefused { account: account.clone(), source, reason });
        let delay = self.guard.failed(self.station.now, account, source.ip());
        if self.guard.held.len() >= HELD_MAX {
            return self.refuse_request(request, server, 403, &[]);
        }
        let user_agent = request.message.first(&HeaderName::UserAgent).map(|value| &value[..]).unwrap_or_default();
        let tag = self.station.token();
        let mut writer = ReplyHead::new(request.message, &request.flow).response(401, "Unauthorized", Some(&tag));
        for (name, value) in self.guard.challenges(&self.station, user_agent, false) {
            writer = writer.header(name, value);
        }
        self.guard.held.insert(server, writer.finish(None));
        self.station.after(delay, Due::Refusal(server));
    }

    /// A refusal has waited long enough.
    pub(crate) fn release_refusal(&mut self, server: ServerId) {
        if let Some(response) = self.guard.held.remove(&server) {
            self.servers.reply(&mut self.station, server, 401, response);
        }
    }
}
