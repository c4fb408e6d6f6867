//! Handing in data: by form, by file, by images. The form is checked row by row; what is good leaves it.

use consilium_domain::{
    AbsentReason, ConsultationId, DataCategory, DataRequestState, RecordKind, element::codes,
};
use consilium_protocol::{
    consultation::ConsultationRow,
    imaging::Series,
    page::Locale,
    preparation::{DataRequest, Item, Submission, SubmissionInput},
};
use leptos::{html, prelude::*, task::spawn_local};

use super::{
    findings::Finding,
    names::{Names, choice_text, name},
    requests::item_text,
    sheet::{Cell, Row, Sheet},
    submissions::Wrong,
};
use crate::{
    api, browser, context, format,
    i18n::{self, DeskTexts, fill, preparation, problem_text, sentence},
    pages::consultation::images::ImagesPanel,
    ui::{Button, ButtonKind, ChoiceChip, DateField, Doing, Outcome, SelectField, Tone},
};

/// How data comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Form,
    File,
    Images,
}

/// The category of Table 1 that a kind of row belongs to.
const fn category(kind: RecordKind) -> DataCategory {
    match kind {
        RecordKind::Patient => DataCategory::PatientBasics,
        RecordKind::Clinical => DataCategory::Diagnosis,
        RecordKind::Lab | RecordKind::Exam => DataCategory::LabExam,
        RecordKind::Imaging => DataCategory::Imaging,
        RecordKind::Treatment => DataCategory::Treatment,
        RecordKind::Consultation => DataCategory::Consultation,
    }
}

/// Requests that data can be collected for.
fn open_requests(requests: &[DataRequest]) -> Vec<DataRequest> {
    requests
        .iter()
        .filter(|of| {
            matches!(
                of.state,
                DataRequestState::Verified
                    | DataRequestState::Extracting
                    | DataRequestState::Returned
                    | DataRequestState::Submitted
                    | DataRequestState::Accepted
            )
        })
        .cloned()
        .collect()
}

fn request_options(requests: &[DataRequest], leads: bool, locale: Locale) -> Vec<(String, String)> {
    let t = DeskTexts::of(locale);
    let none = leads.then(|| (String::new(), t.answers_none.to_owned()));
    let some = requests.iter().map(|of| {
        let items: Vec<String> = of.items.iter().map(|item| item_text(item, locale)).collect();
        let text: String = format::list(&items, locale).chars().take(60).collect();
        (of.id.to_string(), text)
    });
    none.into_iter().chain(some).collect()
}

/// The panel in which data is handed in.
#[component]
pub fn EntryPanel(
    /// The consultation.
    row: ConsultationRow,
    /// The own institution's requests.
    requests: Vec<DataRequest>,
    /// The reader's institution leads.
    leads: bool,
    /// Images so far.
    series: Vec<Series>,
    /// The form.
    sheet: Sheet,
) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let way = RwSignal::new(Way::Form);
    let open = open_requests(&requests);
    let request = RwSignal::new(if leads {
        String::new()
    } else {
        open.first().map(|of| of.id.to_string()).unwrap_or_default()
    });
    let options = request_options(&open, leads, locale);
    let ask = (!leads).then(|| {
        view! {
            <div class="grid wide form-line">
                <SelectField path="request_id" label=t.answers value=request options />
            </div>
        }
    });
    let id = row.id;
    Effect::new(move |_| {
        if sheet.loaded.get() > 0 {
            way.set(Way::Form);
        }
    });
    let chips = [
        (Way::Form, t.by_form),
        (Way::File, t.by_file),
        (Way::Images, t.by_images),
    ]
    .into_iter()
    .map(|(of, text)| {
        let chosen = Signal::derive(move || way.get() == of);
        view! { <ChoiceChip text chosen on_press=move || way.set(of) /> }
    })
    .collect_view();
    view! {
        <section class="panel" id="entry" tabindex="-1" aria-labelledby="provide">
            <h2 id="provide">{t.provide}</h2>
            <p class="quiet form-line">{t.provide_lead}</p>
            <div class="chips form-line" role="group" aria-label=t.provide>{chips}</div>
            <div hidden=move || way.get() == Way::Images>{ask}</div>
            <div hidden=move || way.get() != Way::Form>
                <FormWay id sheet request requests=open />
            </div>
            <div hidden=move || way.get() != Way::File>
                <FileWay id request sheet />
            </div>
            <div hidden=move || way.get() != Way::Images>
                <ImagesPanel row series />
            </div>
        </section>
    }
}

