//! What every component may ask for without being handed it: language and time of the page.

use consilium_domain::Timestamp;
use consilium_protocol::page::Locale;
use leptos::prelude::*;

/// The time of the page: the server's at first, moved on by the browser so that "in 5 min" stays true.
#[derive(Clone, Copy)]
pub struct Now(pub RwSignal<Timestamp>);

/// The language of the page.
#[must_use]
pub fn locale() -> Locale {
    use_context::<Locale>().unwrap_or_default()
}

/// The running time of the page.
#[must_use]
pub fn now() -> RwSignal<Timestamp> {
    use_context::<Now>().map_or_else(|| RwSignal::new(Timestamp::default()), |now| now.0)
}
