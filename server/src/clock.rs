//! The clock as a value, so that tests can turn it.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use consilium_domain::Timestamp;

/// Tells the time. Everything in the server asks this, never the system directly.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The system's clock.
#[must_use]
pub fn system() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}
