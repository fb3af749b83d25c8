//! The callers: INVITE, ACK, BYE, and what is sent again on the way (RFC 3261 sections 13, 15 and 17).

use super::{
    text::{self, Heard, Request},
    world::{ATTEMPTS_MAX, Alarm, Moment, T1, T2, World, wall},
};
use std::time::Duration;

/// Callers' numbers: a Chinese mobile prefix and the caller's index in eight digits, by which an agent's INVITE is
/// matched with its caller's.
const NUMBER_PREFIX: &str = "139";
const INDEX_DIGITS: usize = 8;

/// A call as its caller sees it.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) state: CallerState,
    /// Reached an agent, or is up where there are none.
    pub(super) joined: bool,
    pub(super) stream: Option<usize>,
    /// Since the Unix epoch.
    pub(super) invited: Duration,
    began: Duration,
    /// To with its tag, and their Contact, from the answer on.
    to: String,
    target: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallerState {
    /// Sent so many times; `heard` once anything came back.
    Inviting {
        attempt: u8,
        heard: bool,
    },
    Up,
    /// BYE sent so many times.
    Leaving {
        attempt: u8,
    },
    Over,
}

impl Caller {
    /// Frees what an ended call needs no more, so that a long run stays small.
    pub(super) fn forget(&mut self) {
        self.to = String::new();
        self.target = String::new();
    }
}

/// The caller's index in a number that may have come back with a country code.
pub(super) fn caller_index(number: &str) -> Option<usize> {
    let digits = number.len().checked_sub(INDEX_DIGITS + NUMBER_PREFIX.len())?;
    number.get(digits..)?.strip_prefix(NUMBER_PREFIX)?.parse().ok()
}

impl World {
    pub(super) fn begin_caller(&mut self, now: Duration) {
        let index = self.callers.len();
        let to = format!("<sip:{}@{}>", self.plan.called, self.plan.server);
        self.callers.push(Caller {
            state: CallerState::Inviting { attempt: 1, heard: false },
            joined: false,
            stream: None,
            invited: wall(),
            began: now,
            to,
            target: format!("sip:{}@{}", self.plan.called, self.plan.server),
        });
        self.tally.offered += 1;
        self.send_invite(index);
        self.set(now + T1, Alarm::Invite(index));
        self.set(now + self.plan.patience, Alarm::GiveUp(index));
        if index + 1 < self.plan.calls {
            let since_first = Duration::from_secs_f64((index + 1) as f64 / self.plan.rate_per_s);
            self.set(self.callers[0].began + since_first, Alarm::Begin);
        }
    }

    fn number(&self, caller: usize) -> String {
        format!("{NUMBER_PREFIX}{caller:0width$}", width = INDEX_DIGITS)
    }

    fn send_invite(&self, caller: usize) {
        let body = text::description(self.caller_sound.address);
        self.send_request(caller, "INVITE", 1, "i", &body);
    }

    /// `branch` tells the transactions of a call apart.
    fn send_request(&self, caller: usize, method: &str, cseq: u32, branch: &str, body: &str) {
        let (own, number, call) = (self.caller_signalling.address, self.number(caller), &self.callers[caller]);
        let request = Request {
            method,
            uri: &call.target,
            via: own,
            branch: &format!("{:x}{caller:x}{branch}", self.run),
            from: &format!("<sip:{number}@{own}>;tag={caller:x}"),
            to: &call.to,
            call_id: &format!("{:x}-{caller}", self.run),
            cseq,
            contact: &format!("<sip:{number}@{own}>"),
            more: "",
            body,
        };
        self.send_as_caller(&request.text());
    }

    pub(super) fn invite_again(&mut self, index: usize, now: Duration) {
        let CallerState::Inviting { attempt, heard: false } = self.callers[index].state else { return };
        if attempt >= ATTEMPTS_MAX {
            return;
        }
        self.callers[index].state = CallerState::Inviting { attempt: attempt + 1, heard: false };
        self.tally.retransmitted += 1;
        self.send_invite(index);
        self.set(now + T1 * (1 << attempt), Alarm::Invite(index));
    }

    fn caller_of(&self, heard: &Heard<'_>) -> Option<usize> {
        let (run, index) = heard.call_id.split_once('-')?;
        let ours = u64::from_str_radix(run, 16) == Ok(self.run);
        index.parse().ok().filter(|&index| ours && index < self.callers.len())
    }

    pub(super) fn on_caller_response(&mut self, heard: &Heard<'_>, status: u16, at: Moment) {
        let Some(index) = self.caller_of(heard) else { return };
        match (heard.cseq_method(), status) {
            ("INVITE", 100..200) => {
                if let CallerState::Inviting { heard, .. } = &mut self.callers[index].state {
                    *heard = true;
                }
            }
            ("INVITE", 200..300) => self.on_answer(index, heard, at),
            ("INVITE", _) => self.on_refusal(index, heard, status, at),
            ("BYE", 200..) => {
                if matches!(self.callers[index].state, CallerState::Leaving { .. }) {
                    self.tally.completed += 1;
                    self.caller_over(index, at.now);
                }
            }
            _ => {}
        }
    }

