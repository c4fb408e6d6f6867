//! The HTML document around the page: head, data block, body.

/// `id` of the data block that holds the page as JSON.
pub const DATA_ID: &str = "page";

/// File names of the bundle, below `/pkg/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteAssets {
    /// Loader (`frontend-<hash>.js`).
    pub script: String,
    /// Program (`frontend-<hash>_bg.wasm`).
    pub wasm: String,
    /// Style sheet (`app-<hash>.css`).
    pub style: String,
}

/// Makes text safe inside an element or an attribute.
#[cfg(feature = "ssr")]
fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(feature = "ssr")]
pub use server::render;

#[cfg(feature = "ssr")]
mod server {
    use consilium_protocol::page::{Page, View};
    use leptos::prelude::*;

    use super::{DATA_ID, SiteAssets, escape_html};
    use crate::{app::App, i18n::Common, pages};

    /// The whole document of `page`. It has no inline script and no inline style; all text is escaped.
    #[must_use]
    pub fn render(page: &Page, assets: &SiteAssets) -> String {
        let owner = Owner::new_root(None);
        let body = owner.with(|| view! { <App page=page.clone() /> }.to_html());
        drop(owner);
        let title = pages::title(page);
        let data = serde_json::to_string(page).map_or_else(|_| "null".to_owned(), |json| escape_json(&json));
        let dark = if matches!(page.view, View::Room { .. }) {
            " class=\"dark\""
        } else {
            ""
        };
        let SiteAssets { script, wasm, style } = assets;
        let (script, wasm, style) = (escape_html(script), escape_html(wasm), escape_html(style));
        format!(
            "<!DOCTYPE html>\n<html lang=\"{lang}\"{dark}>\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} · {brand}</title>\n\
             <link rel=\"icon\" href=\"/pkg/favicon.svg\" type=\"image/svg+xml\">\n\
             <link rel=\"manifest\" href=\"/pkg/manifest.webmanifest\">\n\
             <link rel=\"stylesheet\" href=\"/pkg/{style}\">\n\
             <link rel=\"modulepreload\" href=\"/pkg/{script}\">\n\
             <link rel=\"preload\" href=\"/pkg/{wasm}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n\
             <script type=\"module\" src=\"/pkg/boot.js\"></script>\n\
             <script type=\"application/json\" id=\"{DATA_ID}\">{data}</script>\n\
             </head>\n<body>{body}</body>\n</html>\n",
            lang = page.locale.tag(),
            title = escape_html(&title),
            brand = Common::of(page.locale).brand,
        )
    }

    /// Makes JSON safe inside a script element: it cannot end the element or open a comment.
    fn escape_json(json: &str) -> String {
        let mut out = String::with_capacity(json.len() + json.len() / 8);
        for c in json.chars() {
            match c {
                '<' => out.push_str("\\u003c"),
                '>' => out.push_str("\\u003e"),
                '&' => out.push_str("\\u0026"),
                '\u{2028}' => out.push_str("\\u2028"),
                '\u{2029}' => out.push_str("\\u2029"),
                other => out.push(other),
            }
        }
        out
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn json_cannot_end_its_element() {
            let text = "</script><!--&\u{2028}";
            let json = serde_json::to_string(text).unwrap();
            let safe = escape_json(&json);
            assert!(!safe.contains(['<', '>', '&', '\u{2028}']));
            assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
    }
}
