//! The two cookies: the session and the language.

use consilium_protocol::page::Locale;
use http::{HeaderMap, HeaderValue, header};

/// The session cookie's name. The prefix makes browsers insist on Secure, Path=/ and no Domain.
pub const SESSION: &str = "__Host-session";
/// The language cookie's name.
pub const LANGUAGE: &str = "lang";

/// The value of a cookie of the request.
#[must_use]
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// `Set-Cookie` of a new session.
#[must_use]
pub fn session(token: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!(
        "{SESSION}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"
    ))
    .ok()
}

/// `Set-Cookie` that takes the session away.
#[must_use]
pub fn no_session() -> HeaderValue {
    HeaderValue::from_static("__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// `Set-Cookie` of the chosen language.
#[must_use]
pub fn language(locale: Locale) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!(
        "{LANGUAGE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000",
        locale.tag()
    ))
    .ok()
}

/// The reader's language: the cookie, else for programs `Accept-Language`, else Chinese. Pages do not
/// ask the browser, so that the first page is the same for everybody.
#[must_use]
pub fn locale(headers: &HeaderMap, page: bool) -> Locale {
    match get(headers, LANGUAGE) {
        Some("en") => Locale::En,
        Some("zh-CN") => Locale::ZhCn,
        _ if page => Locale::ZhCn,
        _ => {
            let accepted = headers
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|v| v.to_str().ok())
                .unwrap_or("");
            if accepted.trim_start().to_ascii_lowercase().starts_with("en") {
                Locale::En
            } else {
                Locale::ZhCn
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cookies_and_language() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; __Host-session=tok; lang=en"),
        );
        assert_eq!(get(&headers, SESSION), Some("tok"));
        assert_eq!(get(&headers, "b"), None);
        assert_eq!(locale(&headers, true), Locale::En);
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en-GB,zh"));
        assert_eq!(locale(&headers, true), Locale::ZhCn);
        assert_eq!(locale(&headers, false), Locale::En);
    }
}
