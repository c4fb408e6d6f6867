//! Institutions, accounts, sessions, patients.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, reference, table};

migration!(
    "m20261122_000001_people",
    up: up,
    tables in reverse: ["patients", "sessions", "accounts", "institutions"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let institutions = table(
        "institutions",
        [
            pk_uuid("id"),
            text_uniq("code"),
            text("name_zh"),
            text("name_en"),
            integer("colour"),
            boolean("platform"),
        ],
    );
    manager.create_table(institutions).await?;

    let mut accounts = table(
        "accounts",
        [
            pk_uuid("id"),
            text_uniq("username"),
            uuid("institution"),
            text("role"),
            text("display_name"),
            text("department"),
            text("password_hash"),
            binary("totp_secret"),
            big_integer("totp_last_step"),
            integer("failed"),
            big_integer_null("locked_until"),
            boolean("active"),
        ],
    );
    accounts.foreign_key(&mut reference("accounts", "institution", "institutions"));
    manager.create_table(accounts).await?;
    manager.create_index(index("accounts", &["institution"])).await?;

    let mut token_hash = binary("token_hash");
    token_hash.primary_key();
    let mut sessions = table(
        "sessions",
        [
            token_hash,
            uuid("account"),
            big_integer("created_at"),
            big_integer("expires_at"),
            big_integer("last_seen_at"),
            text("ip"),
            text("device"),
            big_integer_null("revoked_at"),
        ],
    );
    sessions.foreign_key(&mut reference("sessions", "account", "accounts"));
    manager.create_table(sessions).await?;
    manager.create_index(index("sessions", &["account"])).await?;
    manager.create_index(index("sessions", &["expires_at"])).await?;

    let mut patients = table(
        "patients",
        [
            pk_uuid("id"),
            uuid("institution"),
            text("platform_id"),
            binary("identity"),
            text("sex"),
            big_integer("created_at"),
        ],
    );
    patients.foreign_key(&mut reference("patients", "institution", "institutions"));
    manager.create_table(patients).await?;
    manager
        .create_index(index("patients", &["institution", "platform_id"]))
        .await
}
