//! How many files and sockets the process may have open.

use std::io;

/// Raises this process's limit to the most that it may have without rights, and returns it.
///
/// # Errors
/// Those of the system call; the limit is then as it was.
#[allow(unsafe_code, reason = "getrlimit and setrlimit have no safe form in the standard library")]
pub fn raise_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure lives through both calls, which touch nothing else.
    let done = unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 && {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit) == 0
        }
    };
    if done { Ok(limit.rlim_cur) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_then_the_hard_one() {
        let raised = raise_limit().unwrap();
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        let fields: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((fields[3], fields[4]), (raised.to_string().as_str(), raised.to_string().as_str()));
    }
}
