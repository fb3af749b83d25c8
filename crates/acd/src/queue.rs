//! One queue: its line of waiting calls and its free agents, both kept in the order in which they are taken.
//! It decides nothing.

use crate::{QueueRules, moment::Moment};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};
use vocab::{AgentId, CallId, OfferId, PassedOver, QueueId, Timestamp};

/// The place of a call in line, comparable across queues: first the higher priority, then who came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlaceKey {
    pub(crate) priority: Reverse<i32>,
    pub(crate) enqueued: Timestamp,
    pub(crate) call: CallId,
}

/// A call in line, with the queue it is in line for.
pub(crate) struct WaitingCall {
    pub(crate) queue: QueueId,
    pub(crate) key: PlaceKey,
    /// When its waiting began, by this process's clock.
    pub(crate) arrived: Moment,
    /// Who declined it or let it ring.
    pub(crate) tried: BTreeSet<AgentId>,
    /// The offer under way; while there is one the call keeps its place but is not offered to others.
    pub(crate) offer: Option<OfferId>,
}

pub(crate) struct Queue {
    pub(crate) rules: QueueRules,
    /// All calls in line with the place last told for each.
    pub(crate) line: BTreeMap<PlaceKey, Option<u32>>,
    /// Those of the line for which no offer is under way.
    pub(crate) open: BTreeSet<PlaceKey>,
    /// Agents who may be offered a call now, the longest idle first.
    pub(crate) free: BTreeSet<(Moment, AgentId)>,
    /// Agents at work in this queue, and why each may not be offered a call; none for a free one. Kept here, so that the
    /// reason of a choice costs a walk along them and not a search for each.
    pub(crate) staff: BTreeMap<AgentId, Option<PassedOver>>,
    /// Changes of place are told again from this moment on.
    pub(crate) places_from: Option<Moment>,
}

impl Queue {
    pub(crate) fn new(rules: QueueRules) -> Queue {
        Queue {
            rules,
            line: BTreeMap::new(),
            open: BTreeSet::new(),
            free: BTreeSet::new(),
            staff: BTreeMap::new(),
            places_from: None,
        }
    }

    /// The place of a call in line, 1 is first.
    pub(crate) fn place(&self, key: PlaceKey) -> u32 {
        let ahead = self.line.range(..key).count();
        u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1)
    }
}
