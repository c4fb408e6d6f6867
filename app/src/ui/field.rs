//! Form fields: label, hint, error beside the field. What was typed before the page was live is kept.

use consilium_protocol::FieldError;
use leptos::{html, prelude::*};

use crate::{
    context,
    i18n::{Common, sentence},
};

/// The errors of a form, by the path of the field in the request body.
#[derive(Clone, Copy)]
pub struct FormErrors(pub RwSignal<Vec<FieldError>>);

impl FormErrors {
    /// Starts without errors and gives them to all fields below.
    #[must_use]
    pub fn provide() -> Self {
        let errors = Self(RwSignal::new(Vec::new()));
        provide_context(errors);
        errors
    }

    /// The sentence for the field at `path`, when it has an error. Reactive.
    #[must_use]
    pub fn of(self, path: &str, locale: consilium_protocol::page::Locale) -> Option<String> {
        self.0.with(|errors| {
            let error = errors.iter().find(|error| error.field == path)?;
            Some(if error.message.is_empty() {
                sentence(&error.code, locale).to_owned()
            } else {
                error.message.clone()
            })
        })
    }
}

fn error_of(path: &'static str) -> Memo<Option<String>> {
    let errors = use_context::<FormErrors>();
    let locale = context::locale();
    Memo::new(move |_| errors.and_then(|errors| errors.of(path, locale)))
}

/// The `id` of the control for a path.
#[must_use]
pub fn field_id(path: &str) -> String {
    format!("field-{}", path.replace('.', "-"))
}

/// Label above, control, then hint or error below.
#[component]
fn FieldFrame(
    path: &'static str,
    label: &'static str,
    hint: &'static str,
    required: bool,
    error: Memo<Option<String>>,
    children: Children,
) -> impl IntoView {
    let t = Common::of(context::locale());
    let id = field_id(path);
    view! {
        <div class="field" class:wrong=move || error.get().is_some()>
            <label for=id.clone()>
                <span>{label}</span>
                {required.then(|| view! { <span class="required">{t.required}</span> })}
            </label>
            {children()}
            <p class="field-note" id=format!("{id}-note")>{move || error.get().unwrap_or_else(|| hint.to_owned())}</p>
        </div>
    }
}

/// Keeps a control and its signal equal: the control's own text wins when the page becomes live.
pub(crate) fn keep_equal(
    value: RwSignal<String>,
    read: impl Fn() -> Option<String> + 'static,
    write: impl Fn(&str) + 'static,
) {
    Effect::new(move |last: Option<()>| {
        let wanted = value.get();
        let Some(shown) = read() else { return };
        if shown == wanted {
            return;
        }
        if last.is_none() {
            value.set(shown);
        } else {
            write(&wanted);
        }
    });
}

/// One line of text.
#[component]
pub fn TextField(
    /// Path in the request body.
    path: &'static str,
    /// Label.
    label: &'static str,
    /// The text.
    value: RwSignal<String>,
    /// What to know before typing.
    #[prop(default = "")]
    hint: &'static str,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// `type` of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// Longest text, characters.
    #[prop(default = 200)]
    limit: usize,
) -> impl IntoView {
    let error = error_of(path);
    let node = NodeRef::<html::Input>::new();
    let initial = value.get_untracked();
    keep_equal(
        value,
        move || node.get().map(|input| input.value()),
        move |text| {
            if let Some(input) = node.get_untracked() {
                input.set_value(text);
            }
        },
    );
    let id = field_id(path);
    view! {
        <FieldFrame path label hint required error>
            <input
                id=id.clone()
                node_ref=node
                type=kind
                value=initial
                maxlength=limit.to_string()
                autocomplete="off"
                aria-describedby=format!("{id}-note")
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-required=required.then_some("true")
                on:input=move |event| value.set(event_target_value(&event))
            />
        </FieldFrame>
    }
}

/// A date or a date with time of day.
#[component]
pub fn DateField(
    /// Path in the request body.
    path: &'static str,
    /// Label.
    label: &'static str,
    /// The value as the control writes it.
    value: RwSignal<String>,
    /// With time of day.
    #[prop(optional)]
    time: bool,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    let kind = if time { "datetime-local" } else { "date" };
    view! { <TextField path label value required kind limit=20 /> }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// Path in the request body.
    path: &'static str,
    /// Label.
    label: &'static str,
    /// The text; empty when the page is drawn.
    value: RwSignal<String>,
    /// What to know before typing.
    #[prop(default = "")]
    hint: &'static str,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Lines shown.
    #[prop(default = 3)]
    rows: u8,
    /// Longest text, characters.
    #[prop(default = 2000)]
    limit: usize,
) -> impl IntoView {
    let error = error_of(path);
    let node = NodeRef::<html::Textarea>::new();
    keep_equal(
        value,
        move || node.get().map(|area| area.value()),
        move |text| {
            if let Some(area) = node.get_untracked() {
                area.set_value(text);
            }
        },
    );
    let id = field_id(path);
    view! {
        <FieldFrame path label hint required error>
            <textarea
                id=id.clone()
                node_ref=node
                rows=rows.to_string()
                maxlength=limit.to_string()
                aria-describedby=format!("{id}-note")
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-required=required.then_some("true")
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
        </FieldFrame>
    }
}

/// One of a list.
#[component]
pub fn SelectField(
    /// Path in the request body.
    path: &'static str,
    /// Label.
    label: &'static str,
    /// Code of the chosen option.
    value: RwSignal<String>,
    /// Code and text of each option.
    options: Vec<(String, String)>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// What to know before choosing.
    #[prop(default = "")]
    hint: &'static str,
) -> impl IntoView {
    let error = error_of(path);
    let node = NodeRef::<html::Select>::new();
    let initial = value.get_untracked();
    keep_equal(
        value,
        move || node.get().map(|select| select.value()),
        move |code| {
            if let Some(select) = node.get_untracked() {
                select.set_value(code);
            }
        },
    );
    let id = field_id(path);
    let options = options
        .into_iter()
        .map(|(code, text)| {
            let selected = code == initial;
            view! { <option value=code selected=selected>{text}</option> }
        })
        .collect_view();
    view! {
        <FieldFrame path label hint required error>
            <select
                id=id.clone()
                node_ref=node
                aria-describedby=format!("{id}-note")
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-required=required.then_some("true")
                on:change=move |event| value.set(event_target_value(&event))
            >
                {options}
            </select>
        </FieldFrame>
    }
}

/// Several controls under one label, such as a row of check boxes.
#[component]
pub fn FieldGroup(
    /// Path in the request body.
    path: &'static str,
    /// Label.
    label: &'static str,
    /// The controls.
    children: Children,
) -> impl IntoView {
    let error = error_of(path);
    let id = field_id(path);
    view! {
        <fieldset class="field group" class:wrong=move || error.get().is_some() aria-describedby=format!("{id}-note")>
            <legend id=id.clone() tabindex="-1">{label}</legend>
            <div class="chips">{children()}</div>
            <p class="field-note" id=format!("{id}-note")>{move || error.get().unwrap_or_default()}</p>
        </fieldset>
    }
}
