//! The whole server with one more door: plain HTTP on this machine, for measurements beside servers that
//! have no TLS. The product has no such door.

use std::net::SocketAddr;

use anyhow::Result;
use axum_server::{Handle, accept::NoDelayAcceptor};
use consilium_server::{
    clock::system,
    config::Config,
    http,
    run::{Server, listen},
    site::Site,
    tls,
};

/// A server that also listens without TLS.
pub struct Plain {
    /// The server, with its HTTPS port.
    pub server: Server,
    /// The door without TLS.
    pub address: SocketAddr,
    door: Handle<SocketAddr>,
}

impl Plain {
    /// Starts; the plain door is a free port of the loopback.
    ///
    /// # Errors
    /// The server or the door cannot be started.
    pub async fn start(config: &Config) -> Result<Self> {
        tls::install_provider();
        let server = Server::start(config, Site::none(), system()).await?;
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        let door = Handle::new();
        let service = http::router(&server.app).into_make_service_with_connect_info::<SocketAddr>();
        let listening = axum_server::from_tcp(listener)?
            .acceptor(NoDelayAcceptor::new())
            .handle(door.clone());
        tokio::spawn(listening.serve(service));
        Ok(Self {
            server,
            address,
            door,
        })
    }

    /// Runs until the process is asked to stop.
    ///
    /// # Errors
    /// A listener fails.
    pub async fn run(self) -> Result<()> {
        let ended = self.server.run().await;
        self.door.shutdown();
        ended
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plain")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
