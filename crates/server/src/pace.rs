//! When the exchange waits for company: under load a round of the whole loop for each message costs more than the
//! message, since each ends with a sleep, a wake-up and a write of the journal.

use std::time::Duration;

/// Load is judged over this long.
const WINDOW: Duration = Duration::from_millis(20);
/// Load is two inputs for each step of the grid; below, each input is served as it comes.
const LOADED_INPUTS_MIN: usize = 40;
/// Under load rounds begin on a grid of this step. A call's caller and agent are some four rounds apart.
const STEP: Duration = Duration::from_millis(1);

/// Counts inputs; see the module.
#[derive(Debug, Default)]
pub struct Pace {
    window_began: Duration,
    inputs: usize,
    loaded: bool,
}

impl Pace {
    /// A round handled so many inputs and is over. Says how long to let more gather before the next.
    pub fn after_round(&mut self, now: Duration, inputs: usize) -> Option<Duration> {
        self.inputs += inputs;
        let window = now.saturating_sub(self.window_began);
        if window >= WINDOW {
            self.loaded = window < WINDOW * 2 && self.inputs >= LOADED_INPUTS_MIN;
            self.window_began = now;
            self.inputs = 0;
        }
        self.loaded.then(|| STEP - Duration::from_nanos(now.as_nanos() as u64 % STEP.as_nanos() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds of one input each, so far apart; returns how long each was told to wait.
    fn rests(pace: &mut Pace, from: Duration, apart: Duration, rounds: u32) -> Vec<Option<Duration>> {
        (0..rounds).map(|round| pace.after_round(from + apart * round, 1)).collect()
    }

    #[test]
    fn a_quiet_exchange_never_waits() {
        let rests = rests(&mut Pace::default(), Duration::ZERO, Duration::from_micros(600), 1_000);
        assert!(rests.iter().all(Option::is_none), "34 inputs in 20 ms are served one by one");
    }

    #[test]
    fn a_loaded_one_waits_for_the_next_step_and_no_longer_than_the_load_lasts() {
        let mut pace = Pace::default();
        let busy = rests(&mut pace, Duration::ZERO, Duration::from_micros(300), 200);
        assert!(busy[..60].iter().all(Option::is_none), "nobody knows of the load before its first window is over");
        assert_eq!(busy[100], Some(Duration::from_micros(1_000)), "30 ms are on the grid");
        assert_eq!(busy[101], Some(Duration::from_micros(700)));
        let after = rests(&mut pace, Duration::from_millis(100), Duration::from_millis(1), 50);
        assert_eq!(after, vec![None; 50], "a pause ends it at once");
    }
}
