//! Saving the request form: by itself while it is filled in, and by its two buttons.

use consilium_domain::{ConsentSigner, ConsentState, ConsultationId, Timestamp};
use consilium_protocol::{
    FieldError, Problem,
    consultation::ConsultationInput,
    page::Locale,
    preparation::{ConsentInput, Guardian},
};
use leptos::{prelude::*, task::spawn_local};

use super::state::{Form, label};
use crate::{
    api, browser, context, format,
    i18n::{FormTexts, fill, problem_text},
    ui::{Button, ButtonKind, FormErrors, Notice, Tone, field::field_id},
};

/// How often the form looks whether there is something to save, ms.
const LOOK_MS: u64 = 4_000;

/// What is known about the stored draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Saved {
    /// The draft and the version it was stored at.
    draft: Option<(ConsultationId, i64)>,
    /// What was stored, and what was found at the last look, as JSON.
    stored: String,
    seen: String,
    /// When it was stored by itself.
    at: Option<Timestamp>,
    /// Why it could not be.
    trouble: Option<String>,
}

/// The bar at the foot of the form.
#[derive(Clone, Copy)]
struct Bar {
    form: Form,
    errors: FormErrors,
    locale: Locale,
    now: RwSignal<Timestamp>,
    saved: RwSignal<Saved>,
    busy: RwSignal<bool>,
    /// What is still missing before the draft can save itself, in words.
    missing: RwSignal<Vec<&'static str>>,
    message: RwSignal<Option<(Tone, String)>>,
}

impl Bar {
    /// Stores the form; the draft's id.
    async fn store(self, input: &ConsultationInput) -> Result<ConsultationId, Problem> {
        let created = match self.saved.with_untracked(|saved| saved.draft) {
            Some((id, version)) => api::edit(id, version, input).await?,
            None => api::create(input).await?,
        };
        let stored = json(input);
        self.saved.update(|saved| {
            saved.draft = Some((created.id, created.version));
            saved.stored = stored;
            saved.trouble = None;
        });
        browser::replace_path(&format!("/consultations/{}/edit", created.id));
        Ok(created.id)
    }

    /// Saves the draft when it has changed, nobody has typed since the last look and nothing is missing.
    fn look(self) {
        let t = FormTexts::of(self.locale);
        if self.busy.get_untracked() {
            return;
        }
        let found = self.form.problems(false, self.now.get_untracked());
        let missing: Vec<&'static str> = found.iter().filter_map(|error| label(&error.field, t)).collect();
        self.missing.set(missing);
        let Ok(input) = self.form.input() else { return };
        let seen = json(&input);
        let (changed, still) = self
            .saved
            .with_untracked(|saved| (saved.stored != seen, saved.seen == seen));
        self.saved.update(|saved| saved.seen = seen);
        if !(found.is_empty() && changed && still) {
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            let result = self.store(&input).await;
            self.saved.update(|saved| match &result {
                Ok(_) => saved.at = Some(self.now.get_untracked()),
                Err(problem) => saved.trouble = Some(problem_text(problem, self.locale)),
            });
            self.busy.set(false);
        });
    }

    fn refuse(self, found: Vec<FieldError>) {
        let t = FormTexts::of(self.locale);
        let text = fill(t.fields_wrong, &[&found.len().to_string()]);
        self.message.set(Some((Tone::Late, text)));
        if let Some(first) = found.first() {
            browser::focus(&field_id(&first.field));
        }
        self.errors.0.set(found);
    }

    fn save(self, invite: bool) {
        let t = FormTexts::of(self.locale);
        self.errors.0.set(Vec::new());
        let found = self.form.problems(invite, self.now.get_untracked());
        if !found.is_empty() {
            return self.refuse(found);
        }
        let input = match self.form.input() {
            Ok(input) => input,
            Err(found) => return self.refuse(found),
        };
        self.busy.set(true);
        self.message.set(Some((Tone::Info, t.saving.to_owned())));
        spawn_local(async move {
            match self.store_all(&input, invite).await {
                Ok(id) => return browser::go_to(&format!("/consultations/{id}")),
                Err((_, problem)) if !problem.errors.is_empty() => self.refuse(problem.errors),
                Err((stored, problem)) => {
                    let mut text = problem_text(&problem, self.locale);
                    if stored {
                        text = fill(t.saved_not_invited, &[&text]);
                    }
                    self.message.set(Some((Tone::Late, text)));
                }
            }
            self.busy.set(false);
        });
    }

    /// Form, guardian, invitations; on failure also whether the form was stored.
    async fn store_all(
        self,
        input: &ConsultationInput,
        invite: bool,
    ) -> Result<ConsultationId, (bool, Problem)> {
        let id = self.store(input).await.map_err(|problem| (false, problem))?;
        let after = async {
            if let Some(guardian) = self.form.guardian() {
                api::put_consent(id, &guardian_consent(input, guardian)).await?;
                let current = api::consultation(id).await?;
                self.saved
                    .update(|saved| saved.draft = Some((id, current.version)));
            }
            if invite {
                api::act(id, "invite").await?;
            }
            Ok(id)
        };
        after.await.map_err(|problem| (true, problem))
    }
}

fn guardian_consent(input: &ConsultationInput, guardian: Guardian) -> ConsentInput {
    ConsentInput {
        state: ConsentState::Active,
        text_version: input
            .consent
            .as_ref()
            .map(|consent| consent.text_version.clone())
            .unwrap_or_default(),
        signer: ConsentSigner::Guardian,
        guardian: Some(guardian),
        purpose: "treatment".to_owned(),
        valid_until: None,
    }
}

fn json(input: &ConsultationInput) -> String {
    serde_json::to_string(input).unwrap_or_default()
}

/// Where saving stands, and the buttons.
#[component]
pub fn SaveBar(
    /// The form.
    form: Form,
    /// Its errors.
    errors: FormErrors,
    /// The draft that is changed, and the version it was read at.
    existing: Option<(ConsultationId, i64)>,
) -> impl IntoView {
    let locale = context::locale();
    let t = FormTexts::of(locale);
    let stored = match existing {
        Some(_) => form.input().map(|input| json(&input)).unwrap_or_default(),
        None => String::new(),
    };
    let bar = Bar {
        form,
        errors,
        locale,
        now: context::now(),
        saved: RwSignal::new(Saved {
            draft: existing,
            stored,
            ..Saved::default()
        }),
        busy: RwSignal::new(false),
        missing: RwSignal::new(Vec::new()),
        message: RwSignal::new(None),
    };
    Effect::new(move |_| browser::every(LOOK_MS, move || bar.look()));
    let stand = move || {
        let saved = bar.saved.get();
        if let Some(trouble) = saved.trouble {
            return fill(t.autosave_refused, &[&trouble]);
        }
        if !saved.seen.is_empty() && saved.stored != saved.seen {
            let missing = bar.missing.get();
            return if missing.is_empty() {
                t.autosave_changed.to_owned()
            } else {
                fill(t.autosave_waits, &[&format::list(&missing, locale)])
            };
        }
        saved
            .at
            .map(|at| fill(t.autosaved, &[&format::short(at)]))
            .unwrap_or_default()
    };
    view! {
        <div class="save-bar">
            <Notice message=bar.message />
            <div class="row">
                <Button
                    text=t.save_and_invite
                    kind=ButtonKind::Primary
                    busy=bar.busy
                    on_press=move || bar.save(true)
                />
                <Button text=t.save busy=bar.busy on_press=move || bar.save(false) />
                <p class="quiet" role="status">{stand}</p>
            </div>
        </div>
    }
}
