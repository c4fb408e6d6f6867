//! The first render of the live room: complete without a browser, and within the content security policy.
//! The page is kept in the build folder's `tmp/room-page` to be looked at.
#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "tests")]

use consilium_app::{SiteAssets, render};
use consilium_protocol::page::{Locale, Page, View};
use serde_json::{Value, json};

fn institution(n: u8, code: &str, zh: &str, en: &str) -> Value {
    json!({"id": format!("00000000-0000-0000-0000-00000000000{n}"), "code": code, "name_zh": zh, "name_en": en, "colour": n})
}

fn instance(n: u32) -> Value {
    json!({"id": format!("00000000-0000-0000-0001-{n:012}"), "meta": {
        "modality": "CT", "rows": 512, "columns": 512, "frames": 1, "samples_per_pixel": 1,
        "bits_allocated": 16, "bits_stored": 16, "high_bit": 15, "signed": true,
        "photometric": "monochrome2", "slope": 1.0, "intercept": 0.0, "rescale_type": "HU",
        "windows": [{"centre": 40.0, "width": 80.0, "explanation": null}],
        "voi_function": "linear", "pixel_padding": null,
        "spacing": {"row_mm": 0.45, "column_mm": 0.45, "source": "pixel-spacing"},
        "position": [-115.0, -115.0, f64::from(n) * 5.0], "orientation": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "slice_thickness_mm": 5.0, "slice_location_mm": 0.0, "instance_number": n,
        "frame_of_reference": "a", "laterality": null,
        "transfer_syntax": "Explicit VR Little Endian", "lossy": false
    }})
}

fn page(locale: &str, with_images: bool) -> Page {
    let lead = institution(1, "lead", "省立第一医院", "Provincial First Hospital");
    let east = institution(2, "east", "东方医院", "East Hospital");
    let west = institution(3, "west", "西山医院", "West Hill Hospital");
    let participant = |institution: &Value| {
        json!({"institution": institution, "state": "accepted", "due_at": null, "answered_at": null,
            "can_provide": [], "reason": null, "opinion_submitted": false})
    };
    let series: Vec<Value> = [("CT", "头颅平扫", 28), ("CT", "骨窗", 28), ("MR", "T2", 24)]
        .into_iter()
        .enumerate()
        .filter(|_| with_images)
        .map(|(n, (modality, description, count))| {
            json!({"id": format!("00000000-0000-0000-0002-00000000000{n}"), "institution": if n == 2 { &east } else { &lead },
                "modality": modality, "number": n, "description": description, "body_part": "HEAD",
                "received_at": "2026-11-20T01:14:00Z", "instances": (1..=count).map(instance).collect::<Vec<_>>()})
        })
        .collect();
    let consultation = json!({
        "id": "00000000-0000-0000-0000-0000000000c0", "number": "HZ-20261122-0017", "kind": "general",
        "urgency": "routine", "state": "in_session",
        "patient": {"platform_id": "0123456789abcdef0123456789abcdef", "name": "张*三", "sex": "male",
            "age": {"months": 700}, "number": "1101**********1234", "phone": null, "ethnicity": "", "native_place": "", "minor": false},
        "preliminary_diagnosis": "左额叶占位", "lead": lead,
        "participants": [participant(&east), participant(&west)],
        "scheduled_at": "2026-11-22T06:00:00Z", "my_move": true, "allowed": ["enter_room", "submit_opinion", "end"],
        "due_at": null, "updated_at": "2026-11-22T06:00:00Z",
        "clinical": {"preliminary_diagnosis": "左额叶占位", "need": "性质与手术指征", "chief_complaint": "头痛两周"},
        "duration_minutes": 60, "wanted": [], "consent": null, "started_at": "2026-11-22T06:00:00Z", "ended_at": null,
        "opinions": [{"id": "00000000-0000-0000-0000-00000000000e", "author_id": "00000000-0000-0000-0000-0000000000a2",
            "author": "王建国", "department": "神经外科", "institution": east, "version": 1,
            "text": "左额叶占位伴轻度水肿，最大径约 46 mm，建议增强 MR 与 DTI 后评估功能区关系，倾向手术。",
            "dissent": false, "cites": [], "submitted_at": "2026-11-22T06:19:00Z", "content_hash": "00", "signature_valid": true}],
        "room": {"annotate": true, "opine": true, "discuss": true, "preside": true}, "version": 3
    });
    let me = json!({"account_id": "00000000-0000-0000-0000-0000000000a1", "username": "lead.expert",
        "display_name": "李晓雯", "role": "expert", "department": "影像科", "institution": lead, "expires_at": "2026-11-22T16:00:00Z"});
    serde_json::from_value(json!({
        "locale": locale, "now": "2026-11-22T06:23:41Z", "me": me,
        "path": "/consultations/00000000-0000-0000-0000-0000000000c0/room",
        "view": {"room": {"consultation": consultation, "series": series}}
    }))
    .unwrap()
}

