//! One's own opinion: written here, shared as it is written or not, cited from, signed.

use consilium_protocol::{limits::OPINION_CHARS, page::Locale, room::OpinionTemplate};
use leptos::{html, prelude::*};

use crate::{
    i18n::fill,
    room::{
        cite,
        engine::Controls,
        markup::Selected,
        model::{Room, Wish},
        text::{RoomTexts, SessionTexts},
    },
};

/// `id` of the own opinion's text field.
pub(in crate::room) const DRAFT_ID: &str = "opinion-draft";

/// What the toolbar does to the selected words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bold,
    List,
    Numbers,
}

/// Number of UTF-16 units up to the caret or selection edge, as browsers count.
fn edge(edge: Result<Option<u32>, wasm_bindgen::JsValue>) -> Option<usize> {
    usize::try_from(edge.ok().flatten()?).ok()
}

/// The field's text and selection.
fn selected(field: &web_sys::HtmlTextAreaElement) -> Selected {
    let text = field.value();
    let end = text.encode_utf16().count();
    Selected {
        from: edge(field.selection_start()).unwrap_or(end),
        to: edge(field.selection_end()).unwrap_or(end),
        text,
    }
}

fn put(field: &web_sys::HtmlTextAreaElement, new: &Selected, controls: Controls) {
    field.set_value(&new.text);
    let at = |units: usize| u32::try_from(units).unwrap_or(u32::MAX);
    let placed = field
        .set_selection_range(at(new.from), at(new.to))
        .and_then(|()| field.focus());
    if let Err(error) = placed {
        leptos::logging::debug_warn!("select: {error:?}");
    }
    controls.ask(Wish::Draft(new.text.clone()));
}

/// The field with everything around it.
#[component]
pub fn Own(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let session = SessionTexts::of(room.locale);
    let me = room.me.with_value(|me| me.account_id);
    let field = NodeRef::<html::Textarea>::new();
    let asking = RwSignal::new(false);
    let signed = move || {
        room.consultation.with(|consultation| {
            consultation
                .opinions
                .iter()
                .any(|opinion| opinion.author_id == me)
        })
    };
    let may_write = move || room.rights.get().opine && room.ready.get();
    let characters = Memo::new(move |_| room.draft.with(|text| text.chars().count()));
    let hint = move || {
        if !room.rights.get().opine {
            words.why_opine
        } else if !room.ready.get() {
            words.why_not_ready
        } else if room.sharing.get() {
            session.share_on
        } else {
            session.share_off
        }
    };
    let form = move |form: Form| {
        if let Some(field) = field.get_untracked().filter(|_| may_write()) {
            let now = selected(&field);
            let new = match form {
                Form::Bold => now.bold(),
                Form::List => now.list(false),
                Form::Numbers => now.list(true),
            };
            put(&field, &new, controls);
        }
    };
    // Only a text that came from elsewhere is written into the field: one's own typing is there already.
    Effect::new(move |_| {
        let text = room.draft.get();
        if let Some(field) = field.get()
            && field.value() != text
        {
            field.set_value(&text);
        }
    });
    view! {
        <div class="room-own" hidden=move || signed() && !room.rights.get().opine>
            <div class="room-own-head">
                <label for=DRAFT_ID>{words.opinion_label}</label>
                <label class="room-check">
                    <input
                        type="checkbox"
                        data-testid="share-toggle"
                        prop:checked=move || room.sharing.get()
                        disabled=move || !may_write()
                        on:change=move |event| controls.ask(Wish::Share(event_target_checked(&event)))
                    />
                    {session.share}
                </label>
            </div>
            <Toolbar room controls field form />
            <textarea
                id=DRAFT_ID
                node_ref=field
                rows="4"
                data-testid="opinion-draft"
                aria-describedby="opinion-hint"
                readonly=move || !may_write()
                on:input=move |event| controls.ask(Wish::Draft(event_target_value(&event)))
                on:keydown=move |event| {
                    if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("b") {
                        event.prevent_default();
                        form(Form::Bold);
                    }
                }
            ></textarea>
            <p id="opinion-hint" class="quiet">{hint}</p>
            <div class="room-own-row" hidden=move || asking.get()>
                <span class="room-characters" class:late=move || { characters.get() > OPINION_CHARS } data-testid="opinion-count">
                    {move || fill(words.characters, &[&characters.get().to_string(), &OPINION_CHARS.to_string()])}
                </span>
                <button
                    type="button"
                    class="button primary"
                    data-testid="opinion-submit"
                    disabled=move || !sendable(room, characters.get())
                    on:click=move |_| asking.set(true)
                >
                    {words.submit}
                </button>
            </div>
            <Submit room controls asking characters />
        </div>
    }
}

fn sendable(room: Room, characters: usize) -> bool {
    room.rights.get().opine
        && room.ready.get()
        && !room.busy.get()
        && characters <= OPINION_CHARS
        && room.draft.with(|text| !text.trim().is_empty())
}

