//! A child process with its output in files, ended when dropped.

use crate::await_some;
use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::Duration,
};

/// Lines of each output that a failed test shows.
const SHOWN_LINES: usize = 60;

/// A process of ours.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    output: PathBuf,
}

impl Process {
    /// Starts it; what it prints goes to `FOLDER/NAME.out`.
    ///
    /// # Panics
    /// The program is missing: the message says what to install.
    pub fn start(mut command: Command, name: &str, folder: &std::path::Path) -> Self {
        let output = folder.join(format!("{name}.out"));
        let file = File::options().create(true).append(true).open(&output).expect("the test's folder can be written");
        let both = file.try_clone().expect("a file can be opened twice");
        let child = command.stdin(Stdio::piped()).stdout(file).stderr(both).spawn();
        let program = command.get_program().to_string_lossy().into_owned();
        let child =
            child.unwrap_or_else(|error| panic!("{program} does not start ({error}); run `scripts/setup test`"));
        Self { name: name.to_owned(), child, output }
    }

    /// Its standard input, once.
    pub fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("the input is taken once")
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it printed.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// Whether it is still there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It does not end in time.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        await_some(&format!("end of {}", self.name), patience, || {
            self.child.try_wait().expect("a child can be waited for")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let printed = self.printed();
            let lines: Vec<&str> = printed.lines().collect();
            let tail = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
            show(&format!("--- {} printed last:\n{tail}\n", self.name));
        }
    }
}

#[expect(clippy::print_stderr, reason = "what the processes of a failed test said belongs to its output")]
fn show(text: &str) {
    eprintln!("{text}");
}
