//! What the exchange adds to consultations and invitations: delivery, answers on their way, named experts,
//! suspension, and the reason for going on with less than a complete package.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::add_columns;

#[doc = "Migration `m20261123_000012_invitations`."]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000012_invitations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut experts = text("experts");
        experts.default("[]");
        add_columns(
            manager,
            "consultations",
            [text_null("suspended_from"), binary_null("override_reason")],
        )
        .await?;
        add_columns(
            manager,
            "invitations",
            [
                big_integer_null("delivered_at"),
                big_integer_null("answer_sent_at"),
                experts,
                big_integer_null("data_from"),
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::table::drop_columns(manager, "consultations", &["suspended_from", "override_reason"]).await?;
        crate::table::drop_columns(
            manager,
            "invitations",
            &["delivered_at", "answer_sent_at", "experts", "data_from"],
        )
        .await
    }
}
