//! Signed opinions and reports.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{migration, reference, table, unique};

migration!(
    "m20261122_000004_conclusions",
    up: up,
    tables in reverse: ["reports", "opinions"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut opinions = table(
        "opinions",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("author"),
            uuid("institution"),
            integer("version"),
            binary("text"),
            boolean("dissent"),
            text("cites"),
            big_integer("submitted_at"),
            binary("content_hash"),
            binary("signature"),
            text("key_id"),
        ],
    );
    opinions
        .foreign_key(&mut reference("opinions", "consultation", "consultations"))
        .foreign_key(&mut reference("opinions", "author", "accounts"))
        .foreign_key(&mut reference("opinions", "institution", "institutions"));
    manager.create_table(opinions).await?;
    manager
        .create_index(unique("opinions", &["consultation", "author", "version"]))
        .await?;

    let mut reports = table(
        "reports",
        [
            pk_uuid("id"),
            uuid("consultation"),
            integer("version"),
            binary("content"),
            uuid("signed_by"),
            big_integer("signed_at"),
            binary("content_hash"),
            binary("signature"),
            text("key_id"),
        ],
    );
    reports
        .foreign_key(&mut reference("reports", "consultation", "consultations"))
        .foreign_key(&mut reference("reports", "signed_by", "accounts"));
    manager.create_table(reports).await?;
    manager
        .create_index(unique("reports", &["consultation", "version"]))
        .await
}
