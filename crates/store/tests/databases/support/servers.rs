//! Starts and stops the servers.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A database server, or the folder of SQLite files that stands for one.
pub struct Server {
    kind: Kind,
    folder: TempDir,
    process: Option<Child>,
    databases: AtomicU32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
    Mariadb,
}

/// Beginning a server on a loaded machine can take this long; then something is wrong.
const START_PATIENCE: Duration = Duration::from_secs(120);
const POSTGRES_PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

impl Server {
    pub fn start(kind: Kind) -> Server {
        let folder = tempfile::Builder::new().prefix("strowger-").tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("an open folder");
        let mut server = Server { kind, folder, process: None, databases: AtomicU32::new(0) };
        match kind {
            Kind::Sqlite => {}
            Kind::Postgres => server.install_postgres(),
            Kind::Mariadb => server.install_mariadb(),
        }
        server.resume();
        server
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The address of a new, empty database.
    pub async fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("case_{number}");
        match self.kind {
            Kind::Sqlite => format!("sqlite:{}", self.folder.path().join(name).display()),
            Kind::Postgres => {
                // A schema does for a database, and takes no half second to copy.
                let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
                let pool = sqlx::PgPool::connect(&self.url("postgres")).await.expect("the server's own database");
                sqlx::raw_sql(create).execute(&pool).await.expect("a new schema");
                pool.close().await;
                format!("{}&options=-c%20search_path%3D{name}", self.url("postgres"))
            }
            Kind::Mariadb => {
                let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
                let pool = sqlx::MySqlPool::connect(&self.url("mysql")).await.expect("the server's own database");
                sqlx::raw_sql(create).execute(&pool).await.expect("a new database");
                pool.close().await;
                self.url(&name)
            }
        }
    }

    /// Ends the server at once, with whatever it is doing.
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // PostgreSQL's parts live on for a while if their head is killed, and a new server will not start beside them.
        let signal = if self.kind == Kind::Postgres { "-QUIT" } else { "-KILL" };
        let sent = Command::new("kill").args([signal, &process.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "a running server takes signals");
        process.wait().expect("its end");
    }

    /// Starts the server (again) and waits until it answers.
    pub fn resume(&mut self) {
        let log = fs::File::create(self.log()).expect("a log file");
        let mut command = match self.kind {
            Kind::Sqlite => return,
            Kind::Postgres => self.postgres(),
            Kind::Mariadb => self.mariadb(),
        };
        let errors = log.try_clone().expect("a second handle");
        self.process = Some(command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().unwrap_or_else(|error| {
            panic!("{:?} does not start ({error}): `make test` installs what is missing", self.kind)
        }));
        self.wait_until_it_answers();
    }

    fn wait_until_it_answers(&mut self) {
        let began = Instant::now();
        let socket = self.socket();
        while std::os::unix::net::UnixStream::connect(&socket).is_err() || !self.is_ready() {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().expect("a child's state"));
            assert!(
                ended.is_none() && began.elapsed() < START_PATIENCE,
                "{:?} does not come up: {}",
                self.kind,
                fs::read_to_string(self.log()).unwrap_or_default()
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Both say so in their logs; before that a connection may be turned away.
    fn is_ready(&self) -> bool {
        fs::read_to_string(self.log()).is_ok_and(|log| log.contains("ready "))
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn socket(&self) -> PathBuf {
        match self.kind {
            Kind::Sqlite => unreachable!("it has none"),
            Kind::Postgres => self.data().join(".s.PGSQL.5432"),
            Kind::Mariadb => self.data().join("socket"),
        }
    }

    fn url(&self, database: &str) -> String {
        match self.kind {
            Kind::Sqlite => unreachable!("made by `database`"),
            Kind::Postgres => format!("postgres://strowger@localhost/{database}?host={}", percent(&self.data())),
            Kind::Mariadb => format!("mysql://root@localhost/{database}?socket={}", percent(&self.socket())),
        }
    }

    /// A folder of the server's own user.
    fn make_data(&self, user: &str) {
        fs::create_dir(self.data()).expect("a data folder");
        if running_as_root() {
            let (uid, gid) = (id(&["-u", user]), id(&["-g", user]));
            chown(self.data(), Some(uid), Some(gid)).expect("a folder for the server's user");
        }
    }

    fn install_postgres(&self) {
        self.make_data("nobody");
        let mut initdb = as_user("nobody", &format!("{POSTGRES_PROGRAMS}/initdb"));
        initdb.args(["--no-sync", "--auth=trust", "--username=strowger", "--encoding=UTF8", "--locale=C.UTF-8", "-D"]);
        run(initdb.arg(self.data()), "postgresql");
    }

    fn postgres(&self) -> Command {
        let mut command = as_user("nobody", &format!("{POSTGRES_PROGRAMS}/postgres"));
        command.arg("-D").arg(self.data()).arg("-k").arg(self.data());
        // Nothing here has to survive a power cut.
        command.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off"]);
        command
    }

    fn install_mariadb(&self) {
        self.make_data("mysql");
        let mut install = Command::new("mariadb-install-db");
        install.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]);
        install.arg(format!("--datadir={}", self.data().display()));
        if running_as_root() {
            install.arg("--user=mysql");
        }
        run(&mut install, "mariadb-server");
    }

    fn mariadb(&self) -> Command {
        let mut command = as_user("mysql", "/usr/sbin/mariadbd");
        command.args(["--no-defaults", "--skip-networking", "--innodb-flush-log-at-trx-commit=0"]);
        command.args(["--innodb-flush-method=nosync", "--skip-innodb-doublewrite", "--innodb-log-file-size=8M"]);
        command.arg(format!("--datadir={}", self.data().display()));
        command.arg(format!("--socket={}", self.socket().display()));
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Servers refuse to run as root, which a container's tests do; and they must not outlive the test.
fn as_user(user: &str, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if running_as_root() {
        command.args(["--reuid", user, "--regid", &id(&["-g", user]).to_string(), "--clear-groups"]);
    }
    command.arg(program);
    command
}

fn run(command: &mut Command, package: &str) {
    let missing = format!("{package} is missing or broken: `make test` installs it");
    let output = command.output().unwrap_or_else(|error| panic!("{missing} ({error})"));
    assert!(output.status.success(), "{missing}: {}", String::from_utf8_lossy(&output.stderr));
}

fn running_as_root() -> bool {
    id(&["-u"]) == 0
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id, part of every system");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("no user for {arguments:?}: `make test` installs the servers"))
}

fn percent(path: &Path) -> String {
    path.to_string_lossy().bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => text.push(char::from(byte)),
            other => write!(text, "%{other:02X}").expect("a string takes all"),
        }
        text
    })
}
