//! Starting, running and stopping a server. Used by the program and by tests alike.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, sync::OnceLock, time::Duration};

use anyhow::Context as _;
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use consilium_protocol::limits;
use consilium_storage::Store;
use consilium_vault::Vault;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret as _;
use tokio::{net::TcpSocket, sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    call::Calls,
    clock::Clock,
    config::Config,
    exchange::{self, Engine, Local, Transport},
    files::Files,
    http, jobs,
    live::Rooms,
    services::{
        access, imaging::Reads, mail::Mailer, operations::Watching, streams::Streams,
        supplements::Supplements, templates, tickets::Tickets, uploads::Uploads,
    },
    site::Site,
    state::{App, Inner},
    tls,
};

/// How long requests may take to finish after a stop was asked for.
const GRACE: Duration = Duration::from_secs(10);

/// Bounds of the histograms of live rooms, seconds.
const ROOM_SECONDS: [f64; 14] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

/// A running server.
pub struct Server {
    /// What the handlers share.
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    /// PEM of our own authority, when the certificate is self-made.
    pub authority: Option<PathBuf>,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<std::io::Result<()>>,
    jobs: JoinHandle<()>,
    mails: Option<JoinHandle<()>>,
    exchange: JoinHandle<()>,
    stop: CancellationToken,
}

/// The metrics recorder is one a process.
fn metrics_handle() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let rooms = Matcher::Prefix("consilium_room_".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(rooms, &ROOM_SECONDS)?;
    match builder.install_recorder() {
        Ok(handle) => Ok(HANDLE.get_or_init(|| handle).clone()),
        // Another thread was first.
        Err(_) => HANDLE
            .get()
            .cloned()
            .context("the metrics recorder could not be installed"),
    }
}

/// Opens keys and database and brings the tables up to date.
///
/// # Errors
/// The folder, the keys or the database cannot be opened.
pub async fn open_store(config: &Config, clock: &Clock) -> anyhow::Result<(Store, Arc<Vault>)> {
    let folder = &config.data.folder;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let vault =
        Arc::new(Vault::open_or_create(&folder.join("keys"), clock().ms()).context("cannot open the keys")?);
    let url = match &config.data.database {
        Some(url) => url.expose_secret().to_owned(),
        None => {
            let path = std::path::absolute(folder.join("consilium.db"))?;
            format!("sqlite://{}", path.display())
        }
    };
    let store = Store::connect(&url, Arc::clone(&vault))
        .await
        .context("cannot open the database")?;
    store
        .migrate()
        .await
        .context("cannot bring the tables up to date")?;
    Ok((store, vault))
}

/// The application without listeners and jobs.
///
/// # Errors
/// Keys, database or files cannot be opened.
pub async fn assemble(
    config: &Config,
    site: Site,
    clock: Clock,
    transport: Arc<dyn Transport>,
) -> anyhow::Result<App> {
    let calls = Calls::new(&config.call)?;
    let (store, vault) = open_store(config, &clock).await?;
    let files = Files::open(&config.data.folder.join("files"), vault)?;
    let rooms = Rooms::with_settings(
        store.clone(),
        Arc::clone(&clock),
        config.live.connections_per_account,
        calls.clone(),
    );
    Ok(App::new(Inner {
        store,
        files,
        rooms,
        exchange: Engine::new(transport),
        streams: Streams::default(),
        tickets: Tickets::default(),
        reads: Reads::default(),
        watching: Watching::default(),
        uploads: Uploads::default(),
        supplements: Supplements::default(),
        templates: templates::load(&config.data.folder)?,
        policy: config.policy,
        calls,
        site,
        retention: config.retention,
        clock,
        password_queue: Semaphore::new(limits::PASSWORD_CHECKS_WAITING),
        password_gate: Semaphore::new(limits::PASSWORD_CHECKS_AT_ONCE),
        decode_gate: Semaphore::new(2),
        metrics: metrics_handle()?,
    }))
}

impl Server {
    /// Starts on `config.listen.address` (port 0 picks a free one).
    ///
    /// # Errors
    /// Keys, database, certificate or port cannot be had.
    pub async fn start(config: &Config, site: Site, clock: Clock) -> anyhow::Result<Self> {
        Self::start_with(config, site, clock, Arc::new(Local)).await
    }

    /// Starts with another way for messages to travel.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_with(
        config: &Config,
        site: Site,
        clock: Clock,
        transport: Arc<dyn Transport>,
    ) -> anyhow::Result<Self> {
        tls::install_provider();
        let mailer = config.mail.as_ref().map(Mailer::new).transpose()?;
        let app = assemble(config, site, clock, transport).await?;
        let identity = tls::identity(&config.tls, &config.listen.host, &config.data.folder)?;
        let weak = app.downgrade();
        app.rooms
            .set_recheck(Arc::new(move |consultation, account, session| {
                let weak = weak.clone();
                Box::pin(async move {
                    // None once the server is gone: nobody may be in a room then.
                    access::recheck_room(&weak.upgrade()?, consultation, account, session).await
                })
            }));
        let listener = listen(config.listen.address)?;
        let address = listener.local_addr()?;
        let handle = Handle::new();
        let acceptor =
            RustlsAcceptor::new(RustlsConfig::from_config(identity.server)).acceptor(NoDelayAcceptor::new());
        let service = http::router(&app).into_make_service_with_connect_info::<SocketAddr>();
        let server = axum_server::from_tcp(listener)?
            .acceptor(acceptor)
            .handle(handle.clone());
        let serving = tokio::spawn(server.serve(service));
        let stop = CancellationToken::new();
        let jobs = tokio::spawn(jobs::clocks(app.clone(), stop.clone()));
        let mails = mailer.map(|mailer| tokio::spawn(jobs::mails(app.clone(), mailer, stop.clone())));
        let exchange = tokio::spawn(exchange::work(app.clone(), stop.clone()));
        Ok(Self {
            app,
            address,
            authority: identity.authority,
            handle,
            serving,
            jobs,
            mails,
            exchange,
            stop,
        })
    }

    /// Stops: no new connections, rooms flushed and closed, running requests finished.
    ///
    /// # Errors
    /// The listener had failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.app.streams.shutdown();
        self.handle.graceful_shutdown(Some(GRACE));
        self.app.rooms.shutdown().await;
        self.jobs.await?;
        if let Some(mails) = self.mails {
            mails.await?;
        }
        self.exchange.await?;
        self.serving.await??;
        Ok(())
    }

    /// Runs until the process is asked to stop, then stops in order.
    ///
    /// # Errors
    /// The listener fails, or signals cannot be waited for.
    pub async fn run(self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => {}
            result = tokio::signal::ctrl_c() => result?,
        }
        tracing::info!("stopping");
        self.stop().await
    }
}

/// Connects that may wait to be taken. Libraries ask for 128 by themselves: when all pages come back after a
/// restart, the others would try again a second later.
const CONNECTS_WAITING: u32 = 1024;

/// Listens, with room for [`CONNECTS_WAITING`].
///
/// # Errors
/// The address cannot be had.
pub fn listen(address: SocketAddr) -> anyhow::Result<std::net::TcpListener> {
    let open = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        // As the standard library does: an address just left may be taken again.
        socket.set_reuseaddr(cfg!(unix))?;
        socket.bind(address)?;
        socket.listen(CONNECTS_WAITING)
    };
    let listener = open().with_context(|| format!("cannot listen on {address}"))?;
    Ok(listener.into_std()?)
}
