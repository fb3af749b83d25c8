//! From text to a document, naming the node and the field of what cannot be read.

use crate::{Code, Flow, Node, Problem};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use vocab::NodeName;

/// A document of 5,000 nodes with a few hundred bytes each is well below this.
const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;

impl Flow {
    /// Reads a document. What it means is judged by [`crate::check`] afterwards.
    pub fn parse(text: &str) -> Result<Flow, Vec<Problem>> {
        if text.len() > DOCUMENT_BYTES_MAX {
            let params = [("bytes", text.len().to_string()), ("max", DOCUMENT_BYTES_MAX.to_string())];
            return Err(vec![Problem::document("", Code::DocumentTooLong, &params)]);
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| vec![unreadable(None, "", Code::NotJson, &error)])?;
        let Value::Object(mut document) = value else {
            return Err(vec![Problem::document("", Code::NotJson, &[("what", "not an object".to_owned())])]);
        };
        let nodes = match document.insert("nodes".to_owned(), Value::Object(Map::new())) {
            Some(Value::Object(nodes)) => nodes,
            _ => {
                return Err(vec![Problem::document(
                    "nodes",
                    Code::Unreadable,
                    &[("what", "nodes by name".to_owned())],
                )]);
            }
        };
        let mut problems = Vec::new();
        let nodes = read_nodes(nodes, &mut problems);
        match serde_json::from_value::<Flow>(Value::Object(document)) {
            Ok(flow) if problems.is_empty() => return Ok(Flow { nodes, ..flow }),
            Ok(_) => {}
            Err(error) => problems.insert(0, unreadable(None, "", Code::Unreadable, &error)),
        }
        Err(problems)
    }
}

/// Node by node, so that each problem names its node.
fn read_nodes(nodes: Map<String, Value>, problems: &mut Vec<Problem>) -> BTreeMap<NodeName, Node> {
    let mut read = BTreeMap::new();
    for (name, value) in nodes {
        let name = NodeName::new(name);
        match serde_json::from_value(value.clone()) {
            Ok(node) => {
                read.insert(name, node);
            }
            Err(error) => {
                let field = culprit(&value, &error.to_string());
                problems.push(unreadable(Some(name), &field, Code::Unreadable, &error));
            }
        }
    }
    read
}

/// The field of the wrong kind, which the reader does not name: the one without which it complains of something else.
fn culprit(node: &Value, complaint: &str) -> String {
    let Value::Object(fields) = node else { return String::new() };
    let guilty = |field: &&String| {
        let mut without = fields.clone();
        without.remove(*field);
        let other = serde_json::from_value::<Node>(Value::Object(without)).err();
        other.is_none_or(|other| other.to_string() != complaint)
    };
    fields.keys().filter(|field| *field != "type").find(guilty).cloned().unwrap_or_default()
}

fn unreadable(node: Option<NodeName>, field: &str, code: Code, error: &serde_json::Error) -> Problem {
    let what = error.to_string();
    // The reader names the field between the first pair of backquotes.
    let named = what.split('`').nth(1).filter(|_| what.contains("field")).unwrap_or(field).to_owned();
    Problem::new(node, named, code, &[("what", what)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_wrong_kind_is_named_by_node_and_field() {
        let document = |field: &str| {
            format!(
                r#"{{"version":1,"flow":"f","revision":1,"start":"m","language":"zh",
                    "nodes":{{"m":{{"type":"message","says":[],"ms_max":60000,{field}"links":{{}}}}}}}}"#
            )
        };
        for (field, named) in
            [(r#""ms_min":"long","#, "ms_min"), (r#""stop_keys":7,"#, "stop_keys"), (r#""x":1,"#, "x")]
        {
            let problems = Flow::parse(&document(field)).expect_err("the field is wrong");
            assert_eq!(
                (problems[0].node.as_ref().map(NodeName::as_str), problems[0].field.as_str()),
                (Some("m"), named)
            );
        }
    }
}
