//! The exchange: messages on their way (outbox, at the sender) and messages taken in (inbox, at the
//! receiver).

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, primary, reference, table, unique};

migration!(
    "m20261123_000007_exchange",
    up: up,
    tables in reverse: ["inbox", "outbox"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut outbox = table(
        "outbox",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("sender"),
            uuid("receiver"),
            big_integer("seq"),
            text("kind"),
            binary("envelope"),
            text("state"),
            integer("tries"),
            integer("run"),
            big_integer_null("next_at"),
            text_null("cause"),
            big_integer("created_at"),
            big_integer_null("received_at"),
            big_integer_null("settled_at"),
            binary_null("reason"),
        ],
    );
    outbox
        .foreign_key(&mut reference("outbox", "consultation", "consultations"))
        .foreign_key(&mut reference("outbox", "sender", "institutions"))
        .foreign_key(&mut reference("outbox", "receiver", "institutions"));
    manager.create_table(outbox).await?;
    manager
        .create_index(unique("outbox", &["consultation", "sender", "receiver", "seq"]))
        .await?;
    manager.create_index(index("outbox", &["next_at"])).await?;
    manager.create_index(index("outbox", &["state"])).await?;
    manager
        .create_index(index("outbox", &["sender", "created_at"]))
        .await?;

    let mut inbox = table(
        "inbox",
        [
            uuid("message"),
            uuid("receiver"),
            uuid("consultation"),
            uuid("sender"),
            big_integer("seq"),
            text("kind"),
            binary("digest"),
            big_integer("received_at"),
        ],
    );
    inbox
        .primary_key(&mut primary(&["message", "receiver"]))
        .foreign_key(&mut reference("inbox", "consultation", "consultations"))
        .foreign_key(&mut reference("inbox", "sender", "institutions"))
        .foreign_key(&mut reference("inbox", "receiver", "institutions"));
    manager.create_table(inbox).await?;
    manager
        .create_index(unique("inbox", &["consultation", "sender", "receiver", "seq"]))
        .await
}
