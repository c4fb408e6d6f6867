//! The built program in demo mode, as a process of its own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use consilium_server::clock::system;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::OnceCell,
    time::timeout,
};

use crate::{Login, Target};

const START: Duration = Duration::from_secs(120);

/// A running program.
#[derive(Debug)]
pub struct Process {
    /// Its data folder.
    pub folder: Arc<TempDir>,
    /// How to reach it.
    pub target: Arc<Target>,
    child: Child,
}

/// The built program; it is built when it is missing.
///
/// # Errors
/// It cannot be built.
async fn program() -> Result<&'static Path> {
    static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();
    let path = PROGRAM.get_or_try_init(|| async {
        let test = std::env::current_exe()?;
        let profile = test
            .parent()
            .and_then(Path::parent)
            .context("the folder of the build")?;
        let path = profile.join(format!("consilium{}", std::env::consts::EXE_SUFFIX));
        if !path.is_file() {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let built = Command::new(cargo)
                .args(["build", "--package", "consilium-server"])
                .status()
                .await?;
            ensure!(built.success(), "the server cannot be built");
        }
        anyhow::Ok(path)
    });
    Ok(path.await?.as_path())
}

/// A stand-in for the browser bundle, which these tests do not look at.
fn site(folder: &Path) -> Result<PathBuf> {
    let site = folder.join("site");
    std::fs::create_dir_all(&site)?;
    std::fs::write(
        site.join("manifest.json"),
        r#"{"script":"a.js","wasm":"a.wasm","style":"a.css"}"#,
    )?;
    Ok(site)
}

impl Process {
    /// Starts a demo with fresh data and waits until it is ready.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start() -> Result<Self> {
        Self::start_in(Arc::new(tempfile::tempdir()?)).await
    }

    /// Starts on data that is there.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start_in(folder: Arc<TempDir>) -> Result<Self> {
        let data = folder.path().join("data");
        // A write past the limit of `break_writes` is an error like any other, not the end of the program.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(program().await?)
            .arg("demo")
            .args(["--port", "0", "--data"])
            .arg(&data)
            .arg("--site")
            .arg(site(folder.path())?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(std::fs::File::create(folder.path().join("log"))?))
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let url = timeout(START, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.strip_prefix("ready ") {
                    return anyhow::Ok(url.trim().to_owned());
                }
            }
            bail!(
                "the program ended: {}",
                std::fs::read_to_string(folder.path().join("log"))?
            )
        })
        .await
        .context("not ready in time")??;
        // Its output is read on, or a full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let port = url
            .rsplit(':')
            .next()
            .context("a port")?
            .trim_end_matches('/')
            .parse()?;
        let demo: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json"))?)?;
        let authority = demo.get("ca_file").and_then(Value::as_str).context("ca_file")?;
        let target = Target::new(port, &data.join(authority), logins(&demo)?, system())?;
        Ok(Self {
            folder,
            target: Arc::new(target),
            child,
        })
    }

    /// Kills it with -9 and starts it again on the same data, elsewhere.
    ///
    /// # Errors
    /// It does not start again.
    pub async fn kill_and_restart(mut self) -> Result<Self> {
        self.child.kill().await?;
        Self::start_in(Arc::clone(&self.folder)).await
    }

    /// Asks it to stop (SIGTERM); its exit code.
    ///
    /// # Errors
    /// It does not stop in time.
    pub async fn terminate(&mut self) -> Result<Option<i32>> {
        let id = self.child.id().context("a process")?;
        let sent = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .await?;
        ensure!(sent.success(), "the signal was not sent");
        let ended = timeout(Duration::from_secs(30), self.child.wait())
            .await
            .context("not stopped in time")??;
        Ok(ended.code())
    }

    /// From now on every write to a file fails with an I/O error, or none does any more.
    ///
    /// # Errors
    /// Not on this system.
    pub async fn break_writes(&self, broken: bool) -> Result<()> {
        let id = self.child.id().context("a process")?;
        let limit = if broken {
            "--fsize=1:"
        } else {
            "--fsize=unlimited:"
        };
        let set = Command::new("prlimit")
            .args(["--pid", &id.to_string(), limit])
            .status()
            .await?;
        ensure!(set.success(), "the limit was not set");
        Ok(())
    }

    /// Lets the count of the most memory begin at what is held now.
    ///
    /// # Errors
    /// Not on this system.
    pub fn reset_peak(&self) -> Result<()> {
        let id = self.child.id().context("a process")?;
        Ok(std::fs::write(format!("/proc/{id}/clear_refs"), "5")?)
    }

    /// Memory it holds now, bytes, and the most it held since [`Process::reset_peak`].
    ///
    /// # Errors
    /// Not on this system.
    pub fn memory_bytes(&self) -> Result<(u64, u64)> {
        let id = self.child.id().context("a process")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let field = |name: &str| -> Result<u64> {
            let line = status
                .lines()
                .find_map(|l| l.strip_prefix(name))
                .context("a field")?;
            let kib: u64 = line.split_whitespace().next().context("a number")?.parse()?;
            Ok(kib * 1024)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Runs the program once with other arguments (`verify`); whether it succeeded, and what it said.
    ///
    /// # Errors
    /// It cannot be run.
    pub async fn once(arguments: &[&str]) -> Result<(bool, String)> {
        let done = Command::new(program().await?).args(arguments).output().await?;
        let said = [done.stdout, done.stderr].concat();
        Ok((done.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }
}

fn logins(demo: &Value) -> Result<BTreeMap<String, Login>> {
    let text = |user: &Value, name: &str| -> Result<String> {
        Ok(user
            .get(name)
            .and_then(Value::as_str)
            .with_context(|| format!("{name} in demo.json"))?
            .to_owned())
    };
    demo.get("users")
        .and_then(Value::as_array)
        .context("users in demo.json")?
        .iter()
        .map(|user| {
            let login = Login {
                password: text(user, "password")?,
                totp_secret: text(user, "totp_secret")?,
            };
            Ok((text(user, "username")?, login))
        })
        .collect()
}
