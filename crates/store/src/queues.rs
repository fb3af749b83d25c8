//! Queues with the rules by which they hand out calls.

use crate::{
    StoreError,
    db::Row,
    table::{self, Noun},
};
use acd::{QueueRules, Strategy};
use sea_query::Value;
use serde::{Deserialize, Serialize};
use vocab::{PhoneNumber, QueueId};

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Its name, as flows say it.
    pub queue: QueueId,
    /// The number that dials it from inside.
    pub number: PhoneNumber,
    /// Shown on Chinese screens.
    pub name_zh: String,
    /// Shown on English screens.
    pub name_en: String,
    /// Who takes the next call.
    pub strategy: Strategy,
    /// How long one agent's phone rings, milliseconds.
    pub ring_ms: u64,
    /// Wrap-up after each conversation, milliseconds.
    pub wrap_up_ms: u64,
    /// More waiting calls than this are refused.
    pub waiting_max: u32,
    /// An agent who lets a call ring becomes not ready.
    pub no_answer_leaves: bool,
    /// The prompt that waiting callers hear, by name.
    pub music: String,
}

impl Queue {
    /// The part the dispatcher reads.
    pub fn rules(&self) -> QueueRules {
        QueueRules {
            queue: self.queue.clone(),
            strategy: self.strategy,
            ring_ms: self.ring_ms,
            wrap_up_ms: self.wrap_up_ms,
            waiting_max: self.waiting_max,
            no_answer_leaves: self.no_answer_leaves,
        }
    }
}

impl Noun for Queue {
    const TABLE: &'static str = "queues";
    const COLUMNS: &'static [&'static str] = &[
        "queue",
        "number",
        "name_zh",
        "name_en",
        "strategy",
        "ring_ms",
        "wrap_up_ms",
        "waiting_max",
        "no_answer_leaves",
        "music",
    ];
    const SEARCHED: &'static [&'static str] = &["queue", "number", "name_zh", "name_en"];

    fn key(&self) -> &str {
        self.queue.as_str()
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.queue.as_str().into(),
            self.number.as_str().into(),
            self.name_zh.as_str().into(),
            self.name_en.as_str().into(),
            table::word(&self.strategy).into(),
            table::signed(self.ring_ms).into(),
            table::signed(self.wrap_up_ms).into(),
            i64::from(self.waiting_max).into(),
            i64::from(self.no_answer_leaves).into(),
            self.music.as_str().into(),
        ]
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let queue = row.text("queue")?;
        Ok(Queue {
            number: PhoneNumber::new(row.text("number")?),
            name_zh: row.text("name_zh")?,
            name_en: row.text("name_en")?,
            strategy: table::read_word::<Self, _>(&queue, row.text("strategy")?)?,
            ring_ms: row.integer("ring_ms")?.unsigned_abs(),
            wrap_up_ms: row.integer("wrap_up_ms")?.unsigned_abs(),
            waiting_max: u32::try_from(row.integer("waiting_max")?).unwrap_or(0),
            no_answer_leaves: row.integer("no_answer_leaves")? != 0,
            music: row.text("music")?,
            queue: QueueId::new(queue),
        })
    }
}
