//! For tests: a PostgreSQL of their own, started, stopped and removed by them.

use std::{
    fs::{self, File},
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait as _, Database};
use tempfile::TempDir;

/// Set to `1` to leave PostgreSQL out where it is not installed.
pub const SKIP: &str = "CONSILIUM_SKIP_POSTGRES";

/// Account that servers run as when the tests run as root, which PostgreSQL refuses.
const SERVER_USER: &str = "postgres";
const START_WITHIN: Duration = Duration::from_secs(60);
/// Another process may take the port between choosing and using it.
const PORTS_TRIED: u32 = 5;

/// A running PostgreSQL with nothing in it, listening on 127.0.0.1 only. Stopped and removed on drop; the
/// server also ends when this process is killed.
#[derive(Debug)]
pub struct Postgres {
    tools: Tools,
    folder: TempDir,
    port: u16,
    /// Nothing while it is stopped.
    server: Option<Server>,
    databases: AtomicU32,
}

#[derive(Debug)]
struct Server {
    process: Child,
    /// The thread that started the server lives until this goes: the kernel ends the server with it.
    _keeper: Sender<()>,
}

impl Postgres {
    /// Makes a cluster and starts its server. `None`, after a printed line, when PostgreSQL is not
    /// installed and [`SKIP`] is set.
    ///
    /// # Errors
    /// One sentence that says what is missing or what the server wrote.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(tools) = Tools::find()? else {
            if std::env::var_os(SKIP).is_some_and(|value| value == "1") {
                println!("left out: the storage tests on PostgreSQL, which is not installed");
                return Ok(None);
            }
            return Err(io::Error::other(format!(
                "the tests on PostgreSQL need its programs initdb and postgres, on PATH or in \
                 /usr/lib/postgresql; install the package postgresql or set {SKIP}=1"
            )));
        };
        let folder = tempfile::Builder::new().prefix("consilium-postgres-").tempdir()?;
        tools.give(folder.path())?;
        let data = folder.path().join("data");
        let made = tools
            .command("initdb", folder.path())
            .args([
                "--auth=trust",
                "--username=consilium",
                "--no-sync",
                "--locale=C",
                "--encoding=UTF8",
            ])
            .arg("--pgdata")
            .arg(&data)
            .output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(io::Error::other(format!("initdb failed: {said}")));
        }
        let mut last = None;
        for _ in 0..PORTS_TRIED {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            match serve(&tools, folder.path(), &data, port) {
                Ok(server) => {
                    return Ok(Some(Self {
                        tools,
                        folder,
                        port,
                        server: Some(server),
                        databases: AtomicU32::new(0),
                    }));
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no port was tried")))
    }

    /// Makes an empty database and gives its address.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn database(&self) -> Result<String, sea_orm::DbErr> {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let admin = Database::connect(self.url("postgres")).await?;
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await?;
        admin.close().await?;
        Ok(self.url(&name))
    }

    /// Ends the server as a power cut would; connections break.
    ///
    /// # Errors
    /// It does not end.
    pub fn cut(&mut self) -> io::Result<()> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        let stopped = self
            .tools
            .command("pg_ctl", self.folder.path())
            .args(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .arg(self.folder.path().join("data"))
            .output()
            .is_ok_and(|output| output.status.success());
        if !stopped {
            server.process.kill()?;
        }
        server.process.wait().map(drop)
    }

    /// Starts the server again where it was, with what it has on disk.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&mut self) -> io::Result<()> {
        if self.server.is_none() {
            let data = self.folder.path().join("data");
            self.server = Some(serve(&self.tools, self.folder.path(), &data, self.port)?);
        }
        Ok(())
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://consilium@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.cut() {
            eprintln!("PostgreSQL of the tests could not be stopped: {error}");
        }
    }
}

/// Starts the server and waits until it accepts connections.
fn serve(tools: &Tools, folder: &Path, data: &Path, port: u16) -> io::Result<Server> {
    let log_path = folder.join("log");
    let log = File::create(&log_path)?;
    let mut command = tools.command("postgres", folder);
    command
        .arg("-D")
        .arg(data)
        .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", ""])
        .args([
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "max_connections=200",
        ])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let (mut process, keeper) = spawn_kept(command)?;
    let started = Instant::now();
    loop {
        if process.try_wait()?.is_some() || started.elapsed() > START_WITHIN {
            let said = fs::read_to_string(&log_path).unwrap_or_default();
            process.kill()?;
            process.wait()?;
            return Err(io::Error::other(format!("PostgreSQL did not start: {said}")));
        }
        let ready = tools
            .command("pg_isready", folder)
            .args(["--quiet", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status()?;
        if ready.success() {
            return Ok(Server {
                process,
                _keeper: keeper,
            });
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a program from a thread that stays until the sender is dropped. The signal that ends the program
/// together with its parent is sent when the thread that started it ends, not the process.
fn spawn_kept(mut command: Command) -> io::Result<(Child, Sender<()>)> {
    let (keeper, until_dropped) = mpsc::channel::<()>();
    let (give, take) = mpsc::channel();
    thread::spawn(move || {
        if give.send(command.spawn()).is_ok() {
            // Ends with an error when the sender goes.
            let _ = until_dropped.recv();
        }
    });
    let child = take.recv().map_err(io::Error::other)??;
    Ok((child, keeper))
}

/// Where PostgreSQL's programs are and how to run them.
#[derive(Debug)]
struct Tools {
    folder: PathBuf,
    /// User and group number to run as, when this process is root.
    run_as: Option<(u32, u32)>,
}

impl Tools {
    fn find() -> io::Result<Option<Self>> {
        let Some(folder) = candidates().into_iter().find(|folder| {
            ["initdb", "postgres", "pg_ctl", "pg_isready"]
                .iter()
                .all(|program| folder.join(program).is_file())
        }) else {
            return Ok(None);
        };
        let run_as = if id(&["-u"])? == 0 {
            Some((id(&["-u", SERVER_USER])?, id(&["-g", SERVER_USER])?))
        } else {
            None
        };
        Ok(Some(Self { folder, run_as }))
    }

    /// Hands a folder over to whom the server runs as.
    fn give(&self, folder: &Path) -> io::Result<()> {
        match self.run_as {
            Some((user, group)) => std::os::unix::fs::chown(folder, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// One of the programs, run in `folder` as the right user, ended when its parent dies.
    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if let Some((user, group)) = self.run_as {
            command
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={group}"))
                .arg("--clear-groups");
        }
        command.arg(self.folder.join(program)).current_dir(folder);
        command
    }
}

/// Folders on PATH, then Debian's, newest version first.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    folders
}

/// A number from `id`.
fn id(arguments: &[&str]) -> io::Result<u32> {
    let output = Command::new("id").args(arguments).output()?;
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .map_err(|_| {
            io::Error::other(format!(
                "PostgreSQL refuses to run as root and there is no user {SERVER_USER}"
            ))
        })
}
