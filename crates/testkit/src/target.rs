//! A server somewhere on this machine, and how to reach it: its authority and nothing else is trusted.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use consilium_server::clock::Clock;
use consilium_vault::TotpSecret;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{Person, Reply};

/// What a person signs in with.
#[derive(Clone)]
pub struct Login {
    /// Password.
    pub password: String,
    /// Secret of the authenticator, base32.
    pub totp_secret: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(..)")
    }
}

/// An address with its authority and its people.
#[derive(Debug)]
pub struct Target {
    /// `https://localhost:PORT`.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// PEM file of its authority.
    pub authority: std::path::PathBuf,
    users: BTreeMap<String, Login>,
    roots: RootCertStore,
    clock: NoDebug<Clock>,
    /// Last step used of each person's codes, so that none is used twice.
    steps: Mutex<HashMap<String, i64>>,
}

pub(crate) struct NoDebug<T>(pub(crate) T);

impl<T> std::fmt::Debug for NoDebug<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

/// Length of a code's step, ms.
const STEP_MS: i64 = 30_000;

impl Target {
    /// A server on this machine, with people who can sign in.
    ///
    /// # Errors
    /// The authority's file cannot be read.
    pub fn new(port: u16, authority: &Path, users: BTreeMap<String, Login>, clock: Clock) -> Result<Self> {
        consilium_server::tls::install_provider();
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority)? {
            roots.add(certificate?)?;
        }
        Ok(Self {
            url: format!("https://localhost:{port}"),
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            authority: authority.to_owned(),
            users,
            roots,
            clock: NoDebug(clock),
            steps: Mutex::default(),
        })
    }

    /// The time by the server's clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.clock.0)().ms()
    }

    /// What `username` signs in with.
    ///
    /// # Errors
    /// There is no such account.
    pub fn login(&self, username: &str) -> Result<&Login> {
        self.users
            .get(username)
            .with_context(|| format!("no account {username}"))
    }

    /// TLS 1.3 that trusts this server's authority only.
    ///
    /// # Errors
    /// No provider.
    pub fn tls(&self, protocols: &[&str]) -> Result<ClientConfig> {
        self.tls_with(protocols, &[&rustls::version::TLS13])
    }

    fn tls_with(
        &self,
        protocols: &[&str],
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<ClientConfig> {
        let mut config = ClientConfig::builder_with_protocol_versions(versions)
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        Ok(config)
    }

    /// A connection for bytes of one's own choice.
    ///
    /// # Errors
    /// Refused, or the certificate is not this server's.
    pub async fn connect(&self) -> Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::new(self.tls(&["http/1.1"])?));
        Ok(connector.connect(ServerName::try_from("localhost")?, tcp).await?)
    }

    /// A client without a session. Redirects are not followed.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn http(&self) -> Result<reqwest::Client> {
        Ok(reqwest::Client::builder()
            .use_preconfigured_tls(self.tls(&["h2", "http/1.1"])?)
            .user_agent("consilium-testkit")
            .redirect(reqwest::redirect::Policy::none())
            .build()?)
    }

    /// A code that was not used before; `None` when this half minute's are used up.
    #[must_use]
    pub fn fresh_code(&self, username: &str) -> Option<String> {
        let secret = TotpSecret::from_base32(&self.users.get(username)?.totp_secret)?;
        let now = self.now_ms().div_euclid(STEP_MS);
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let step = steps.get(username).map_or(now, |last| now.max(last + 1));
        if step > now + 1 {
            return None;
        }
        steps.insert(username.to_owned(), step);
        secret.code_at(step * STEP_MS)
    }

    /// The code the authenticator shows now, used or not.
    #[must_use]
    pub fn code_now(&self, username: &str) -> Option<String> {
        TotpSecret::from_base32(&self.users.get(username)?.totp_secret)?.code_at(self.now_ms())
    }

    /// One attempt to sign in.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn attempt(&self, username: &str, password: &str, totp: &str) -> Result<Reply> {
        let body = json!({"username": username, "password": password, "totp": totp});
        let request = self
            .http()?
            .post(format!("{}/api/v1/session", self.url))
            .json(&body);
        Reply::of(request.send().await?).await
    }

    /// Signs in.
    ///
    /// # Errors
    /// No such account, refused, or no unused code in this half minute.
    pub async fn sign_in(self: &Arc<Self>, username: &str) -> Result<Person> {
        let code = self
            .fresh_code(username)
            .context("all codes of this half minute are used")?;
        let reply = self
            .attempt(username, &self.login(username)?.password, &code)
            .await?;
        ensure!(reply.status == 201, "{username} could not sign in: {reply:?}");
        let cookie = reply
            .header("set-cookie")
            .and_then(|line| line.split(';').next())
            .ok_or_else(|| anyhow!("no cookie"))?;
        Person::new(Arc::clone(self), cookie, &reply)
    }
}
