//! What is wrong with a document at a site, found before a caller finds it.

use crate::{Code, DOCUMENT_VERSION, Flow, MenuNode, Node, Position, Problem, Say, TransferTarget, keys::is_key};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use vocab::{ExtensionId, NodeName, QueueId};

/// Design.md section 7: flows of 5,000 nodes.
const NODES_MAX: usize = 5_000;
/// A text of one field; the longest announcement anybody reads out is far shorter.
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// A name must fit a screen's column and a record's field.
const NAME_CHARACTERS_MAX: usize = 64;
/// Prompts said by one node.
const SAYS_MAX: usize = 100;
/// Below this nobody can press a key.
const MENU_TIMEOUT_MS: (u64, u64) = (500, 120_000);
/// A caller who failed ten times needs a person.
const MENU_RETRIES: (u64, u64) = (0, 10);
/// From one second to four hours.
const MAX_WAIT_MS: (u64, u64) = (1_000, 14_400_000);
/// More often, the announcement would be all there is to hear.
const POSITION_EVERY_MS: (u64, u64) = (5_000, 3_600_000);
/// From one second to an hour.
const MESSAGE_MS: (u64, u64) = (1_000, 3_600_000);
/// Shorter, a phone does not even ring; SIP gives up after 3 minutes (RFC 3261 section 16.6, timer C).
const RING_MS: (u64, u64) = (1_000, 180_000);
/// A minute without a sound is a dead line to a caller.
const SILENCE_MS: (u64, u64) = (0, 60_000);

/// What a document may speak of: the site's own names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// Its queues.
    pub queues: BTreeSet<QueueId>,
    /// Its prompts, in the language of the document.
    pub prompts: BTreeSet<Arc<str>>,
    /// Its music.
    pub music: BTreeSet<Arc<str>>,
    /// Its extensions.
    pub extensions: BTreeSet<ExtensionId>,
}

/// Everything wrong with a document at this site; it may be used when no problem is an error. In the order of the
/// nodes' names, the document's own problems first.
pub fn check(flow: &Flow, site: &Site) -> Vec<Problem> {
    let mut check = Check { flow, site, node: None, problems: Vec::new() };
    check.document();
    for (name, node) in &flow.nodes {
        check.node = Some(name);
        check.name("", name.as_str());
        check.fields(node);
        check.links(node);
    }
    check.ways();
    let mut problems = check.problems;
    problems.sort_by(|one, other| one.node.cmp(&other.node));
    problems
}

struct Check<'a> {
    flow: &'a Flow,
    site: &'a Site,
    /// The node under check.
    node: Option<&'a NodeName>,
    problems: Vec<Problem>,
}

impl<'a> Check<'a> {
    fn found(&mut self, field: impl Into<String>, code: Code, params: &[(&str, String)]) {
        self.problems.push(Problem::new(self.node.cloned(), field, code, params));
    }

    fn document(&mut self) {
        let flow = self.flow;
        if flow.version != DOCUMENT_VERSION {
            let params = [("version", flow.version.to_string()), ("known", DOCUMENT_VERSION.to_string())];
            self.found("version", Code::VersionUnknown, &params);
        }
        self.name("flow", flow.flow.as_str());
        self.name("language", &flow.language);
        if flow.nodes.len() > NODES_MAX {
            let params = [("count", flow.nodes.len().to_string()), ("max", NODES_MAX.to_string())];
            self.found("nodes", Code::TooManyNodes, &params);
        }
        if !flow.nodes.contains_key(&flow.start) {
            self.found("start", Code::StartUnknown, &[("target", flow.start.to_string())]);
        }
    }

