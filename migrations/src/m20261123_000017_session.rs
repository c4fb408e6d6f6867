//! What happens in a session: questions, documents and pictures, pauses, opinions taken up again, and who
//! asked for data.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{add_columns, drop_columns, drop_tables, index, reference, table};

#[doc = "Migration `m20261123_000017_session`."]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000017_session"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let consultation = [big_integer_null("paused_at"), binary_null("pause_reason")];
        add_columns(manager, "consultations", consultation).await?;
        // Null: the lead.
        add_columns(manager, "data_requests", [uuid_null("asked_by")]).await?;
        questions(manager).await?;
        attachments(manager).await?;
        let mut revisions = table(
            "opinion_revisions",
            [pk_uuid("opinion"), big_integer("opened_at")],
        );
        revisions.foreign_key(&mut reference("opinion_revisions", "opinion", "opinions"));
        manager.create_table(revisions).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["opinion_revisions", "attachments", "questions"]).await?;
        drop_columns(manager, "data_requests", &["asked_by"]).await?;
        drop_columns(manager, "consultations", &["paused_at", "pause_reason"]).await
    }
}

async fn questions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut questions = table(
        "questions",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("asked_by"),
            uuid("asking"),
            uuid("asked"),
            text("state"),
            // Null before it has come to the asked institution.
            text_null("asked_state"),
            binary("content"),
            binary_null("answer"),
            uuid_null("answered_by"),
            big_integer("asked_at"),
            big_integer("within_ms"),
            big_integer_null("delivered_at"),
            big_integer_null("answered_at"),
            big_integer("version"),
        ],
    );
    questions
        .foreign_key(&mut reference("questions", "consultation", "consultations"))
        .foreign_key(&mut reference("questions", "asked_by", "accounts"))
        .foreign_key(&mut reference("questions", "asking", "institutions"))
        .foreign_key(&mut reference("questions", "asked", "institutions"))
        .foreign_key(&mut reference("questions", "answered_by", "accounts"));
    manager.create_table(questions).await?;
    manager
        .create_index(index("questions", &["consultation", "asked_at"]))
        .await
}

async fn attachments(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut attachments = table(
        "attachments",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("institution"),
            uuid("added_by"),
            uuid("file"),
            binary("name"),
            text("media"),
            big_integer("bytes"),
            binary("sha256"),
            big_integer("added_at"),
        ],
    );
    attachments
        .foreign_key(&mut reference("attachments", "consultation", "consultations"))
        .foreign_key(&mut reference("attachments", "institution", "institutions"))
        .foreign_key(&mut reference("attachments", "added_by", "accounts"))
        .foreign_key(&mut reference("attachments", "file", "files"));
    manager.create_table(attachments).await?;
    manager
        .create_index(index("attachments", &["consultation", "added_at"]))
        .await
}
