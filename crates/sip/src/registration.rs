//! The client side of registration and digest, for a phone or an upstream registrar. Owns plain passwords while they are
//! needed; it must never show one, nor answer a challenge for anybody but the account itself.

use crate::{
    ClientCredentials, Event, Flow, Registration,
    digest::Challenge,
    endpoint::Endpoint,
    message::{HeaderName, Message, Method, NameAddress, escaped_user, parameter},
    station::{Due, Station, connected, contact},
    timer::TimerKey,
    transaction::{ClientKey, ClientUser, Ending},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Challenges answered per REGISTER: the first, and one more for a nonce that grew stale.
const ATTEMPTS_MAX: u8 = 2;
/// A registrar that did not answer or was overloaded is asked again after this long.
const RETRY: Duration = Duration::from_secs(30);

/// Passwords of accounts, for challenges.
#[derive(Default)]
pub(crate) struct Secrets {
    passwords: BTreeMap<Arc<str>, Arc<str>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("accounts", &self.passwords.len()).finish()
    }
}

/// A challenge to answer, and what it asks about.
pub(crate) struct Asked<'a> {
    pub(crate) status: u16,
    pub(crate) message: &'a Message,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a str,
    /// The first challenge of this request; a later one is answered only if the nonce was stale.
    pub(crate) first: bool,
}

impl Secrets {
    pub(crate) fn put(&mut self, credentials: ClientCredentials) {
        self.passwords.insert(credentials.name, credentials.password);
    }

    /// Header name and value that answer the first challenge we can (RFC 8760 section 2.4), with this account's password.
    pub(crate) fn answer(
        &self,
        station: &mut Station,
        account: &str,
        asked: &Asked<'_>,
    ) -> Option<(&'static str, String)> {
        let (asks, name) = match asked.status {
            401 => (HeaderName::WwwAuthenticate, "Authorization"),
            _ => (HeaderName::ProxyAuthenticate, "Proxy-Authorization"),
        };
        let password = self.passwords.get(account)?;
        let challenge = asked.message.all(&asks).find_map(|value| Challenge::parse(value))?;
        if !asked.first && !challenge.stale {
            return None;
        }
        let cnonce = station.token();
        Some((name, challenge.answer(account, password, asked.method.name(), asked.uri, &cnonce)))
    }
}

#[derive(Debug)]
struct Upstream {
    registration: Registration,
    call_id: Arc<str>,
    tag: Arc<str>,
    cseq: u32,
    attempts: u8,
    refresh: Option<TimerKey>,
}

/// Registrations of ours with other registrars.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    by_account: BTreeMap<Arc<str>, Upstream>,
}

impl Registrations {
    /// Something came down the stream that a REGISTER opened.
    pub(crate) fn connected(&mut self, account: &str, flow: &Flow) {
        if let Some(upstream) = self.by_account.get_mut(account) {
            connected(&mut upstream.registration.flow, flow);
        }
    }

    /// A stream that is gone is opened again by the next REGISTER, which is due at once.
    pub(crate) fn flow_closed(&mut self, station: &mut Station, flow: &Flow) {
        for (account, upstream) in
            self.by_account.iter_mut().filter(|(_, upstream)| upstream.registration.flow == *flow)
        {
            upstream.registration.flow.connection = 0;
            station.timers.stop(&mut upstream.refresh);
            upstream.refresh = Some(station.after(Duration::ZERO, Due::Register(account.clone())));
        }
    }
}

impl Endpoint {
    /// [`crate::Command::Register`].
    pub(crate) fn register(&mut self, registration: Registration) {
        let account = registration.account.clone();
        match self.registrations.by_account.get_mut(&account) {
            Some(upstream) => {
                upstream.registration = registration;
                self.station.timers.stop(&mut upstream.refresh);
            }
            None => {
                let (call_id, tag) = (self.station.token(), self.station.token());
                let upstream = Upstream { registration, call_id, tag, cseq: 0, attempts: 0, refresh: None };
                self.registrations.by_account.insert(account.clone(), upstream);
            }
        }
        self.register_again(&account);
    }

    /// A registration is due for its refresh.
    pub(crate) fn register_again(&mut self, account: &Arc<str>) {
        if let Some(upstream) = self.registrations.by_account.get_mut(account) {
            upstream.refresh = None;
            upstream.attempts = 0;
            self.send_register(account, None);
        }
    }