    fn name(&mut self, field: &str, name: &str) {
        let length = name.chars().count();
        if length == 0 || length > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS_MAX).collect();
            self.found(field, Code::NameBad, &[("name", shown), ("max", NAME_CHARACTERS_MAX.to_string())]);
        }
    }

    fn fields(&mut self, node: &Node) {
        match node {
            Node::Answer(_) | Node::Hangup(_) => {}
            Node::Play(node) => {
                self.says("says", &node.says);
                if is_silent(&node.says) {
                    self.found("says", Code::NothingSaid, &[]);
                }
            }
            Node::Menu(node) => self.menu(node),
            Node::Queue(node) => {
                self.queue("queue", &node.queue);
                self.says("says", &node.says);
                if let Some(music) = &node.music {
                    self.music("music", music);
                }
                if let Some(position) = &node.position {
                    self.position(position);
                }
                self.keys("exit_keys", &node.exit_keys);
                self.range("max_wait_ms", node.max_wait_ms, MAX_WAIT_MS);
                if !node.exit_keys.is_empty() && !node.links.contains_key("key") {
                    self.found("links.key", Code::LinkMissing, &[("outcome", "key".to_owned())]);
                }
            }
            Node::Message(node) => {
                self.says("says", &node.says);
                self.keys("stop_keys", &node.stop_keys);
                self.range("ms_max", node.ms_max, MESSAGE_MS);
                self.range("ms_min", node.ms_min, (0, u64::from(node.ms_max)));
            }
            Node::Transfer(node) => {
                match &node.target {
                    TransferTarget::Queue { queue } => self.queue("target.queue", queue),
                    TransferTarget::Extension { number } => {
                        if !self.site.extensions.contains(&ExtensionId::new(Arc::clone(number))) {
                            self.text("target.number", number);
                            self.found("target.number", Code::ExtensionUnknown, &[("name", brief(number))]);
                        }
                    }
                }
                self.says("says", &node.says);
                self.range("ring_ms", node.ring_ms, RING_MS);
            }
        }
    }

    fn menu(&mut self, node: &MenuNode) {
        self.says("says", &node.says);
        self.says("invalid_key", &node.invalid_key);
        self.says("no_key", &node.no_key);
        self.range("timeout_ms", node.timeout_ms, MENU_TIMEOUT_MS);
        self.range("retries", node.retries, MENU_RETRIES);
        if !node.links.keys().any(|outcome| is_key_name(outcome)) {
            self.found("links", Code::NoKeys, &[]);
        }
    }

    fn position(&mut self, position: &Position) {
        self.range("position.every_ms", position.every_ms, POSITION_EVERY_MS);
        self.says("position.before", &position.before);
        self.says("position.after", &position.after);
    }

    fn links(&mut self, node: &Node) {
        for outcome in node.outcomes_required() {
            if !node.links().contains_key(*outcome) {
                self.found(format!("links.{outcome}"), Code::LinkMissing, &[("outcome", (*outcome).to_owned())]);
            }
        }
        for (outcome, target) in node.links() {
            let field = format!("links.{}", brief(outcome));
            let named = [node.outcomes_required(), node.outcomes_optional()].concat();
            let menu = matches!(node, Node::Menu(_));
            if menu && outcome.chars().count() == 1 && !is_key_name(outcome) {
                self.found(&field, Code::KeyInvalid, &[("key", outcome.clone())]);
            } else if !(named.contains(&outcome.as_str()) || menu && is_key_name(outcome)) {
                self.found(&field, Code::OutcomeUnknown, &[("outcome", brief(outcome))]);
            }
            if !self.flow.nodes.contains_key(target) {
                self.found(field, Code::LinkUnknown, &[("target", brief(target.as_str()))]);
            }
        }
    }

    fn says(&mut self, field: &str, says: &[Say]) {
        if says.len() > SAYS_MAX {
            let value = says.len().to_string();
            let params = [("value", value), ("min", "0".to_owned()), ("max", SAYS_MAX.to_string())];
            return self.found(field, Code::OutOfRange, &params);
        }
        for (index, say) in says.iter().enumerate() {
            let at = |part: &str| format!("{field}[{index}].{part}");
            match say {
                Say::Prompt { name } => {
                    if !self.site.prompts.contains(name) {
                        self.text(&at("name"), name);
                        self.found(at("name"), Code::PromptUnknown, &[("name", brief(name))]);
                    }
                }
                Say::Digits { digits } => {
                    self.text(&at("digits"), digits);
                    if digits.is_empty() || !digits.chars().all(is_key) {
                        self.found(at("digits"), Code::DigitsInvalid, &[("digits", brief(digits))]);
                    }
                }
                Say::Music { .. } => self.found(at("name"), Code::MusicNeverEnds, &[]),
                Say::Silence { ms } => self.range(&at("ms"), *ms, SILENCE_MS),
                Say::Number { .. } | Say::Beep => {}
            }
        }
    }

    fn text(&mut self, field: &str, text: &str) {
        if text.len() > TEXT_BYTES_MAX {
            let params = [("bytes", text.len().to_string()), ("max", TEXT_BYTES_MAX.to_string())];
            self.found(field, Code::TextTooLong, &params);
        }
    }

    fn keys(&mut self, field: &str, keys: &str) {
        self.text(field, keys);
        if let Some(key) = keys.chars().find(|key| !is_key(*key)) {
            self.found(field, Code::KeyInvalid, &[("key", key.to_string())]);
        }
    }

    fn queue(&mut self, field: &str, queue: &QueueId) {
        if !self.site.queues.contains(queue) {
            self.text(field, queue.as_str());
            self.found(field, Code::QueueUnknown, &[("name", brief(queue.as_str()))]);
        }
    }

    fn music(&mut self, field: &str, music: &Arc<str>) {
        if !self.site.music.contains(music) {
            self.text(field, music);
            self.found(field, Code::MusicUnknown, &[("name", brief(music))]);
        }
    }

    fn range(&mut self, field: &str, value: u32, (min, max): (u64, u64)) {
        if !(min..=max).contains(&u64::from(value)) {
            let params = [("value", value.to_string()), ("min", min.to_string()), ("max", max.to_string())];
            self.found(field, Code::OutOfRange, &params);
        }
    }

    /// Which nodes are reached at all, which before the answer, and which rings never wait.
    fn ways(&mut self) {
        let reached = self.reached(|_| false);
        let unanswered = self.reached(|node| matches!(node, Node::Answer(_)));
        for (name, node) in &self.flow.nodes {
            self.node = Some(name);
            if !reached.contains(name) {
                self.found("", Code::Unreachable, &[]);
            }
            if unanswered.contains(name) && needs_answer(node) {
                self.found("", Code::BeforeAnswer, &[]);
            }
        }
        for ring in self.rings() {
            self.node = ring.first().copied();
            let names: Vec<&str> = ring.iter().chain(ring.first()).map(|name| name.as_str()).collect();
            self.found("links", Code::RingWithoutWait, &[("ring", names.join(" → "))]);
        }
    }

    /// The nodes reached from the start without going on beyond these.
    fn reached(&self, stop: impl Fn(&Node) -> bool) -> BTreeSet<&'a NodeName> {
        let mut reached = BTreeSet::new();
        let mut next = vec![&self.flow.start];
        while let Some(name) = next.pop() {
            let Some(node) = self.flow.nodes.get(name) else { continue };
            if reached.insert(name) && !stop(node) {
                next.extend(node.links().values());
            }
        }
        reached
    }

    /// Rings of outcomes that can all come at once: one for each node a walk comes back to.
    fn rings(&self) -> Vec<Vec<&'a NodeName>> {
        let mut done: BTreeSet<&NodeName> = BTreeSet::new();
        let mut rings = Vec::new();
        for start in self.flow.nodes.keys() {
            // The walk so far: each node with the instant links not yet followed.
            let mut walk: Vec<(&'a NodeName, Vec<&'a NodeName>)> = Vec::new();
            let mut places: BTreeMap<&NodeName, usize> = BTreeMap::new();
            let mut enter = Some(start);
            loop {
                if let Some(name) = enter.take() {
                    if let Some(place) = places.get(name) {
                        rings.push(walk[*place..].iter().map(|(name, _)| *name).collect());
                    } else if !done.contains(name) {
                        places.insert(name, walk.len());
                        walk.push((name, self.instant_links(name)));
                    }
                }
                let Some((name, links)) = walk.last_mut() else { break };
                let name = *name;
                enter = links.pop();
                if enter.is_none() {
                    walk.pop();
                    places.remove(name);
                    done.insert(name);
                }
            }
        }
        rings
    }

    /// Where a node may lead without any time passing.
    fn instant_links(&self, name: &NodeName) -> Vec<&'a NodeName> {
        let Some(node) = self.flow.nodes.get(name) else { return Vec::new() };
        let instant: &[&str] = match node {
            Node::Answer(_) => &["done"],
            Node::Play(node) if is_silent(&node.says) => &["done"],
            Node::Queue(_) => &["refused"],
            Node::Transfer(node) if is_silent(&node.says) => &["busy", "failed"],
            Node::Play(_) | Node::Menu(_) | Node::Message(_) | Node::Transfer(_) | Node::Hangup(_) => &[],
        };
        instant.iter().filter_map(|outcome| node.links().get(*outcome)).collect()
    }
}

/// Whether this takes no time to say.
fn is_silent(says: &[Say]) -> bool {
    says.iter().all(|say| matches!(say, Say::Silence { ms: 0 }))
}

/// Whether the caller must hear it, or be heard.
fn needs_answer(node: &Node) -> bool {
    match node {
        Node::Play(_) | Node::Menu(_) | Node::Queue(_) | Node::Message(_) => true,
        Node::Answer(_) | Node::Transfer(_) | Node::Hangup(_) => false,
    }
}

fn is_key_name(outcome: &str) -> bool {
    let mut characters = outcome.chars();
    characters.next().is_some_and(is_key) && characters.next().is_none()
}

/// As much of a text as a message should show.
fn brief(text: &str) -> String {
    text.chars().take(NAME_CHARACTERS_MAX).collect()
}
