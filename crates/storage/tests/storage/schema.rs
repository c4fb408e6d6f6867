//! Settings of the connections, and the migrations both ways.

use std::sync::Arc;

use consilium_storage::{Store, StoreError};
use consilium_vault::Vault;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::world::{NOW, World};

async fn setting(db: &DatabaseConnection, sql: &str) -> String {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    match row.try_get_by_index::<String>(0) {
        Ok(text) => text,
        Err(_) => row.try_get_by_index::<i64>(0).unwrap().to_string(),
    }
}

pub(crate) async fn connections_are_durable(world: World) {
    let [writer, reader] = world.store.connections();
    if !world.sqlite {
        assert_eq!(setting(writer, "SHOW synchronous_commit").await, "on");
        return;
    }
    // 2 is FULL.
    for (pragma, expected) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
    ] {
        assert_eq!(
            setting(writer, &format!("PRAGMA {pragma}")).await,
            expected,
            "{pragma}"
        );
    }
    assert_eq!(setting(reader, "PRAGMA journal_mode").await, "wal");
    assert!(reader.execute_unprepared("DELETE FROM files").await.is_err());

    let vault = Vault::open_or_create(&world.folder.path().join("keys"), NOW.ms()).unwrap();
    let refused = Store::connect("mysql://localhost/x", Arc::new(vault)).await;
    assert!(matches!(refused, Err(StoreError::Unsupported(_))));
}

async fn tables(world: &World) -> Vec<String> {
    let sql = if world.sqlite {
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
    } else {
        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    };
    let rows = world.query(sql, vec![]).await;
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

pub(crate) async fn migrations_go_down_and_up_again(world: World) {
    let before = tables(&world).await;
    assert!(before.iter().any(|name| name == "consultations"), "{before:?}");
    world.people().await;
    world.store.migrate_down().await.unwrap();
    assert_eq!(tables(&world).await, ["seaql_migrations"]);
    world.store.migrate().await.unwrap();
    world.store.migrate().await.unwrap();
    assert_eq!(tables(&world).await, before);
    world.people().await;
    let checkpoint = world.store.reader().verify_audit().await.unwrap().unwrap();
    assert_eq!(checkpoint.size, 1);
}
