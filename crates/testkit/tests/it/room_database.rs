//! A room whose database goes away and comes back (PostgreSQL; a file does not go away).

use anyhow::{Result, ensure};
use consilium_collab::client::Saved;
use consilium_testkit::{Case, Database, LiveClient, TestServer};

/// The database ends as at a power cut while two are in a room: what was acknowledged is there, what was not
/// is shown to nobody, the room says that it is read-only, and when the database is back all goes on without
/// anybody doing anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_and_comes_back() -> Result<()> {
    let Some(mut server) = TestServer::start_if_there(Database::Postgres).await? else {
        return Ok(());
    };
    let case = Case::in_session(&server, 15).await?;
    let (one, two) = (
        server.client_as("lead.expert").await?,
        server.client_as("east.expert").await?,
    );
    let me = one.me.account_id;
    let mut writer = LiveClient::join(&one, &case.id).await?;
    let mut reader = LiveClient::join(&two, &case.id).await?;
    writer.edit(|room| room.set_opinion("kept")).await?;
    writer.saved().await?;
    reader
        .until("the other sees it", |room, _| {
            room.document().opinion(me) == "kept"
        })
        .await?;

    server.cut_database().await?;
    writer.edit(|room| room.set_opinion("kept, and late")).await?;
    writer
        .until("it says it is read-only", |room, _| room.read_only())
        .await?;
    reader
        .until("the other is told too", |room, _| room.read_only())
        .await?;
    ensure!(writer.room.saved() != Saved::Saved, "nothing is acknowledged");
    assert_eq!(reader.room.document().opinion(me), "kept");

    server.restart_database().await?;
    writer
        .until("it goes on by itself", |room, _| !room.read_only())
        .await?;
    writer.saved().await?;
    reader
        .until("all see it", |room, _| {
            !room.read_only() && room.document().opinion(me) == "kept, and late"
        })
        .await?;

    // What is stored says the same.
    server.restart().await?;
    let again = LiveClient::join(&one.at(&server)?, &case.id).await?;
    assert_eq!(again.room.document().opinion(me), "kept, and late");
    Ok(())
}
