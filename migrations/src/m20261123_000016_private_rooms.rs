//! Rooms get an owner: the private documents of a consultation beside its shared one. What is there
//! belongs to the shared document, whose owner is all zeros since a key has no nulls; for the same reason
//! the column refers to no account (author and account columns beside it do).
//!
//! SQLite cannot change a primary key, so each table is made anew and its rows are moved over; PostgreSQL
//! does the same.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::prelude::Uuid};

use crate::table::{primary, reference, table};

#[doc = "Migration `m20261123_000016_private_rooms`."]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000016_private_rooms"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for room in tables() {
            room.rebuild(manager, true).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for room in tables() {
            room.rebuild(manager, false).await?;
        }
        Ok(())
    }
}

/// One table as it stands before and after, but for the owner.
struct Rebuilt {
    name: &'static str,
    columns: Vec<(&'static str, ColumnDef)>,
    key: &'static [&'static str],
    references: &'static [(&'static str, &'static str)],
}

fn tables() -> [Rebuilt; 4] {
    let consultation = || ("consultation", uuid("consultation"));
    let big = |name| (name, big_integer(name));
    let bytes = |name| (name, binary(name));
    [
        Rebuilt {
            name: "rooms",
            columns: vec![consultation(), big("epoch"), big("seq"), bytes("head")],
            key: &["consultation"],
            references: &[("consultation", "consultations")],
        },
        Rebuilt {
            name: "room_log",
            columns: vec![
                consultation(),
                big("epoch"),
                big("seq"),
                ("author", uuid("author")),
                big("client_id"),
                big("at"),
                bytes("update"),
                bytes("prev_hash"),
                bytes("hash"),
            ],
            key: &["consultation", "epoch", "seq"],
            references: &[("consultation", "consultations"), ("author", "accounts")],
        },
        Rebuilt {
            name: "room_snapshots",
            columns: vec![consultation(), big("epoch"), big("seq"), bytes("state")],
            key: &["consultation", "epoch", "seq"],
            references: &[("consultation", "consultations")],
        },
        Rebuilt {
            name: "room_clients",
            columns: vec![consultation(), big("client_id"), ("account", uuid("account"))],
            key: &["consultation", "client_id"],
            references: &[("consultation", "consultations"), ("account", "accounts")],
        },
    ]
}

impl Rebuilt {
    /// Makes the table anew, with an owner or without; private rows do not survive the way back.
    async fn rebuild(self, manager: &SchemaManager<'_>, owner: bool) -> Result<(), DbErr> {
        const OLD: &str = "rooms_before";
        let name = self.name;
        let names: Vec<&'static str> = self.columns.iter().map(|(name, _)| *name).collect();
        manager
            .rename_table(Table::rename().table(name, OLD).take())
            .await?;
        let mut columns: Vec<ColumnDef> = self.columns.into_iter().map(|(_, column)| column).collect();
        let mut key = self.key.to_vec();
        if owner {
            columns.insert(1, uuid("owner"));
            key.insert(1, "owner");
        }
        let mut made = table(name, columns);
        let mut index = primary(&key);
        // PostgreSQL names keys in the schema, not in the table: the old table still has the old name.
        index.name(format!("pk_{name}_{}", if owner { "owner" } else { "shared" }));
        made.primary_key(&mut index);
        for (column, to) in self.references {
            made.foreign_key(&mut reference(name, column, to));
        }
        manager.create_table(made).await?;

        let shared = Uuid::nil();
        let mut rows = Query::select();
        rows.columns(names.iter().copied()).from(OLD);
        let mut into = names;
        if owner {
            rows.expr(Expr::value(shared));
            into.push("owner");
        } else {
            rows.and_where(Expr::col("owner").eq(shared));
        }
        let mut moved = Query::insert();
        moved
            .into_table(name)
            .columns(into)
            .select_from(rows)
            .map_err(|error| DbErr::Custom(error.to_string()))?;
        manager.execute(moved).await?;
        manager.drop_table(Table::drop().table(OLD).take()).await
    }
}
