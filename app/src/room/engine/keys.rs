//! Keys, wherever the focus is, unless they belong to the control that has it.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::Controls;
use crate::{
    room::{model::Wish, views::DRAFT_ID},
    viewer::command::{Key, of_key},
};

pub(super) fn listen(controls: Controls) {
    // These listeners live as long as the page.
    let _ = window_event_listener(ev::keydown, move |event| down(controls, &event));
    let _ = window_event_listener(ev::keyup, move |event| {
        if event.key() == " " {
            controls.with(|engine| engine.space = false);
        }
    });
    let _ = window_event_listener(ev::blur, move |_| controls.with(|engine| engine.space = false));
}

fn down(controls: Controls, event: &KeyboardEvent) {
    let name = event.key();
    if event.is_composing() || event.default_prevented() {
        return;
    }
    if is_draft(event) && step_back(controls, event, &name) {
        return;
    }
    if !ours(event, &name) {
        return;
    }
    if name == " " {
        event.prevent_default();
        controls.with(|engine| engine.space = true);
        return;
    }
    if step_back(controls, event, &name) {
        return;
    }
    if matches!(name.as_str(), "h" | "H") && !event.ctrl_key() && !event.meta_key() && !event.alt_key() {
        controls.ask(Wish::Hand);
        return;
    }
    let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
    let shift = event.shift_key();
    let moves =
        name.starts_with("Arrow") || name.starts_with("Page") || matches!(name.as_str(), "Home" | "End");
    if moves && !modified {
        event.prevent_default();
    }
    controls.with(move |engine| {
        let pen = engine.pen.is_some();
        if let Some(command) = of_key(Key {
            name: &name,
            modified,
            shift,
            pen,
        }) {
            engine.grant(Wish::View(command));
        }
    });
}

/// The field of the own opinion: its steps back are ours, since its text comes and goes with the document.
fn is_draft(event: &KeyboardEvent) -> bool {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.id() == DRAFT_ID)
}

/// Ctrl+Z takes back the own last act; Ctrl+Shift+Z and Ctrl+Y do it again.
fn step_back(controls: Controls, event: &KeyboardEvent, name: &str) -> bool {
    if !(event.ctrl_key() || event.meta_key()) || event.alt_key() {
        return false;
    }
    let redo = match name {
        "z" | "Z" => event.shift_key(),
        "y" | "Y" => true,
        _ => return false,
    };
    event.prevent_default();
    controls.ask(Wish::Undo { redo });
    true
}

/// Fields keep all their keys, buttons and links those that press them, scrolling lists their arrows.
fn ours(event: &KeyboardEvent, key: &str) -> bool {
    let Some(target) = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return true;
    };
    match target.tag_name().as_str() {
        "INPUT" | "TEXTAREA" | "SELECT" => false,
        "BUTTON" | "A" => !matches!(key, "Enter" | " "),
        "BODY" | "HTML" => true,
        _ => target.id() == "stage" || key.chars().count() == 1 && key != " " || key == "Escape",
    }
}