/// What came of a submission, in words.
fn result(done: &Submission, locale: Locale) -> (Tone, String) {
    let t = DeskTexts::of(locale);
    let text = fill(
        t.result,
        &[
            &done.stored.to_string(),
            &done.refused.to_string(),
            &done.duplicates.to_string(),
        ],
    );
    let tone = if done.refused > 0 { Tone::Soon } else { Tone::Good };
    (tone, text)
}

#[component]
fn FormWay(
    id: ConsultationId,
    sheet: Sheet,
    request: RwSignal<String>,
    requests: Vec<DataRequest>,
) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let doing = Doing::new();
    let names = Names::get();
    let now = context::now();
    let available = RwSignal::new(format::local_value(now.get_untracked()));
    let stored = RwSignal::new(false);
    // Only rows of the categories that were asked for can come.
    let wanted = move |kind: RecordKind| {
        let id = request.get();
        requests
            .iter()
            .find(|of| of.id.to_string() == id)
            .is_none_or(|of| of.items.iter().any(|item| item.category == category(kind)))
    };
    let adders = names
        .kinds()
        .into_iter()
        .map(|kind| {
            let text = format!("+ {}", preparation::record(kind, locale));
            let wanted = wanted.clone();
            let busy = Signal::derive(move || !wanted(kind));
            view! { <Button text busy on_press=move || sheet.add(kind) /> }
        })
        .collect_view();
    let save = move || {
        let at = format::parse_local(&available.get_untracked()).unwrap_or(now.get_untracked());
        let records = sheet.records(at);
        if records.is_empty() {
            doing.say(Tone::Soon, t.nothing_filled);
            return;
        }
        let input = SubmissionInput {
            request_id: request.get_untracked().parse().ok(),
            records,
        };
        let send = async move { api::ask::<Submission>(&api::of(id, "submissions"), &input).await };
        doing.run_then(send, move |done| {
            sheet.answered(&done);
            let (tone, mut text) = result(&done, locale);
            if done.refused > 0 {
                text.push_str(t.result_fix);
            }
            doing.say(tone, text);
            doing.rest();
            stored.set(true);
        });
    };
    view! {
        <div class="grid wide form-line">
            <DateField path="available_at" label=t.available_at value=available time=true />
        </div>
        <div class="row form-line" role="group" aria-label=t.add_row>{adders}</div>
        <Rows sheet />
        <Outcome doing />
        <div class="row">
            <Button text=t.save_rows kind=ButtonKind::Quiet busy=doing.busy on_press=save />
            {move || stored.get().then(|| view! { <Button text=t.reload on_press=browser::reload /> })}
        </div>
    }
}