    fn send_register(&mut self, account: &Arc<str>, authorization: Option<(&'static str, String)>) {
        let Some(upstream) = self.registrations.by_account.get_mut(account) else { return };
        upstream.cseq += 1;
        let registration = &upstream.registration;
        let flow = registration.flow;
        let address = format!("<sip:{}@{}>", escaped_user(account), registration.domain);
        let uri = format!("sip:{}", registration.domain);
        let (branch, writer) = self.station.request(&Method::Register, &uri, &flow);
        let mut writer = writer
            .header("Max-Forwards", "70")
            .header("From", format!("{address};tag={}", upstream.tag))
            .header("To", &address)
            .header("Call-ID", upstream.call_id.as_bytes())
            .put("CSeq", format_args!("{} REGISTER", upstream.cseq))
            .header("Contact", contact(account, &flow))
            .put("Expires", format_args!("{}", registration.expires_s));
        if let Some((name, value)) = authorization {
            writer = writer.header(name, value);
        }
        let key = ClientKey { branch, cancel: false };
        let user = ClientUser::Register(account.clone());
        self.clients.begin(&mut self.station, key, false, user, flow, writer.finish(None));
    }

    /// The final response to a REGISTER of ours.
    pub(crate) fn register_response(&mut self, account: &Arc<str>, status: u16, message: &Message) {
        let Some(upstream) = self.registrations.by_account.get_mut(account) else { return };
        match status {
            200..300 if upstream.registration.expires_s == 0 => {
                self.registrations.by_account.remove(account);
                self.station.say(Event::RegistrationGranted { account: account.clone(), expires: self.station.now });
            }
            200..300 => {
                let lifetime = Duration::from_secs(u64::from(granted_s(message, &upstream.registration)));
                let refresh = Due::Register(account.clone());
                upstream.refresh = Some(self.station.after(lifetime / 2, refresh));
                let expires = self.station.now + lifetime;
                self.station.say(Event::RegistrationGranted { account: account.clone(), expires });
            }
            401 | 407 if upstream.attempts < ATTEMPTS_MAX => {
                let uri = format!("sip:{}", upstream.registration.domain);
                let first = upstream.attempts == 0;
                upstream.attempts += 1;
                let asked = Asked { status, message, method: &Method::Register, uri: &uri, first };
                match self.secrets.answer(&mut self.station, account, &asked) {
                    Some(answer) => self.send_register(account, Some(answer)),
                    None => self.registration_refused(account, status),
                }
            }
            423 if message
                .number(&HeaderName::MinExpires)
                .is_some_and(|least| least > upstream.registration.expires_s) =>
            {
                upstream.registration.expires_s = message.number(&HeaderName::MinExpires).unwrap_or_default();
                self.register_again(account);
            }
            _ => self.registration_refused(account, status),
        }
    }

    fn registration_refused(&mut self, account: &Arc<str>, status: u16) {
        let Some(upstream) = self.registrations.by_account.get_mut(account) else { return };
        if upstream.registration.expires_s != 0 && matches!(status, 408 | 500..600) {
            upstream.refresh = Some(self.station.after(RETRY, Due::Register(account.clone())));
        } else {
            self.registrations.by_account.remove(account);
        }
        self.station.say(Event::RegistrationRefused { account: account.clone(), status });
    }

    /// A REGISTER of ours had no answer.
    pub(crate) fn register_over(&mut self, account: &Arc<str>, ending: Ending) {
        match ending {
            Ending::Timeout => self.registration_refused(account, 408),
            Ending::FlowClosed | Ending::Forgotten => {}
        }
    }
}

/// The lifetime granted to our Contact; at least a second, so that a registrar's nonsense cannot make us spin.
fn granted_s(message: &Message, registration: &Registration) -> u32 {
    let ours = contact(&registration.account, &registration.flow);
    let ours = ours.trim_matches(['<', '>']);
    let contacts = message.elements(&HeaderName::Contact).filter_map(NameAddress::parse);
    let own = contacts
        .filter(|contact| contact.uri == ours.as_bytes())
        .find_map(|contact| std::str::from_utf8(parameter(contact.parameters, "expires")?).ok()?.parse().ok());
    own.or_else(|| message.number(&HeaderName::Expires)).unwrap_or(registration.expires_s).max(1)
}
