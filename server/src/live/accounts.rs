//! What one account may take of the rooms: connections, connects, changes. Never by address: a whole
//! hospital comes from one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use consilium_domain::AccountId;

use super::{bucket::Bucket, lock};

/// Accounts remembered before those that take nothing are forgotten.
const REMEMBERED: usize = 1024;
/// Changes a second of an account for each connection it may have.
const CHANGES_PER_CONNECTION: f64 = 15.0;
/// Connects a second of an account for each connection it may have.
const CONNECTS_PER_CONNECTION: f64 = 0.125;
/// Connects at once for each connection it may have: a page opens two, and opens them anew after a restart.
const BURST_PER_CONNECTION: f64 = 4.0;

struct Use {
    open: AtomicUsize,
    connects: Mutex<Bucket>,
    changes: Mutex<Bucket>,
}

impl Use {
    fn idle(&self) -> bool {
        self.open.load(Ordering::SeqCst) == 0
            && lock(&self.connects).is_full()
            && lock(&self.changes).is_full()
    }
}

/// All accounts that use rooms now.
pub(super) struct Accounts {
    per_account: usize,
    known: Mutex<HashMap<AccountId, Arc<Use>>>,
}

/// One open connection of an account.
pub(super) struct Pass(Arc<Use>);

impl Accounts {
    pub(super) fn new(per_account: usize) -> Self {
        Self {
            per_account,
            known: Mutex::default(),
        }
    }

    /// One more connection of the account; `None` when it has, or opens, too many.
    pub(super) fn enter(&self, account: AccountId) -> Option<Pass> {
        let mut known = lock(&self.known);
        if known.len() >= REMEMBERED {
            known.retain(|_, account| !account.idle());
        }
        let scale = f64::from(u32::try_from(self.per_account).unwrap_or(u32::MAX));
        let account = known.entry(account).or_insert_with(|| {
            let changes = CHANGES_PER_CONNECTION * scale;
            Arc::new(Use {
                open: AtomicUsize::new(0),
                connects: Mutex::new(Bucket::new(
                    CONNECTS_PER_CONNECTION * scale,
                    BURST_PER_CONNECTION * scale,
                )),
                changes: Mutex::new(Bucket::new(changes, changes * 4.0)),
            })
        });
        // Counted under the lock of the table, so that two cannot take the last place.
        if account.open.load(Ordering::SeqCst) >= self.per_account || !lock(&account.connects).take() {
            return None;
        }
        account.open.fetch_add(1, Ordering::SeqCst);
        Some(Pass(Arc::clone(account)))
    }
}

impl Pass {
    /// Whether the account may send one more change now.
    pub(super) fn change(&self) -> bool {
        lock(&self.0.changes).take()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_account_has_so_many_places_and_gets_them_back() {
        let accounts = Accounts::new(3);
        let (one, two) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let held: Vec<Pass> = (0..3).filter_map(|_| accounts.enter(one)).collect();
        assert_eq!(held.len(), 3);
        assert!(accounts.enter(one).is_none());
        assert!(accounts.enter(two).is_some(), "others are not concerned");
        drop(held);
        assert!(accounts.enter(one).is_some());
    }

    #[test]
    fn who_reconnects_without_end_is_held_back() {
        let accounts = Accounts::new(1);
        let who = AccountId(Uuid::from_u128(1));
        let let_in = (0..100).filter(|_| accounts.enter(who).is_some()).count();
        assert!((4..100).contains(&let_in), "{let_in}");
    }
}
