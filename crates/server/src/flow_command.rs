//! `strowger flow check|simulate FILE`.

use crate::say;
use clap::Subcommand;
use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

/// What can be done with a flow document on the command line.
#[derive(Subcommand)]
pub enum FlowCommand {
    /// Say what is wrong with a document, by node and field.
    #[command(after_help = "Example: strowger flow check flows/welcome.json")]
    Check {
        /// The document.
        file: PathBuf,
    },
    /// Play a call through a document and print what happens.
    #[command(after_help = "Example: strowger flow simulate flows/welcome.json --keys 6:1 --agent-after 10")]
    Simulate {
        /// The document.
        file: PathBuf,
        /// Keys as SECONDS:KEY, separated by commas.
        #[arg(long, default_value = "", value_parser = keys)]
        keys: Keys,
        /// An agent answers after this many seconds in a queue.
        #[arg(long)]
        agent_after: Option<u64>,
        /// The caller hangs up after this many seconds.
        #[arg(long)]
        hang_up: Option<u64>,
    },
}

type Keys = Arc<[(Duration, char)]>;

fn keys(text: &str) -> Result<Keys, String> {
    let one = |part: &str| {
        let (seconds, key) = part.split_once(':').ok_or_else(|| format!("{part} is not SECONDS:KEY"))?;
        let seconds: f64 = seconds.parse().map_err(|_| format!("{seconds} is no number of seconds"))?;
        let at = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
        let key = key.chars().next().ok_or_else(|| format!("{part} names no key"))?;
        Ok((at, key))
    };
    text.split(',').filter(|part| !part.is_empty()).map(one).collect()
}

/// Runs the command.
pub fn run(command: FlowCommand) -> ExitCode {
    let (FlowCommand::Check { file } | FlowCommand::Simulate { file, .. }) = &command;
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            say(&format!("{}: {error}", file.display()));
            return ExitCode::FAILURE;
        }
    };
    let document = match flow::Flow::parse(&text) {
        Ok(document) => document,
        Err(problems) => {
            problems.iter().for_each(|problem| say(&problem.text(flow::Language::En)));
            return ExitCode::FAILURE;
        }
    };
    match command {
        FlowCommand::Check { .. } => {
            let problems = flow::check(&document, &presumed_site(&document));
            problems.iter().for_each(|problem| say(&problem.text(flow::Language::En)));
            let errors = problems.iter().filter(|p| p.severity == flow::Severity::Error).count();
            say(&format!("{errors} error(s), {} warning(s)", problems.len() - errors));
            if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        FlowCommand::Simulate { keys, agent_after, hang_up, .. } => {
            let script = flow::Script {
                caller: "13800138000".into(),
                called: "4008001000".into(),
                keys: keys.to_vec(),
                hang_up: hang_up.map(Duration::from_secs),
                agent_after: agent_after.map(Duration::from_secs),
                talk: Duration::from_secs(30),
            };
            for (at, heard) in flow::simulate(Arc::new(document), &script, 1) {
                say(&format!("{:>8.2}  {heard:?}", at.as_secs_f64()));
            }
            ExitCode::SUCCESS
        }
    }
}

/// Names of queues, prompts and extensions are the site's; on the command line those of the document count as known.
fn presumed_site(document: &flow::Flow) -> flow::Site {
    let mut names = std::collections::BTreeSet::new();
    let value = serde_json::to_value(document).unwrap_or_default();
    collect_names(&value, &mut names);
    flow::Site {
        queues: names.iter().map(|name| name.as_str().into()).collect(),
        prompts: names.iter().map(|name| name.as_str().into()).collect(),
        music: names.iter().map(|name| name.as_str().into()).collect(),
        extensions: names.iter().map(|name| name.as_str().into()).collect(),
    }
}

fn collect_names(value: &serde_json::Value, names: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => drop(names.insert(text.clone())),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| collect_names(field, names)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}
