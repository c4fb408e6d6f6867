//! The server as a whole, on both databases, over TLS.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "bodies of tests, called by the tests of each database"
)]

/// One test a database: `both!(name, async fn(TestServer) -> Result<()>)`.
macro_rules! both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use consilium_testkit::{Database, TestServer};

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() -> anyhow::Result<()> {
                super::$name(TestServer::start(Database::Sqlite).await?).await
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() -> anyhow::Result<()> {
                match TestServer::start_if_there(Database::Postgres).await? {
                    Some(server) => super::$name(server).await,
                    None => Ok(()),
                }
            }
        }
    )*};
}

mod it {
    mod audit;
    mod clocks;
    mod collaboration;
    mod consents;
    mod data;
    mod data_requests;
    mod edge;
    mod exchange;
    mod exchange_faults;
    mod exchange_kill;
    mod export;
    mod hidden;
    mod images;
    mod imports;
    mod interface;
    mod invitations;
    mod issues;
    mod live;
    mod mail;
    mod masking;
    mod notices;
    mod packages;
    mod process;
    mod room_database;
    mod room_private;
    mod search;
    mod session;
    mod session_data;
    mod session_opinions;
    mod session_questions;
    mod submissions;
    mod uploads;
    mod uploads_taken;
    mod workflow;
}
