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

/// Changes the address shown without leaving the page: a reload comes back to it.
pub fn replace_path(path: &str) {
    let result = window()
        .history()
        .and_then(|history| history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(path)));
    if let Err(error) = result {
        leptos::logging::debug_warn!("replace path: {error:?}");
    }
}

/// Draws this page again with what the server knows now.
pub fn reload() {
    if let Err(error) = window().location().reload() {
        leptos::logging::debug_warn!("reload: {error:?}");
    }
}

/// Hands the text of every server-sent event called `name` at `path` to `act`, until the page is left. The browser
/// connects again by itself.
pub fn listen(path: &str, name: &str, act: impl Fn(String) + 'static) {
    use wasm_bindgen::{JsCast, closure::Closure};
    let Ok(source) = web_sys::EventSource::new(path) else {
        return;
    };
    let heard = Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
        if let Some(text) = event.data().as_string() {
            act(text);
        }
    });
    if let Err(error) = source.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref()) {
        leptos::logging::debug_warn!("listen: {error:?}");
    }
    // Both live as long as the page.
    heard.forget();
    std::mem::forget(source);
}

/// Offers a text as a file to save.
///
/// # Errors
/// The browser does not make a file of it.
pub fn save_text(text: &str, media_type: &str, name: &str) -> Result<(), wasm_bindgen::JsValue> {
    use wasm_bindgen::JsCast;
    let parts = js_sys::Array::of1(&text.into());
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(media_type);
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let address = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link: web_sys::HtmlElement = document().create_element("a")?.unchecked_into();
    link.set_attribute("href", &address)?;
    link.set_attribute("download", name)?;
    link.click();
    web_sys::Url::revoke_object_url(&address)
}

/// Puts `text` on the clipboard.
pub fn copy(text: &str) {
    let promise = window().navigator().clipboard().write_text(text);
    leptos::task::spawn_local(async move {
        if let Err(error) = wasm_bindgen_futures::JsFuture::from(promise).await {
            leptos::logging::debug_warn!("copy: {error:?}");
        }
    });
}

/// The files of a list.
fn files_of(list: Option<web_sys::FileList>) -> Vec<web_sys::File> {
    let Some(list) = list else { return Vec::new() };
    (0..list.length()).filter_map(|at| list.get(at)).collect()
}

/// The files chosen in a control, which is empty again afterwards: the same file may be chosen again.
#[must_use]
pub fn chosen_files(event: &web_sys::Event) -> Vec<web_sys::File> {
    use wasm_bindgen::JsCast;
    let control = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    let files = files_of(control.as_ref().and_then(web_sys::HtmlInputElement::files));
    if let Some(control) = control {
        control.set_value("");
    }
    files
}

/// Hands files that are dropped anywhere on the page to `act`, until the page is left.
pub fn accept_drops(act: impl Fn(Vec<web_sys::File>) + 'static) {
    let carries_files = |event: &web_sys::DragEvent| {
        let types = event.data_transfer().map(|data| data.types());
        types.is_some_and(|types| types.includes(&wasm_bindgen::JsValue::from_str("Files"), 0))
    };
    // Both live as long as the page.
    let _ = window_event_listener(leptos::ev::dragover, move |event| {
        if carries_files(&event) {
            event.prevent_default();
        }
    });
    let _ = window_event_listener(leptos::ev::drop, move |event| {
        if carries_files(&event) {
            event.prevent_default();
            act(files_of(event.data_transfer().and_then(|data| data.files())));
        }
    });
}

/// The database in which a room keeps what is not yet saved; it goes when its person signs out.
pub const ROOM_DATABASE: &str = "consilium-room";

/// Removes what rooms keep on this device.
pub fn forget_rooms() {
    let removed = window().indexed_db().and_then(|factory| {
        factory
            .map(|factory| factory.delete_database(ROOM_DATABASE))
            .transpose()
    });
    if let Err(error) = removed {
        leptos::logging::debug_warn!("forget rooms: {error:?}");
    }
}

/// Opens the print dialog.
pub fn print() {
    if let Err(error) = window().print() {
        leptos::logging::debug_warn!("print: {error:?}");
    }
}
