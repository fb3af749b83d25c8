//! Short flows, so that a test does not listen to every prompt of the demo.

use serde_json::{Value, json};

/// Answers and waits in `sales` at once: its place is told every 5 s, `#` leads to a message, and so does the end of
/// the wait or nobody being there.
pub fn straight_to_queue(max_wait_ms: u32) -> Value {
    json!({
        "version": 1, "flow": "straight", "revision": 1, "language": "zh", "start": "answer",
        "nodes": {
            "answer": { "type": "answer", "links": { "done": "sales" } },
            "sales": {
                "type": "queue", "queue": "sales", "music": "calm", "exit_keys": "#", "max_wait_ms": max_wait_ms,
                "position": { "every_ms": 5_000, "before": [{ "say": "prompt", "name": "queue_position_before" }] },
                "links": { "timeout": "too_long", "refused": "message", "key": "message" }
            },
            "too_long": {
                "type": "play", "says": [{ "say": "prompt", "name": "queue_timeout" }], "links": { "done": "bye" }
            },
            "message": { "type": "message", "links": { "saved": "bye", "too_short": "bye" } },
            "bye": { "type": "hangup" }
        }
    })
}
