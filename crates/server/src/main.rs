//! The one binary. Each subcommand is a file; this one only reads the command line.

mod compose;
mod config;
mod doctor;
mod exchange;
mod flow_command;
mod log;
mod pace;
mod pieces;
mod remedy;
mod restart;
mod serve;
mod sounds;
mod vitals;

use clap::{Parser, Subcommand};
use std::{io::Write as _, path::PathBuf, process::ExitCode};

/// Messages, facts and records are made on one thread and let go of on another, which the system's allocator pays for with
/// locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Strowger, an open call-centre platform.
#[derive(Parser)]
#[command(name = "strowger", version, after_help = "Example: strowger serve --demo --data ./data")]
struct Arguments {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Run the platform.
    #[command(after_help = "Example: strowger serve --config /etc/strowger.toml --data /var/lib/strowger")]
    Serve(Site),
    /// Check the configuration and say what to mend.
    #[command(after_help = "Example: strowger check --config /etc/strowger.toml")]
    Check(Site),
    /// Look at this machine: ports, limits, buffers, clock, disk.
    #[command(after_help = "Example: strowger doctor --data /var/lib/strowger")]
    Doctor(Site),
    /// Check or simulate an IVR document.
    #[command(subcommand)]
    Flow(flow_command::FlowCommand),
    /// A phone on the command line: dials, or registers and answers.
    #[command(after_help = "Example: strowger call sip:4008001000@127.0.0.1:5060 --digits wait6,1 --tone 400")]
    Call(load::phone::Args),
    /// Measure this machine with this binary.
    #[command(after_help = "Example: strowger bench")]
    Bench(load::bench::Args),
}

/// Where a site's configuration and data lie.
#[derive(clap::Args)]
struct Site {
    /// Configuration file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
    /// Folder of journal, embedded database and recordings.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// The demo site: fixed passwords, loopback only.
    #[arg(long)]
    demo: bool,
}

fn main() -> ExitCode {
    raise_open_files();
    match Arguments::parse().command {
        Subcommands::Serve(site) => serve(&site),
        Subcommands::Check(site) => check(&site),
        Subcommands::Doctor(site) => match load_config(&site) {
            Ok(config) => doctor::run(&config),
            Err(code) => code,
        },
        Subcommands::Flow(command) => flow_command::run(command),
        Subcommands::Call(arguments) => load::phone::run(arguments),
        Subcommands::Bench(arguments) => load::bench::run(arguments),
    }
}

fn serve(site: &Site) -> ExitCode {
    let config = match load_config(site) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let outcome = log::start().map_err(anyhow::Error::from).and_then(|()| serve::run(config, site.demo));
    log::flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&remedy::told(&error));
            ExitCode::FAILURE
        }
    }
}

fn check(site: &Site) -> ExitCode {
    match load_config(site) {
        Ok(config) => {
            complain(&format!("configuration is sound: HTTP {}, SIP {}", config.http.bind, config.sip.udp));
            ExitCode::SUCCESS
        }
        Err(code) => code,
    }
}

fn load_config(site: &Site) -> Result<config::Config, ExitCode> {
    // Others' variables may be in any encoding; `std::env::vars` would panic at the first that is not UTF-8.
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let environment = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    config::load(site.config.as_deref(), &site.data, site.demo, environment).map_err(|mistakes| {
        for mistake in mistakes {
            complain(&mistake.to_string());
        }
        ExitCode::from(2)
    })
}

/// A shell allows 1,024 open files unless asked for more, which is 250 calls. Refused, it stays at that, and `doctor` tells.
fn raise_open_files() {
    let _ = wire::files::raise_limit();
}

/// Tells the user on the terminal, where nobody may be left to read it (`strowger doctor | head -1`).
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The same of what is wrong.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
