//! The stage: picture, annotation layer, edges, help.

use leptos::{html, prelude::*, svg};

use super::{call::CallTiles, icon::Icon, past::PastBar, tools::ToolBar};
use crate::{
    i18n::fill,
    room::{
        engine::Controls,
        model::{Quality, Readout, Room, Wish},
        text::{RoomTexts, SessionTexts},
    },
    viewer::{
        command::{Command, Tool},
        text::{self, ViewerTexts},
    },
};

/// The stage with everything on it.
#[component]
pub fn StageView(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
    /// The canvas of the picture.
    canvas: NodeRef<html::Canvas>,
    /// The layer above it.
    layer: NodeRef<svg::Svg>,
) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    view! {
        <main class="viewer" id="content">
            <div
                class="stage"
                id="stage"
                class=("drawing", move || room.tool.get().draws().is_some())
                tabindex="0"
                role="application"
                aria-label=words.stage
                data-testid="viewer-stage"
                data-tool=move || room.tool.get().code()
                on:pointerdown=move |event| controls.pointer_down(&event)
                on:pointermove=move |event| controls.pointer_move(&event)
                on:pointerup=move |event| controls.pointer_up(&event)
                on:pointercancel=move |event| controls.pointer_lost(&event)
                on:pointerleave=move |event| controls.pointer_left(&event)
                on:wheel=move |event| controls.wheel(&event)
                on:contextmenu=move |event| event.prevent_default()
            >
                <canvas
                    class="stage-picture"
                    node_ref=canvas
                    data-testid="viewer-canvas"
                    data-quality=move || quality_code(room.readout.with(|readout| readout.quality))
                ></canvas>
                <svg class="stage-layer" node_ref=layer data-testid="viewer-layer" aria-hidden="true"></svg>
            </div>
            <Edges room controls />
            <SliceSlider room controls />
            <ArrowEntry room controls />
            <ToolBar room controls />
            <Help room controls />
            <NoImages room />
            <CallTiles room controls />
            <PastBar room controls />
        </main>
    }
}

const fn quality_code(quality: Quality) -> &'static str {
    match quality {
        Quality::Loading => "loading",
        Quality::Original => "original",
        Quality::Failed => "failed",
    }
}

#[component]
fn Edges(room: Room, controls: Controls) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    let patient = room
        .consultation
        .with_untracked(|consultation| crate::format::patient_line(&consultation.row.patient, room.locale));
    let read = move |part: fn(&Readout) -> String| move || room.readout.with(part);
    let series = move |part: fn(&crate::room::model::SeriesRow) -> String| {
        move || {
            let at = room.readout.with(|readout| readout.stack);
            room.series
                .with(|rows| rows.get(at).map(part).unwrap_or_default())
        }
    };
    let slice = move || {
        room.readout.with(|readout| {
            let n = if readout.count == 0 { 0 } else { readout.slice + 1 };
            fill(words.slice_label, &[&n.to_string(), &readout.count.to_string()])
        })
    };
    let window = move || {
        room.readout.with(|readout| {
            fill(
                words.window_label,
                &[&readout.width.to_string(), &readout.centre.to_string()],
            )
        })
    };
    let preset = move || {
        room.readout.with(|readout| {
            let named = readout.preset.filter(|_| readout.ct);
            let named = named
                .map(|key| text::preset(key, room.locale))
                .unwrap_or_default();
            let negative = if readout.inverted { words.invert } else { "" };
            format!("{named} {negative}").trim().to_owned()
        })
    };
    let quality = move || {
        room.readout.with(|readout| match readout.quality {
            Quality::Loading => words.loading,
            Quality::Original => words.original,
            Quality::Failed => words.failed,
        })
    };
    let failed = move || room.readout.with(|readout| readout.quality == Quality::Failed);
    let bar = move || room.readout.with(|readout| readout.bar);
    view! {
        <div class="viewer-edge top-left">
            <p>{patient}</p>
            <p>{series(|row| row.title.clone())}</p>
            <p>{series(|row| row.received.clone())}</p>
        </div>
        <div class="viewer-edge top-right">
            <p
                class="quality"
                data-testid="quality"
                data-quality=move || quality_code(room.readout.with(|readout| readout.quality))
            >
                {quality}
            </p>
            <button
                type="button"
                class="button viewer-small"
                hidden=move || !failed()
                on:click=move |_| controls.ask(Wish::Retry)
            >
                {words.retry}
            </button>
            <p class="lossy" hidden=move || !room.readout.with(|readout| readout.lossy)>
                {words.lossy}
            </p>
        </div>
        <div class="viewer-edge bottom-left">
            <p>
                <span data-testid="slice-label">{slice}</span>
                " "
                <span>
                    {read(|readout| {
                        readout.position.map(|(axis, mm)| format!("{axis} {mm:.1} mm")).unwrap_or_default()
                    })}
                </span>
            </p>
            <p>
                <span data-testid="window-label">{window}</span>
                " "
                <span data-testid="preset-label">{preset}</span>
            </p>
        </div>
        <div class="viewer-edge bottom-right">
            <p data-testid="zoom-label">
                {read(|readout| format!("{} × {}  ×{:.2}", readout.columns, readout.rows, readout.scale))}
            </p>
            <p class="scale" hidden=move || bar().is_none()>
                <svg
                    class="scale-bar"
                    height="8"
                    width=move || bar().map_or(0.0, |bar| bar.pixels.round())
                    aria-hidden="true"
                >
                    <path d=move || {
                        bar().map(|bar| format!("M.5 0V8M0 4H{0:.0}M{1:.1} 0V8", bar.pixels, bar.pixels - 0.5)).unwrap_or_default()
                    }></path>
                </svg>
                <span data-testid="scale-label">
                    {move || bar().map(|bar| format!("{} mm", bar.mm)).unwrap_or_default()}
                </span>
            </p>
        </div>
        <span class="viewer-letter left" aria-hidden="true">{read(|readout| readout.edges.left.clone())}</span>
        <span class="viewer-letter right" aria-hidden="true">{read(|readout| readout.edges.right.clone())}</span>
        <span class="viewer-letter top" aria-hidden="true">{read(|readout| readout.edges.top.clone())}</span>
        <span class="viewer-letter bottom" aria-hidden="true">{read(|readout| readout.edges.bottom.clone())}</span>
    }
}

