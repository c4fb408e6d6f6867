//! Words the migrations share.

use sea_orm_migration::prelude::*;

/// A table with its columns.
pub(crate) fn table(
    name: &'static str,
    columns: impl IntoIterator<Item = ColumnDef>,
) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for column in columns {
        table.col(column);
    }
    table
}

/// A reference from one column to the `id` of another table; rows that are referred to cannot go.
pub(crate) fn reference(
    from: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{from}_{column}"))
        .from(from, column)
        .to(to, "id")
        .take()
}

/// An index over columns.
pub(crate) fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index
        .name(format!("ix_{table}_{}", columns.join("_")))
        .table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

/// An index that allows each combination once.
pub(crate) fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = self::index(table, columns);
    index.unique();
    index
}

/// A primary key over several columns.
pub(crate) fn primary(columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    for column in columns {
        index.col(*column);
    }
    index
}

/// Takes tables away, in the order given.
///
/// # Errors
/// The database refuses.
pub(crate) async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for name in tables {
        manager.drop_table(Table::drop().table(*name).take()).await?;
    }
    Ok(())
}

/// Adds columns to a table, one statement each as SQLite wants it.
///
/// # Errors
/// The database refuses.
pub(crate) async fn add_columns(
    manager: &SchemaManager<'_>,
    name: &'static str,
    columns: impl IntoIterator<Item = ColumnDef> + Send,
) -> Result<(), DbErr> {
    let statements: Vec<_> = columns
        .into_iter()
        .map(|column| Table::alter().table(name).add_column(column).take())
        .collect();
    for statement in statements {
        manager.alter_table(statement).await?;
    }
    Ok(())
}

/// Takes columns away, one statement each.
///
/// # Errors
/// The database refuses.
pub(crate) async fn drop_columns(
    manager: &SchemaManager<'_>,
    name: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    for column in columns {
        manager
            .alter_table(Table::alter().table(name).drop_column(*column).take())
            .await?;
    }
    Ok(())
}

/// Implements the parts of a migration that are the same for all: name, transaction, and the way back.
macro_rules! migration {
    ($name:literal, up: $up:path, tables in reverse: [$($table:literal),+ $(,)?]) => {
        #[doc = concat!("Migration `", $name, "`.")]
        pub(crate) struct Migration;

        impl sea_orm_migration::MigrationName for Migration {
            fn name(&self) -> &'static str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl MigrationTrait for Migration {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                $up(manager).await
            }

            async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                crate::table::drop_tables(manager, &[$($table),+]).await
            }
        }
    };
}
pub(crate) use migration;
