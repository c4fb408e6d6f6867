//! Data requests, submissions with their rows, correction notices.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, reference, table, unique};

migration!(
    "m20261123_000009_data",
    up: up,
    tables in reverse: ["issues", "items", "submissions", "data_requests"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut requests = table(
        "data_requests",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("institution"),
            text("state"),
            text_null("source_state"),
            binary("content"),
            big_integer("target_at"),
            big_integer("hard_at"),
            big_integer_null("sent_at"),
            big_integer_null("delivered_at"),
            big_integer_null("overdue_at"),
            text_null("refused_code"),
            binary_null("answer_reason"),
            uuid("created_by"),
            big_integer("created_at"),
            big_integer("version"),
        ],
    );
    requests
        .foreign_key(&mut reference("data_requests", "consultation", "consultations"))
        .foreign_key(&mut reference("data_requests", "institution", "institutions"))
        .foreign_key(&mut reference("data_requests", "created_by", "accounts"));
    manager.create_table(requests).await?;
    manager
        .create_index(index("data_requests", &["consultation", "institution"]))
        .await?;

    let mut submissions = table(
        "submissions",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("institution"),
            uuid_null("request"),
            text("state"),
            integer("stored"),
            integer("refused"),
            integer("duplicates"),
            text("manifest_hash"),
            binary("detail"),
            uuid("created_by"),
            big_integer("created_at"),
            big_integer_null("received_at"),
        ],
    );
    submissions
        .foreign_key(&mut reference("submissions", "consultation", "consultations"))
        .foreign_key(&mut reference("submissions", "institution", "institutions"))
        .foreign_key(&mut reference("submissions", "request", "data_requests"))
        .foreign_key(&mut reference("submissions", "created_by", "accounts"));
    manager.create_table(submissions).await?;
    manager
        .create_index(index("submissions", &["consultation", "institution"]))
        .await?;
    manager.create_index(index("submissions", &["request"])).await?;

    let mut items = table(
        "items",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("institution"),
            uuid("submission"),
            text("kind"),
            text("key_hash"),
            integer("version"),
            boolean("stored"),
            boolean("superseded"),
            boolean("flagged"),
            big_integer("available_at"),
            big_integer_null("received_at"),
            text("hash"),
            text("source_hash"),
            binary("content"),
            binary("original"),
            big_integer("created_at"),
        ],
    );
    items
        .foreign_key(&mut reference("items", "consultation", "consultations"))
        .foreign_key(&mut reference("items", "institution", "institutions"))
        .foreign_key(&mut reference("items", "submission", "submissions"));
    manager.create_table(items).await?;
    manager
        .create_index(unique(
            "items",
            &["consultation", "institution", "key_hash", "version"],
        ))
        .await?;
    manager.create_index(index("items", &["submission"])).await?;

    let mut issues = table(
        "issues",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("institution"),
            uuid("raised_by"),
            uuid_null("account"),
            uuid("item"),
            text("key_hash"),
            text("kind"),
            text("element"),
            text("state"),
            text_null("source_state"),
            binary("content"),
            binary_null("answer_reason"),
            uuid_null("corrected_by"),
            big_integer("created_at"),
            big_integer_null("due_at"),
            big_integer_null("overdue_at"),
        ],
    );
    issues
        .foreign_key(&mut reference("issues", "consultation", "consultations"))
        .foreign_key(&mut reference("issues", "institution", "institutions"))
        .foreign_key(&mut reference("issues", "raised_by", "institutions"))
        .foreign_key(&mut reference("issues", "account", "accounts"))
        .foreign_key(&mut reference("issues", "item", "items"))
        .foreign_key(&mut reference("issues", "corrected_by", "items"));
    manager.create_table(issues).await?;
    manager
        .create_index(index("issues", &["consultation", "institution"]))
        .await
}
