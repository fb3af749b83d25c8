//! The agents' phones: registered by digest, ringing, answering, and saying 200 to everything else.

use super::{
    caller::{CallerState, caller_index},
    text::{self, Heard, Request},
    world::{ATTEMPTS_MAX, Alarm, Moment, T1, T2, World, wall},
};
use sip::digest::Challenge;
use std::time::Duration;

/// As long as the longest run.
const REGISTERED_S: u32 = 7_200;

/// Hides nothing from anybody: the passwords of a load are in the bench's source.
const CLIENT_NONCE: &str = "0a4f113b";

/// One phone.
#[derive(Debug, Default)]
pub(super) struct Phone {
    pub(super) registered: bool,
    /// The status of a refusal that digest did not cure.
    pub(super) refused: Option<u16>,
    challenge: Option<Challenge>,
    cseq: u32,
    attempt: u8,
}

/// A call as an agent's phone sees it.
#[derive(Debug)]
pub(super) struct AgentLeg {
    state: AgentState,
    caller: Option<usize>,
    stream: Option<usize>,
    contact: String,
    /// The INVITE, to answer it, and our last answer to it, to repeat.
    invite: Vec<u8>,
    answer: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AgentState {
    Ringing,
    /// 200 sent so many times.
    Answered {
        attempt: u8,
    },
    Up,
    Over,
}

impl AgentLeg {
    pub(super) fn is_over(&self) -> bool {
        self.state == AgentState::Over
    }
}

impl World {
    pub(super) fn send_register(&mut self, index: usize, now: Duration) {
        let Some((user, password)) = self.plan.phones.as_ref().and_then(|phones| phones.accounts.get(index)) else {
            return;
        };
        let (server, own, phone) = (self.plan.server, self.phone_signalling.address, &mut self.phones[index]);
        phone.cseq += 1;
        let uri = format!("sip:{server}");
        let authorization = phone.challenge.as_ref().map_or(String::new(), |challenge| {
            format!("Authorization: {}\r\n", challenge.answer(user, password, b"REGISTER", &uri, CLIENT_NONCE))
        });
        let request = Request {
            method: "REGISTER",
            uri: &uri,
            via: own,
            branch: &format!("{:x}r{index:x}x{}", self.run, phone.cseq),
            from: &format!("<sip:{user}@{server}>;tag=r{index:x}"),
            to: &format!("<sip:{user}@{server}>"),
            call_id: &format!("{:x}-r{index}", self.run),
            cseq: phone.cseq,
            contact: &format!("<sip:{user}@{own}>;expires={REGISTERED_S}"),
            more: &authorization,
            body: "",
        };
        let text = request.text();
        self.send_as_phone(&text);
        self.set(now + T2, Alarm::Register(index));
    }

    /// A new request with a new CSeq: the answer to an older one is as good.
    pub(super) fn register_again(&mut self, index: usize, now: Duration) {
        let phone = &mut self.phones[index];
        if phone.registered || phone.refused.is_some() || phone.attempt >= ATTEMPTS_MAX {
            return;
        }
        phone.attempt += 1;
        self.tally.retransmitted += 1;
        self.send_register(index, now);
    }

    pub(super) fn on_phone_response(&mut self, heard: &Heard<'_>, status: u16, at: Moment) {
        let index = heard.call_id.split_once("-r").and_then(|(_, index)| index.parse::<usize>().ok());
        let Some(phone) = index.and_then(|index| self.phones.get_mut(index)) else { return };
        match (heard.cseq_method(), status, heard.challenge) {
            ("REGISTER", 200..300, _) => phone.registered = true,
            ("REGISTER", 401 | 407, Some(challenge)) if phone.challenge.is_none() => {
                phone.challenge = Challenge::parse(challenge.as_bytes());
                self.send_register(index.unwrap_or_default(), at.now);
            }
            ("REGISTER", 300.., _) => phone.refused = Some(status),
            _ => {}
        }
    }

    pub(super) fn on_phone_request(&mut self, heard: &Heard<'_>, method: &str, bytes: &[u8], at: Moment) {
        let known = self.agent_by_call.get(heard.call_id).copied();
        match (method, known) {
            ("INVITE", None) => self.ring(heard, bytes, at),
            ("INVITE", Some(leg)) => self.on_invite_again(leg, heard),
            ("ACK", Some(leg)) => self.on_agent_ack(leg, at.now),
            ("ACK", None) => {}
            ("CANCEL", Some(leg)) => {
                self.say(heard, "200 OK", "");
                self.on_cancel(leg, heard.call_id);
            }
            ("BYE", Some(leg)) => {
                self.say(heard, "200 OK", "");
                self.on_agent_bye(leg, heard.call_id);
            }
            ("BYE" | "CANCEL", None) => {
                self.tally.repeated += 1;
                self.say(heard, "200 OK", "");
            }
            _ => self.say(heard, "200 OK", ""),
        }
    }

