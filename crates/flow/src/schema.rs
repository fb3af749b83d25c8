//! The published schema is generated from the model; this keeps the file equal to it.

use crate::Flow;

const PUBLISHED: &str = include_str!("../../../flows/schema/flow.schema.json");

fn generated() -> String {
    let mut schema = schemars::schema_for!(Flow);
    schema.insert("title".to_owned(), "Strowger flow document, version 1".into());
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}

#[test]
fn the_published_schema_is_that_of_the_model() {
    let generated = generated();
    assert!(generated == PUBLISHED, "flows/schema/flow.schema.json differs from the model; it must be:\n{generated}");
}
