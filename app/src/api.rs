//! The REST interface as small typed functions. Every failure is a [`Problem`], also when the server
//! does not answer or answers something else.

use consilium_domain::{ConsultationId, invitation::Answer};
use consilium_protocol::{
    Problem, codes,
    consultation::{ConsultationInput, FhirImport, OpinionInput, Reason},
    imaging::{Series, Uploaded},
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

/// What the page needs to know of a consultation that was just created.
#[derive(Clone, Debug, Deserialize)]
pub struct Created {
    /// Its id.
    pub id: ConsultationId,
}

/// A verb without a body of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Send the invitations.
    Invite,
    /// Declare ready.
    Ready,
    /// Start the session.
    Start,
    /// End the session.
    End,
}

impl Verb {
    const fn path(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Ready => "ready",
            Self::Start => "start",
            Self::End => "end",
        }
    }
}

/// Creates a consultation as a draft.
///
/// # Errors
/// The server's problem; `errors` names the fields.
pub async fn create(input: &ConsultationInput) -> Result<Created, Problem> {
    send_json(BASE, input).await
}

/// Replaces the draft read at `version`.
///
/// # Errors
/// The server's problem.
pub async fn edit(id: ConsultationId, version: i64, input: &ConsultationInput) -> Result<(), Problem> {
    let path = format!("{BASE}/{id}?version={version}");
    let _: IgnoredAny = write_json("PUT", &path, input).await?;
    Ok(())
}

/// Does `verb`.
///
/// # Errors
/// The server's problem.
pub async fn act(id: ConsultationId, verb: Verb) -> Result<(), Problem> {
    let _: IgnoredAny = send_json(&format!("{BASE}/{id}/{}", verb.path()), &Reason::default()).await?;
    Ok(())
}

/// Cancels a consultation.
///
/// # Errors
/// The server's problem.
pub async fn cancel(id: ConsultationId, reason: String) -> Result<(), Problem> {
    let _: IgnoredAny = send_json(&format!("{BASE}/{id}/cancel"), &Reason { reason }).await?;
    Ok(())
}

/// Answers the own institution's invitation.
///
/// # Errors
/// The server's problem.
pub async fn answer(id: ConsultationId, answer: &Answer) -> Result<(), Problem> {
    let _: IgnoredAny = send_json(&format!("{BASE}/{id}/answer"), answer).await?;
    Ok(())
}

/// Submits an opinion; it is signed and cannot be changed afterwards.
///
/// # Errors
/// The server's problem.
pub async fn submit_opinion(id: ConsultationId, input: &OpinionInput) -> Result<(), Problem> {
    let _: IgnoredAny = send_json(&format!("{BASE}/{id}/opinions"), input).await?;
    Ok(())
}

/// Signs the report.
///
/// # Errors
/// The server's problem; `errors` names the fields.
pub async fn sign(id: ConsultationId, input: &ReportInput) -> Result<(), Problem> {
    let _: IgnoredAny = send_json(&format!("{BASE}/{id}/sign"), input).await?;
    Ok(())
}

/// Reads a FHIR bundle into the form; stores nothing.
///
/// # Errors
/// The server's problem; `errors` lists what is missing.
pub async fn import_fhir(file: &web_sys::File) -> Result<FhirImport, Problem> {
    let path = format!("{BASE}/import/fhir");
    let headers = [("content-type", "application/fhir+json".to_owned())];
    send(&path, file.as_ref(), &headers).await
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
    let headers = [
        ("content-type", "application/dicom".to_owned()),
        ("x-file-name", percent_encode(&file.name())),
    ];
    send(&format!("{BASE}/{id}/images{query}"), file.as_ref(), &headers).await
}

/// The images as they are now.
///
/// # Errors
/// The server's problem.
pub async fn series(id: ConsultationId) -> Result<Vec<Series>, Problem> {
    read("GET", &format!("{BASE}/{id}/series"), &JsValue::NULL, &[]).await
}

async fn send_json<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, Problem> {
    write_json("POST", path, body).await
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

async fn send<T: DeserializeOwned>(
    path: &str,
    body: &JsValue,
    headers: &[(&str, String)],
) -> Result<T, Problem> {
    read("POST", path, body, headers).await
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
        Err(serde_json::from_str(&text).unwrap_or_else(|_| problem(code_of(status))))
    }
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
