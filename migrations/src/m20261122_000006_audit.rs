//! The audit log (clause 8.4) and its head: the one row that says how long the log is and what its last
//! record hashes to. It has no references to other tables: a record outlives what it speaks of.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, table};

migration!(
    "m20261122_000006_audit",
    up: up,
    tables in reverse: ["audit_head", "audit"]
);

/// Hash before the first record.
const GENESIS: [u8; 32] = [0; 32];

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut seq = big_integer("seq");
    seq.primary_key();
    let audit = table(
        "audit",
        [
            seq,
            big_integer("at"),
            text("operator"),
            text("operator_name"),
            text("action"),
            text("target"),
            text("result"),
            text("ip"),
            text("device"),
            text("institution"),
            text_null("consultation"),
            text("request_id"),
            binary("prev_hash"),
            binary("hash"),
        ],
    );
    manager.create_table(audit).await?;
    manager
        .create_index(index("audit", &["consultation", "seq"]))
        .await?;
    manager
        .create_index(index("audit", &["institution", "seq"]))
        .await?;
    manager.create_index(index("audit", &["operator", "seq"])).await?;

    let mut id = integer("id");
    id.primary_key();
    manager
        .create_table(table("audit_head", [id, big_integer("size"), binary("head")]))
        .await?;
    let first = Query::insert()
        .into_table("audit_head")
        .columns(["id", "size", "head"])
        .values([1.into(), 0_i64.into(), GENESIS.to_vec().into()])
        .map_err(|error| DbErr::Migration(error.to_string()))?
        .take();
    manager.execute(first).await
}
