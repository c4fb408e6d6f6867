//! The REST interface as small typed functions. Every failure is a [`Problem`], also when the server
//! does not answer or answers something else.

use consilium_domain::ConsultationId;
use consilium_protocol::{
    Problem, codes,
    consultation::{ConsultationInput, FhirImport, OpinionInput, Reason},
    imaging::{Series, Uploaded},
    preparation::ConsentInput,
    report::ReportInput,
};
use leptos::prelude::window;
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCredentials, RequestInit, Response};

use crate::format::percent_encode;

const BASE: &str = "/api/v1/consultations";

/// What the page needs to know of a consultation it has just written.
#[derive(Clone, Debug, Deserialize)]
pub struct Written {
    /// Its id.
    pub id: ConsultationId,
    /// Its version now.
    pub version: i64,
}

/// The address of something that belongs to a consultation.
#[must_use]
pub fn of(id: ConsultationId, rest: &str) -> String {
    format!("{BASE}/{id}/{rest}")
}

/// `GET path`.
///
/// # Errors
/// The server's problem.
pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Problem> {
    read("GET", path, &JsValue::NULL, &[]).await
}

/// `POST path` with a JSON body, the answer left aside.
///
/// # Errors
/// The server's problem; `errors` names the fields.
pub async fn post(path: &str, body: &impl Serialize) -> Result<(), Problem> {
    let _: IgnoredAny = write_json("POST", path, body).await?;
    Ok(())
}

/// `POST path` with a reason, which may be empty.
///
/// # Errors
/// The server's problem.
pub async fn post_reason(path: &str, reason: String) -> Result<(), Problem> {
    post(path, &Reason { reason }).await
}

/// `POST path` with a JSON body.
///
/// # Errors
/// The server's problem; `errors` names the fields.
pub async fn ask<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, Problem> {
    write_json("POST", path, body).await
}

/// Creates a consultation as a draft.
///
/// # Errors
/// The server's problem; `errors` names the fields.
pub async fn create(input: &ConsultationInput) -> Result<Written, Problem> {
    write_json("POST", BASE, input).await
}

/// Replaces the draft read at `version`.
///
/// # Errors
/// The server's problem.
pub async fn edit(id: ConsultationId, version: i64, input: &ConsultationInput) -> Result<Written, Problem> {
    write_json("PUT", &format!("{BASE}/{id}?version={version}"), input).await
}

/// The consultation as it is now.
///
/// # Errors
/// The server's problem.
pub async fn consultation(id: ConsultationId) -> Result<Written, Problem> {
    get(&format!("{BASE}/{id}")).await
}

/// Does `verb`.
///
/// # Errors
/// The server's problem.
pub async fn act(id: ConsultationId, verb: &str) -> Result<(), Problem> {
    post_reason(&of(id, verb), String::new()).await
}

/// Records the consent.
///
/// # Errors
/// The server's problem; `errors` names the fields.
pub async fn put_consent(id: ConsultationId, input: &ConsentInput) -> Result<(), Problem> {
    let _: IgnoredAny = write_json("PUT", &of(id, "consent"), input).await?;
    Ok(())
}

/// Sends a file as it is.
///
/// # Errors
/// The server's problem.
pub async fn send_file<T: DeserializeOwned>(
    method: &str,
    path: &str,
    media_type: &str,
    file: &web_sys::File,
) -> Result<T, Problem> {
    let headers = [
        ("content-type", media_type.to_owned()),
        ("x-file-name", percent_encode(&file.name())),
    ];
    read(method, path, file.as_ref(), &headers).await
}

/// Fetches `path` in the form `accept` and hands it to the browser as a file called `name`.
///
/// # Errors
/// The server's problem.
pub async fn download(path: &str, accept: &str, name: &str) -> Result<(), Problem> {
    let headers = [("accept", accept.to_owned())];
    let (status, text) = exchange("GET", path, &JsValue::NULL, &headers)
        .await
        .map_err(|_| problem(codes::UNAVAILABLE))?;
    if !(200..300).contains(&status) {
        return Err(refused(status, &text));
    }
    crate::browser::save_text(&text, accept, name).map_err(|_| problem(codes::INTERNAL))
}

