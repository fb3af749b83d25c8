//! The checked-in document is the one the handlers make, and its shapes are those of the JSON that is sent.

use super::harness::{Site, get};
use axum::http::StatusCode;
use report::{CallLive, Record};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vocab::{AssignmentReason, Candidate, PassedOver, Timestamp};

fn document() -> Value {
    serde_json::from_str(&crate::openapi()).unwrap()
}

#[test]
fn the_checked_in_document_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/openapi.json");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    let same = checked_in == crate::openapi();
    assert!(same, "run: cargo run -p api --example openapi > openapi/openapi.json");
}

#[test]
fn every_schema_that_is_named_is_described() {
    let text = crate::openapi();
    let document = document();
    let named: BTreeSet<&str> =
        text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let missing: Vec<_> = named.iter().filter(|name| document["components"]["schemas"][**name].is_null()).collect();
    assert!(missing.is_empty() && named.contains("SoundFormat"), "{missing:?}");
}

#[test]
fn operations_have_names_of_their_own_and_responses_a_description() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(names.insert(operation["operationId"].to_string()), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{path} {status}");
            }
        }
    }
}

#[tokio::test]
async fn the_document_is_served() {
    let reply = Site::new().await.ask(get("/api/v1/openapi.json")).await;
    assert_eq!((reply.status, reply.text()), (StatusCode::OK, crate::openapi()));
}

/// Every key of the value is a property of the schema and the other way round, all the way down.
fn assert_same_shape(document: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let named = document.pointer(reference.trim_start_matches('#')).unwrap();
        return assert_same_shape(document, named, value, place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let choice = choices.iter().find(|choice| choice["type"] != "null").unwrap();
        if choices.iter().any(|choice| choice["type"] == "null") {
            assert_same_shape(document, choice, value, place);
        }
        return;
    }
    match value {
        Value::Array(items) => {
            assert!(!items.is_empty(), "{place}: an empty sample shows nothing");
            items.iter().for_each(|item| assert_same_shape(document, &schema["items"], item, place));
        }
        // A map: its keys are values, and all its values are of one shape.
        Value::Object(entries) if schema["additionalProperties"].is_object() => {
            assert!(!entries.is_empty(), "{place}: an empty sample shows nothing");
            entries
                .values()
                .for_each(|entry| assert_same_shape(document, &schema["additionalProperties"], entry, place));
        }
        Value::Object(fields) => {
            let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("{place}: {schema}"));
            let keys = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(keys(properties), keys(fields), "{place}");
            for (key, value) in fields {
                assert_same_shape(document, &properties[key], value, &format!("{place}.{key}"));
            }
        }
        Value::String(text) => match schema["enum"].as_array() {
            Some(words) => assert!(words.contains(&json!(text)), "{place}: {text}"),
            None => assert!(schema.to_string().contains("\"string\""), "{place}: {schema}"),
        },
        Value::Number(_) => assert!(schema.to_string().contains("\"integer\""), "{place}: {schema}"),
        Value::Bool(_) => assert_eq!(schema["type"], "boolean", "{place}"),
        Value::Null => panic!("{place}: a sample without a value shows nothing"),
    }
}

fn reason() -> AssignmentReason {
    let candidate = |passed_over| Candidate { agent: "1001".into(), idle_ms: Some(5), passed_over };
    AssignmentReason {
        queue: "sales".into(),
        strategy: "longest_idle".into(),
        place: 1,
        waited_ms: 7,
        candidates: vec![candidate(Some(PassedOver::Talking))],
        others: [("talking".to_owned(), 3)].into(),
    }
}

pub fn record() -> Record {
    let at = Timestamp(1_700_000_000_000);
    let text = json!({
        "call": "018bcfe5-6800-7000-8000-000000000001", "direction": "inbound", "caller": "13800138000",
        "called": "4008001000", "trunk": "loopback", "extension": "8001", "source": "127.0.0.1:5060", "arrived": at,
        "answered": at, "queued": at, "ringing": at, "joined": at, "parted": at, "ended": at, "flow": "welcome",
        "flow_version": 1, "path": [{ "node": "menu", "at": at, "outcome": "1" }], "digits": "1", "queue": "sales",
        "queue_exit": "answered", "waited_ms": 10, "offers": [{ "agent": "1001", "extension": "8001", "offered": at,
        "rang": at, "ended": at, "end": "answered", "reason": reason() }], "agent": "1001", "agent_extension": "8001",
        "talked_ms": 5, "recordings": [{ "recording": "018bcfe5-6800-7000-8000-000000000002",
        "purpose": "conversation", "started": at, "stopped": at }], "state": "agent_answered", "state_number": 9,
        "by": "caller", "status": 200, "reason": "none"
    });
    serde_json::from_value(text).unwrap()
}

#[test]
fn the_record_of_the_document_is_the_record_that_is_sent() {
    let document = document();
    let value = serde_json::to_value(record()).unwrap();
    assert_same_shape(&document, &document["components"]["schemas"]["Record"], &value, "record");
}

#[tokio::test]
async fn the_live_shapes_of_the_document_are_those_that_are_sent() {
    let site = Site::new().await;
    super::live::fill(&site).await;
    let document = document();
    let snapshot = site.state.live.snapshot();
    let busy: Vec<&CallLive> = snapshot.calls.iter().filter(|call| call.offered.is_some()).collect();
    let schemas = &document["components"]["schemas"];
    for (name, value) in [
        ("RefusedLive", serde_json::to_value(&snapshot.refused[0]).unwrap()),
        ("QueueLive", serde_json::to_value(&snapshot.queues[0]).unwrap()),
        ("OfferedLive", serde_json::to_value(busy[0].offered.as_ref().unwrap()).unwrap()),
    ] {
        assert_same_shape(&document, &schemas[name], &value, name);
    }
    // Those two leave out what does not apply: no field of theirs may be unknown, none that is always there missing.
    for (name, values) in [
        ("AgentLive", serde_json::to_value(&snapshot.agents).unwrap()),
        ("CallLive", serde_json::to_value(&snapshot.calls).unwrap()),
    ] {
        let properties = schemas[name]["properties"].as_object().unwrap();
        for value in values.as_array().unwrap() {
            let fields = value.as_object().unwrap();
            assert!(fields.keys().all(|key| properties.contains_key(key)), "{name}: {value}");
            let required = schemas[name]["required"].as_array().unwrap();
            assert!(required.iter().all(|key| fields.contains_key(key.as_str().unwrap())), "{name}: {value}");
        }
    }
}

#[test]
fn every_type_of_fact_is_in_the_document() {
    let source = serde_json::to_string(&document()["components"]["schemas"]["FactType"]).unwrap();
    for fact in super::live::one_of_each() {
        let kind = serde_json::to_value(&fact).unwrap()["type"].clone();
        assert!(source.contains(&kind.to_string()), "{kind}");
    }
}
