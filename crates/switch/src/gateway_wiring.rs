//! From the one door to calls, dispatcher and phones; and back from an earlier life.

use crate::{Command, Refusal, Restored, Switch, exchange::Question, legs::dialog_of};
use call::{Doors, Input};
use std::sync::Arc;
use vocab::{AgentId, AgentState, CallId, EndedBy, ExtensionId, Now, RequestId};

impl Switch {
    pub(crate) fn command(&mut self, now: Now, request: RequestId, command: Command) {
        match command {
            Command::Agent { agent, request: asked } => {
                self.next_question += 1;
                let number = self.next_question;
                let question = Question { request, agent: agent.clone(), asked: asked.clone(), repeats: 0 };
                self.questions.insert(number, question);
                self.report(now, acd::Report::Agent { agent, request: asked, number });
            }
            Command::Answer { agent } => {
                let result = self.answer_at_phone(now, &agent);
                self.reply(request, result);
            }
            Command::HangUp { agent } => {
                let call = self.call_of(&agent).ok_or(Refusal::NoCall);
                self.reply(request, call.map(|_| ()));
                if let Ok(call) = call {
                    self.tell_call(now, call, Input::AgentHangUp { agent });
                }
            }
            Command::EndCall { call } => {
                let known = self.calls.contains_key(&call).then_some(()).ok_or(Refusal::UnknownCall);
                self.reply(request, known);
                self.tell_call(now, call, Input::End { by: EndedBy::System });
            }
            Command::Configure(config) => {
                self.doors = Doors::new(config.numbers.clone(), config.trunks.clone());
                self.report(now, acd::Report::Configuration(config.acd.clone()));
                self.config = Arc::new(*config);
                self.tell_accounts(now.mono);
                self.reply(request, Ok(()));
            }
            Command::Drain => {
                self.draining = true;
                self.reply(request, Ok(()));
            }
        }
    }

    /// A phone that understands `Event: talk` is told to go off-hook; any other is called again with auto-answer.
    fn answer_at_phone(&mut self, now: Now, agent: &AgentId) -> Result<(), Refusal> {
        let call = self.call_of(agent).ok_or(Refusal::NothingRinging)?;
        let ringing = self.calls.get(&call).and_then(|e| e.call.ringing_leg(agent));
        let leg = ringing.ok_or(Refusal::NothingRinging)?;
        let extension = self.agents.get(agent).and_then(|(report, _)| report.extension.clone());
        let extension = extension.ok_or(Refusal::NothingRinging)?;
        if self.phones.takes_talk(&extension) {
            self.sip(now, sip::Command::Notify { dialog: dialog_of(leg), event: "talk".into(), body: None });
        } else if self.phones.is_registered(&extension) {
            let new_leg = self.next_leg();
            self.tell_call(now, call, Input::RingAgain { agent: agent.clone(), leg: new_leg });
        } else {
            return Err(Refusal::PhoneCannotAnswer);
        }
        Ok(())
    }

    /// The call this agent is being rung for or talks in.
    fn call_of(&self, agent: &AgentId) -> Option<CallId> {
        let talking = self.conversations.get(agent).map(|(call, _)| *call);
        talking.or_else(|| self.offers.values().find(|o| o.agent == *agent).map(|o| o.call))
    }

    /// Registrations are taken back, dialogs of dead calls get their BYE and phones that ring for them their CANCEL, agents are as they were but for the dead call.
    pub(crate) fn restore(&mut self, now: Now, restored: Restored) {
        self.start_facts_at(restored.next_fact);
        for binding in restored.bindings {
            let extension = ExtensionId::new(Arc::clone(&binding.account));
            self.phones.register(&extension, &binding.contact, binding.takes_talk_event);
            self.sip(now, sip::Command::RestoreBinding(Box::new(binding)));
        }
        for snapshot in restored.dialogs {
            let dialog = dialog_of(self.next_leg());
            self.sip(now, sip::Command::Restore { dialog, snapshot: Box::new(snapshot) });
            let reason = Some("SIP;cause=503;text=\"restarted\"".into());
            self.sip(now, sip::Command::Bye { dialog, reason });
        }
        for snapshot in restored.ringing {
            let dialog = dialog_of(self.next_leg());
            self.sip(now, sip::Command::CancelRestored { dialog, snapshot: Box::new(snapshot) });
        }
        for mut report in restored.agents {
            // The call died with the process: who was rung goes back to ready; who talked is reported as parted when
            // the dispatcher asks for everything, and gets the usual wrap-up.
            if matches!(report.state, AgentState::Offered { .. }) {
                report.state = AgentState::Ready;
            }
            self.agent_is(now, report);
        }
    }
}
