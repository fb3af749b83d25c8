//! `strowger bench`: loads servers of its own, one after the other, and prints one table beside what the machine itself
//! costs in the same run: a raw relay loop, and how late an idle timer is.

mod rows;
mod site;
mod table;

pub use table::{Figure, Reach, Row};

use crate::{generator, http};
use clap::{Parser, ValueEnum};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Measures this machine: signalling, playback, queue calls with and without recording, latency, memory.
///
/// All rows with the numbers of the first goals:
///   strowger bench
///
/// Two rows, quickly:
///   strowger bench --rows w1,w3 --calls 50 --seconds 5
#[derive(Clone, Debug, Parser)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Which rows
    #[arg(long, value_delimiter = ',', default_values_t = RowName::USUAL)]
    pub rows: Vec<RowName>,
    /// The row of 100,000 calls too; it takes about twelve minutes
    #[arg(long)]
    pub long: bool,
    /// Calls at once in W2, W3 and W4
    #[arg(long, default_value_t = 200)]
    pub calls: usize,
    /// How long they talk
    #[arg(long, default_value_t = 12)]
    pub seconds: u64,
    /// Calls per second in W1
    #[arg(long, default_value_t = 1_500.0)]
    pub rate: f64,
    /// Queue calls per second
    #[arg(long, default_value_t = 150.0)]
    pub queue_rate: f64,
    /// Queue calls in all
    #[arg(long, default_value_t = 3_000)]
    pub queue_calls: usize,
    /// The server to measure [default: this program]
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// Where to write the table as JSON
    #[arg(long, value_name = "FILE", default_value = "strowger-bench.json")]
    pub json: PathBuf,
    /// Where the servers keep their data meanwhile [default: a folder of its own in the temporary one]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Keep the servers' data and logs
    #[arg(long)]
    pub keep: bool,
}

/// A row by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RowName {
    /// Answer and hang up.
    W1,
    /// IVR playback.
    W2,
    /// Queue and bridge.
    W3,
    /// The same, recorded.
    W4,
    /// Whole queue calls.
    Queue,
    /// INVITE to INVITE.
    Latency,
    /// Memory over 100,000 calls.
    #[value(skip)]
    Long,
}

impl RowName {
    const USUAL: [Self; 6] = [Self::W1, Self::W2, Self::W3, Self::W4, Self::Queue, Self::Latency];
}

impl std::fmt::Display for RowName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::W1 => "w1",
            Self::W2 => "w2",
            Self::W3 => "w3",
            Self::W4 => "w4",
            Self::Queue => "queue",
            Self::Latency => "latency",
            Self::Long => "long",
        })
    }
}

/// Why a row could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server could not be started.
    #[error("cannot start {binary}: {source}")]
    Server {
        /// Which.
        binary: String,
        /// Why.
        source: io::Error,
    },
    /// It started and was not ready in time, or ended.
    #[error("the server did not become ready; see {log}")]
    NotReady {
        /// Its log.
        log: String,
    },
    /// The API.
    #[error(transparent)]
    Api(#[from] http::Error),
    /// The load.
    #[error(transparent)]
    Load(#[from] generator::Error),
    /// The machine.
    #[error("the machine's own figures could not be taken: {0}")]
    Machine(#[from] io::Error),
}

impl Args {
    fn server_binary(&self) -> Result<PathBuf, Error> {
        match &self.binary {
            Some(binary) => Ok(binary.clone()),
            None => Ok(std::env::current_exe()?),
        }
    }
}

/// Runs the command: 0 when every figure is what it should be, 2 when some are not, 1 when a row could not be measured.
pub fn run(args: Args) -> ExitCode {
    match bench(&args, &mut io::stdout().lock()) {
        Ok(Bench { failed: false, rows }) if rows.iter().all(|row| row.missed().next().is_none()) => ExitCode::SUCCESS,
        Ok(Bench { failed: false, .. }) => ExitCode::from(2),
        Ok(Bench { failed: true, .. }) => ExitCode::FAILURE,
        Err(error) => {
            let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("strowger bench: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// What came of a bench.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bench {
    /// The rows that could be measured.
    pub rows: Vec<Row>,
    /// Some could not; why was told.
    pub failed: bool,
}

/// Measures the rows asked for, tells of each as it comes, then the whole table.
///
/// # Errors
/// The table could not be written.
pub fn bench(args: &Args, out: &mut impl io::Write) -> io::Result<Bench> {
    let temporary = || std::env::temp_dir().join(format!("strowger-bench-{}", std::process::id()));
    let directory = args.data.clone().unwrap_or_else(temporary);
    // What is wrong with the folder, the first server that uses it tells.
    let _ = site::set_apart(&directory);
    let mut bench = Bench::default();
    for name in args.rows.iter().copied().chain(args.long.then_some(RowName::Long)) {
        writeln!(out, "measuring {name} …")?;
        match measure(name, args, &directory) {
            Ok(row) => bench.rows.push(row),
            Err(error) => {
                bench.failed = true;
                writeln!(out, "{name} could not be measured: {error}")?;
            }
        }
    }
    write!(out, "\n{}", table::text(&bench.rows))?;
    let json = format!("{:#}\n", table::json(&bench.rows));
    fs::write(&args.json, json).map_err(|error| of_path(&args.json, &error))?;
    // Only empty when nothing in it was kept.
    let _ = fs::remove_dir(&directory);
    Ok(bench)
}

/// What went wrong, and where.
fn of_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn measure(name: RowName, args: &Args, directory: &Path) -> Result<Row, Error> {
    match name {
        RowName::W1 => rows::w1(args, directory),
        RowName::W2 => rows::w2(args, directory),
        RowName::W3 => rows::bridged(args, directory, false),
        RowName::W4 => rows::bridged(args, directory, true),
        RowName::Queue => rows::queue(args, directory),
        RowName::Latency => rows::latency(args, directory),
        RowName::Long => rows::long(args, directory),
    }
}

#[cfg(test)]
mod tests;
