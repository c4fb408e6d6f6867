//! Reading a FHIR bundle into the form.

use consilium_protocol::consultation::FhirImport;
use leptos::{html, prelude::*, task::spawn_local};

use super::state::{Form, label};
use crate::{
    api, context, format,
    i18n::{FormTexts, fill, problem_text},
    ui::{Notice, Tone},
};

fn counts(import: &FhirImport, t: &'static FormTexts, name: &str) -> String {
    let parts: Vec<String> = import
        .read
        .iter()
        .map(|of| format!("{} {}", of.resource_type, of.count))
        .collect();
    fill(t.imported, &[name, &parts.join(", ")])
}

/// A file control and what came of the file.
#[component]
pub fn ImportBar(
    /// The form to fill.
    form: Form,
) -> impl IntoView {
    let locale = context::locale();
    let t = FormTexts::of(locale);
    let node = NodeRef::<html::Input>::new();
    let message = RwSignal::new(None::<(Tone, String)>);
    let missing = RwSignal::new(Vec::<String>::new());
    let read = move |_| {
        let Some(input) = node.get_untracked() else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else {
            return;
        };
        let name = file.name();
        missing.set(Vec::new());
        message.set(Some((Tone::Info, fill(t.importing, &[&name]))));
        spawn_local(async move {
            match api::import_fhir(&file).await {
                Ok(import) => {
                    message.set(Some((Tone::Good, counts(&import, t, &name))));
                    let labels: Vec<String> = import
                        .to_complete
                        .iter()
                        .map(|path| label(path, t).map_or_else(|| path.clone(), ToOwned::to_owned))
                        .collect();
                    if !labels.is_empty() {
                        missing.set(vec![fill(t.to_complete, &[&format::list(&labels, locale)])]);
                    }
                    form.fill(import.patient, import.clinical);
                }
                Err(problem) => {
                    let text = problem_text(&problem, locale);
                    message.set(Some((Tone::Late, fill(t.import_refused, &[&name, &text]))));
                    missing.set(
                        problem
                            .errors
                            .iter()
                            .map(|error| format!("{} {}", error.field, error.message))
                            .collect(),
                    );
                }
            }
            // The same file can be chosen again after it was corrected.
            input.set_value("");
        });
    };
    view! {
        <section class="import">
            <label class="button file" for="import">
                <input id="import" node_ref=node type="file" accept=".json,application/json,application/fhir+json" on:change=read />
                <span>{t.import}</span>
            </label>
            <p class="quiet">{t.import_hint}</p>
            <Notice message />
            <ul class="plain-list" aria-live="polite">
                {move || missing.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}
            </ul>
        </section>
    }
}