/// Submits an opinion; it is signed and cannot be changed afterwards.
///
/// # Errors
/// The server's problem.
pub async fn submit_opinion(id: ConsultationId, input: &OpinionInput) -> Result<(), Problem> {
    post(&of(id, "opinions"), input).await
}

/// Signs the report.
///
/// # Errors
/// The server's problem; `errors` names the fields.
pub async fn sign(id: ConsultationId, input: &ReportInput) -> Result<(), Problem> {
    post(&of(id, "sign"), input).await
}

/// Reads a FHIR bundle into the form; stores nothing.
///
/// # Errors
/// The server's problem; `errors` lists what is missing.
pub async fn import_fhir(file: &web_sys::File) -> Result<FhirImport, Problem> {
    send_file(
        "POST",
        &format!("{BASE}/import/fhir"),
        "application/fhir+json",
        file,
    )
    .await
}

/// Uploads one DICOM file. `confirm_patient` says that a person has compared the patients.
///
/// # Errors
/// The server's problem; [`codes::DICOM_PATIENT_UNCONFIRMED`] asks for the comparison.
pub async fn upload_image(
    id: ConsultationId,
    file: &web_sys::File,
    confirm_patient: bool,
) -> Result<Uploaded, Problem> {
    let query = if confirm_patient {
        "?confirm_patient=true"
    } else {
        ""
    };
    send_file(
        "POST",
        &of(id, &format!("images{query}")),
        "application/dicom",
        file,
    )
    .await
}

/// The images as they are now.
///
/// # Errors
/// The server's problem.
pub async fn series(id: ConsultationId) -> Result<Vec<Series>, Problem> {
    get(&of(id, "series")).await
}

async fn write_json<T: DeserializeOwned>(
    method: &str,
    path: &str,
    body: &impl Serialize,
) -> Result<T, Problem> {
    let json = serde_json::to_string(body).map_err(|_| problem(codes::MALFORMED))?;
    let headers = [("content-type", "application/json".to_owned())];
    read(method, path, &JsValue::from_str(&json), &headers).await
}

async fn read<T: DeserializeOwned>(
    method: &str,
    path: &str,
    body: &JsValue,
    headers: &[(&str, String)],
) -> Result<T, Problem> {
    let (status, text) = exchange(method, path, body, headers)
        .await
        .map_err(|_| problem(codes::UNAVAILABLE))?;
    if (200..300).contains(&status) {
        let json = if text.is_empty() { "null" } else { &text };
        serde_json::from_str(json).map_err(|_| problem(codes::INTERNAL))
    } else {
        Err(refused(status, &text))
    }
}

fn refused(status: u16, text: &str) -> Problem {
    serde_json::from_str(text).unwrap_or_else(|_| problem(code_of(status)))
}

async fn exchange(
    method: &str,
    path: &str,
    body: &JsValue,
    headers: &[(&str, String)],
) -> Result<(u16, String), JsValue> {
    let list = Headers::new()?;
    list.set("accept", "application/json")?;
    for (name, value) in headers {
        list.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(method);
    init.set_credentials(RequestCredentials::SameOrigin);
    init.set_headers(list.as_ref());
    if !body.is_null() {
        init.set_body(body);
    }
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(path, &init))
        .await?
        .dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}

/// A problem that the server did not word: its sentence comes from the code.
fn problem(code: &str) -> Problem {
    Problem {
        kind: format!("about:blank#{code}"),
        title: String::new(),
        status: 0,
        code: code.to_owned(),
        request_id: String::new(),
        state: None,
        errors: Vec::new(),
    }
}

/// The code of an answer without a problem body, as from a proxy.
const fn code_of(status: u16) -> &'static str {
    match status {
        401 => codes::UNAUTHENTICATED,
        403 => codes::FORBIDDEN,
        404 => codes::NOT_FOUND,
        405 => codes::METHOD,
        409 => codes::CONFLICT,
        413 => codes::TOO_LARGE,
        415 => codes::MEDIA_TYPE,
        429 => codes::BUSY,
        502..=504 => codes::UNAVAILABLE,
        _ => codes::INTERNAL,
    }
}
