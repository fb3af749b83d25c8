//! What a new process takes over from the one before: read from the journal, handed to the exchange and the database.

use std::path::Path;
use store::journal::{Entry, Recovered};
use switch::Restored;
use vocab::{ExtensionId, Timestamp};

/// What the exchange takes up again. Ages are by the wall clock, the only one that outlives a process.
pub fn restored(recovered: &Recovered, now: Timestamp) -> Restored {
    let passed_s = recovered.last_at.map_or(0, |last| now.since_ms(last) / 1_000);
    let bindings = recovered.bindings.iter().filter_map(|kept| {
        let binding: sip::Binding = serde_json::from_str(&kept.snapshot).ok()?;
        let left = u64::from(binding.expires_in_s).saturating_sub(passed_s);
        let expires_in_s = u32::try_from(left).ok().filter(|left| *left > 0)?;
        Some(sip::Binding { expires_in_s, ..binding })
    });
    let dialogs = recovered.dialogs.iter().filter_map(|kept| serde_json::from_str(&kept.snapshot).ok());
    let ringing = recovered.ringing.iter().filter_map(|kept| serde_json::from_str(&kept.snapshot).ok());
    Restored {
        bindings: bindings.collect(),
        dialogs: dialogs.collect(),
        ringing: ringing.collect(),
        agents: recovered.agents.iter().map(|agent| agent.report(now)).collect(),
        next_fact: recovered.next_fact_seq,
    }
}

/// The dead life's dialogs are the exchange's now. Their legs' numbers are free for the legs of this life, and a third
/// life must not hang them up once more.
pub fn taken_over(recovered: &Recovered) -> Vec<Entry> {
    let legs = recovered.dialogs.iter().chain(&recovered.ringing).map(|kept| kept.leg);
    legs.map(|leg| Entry::DialogOver { leg }).collect()
}

/// Phones for the boards.
pub fn phones(restored: &Restored) -> Vec<(ExtensionId, api::Phone)> {
    let phone = |b: &sip::Binding| api::Phone { contact: b.contact.to_string(), user_agent: b.user_agent.to_string() };
    restored.bindings.iter().map(|b| (ExtensionId::new(b.account.clone()), phone(b))).collect()
}

/// Lets the header of each piece that the process died in claim exactly what was written.
pub fn repair_pieces(recovered: &mut Recovered, recordings: &Path) {
    for piece in recovered.pieces.iter_mut().filter(|piece| piece.bytes.is_none()) {
        match wire::recording::repair(&recordings.join(&piece.path)) {
            Ok(repaired) => {
                piece.bytes = Some(repaired.bytes);
                tracing::info!(recording = %piece.recording, bytes = repaired.bytes, "recording repaired after a crash");
            }
            Err(error) => {
                piece.bytes = Some(0);
                tracing::warn!(recording = %piece.recording, %error, "recording cannot be repaired");
            }
        }
    }
}

/// What the operator should know of the last life.
pub fn log(recovered: &Recovered) {
    if recovered.clean {
        tracing::info!("last stop was clean");
    } else if recovered.next_fact_seq > 1 {
        let (calls, dialogs, ringing) = (recovered.open_calls.len(), recovered.dialogs.len(), recovered.ringing.len());
        tracing::warn!(calls, dialogs, ringing, "last process died; its calls are closed and their phones told so");
    }
    for line in &recovered.damaged {
        tracing::error!(segment = line.segment, line = line.line, fault = %line.fault, "journal line is damaged");
    }
}
