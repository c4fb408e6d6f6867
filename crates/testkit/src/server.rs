//! A whole server in the test's process.

use std::{collections::BTreeMap, ops::Deref, path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use consilium_domain::{AccountId, Clear, InstitutionId};
use consilium_server::{
    admin,
    clock::Clock,
    config::Config,
    demo::people::{INSTITUTIONS, USERS},
    exchange::{Local, Transport},
    run::{Server, assemble, open_store},
    site::Site,
    state::App,
    tls,
};
use consilium_storage::{Account, Institution, testing::Postgres};
use consilium_vault::TotpSecret;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Login, Person, Target, TestClock};

/// Where the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// In the data folder.
    Sqlite,
    /// In a PostgreSQL of the test's own.
    Postgres,
}

/// Password of every account.
const PASSWORD: &str = "correct horse battery 7 staple";

/// A running server with the institutions and accounts of the demo.
pub struct TestServer {
    /// The clock it goes by.
    pub clock: TestClock,
    /// Its data folder.
    pub folder: TempDir,
    target: Arc<Target>,
    users: BTreeMap<String, Login>,
    transport: Arc<dyn Transport>,
    server: Option<Server>,
    database: Option<String>,
    change: fn(&mut Config),
    postgres: Option<Postgres>,
}

impl Deref for TestServer {
    type Target = Arc<Target>;
    fn deref(&self) -> &Arc<Target> {
        &self.target
    }
}

impl std::fmt::Debug for TestServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestServer")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

fn config(folder: &Path, database: Option<&String>, change: fn(&mut Config)) -> Config {
    let mut config = Config::default();
    config.listen.address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    config.data.folder = folder.to_owned();
    config.data.database = database.map(|url| url.clone().into());
    change(&mut config);
    config
}

impl TestServer {
    /// Starts on a free port.
    ///
    /// # Errors
    /// The database or the server cannot be started.
    pub async fn start(database: Database) -> Result<Self> {
        Self::start_if_there(database)
            .await?
            .context("PostgreSQL is left out")
    }

    /// Starts on a free port; `None` when PostgreSQL is left out on purpose
    /// ([`consilium_storage::testing::SKIP`]).
    ///
    /// # Errors
    /// The database or the server cannot be started.
    pub async fn start_if_there(database: Database) -> Result<Option<Self>> {
        Self::start_over(database, Arc::new(Local)).await
    }

    /// As [`TestServer::start_if_there`], with another configuration.
    ///
    /// # Errors
    /// The database or the server cannot be started.
    pub async fn start_configured(database: Database, change: fn(&mut Config)) -> Result<Option<Self>> {
        Self::start_any(database, Arc::new(Local), change).await
    }

    /// As [`TestServer::start_if_there`], with exchange messages travelling over `transport`.
    ///
    /// # Errors
    /// The database or the server cannot be started.
    pub async fn start_over(database: Database, transport: Arc<dyn Transport>) -> Result<Option<Self>> {
        Self::start_any(database, transport, |_| {}).await
    }

    async fn start_any(
        database: Database,
        transport: Arc<dyn Transport>,
        change: fn(&mut Config),
    ) -> Result<Option<Self>> {
        tls::install_provider();
        let folder = tempfile::tempdir()?;
        let (postgres, database) = match database {
            Database::Sqlite => (None, None),
            Database::Postgres => {
                let Some(postgres) = tokio::task::spawn_blocking(Postgres::start).await?? else {
                    return Ok(None);
                };
                let url = postgres.database().await?;
                (Some(postgres), Some(url))
            }
        };
        let clock = TestClock::default();
        let config = config(folder.path(), database.as_ref(), change);
        let users = seed(&config, &clock.clock()).await?;
        let (server, target) = run(&config, &clock, &users, &transport).await?;
        Ok(Some(Self {
            clock,
            folder,
            target,
            users,
            transport,
            server: Some(server),
            database,
            change,
            postgres,
        }))
    }

    /// Stops in order and starts again on the same data, elsewhere.
    ///
    /// # Errors
    /// It does not stop or start.
    pub async fn restart(&mut self) -> Result<()> {
        if let Some(server) = self.server.take() {
            server.stop().await?;
        }
        let config = config(self.folder.path(), self.database.as_ref(), self.change);
        let (server, target) = run(&config, &self.clock, &self.users, &self.transport).await?;
        (self.server, self.target) = (Some(server), target);
        Ok(())
    }

