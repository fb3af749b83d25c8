//! The registrar (RFC 3261 section 10.3): which phone is reached where. Owns the bindings, each with the flow it came by,
//! so that a call goes back down the same NAT hole or connection. Must never know whether a phone's user is an agent.

use crate::{
    Binding, Event, Flow,
    endpoint::{Endpoint, Request},
    guard::Verdict,
    message::{HeaderName, NameAddress, Uri, parameter, text},
    station::{Due, Station},
    timer::TimerKey,
    transaction::ServerId,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

#[derive(Debug)]
struct Entry {
    binding: Binding,
    serial: u64,
    expires_at: Duration,
    timer: Option<TimerKey>,
}

/// All bindings.
#[derive(Debug, Default)]
pub(crate) struct Registrar {
    /// Per account, the one that registered last at the end.
    bindings: BTreeMap<Arc<str>, Vec<Entry>>,
    serial: u64,
}

/// One Contact of a REGISTER with what it asks for.
struct Asked {
    contact: Arc<str>,
    expires_s: u32,
}

impl Registrar {
    pub(crate) fn len(&self) -> usize {
        self.bindings.values().map(Vec::len).sum()
    }

    /// Contact URI and flow of the phone that registered last.
    pub(crate) fn newest(&self, account: &str) -> Option<(Arc<str>, Flow)> {
        let entry = self.bindings.get(account)?.last()?;
        Some((entry.binding.contact.clone(), entry.binding.flow))
    }

    /// Puts a binding in place of the one for the same Contact; true if there was none.
    pub(crate) fn put(&mut self, station: &mut Station, binding: Binding) -> bool {
        let fresh = self.take(station, &binding.account, &binding.contact).is_none();
        self.serial += 1;
        let lifetime = Duration::from_secs(u64::from(binding.expires_in_s));
        let due = Due::BindingExpired { account: binding.account.clone(), serial: self.serial };
        let entry = Entry {
            serial: self.serial,
            expires_at: station.now + lifetime,
            timer: Some(station.after(lifetime, due)),
            binding,
        };
        let max = station.config.limits.bindings_per_account_max;
        let entries = self.bindings.entry(entry.binding.account.clone()).or_default();
        entries.push(entry);
        if entries.len() > max {
            let oldest = entries.remove(0);
            Self::left(station, oldest, false);
        }
        fresh
    }

    /// Takes out the binding for this Contact.
    fn take(&mut self, station: &mut Station, account: &str, contact: &str) -> Option<Entry> {
        let entries = self.bindings.get_mut(account)?;
        let at = entries.iter().position(|entry| same_contact(&entry.binding.contact, contact))?;
        let mut entry = entries.remove(at);
        station.timers.stop(&mut entry.timer);
        if entries.is_empty() {
            self.bindings.remove(account);
        }
        Some(entry)
    }

    fn left(station: &mut Station, mut entry: Entry, expired: bool) {
        station.timers.stop(&mut entry.timer);
        station.say(Event::Unregistered { account: entry.binding.account, contact: entry.binding.contact, expired });
    }

    /// Its time ran out without a refresh.
    pub(crate) fn expired(&mut self, station: &mut Station, account: &str, serial: u64) {
        self.remove(station, |entry| &*entry.binding.account == account && entry.serial == serial);
    }

    /// A phone on a connection that is gone cannot be called; it registers again as soon as it notices (RFC 5626).
    pub(crate) fn flow_closed(&mut self, station: &mut Station, flow: &Flow) {
        self.remove(station, |entry| entry.binding.flow == *flow);
    }

    /// Accounts that are gone lose their bindings.
    pub(crate) fn keep_accounts(&mut self, station: &mut Station, known: impl Fn(&str) -> bool) {
        self.remove(station, |entry| !known(&entry.binding.account));
    }

    fn remove(&mut self, station: &mut Station, leaves: impl Fn(&Entry) -> bool) {
        for entries in self.bindings.values_mut() {
            while let Some(at) = entries.iter().position(&leaves) {
                Self::left(station, entries.remove(at), true);
            }
        }
        self.bindings.retain(|_, entries| !entries.is_empty());
    }

    /// Whether a REGISTER comes after those already heeded (RFC 3261 section 10.3 step 7).
    fn is_in_order(&self, account: &str, call_id: &str, cseq: u32) -> bool {
        let known = self.bindings.get(account).into_iter().flatten();
        known.map(|entry| &entry.binding).all(|binding| &*binding.call_id != call_id || binding.cseq < cseq)
    }

    /// Contact headers of all bindings of an account.
    fn contacts(&self, account: &str, now: Duration) -> Vec<(&'static str, String)> {
        let known = self.bindings.get(account).into_iter().flatten();
        let value = |entry: &Entry| {
            let left_s = entry.expires_at.saturating_sub(now).as_secs();
            format!("<{}>;expires={left_s}", entry.binding.contact)
        };
        known.map(|entry| ("Contact", value(entry))).collect()
    }
}

fn same_contact(one: &str, other: &str) -> bool {
    let (left, right) = (Uri::parse(one.as_bytes()), Uri::parse(other.as_bytes()));
    one == other || matches!((left, right), (Some(left), Some(right)) if left.same_place(&right))
}

/// A number of seconds; one too large to be held is as large as can be (RFC 3261 section 20.19), nonsense is none.
fn seconds(value: &[u8]) -> Option<u32> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()).unwrap_or(u32::MAX))
}

