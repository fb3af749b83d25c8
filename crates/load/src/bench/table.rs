//! The figures of a bench, as a table for people and as JSON for programs. Knows nothing of how they were measured.

use serde_json::{Value, json};
use std::fmt::Write;

/// What a figure should be at this stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Reach {
    fn met(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {}", number(limit)),
            Self::AtLeast(limit) => format!("≥ {}", number(limit)),
        }
    }
}

/// One measured number.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is, with its unit.
    pub name: String,
    /// None when it could not be measured.
    pub value: Option<f64>,
    /// What it should be.
    pub reach: Option<Reach>,
}

/// One kind of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `W1`…
    pub name: &'static str,
    /// In words, with its numbers.
    pub work: String,
    /// What was measured.
    pub figures: Vec<Figure>,
}

impl Row {
    pub(super) fn new(name: &'static str, work: String) -> Self {
        Self { name, work, figures: Vec::new() }
    }

    pub(super) fn figure(&mut self, name: &str, value: impl Into<Option<f64>>) -> &mut Self {
        self.figures.push(Figure { name: name.to_owned(), value: value.into(), reach: None });
        self
    }

    pub(super) fn goal(&mut self, name: &str, value: impl Into<Option<f64>>, reach: Reach) -> &mut Self {
        self.figures.push(Figure { name: name.to_owned(), value: value.into(), reach: Some(reach) });
        self
    }

    /// The figures that should be otherwise.
    pub fn missed(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| figure.verdict() == Some(false))
    }
}

impl Figure {
    fn verdict(&self) -> Option<bool> {
        Some(self.value.is_some_and(|value| self.reach.is_none_or(|reach| reach.met(value))))
            .filter(|_| self.reach.is_some())
    }
}

/// As many digits as mean something.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ if value == value.trunc() => 0,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// One line for each figure; the work is named on the first.
pub fn text(rows: &[Row]) -> String {
    let width = rows.iter().flat_map(|row| &row.figures).map(|figure| figure.name.chars().count()).max().unwrap_or(0);
    let mut text = format!("{:<4} {:<width$} {:>12} {:>10}\n", "row", "figure", "measured", "reach");
    for row in rows {
        let _ = writeln!(text, "{:<4} {}", row.name, row.work);
        for figure in &row.figures {
            let value = figure.value.map_or("-".to_owned(), number);
            let reach = figure.reach.map_or(String::new(), Reach::text);
            let verdict = match figure.verdict() {
                None => "",
                Some(true) => "  ok",
                Some(false) => "  MISSED",
            };
            let line = format!("     {:<width$} {value:>12} {reach:>10}{verdict}", figure.name);
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

/// The same for programs.
pub fn json(rows: &[Row]) -> Value {
    let figure = |figure: &Figure| {
        let (at_most, at_least) = match figure.reach {
            Some(Reach::AtMost(limit)) => (Some(limit), None),
            Some(Reach::AtLeast(limit)) => (None, Some(limit)),
            None => (None, None),
        };
        json!({ "name": figure.name, "value": figure.value, "at_most": at_most, "at_least": at_least, "met": figure.verdict() })
    };
    let row = |row: &Row| {
        let figures: Vec<Value> = row.figures.iter().map(figure).collect();
        json!({ "row": row.name, "work": row.work, "figures": figures })
    };
    json!({ "rows": rows.iter().map(row).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let mut row = Row::new("W1", "100 calls".to_owned());
        row.goal("CPU s per 1,000 calls", 0.256, Reach::AtMost(0.5));
        row.goal("calls/s", 1_400.4, Reach::AtLeast(1_500.0));
        row.goal("not measured", None, Reach::AtMost(1.0));
        row.figure("setup p99 ms", 12.34);
        row
    }

    #[test]
    fn what_is_missed_is_told() {
        let missed: Vec<_> = row().missed().map(|figure| figure.name.clone()).collect();
        assert_eq!(missed, ["calls/s", "not measured"]);
        let text = text(&[row()]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "     CPU s per 1,000 calls         0.26     ≤ 0.50  ok");
        assert_eq!(lines[3], "     calls/s                       1400     ≥ 1500  MISSED");
        assert_eq!(lines[5], "     setup p99 ms                  12.3");
    }

    #[test]
    fn programs_get_the_same() {
        let json = json(&[row()]);
        assert_eq!(json["rows"][0]["figures"][0]["met"], true);
        assert_eq!(json["rows"][0]["figures"][1]["at_least"], 1_500.0);
        assert_eq!(json["rows"][0]["figures"][2]["value"], Value::Null);
        assert_eq!(json["rows"][0]["figures"][3]["met"], Value::Null);
    }
}