    /// Ends the database server as a power cut would. PostgreSQL only.
    ///
    /// # Errors
    /// There is none, or it does not end.
    pub async fn cut_database(&mut self) -> Result<()> {
        let mut postgres = self.postgres.take().context("PostgreSQL")?;
        let (postgres, outcome) = tokio::task::spawn_blocking(move || {
            let outcome = postgres.cut();
            (postgres, outcome)
        })
        .await?;
        self.postgres = Some(postgres);
        Ok(outcome?)
    }

    /// Starts the database server again with what it has on disk.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub async fn restart_database(&mut self) -> Result<()> {
        let mut postgres = self.postgres.take().context("PostgreSQL")?;
        let (postgres, outcome) = tokio::task::spawn_blocking(move || {
            let outcome = postgres.start_again();
            (postgres, outcome)
        })
        .await?;
        self.postgres = Some(postgres);
        Ok(outcome?)
    }

    /// The application without listeners and jobs, on the same data: for tests that do the worker's rounds
    /// themselves. Stop the server before.
    ///
    /// # Errors
    /// Keys or database cannot be opened.
    pub async fn assemble(&self, transport: Arc<dyn Transport>) -> Result<App> {
        let config = config(self.folder.path(), self.database.as_ref(), self.change);
        assemble(&config, Site::none(), self.clock.clock(), transport).await
    }

    /// Stops in order; the data folder stays until the value is dropped.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn stop(&mut self) -> Result<()> {
        match self.server.take() {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }

    /// What the handlers share, to look behind the interfaces.
    ///
    /// # Errors
    /// It was stopped.
    pub fn app(&self) -> Result<&App> {
        self.server
            .as_ref()
            .map(|s| &s.app)
            .context("the server was stopped")
    }

    /// Lets the clocks strike and the exchange deliver what is due now, as the server does by itself.
    ///
    /// # Errors
    /// It was stopped, or the store fails.
    pub async fn tick(&self) -> Result<()> {
        let app = self.app()?;
        consilium_server::services::clocks::tick(app).await?;
        consilium_server::exchange::run(app).await?;
        Ok(())
    }

    /// A person, signed in. Turns the clock on when all codes of this half minute are used.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn client_as(&self, username: &str) -> Result<Person> {
        match self.target.sign_in(username).await {
            Ok(person) => Ok(person),
            Err(_) => {
                self.clock.advance_ms(60_000);
                self.target.sign_in(username).await
            }
        }
    }
}

async fn run(
    config: &Config,
    clock: &TestClock,
    users: &BTreeMap<String, Login>,
    transport: &Arc<dyn Transport>,
) -> Result<(Server, Arc<Target>)> {
    let server = Server::start_with(config, Site::none(), clock.clock(), Arc::clone(transport)).await?;
    let authority = server.authority.clone().context("a certificate of its own")?;
    let target = Target::new(server.address.port(), &authority, users.clone(), clock.clock())?;
    Ok((server, Arc::new(target)))
}

/// The institutions and accounts of the demo, with seeds of their own.
async fn seed(config: &Config, clock: &Clock) -> Result<BTreeMap<String, Login>> {
    let (store, vault) = open_store(config, clock).await?;
    let now = clock();
    let password_hash = vault.hash_password(PASSWORD)?;
    let mut users = BTreeMap::new();
    let mut tx = store.begin().await?;
    let mut homes = BTreeMap::new();
    for i in INSTITUTIONS {
        let id = InstitutionId(Uuid::now_v7());
        homes.insert(i.code, id);
        tx.insert_institution(&Institution {
            id,
            code: i.code.to_owned(),
            name_zh: i.name_zh.to_owned(),
            name_en: i.name_en.to_owned(),
            colour: i.colour,
            platform: i.platform,
        })
        .await?;
    }
    for u in USERS {
        let secret = TotpSecret::new_secret()?;
        tx.insert_account(&Account {
            id: AccountId(Uuid::now_v7()),
            username: u.username.to_owned(),
            institution: homes.get(u.institution).copied().context("a home")?,
            role: u.role,
            display_name: u.display_name.to_owned(),
            department: u.department.to_owned(),
            title: u.title().to_owned(),
            licence: u.licence(),
            password_hash: password_hash.clone(),
            totp_secret: Clear::new(secret.expose().to_vec()),
            totp_last_step: 0,
            failed: 0,
            locked_until: None,
            active: true,
        })
        .await?;
        let totp_secret = secret.base32().to_string();
        users.insert(
            u.username.to_owned(),
            Login {
                password: PASSWORD.to_owned(),
                totp_secret,
            },
        );
    }
    tx.audit(admin::event(now, "test.seed", "test".to_owned(), ""))
        .await?;
    tx.commit().await?;
    store.close().await?;
    Ok(users)
}
