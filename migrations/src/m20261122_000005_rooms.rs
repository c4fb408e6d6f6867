//! Live rooms: the hash-linked log of updates, snapshots of the shared document, owners of client ids.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{migration, primary, reference, table};

migration!(
    "m20261122_000005_rooms",
    up: up,
    tables in reverse: ["room_clients", "room_snapshots", "room_log", "rooms"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut rooms = table(
        "rooms",
        [
            pk_uuid("consultation"),
            big_integer("epoch"),
            big_integer("seq"),
            binary("head"),
        ],
    );
    rooms.foreign_key(&mut reference("rooms", "consultation", "consultations"));
    manager.create_table(rooms).await?;

    let mut log = table(
        "room_log",
        [
            uuid("consultation"),
            big_integer("epoch"),
            big_integer("seq"),
            uuid("author"),
            big_integer("client_id"),
            big_integer("at"),
            binary("update"),
            binary("prev_hash"),
            binary("hash"),
        ],
    );
    log.primary_key(&mut primary(&["consultation", "epoch", "seq"]))
        .foreign_key(&mut reference("room_log", "consultation", "consultations"))
        .foreign_key(&mut reference("room_log", "author", "accounts"));
    manager.create_table(log).await?;

    let mut snapshots = table(
        "room_snapshots",
        [
            uuid("consultation"),
            big_integer("epoch"),
            big_integer("seq"),
            binary("state"),
        ],
    );
    snapshots
        .primary_key(&mut primary(&["consultation", "epoch", "seq"]))
        .foreign_key(&mut reference("room_snapshots", "consultation", "consultations"));
    manager.create_table(snapshots).await?;

    let mut clients = table(
        "room_clients",
        [uuid("consultation"), big_integer("client_id"), uuid("account")],
    );
    clients
        .primary_key(&mut primary(&["consultation", "client_id"]))
        .foreign_key(&mut reference("room_clients", "consultation", "consultations"))
        .foreign_key(&mut reference("room_clients", "account", "accounts"));
    manager.create_table(clients).await
}
