//! Configuration: defaults < file < environment (`CONSILIUM_*`). One struct a concern.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use secrecy::SecretString;
use serde::Deserialize;

/// Everything the server is told from outside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Config {
    /// Where it listens.
    pub listen: Listen,
    /// Where it keeps things.
    pub data: Data,
    /// Certificate of the HTTPS port.
    pub tls: Tls,
    /// What it logs.
    pub log: Log,
    /// Readings of the standard that institutions may choose.
    pub policy: Policy,
    /// How long what need not stay is kept.
    pub retention: Retention,
    /// Live rooms.
    pub live: Live,
    /// Calls in the room.
    pub call: Call,
    /// Notices by mail; none are mailed when absent.
    pub mail: Option<Mail>,
}

/// `[listen]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// Address and port of the one HTTPS listener; there is no plain HTTP.
    pub address: SocketAddr,
    /// Host name in the addresses that are printed.
    pub host: String,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8443)),
            host: "localhost".to_owned(),
        }
    }
}

/// `[data]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// Folder for the database, the files, the keys and the demo's certificate.
    pub folder: PathBuf,
    /// Database address; SQLite in `folder` when absent.
    pub database: Option<SecretString>,
    /// Folder with the browser bundle (`dist`).
    pub site: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("data"),
            database: None,
            site: PathBuf::from("dist"),
        }
    }
}

/// `[tls]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// PEM certificate chain; with `key` absent the server makes its own authority and certificate.
    pub certificate: Option<PathBuf>,
    /// PEM private key.
    pub key: Option<PathBuf>,
    /// Further names of the self-made certificate.
    pub names: Vec<String>,
}

/// `[mail]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Name of the mail server.
    pub host: String,
    /// Its port; by default that of `security`: 587, 465 or 25.
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub security: MailSecurity,
    /// User name, if the server asks for one.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// PEM of a further authority to trust, for a server with a certificate of the house.
    pub authority: Option<PathBuf>,
    /// Sender.
    pub from: String,
    /// Address of this site in links, `https://...`.
    pub base_url: String,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS after STARTTLS; nothing is sent without.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None: for a server on this machine only.
    Plain,
}

/// `[log]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `tracing` filter.
    pub filter: String,
    /// One JSON object a line instead of text.
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info,sqlx=warn,sea_orm_migration=warn".to_owned(),
            json: false,
        }
    }
}

/// `[retention]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after a consultation is concluded or cancelled until what need not stay is removed (clause
    /// 8.3.1); 0 removes it in the next round.
    pub days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 7 }
    }
}

/// `[live]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Live {
    /// Connections one account may have over all rooms; how fast it may connect and write follows from it.
    pub connections_per_account: usize,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            connections_per_account: consilium_protocol::limits::CONNECTIONS_PER_ACCOUNT,
        }
    }
}

/// `[call]`: looked at by [`crate::call::Calls::new`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Call {
    /// `stun:`, `turn:` and `turns:` addresses by which two pages find each other; none asks nobody.
    pub ice_servers: Vec<String>,
    /// Name for the TURN servers, with `credential`.
    pub username: Option<String>,
    /// Password for the TURN servers.
    pub credential: Option<SecretString>,
    /// Secret shared with the TURN servers, from which credentials that end are made; instead of the two.
    pub secret: Option<SecretString>,
    /// Address of the conference in the hospital's own system, `https://…{consultation}…`; instead of calls.
    pub link: Option<String>,
}

/// `[policy]`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// When requested data is due (clause 7.2 f, D1).
    pub data_due: consilium_domain::clock::DataDuePolicy,
    /// A data request that is legitimate by rule counts as verified without a person.
    pub auto_verify: bool,
}

impl Config {
    /// Reads a file (if given) and then the environment.
    ///
    /// # Errors
    /// The file is missing, not TOML, has unknown keys, or a variable does not parse.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut config = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the configuration {}", path.display()))?;
                toml::from_str(&text)
                    .with_context(|| format!("{} is not a valid configuration", path.display()))?
            }
            None => Self::default(),
        };
        config.apply_environment(|name| std::env::var(name).ok())?;
        Ok(config)
    }

    fn apply_environment(&mut self, get: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
        if let Some(address) = get("CONSILIUM_LISTEN") {
            self.listen.address = address
                .parse()
                .context("CONSILIUM_LISTEN is not an address with a port")?;
        }
        if let Some(host) = get("CONSILIUM_HOST") {
            self.listen.host = host;
        }
        if let Some(folder) = get("CONSILIUM_DATA") {
            self.data.folder = folder.into();
        }
        if let Some(url) = get("CONSILIUM_DATABASE") {
            self.data.database = Some(url.into());
        }
        if let Some(site) = get("CONSILIUM_SITE") {
            self.data.site = site.into();
        }
        if let Some(connections) = get("CONSILIUM_LIVE_CONNECTIONS_PER_ACCOUNT") {
            self.live.connections_per_account = connections
                .parse()
                .context("CONSILIUM_LIVE_CONNECTIONS_PER_ACCOUNT is not a number")?;
        }
        if let Some(servers) = get("CONSILIUM_CALL_ICE_SERVERS") {
            let all = servers.split([',', ' ']).filter(|of| !of.is_empty());
            self.call.ice_servers = all.map(str::to_owned).collect();
        }
        self.call.username = get("CONSILIUM_CALL_USERNAME").or(self.call.username.take());
        let credential = get("CONSILIUM_CALL_CREDENTIAL").map(SecretString::from);
        self.call.credential = credential.or(self.call.credential.take());
        let secret = get("CONSILIUM_CALL_SECRET").map(SecretString::from);
        self.call.secret = secret.or(self.call.secret.take());
        self.call.link = get("CONSILIUM_CALL_LINK").or(self.call.link.take());
        if let Some(filter) = get("CONSILIUM_LOG") {
            self.log.filter = filter;
        }
        if let (Some(password), Some(mail)) = (get("CONSILIUM_MAIL_PASSWORD"), &mut self.mail) {
            mail.password = Some(password.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_wins_over_file_and_unknown_keys_are_refused() {
        let mut config: Config = toml::from_str("[listen]\naddress = \"127.0.0.1:1\"\n").unwrap();
        config
            .apply_environment(|name| (name == "CONSILIUM_LISTEN").then(|| "127.0.0.1:2".to_owned()))
            .unwrap();
        assert_eq!(config.listen.address.port(), 2);
        assert!(
            config
                .apply_environment(|name| (name == "CONSILIUM_LISTEN").then(|| "x".to_owned()))
                .is_err()
        );
        let call = |name: &str| match name {
            "CONSILIUM_CALL_ICE_SERVERS" => Some("stun:a, turn:b".to_owned()),
            "CONSILIUM_CALL_SECRET" => Some("from outside".to_owned()),
            _ => None,
        };
        config.call.username = Some("of the file".to_owned());
        config.apply_environment(call).unwrap();
        assert_eq!(config.call.ice_servers, ["stun:a", "turn:b"]);
        assert_eq!(config.call.username.as_deref(), Some("of the file"));
        assert!(config.call.secret.is_some() && !format!("{config:?}").contains("from outside"));
        assert!(toml::from_str::<Config>("[listen]\nadress = 1\n").is_err());
        assert!(Config::load(Some(Path::new("/nonexistent.toml"))).is_err());
    }
}
