//! epoll with a wake-up and a timer, as thin as it can be. One of the three places in this crate that call the kernel
//! past the standard library.

#![allow(unsafe_code, reason = "epoll, eventfd and timerfd have no safe form in the standard library")]

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
    time::Duration,
};

/// Tokens that no socket has.
const WAKE: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

/// What is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// Orders wait.
    Wake,
    /// Ticks are due.
    Timer,
    /// This socket may be read.
    Socket(RawFd),
}

/// See the module.
pub(super) struct Poll {
    epoll: OwnedFd,
    timer: OwnedFd,
    wake: OwnedFd,
    batch: [libc::epoll_event; Poll::BATCH],
}

/// Interrupts the wait from another thread.
pub(super) struct Waker(OwnedFd);

impl Poll {
    /// Readiness taken at once; the rest waits for the next call.
    pub const BATCH: usize = 128;

    /// Makes the descriptors; the timer runs from [`Poll::start_timer`] on.
    pub fn new() -> io::Result<Poll> {
        // SAFETY: these calls take plain integers; what they return is checked and owned by nobody else.
        let (epoll, timer, wake) = unsafe {
            (
                owned(libc::epoll_create1(libc::EPOLL_CLOEXEC))?,
                owned(libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC))?,
                owned(libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC))?,
            )
        };
        let poll = Poll { epoll, timer, wake, batch: [libc::epoll_event { events: 0, u64: 0 }; Poll::BATCH] };
        poll.add(poll.timer.as_raw_fd(), TIMER)?;
        poll.add(poll.wake.as_raw_fd(), WAKE)?;
        Ok(poll)
    }

    /// A handle that ends a wait.
    pub fn waker(&self) -> io::Result<Waker> {
        self.wake.try_clone().map(Waker)
    }

    /// Lets the timer run from now, once every `interval`.
    pub fn start_timer(&self, interval: Duration) -> io::Result<()> {
        let every = libc::timespec {
            tv_sec: interval.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(interval.subsec_nanos() as i32),
        };
        let setting = libc::itimerspec { it_interval: every, it_value: every };
        // SAFETY: the descriptor is ours, the setting lives through the call, and no old setting is asked for.
        check(unsafe { libc::timerfd_settime(self.timer.as_raw_fd(), 0, &setting, std::ptr::null_mut()) }).map(drop)
    }

    /// Watches a socket for reading: each wait tells of it while there is something to read. Closing it ends the watch.
    pub fn watch(&self, socket: RawFd) -> io::Result<()> {
        self.add(socket, socket as u64)
    }

    /// Ends the next wait.
    pub fn wake_self(&self) {
        wake(&self.wake);
    }

    /// Waits until something is ready, and says how much is.
    pub fn wait(&mut self) -> usize {
        // SAFETY: the kernel writes at most as many events as the array, which lives through the call, has room for.
        let count =
            unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), self.batch.as_mut_ptr(), Poll::BATCH as i32, -1) };
        // The only error of a good descriptor is a signal; then nothing is ready.
        usize::try_from(count).unwrap_or(0)
    }

    /// One of what the last wait found.
    pub fn ready(&self, place: usize) -> Ready {
        match self.batch[place].u64 {
            WAKE => {
                drain(&self.wake);
                Ready::Wake
            }
            TIMER => Ready::Timer,
            descriptor => Ready::Socket(descriptor as RawFd),
        }
    }

    /// Whether the timer is among what the last wait found.
    pub fn is_timer_ready(&self, count: usize) -> bool {
        self.batch[..count].iter().any(|event| event.u64 == TIMER)
    }

    /// How many ticks came due since this was last asked.
    pub fn take_ticks(&self) -> u64 {
        drain(&self.timer)
    }

    fn add(&self, descriptor: RawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        // SAFETY: both descriptors are open, and the event lives through the call.
        let result =
            unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, descriptor, &raw mut event) };
        check(result).map(drop)
    }
}

impl Waker {
    /// Ends the wait, or the next one.
    pub fn wake(&self) {
        wake(&self.0);
    }
}

fn wake(counter: &OwnedFd) {
    let one = 1u64.to_ne_bytes();
    // SAFETY: eight bytes are read from an array of eight. An event counter takes them; when it is full, the wake it
    // stands for is still to come.
    let _ = unsafe { libc::write(counter.as_raw_fd(), one.as_ptr().cast(), one.len()) };
}

/// Reads the count of an event counter or timer, and so resets it.
fn drain(descriptor: &OwnedFd) -> u64 {
    let mut count = [0u8; 8];
    // SAFETY: at most eight bytes are written to an array of eight.
    let read = unsafe { libc::read(descriptor.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    if read == 8 { u64::from_ne_bytes(count) } else { 0 }
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// # Safety
/// The descriptor, if it is one, must belong to nobody else.
unsafe fn owned(descriptor: i32) -> io::Result<OwnedFd> {
    // SAFETY: checked to be a descriptor; the caller vouches for the rest.
    check(descriptor).map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Asks for a real-time turn for this thread, or a better nice value; goes on with neither when refused.
pub(super) fn raise_priority() {
    /// Above everything ordinary, below the kernel's own interrupt threads (50).
    const REAL_TIME_PRIORITY: i32 = 10;
    const NICE: i32 = -10;
    // SAFETY: the parameter lives through the call; 0 means the calling thread in both calls.
    unsafe {
        let mut parameter: libc::sched_param = std::mem::zeroed();
        parameter.sched_priority = REAL_TIME_PRIORITY;
        if libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameter) != 0 {
            libc::setpriority(libc::PRIO_PROCESS, 0, NICE);
        }
    }
}
