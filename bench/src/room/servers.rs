//! The servers: started on free ports of the loopback, on a core of their own, and ended here.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use consilium_server::clock::system;
use consilium_testkit::Target;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{client::IntoClientRequest as _, protocol::WebSocketConfig},
};

use super::{
    machine,
    seed::{self, Seeds},
    wire::Dialect,
};

const START: Duration = Duration::from_secs(60);

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Ours over plain HTTP, as the others are.
    Consilium,
    /// Ours as it ships: the release program, TLS 1.3.
    ConsiliumTls,
    Hocuspocus,
    YWebsocket,
    YSweet,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Consilium,
        Self::ConsiliumTls,
        Self::Hocuspocus,
        Self::YWebsocket,
        Self::YSweet,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Consilium => "Consilium",
            Self::ConsiliumTls => "Consilium, TLS",
            Self::Hocuspocus => "Hocuspocus",
            Self::YWebsocket => "y-websocket",
            Self::YSweet => "y-sweet",
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Consilium => "consilium",
            Self::ConsiliumTls => "tls",
            Self::Hocuspocus => "hocuspocus",
            Self::YWebsocket => "y-websocket",
            Self::YSweet => "y-sweet",
        }
    }

    pub(super) const fn ours(self) -> bool {
        matches!(self, Self::Consilium | Self::ConsiliumTls)
    }

    pub(super) const fn dialect(self) -> Dialect {
        match self {
            Self::Consilium | Self::ConsiliumTls => Dialect::Consilium,
            Self::Hocuspocus => Dialect::Hocuspocus,
            Self::YWebsocket | Self::YSweet => Dialect::Plain,
        }
    }
}

/// What all runs share.
pub(super) struct World {
    pub(super) seeds: Seeds,
    /// Cores are divided between client and server.
    pub(super) pinned: bool,
}

/// A byte stream, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A client's socket.
pub(super) type Socket = WebSocketStream<Box<dyn Stream>>;

/// A server under test.
pub(super) struct Running {
    pub(super) kind: Kind,
    pub(super) port: u16,
    world: Arc<World>,
    child: Child,
    pid: u32,
    target: Option<Target>,
    folder: TempDir,
}

/// The folder of the other servers' packages.
fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// The program of a peer, `None` with the reason when it is not here.
fn program(kind: Kind) -> Result<PathBuf, String> {
    let path = match kind {
        Kind::Consilium => return std::env::current_exe().map_err(|error| error.to_string()),
        Kind::ConsiliumTls => {
            let own = std::env::current_exe().map_err(|error| error.to_string())?;
            own.with_file_name(format!("consilium{}", std::env::consts::EXE_SUFFIX))
        }
        Kind::Hocuspocus | Kind::YWebsocket => {
            let machine = if cfg!(target_arch = "aarch64") {
                "arm64"
            } else {
                "x64"
            };
            peers().join(format!("node_modules/node-linux-{machine}/bin/node"))
        }
        Kind::YSweet => match std::env::var_os("CONSILIUM_YSWEET") {
            Some(path) => path.into(),
            None => return Err("CONSILIUM_YSWEET does not say where y-sweet is".to_owned()),
        },
    };
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("{} is missing", path.display()))
    }
}

/// Why a server cannot be measured here.
pub(super) fn absent(kind: Kind) -> Option<String> {
    program(kind).err()
}

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}

impl Running {
    /// Starts a server with nothing in it.
    pub(super) async fn start(kind: Kind, world: &Arc<World>) -> Result<Self> {
        let folder = if kind.ours() {
            world.seeds.copy()?
        } else {
            tempfile::tempdir()?
        };
        Self::start_in(kind, world, folder, free_port()?).await
    }

