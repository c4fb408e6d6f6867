//! Reading page data again.

use leptos::prelude::window;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCredentials, RequestInit, Response};

/// Reads JSON; `None` when the server does not answer or answers something else. The caller keeps what
/// it has.
pub(super) async fn get<T: DeserializeOwned>(path: &str) -> Option<T> {
    let text = get_text(path).await.ok().flatten()?;
    serde_json::from_str(&text).ok()
}

async fn get_text(path: &str) -> Result<Option<String>, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    let init = RequestInit::new();
    init.set_credentials(RequestCredentials::SameOrigin);
    init.set_headers(headers.as_ref());
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(path, &init))
        .await?
        .dyn_into()?;
    if !response.ok() {
        return Ok(None);
    }
    Ok(JsFuture::from(response.text()?).await?.as_string())
}
