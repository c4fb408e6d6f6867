//! Who has looked at which identity field in clear, and which consultations have been reduced to what must
//! stay (clause 8.3.1).

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, reference, table};

migration!(
    "m20261123_000013_masking",
    up: up,
    tables in reverse: ["reductions", "unmaskings"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut unmaskings = table(
        "unmaskings",
        [
            pk_uuid("id"),
            uuid("account"),
            uuid("consultation"),
            text("field"),
            text("purpose"),
            binary("reason"),
            big_integer("at"),
        ],
    );
    unmaskings
        .foreign_key(&mut reference("unmaskings", "account", "accounts"))
        .foreign_key(&mut reference("unmaskings", "consultation", "consultations"));
    manager.create_table(unmaskings).await?;
    manager
        .create_index(index("unmaskings", &["account", "at"]))
        .await?;

    let mut reductions = table("reductions", [pk_uuid("consultation"), big_integer("at")]);
    reductions.foreign_key(&mut reference("reductions", "consultation", "consultations"));
    manager.create_table(reductions).await
}
