//! One request at a time writes to an upload. A later one asks the earlier to stop: a connection that died
//! without a word must not keep its own sender out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use consilium_domain::UploadId;
use consilium_protocol::{codes, limits};
use tokio::{
    sync::{Mutex as Gate, OwnedMutexGuard},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::error::ServiceError;

/// The uploads in hand. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Locks(Arc<Mutex<HashMap<UploadId, Slot>>>);

#[derive(Debug)]
struct Slot {
    gate: Arc<Gate<()>>,
    /// Of the request that asked last.
    stop: CancellationToken,
}

/// An upload in the hands of one request; dropping it lets go.
#[derive(Debug)]
pub(super) struct Held {
    locks: Locks,
    id: UploadId,
    /// Cancelled when a later request asks for the upload.
    pub(super) stop: CancellationToken,
    gate: OwnedMutexGuard<()>,
}

impl Locks {
    /// Asks whoever has the upload to stop, and waits for it.
    ///
    /// # Errors
    /// 423 when it does not let go in time.
    pub(super) async fn hold(&self, id: UploadId) -> Result<Held, ServiceError> {
        let (gate, stop) = self.queue(id);
        let wait = Duration::from_millis(limits::UPLOAD_HANDOVER_MS);
        let gate = timeout(wait, gate.lock_owned())
            .await
            .map_err(|_| ServiceError::Locked(codes::UPLOAD_LOCKED))?;
        Ok(self.held(id, stop, gate))
    }

    /// Takes the upload when nobody has it.
    pub(super) fn try_hold(&self, id: UploadId) -> Option<Held> {
        let mut slots = self.slots();
        if slots.contains_key(&id) {
            return None;
        }
        let slot = Slot::new();
        let (gate, stop) = (Arc::clone(&slot.gate).try_lock_owned().ok()?, slot.stop.clone());
        slots.insert(id, slot);
        drop(slots);
        Some(self.held(id, stop, gate))
    }

    pub(super) fn contains(&self, id: UploadId) -> bool {
        self.slots().contains_key(&id)
    }

    fn held(&self, id: UploadId, stop: CancellationToken, gate: OwnedMutexGuard<()>) -> Held {
        Held {
            locks: self.clone(),
            id,
            stop,
            gate,
        }
    }

    fn queue(&self, id: UploadId) -> (Arc<Gate<()>>, CancellationToken) {
        let mut slots = self.slots();
        let slot = slots.entry(id).or_insert_with(Slot::new);
        slot.stop.cancel();
        slot.stop = CancellationToken::new();
        (Arc::clone(&slot.gate), slot.stop.clone())
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<UploadId, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn new() -> Self {
        Self {
            gate: Arc::default(),
            stop: CancellationToken::new(),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut slots = self.locks.slots();
        // The slot's own and this one's: nobody waits.
        if Arc::strong_count(OwnedMutexGuard::mutex(&self.gate)) <= 2 {
            slots.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_later_request_stops_the_earlier_and_nothing_is_left_behind() {
        let locks = Locks::default();
        let id = UploadId(Uuid::from_u128(1));
        let first = locks.hold(id).await.unwrap();
        assert!(locks.try_hold(id).is_none());
        let waiting = tokio::spawn({
            let locks = locks.clone();
            async move { locks.hold(id).await.map(|held| held.stop.is_cancelled()) }
        });
        first.stop.cancelled().await;
        drop(first);
        assert!(!waiting.await.unwrap().unwrap(), "nobody asked after it");
        assert!(locks.slots().is_empty());
        drop(locks.try_hold(id).unwrap());
        assert!(locks.slots().is_empty());
    }
}
