//! Case packages, the blind index of the worklist's search, when consents run out, and what Table 1 asks of
//! experts.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{add_columns, drop_columns, drop_tables, index, primary, reference, table, unique};

#[doc = "Migration `m20261123_000010_packages`."]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000010_packages"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["consent_terms", "search_terms", "package_contents", "packages"];
        drop_tables(manager, &tables).await?;
        let mut platform_id = Index::drop();
        platform_id.name("ix_patients_platform_id").table("patients");
        manager.drop_index(platform_id).await?;
        drop_columns(manager, "accounts", &["title", "licence"]).await
    }
}

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut packages = table(
        "packages",
        [
            pk_uuid("id"),
            uuid("consultation"),
            integer("version"),
            text("state"),
            text("source_hash"),
            text("manifest_hash"),
            big_integer("core_part"),
            big_integer("core_whole"),
            big_integer("non_core_part"),
            big_integer("non_core_whole"),
            integer("items"),
            big_integer("created_at"),
            big_integer_null("frozen_at"),
        ],
    );
    packages.foreign_key(&mut reference("packages", "consultation", "consultations"));
    manager.create_table(packages).await?;
    manager
        .create_index(unique("packages", &["consultation", "version"]))
        .await?;

    // Apart from the versions, so that lists of versions do not read megabytes.
    let mut contents = table("package_contents", [pk_uuid("package"), binary("content")]);
    contents.foreign_key(&mut reference("package_contents", "package", "packages"));
    manager.create_table(contents).await?;

    let mut terms = table("search_terms", [big_integer("term"), uuid("consultation")]);
    terms
        .primary_key(&mut primary(&["term", "consultation"]))
        .foreign_key(&mut reference("search_terms", "consultation", "consultations"));
    manager.create_table(terms).await?;
    manager
        .create_index(index("search_terms", &["consultation"]))
        .await?;

    let mut consents = table(
        "consent_terms",
        [pk_uuid("consultation"), big_integer("valid_until")],
    );
    consents.foreign_key(&mut reference("consent_terms", "consultation", "consultations"));
    manager.create_table(consents).await?;
    manager
        .create_index(index("consent_terms", &["valid_until"]))
        .await?;

    // One person's records in all hospitals, for the search by identity number.
    manager.create_index(index("patients", &["platform_id"])).await?;

    // Table 1 row 6.2 asks for title and licence of every expert.
    let mut title = text("title");
    title.default("");
    let mut licence = text("licence");
    licence.default("");
    add_columns(manager, "accounts", [title, licence]).await
}
