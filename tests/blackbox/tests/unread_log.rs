//! Nobody reads the log: a stopped terminal, a pipe whose reader hangs. Calls do not notice.

use blackbox::{
    caller::Caller,
    site::{NUMBER, Site},
};
use serde_json::Value;

/// Standard error becomes a pipe that is open and never read, and much is said into it.
const UNREAD: &str = r#"export RUST_LOG=debug; f=$(mktemp -u) && mkfifo "$f" && exec 2<>"$f" && rm "$f""#;
/// Each leaves some 300 bytes in the log, and a pipe holds 64 KiB.
const REQUESTS: usize = 600;

#[test]
fn a_log_that_nobody_reads_holds_up_no_call() {
    let site = Site::start_after(UNREAD);
    for _ in 0..REQUESTS {
        site.admin.ask("GET", "/readyz", &Value::Null).expect(200);
    }
    let (mut caller, call) = Caller::call(&site, NUMBER);
    caller.ear.await_prompt(0, "prompts/zh/welcome.wav");
    caller.ear.press("3");
    site.live.await_call(0, &call, "digits_collected");
    caller.hang_up();
    assert_eq!(site.record(&call)["digits"], "3");
}
