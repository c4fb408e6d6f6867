//! The few browser interfaces that pages use. Call them in event handlers and effects only: on the
//! server there is no window.

use std::time::Duration;

use leptos::prelude::*;

/// Milliseconds since the page was opened; runs on when the clock is set.
#[must_use]
pub fn monotonic_ms() -> i64 {
    window().performance().map_or(0, |clock| whole(clock.now()))
}

/// The integer part of `value`, kept within the range of `i64`; zero for not-a-number.
#[must_use]
pub fn whole(value: f64) -> i64 {
    #[expect(
        clippy::as_conversions,
        reason = "saturates, and there is no checked conversion from f64"
    )]
    let whole = value.trunc() as i64;
    whole
}

/// Calls `act` every `interval_ms` until the page is left.
pub fn every(interval_ms: u64, act: impl Fn() + 'static) {
    set_interval(act, Duration::from_millis(interval_ms));
}

/// The text inside the element with this id.
#[must_use]
pub fn element_text(id: &str) -> Option<String> {
    document().get_element_by_id(id)?.text_content()
}

/// Moves the focus to the element with this id, when there is one that takes it.
pub fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    if let Some(element) = document()
        .get_element_by_id(id)
        .and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok())
        && let Err(error) = element.focus()
    {
        leptos::logging::debug_warn!("focus: {error:?}");
    }
}

/// Opens another page.
pub fn go_to(path: &str) {
    if let Err(error) = window().location().set_href(path) {
        leptos::logging::debug_warn!("go to: {error:?}");
    }
}

/// Draws this page again with what the server knows now.
pub fn reload() {
    if let Err(error) = window().location().reload() {
        leptos::logging::debug_warn!("reload: {error:?}");
    }
}

/// Opens the print dialog.
pub fn print() {
    if let Err(error) = window().print() {
        leptos::logging::debug_warn!("print: {error:?}");
    }
}
