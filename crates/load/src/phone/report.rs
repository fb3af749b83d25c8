//! What the phone tells its user, as lines for people or as JSON for programs.

use serde_json::{Value, json};
use std::{io::Write, time::Duration};

/// What can be told.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Telling {
    Registering { account: String },
    Registered { account: String },
    Calling { uri: String },
    Ringing { status: u16 },
    Invited { from: String, to: String, headers: Vec<(String, String)> },
    Up { milliseconds: u64 },
    Pressed { keys: String },
    Digit { digit: char },
    Heard { second: u64, level_dbfs: f64, tones_hz: Vec<u32>, packets: u64, lost: u64 },
    Refused { status: u16, reason: String },
    Ended { by: &'static str, seconds: f64, packets: u64 },
    Recorded { file: String, seconds: f64 },
    Problem { text: String },
}

/// Where tellings go.
#[derive(Debug)]
pub(super) struct Reporter<W> {
    pub(super) out: W,
    pub(super) json: bool,
}

impl<W: Write> Reporter<W> {
    /// Nobody is left to tell when the output is closed; the call goes on to its end.
    pub(super) fn tell(&mut self, now: Duration, telling: &Telling) {
        if self.json {
            let mut object = as_json(telling);
            object["at_ms"] = json!(now.as_millis() as u64);
            let _ = writeln!(self.out, "{object}");
        } else {
            let _ = writeln!(self.out, "{:7.2}  {}", now.as_secs_f64(), as_line(telling));
        }
        let _ = self.out.flush();
    }
}

fn as_json(telling: &Telling) -> Value {
    match telling {
        Telling::Registering { account } => json!({ "event": "registering", "account": account }),
        Telling::Registered { account } => json!({ "event": "registered", "account": account }),
        Telling::Calling { uri } => json!({ "event": "calling", "uri": uri }),
        Telling::Ringing { status } => json!({ "event": "ringing", "status": status }),
        Telling::Invited { from, to, headers } => {
            json!({ "event": "invited", "from": from, "to": to, "headers": headers })
        }
        Telling::Up { milliseconds } => json!({ "event": "up", "after_ms": milliseconds }),
        Telling::Pressed { keys } => json!({ "event": "pressed", "keys": keys }),
        Telling::Digit { digit } => json!({ "event": "digit", "digit": digit }),
        Telling::Heard { second, level_dbfs, tones_hz, packets, lost } => json!({
            "event": "heard", "second": second, "level_dbfs": (level_dbfs * 10.0).round() / 10.0, "tones_hz": tones_hz,
            "packets": packets, "lost": lost,
        }),
        Telling::Refused { status, reason } => json!({ "event": "refused", "status": status, "reason": reason }),
        Telling::Ended { by, seconds, packets } => {
            json!({ "event": "ended", "by": by, "seconds": seconds, "packets": packets })
        }
        Telling::Recorded { file, seconds } => json!({ "event": "recorded", "file": file, "seconds": seconds }),
        Telling::Problem { text } => json!({ "event": "problem", "text": text }),
    }
}

fn as_line(telling: &Telling) -> String {
    match telling {
        Telling::Registering { account } => format!("registering {account}"),
        Telling::Registered { account } => format!("registered {account}"),
        Telling::Calling { uri } => format!("calling {uri}"),
        Telling::Ringing { status } => format!("ringing ({status})"),
        Telling::Invited { from, to, .. } => format!("{from} calls {to}"),
        Telling::Up { milliseconds } => format!("up after {milliseconds} ms"),
        Telling::Pressed { keys } => format!("pressed {keys}"),
        Telling::Digit { digit } => format!("heard key {digit}"),
        Telling::Heard { second, level_dbfs, tones_hz, packets, lost } => {
            let tones: Vec<String> = tones_hz.iter().map(|hz| format!("{hz} Hz")).collect();
            let tones = if tones.is_empty() { "-".to_owned() } else { tones.join(" ") };
            let lost = if *lost == 0 { String::new() } else { format!(", {lost} lost") };
            format!("{second:4} s  {level_dbfs:6.1} dBFS  {}  {tones}  ({packets} packets{lost})", bar(*level_dbfs))
        }
        Telling::Refused { status, reason } => format!("refused: {status} {reason}"),
        Telling::Ended { by, seconds, packets } => {
            format!("ended by {by} after {seconds:.1} s, {packets} packets heard")
        }
        Telling::Recorded { file, seconds } => format!("{seconds:.1} s recorded in {file}"),
        Telling::Problem { text } => text.clone(),
    }
}

/// A level as something to look at: 20 steps of 3 dB.
fn bar(level_dbfs: f64) -> String {
    let steps = ((level_dbfs + 60.0) / 3.0).clamp(0.0, 20.0) as usize;
    format!("{:<20}", "#".repeat(steps))
}
