//! The patient's informed consent: what was signed, by whom, until when; the form; the way out.

use consilium_domain::{ConsentSigner, ConsentState, ConsultationId, GuardianRelation};
use consilium_protocol::{
    codes,
    consultation::ConsultationRow,
    page::{Locale, Page},
    preparation::{ConsentInput, ConsentRecord, ConsentText, Guardian},
};
use leptos::{html, prelude::*};
use serde::de::IgnoredAny;

use super::data::CaseHead;
use crate::{
    api, browser, context, format,
    i18n::{self, ConsentTexts, FormTexts, fill, preparation},
    ui::{
        AskReason, Button, ButtonKind, Doing, Facts, FormErrors, Frame, Outcome, SelectField, TextField, Tone,
    },
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The consent of one consultation.
#[component]
pub fn ConsentPage(
    /// The page.
    page: Page,
    /// The consultation.
    row: ConsultationRow,
    /// What is on record.
    record: Option<ConsentRecord>,
    /// Texts in use.
    texts: Vec<ConsentText>,
) -> impl IntoView {
    let t = ConsentTexts::of(page.locale);
    let errors = FormErrors::provide();
    let doing = Doing::new();
    let id = row.id;
    let text = record.as_ref().map_or_else(
        || {
            texts
                .first()
                .map(|of| in_language(of, page.locale))
                .unwrap_or_default()
        },
        |record| {
            texts
                .iter()
                .find(|of| of.version == record.text_version)
                .map_or_else(|| record.text.clone(), |of| in_language(of, page.locale))
        },
    );
    let may = |verb: &str| {
        record
            .as_ref()
            .is_some_and(|of| of.allowed.iter().any(|a| a == verb))
    };
    let active = record.as_ref().is_some_and(|of| of.state == ConsentState::Active);
    let (may_sign, may_withdraw) = (may("sign"), may("withdraw"));
    let form = record
        .clone()
        .filter(|_| may_sign)
        .map(|record| view! { <RecordForm id record texts active errors doing /> });
    view! {
        <Frame me=page.me path=page.path unread=page.unread>
            <CaseHead row title=t.title lead=t.lead />
            <Outcome doing />
            <div class="columns even">
                <div class="consent-side">
                    {record.map(|record| view! { <Standing id record may_sign may_withdraw doing /> })} {form}
                </div>
                <Paper text />
            </div>
        </Frame>
    }
}

fn in_language(text: &ConsentText, locale: Locale) -> String {
    match locale {
        Locale::ZhCn => text.zh.clone(),
        Locale::En => text.en.clone(),
    }
}

/// The text as it is read and printed.
#[component]
fn Paper(text: String) -> impl IntoView {
    let t = ConsentTexts::of(context::locale());
    let missing = text
        .is_empty()
        .then(|| view! { <p class="quiet">{t.text_missing}</p> });
    view! {
        <section class="panel paper" aria-labelledby="consent-text">
            <div class="panel-head">
                <h2 id="consent-text">{t.text}</h2>
                <Button text=t.print on_press=browser::print />
            </div>
            {missing}
            <p class="prose">{text}</p>
            <p class="sign-line">{t.sign_line}</p>
        </section>
    }
}

#[component]
fn Standing(
    id: ConsultationId,
    record: ConsentRecord,
    may_sign: bool,
    may_withdraw: bool,
    doing: Doing,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsentTexts::of(locale);
    let mut facts: Vec<(&'static str, String)> = vec![
        (t.text_version, record.text_version.clone()),
        (t.signer, i18n::signer(record.signer, locale).to_owned()),
    ];
    if let Some(guardian) = &record.guardian {
        facts.push((t.guardian, guardian.name.clone()));
        if let Some(relation) = guardian.relation {
            facts.push((t.relation, preparation::relation(relation, locale).to_owned()));
        }
        facts.push((t.phone, guardian.phone.clone()));
    }
    if record.purpose == "treatment" {
        facts.push((t.purpose, t.treatment.to_owned()));
    }
    for (name, at) in [
        (t.signed_at, record.signed_at),
        (t.valid_until, record.valid_until),
    ] {
        facts.extend(at.map(|at| (name, format::absolute(at, locale))));
    }
    let withdrawn = record
        .withdrawn
        .as_ref()
        .map(|(at, reason)| fill(t.withdrawn, &[&format::absolute(*at, locale), reason]));
    let tone = match record.state {
        ConsentState::Active => "mark good",
        ConsentState::Inactive | ConsentState::Rejected => "mark late",
        ConsentState::Draft | ConsentState::Proposed => "mark soon",
    };
    let asked = RwSignal::new(false);
    let withdraw = move |reason| {
        asked.set(false);
        doing.run(async move { api::post_reason(&api::of(id, "consent/withdraw"), reason).await });
    };
    view! {
        <section class="panel" aria-labelledby="consent-status">
            <h2 id="consent-status">
                {t.status} " " <span class=tone>{preparation::consent(record.state, locale)}</span>
            </h2>
            <Facts items=facts />
            {withdrawn.map(|text| view! { <p class="late-text">{text}</p> })}
            {(record.guardian_needed && record.signer != ConsentSigner::Guardian)
                .then(|| view! { <p class="notice soon">{t.minor}</p> })}
            <Scan id sha256=record.form_sha256 may_sign doing />
            {may_withdraw
                .then(|| view! { <Button text=t.withdraw busy=doing.busy on_press=move || asked.set(true) /> })}
            {move || {
                asked
                    .get()
                    .then(|| {
                        view! {
                            <AskReason
                                label=t.withdraw_reason
                                question=t.withdraw_question
                                yes=t.withdraw
                                danger=true
                                on_yes=withdraw
                                on_no=move || asked.set(false)
                            />
                        }
                    })
            }}
        </section>
    }
}

/// The scanned form.
#[component]
fn Scan(id: ConsultationId, sha256: Option<String>, may_sign: bool, doing: Doing) -> impl IntoView {
    let t = ConsentTexts::of(context::locale());
    let node = NodeRef::<html::Input>::new();
    let send = move |_| {
        let Some(input) = node.get_untracked() else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else {
            return;
        };
        let name = file.name();
        let path = api::of(id, "consent/form");
        doing.run(async move {
            let _: IgnoredAny = api::send_file("PUT", &path, &file.type_(), &file).await?;
            Ok(())
        });
        doing.say(Tone::Info, fill(t.form_sending, &[&name]));
    };
    let there = match sha256 {
        Some(hash) => view! {
            <p>
                <a href=api::of(id, "consent/form") target="_blank" rel="noopener">
                    {t.form_open}
                </a>
                " "
                <span class="mono quiet">{hash.chars().take(16).collect::<String>()}</span>
            </p>
        }
        .into_any(),
        None => view! { <p class="quiet">{t.form_none}</p> }.into_any(),
    };
    view! {
        <div class="scan">
            <h3>{t.form}</h3>
            {there}
            {may_sign
                .then(|| {
                    view! {
                        <label class="button file" for="consent-form">
                            <input
                                id="consent-form"
                                node_ref=node
                                type="file"
                                accept=".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"
                                on:change=send
                            />
                            <span>{t.form_upload}</span>
                        </label>
                    }
                })}
        </div>
    }
}

#[component]
fn RecordForm(
    id: ConsultationId,
    record: ConsentRecord,
    texts: Vec<ConsentText>,
    /// One is in force already.
    active: bool,
    errors: FormErrors,
    doing: Doing,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsentTexts::of(locale);
    let f = FormTexts::of(locale);
    let now = context::now();
    let text = |value: &str| RwSignal::new(value.to_owned());
    let signer = text(record.signer.code());
    let newest = texts.first().map(|of| of.version.clone()).unwrap_or_default();
    let version = text(&newest);
    let name = text("");
    let relation = text("");
    let phone = text("");
    let days = text("");
    let signers = ConsentSigner::ALL
        .iter()
        .map(|of| (of.code().to_owned(), i18n::signer(*of, locale).to_owned()))
        .collect();
    let versions = texts
        .iter()
        .map(|of| (of.version.clone(), of.version.clone()))
        .collect();
    let get = |of: RwSignal<String>| of.get_untracked().trim().to_owned();
    let send = move |state: ConsentState| {
        let guardian_signs = get(signer) == ConsentSigner::Guardian.code();
        errors.0.set(Vec::new());
        let mut found = Vec::new();
        if guardian_signs {
            for (path, of) in [("guardian.name", name), ("guardian.relation", relation)] {
                if get(of).is_empty() {
                    found.push(consilium_protocol::FieldError::new(path, codes::FIELD_REQUIRED));
                }
            }
        }
        if !found.is_empty() {
            doing.say(Tone::Late, i18n::sentence(codes::INVALID, locale));
            errors.0.set(found);
            return;
        }
        let input = ConsentInput {
            state,
            text_version: get(version),
            signer: get(signer).parse().unwrap_or(ConsentSigner::Patient),
            guardian: guardian_signs.then(|| Guardian {
                name: get(name),
                relation: get(relation).parse().ok(),
                phone: get(phone),
            }),
            purpose: "treatment".to_owned(),
            valid_until: get(days)
                .parse::<i64>()
                .ok()
                .map(|days| now.get_untracked().plus_ms(days.saturating_mul(DAY_MS))),
        };
        doing.run(async move { api::put_consent(id, &input).await });
    };
    let may = |verb: &str| record.allowed.iter().any(|of| of == verb);
    let (may_propose, may_reject) = (may("propose"), may("reject"));
    let mut relations = vec![(String::new(), f.choose.to_owned())];
    relations.extend(GuardianRelation::ALL.iter().map(|of| {
        (
            of.code().to_owned(),
            preparation::relation(*of, locale).to_owned(),
        )
    }));
    let guardian = Memo::new(move |_| signer.get() == ConsentSigner::Guardian.code());
    let guardian_fields = move || {
        let relations = relations.clone();
        guardian.get().then(|| {
            view! {
                <div class="grid wide form-line">
                    <TextField path="guardian.name" label=t.guardian_name value=name required=true limit=50 />
                    <SelectField path="guardian.relation" label=t.relation value=relation options=relations required=true />
                    <TextField path="guardian.phone" label=t.phone value=phone kind="tel" limit=30 />
                </div>
            }
        })
    };
    let kind = if active {
        ButtonKind::Quiet
    } else {
        ButtonKind::Primary
    };
    view! {
        <details class="panel" open=!active>
            <summary>{t.record}</summary>
            <p class="quiet form-line">{t.record_lead}</p>
            <div class="grid wide form-line">
                <SelectField path="signer" label=t.signer value=signer options=signers />
                <SelectField path="text_version" label=t.text_version value=version options=versions />
                <TextField path="valid_until" label=t.days value=days hint=t.days_hint kind="number" limit=4 />
            </div>
            {guardian_fields}
            <div class="row">
                <Button text=t.sign kind busy=doing.busy on_press=move || send(ConsentState::Active) />
                {may_propose
                    .then(|| {
                        view! { <Button text=t.propose busy=doing.busy on_press=move || send(ConsentState::Proposed) /> }
                    })}
                {may_reject
                    .then(|| {
                        view! { <Button text=t.reject busy=doing.busy on_press=move || send(ConsentState::Rejected) /> }
                    })}
            </div>
        </details>
    }
}
