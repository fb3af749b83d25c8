//! What the edge and a dispatcher that takes over say to each other, each against a plain end of the link.

use acd::{AgentRequest, Decision, Report};
use cluster::{Frame, Link, LinkOutput};
use std::time::Duration;
use switch::{Answer, Command, Dispatcher, Input, Output, Switch};
use vocab::{Now, RequestId, Timestamp};

fn at(ms: u64) -> Now {
    Now { mono: Duration::from_millis(ms), wall: Timestamp(1_790_000_000_000 + ms as i64) }
}

fn floor(revision: u64, agents: &[&str]) -> acd::Config {
    let rules = acd::QueueRules {
        queue: "sales".into(),
        strategy: acd::Strategy::LongestIdle,
        ring_ms: 15_000,
        wrap_up_ms: 5_000,
        waiting_max: 10,
        no_answer_leaves: false,
    };
    let agents = agents.iter().map(|agent| acd::AgentRules { agent: (*agent).into(), queues: vec!["sales".into()] });
    acd::Config { revision, queues: vec![rules], agents: agents.collect() }
}

fn nothing() -> Report {
    let (agents, waiting, offers) = (Vec::new(), Vec::new(), Vec::new());
    Report::All { agents, waiting, offers, unreachable: Vec::new(), busy: Vec::new() }
}

fn log_in(agent: &str, number: u64) -> Report {
    Report::Agent { agent: agent.into(), request: begin_work(), number }
}

fn begin_work() -> AgentRequest {
    AgentRequest::LogIn { extension: "8001".into(), queues: Vec::new(), ready: true }
}

/// A dispatcher, and the edge's end of its link.
struct Desk {
    dispatcher: Dispatcher,
    edge: Link<Report, Decision>,
}

impl Desk {
    fn new(config: acd::Config) -> Desk {
        let dispatcher = Dispatcher::new(config, "dispatcher".into(), "edge".into(), 1, 7, at(0));
        Desk { dispatcher, edge: Link::new("edge".into(), 1, "dispatcher".into(), 7) }
    }

    fn tell(&mut self, reports: impl IntoIterator<Item = Report>) -> Vec<Decision> {
        reports.into_iter().for_each(|report| self.edge.send(at(0).mono, report));
        let mut decisions = Vec::new();
        loop {
            if let Some(output) = self.edge.poll() {
                match output {
                    LinkOutput::Send(frame) => self.dispatcher.handle(at(0), frame),
                    LinkOutput::Deliver(decision) => decisions.push(decision),
                    other => panic!("{other:?}"),
                }
            } else if let Some(frame) = self.dispatcher.poll() {
                self.edge.receive(at(0).mono, frame);
            } else {
                return decisions;
            }
        }
    }
}

#[test]
fn a_configuration_that_came_later_outlives_a_panic_of_the_dispatcher() {
    let mut desk = Desk::new(floor(1, &["1001"]));
    assert_eq!(desk.tell([]), [Decision::ReportAll]);
    desk.tell([nothing(), Report::Configuration(floor(2, &["1001", "1002"]))]);
    desk.dispatcher.break_next();
    assert_eq!(desk.tell([log_in("1002", 1)]), [Decision::ReportAll], "the request went down with the machine");
    let decisions = desk.tell([nothing(), log_in("1002", 1)]);
    assert!(decisions.contains(&Decision::AgentAnswer { number: 1, refusal: None }), "{decisions:?}");
}

#[test]
fn a_new_dispatcher_decides_only_when_it_knows_who_talks() {
    let mut desk = Desk::new(floor(1, &["1001"]));
    desk.tell([]);
    let call = vocab::CallId(uuid::Uuid::from_u128(1));
    let conversation = Report::Conversation { call, agent: "1001".into(), queue: "sales".into() };
    assert_eq!(desk.tell([conversation]), []);
    let Report::All { waiting, offers, unreachable, busy, .. } = nothing() else { unreachable!() };
    let offered = acd::AgentReport {
        agent: "1001".into(),
        extension: Some("8001".into()),
        queues: Vec::new(),
        state: vocab::AgentState::Offered { call },
        age: vocab::Age(5),
        pending: None,
    };
    let decisions = desk.tell([Report::All { agents: vec![offered], waiting, offers, unreachable, busy }]);
    let talks = |decision: &Decision| matches!(decision, Decision::AgentIs(report) if report.state == vocab::AgentState::Talking { call });
    assert!(decisions.len() == 1 && talks(&decisions[0]), "{decisions:?}");
}

