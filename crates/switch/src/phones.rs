//! Which extensions have a phone, and which are busy with calls the dispatcher did not arrange.

use std::collections::BTreeMap;
use vocab::ExtensionId;

#[derive(Default)]
struct Phone {
    /// Contacts registered, and whether each takes NOTIFY `Event: talk`.
    contacts: BTreeMap<String, bool>,
    /// Legs of calls that no offer made.
    own_legs: u32,
}

/// All extensions that were heard of.
#[derive(Default)]
pub(crate) struct Phones {
    phones: BTreeMap<ExtensionId, Phone>,
    /// Those with a contact; counted along, since it is asked for after every input.
    registered: usize,
}

impl Phones {
    /// Returns true when the extension could not be reached before.
    pub(crate) fn register(&mut self, extension: &ExtensionId, contact: &str, takes_talk: bool) -> bool {
        let phone = self.phones.entry(extension.clone()).or_default();
        let first = phone.contacts.is_empty();
        phone.contacts.insert(contact.to_owned(), takes_talk);
        self.registered += usize::from(first);
        first
    }

    /// Returns true when the extension cannot be reached any more.
    pub(crate) fn unregister(&mut self, extension: &ExtensionId, contact: &str) -> bool {
        let Some(phone) = self.phones.get_mut(extension) else { return false };
        let last = phone.contacts.remove(contact).is_some() && phone.contacts.is_empty();
        self.registered -= usize::from(last);
        last
    }

    pub(crate) fn is_registered(&self, extension: &ExtensionId) -> bool {
        self.phones.get(extension).is_some_and(|p| !p.contacts.is_empty())
    }

    /// All its contacts take NOTIFY `Event: talk`.
    pub(crate) fn takes_talk(&self, extension: &ExtensionId) -> bool {
        self.phones.get(extension).is_some_and(|p| !p.contacts.is_empty() && p.contacts.values().all(|t| *t))
    }

    /// Returns true when the extension was free before.
    pub(crate) fn begin_own_call(&mut self, extension: &ExtensionId) -> bool {
        let phone = self.phones.entry(extension.clone()).or_default();
        phone.own_legs += 1;
        phone.own_legs == 1
    }

    /// Returns true when the extension is free again.
    pub(crate) fn end_own_call(&mut self, extension: &ExtensionId) -> bool {
        let Some(phone) = self.phones.get_mut(extension) else { return false };
        phone.own_legs = phone.own_legs.saturating_sub(1);
        phone.own_legs == 0
    }

    pub(crate) fn registered(&self) -> usize {
        self.registered
    }

    /// Extensions without a phone, of those given.
    pub(crate) fn unreachable<'a>(&self, of: impl Iterator<Item = &'a ExtensionId>) -> Vec<ExtensionId> {
        of.filter(|e| !self.is_registered(e)).cloned().collect()
    }

    /// Extensions in calls of their own.
    pub(crate) fn busy(&self) -> Vec<ExtensionId> {
        self.phones.iter().filter(|(_, p)| p.own_legs > 0).map(|(e, _)| e.clone()).collect()
    }
}
