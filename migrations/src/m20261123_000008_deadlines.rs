//! Deadlines, suspensions of the exchange, notices and where to mail them.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, reference, table, unique};

migration!(
    "m20261123_000008_deadlines",
    up: up,
    tables in reverse: ["mail_addresses", "notices", "suspensions", "deadlines"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut deadlines = table(
        "deadlines",
        [
            pk_uuid("id"),
            text("kind"),
            uuid("consultation"),
            uuid("institution"),
            uuid("subject"),
            text("urgency"),
            big_integer("started_at"),
            big_integer("due_at"),
            integer("given"),
            // Null once the clock has stopped.
            big_integer_null("next_at"),
            text("state"),
            big_integer_null("ended_at"),
            text("link"),
        ],
    );
    deadlines
        .foreign_key(&mut reference("deadlines", "consultation", "consultations"))
        .foreign_key(&mut reference("deadlines", "institution", "institutions"));
    manager.create_table(deadlines).await?;
    manager.create_index(index("deadlines", &["next_at"])).await?;
    manager
        .create_index(index("deadlines", &["subject", "kind"]))
        .await?;
    manager
        .create_index(index("deadlines", &["consultation"]))
        .await?;
    manager
        .create_index(index("deadlines", &["state", "due_at"]))
        .await?;

    let mut suspensions = table(
        "suspensions",
        [
            pk_uuid("id"),
            // 1 while it lasts, then null: at most one lasts.
            integer_null("running"),
            big_integer("from_at"),
            big_integer_null("until_at"),
            binary("reason"),
            uuid("begun_by"),
            uuid_null("ended_by"),
        ],
    );
    suspensions
        .foreign_key(&mut reference("suspensions", "begun_by", "accounts"))
        .foreign_key(&mut reference("suspensions", "ended_by", "accounts"));
    manager.create_table(suspensions).await?;
    manager.create_index(unique("suspensions", &["running"])).await?;

    let mut notices = table(
        "notices",
        [
            pk_uuid("id"),
            uuid("account"),
            text("kind"),
            uuid_null("consultation"),
            uuid_null("institution"),
            text_null("clock"),
            big_integer_null("at"),
            text_null("code"),
            text_null("item"),
            text("link"),
            big_integer("created_at"),
            big_integer_null("read_at"),
            integer("mail_tries"),
            // Null when there is nothing to mail, or no more.
            big_integer_null("mail_next_at"),
        ],
    );
    notices
        .foreign_key(&mut reference("notices", "account", "accounts"))
        .foreign_key(&mut reference("notices", "consultation", "consultations"))
        .foreign_key(&mut reference("notices", "institution", "institutions"));
    manager.create_table(notices).await?;
    manager
        .create_index(index("notices", &["account", "created_at", "id"]))
        .await?;
    manager
        .create_index(index("notices", &["account", "read_at"]))
        .await?;
    manager.create_index(index("notices", &["mail_next_at"])).await?;

    let mut addresses = table(
        "mail_addresses",
        [pk_uuid("account"), binary("address"), text("locale")],
    );
    addresses.foreign_key(&mut reference("mail_addresses", "account", "accounts"));
    manager.create_table(addresses).await
}