impl Endpoint {
    /// A REGISTER.
    pub(crate) fn register_came(&mut self, request: &Request<'_>, server: ServerId) {
        let message = request.message;
        let address_of_record = message.to().and_then(|to| Uri::parse(to.uri)).filter(Uri::is_sip);
        let Some(address_of_record) = address_of_record else { return self.refuse_request(request, server, 400, &[]) };
        let account = match self.guard.verdict(&self.station, request) {
            Verdict::Proven(account) => account,
            Verdict::Missing => return self.challenge_request(request, server, false),
            Verdict::Stale => return self.challenge_request(request, server, true),
            Verdict::Wrong { account, reason } => return self.refuse_credentials(request, server, account, reason),
        };
        self.credentials_were_right(&account, request);
        // Registering for somebody else is nobody's right here.
        if *address_of_record.user_text() != *account {
            return self.refuse_request(request, server, 403, &[]);
        }
        let call_id = message.first(&HeaderName::CallId).map_or("".into(), |value| text(value));
        if !self.registrar.is_in_order(&account, &call_id, request.cseq) {
            return self.refuse_request(request, server, 500, &[]);
        }
        let asked = match self.asked(request) {
            Ok(asked) => asked,
            Err(423) => {
                let shortest = self.station.config.expires_s_min.to_string();
                return self.refuse_request(request, server, 423, &[("Min-Expires", shortest)]);
            }
            Err(status) => return self.refuse_request(request, server, status, &[]),
        };
        match asked {
            None => self.registrar.remove(&mut self.station, |entry| entry.binding.account == account),
            Some(asked) => asked.into_iter().for_each(|asked| self.bind(request, &account, &call_id, asked)),
        }
        let contacts = self.registrar.contacts(&account, self.station.now);
        self.answer_request(request, server, 200, None, &contacts);
    }

    fn bind(&mut self, request: &Request<'_>, account: &Arc<str>, call_id: &Arc<str>, asked: Asked) {
        if asked.expires_s == 0 {
            if let Some(entry) = self.registrar.take(&mut self.station, account, &asked.contact) {
                Registrar::left(&mut self.station, entry, false);
            }
            return;
        }
        let message = request.message;
        let binding = Binding {
            account: account.clone(),
            contact: asked.contact,
            flow: request.flow,
            call_id: call_id.clone(),
            cseq: request.cseq,
            expires_in_s: asked.expires_s,
            user_agent: message.first(&HeaderName::UserAgent).map_or("".into(), |value| text(value)),
            takes_talk_event: message
                .elements(&HeaderName::AllowEvents)
                .any(|event| event.eq_ignore_ascii_case(b"talk")),
        };
        let fresh = self.registrar.put(&mut self.station, binding.clone());
        self.station.say(Event::Registered { binding, fresh });
    }

    /// The Contacts asked for, with their lifetimes; none for `*`, all of them to go. The error is a status.
    fn asked(&self, request: &Request<'_>) -> Result<Option<Vec<Asked>>, u16> {
        let message = request.message;
        let config = &self.station.config;
        let common =
            message.first(&HeaderName::Expires).map(|value| seconds(value).unwrap_or(config.expires_s_default));
        let contacts: Vec<_> = message.elements(&HeaderName::Contact).collect();
        if contacts.contains(&&b"*"[..]) {
            return if contacts.len() == 1 && common == Some(0) { Ok(None) } else { Err(400) };
        }
        let asked = contacts.into_iter().map(|contact| {
            let contact = NameAddress::parse(contact).ok_or(400_u16)?;
            Uri::parse(contact.uri).filter(Uri::is_sip).ok_or(400_u16)?;
            let own = parameter(contact.parameters, "expires").and_then(seconds);
            match own.or(common).unwrap_or(config.expires_s_default) {
                brief if brief != 0 && brief < config.expires_s_min => Err(423),
                expires_s => Ok(Asked { contact: text(contact.uri), expires_s: expires_s.min(config.expires_s_max) }),
            }
        });
        asked.collect::<Result<_, _>>().map(Some)
    }
}