    fn on_answer(&mut self, index: usize, heard: &Heard<'_>, at: Moment) {
        match self.callers[index].state {
            CallerState::Inviting { .. } => {}
            CallerState::Up | CallerState::Leaving { .. } => {
                self.tally.repeated += 1;
                return self.send_request(index, "ACK", 1, "a", "");
            }
            CallerState::Over => return self.end_late_answer(index, heard),
        }
        let caller = &mut self.callers[index];
        caller.state = CallerState::Up;
        caller.to = heard.to.to_owned();
        if let Some(contact) = heard.contact {
            caller.target = contact.to_owned();
        }
        let (invited, remote) = (caller.invited, text::sound_address(heard.body));
        self.tally.answered += 1;
        self.tally.setup.add(at.arrived.saturating_sub(invited));
        self.send_request(index, "ACK", 1, "a", "");
        if let Some(remote) = remote {
            self.callers[index].stream = Some(self.open_stream(false, remote, None, at.now));
        }
        if self.plan.phones.is_none() {
            self.joined(index, at.now);
        }
    }

    /// The answer to a call given up: confirmed and ended, as whoever cancels must (section 15).
    fn end_late_answer(&mut self, index: usize, heard: &Heard<'_>) {
        let Some(contact) = heard.contact else { return };
        (self.callers[index].to, self.callers[index].target) = (heard.to.to_owned(), contact.to_owned());
        self.send_request(index, "ACK", 1, "a", "");
        self.send_request(index, "BYE", 2, "b", "");
        self.callers[index].forget();
    }

    /// The ACK of a refusal belongs to the INVITE's transaction and repeats its branch (section 17.1.1.3).
    fn on_refusal(&mut self, index: usize, heard: &Heard<'_>, status: u16, at: Moment) {
        let to = std::mem::replace(&mut self.callers[index].to, heard.to.to_owned());
        self.send_request(index, "ACK", 1, "i", "");
        self.callers[index].to = to;
        match self.callers[index].state {
            CallerState::Inviting { .. } => {
                *self.tally.refused.entry(status).or_default() += 1;
                self.caller_over(index, at.now);
            }
            CallerState::Up | CallerState::Leaving { .. } | CallerState::Over => self.tally.repeated += 1,
        }
    }

    pub(super) fn on_caller_request(&mut self, heard: &Heard<'_>, method: &str, at: Moment) {
        let contact = format!("<sip:load@{}>", self.caller_signalling.address);
        let index = self.caller_of(heard);
        match method {
            "ACK" => {}
            "INVITE" => {
                let body = text::description(self.caller_sound.address);
                self.send_as_caller(&text::response(heard, "200 OK", "", &contact, &body));
            }
            _ => self.send_as_caller(&text::response(heard, "200 OK", "", &contact, "")),
        }
        if let (Some(index), "BYE") = (index, method) {
            self.on_caller_bye(index, at.now);
        }
    }

    fn on_caller_bye(&mut self, index: usize, now: Duration) {
        match self.callers[index].state {
            CallerState::Up | CallerState::Inviting { .. } => {
                self.tally.ended_by_server += 1;
                self.caller_over(index, now);
            }
            // Both hung up at once: as planned.
            CallerState::Leaving { .. } => {
                self.tally.completed += 1;
                self.caller_over(index, now);
            }
            CallerState::Over => self.tally.repeated += 1,
        }
    }

    pub(super) fn hang_up(&mut self, index: usize, now: Duration) {
        if self.callers[index].state != CallerState::Up {
            return;
        }
        self.callers[index].state = CallerState::Leaving { attempt: 1 };
        let stream = self.callers[index].stream.take();
        self.close_stream(stream);
        self.send_request(index, "BYE", 2, "b", "");
        self.set(now + T1, Alarm::Bye(index));
    }

    pub(super) fn bye_again(&mut self, index: usize, now: Duration) {
        let CallerState::Leaving { attempt } = self.callers[index].state else { return };
        if attempt >= ATTEMPTS_MAX {
            self.tally.stuck += 1;
            self.caller_over(index, now);
            return;
        }
        self.callers[index].state = CallerState::Leaving { attempt: attempt + 1 };
        self.tally.retransmitted += 1;
        self.send_request(index, "BYE", 2, "b", "");
        self.set(now + (T1 * (1 << attempt)).min(T2), Alarm::Bye(index));
    }

    /// Never answered, or never joined.
    pub(super) fn give_up(&mut self, index: usize, now: Duration) {
        match self.callers[index].state {
            CallerState::Inviting { heard, .. } => {
                if heard {
                    self.send_request(index, "CANCEL", 1, "i", "");
                }
                self.tally.stuck += 1;
                self.caller_over(index, now);
            }
            CallerState::Up if !self.callers[index].joined => {
                self.tally.stuck += 1;
                self.send_request(index, "BYE", 2, "b", "");
                self.caller_over(index, now);
            }
            // A joined call has its own alarm to hang up.
            CallerState::Up | CallerState::Leaving { .. } | CallerState::Over => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::caller_index;

    #[test]
    fn a_caller_is_known_by_its_number() {
        let cases = [
            ("13900000042", Some(42)),
            ("+8613900000042", Some(42)),
            ("8613999999999", Some(99_999_999)),
            ("13800000042", None),
            ("42", None),
            ("", None),
        ];
        for (number, index) in cases {
            assert_eq!(caller_index(number), index, "{number}");
        }
    }
}
