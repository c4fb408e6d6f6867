//! The server's rendering of every page: safe markup, in both languages.
//!
//! With `CONSILIUM_PAGES_DIR` set, the pages are also written there to be looked at in a browser.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod sample;

use consilium_app::{SiteAssets, render};
use consilium_protocol::page::{Locale, Page};

fn assets() -> SiteAssets {
    SiteAssets {
        script: "frontend-1.js".into(),
        wasm: "frontend-1_bg.wasm".into(),
        style: "app-1.css".into(),
    }
}

fn all(locale: Locale) -> Vec<(&'static str, Page)> {
    let mut pages = sample::pages(locale);
    pages.push(("room", sample::room(locale)));
    pages
}

/// The markup without the data block.
fn visible(html: &str) -> String {
    let start = html.find("<script type=\"application/json\"").unwrap();
    let end = html[start..].find("</script>").unwrap() + start;
    format!("{}{}", &html[..start], &html[end..])
}

#[test]
fn no_page_has_inline_script_or_style() {
    for locale in [Locale::ZhCn, Locale::En] {
        for (name, page) in all(locale) {
            let html = render(&page, &assets());
            assert!(html.starts_with("<!DOCTYPE html>"), "{name}");
            assert!(
                html.contains(&format!("<html lang=\"{}\"", locale.tag())),
                "{name}"
            );
            assert_eq!(
                html.matches("<script").count(),
                2,
                "{name}: the loader and the data block"
            );
            assert_eq!(
                html.matches("</script>").count(),
                2,
                "{name}: text cannot end the data block"
            );
            let body = visible(&html);
            assert!(!body.contains(" style="), "{name}");
            for handler in [" onclick=", " onload=", " onsubmit=", " oninput=", "javascript:"] {
                assert!(!body.contains(handler), "{name}: {handler}");
            }
        }
    }
}

#[test]
fn text_of_people_is_escaped() {
    let pages = sample::pages(Locale::ZhCn);
    let html = render(&pages[1].1, &assets());
    assert!(visible(&html).contains("&lt;script&gt;alert(1)"));
    assert!(html.contains("\\u003cscript\\u003ealert(1)"));
    let (_, report) = pages.iter().find(|(name, _)| *name == "report").unwrap();
    let html = render(report, &assets());
    assert!(visible(&html).contains("&lt;b&gt;x"));
}

#[test]
fn the_data_block_is_the_page() {
    for (name, page) in all(Locale::En) {
        let html = render(&page, &assets());
        let mark = "id=\"page\">";
        let start = html.find(mark).unwrap() + mark.len();
        let end = html[start..].find("</script>").unwrap() + start;
        let back: Page = serde_json::from_str(&html[start..end]).unwrap();
        assert_eq!(
            serde_json::to_value(&back).unwrap(),
            serde_json::to_value(&page).unwrap(),
            "{name}"
        );
        // Pure: the same page gives the same markup.
        assert_eq!(render(&back, &assets()), html, "{name}");
    }
}

#[test]
fn every_page_has_one_heading_and_at_most_one_filled_button() {
    for locale in [Locale::ZhCn, Locale::En] {
        for (name, page) in sample::pages(locale) {
            let html = render(&page, &assets());
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
            assert!(html.matches("button primary").count() <= 1, "{name}");
            for control in ["<input", "<select", "<textarea"] {
                for part in html.split(control).skip(1) {
                    let tag = part.split('>').next().unwrap();
                    let labelled = tag.contains("id=")
                        || tag.contains("aria-label")
                        || tag.contains("hidden")
                        || tag.contains("checkbox");
                    assert!(labelled, "{name}: {control}{tag}");
                }
            }
        }
    }
}

#[test]
fn pages_can_be_looked_at() {
    let Some(folder) = std::env::var_os("CONSILIUM_PAGES_DIR") else {
        return;
    };
    for locale in [Locale::ZhCn, Locale::En] {
        for (name, page) in all(locale) {
            let html = render(&page, &assets()).replace("/pkg/app-1.css", "app.css");
            let file = format!("{name}-{}.html", locale.tag());
            std::fs::write(std::path::Path::new(&folder).join(file), html).unwrap();
        }
    }
}
