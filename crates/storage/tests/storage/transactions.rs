//! Commit and rollback.

use consilium_storage::StoreError;

use crate::world::{World, event, id, institution};

pub(crate) async fn a_commit_needs_an_audit_record(world: World) {
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_institution(&institution(1)).await.unwrap();
    assert!(matches!(tx.commit().await, Err(StoreError::NotAudited)));
    assert_eq!(world.store.reader().institution(id(1)).await.unwrap(), None);

    let mut tx = world.store.begin().await.unwrap();
    tx.insert_institution(&institution(1)).await.unwrap();
    assert_eq!(
        tx.audit(event("institution.add", "institution/1")).await.unwrap(),
        1
    );
    tx.commit().await.unwrap();
    assert!(world.store.reader().institution(id(1)).await.unwrap().is_some());
}

pub(crate) async fn a_dropped_transaction_leaves_nothing(world: World) {
    for n in 1..=20 {
        let mut tx = world.store.begin().await.unwrap();
        tx.insert_institution(&institution(n)).await.unwrap();
        tx.audit(event("institution.add", "institution/1")).await.unwrap();
        drop(tx);
    }
    assert_eq!(world.store.reader().institutions().await.unwrap(), []);
    let checkpoint = world.store.reader().verify_audit().await.unwrap().unwrap();
    assert_eq!(checkpoint.size, 0);
}

pub(crate) async fn a_transaction_reads_what_it_wrote(world: World) {
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_institution(&institution(1)).await.unwrap();
    assert!(tx.institution(id(1)).await.unwrap().is_some());
    // Nobody else sees it, and readers do not wait for the writer.
    assert_eq!(world.store.reader().institution(id(1)).await.unwrap(), None);
    tx.commit_technical().await.unwrap();
    assert!(world.store.reader().institution(id(1)).await.unwrap().is_some());
}
