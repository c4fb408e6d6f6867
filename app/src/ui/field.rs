//! Form fields: label, hint, error beside the field. What was typed before the page was live is kept.
//!
//! A field is a frame (label above, hint or error below) around one control. The frame gives the control its
//! `id`, its description and its error state, so that each control says only what is its own.

use std::sync::Arc;

use consilium_protocol::{FieldError, page::Locale};
use leptos::{html, prelude::*};

use crate::{
    context,
    i18n::{Common, sentence},
};

/// Looks at one field, by its path, when it was left: the code of what is wrong.
type Check = Arc<dyn Fn(&str) -> Option<&'static str> + Send + Sync>;

/// The errors of a form, by the path of the field in the request body.
#[derive(Clone, Copy)]
pub struct FormErrors(pub RwSignal<Vec<FieldError>>, StoredValue<Option<Check>>);

impl FormErrors {
    /// Starts without errors and gives them to all fields below.
    #[must_use]
    pub fn provide() -> Self {
        let errors = Self(RwSignal::new(Vec::new()), StoredValue::new(None));
        provide_context(errors);
        errors
    }

    /// Checks each field when it is left.
    pub fn check_with(self, check: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static) {
        self.1.set_value(Some(Arc::new(check)));
    }

    /// Looks again at the field at `path`.
    pub fn look_at(self, path: &str) {
        let Some(check) = self.1.get_value() else {
            return;
        };
        let found = check(path);
        let known = self
            .0
            .with_untracked(|all| all.iter().any(|error| error.field == path));
        if found.is_some() || known {
            self.0.update(|all| {
                all.retain(|error| error.field != path);
                all.extend(found.map(|code| FieldError::new(path, code)));
            });
        }
    }