#[component]
fn SliceSlider(room: Room, controls: Controls) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    let count = Memo::new(move |_| room.readout.with(|readout| readout.count));
    let slice = Memo::new(move |_| room.readout.with(|readout| readout.slice));
    view! {
        <input
            class="viewer-slider"
            type="range"
            min="1"
            step="1"
            data-testid="slice-slider"
            aria-label=words.slices
            max=move || count.get().max(1)
            prop:value=move || (slice.get() + 1).to_string()
            disabled=move || { count.get() < 2 }
            on:input=move |event| {
                if let Ok(number) = event_target_value(&event).parse::<usize>() {
                    controls.ask(Wish::View(Command::Slice(number.saturating_sub(1))));
                }
            }
        />
    }
}

#[component]
fn ArrowEntry(room: Room, controls: Controls) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    let entry = NodeRef::<html::Form>::new();
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        let (Some((x, y)), Some(entry), Some(field)) = (room.arrow_at.get(), entry.get(), field.get()) else {
            return;
        };
        let style = web_sys::HtmlElement::style(&entry);
        for (name, value) in [("left", x), ("top", y)] {
            if let Err(error) = style.set_property(name, &format!("{value:.0}px")) {
                leptos::logging::debug_warn!("place the arrow's text: {error:?}");
            }
        }
        field.set_value("");
        if let Err(error) = field.focus() {
            leptos::logging::debug_warn!("focus: {error:?}");
        }
    });
    let commit = move || {
        if room.arrow_at.get_untracked().is_some() {
            let text = field
                .get_untracked()
                .map(|field| field.value())
                .unwrap_or_default();
            controls.ask(Wish::ArrowText(Some(text)));
        }
    };
    view! {
        <form
            class="viewer-arrow"
            node_ref=entry
            hidden=move || room.arrow_at.get().is_none()
            on:submit=move |event| {
                event.prevent_default();
                commit();
            }
        >
            <input
                type="text"
                node_ref=field
                data-testid="arrow-text"
                maxlength="100"
                autocomplete="off"
                aria-label=words.arrow_text
                placeholder=words.arrow_hint
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        event.stop_propagation();
                        controls.ask(Wish::ArrowText(None));
                    }
                }
                on:blur=move |_| commit()
            />
        </form>
    }
}

#[component]
fn Help(room: Room, controls: Controls) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    let session = SessionTexts::of(room.locale);
    let rows = [
        (words.tool_scroll, words.help_scroll),
        (words.tool_window, words.help_window),
        (words.presets, words.help_presets),
        (words.tool_zoom, words.help_zoom),
        (words.tool_pan, words.help_pan),
        (words.tool_length, words.help_draw),
    ];
    let tools = Tool::ALL.map(|tool| {
        let key = tool.key().to_ascii_uppercase().to_string();
        view! { <li><kbd>{key}</kbd>{text::tool(tool, words)}</li> }
    });
    let more = [
        ("I", words.invert),
        ("0", words.reset),
        ("F", words.help_follow),
        ("H", session.hand_up),
        ("Ctrl+Z", session.undo),
        ("Ctrl+Y", session.redo),
        ("Ctrl+B", session.bold),
        ("?", words.help),
        ("Del", words.help_delete),
        ("Esc", words.help_cancel),
    ]
    .map(|(key, what)| view! { <li><kbd>{key}</kbd>{what}</li> });
    view! {
        <section
            class="viewer-help"
            role="dialog"
            aria-label=words.help_title
            data-testid="help"
            hidden=move || !room.help.get()
        >
            <h2>{words.help_title}</h2>
            <ul class="viewer-keys">{tools}{more}</ul>
            <dl>{rows.map(|(what, how)| view! { <div><dt>{what}</dt><dd>{how}</dd></div> })}</dl>
            <button type="button" class="button" on:click=move |_| controls.ask(Wish::View(Command::Help))>
                {words.close}
            </button>
        </section>
    }
}

#[component]
fn NoImages(room: Room) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    let id = room
        .consultation
        .with_untracked(|consultation| consultation.row.id);
    view! {
        <Show when=move || room.series.with(Vec::is_empty)>
            <div class="viewer-empty">
                <Icon path="M4 5h16v14H4zM4 15l5-5l4 4l3-3l4 4" />
                <p>{words.no_images}</p>
                <p class="quiet">{words.no_images_hint}</p>
                <a class="button" href=format!("/consultations/{id}")>{RoomTexts::of(room.locale).back}</a>
            </div>
        </Show>
    }
}
