//! Consultations, their numbers, invitations.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{index, migration, reference, table, unique};

migration!(
    "m20261122_000002_consultations",
    up: up,
    tables in reverse: ["invitations", "consultations", "consultation_numbers"]
);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut day = text("day");
    day.primary_key();
    manager
        .create_table(table("consultation_numbers", [day, big_integer("last")]))
        .await?;

    let mut consultations = table(
        "consultations",
        [
            pk_uuid("id"),
            text_uniq("number"),
            text("kind"),
            text("urgency"),
            text("state"),
            uuid("lead"),
            uuid("patient"),
            binary("clinical"),
            big_integer("scheduled_at"),
            integer("duration_minutes"),
            text("chosen"),
            text("wanted"),
            binary_null("consent"),
            big_integer_null("started_at"),
            big_integer_null("ended_at"),
            big_integer_null("due_at"),
            uuid("created_by"),
            big_integer("created_at"),
            big_integer("updated_at"),
            big_integer("version"),
        ],
    );
    consultations
        .foreign_key(&mut reference("consultations", "lead", "institutions"))
        .foreign_key(&mut reference("consultations", "patient", "patients"))
        .foreign_key(&mut reference("consultations", "created_by", "accounts"));
    manager.create_table(consultations).await?;
    manager.create_index(index("consultations", &["lead"])).await?;
    manager.create_index(index("consultations", &["state"])).await?;
    manager
        .create_index(index("consultations", &["updated_at", "id"]))
        .await?;

    let mut invitations = table(
        "invitations",
        [
            pk_uuid("id"),
            uuid("consultation"),
            uuid("institution"),
            text("state"),
            big_integer("sent_at"),
            big_integer("due_at"),
            big_integer_null("answered_at"),
            uuid_null("answered_by"),
            text("can_provide"),
            binary_null("reason"),
        ],
    );
    invitations
        .foreign_key(&mut reference("invitations", "consultation", "consultations"))
        .foreign_key(&mut reference("invitations", "institution", "institutions"))
        .foreign_key(&mut reference("invitations", "answered_by", "accounts"));
    manager.create_table(invitations).await?;
    manager
        .create_index(unique("invitations", &["consultation", "institution"]))
        .await?;
    manager
        .create_index(index("invitations", &["institution"]))
        .await?;
    manager
        .create_index(index("invitations", &["state", "due_at"]))
        .await
}
