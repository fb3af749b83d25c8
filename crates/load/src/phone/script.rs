//! What a phone presses and when: `1,wait2,23#` presses 1, waits two seconds, and presses 2, 3 and #.

use std::{str::FromStr, time::Duration};

/// Longest wait between keys; a queue's music is not worth an hour.
const WAIT_S_MAX: f64 = 3_600.0;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Press these keys one after the other.
    Keys(String),
    /// Press nothing for so long.
    Wait(Duration),
}

/// The steps in order, from the moment the call is up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(pub Vec<Step>);

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(step).collect::<Result<_, _>>().map(Self)
    }
}

fn step(item: &str) -> Result<Step, String> {
    if let Some(seconds) = item.strip_prefix("wait") {
        let seconds: f64 =
            seconds.parse().map_err(|_| format!("`{item}`: say how many seconds, as in wait2 or wait0.5"))?;
        if !(0.0..=WAIT_S_MAX).contains(&seconds) {
            return Err(format!("`{item}`: between 0 and {WAIT_S_MAX} seconds"));
        }
        return Ok(Step::Wait(Duration::from_secs_f64(seconds)));
    }
    match item.chars().find(|key| media::digits::code(*key).is_none()) {
        None => Ok(Step::Keys(item.to_owned())),
        Some(key) => Err(format!("`{key}` is no key: 0 to 9, *, #, A to D, or waitSECONDS, with commas between")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_waits_are_read() {
        let script: Script = "1, wait2.5,23#,".parse().unwrap();
        let expected = [Step::Keys("1".into()), Step::Wait(Duration::from_millis(2_500)), Step::Keys("23#".into())];
        assert_eq!(script.0, expected);
        for bad in ["x", "wait", "wait-1", "waitNaN", "1;2", "wait99999"] {
            assert!(bad.parse::<Script>().is_err(), "{bad}");
        }
    }
}
