//! What is wrong with a document, where, and in which words.

use crate::caller::*;
use flow::{Code, Flow, Language, Problem, Severity, Site, check};

/// The problems in short: `node field code`.
fn short(problems: &[Problem]) -> Vec<String> {
    let line = |p: &Problem| {
        let node = p.node.as_ref().map_or(String::new(), ToString::to_string);
        let code = serde_json::to_string(&p.code).expect("a code is a word");
        format!("{node} {} {}", p.field, code.trim_matches('"'))
    };
    problems.iter().map(line).collect()
}

fn found(nodes: &str) -> Vec<String> {
    short(&check(&document(nodes), &site()))
}

const END: &str = r#""end":{"type":"hangup"}"#;

/// An answered call, then this node as `n`.
fn answered(node: &str) -> String {
    format!(r#""a":{{"type":"answer","links":{{"done":"n"}}}},"n":{node},{END}"#)
}

#[test]
fn each_fault_is_found_at_its_node_and_field() {
    let prompt = r#"{"say":"prompt","name":"welcome"}"#;
    let table: Vec<(String, &[&str])> = vec![
        (answered(&format!(r#"{{"type":"play","says":[{prompt}],"links":{{"done":"end"}}}}"#)), &[]),
        (
            answered(r#"{"type":"play","says":[{"say":"prompt","name":"nobody_said"}],"links":{"done":"end"}}"#),
            &["n says[0].name prompt_unknown"],
        ),
        (answered(r#"{"type":"play","says":[],"links":{"done":"end"}}"#), &["n says nothing_said"]),
        (
            answered(&format!(r#"{{"type":"play","says":[{prompt}],"links":{{"done":"gone"}}}}"#)),
            &["end  unreachable", "n links.done link_unknown"],
        ),
        (
            answered(&format!(r#"{{"type":"play","says":[{prompt}],"links":{{"don":"end"}}}}"#)),
            &["n links.done link_missing", "n links.don outcome_unknown"],
        ),
        (
            answered(
                r#"{"type":"play","says":[{"say":"digits","digits":"12a"},{"say":"silence","ms":99999}],"links":{"done":"end"}}"#,
            ),
            &["n says[0].digits digits_invalid", "n says[1].ms out_of_range"],
        ),
        (
            answered(r#"{"type":"play","says":[{"say":"music","name":"calm"}],"links":{"done":"end"}}"#),
            &["n says[0].name music_never_ends"],
        ),
        (
            answered(
                r#"{"type":"menu","says":[],"timeout_ms":1,"retries":99,"links":{"no_key":"end","invalid":"end"}}"#,
            ),
            &["n timeout_ms out_of_range", "n retries out_of_range", "n links no_keys"],
        ),
        (
            answered(
                r#"{"type":"menu","says":[],"links":{"1":"end","x":"end","12":"end","no_key":"end","invalid":"end"}}"#,
            ),
            &["n links.12 outcome_unknown", "n links.x key_invalid"],
        ),
        (
            answered(
                r##"{"type":"queue","queue":"sail","music":"loud","exit_keys":"#x","max_wait_ms":1,"position":{"every_ms":1},"links":{"timeout":"end","refused":"end"}}"##,
            ),
            &[
                "n queue queue_unknown",
                "n music music_unknown",
                "n position.every_ms out_of_range",
                "n exit_keys key_invalid",
                "n max_wait_ms out_of_range",
                "n links.key link_missing",
            ],
        ),
        (
            answered(
                r#"{"type":"message","ms_max":5000,"ms_min":6000,"stop_keys":"A","links":{"saved":"end","too_short":"end"}}"#,
            ),
            &["n stop_keys key_invalid", "n ms_min out_of_range"],
        ),
        (
            answered(
                r#"{"type":"transfer","target":{"to":"extension","number":"9"},"ring_ms":1,"links":{"busy":"end","no_answer":"end","failed":"end"}}"#,
            ),
            &["n target.number extension_unknown", "n ring_ms out_of_range"],
        ),
        (
            answered(r#"{"type":"transfer","target":{"to":"queue","queue":"q"},"links":{"busy":"end"}}"#),
            &["n target.queue queue_unknown", "n links.no_answer link_missing", "n links.failed link_missing"],
        ),
    ];
    for (nodes, expected) in table {
        assert_eq!(found(&nodes), expected, "{nodes}");
    }
}

#[test]
fn what_a_caller_must_hear_comes_after_the_answer() {
    let nodes = format!(
        r#""n":{{"type":"play","says":[{{"say":"beep"}}],"links":{{"done":"a"}}}},"a":{{"type":"answer","links":{{"done":"p"}}}},
        "p":{{"type":"play","says":[{{"say":"beep"}}],"links":{{"done":"end"}}}},{END}"#
    );
    assert_eq!(found(&nodes), ["n  before_answer"]);
}

#[test]
fn a_ring_that_never_waits_is_found_and_one_that_does_is_not() {
    let refused = r#""a":{"type":"answer","links":{"done":"one"}},
        "one":{"type":"queue","queue":"sales","links":{"timeout":"a","refused":"two"}},
        "two":{"type":"queue","queue":"support","links":{"timeout":"a","refused":"one"}}"#;
    let flow = document(refused);
    let problems = check(&flow, &site());
    assert_eq!(short(&problems), ["one links ring_without_wait"]);
    assert!(problems[0].text(Language::En).contains("one → two → one"), "{}", problems[0].text(Language::En));
    let waits = refused.replace(r#""refused":"one""#, r#""refused":"p""#)
        + r#","p":{"type":"play","says":[{"say":"prompt","name":"queue_no_agents"}],"links":{"done":"one"}}"#;
    assert_eq!(found(&waits), [""; 0]);
    assert_eq!(found(r#""a":{"type":"answer","links":{"done":"a"}}"#), ["a links ring_without_wait"]);
}

#[test]
fn names_versions_and_sizes_are_checked() {
    let mut flow = document(END);
    flow.version = 9;
    flow.language = "".into();
    flow.start = "gone".into();
    assert_eq!(
        short(&check(&flow, &site())),
        [" version version_unknown", " language name_bad", " start start_unknown", "end  unreachable"]
    );
    let long = "x".repeat(17_000);
    let text = format!(r#"{{"type":"play","says":[{{"say":"digits","digits":"{long}"}}],"links":{{"done":"end"}}}}"#);
    assert_eq!(found(&answered(&text)), ["n says[0].digits text_too_long", "n says[0].digits digits_invalid"]);
}

#[test]
fn a_flow_of_5000_nodes_is_checked_and_one_more_is_too_many() {
    let chain = |count: usize| {
        let mut nodes = String::from(r#""n0":{"type":"answer","links":{"done":"n1"}}"#);
        for n in 1..count - 1 {
            nodes += &format!(r#","n{n}":{{"type":"play","says":[{{"say":"beep"}}],"links":{{"done":"n{}"}}}}"#, n + 1);
        }
        nodes + &format!(r#","n{}":{{"type":"hangup"}}"#, count - 1)
    };
    assert_eq!(found(&chain(5_000)), [""; 0]);
    assert_eq!(found(&chain(5_001)), [" nodes too_many_nodes"]);
}

#[test]
fn text_that_cannot_be_read_names_node_and_field() {
    let parse = |text: &str| short(&Flow::parse(text).expect_err("cannot be read"));
    let with = |nodes: &str| {
        format!(r#"{{"version":1,"flow":"t","revision":1,"start":"a","language":"zh","nodes":{{{nodes}}}}}"#)
    };
    assert_eq!(parse("{"), ["  not_json"]);
    assert_eq!(parse("[]"), ["  not_json"]);
    assert_eq!(parse(r#"{"version":1}"#), [" nodes unreadable"]);
    assert_eq!(parse(r#"{"nodes":{}}"#), [" version unreadable"]);
    assert_eq!(parse(&with(r#""a":{"type":"dance"}"#)), ["a  unreadable"]);
    assert_eq!(
        parse(&with(r#""a":{"type":"answer"},"b":{"type":"hangup","why":1}"#)),
        ["a links unreadable", "b why unreadable"]
    );
    let big = " ".repeat(9 * 1024 * 1024);
    assert_eq!(parse(&big), ["  document_too_long"]);
}

#[test]
fn every_problem_is_told_in_both_languages_with_nothing_left_open() {
    for code in Code::ALL {
        let params = ["bytes", "max", "what", "version", "known", "count", "name", "target", "outcome", "ring", "key"];
        let params = params.iter().chain(&["value", "min", "digits"]).map(|name| ((*name).to_owned(), "7".to_owned()));
        let (node, field) = (Some("menu".into()), "links.1".to_owned());
        let problem = Problem { node, field, severity: code.severity(), code: *code, params: params.collect() };
        for (language, node) in
            [(Language::Zh, "节点“menu”，字段 links.1"), (Language::En, "node \"menu\", field links.1")]
        {
            let text = problem.text(language);
            assert!(text.starts_with(node) && !text.contains('{'), "{text}");
            assert!(text.contains(['；', ';', '，', ',']), "a remedy is given: {text}");
        }
    }
}

#[test]
fn what_is_only_strange_is_a_warning() {
    let nodes = format!(r#"{END},"alone":{{"type":"hangup"}}"#);
    let problems = check(&document(&nodes), &Site::default());
    assert_eq!(short(&problems), ["alone  unreachable"]);
    assert_eq!(problems[0].severity, Severity::Warning);
}