    async fn start_in(kind: Kind, world: &Arc<World>, folder: TempDir, port: u16) -> Result<Self> {
        let program = program(kind).map_err(anyhow::Error::msg)?;
        let mut command = machine::on_server_core(&program, world.pinned);
        arguments(kind, &mut command, &folder, port)?;
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(folder.path().join("log"))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(if kind.ours() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().context("a process")?;
        let port = if kind.ours() {
            match ready(&mut child).await {
                Ok(port) => port,
                Err(error) => {
                    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                    return Err(error.context(log));
                }
            }
        } else {
            listening(port).await.with_context(|| kind.name())?;
            port
        };
        let target = if kind == Kind::ConsiliumTls {
            let authority = seed::data(folder.path()).join("tls/ca.pem");
            Some(Target::new(port, &authority, Default::default(), system())?)
        } else {
            None
        };
        Ok(Self {
            kind,
            port,
            world: Arc::clone(world),
            child,
            pid,
            target,
            folder,
        })
    }

    /// Kills it with -9 and starts it again on the same data.
    pub(super) async fn kill_and_restart(mut self) -> Result<Self> {
        self.child.kill().await?;
        Self::start_in(self.kind, &self.world, self.folder, self.port).await
    }

    /// Ends it.
    pub(super) async fn end(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    pub(super) fn cpu_seconds(&self) -> f64 {
        machine::cpu_seconds(self.pid)
    }

    /// Memory now and at most, MiB.
    pub(super) fn memory(&self) -> (f64, f64) {
        machine::memory(self.pid)
    }

    /// The name of a room's document.
    pub(super) fn document(&self, room: usize) -> Result<String> {
        if self.kind.ours() {
            let id = self.world.seeds.rooms.get(room).context("a room")?;
            Ok(id.to_string())
        } else {
            Ok(format!("room-{room}"))
        }
    }

    /// The key under which a person writes.
    pub(super) fn author(&self, person: usize) -> Result<String> {
        let (account, _) = self.world.seeds.people.get(person).context("a person")?;
        Ok(account.to_string())
    }

    /// Makes a document where that must be said.
    pub(super) async fn make(&self, room: usize) -> Result<()> {
        if self.kind != Kind::YSweet {
            return Ok(());
        }
        let body = format!("{{\"docId\":\"{}\"}}", self.document(room)?);
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let request = format!(
            "POST /doc/new HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "y-sweet: {answer}");
        Ok(())
    }

    /// Connects a person to a room.
    pub(super) async fn connect(&self, room: usize, person: usize) -> Result<Socket> {
        let stream: Box<dyn Stream> = match &self.target {
            Some(target) => Box::new(target.connect().await?),
            None => {
                let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        };
        let document = self.document(room)?;
        let path = match self.kind {
            Kind::Consilium | Kind::ConsiliumTls => format!("api/v1/consultations/{document}/live"),
            Kind::Hocuspocus => String::new(),
            Kind::YWebsocket => document,
            Kind::YSweet => format!("d/{document}/ws/{document}"),
        };
        let mut request = format!("ws://localhost:{}/{path}", self.port).into_client_request()?;
        if self.kind.ours() {
            let (_, token) = self.world.seeds.people.get(person).context("a person")?;
            request
                .headers_mut()
                .insert("cookie", format!("__Host-session={token}").parse()?);
        }
        let mut config = WebSocketConfig::default();
        config.read_buffer_size = 16 * 1024;
        config.write_buffer_size = 0;
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => Ok(socket),
            Err(error) => bail!("{}: room {room}, person {person}: {error}", self.kind.name()),
        }
    }
}

fn arguments(kind: Kind, command: &mut Command, folder: &TempDir, port: u16) -> Result<()> {
    let own = folder.path();
    match kind {
        Kind::Consilium => {
            command.arg("serve-plain").arg(seed::data(own));
        }
        Kind::ConsiliumTls => {
            let site = own.join("site");
            std::fs::create_dir_all(&site)?;
            std::fs::write(
                site.join("manifest.json"),
                r#"{"script":"a.js","wasm":"a.wasm","style":"a.css"}"#,
            )?;
            command
                .arg("serve")
                .env("CONSILIUM_LISTEN", format!("127.0.0.1:{port}"))
                .env("CONSILIUM_DATA", seed::data(own))
                .env("CONSILIUM_SITE", site)
                .env("CONSILIUM_LOG", "warn");
        }
        Kind::Hocuspocus => {
            command.arg(peers().join("hocuspocus.mjs"));
            command.env("HOST", "127.0.0.1").env("PORT", port.to_string());
        }
        Kind::YWebsocket => {
            command.arg(peers().join("node_modules/@y/websocket-server/src/server.js"));
            command.env("HOST", "127.0.0.1").env("PORT", port.to_string());
        }
        Kind::YSweet => {
            command
                .args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()])
                .arg(own.join("documents"));
        }
    }
    Ok(())
}

/// The port behind our `ready`.
async fn ready(child: &mut Child) -> Result<u16> {
    let mut lines = BufReader::new(child.stdout.take().context("stdout")?).lines();
    let port = timeout(START, async {
        while let Some(line) = lines.next_line().await? {
            if let Some(url) = line.strip_prefix("ready ") {
                let port = url.rsplit(':').next().context("a port")?;
                return Ok(port.trim().trim_end_matches('/').parse()?);
            }
        }
        bail!("the program ended")
    })
    .await
    .context("not ready in time")??;
    // Its output is read on, or a full pipe would stop it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(port)
}

async fn listening(port: u16) -> Result<()> {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        ensure!(started.elapsed() < START, "nobody listens on {port}");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Our server with its plain door: what `serve-plain DATA` runs.
pub(super) async fn serve_plain(folder: &Path) -> Result<()> {
    let config = seed::config(folder, 0);
    let plain = consilium_testkit::Plain::start(&config).await?;
    println!("ready http://127.0.0.1:{}", plain.address.port());
    plain.run().await
}
