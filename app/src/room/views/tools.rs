//! The bar of image tools at the bottom of the stage.

use consilium_imaging::presets::{CT_PRESETS, ct_preset};
use leptos::prelude::*;

use super::icon::{HELP, INVERT, Icon, PAST, REDO, RESET, UNDO, of_tool};
use crate::{
    browser,
    room::{
        engine::Controls,
        model::{PastWish, Room, Wish},
        text::{PastTexts, RoomTexts, SessionTexts},
    },
    viewer::{
        command::{Command, PRESET_KEYS, Tool},
        text::{self, ViewerTexts},
    },
};

/// The bar.
#[component]
pub fn ToolBar(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    let tools = Tool::ALL.map(|tool| view! { <ToolButton room controls tool /> });
    view! {
        <div class="viewer-tools" role="toolbar" aria-label=words.tools>
            {tools}
            <Step room controls redo=false />
            <Step room controls redo=true />
            <Presets room controls />
            <Press controls command=Command::Invert icon=INVERT label=words.invert key="I" name="tool-invert" />
            <Press controls command=Command::Reset icon=RESET label=words.reset key="0" name="tool-reset" />
            <PastButton room controls />
            <Press controls command=Command::Help icon=HELP label=words.help key="?" name="tool-help" />
        </div>
    }
}

#[component]
fn ToolButton(room: Room, controls: Controls, tool: Tool) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let name = text::tool(tool, ViewerTexts::of(room.locale));
    let why_not = move || {
        if tool.draws().is_none() {
            None
        } else if !room.rights.get().annotate {
            Some(words.why_annotate)
        } else if !room.ready.get() {
            Some(words.why_not_ready)
        } else {
            None
        }
    };
    let title = move || {
        let key = tool.key().to_ascii_uppercase();
        match why_not() {
            Some(reason) => format!("{name} ({key}). {reason}"),
            None => format!("{name} ({key})"),
        }
    };
    // Not `disabled`: a control that explains itself must be reachable.
    view! {
        <button
            type="button"
            class="viewer-tool"
            data-testid=format!("tool-{}", tool.code())
            aria-pressed=move || (room.tool.get() == tool).to_string()
            aria-disabled=move || why_not().is_some().to_string()
            aria-label=title
            title=title
            on:click=move |_| {
                match why_not() {
                    Some(reason) => room.notice.set(Some(reason.to_owned())),
                    None => controls.ask(Wish::View(Command::Tool(tool))),
                }
            }
        >
            <Icon path=of_tool(tool) />
        </button>
    }
}

#[component]
fn Press(
    controls: Controls,
    command: Command,
    icon: &'static str,
    label: &'static str,
    key: &'static str,
    name: &'static str,
) -> impl IntoView {
    let title = format!("{label} ({key})");
    view! {
        <button
            type="button"
            class="viewer-tool"
            data-testid=name
            aria-label=title.clone()
            title=title
            on:click=move |_| controls.ask(Wish::View(command.clone()))
        >
            <Icon path=icon />
        </button>
    }
}

/// Opens the history.
#[component]
fn PastButton(room: Room, controls: Controls) -> impl IntoView {
    let title = PastTexts::of(room.locale).title;
    let open = move || room.past.with(Option::is_some);
    view! {
        <button
            type="button"
            class="viewer-tool"
            data-testid="past-open"
            aria-label=title
            title=title
            aria-pressed=move || open().to_string()
            on:click=move |_| {
                controls.ask(Wish::Past(if open() { PastWish::Close } else { PastWish::Open }));
            }
        >
            <Icon path=PAST />
        </button>
    }
}

/// Takes back one's own last act, or does it again.
#[component]
fn Step(room: Room, controls: Controls, redo: bool) -> impl IntoView {
    let words = SessionTexts::of(room.locale);
    let (icon, name, key) = if redo {
        (REDO, words.redo, "Ctrl+Y")
    } else {
        (UNDO, words.undo, "Ctrl+Z")
    };
    let title = format!("{name} ({key})");
    let may = move || {
        let (undo, again) = room.undo.get();
        if redo { again } else { undo }
    };
    view! {
        <button
            type="button"
            class="viewer-tool"
            data-testid=if redo { "redo" } else { "undo" }
            aria-label=title.clone()
            title=title
            disabled=move || !may()
            on:click=move |_| controls.ask(Wish::Undo { redo })
        >
            <Icon path=icon />
        </button>
    }
}

#[component]
fn Presets(room: Room, controls: Controls) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    let chosen = Memo::new(move |_| room.readout.with(|readout| readout.preset.unwrap_or_default()));
    let options = CT_PRESETS
        .into_iter()
        .enumerate()
        .map(|(at, preset)| {
            let name = text::preset(preset.key, room.locale);
            let name = if at < PRESET_KEYS {
                format!("{}  {name}", at + 1)
            } else {
                name.to_owned()
            };
            view! {
                <option
                    value=preset.key
                    data-testid=format!("preset-{}", preset.key)
                    selected=move || chosen.get() == preset.key
                >
                    {name}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            class="viewer-presets"
            data-testid="presets"
            aria-label=words.presets
            title=move || {
                if room.readout.with(|readout| readout.ct) { words.presets } else { RoomTexts::of(room.locale).why_preset }
            }
            disabled=move || !room.readout.with(|readout| readout.ct)
            prop:value=move || chosen.get()
            on:change=move |event| {
                if let Some(preset) = ct_preset(&event_target_value(&event)) {
                    controls.ask(Wish::View(Command::Window(preset.window)));
                }
                // Back to the image: arrow keys scroll again instead of changing the window.
                browser::focus("stage");
            }
        >
            <option value="" selected=move || chosen.get().is_empty()>
                {words.no_preset}
            </option>
            {options}
        </select>
    }
}
