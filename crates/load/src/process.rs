//! What a process or thread has used, read from `/proc`. Knows no SIP.

use std::{fs, io, time::Duration};

/// Linux counts process times for user space in hundredths of a second, whatever its own tick.
const TICKS_PER_S: u64 = 100;
/// Pages are 4 KiB on every machine we build for.
const PAGE_BYTES: u64 = 4_096;

/// One reading of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// User and system time of all its threads since it began.
    pub cpu: Duration,
    /// Memory it holds.
    pub resident_bytes: u64,
}

impl Reading {
    /// Reads a process.
    ///
    /// # Errors
    /// No such process, or `/proc` is not readable.
    pub fn of(process: u32) -> io::Result<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{process}/stat"))?)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unknown form of /proc/PID/stat"))
    }

    /// The name in parentheses may hold anything, so counting begins after the last one. Numbers as in proc(5).
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let cpu = Duration::from_millis((number(14)? + number(15)?) * (1_000 / TICKS_PER_S));
        Some(Self { cpu, resident_bytes: number(24)? * PAGE_BYTES })
    }
}

/// CPU time of the calling thread.
///
/// # Errors
/// `/proc` is not readable.
pub fn thread_cpu() -> io::Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_is_skipped() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1000000 2560 184 1";
        let expected = Reading { cpu: Duration::from_secs(3), resident_bytes: 2_560 * 4_096 };
        assert_eq!(Reading::parse(stat), Some(expected));
    }

    #[test]
    fn this_process_can_be_read() {
        assert!(Reading::of(std::process::id()).unwrap().resident_bytes > 0);
        assert!(thread_cpu().unwrap() > Duration::ZERO);
    }
}