    /// The sentence for the field at `path`, when it has an error. Reactive.
    #[must_use]
    pub fn of(self, path: &str, locale: Locale) -> Option<String> {
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

fn error_of(path: &str) -> Memo<Option<String>> {
    let errors = use_context::<FormErrors>();
    let locale = context::locale();
    let path = path.to_owned();
    Memo::new(move |_| errors.and_then(|errors| errors.of(&path, locale)))
}

/// The `id` of the control for a path.
#[must_use]
pub fn field_id(path: &str) -> String {
    format!("field-{}", path.replace('.', "-"))
}

/// What the frame of every field shows.
struct About {
    path: String,
    label: String,
    hint: String,
    required: bool,
    /// Class of a colour dot before the label; none when empty.
    dot: &'static str,
}

/// Label above, control, then hint or error below.
fn framed(about: About, control: AnyView) -> AnyView {
    let About {
        path,
        label,
        hint,
        required,
        dot,
    } = about;
    let t = Common::of(context::locale());
    let error = error_of(&path);
    let errors = use_context::<FormErrors>();
    let id = field_id(&path);
    let note = format!("{id}-note");
    let control = control.add_any_attr(view! {
        <{..}
            id=id.clone()
            aria-describedby=note.clone()
            aria-invalid=move || error.get().is_some().then_some("true")
            aria-required=required.then_some("true")
        />
    });
    let left = move |_| {
        if let Some(errors) = errors {
            errors.look_at(&path);
        }
    };
    view! {
        <div class="field" class:wrong=move || error.get().is_some() on:change=left>
            <label for=id>
                {(!dot.is_empty()).then(|| view! { <i class=format!("dot {dot}") aria-hidden="true"></i> })}
                <span>{label}</span>
                {required.then(|| view! { <span class="required">{t.required}</span> })}
            </label>
            {control}
            <p class="field-note" id=note>{move || error.get().unwrap_or_else(|| hint.clone())}</p>
        </div>
    }
    .into_any()
}

/// Keeps a control and its signal equal: the control's own text wins when the page becomes live.
fn keep_equal(
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
        // The server draws a text area empty: that is nobody's text.
        if last.is_none() && !shown.is_empty() {
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
    #[prop(into)]
    path: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// The text.
    value: RwSignal<String>,
    /// What to know before typing.
    #[prop(into, optional)]
    hint: String,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// `type` of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// Longest text, characters.
    #[prop(default = 200)]
    limit: usize,
    /// Texts to choose from, and what they mean in the reader's language; other texts can be typed.
    #[prop(optional)]
    proposals: Vec<(String, String)>,
) -> impl IntoView {
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
    let list = (!proposals.is_empty()).then(|| format!("{}-list", field_id(&path)));
    let proposals = list.clone().map(|id| {
        let options = proposals
            .into_iter()
            .map(|(value, text)| view! { <option value=value>{text}</option> })
            .collect_view();
        view! { <datalist id=id>{options}</datalist> }
    });
    let control = view! {
        <input
            node_ref=node
            list=list
            type=kind
            value=initial
            maxlength=limit.to_string()
            autocomplete="off"
            on:input=move |event| value.set(event_target_value(&event))
        />
    };
    let about = About {
        path,
        label,
        hint,
        required,
        dot: "",
    };
    view! { {framed(about, control.into_any())} {proposals} }
}

/// A date or a date with time of day.
#[component]
pub fn DateField(
    /// Path in the request body.
    #[prop(into)]
    path: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// The value as the control writes it.
    value: RwSignal<String>,
    /// What to know before choosing.
    #[prop(into, optional)]
    hint: String,
    /// With time of day.
    #[prop(optional)]
    time: bool,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    let kind = if time { "datetime-local" } else { "date" };
    view! { <TextField path label value hint required kind limit=20 /> }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// Path in the request body.
    #[prop(into)]
    path: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// The text.
    value: RwSignal<String>,
    /// What to know before typing.
    #[prop(into, optional)]
    hint: String,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Lines shown.
    #[prop(default = 3)]
    rows: u8,
    /// Longest text, characters.
    #[prop(default = 2000)]
    limit: usize,
    /// Class of a colour dot before the label.
    #[prop(default = "")]
    dot: &'static str,
) -> impl IntoView {
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
    let control = view! {
        <textarea
            node_ref=node
            rows=rows.to_string()
            maxlength=limit.to_string()
            on:input=move |event| value.set(event_target_value(&event))
        ></textarea>
    };
    let about = About {
        path,
        label,
        hint,
        required,
        dot,
    };
    framed(about, control.into_any())
}

/// One of a list.
#[component]
pub fn SelectField(
    /// Path in the request body.
    #[prop(into)]
    path: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// Code of the chosen option.
    value: RwSignal<String>,
    /// Code and text of each option.
    options: Vec<(String, String)>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// What to know before choosing.
    #[prop(into, optional)]
    hint: String,
) -> impl IntoView {
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
    let options = options
        .into_iter()
        .map(|(code, text)| {
            let selected = code == initial;
            view! { <option value=code selected=selected>{text}</option> }
        })
        .collect_view();
    let control = view! {
        <select node_ref=node on:change=move |event| value.set(event_target_value(&event))>{options}</select>
    };
    let about = About {
        path,
        label,
        hint,
        required,
        dot: "",
    };
    framed(about, control.into_any())
}

/// Several controls under one label, such as a row of check boxes.
#[component]
pub fn FieldGroup(
    /// Path in the request body.
    #[prop(into)]
    path: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// What to know before choosing.
    #[prop(into, optional)]
    hint: String,
    /// The controls.
    children: Children,
) -> impl IntoView {
    let error = error_of(&path);
    let id = field_id(&path);
    let note = format!("{id}-note");
    let described = note.clone();
    view! {
        <fieldset class="field group" class:wrong=move || error.get().is_some() aria-describedby=described>
            <legend id=id tabindex="-1">{label}</legend>
            <div class="chips">{children()}</div>
            <p class="field-note" id=note>{move || error.get().unwrap_or_else(|| hint.clone())}</p>
        </fieldset>
    }
}
