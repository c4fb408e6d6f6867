//! Institutions, accounts, sessions, and the counting of attempts.

use consilium_domain::{AccountId, Timestamp};
use consilium_storage::{Attempt, Session, StoreError};
use tokio::task::JoinSet;

use crate::world::{NOW, World, account, id, institution};

const MAX: i32 = 5;
const LOCK_MS: i64 = 3_600_000;

pub(crate) async fn institutions_and_accounts_round_trip(world: World) {
    world.people().await;
    let reader = world.store.reader();
    assert_eq!(reader.institution(id(2)).await.unwrap().unwrap(), institution(2));
    assert_eq!(
        reader.institution_by_code("H003").await.unwrap().unwrap(),
        institution(3)
    );
    assert_eq!(reader.institution(id(9)).await.unwrap(), None);
    assert_eq!(reader.institutions().await.unwrap().len(), 3);
    let expected = account(12, 2);
    assert_eq!(reader.account(id(12)).await.unwrap().unwrap(), expected);
    let found = reader.account_by_username("expert.12").await.unwrap();
    assert_eq!(found.unwrap(), expected);
    assert_eq!(reader.account_by_username("Expert.12").await.unwrap(), None);
    assert_eq!(
        reader.accounts_of(id(2)).await.unwrap(),
        std::slice::from_ref(&expected)
    );
    assert_eq!(reader.accounts().await.unwrap().len(), 3);
    let shown = format!("{expected:?}");
    assert!(
        !shown.contains("argon2") && !shown.contains("expert.12"),
        "{shown}"
    );
}

pub(crate) async fn sessions_live_and_end(world: World) {
    world.people().await;
    let session = |n: u8, expires_in: i64| Session {
        token_hash: [n; 32],
        account: id(11),
        created_at: NOW.plus_ms(i64::from(n)),
        expires_at: NOW.plus_ms(expires_in),
        last_seen_at: NOW,
        ip: "192.0.2.7".to_owned(),
        device: "test".to_owned(),
        revoked_at: None,
    };
    let mut tx = world.store.begin().await.unwrap();
    for (n, expires_in) in [(1, 1_000), (2, 2_000), (3, 3_000)] {
        tx.insert_session(&session(n, expires_in)).await.unwrap();
    }
    tx.touch_session(&[1; 32], NOW.plus_ms(500)).await.unwrap();
    tx.touch_session(&[1; 32], NOW.plus_ms(400)).await.unwrap();
    tx.commit_technical().await.unwrap();

    let reader = world.store.reader();
    let first = reader.session(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(first.last_seen_at, NOW.plus_ms(500));
    assert_eq!(
        reader.session(&[3; 32]).await.unwrap().unwrap(),
        session(3, 3_000)
    );
    assert_eq!(reader.session(&[9; 32]).await.unwrap(), None);
    let live = async |at: Timestamp| {
        let live = reader.live_sessions_of(id(11), at).await.unwrap();
        live.iter()
            .map(|s| s.token_hash.first().copied().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(live(NOW.plus_ms(999)).await, [1, 2, 3]);
    assert_eq!(live(NOW.plus_ms(1_000)).await, [2, 3]);

    let mut tx = world.store.begin().await.unwrap();
    assert!(tx.revoke_session(&[2; 32], NOW).await.unwrap());
    assert!(!tx.revoke_session(&[2; 32], NOW).await.unwrap());
    tx.commit_technical().await.unwrap();
    assert_eq!(live(NOW).await, [1, 3]);

    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(tx.revoke_sessions_of(id(11), NOW).await.unwrap(), 2);
    assert_eq!(tx.delete_sessions_before(NOW.plus_ms(3_000)).await.unwrap(), 2);
    tx.commit_technical().await.unwrap();
    assert_eq!(reader.session(&[1; 32]).await.unwrap(), None);
    let last = reader.session(&[3; 32]).await.unwrap().unwrap();
    assert_eq!(last.revoked_at, Some(NOW));
}

async fn attempt(world: &World, at: Timestamp) -> Attempt {
    let mut tx = world.store.begin().await.unwrap();
    let attempt = tx.reserve_attempt(id(11), at, MAX, LOCK_MS).await.unwrap();
    tx.commit_technical().await.unwrap();
    attempt
}

pub(crate) async fn parallel_attempts_pass_five_times(world: World) {
    world.people().await;
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let store = world.store.clone();
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let attempt = tx.reserve_attempt(id(11), NOW, MAX, LOCK_MS).await.unwrap();
            tx.commit_technical().await.unwrap();
            attempt
        });
    }
    let all = tasks.join_all().await;
    let mut passed: Vec<i32> = all
        .iter()
        .filter_map(|attempt| match attempt {
            Attempt::Proceed { failed_before } => Some(*failed_before),
            Attempt::Locked { until } => {
                assert_eq!(*until, NOW.plus_ms(LOCK_MS));
                None
            }
        })
        .collect();
    passed.sort_unstable();
    assert_eq!(passed, [0, 1, 2, 3, 4]);
    let other = world.store.reader().account(id(12)).await.unwrap().unwrap();
    assert_eq!((other.failed, other.locked_until), (0, None));
    let mut tx = world.store.begin().await.unwrap();
    let unknown = tx.reserve_attempt(id(99), NOW, MAX, LOCK_MS).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
}

pub(crate) async fn a_lock_runs_out_to_the_millisecond(world: World) {
    world.people().await;
    for failed_before in 0..MAX {
        assert_eq!(attempt(&world, NOW).await, Attempt::Proceed { failed_before });
    }
    let until = NOW.plus_ms(LOCK_MS);
    assert_eq!(attempt(&world, NOW).await, Attempt::Locked { until });
    assert_eq!(
        attempt(&world, until.plus_ms(-1)).await,
        Attempt::Locked { until }
    );
    assert_eq!(
        attempt(&world, until).await,
        Attempt::Proceed { failed_before: 0 }
    );
    assert_eq!(
        attempt(&world, until).await,
        Attempt::Proceed { failed_before: 1 }
    );

    let mut tx = world.store.begin().await.unwrap();
    assert!(tx.attempt_succeeded(id(11), 1).await.unwrap());
    tx.commit_technical().await.unwrap();
    let account = world.store.reader().account(id(11)).await.unwrap().unwrap();
    assert_eq!(
        (account.failed, account.locked_until, account.totp_last_step),
        (0, None, 1)
    );
    // The fifth attempt locks, and is still tried: when it is right it lifts the lock.
    for failed_before in 0..MAX {
        assert_eq!(attempt(&world, until).await, Attempt::Proceed { failed_before });
    }
    let mut tx = world.store.begin().await.unwrap();
    assert!(tx.attempt_succeeded(id(11), 2).await.unwrap());
    tx.commit_technical().await.unwrap();
    assert_eq!(
        attempt(&world, until).await,
        Attempt::Proceed { failed_before: 0 }
    );
}

pub(crate) async fn a_code_counts_once(world: World) {
    world.people().await;
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let store = world.store.clone();
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let account: AccountId = id(11);
            let fresh = tx.attempt_succeeded(account, 100).await.unwrap();
            tx.commit_technical().await.unwrap();
            fresh
        });
    }
    let all = tasks.join_all().await;
    assert_eq!(all.iter().filter(|fresh| **fresh).count(), 1);
    let mut tx = world.store.begin().await.unwrap();
    assert!(!tx.attempt_succeeded(id(11), 99).await.unwrap());
    assert!(tx.attempt_succeeded(id(11), 101).await.unwrap());
}
