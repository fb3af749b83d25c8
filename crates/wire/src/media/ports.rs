//! Port pairs of one media thread. The longest unused pair is taken first: a late packet of an ended call finds nobody.

use std::{collections::VecDeque, ops::RangeInclusive};

/// See the module. Holds the even ports; the odd one behind each is RTCP's.
#[derive(Debug)]
pub(super) struct Ports(VecDeque<u16>);

impl Ports {
    /// The share of thread `number` of `threads`: every so manieth pair, so that no lock is needed.
    pub fn new(range: RangeInclusive<u16>, threads: usize, number: usize) -> Self {
        let (first, last) = (range.start().next_multiple_of(2), *range.end());
        let pairs = (first..last).step_by(2);
        Ports(pairs.skip(number).step_by(threads).collect())
    }

    pub fn take(&mut self) -> Option<u16> {
        self.0.pop_front()
    }

    pub fn give_back(&mut self, port: u16) {
        self.0.push_back(port);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_even_shared_out_and_reused_last() {
        let all = |mut ports: Ports| std::iter::from_fn(move || ports.take()).collect::<Vec<_>>();
        assert_eq!(all(Ports::new(101..=108, 1, 0)), [102, 104, 106]);
        assert_eq!(all(Ports::new(100..=109, 2, 0)), [100, 104, 108]);
        assert_eq!(all(Ports::new(100..=109, 2, 1)), [102, 106]);
        let mut ports = Ports::new(100..=105, 1, 0);
        let first = ports.take().unwrap();
        ports.give_back(first);
        assert_eq!(all(ports), [102, 104, 100]);
    }
}
