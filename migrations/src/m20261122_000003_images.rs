//! Encrypted files, image series, instances.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, primary, reference, table, unique};

migration!(
    "m20261122_000003_images",
    up: up,
    tables in reverse: ["instances", "series", "source_patients", "files"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let files = table(
        "files",
        [
            pk_uuid("id"),
            text("purpose"),
            big_integer("bytes"),
            binary("sha256"),
            text_uniq("path"),
            big_integer("created_at"),
        ],
    );
    manager.create_table(files).await?;

    let mut source_patients = table(
        "source_patients",
        [uuid("consultation"), uuid("institution"), binary("source_hash")],
    );
    source_patients
        .primary_key(&mut primary(&["consultation", "institution"]))
        .foreign_key(&mut reference("source_patients", "consultation", "consultations"))
        .foreign_key(&mut reference("source_patients", "institution", "institutions"));
    manager.create_table(source_patients).await?;

    let mut series = table(
        "series",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("institution"),
            binary("series_key"),
            binary("meta"),
            big_integer("received_at"),
        ],
    );
    series
        .foreign_key(&mut reference("series", "consultation", "consultations"))
        .foreign_key(&mut reference("series", "institution", "institutions"));
    manager.create_table(series).await?;
    manager
        .create_index(unique("series", &["consultation", "series_key"]))
        .await?;

    let mut instances = table(
        "instances",
        [
            pk_uuid("id"),
            uuid("series"),
            binary("sop_key"),
            integer("position"),
            binary("meta"),
            uuid("original"),
            uuid("frames"),
            binary("sha256"),
        ],
    );
    instances
        .foreign_key(&mut reference("instances", "series", "series"))
        .foreign_key(&mut reference("instances", "original", "files"))
        .foreign_key(&mut reference("instances", "frames", "files"));
    manager.create_table(instances).await?;
    manager
        .create_index(unique("instances", &["series", "sop_key"]))
        .await?;
    manager
        .create_index(index("instances", &["series", "position"]))
        .await
}
