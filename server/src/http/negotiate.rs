//! In which form an answer goes out: what the request accepts (RFC 9110 section 12.5.1) against what the route has.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use consilium_interop::{fhir::Media, plain};
use http::{HeaderMap, header, request::Parts};
use serde::Serialize;

use crate::{error::ServiceError, state::App};

/// Ranges of one `Accept` that are looked at; more are of no honest client.
const RANGES_MAX: usize = 64;

/// The form of an ordinary answer: JSON, or the plain XML of `docs/xml.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/json`
    Json,
    /// `application/xml`
    Xml,
}

/// The form of a FHIR answer, with the media type it was asked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FhirForm(pub Media, pub &'static str);

const FORMS: [(&str, Form); 3] = [
    ("application/json", Form::Json),
    ("application/xml", Form::Xml),
    ("text/xml", Form::Xml),
];

const FHIR_FORMS: [(&str, Media); 5] = [
    ("application/fhir+json", Media::Json),
    ("application/json", Media::Json),
    ("application/fhir+xml", Media::Xml),
    ("application/xml", Media::Xml),
    ("text/xml", Media::Xml),
];

impl FromRequestParts<App> for Form {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ServiceError> {
        choose(&parts.headers, &FORMS).map(|(_, form)| form)
    }
}

impl FromRequestParts<App> for FhirForm {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ServiceError> {
        choose(&parts.headers, &FHIR_FORMS).map(|(name, media)| Self(media, name))
    }
}

impl Form {
    /// The answer in this form; `root` names the XML document.
    pub const fn show<T: Serialize>(self, root: &'static str, value: T) -> Shown<T> {
        Shown {
            form: self,
            root,
            value,
        }
    }
}

/// A body in the form that was chosen.
#[derive(Debug)]
pub struct Shown<T> {
    form: Form,
    root: &'static str,
    value: T,
}

impl<T: Serialize> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        let vary = (header::VARY, "accept");
        match self.form {
            Form::Json => ([vary], axum::Json(self.value)).into_response(),
            Form::Xml => match plain::xml(self.root, &self.value) {
                Ok(body) => ([vary, (header::CONTENT_TYPE, "application/xml")], body).into_response(),
                Err(error) => ServiceError::Internal(error.to_string()).into_response(),
            },
        }
    }
}

/// The offer the request likes best; of several the first. Without `Accept` everything is welcome.
fn choose<T: Copy>(
    headers: &HeaderMap,
    offers: &[(&'static str, T)],
) -> Result<(&'static str, T), ServiceError> {
    let values = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let ranges: Vec<Range<'_>> = values
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .take(RANGES_MAX)
        .collect();
    if !headers.contains_key(header::ACCEPT) {
        return offers.first().copied().ok_or(ServiceError::NotAcceptable);
    }
    let mut best: Option<(u16, (&'static str, T))> = None;
    for offer in offers {
        let weight = weight(&ranges, offer.0);
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, *offer));
        }
    }
    best.map(|(_, offer)| offer).ok_or(ServiceError::NotAcceptable)
}

/// The weight of an offer by the most exact range that covers it, thousandths.
fn weight(ranges: &[Range<'_>], offer: &str) -> u16 {
    ranges
        .iter()
        .filter_map(|range| Some((range.exactness(offer)?, range.weight)))
        .max_by_key(|(exactness, _)| *exactness)
        .map_or(0, |(_, weight)| weight)
}

/// One part of `Accept`.
#[derive(Clone, Copy, Debug)]
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    /// `None` for what is no range; parameters other than the weight are of no matter here.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut weight = 1000;
        for parameter in parts {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                weight = thousandths(value.trim())?;
            }
        }
        let whole = !kind.is_empty() && !subtype.is_empty() && (kind != "*" || subtype == "*");
        whole.then_some(Self {
            kind,
            subtype,
            weight,
        })
    }

    /// 2 for the type itself, 1 for all of its kind, 0 for everything.
    fn exactness(self, offer: &str) -> Option<u8> {
        let (kind, subtype) = offer.split_once('/')?;
        if self.kind == "*" {
            Some(0)
        } else if !self.kind.eq_ignore_ascii_case(kind) {
            None
        } else if self.subtype == "*" {
            Some(1)
        } else {
            self.subtype.eq_ignore_ascii_case(subtype).then_some(2)
        }
    }
}

/// `0`, `0.5`, `1.000`: at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let legal =
        matches!(whole, "0" | "1") && decimals.len() <= 3 && decimals.bytes().all(|b| b.is_ascii_digit());
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    let value = if whole == "1" { 1000 } else { thousandths };
    (legal && (whole == "0" || thousandths == 0)).then_some(value)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(accept: &[&str]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        }
        choose(&headers, &FORMS).ok().map(|(name, _)| name)
    }

    #[test]
    fn the_best_liked_form_wins() {
        let (json, xml) = (Some("application/json"), Some("application/xml"));
        for (accept, form) in [
            (&[][..], json),
            (&["*/*"], json),
            (&["application/*"], json),
            (&["application/xml"], xml),
            (&["APPLICATION/XML; charset=utf-8"], xml),
            (&["text/xml"], Some("text/xml")),
            (&["application/json;q=0.4, application/xml;q=0.5"], xml),
            (&["application/json;q=0.5, application/xml;q=0.5"], json),
            (&["*/*;q=0.1, application/xml"], xml),
            (&["application/xml, application/json;q=0.9"], xml),
            (&["application/json;q=0, */*"], xml),
            (
                &["application/json;q=0, application/*;q=0.3, text/*"],
                Some("text/xml"),
            ),
            (&["text/html", "application/xml;q=0.2"], xml),
            (&["nonsense, application/xml"], xml),
            (
                &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
                xml,
            ),
        ] {
            assert_eq!(asked(accept), form, "{accept:?}");
        }
        for accept in [
            "text/html",
            "application/json;q=0, text/html",
            "nonsense",
            "",
            "*/json",
            "application/json;q=2",
            "application/xml;q=0.0",
            "*/*;q=0",
            "application/fhir+json",
        ] {
            assert_eq!(asked(&[accept]), None, "{accept}");
        }
    }

    #[test]
    fn fhir_has_its_own_types() {
        let mut headers = HeaderMap::new();
        assert_eq!(choose(&headers, &FHIR_FORMS).unwrap().0, "application/fhir+json");
        for (accept, name, media) in [
            ("application/fhir+xml", "application/fhir+xml", Media::Xml),
            ("application/xml", "application/xml", Media::Xml),
            ("application/json", "application/json", Media::Json),
            (
                "application/fhir+xml;q=0.5, application/fhir+json;q=0.4",
                "application/fhir+xml",
                Media::Xml,
            ),
        ] {
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(choose(&headers, &FHIR_FORMS).unwrap(), (name, media), "{accept}");
        }
    }

    #[test]
    fn weights() {
        for (text, value) in [
            ("1", Some(1000)),
            ("1.000", Some(1000)),
            ("0.5", Some(500)),
            ("0", Some(0)),
            ("0.001", Some(1)),
            ("0.", Some(0)),
        ] {
            assert_eq!(thousandths(text), value, "{text}");
        }
        for text in ["2", "1.001", "0.0001", "-1", "", "a", "0.x"] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }
}