/// Laboratory rows as a table, every other row as a form of its own.
#[component]
fn Rows(sheet: Sheet) -> impl IntoView {
    let locale = context::locale();
    let names = Names::get();
    let t = DeskTexts::of(locale);
    let heads = names
        .of_kind(RecordKind::Lab)
        .into_iter()
        .map(|of| view! { <th scope="col" class:needed=of.required>{name(&of, locale)}</th> })
        .collect_view();
    let any_lab = Memo::new(move |_| {
        sheet
            .rows
            .with(|rows| rows.iter().any(|row| row.kind == RecordKind::Lab))
    });
    let labs = move || {
        let rows = sheet.rows.get();
        let labs = rows.into_iter().filter(|row| row.kind == RecordKind::Lab);
        labs.enumerate()
            .map(|(n, row)| {
                let key = row.key.clone();
                let cells = row
                    .cells
                    .iter()
                    .map(|cell| {
                        let label = fill(
                            t.cell_of,
                            &[
                                &(n + 1).to_string(),
                                &cell.element.with_value(|of| name(of, locale)),
                            ],
                        );
                        view! { <td><CellInput cell=*cell row=row.clone() label /></td> }
                    })
                    .collect_view();
                view! {
                    <tr>
                        <th scope="row">
                            <span>{(n + 1).to_string()}</span>
                            " "
                            <button
                                type="button"
                                class="plain"
                                aria-label=fill(t.remove_row, &[&(n + 1).to_string()])
                                on:click=move |_| sheet.remove(&key)
                            >
                                "×"
                            </button>
                        </th>
                        {cells}
                    </tr>
                }
            })
            .collect_view()
    };
    let others = move || {
        let rows = sheet.rows.get();
        let others = rows.into_iter().filter(|row| row.kind != RecordKind::Lab);
        others.map(|row| view! { <OtherRow row sheet /> }).collect_view()
    };
    view! {
        <div class="scroll" hidden=move || !any_lab.get()>
            <table class="sheet">
                <caption class="unseen">{preparation::record(RecordKind::Lab, locale)}</caption>
                <thead>
                    <tr>
                        <th scope="col">"#"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{labs}</tbody>
            </table>
        </div>
        {others}
    }
}

#[component]
fn OtherRow(row: Row, sheet: Sheet) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let key = row.key.clone();
    let title = preparation::record(row.kind, locale);
    let fields = row
        .cells
        .iter()
        .map(|cell| {
            let (label, required) = cell.element.with_value(|of| (name(of, locale), of.required));
            view! {
                <div class="field">
                    <span class="field-label" aria-hidden="true">
                        {label.clone()}
                        {required
                            .then(|| view! { <span class="required">{i18n::Common::of(locale).required}</span> })}
                    </span>
                    <CellInput cell=*cell row=row.clone() label />
                </div>
            }
        })
        .collect_view();
    view! {
        <fieldset class="sheet-row">
            <legend>
                {title} " "
                <button
                    type="button"
                    class="plain"
                    aria-label=format!("{} {title}", t.item_remove)
                    on:click=move |_| sheet.remove(&key)
                >
                    "×"
                </button>
            </legend>
            <div class="grid">{fields}</div>
        </fieldset>
    }
}

