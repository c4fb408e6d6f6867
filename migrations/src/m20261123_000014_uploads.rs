//! Resumable uploads: what was announced and how much of it is durable. The bytes are in the object store,
//! sealed piece by piece.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, reference, table};

migration!(
    "m20261123_000014_uploads",
    up: up,
    tables in reverse: ["uploads"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut uploads = table(
        "uploads",
        [
            pk_uuid("id"),
            uuid("account"),
            text("kind"),
            text_null("purpose"),
            uuid_null("consultation"),
            text("state"),
            big_integer("length"),
            big_integer("received"),
            integer("pieces"),
            integer("attempts"),
            binary_null("detail"),
            binary_null("outcome"),
            big_integer("created_at"),
            big_integer("expires_at"),
        ],
    );
    uploads
        .foreign_key(&mut reference("uploads", "account", "accounts"))
        .foreign_key(&mut reference("uploads", "consultation", "consultations"));
    manager.create_table(uploads).await?;
    manager
        .create_index(index("uploads", &["account", "state"]))
        .await?;
    manager
        .create_index(index("uploads", &["state", "expires_at"]))
        .await
}