    /// For what needs no dialog state: our tag is in To already.
    fn say(&self, heard: &Heard<'_>, status: &str, body: &str) {
        let contact = format!("<sip:load@{}>", self.phone_signalling.address);
        self.send_as_phone(&text::response(heard, status, "a0", &contact, body));
    }

    fn ring(&mut self, heard: &Heard<'_>, bytes: &[u8], at: Moment) {
        let index = self.agents.len();
        let caller = caller_index(heard.calling_user()).filter(|&caller| caller < self.callers.len());
        if let Some(caller) = caller {
            let invited = self.callers[caller].invited;
            self.tally.invite_to_invite.add(at.arrived.saturating_sub(invited));
        }
        self.agents.push(AgentLeg {
            state: AgentState::Ringing,
            caller,
            stream: None,
            contact: format!("<sip:agent@{}>", self.phone_signalling.address),
            invite: bytes.to_vec(),
            answer: String::new(),
        });
        self.agent_by_call.insert(heard.call_id.to_owned(), index);
        let answer_after = self.plan.phones.as_ref().map_or(Duration::ZERO, |phones| phones.answer_after);
        if answer_after.is_zero() {
            self.answer(index, at.now);
        } else {
            self.reply(index, "180 Ringing", "");
            self.set(at.now + answer_after, Alarm::Answer(index));
        }
    }

    fn reply(&mut self, index: usize, status: &str, body: &str) {
        let leg = &mut self.agents[index];
        let Some(heard) = text::read(&leg.invite) else { return };
        leg.answer = text::response(&heard, status, &format!("a{index:x}"), &leg.contact, body);
        self.phone_signalling_send(index);
    }

    fn phone_signalling_send(&self, index: usize) {
        self.send_as_phone(&self.agents[index].answer);
    }

    pub(super) fn answer(&mut self, index: usize, now: Duration) {
        if self.agents[index].state != AgentState::Ringing {
            return;
        }
        let offer = text::read(&self.agents[index].invite).and_then(|heard| text::sound_address(heard.body));
        let body = text::description(self.phone_sound.address);
        self.agents[index].state = AgentState::Answered { attempt: 1 };
        if let Some(remote) = offer {
            self.agents[index].stream = Some(self.open_stream(true, remote, Some(wall()), now));
        }
        self.reply(index, "200 OK", &body);
        self.set(now + T1, Alarm::Ok(index));
    }

    pub(super) fn ok_again(&mut self, index: usize, now: Duration) {
        let AgentState::Answered { attempt } = self.agents[index].state else { return };
        if attempt >= ATTEMPTS_MAX {
            return;
        }
        self.agents[index].state = AgentState::Answered { attempt: attempt + 1 };
        self.tally.retransmitted += 1;
        self.phone_signalling_send(index);
        self.set(now + (T1 * (1 << attempt)).min(T2), Alarm::Ok(index));
    }

    /// The same INVITE again, or one that changes the session; its Contact tells nothing new, so the body decides.
    fn on_invite_again(&mut self, index: usize, heard: &Heard<'_>) {
        match self.agents[index].state {
            AgentState::Up => {
                let body = text::description(self.phone_sound.address);
                self.say(heard, "200 OK", &body);
            }
            AgentState::Ringing | AgentState::Answered { .. } | AgentState::Over => {
                self.tally.repeated += 1;
                self.phone_signalling_send(index);
            }
        }
    }

    fn on_agent_ack(&mut self, index: usize, now: Duration) {
        if !matches!(self.agents[index].state, AgentState::Answered { .. }) {
            return;
        }
        self.agents[index].state = AgentState::Up;
        if let Some(caller) = self.agents[index].caller
            && self.callers[caller].state == CallerState::Up
            && !self.callers[caller].joined
        {
            self.joined(caller, now);
        }
    }

    fn on_cancel(&mut self, index: usize, call_id: &str) {
        if self.agents[index].state == AgentState::Ringing {
            self.reply(index, "487 Request Terminated", "");
            self.agent_over(index, call_id);
        }
    }

    fn on_agent_bye(&mut self, index: usize, call_id: &str) {
        let released_early = self.agents[index].caller.is_some_and(|caller| {
            let caller = &self.callers[caller];
            caller.state == CallerState::Up && caller.joined
        });
        self.tally.agents_released_early += usize::from(released_early);
        self.agent_over(index, call_id);
    }

    fn agent_over(&mut self, index: usize, call_id: &str) {
        let leg = &mut self.agents[index];
        leg.state = AgentState::Over;
        let stream = leg.stream.take();
        (leg.invite, leg.answer, leg.contact) = Default::default();
        self.close_stream(stream);
        self.agent_by_call.remove(call_id);
        self.perhaps_settled();
    }
}
