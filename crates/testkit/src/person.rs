//! A signed-in person who calls the interfaces.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use consilium_protocol::{Problem, session::Me};
use reqwest::{
    Method,
    header::{COOKIE, HeaderMap, HeaderValue},
};
use serde_json::Value;

use crate::Target;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn of(response: reqwest::Response) -> Result<Self> {
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body of a success.
    ///
    /// # Errors
    /// Another status.
    pub fn ok(self) -> Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.json());
        }
        bail!("answer {}: {}", self.status, self.text())
    }

    /// The problem of a refusal.
    ///
    /// # Errors
    /// Not `application/problem+json`, or its status is not the answer's.
    pub fn problem(&self) -> Result<Problem> {
        if self.header("content-type") != Some("application/problem+json") {
            bail!(
                "not a problem: {} {:?} {}",
                self.status,
                self.header("content-type"),
                self.text()
            );
        }
        let problem: Problem = serde_json::from_slice(&self.body)?;
        if problem.status != self.status {
            bail!("the problem says {}, the answer {}", problem.status, self.status);
        }
        Ok(problem)
    }
}

/// A person with a session.
#[derive(Clone, Debug)]
pub struct Person {
    /// Where.
    pub target: Arc<Target>,
    /// `__Host-session=...`.
    pub cookie: String,
    /// Who.
    pub me: Me,
    http: reqwest::Client,
}

impl Person {
    pub(crate) fn new(target: Arc<Target>, cookie: &str, signed_in: &Reply) -> Result<Self> {
        let http = target.http()?;
        let me = serde_json::from_slice(&signed_in.body).context("the answer to sign-in")?;
        Ok(Self {
            target,
            cookie: cookie.to_owned(),
            me,
            http,
        })
    }

    /// The same session at a server that was started again elsewhere.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn at(&self, target: &Arc<Target>) -> Result<Self> {
        Ok(Self {
            target: Arc::clone(target),
            http: target.http()?,
            ..self.clone()
        })
    }

    /// A request with the session's cookie.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.target.url));
        match HeaderValue::from_str(&self.cookie) {
            Ok(cookie) => request.header(COOKIE, cookie),
            Err(_) => request,
        }
    }

    /// Sends and reads to the end.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply> {
        Reply::of(request.send().await?).await
    }

    /// `GET`.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` with JSON.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// `POST` with bytes of a type.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn post_bytes(&self, path: &str, kind: &str, body: Vec<u8>) -> Result<Reply> {
        self.send(
            self.request(Method::POST, path)
                .header("content-type", kind)
                .body(body),
        )
        .await
    }

    /// Uploads one DICOM file under a name.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn upload(
        &self,
        consultation: &str,
        name: &str,
        bytes: Vec<u8>,
        confirm: bool,
    ) -> Result<Reply> {
        let path = format!("/api/v1/consultations/{consultation}/images?confirm_patient={confirm}");
        let request = self
            .request(Method::POST, &path)
            .header("content-type", "application/dicom")
            .header("x-file-name", name)
            .body(bytes);
        self.send(request).await
    }
}
