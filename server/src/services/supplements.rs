//! Images that come in session one file at a time (clause 7.3 b): they make one next version of the case
//! package when no more come for a moment, not one a file.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use consilium_domain::{ConsultationId, ConsultationState};
use consilium_protocol::limits;
use tokio::time::Instant;

use crate::{
    error::ServiceError,
    exchange,
    services::{consents, opinions, packages},
    state::App,
};

/// Consultations whose package is to be made anew. In memory only: after a start every running session is
/// looked at once.
#[derive(Debug, Default)]
pub struct Supplements(Mutex<HashMap<ConsultationId, Waiting>>);

#[derive(Clone, Copy, Debug)]
struct Waiting {
    first: Instant,
    last: Instant,
}

impl Supplements {
    fn waiting(&self) -> MutexGuard<'_, HashMap<ConsultationId, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something came for a consultation in session.
    pub fn note(&self, id: ConsultationId) {
        let now = Instant::now();
        let mut waiting = self.waiting();
        let of = waiting.entry(id).or_insert(Waiting {
            first: now,
            last: now,
        });
        of.last = now;
    }

    /// Takes those for which nothing has come for a moment, or that have waited long.
    fn due(&self, now: Instant) -> Vec<ConsultationId> {
        let quiet = Duration::from_millis(limits::SUPPLEMENT_QUIET_MS);
        let latest = Duration::from_millis(limits::SUPPLEMENT_LATEST_MS);
        let mut waiting = self.waiting();
        let due: Vec<ConsultationId> = waiting
            .iter()
            .filter(|(_, of)| now.duration_since(of.last) >= quiet || now.duration_since(of.first) >= latest)
            .map(|(id, _)| *id)
            .collect();
        for id in &due {
            waiting.remove(id);
        }
        due
    }
}

/// After a start: what came before it may not be in a package yet.
///
/// # Errors
/// The store fails.
pub async fn recover(app: &App) -> Result<(), ServiceError> {
    let running = [ConsultationState::InSession];
    for consultation in app.store.reader().consultations_in(&running).await? {
        app.supplements.note(consultation.id);
    }
    Ok(())
}

/// Makes the packages that are due. One that fails is tried again. Tells how many there were.
pub async fn run(app: &App) -> usize {
    let mut count = 0;
    for id in app.supplements.due(Instant::now()) {
        match make(app, id).await {
            Ok(true) => count += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::error!(consultation.id = %id, %error, "a package was not made anew");
                app.supplements.note(id);
            }
        }
    }
    count
}

async fn make(app: &App, id: ConsultationId) -> Result<bool, ServiceError> {
    let mut tx = app.store.begin().await?;
    let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    let running = consultation.state == ConsultationState::InSession;
    if !running
        || !consents::active(&consultation, app.now())
        || !packages::supplement(app, &mut tx, id).await?
    {
        return Ok(false);
    }
    tx.commit().await?;
    exchange::flush(app, id).await;
    opinions::refresh_room(app, id, "data").await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_one_version() {
        let (one, two) = (
            ConsultationId(uuid::Uuid::from_u128(1)),
            ConsultationId(uuid::Uuid::from_u128(2)),
        );
        let supplements = Supplements::default();
        supplements.note(one);
        supplements.note(one);
        supplements.note(two);
        let now = Instant::now();
        assert!(supplements.due(now).is_empty(), "more may come");
        let mut due = supplements.due(now + Duration::from_millis(limits::SUPPLEMENT_QUIET_MS));
        due.sort_unstable();
        assert_eq!(due, [one, two]);
        assert!(
            supplements.due(now + Duration::from_secs(3600)).is_empty(),
            "taken once"
        );
    }
}
