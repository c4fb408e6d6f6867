//! Many at once.

use consilium_domain::{AccountId, ConsultationId};
use tokio::task::JoinSet;

use crate::world::{World, event, id};

pub(crate) async fn numbers_are_unique_and_have_no_gaps(world: World) {
    let mut tasks = JoinSet::new();
    for n in 0..500 {
        let store = world.store.clone();
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let number = tx.next_consultation_number("20261122").await.unwrap();
            if n % 10 == 0 {
                // Not committed: the number goes back.
                drop(tx);
                return None;
            }
            tx.commit_technical().await.unwrap();
            Some(number)
        });
    }
    let mut numbers: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=450).collect::<Vec<_>>());
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(tx.next_consultation_number("20261123").await.unwrap(), 1);
}

pub(crate) async fn audited_writes_keep_one_chain(world: World) {
    let mut tasks = JoinSet::new();
    for n in 0..150 {
        let store = world.store.clone();
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let day = format!("day-{}", n % 7);
            tx.next_consultation_number(&day).await.unwrap();
            let seq = tx
                .audit(event("number.take", &format!("number/{n}")))
                .await
                .unwrap();
            if n % 10 == 0 {
                return None;
            }
            tx.commit().await.unwrap();
            Some(seq)
        });
    }
    // Verifying while others write sees a whole chain too.
    while tasks.len() > 20 {
        world.store.reader().verify_audit().await.unwrap().unwrap();
        tasks.join_next().await.unwrap().unwrap();
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let checkpoint = world.store.reader().verify_audit().await.unwrap().unwrap();
    assert_eq!(checkpoint.size, 135);
}

pub(crate) async fn a_client_id_has_one_owner(world: World) {
    world.people().await;
    let mut tasks = JoinSet::new();
    for n in 0..48_u128 {
        let store = world.store.clone();
        tasks.spawn(async move {
            let account: AccountId = id(11 + n % 3);
            let mut tx = store.begin().await.unwrap();
            let ours = tx
                .bind_client(id::<ConsultationId>(31), 7, account)
                .await
                .unwrap();
            tx.commit_technical().await.unwrap();
            (account, ours)
        });
    }
    let all = tasks.join_all().await;
    let owners = world
        .store
        .reader()
        .client_owners(id::<ConsultationId>(31))
        .await
        .unwrap();
    assert_eq!(owners.len(), 1);
    let (client, owner) = owners.first().copied().unwrap();
    assert_eq!(client, 7);
    for (account, ours) in all {
        assert_eq!(ours, account == owner);
    }
}
