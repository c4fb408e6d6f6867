//! What every handler shares.

use std::sync::{Arc, Weak};

use consilium_domain::Timestamp;
use consilium_storage::Store;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;

use crate::{clock::Clock, files::Files, live::Rooms, services::tickets::Tickets, site::Site};

/// The running application. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The parts of [`App`].
pub struct Inner {
    /// Rows.
    pub store: Store,
    /// Files.
    pub files: Files,
    /// Live rooms.
    pub rooms: Rooms,
    /// Delivery of exchange messages.
    pub exchange: crate::exchange::Engine,
    /// Live streams of notices.
    pub streams: crate::services::streams::Streams,
    /// One-use tickets for live connections.
    pub tickets: Tickets,
    /// Readings of images already audited.
    pub reads: crate::services::imaging::Reads,
    /// Who watches the rooms.
    pub watching: crate::services::operations::Watching,
    /// Resumable uploads in hand.
    pub uploads: crate::services::uploads::Uploads,
    /// Packages to be made anew.
    pub supplements: crate::services::supplements::Supplements,
    /// Skeletons of opinions.
    pub templates: Vec<consilium_protocol::room::OpinionTemplate>,
    /// Readings of the standard that were chosen.
    pub policy: crate::config::Policy,
    /// How calls are made.
    pub calls: crate::call::Calls,
    /// Browser bundle.
    pub site: Site,
    /// How long what need not stay is kept.
    pub retention: crate::config::Retention,
    /// The clock.
    pub clock: Clock,
    /// Places for sign-ins that run or wait; when all are taken, more are refused.
    pub password_queue: Semaphore,
    /// Gate in front of argon2.
    pub password_gate: Semaphore,
    /// Gate in front of image decoding.
    pub decode_gate: Semaphore,
    /// Metrics.
    pub metrics: PrometheusHandle,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// A reference that does not keep the application alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakApp {
        WeakApp(Arc::downgrade(&self.0))
    }

    /// The time by the application's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// See [`App::downgrade`].
#[derive(Clone)]
pub struct WeakApp(Weak<Inner>);

impl WeakApp {
    /// The application, unless it is gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<App> {
        self.0.upgrade().map(App)
    }
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}
