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
        match serde_json::from_value(value) {
            Ok(node) => {
                read.insert(name, node);
            }
            Err(error) => problems.push(unreadable(Some(name), "", Code::Unreadable, &error)),
        }
    }
    read
}

fn unreadable(node: Option<NodeName>, field: &str, code: Code, error: &serde_json::Error) -> Problem {
    let what = error.to_string();
    // The reader names the field between the first pair of backquotes.
    let named = what.split('`').nth(1).filter(|_| what.contains("field")).unwrap_or(field).to_owned();
    Problem::new(node, named, code, &[("what", what)])
}