fn html(locale: &str, with_images: bool) -> String {
    let assets = SiteAssets {
        script: "a.js".to_owned(),
        wasm: "a.wasm".to_owned(),
        style: "app.css".to_owned(),
    };
    render(&page(locale, with_images), &assets)
}

#[test]
fn everything_has_its_place_in_the_first_render() {
    for locale in [Locale::ZhCn, Locale::En] {
        let html = html(locale.tag(), true);
        for id in [
            "viewer-canvas",
            "viewer-layer",
            "tool-window",
            "tool-length",
            "tool-arrow",
            "tool-freehand",
            "preset-brain",
            "slice-label",
            "slice-slider",
            "quality",
            "saved-state",
            "follow-toggle",
            "present-toggle",
            "end-session",
            "opinion-draft",
            "opinion-submit",
            "discussion-input",
            "discussion-send",
            "annotation-list",
            "opinion",
        ] {
            assert!(
                html.contains(&format!("data-testid=\"{id}\"")),
                "{id} in {locale:?}"
            );
        }
        assert_eq!(html.matches("data-testid=\"series\"").count(), 3);
        assert!(html.contains("张*三") && html.contains("HZ-20261122-0017"));
    }
}

#[test]
fn where_the_hospital_has_its_own_system_the_button_leads_there() {
    let assets = SiteAssets {
        script: "a.js".to_owned(),
        wasm: "a.wasm".to_owned(),
        style: "app.css".to_owned(),
    };
    let mut page = page("en", true);
    let View::Room { call_link, .. } = &mut page.view else {
        panic!("another page")
    };
    *call_link = Some("https://meet.example/c0".to_owned());
    let html = render(&page, &assets);
    let link = html
        .split("<a ")
        .find(|tag| tag.contains("data-testid=\"call-link\""));
    let link = link.unwrap().split('>').next().unwrap();
    for part in [
        "href=\"https://meet.example/c0\"",
        "target=\"_blank\"",
        "rel=\"noopener noreferrer\"",
    ] {
        assert!(link.contains(part), "{part} in {link}");
    }
    assert!(!html.contains("data-testid=\"call-toggle\""));
}

#[test]
fn the_page_is_within_the_content_security_policy() {
    let html = html("zh-CN", true);
    assert!(!html.contains(" style="), "inline style");
    assert!(!html.contains(" onclick="), "inline handler");
}

#[test]
fn a_room_without_images_says_what_to_do() {
    let html = html("en", false);
    assert!(html.contains("No images yet"));
    assert_eq!(html.matches("data-testid=\"series\"").count(), 0);
}

#[test]
fn pages_are_kept_to_be_looked_at() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("room-page");
    std::fs::create_dir_all(&folder).unwrap();
    for locale in ["zh-CN", "en"] {
        let html = html(locale, true).replace("/pkg/", "");
        std::fs::write(folder.join(format!("room.{locale}.html")), html).unwrap();
    }
}