/// The control of one element, and what was found wrong with it.
#[component]
fn CellInput(cell: Cell, row: Row, label: String) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let (id, takes_unit, chars_max, choices) = cell
        .element
        .with_value(|of| (of.id.clone(), of.unit, of.chars_max, of.choices.clone()));
    let findings = row.findings;
    let note = format!("note-{}-{}", row.key, id);
    let found = Memo::new(move |_| {
        findings.with(|all| {
            all.iter()
                .filter(|of| of.element == id)
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let wrong = move || found.with(|all| all.iter().any(|of| of.error)).then_some("true");
    let limit = (chars_max > 0).then(|| chars_max.to_string());
    let value = cell.value;
    let control = if choices.is_empty() {
        view! {
            <input
                type="text"
                autocomplete="off"
                maxlength=limit
                aria-label=label.clone()
                aria-invalid=wrong
                aria-describedby=note.clone()
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        }
        .into_any()
    } else {
        let options = choices
            .iter()
            .map(|choice| {
                let chosen = value.with_untracked(|value| *value == choice.0);
                view! { <option value=choice.0.clone() selected=chosen>{choice_text(choice, locale)}</option> }
            })
            .collect_view();
        view! {
            <select
                aria-label=label.clone()
                aria-invalid=wrong
                aria-describedby=note.clone()
                on:change=move |event| value.set(event_target_value(&event))
            >
                <option value=""></option>
                {options}
            </select>
        }
        .into_any()
    };
    let unit = takes_unit.then(|| {
        view! {
            <input
                type="text"
                class="unit"
                maxlength="30"
                placeholder=t.unit
                aria-label=fill(t.unit_of, &[&label])
                prop:value=move || cell.unit.get()
                on:input=move |event| cell.unit.set(event_target_value(&event))
            />
        }
    });
    // A value that must be there and is not can be explained instead.
    let missing = Memo::new(move |_| found.with(|all| all.iter().any(|of| of.code == codes::REQUIRED)));
    view! {
        <div class="cell">{control} {unit}</div>
        <div id=note>
            {move || found.get().into_iter().map(|of| view! { <Finding of /> }).collect_view()}
            {move || missing.get().then(|| view! { <AbsentChoice absent=cell.absent /> })}
        </div>
    }
}

#[component]
fn AbsentChoice(absent: RwSignal<String>) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let options = AbsentReason::ALL
        .iter()
        .map(|of| {
            let chosen = absent.with_untracked(|code| code == of.code());
            view! { <option value=of.code() selected=chosen>{preparation::absent(*of, locale)}</option> }
        })
        .collect_view();
    view! {
        <select aria-label=t.absent on:change=move |event| absent.set(event_target_value(&event))>
            <option value="">{t.absent}</option>
            {options}
        </select>
    }
}

/// The media type of a data file, by its name.
fn media_type(name: &str) -> &'static str {
    let name = name.to_lowercase();
    let ends = |ending: &str| name.ends_with(ending);
    if ends(".csv") {
        "text/csv"
    } else if ends(".ndjson") || ends(".jsonl") {
        "application/x-ndjson"
    } else if ends(".xml") {
        "application/fhir+xml"
    } else {
        "application/fhir+json"
    }
}

#[component]
fn FileWay(id: ConsultationId, request: RwSignal<String>, sheet: Sheet) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let doing = Doing::new();
    let node = NodeRef::<html::Input>::new();
    let not_taken = RwSignal::new(Vec::<(String, String)>::new());
    let refused = RwSignal::new(Vec::<Item>::new());
    let stored = RwSignal::new(false);
    let send = move |_| {
        let Some(input) = node.get_untracked() else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else {
            return;
        };
        let kib = browser::whole(file.size() / 1024.0).max(1).to_string();
        doing.busy.set(true);
        doing.say(Tone::Info, fill(t.file_sending, &[&file.name(), &kib]));
        not_taken.set(Vec::new());
        refused.set(Vec::new());
        let request = request.get_untracked();
        let query = if request.is_empty() {
            String::new()
        } else {
            format!("?request_id={request}")
        };
        spawn_local(async move {
            let path = api::of(id, &format!("submissions{query}"));
            match api::send_file::<Submission>("POST", &path, media_type(&file.name()), &file).await {
                Ok(done) => {
                    let (tone, text) = result(&done, locale);
                    doing.say(tone, text);
                    not_taken.set(
                        done.not_taken
                            .iter()
                            .map(|error| (error.field.clone(), sentence(&error.code, locale).to_owned()))
                            .collect(),
                    );
                    let wrong = |item: &Item| !item.stored && !item.duplicate;
                    refused.set(done.items.into_iter().filter(wrong).collect());
                    stored.set(true);
                }
                Err(problem) => doing.say(Tone::Late, problem_text(&problem, locale)),
            }
            // The same file can be chosen again after it was corrected.
            input.set_value("");
            doing.rest();
        });
    };
    view! {
        <div class="row form-line">
            <label class="button file" for="data-file">
                <input
                    id="data-file"
                    node_ref=node
                    type="file"
                    accept=".csv,.ndjson,.jsonl,.json,.xml"
                    disabled=move || doing.busy.get()
                    on:change=send
                />
                <span>{t.file_choose}</span>
            </label>
            <p class="quiet">{t.file_hint}</p>
        </div>
        <Outcome doing />
        <ul class="refused" aria-live="polite">
            {move || {
                not_taken
                    .get()
                    .into_iter()
                    .map(|(place, text)| view! { <li><code>{place}</code> " " {text}</li> })
                    .collect_view()
            }}
        </ul>
        <div aria-live="polite" aria-label=t.file_fix>
            {move || refused.get().into_iter().map(|item| view! { <Wrong item sheet /> }).collect_view()}
        </div>
        {move || stored.get().then(|| view! { <Button text=t.reload on_press=browser::reload /> })}
    }
}