#[component]
fn Submit(room: Room, controls: Controls, asking: RwSignal<bool>, characters: Memo<usize>) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let dissent = RwSignal::new(false);
    view! {
        <div class="room-own-question" role="alertdialog" aria-label=words.submit hidden=move || !asking.get()>
            <p>{words.submit_question}</p>
            <label class="room-check">
                <input
                    type="checkbox"
                    data-testid="opinion-dissent"
                    prop:checked=move || dissent.get()
                    on:change=move |event| dissent.set(event_target_checked(&event))
                />
                {words.dissent_label}
            </label>
            <button
                type="button"
                class="button primary"
                data-testid="opinion-submit-confirm"
                disabled=move || !sendable(room, characters.get())
                on:click=move |_| {
                    asking.set(false);
                    controls.ask(Wish::Submit { dissent: dissent.get_untracked() });
                }
            >
                {words.submit_yes}
            </button>
            <button type="button" class="button" on:click=move |_| asking.set(false)>
                {words.submit_no}
            </button>
        </div>
    }
}

#[component]
fn Toolbar(
    room: Room,
    controls: Controls,
    field: NodeRef<html::Textarea>,
    form: impl Fn(Form) + Copy + Send + 'static,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let session = SessionTexts::of(room.locale);
    let may_write = move || room.rights.get().opine && room.ready.get();
    let choosing = RwSignal::new(false);
    let tool = move |what: Form, sign: &'static str, name: &'static str, id: &'static str| {
        let name = format!("{sign} {name}");
        view! {
            <button
                type="button"
                class="room-format"
                class:strong=what == Form::Bold
                aria-label=name.clone()
                title=name
                data-testid=id
                disabled=move || !may_write()
                on:click=move |_| form(what)
            >
                <span aria-hidden="true">{sign}</span>
            </button>
        }
    };
    view! {
        <div class="room-formats" role="toolbar" aria-label=session.toolbar>
            {tool(Form::Bold, "B", session.bold, "format-bold")}
            {tool(Form::List, "•", session.list, "format-list")}
            {tool(Form::Numbers, "1.", session.numbers, "format-numbers")}
            <Templates room controls field />
            <button
                type="button"
                class="button room-small"
                data-testid="opinion-cite"
                aria-expanded=move || choosing.get().to_string()
                disabled=move || !may_write() || room.annotations.with(Vec::is_empty)
                on:click=move |_| choosing.update(|choosing| *choosing = !*choosing)
            >
                {words.cite}
            </button>
        </div>
        <div class="room-cites" hidden=move || !choosing.get()>
            <For each=move || room.annotations.get() key=|row| row.clone() let:row>
                {
                    let key = row.key.clone();
                    view! {
                        <button
                            type="button"
                            class="room-citation"
                            data-testid="cite-choice"
                            on:click=move |_| {
                                choosing.set(false);
                                controls.ask(Wish::Cite(key.clone()));
                            }
                        >
                            {cite::marker(&row)}
                        </button>
                    }
                }
            </For>
        </div>
    }
}

fn in_words(template: &OpinionTemplate, locale: Locale) -> (String, String) {
    match locale {
        Locale::ZhCn => (template.title_zh.clone(), template.text_zh.clone()),
        Locale::En => (template.title_en.clone(), template.text_en.clone()),
    }
}

/// Skeletons of opinions by specialty; the one chosen goes where the caret is.
#[component]
fn Templates(room: Room, controls: Controls, field: NodeRef<html::Textarea>) -> impl IntoView {
    let words = SessionTexts::of(room.locale);
    let may_write = move || room.rights.get().opine && room.ready.get();
    let all = StoredValue::new(room.templates.with_value(|all| {
        all.iter()
            .map(|template| (template.code.clone(), in_words(template, room.locale)))
            .collect::<Vec<_>>()
    }));
    let options = all.with_value(|all| {
        all.iter()
            .map(|(code, (title, _))| view! { <option value=code.clone()>{title.clone()}</option> })
            .collect_view()
    });
    view! {
        <select
            class="room-templates"
            aria-label=words.template_pick
            title=words.template_pick
            data-testid="templates"
            hidden=all.with_value(Vec::is_empty)
            disabled=move || !may_write()
            prop:value=""
            on:change=move |event| {
                use wasm_bindgen::JsCast;
                let code = event_target_value(&event);
                let text = all
                    .with_value(|all| {
                        all.iter().find(|(of, _)| *of == code).map(|(_, (_, text))| text.clone())
                    });
                if let (Some(text), Some(field)) = (text, field.get_untracked()) {
                    put(&field, &selected(&field).block(&text), controls);
                }
                if let Some(list) = event
                    .target()
                    .and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok())
                {
                    list.set_value("");
                }
            }
        >
            <option value="" selected=true>
                {words.templates}
            </option>
            {options}
        </select>
    }
}
