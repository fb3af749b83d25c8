//! What the pages of all configuration nouns have in common: the way from a stored change to the running exchange, and
//! the checks that several of them share.

use crate::{
    problem::{FieldProblem, Problem},
    state::Shared,
    wording::Code,
};

/// Longest single-line text (the store's columns).
const TEXT_CHARACTERS_MAX: usize = 250;

/// Tells the exchange of a stored change.
///
/// # Errors
/// [`Code::NotApplied`] when it does not take it: the change stays stored.
pub async fn apply(site: &Shared) -> Result<(), Problem> {
    (site.state.on_configuration_change)().await.map_err(|reason| {
        tracing::error!(reason, "the exchange did not take the stored configuration");
        Code::NotApplied.into()
    })
}

/// What was looked for, or "not found".
///
/// # Errors
/// [`Code::NotFound`].
pub fn found<T>(noun: Option<T>) -> Result<T, Problem> {
    noun.ok_or_else(|| Code::NotFound.into())
}

/// Collects what is wrong with the fields of a noun.
#[derive(Default)]
pub struct Faults(Vec<FieldProblem>);

impl Faults {
    /// Notes a fault unless `right`.
    pub fn unless(&mut self, right: bool, field: &str, code: &str, zh: &str, en: &str) {
        if !right {
            self.0.push(FieldProblem::new(field, code, zh, en));
        }
    }

    /// A text for people: there, on one line, and not too long.
    pub fn text(&mut self, field: &str, text: &str) {
        let right = !text.trim().is_empty()
            && text.chars().count() <= TEXT_CHARACTERS_MAX
            && !text.chars().any(char::is_control);
        self.unless(
            right,
            field,
            "text",
            "须为 1 到 250 个字符的单行文字。",
            "Must be one line of 1 to 250 characters.",
        );
    }

    /// A reference to something that must be there.
    pub fn refers(&mut self, found: bool, field: &str, code: &str) {
        self.unless(found, field, code, "所引用的对象不存在。", "Refers to something that does not exist.");
    }

    /// A number within limits.
    pub fn within(&mut self, field: &str, value: u64, min: u64, max: u64) {
        if !(min..=max).contains(&value) {
            let zh = format!("须在 {min} 与 {max} 之间。");
            self.0.push(FieldProblem::new(field, "range", zh, format!("Must be between {min} and {max}.")));
        }
    }

    /// An identity as it stands in a path: what people dial or type, without blanks.
    pub fn key(&mut self, field: &str, key: &str) {
        let right = key.chars().count() <= 64
            && key.chars().all(|character| character.is_alphanumeric() || "-_.+*#@".contains(character));
        self.unless(
            right && !key.is_empty(),
            field,
            "key",
            "只能包含字母、数字和 -_.+*#@，最长 64 个字符。",
            "May hold letters, digits and -_.+*#@ only, at most 64.",
        );
    }

    /// Adds faults found elsewhere.
    pub fn extend(&mut self, faults: Vec<FieldProblem>) {
        self.0.extend(faults);
    }

    /// All well, or everything that is wrong at once.
    ///
    /// # Errors
    /// [`Code::Invalid`] with all faults.
    pub fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid(self.0)) }
    }
}