/// An edge, and the dispatcher's end of its link.
struct Edge {
    switch: Switch,
    dispatcher: Link<Decision, Report>,
}

impl Edge {
    fn new(revision: u64) -> Edge {
        let config = switch::Config {
            revision,
            node: "edge".into(),
            extensions: Vec::new(),
            numbers: Vec::new(),
            trunks: Vec::new(),
            flows: Vec::new(),
            acd: floor(revision, &["1001"]),
            record_conversations: false,
            calls_max: 10,
            extension_ring_ms: 1_000,
            codecs: Vec::new(),
        };
        let switch = Switch::new(config, sip::Config::new("edge"), "dispatcher".into(), 1, 7, at(0));
        Edge { switch, dispatcher: Link::new("dispatcher".into(), 1, "edge".into(), 7) }
    }

    /// What the edge reports, and answers to whoever asked.
    fn decide(&mut self, decisions: impl IntoIterator<Item = Decision>) -> (Vec<Report>, Vec<Answer>) {
        decisions.into_iter().for_each(|decision| self.dispatcher.send(at(0).mono, decision));
        let (mut reports, mut answers) = (Vec::new(), Vec::new());
        loop {
            if let Some(output) = self.dispatcher.poll() {
                match output {
                    LinkOutput::Send(frame) => self.switch.handle(at(0), Input::Dispatcher(frame)),
                    LinkOutput::Deliver(report) => reports.push(report),
                    other => panic!("{other:?}"),
                }
            } else if let Some(output) = self.switch.poll() {
                match output {
                    Output::Dispatcher(frame) => self.receive(frame),
                    Output::Reply { answer, .. } => answers.push(answer),
                    _ => {}
                }
            } else {
                return (reports, answers);
            }
        }
    }

    fn receive(&mut self, frame: Frame<Report>) {
        self.dispatcher.receive(at(0).mono, frame);
    }

    fn ask(&mut self, request: AgentRequest) {
        let command = Command::Agent { agent: "1001".into(), request };
        self.switch.handle(at(0), Input::Gateway { request: RequestId(1), command });
    }
}

#[test]
fn a_request_that_a_dead_dispatcher_took_is_put_to_the_next_one() {
    let mut edge = Edge::new(1);
    edge.ask(begin_work());
    assert!(edge.decide([]).0.contains(&log_in("1001", 1)));
    let (reports, answers) = edge.decide([Decision::ReportAll]);
    let [Report::Configuration(_), Report::All { .. }, again] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((again, answers), (&log_in("1001", 1), Vec::new()));
    assert_eq!(edge.decide([Decision::AgentAnswer { number: 1, refusal: None }]).1, [Answer::Accepted]);
    assert_eq!(edge.decide([Decision::ReportAll]).0.len(), 2, "what was answered is not asked again");
}

#[test]
fn a_request_that_ends_every_dispatcher_is_given_up() {
    let mut edge = Edge::new(1);
    edge.ask(begin_work());
    edge.decide([]);
    for _ in 0..4 {
        let (reports, answers) = edge.decide([Decision::ReportAll]);
        assert_eq!((reports.last(), answers), (Some(&log_in("1001", 1)), Vec::new()));
    }
    let (reports, answers) = edge.decide([Decision::ReportAll]);
    assert_eq!((reports.len(), answers), (2, vec![Answer::Busy]));
}

#[test]
fn who_takes_over_is_told_the_configuration_first() {
    let mut edge = Edge::new(9);
    edge.decide([]);
    let (reports, _) = edge.decide([Decision::ReportAll]);
    assert!(matches!(&reports[0], Report::Configuration(config) if config.revision == 9), "{reports:?}");
}
