//! Looking at one field in clear: a small ceremony with a purpose and a reason, audited, that fades back.

use consilium_domain::ConsultationId;
use consilium_protocol::{
    limits,
    masking::{UnmaskField, UnmaskInput, UnmaskPurpose, Unmasked},
};
use leptos::prelude::*;

use crate::{
    api, browser, context,
    i18n::{Common, ConsultationTexts, fill, unmask_purpose},
    ui::{Button, ButtonKind, Doing, FormErrors, Outcome, SelectField, TextArea},
};

/// How long a value is shown in clear, ms.
const SHOWN_MS: i64 = 60_000;
/// How often the rest of the time is drawn again, ms.
const TICK_MS: u64 = 1_000;

/// A masked value with the way to see it in clear for a minute.
#[component]
pub fn Unmaskable(
    /// The consultation.
    id: ConsultationId,
    /// What the field is called.
    name: &'static str,
    /// Its masked form.
    masked: String,
    /// Which field.
    field: UnmaskField,
) -> impl IntoView {
    let t = ConsultationTexts::of(context::locale());
    let asked = RwSignal::new(false);
    let shown = RwSignal::new(None::<String>);
    let left = RwSignal::new(0_i64);
    let label = fill(t.unmask_field, &[name]);
    let text = move || shown.get().unwrap_or_else(|| masked.clone());
    view! {
        <span class="mono" class:clear=move || shown.get().is_some() aria-live="polite">{text}</span>
        " "
        {move || {
            shown
                .get()
                .is_some()
                .then(|| view! { <span class="quiet">{fill(t.unmask_left, &[&left.get().to_string()])}</span> })
        }}
        <button
            type="button"
            class="plain"
            aria-label=label
            hidden=move || asked.get() || shown.get().is_some()
            on:click=move |_| asked.set(true)
        >
            {t.unmask}
        </button>
        {move || asked.get().then(|| view! { <Ceremony id name field asked shown left /> })}
    }
}

#[component]
fn Ceremony(
    id: ConsultationId,
    name: &'static str,
    field: UnmaskField,
    asked: RwSignal<bool>,
    shown: RwSignal<Option<String>>,
    left: RwSignal<i64>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let _errors = FormErrors::provide();
    let doing = Doing::new();
    let purpose = RwSignal::new(UnmaskPurpose::Identify.code().to_owned());
    let reason = RwSignal::new(String::new());
    let options = UnmaskPurpose::ALL
        .iter()
        .map(|of| (of.code().to_owned(), unmask_purpose(*of, locale).to_owned()))
        .collect();
    let show = move || {
        let chosen = purpose.get_untracked();
        let input = UnmaskInput {
            field,
            purpose: UnmaskPurpose::ALL
                .iter()
                .copied()
                .find(|of| of.code() == chosen)
                .unwrap_or(UnmaskPurpose::Other),
            reason: reason.get_untracked().trim().to_owned(),
        };
        let ask = async move { api::ask::<Unmasked>(&api::of(id, "unmask"), &input).await };
        doing.run_then(ask, move |done| {
            asked.set(false);
            fade(shown, left, done.value);
        });
    };
    view! {
        <div class="ask ceremony" role="group" aria-label=fill(t.unmask_field, &[name])>
            <p class="quiet">{t.unmask_lead}</p>
            <SelectField path="purpose" label=t.unmask_purpose value=purpose options />
            <TextArea path="reason" label=t.unmask_reason value=reason required=true rows=2 limit=limits::REASON_CHARS />
            <Outcome doing />
            <div class="row">
                <Button text=t.unmask_yes kind=ButtonKind::Danger busy=doing.busy on_press=show />
                <Button text=Common::of(locale).no on_press=move || asked.set(false) />
            </div>
        </div>
    }
}

/// Shows `value` for a minute, counting down, then masks it again.
fn fade(shown: RwSignal<Option<String>>, left: RwSignal<i64>, value: String) {
    let until = browser::monotonic_ms() + SHOWN_MS;
    let rest = move || (until - browser::monotonic_ms()).max(0).div_euclid(1000);
    left.set(rest());
    shown.set(Some(value));
    browser::every(TICK_MS, move || {
        if shown.with_untracked(Option::is_some) {
            left.set(rest());
            if browser::monotonic_ms() >= until {
                shown.set(None);
            }
        }
    });
}
