//! Data added while the session runs: images, rows, documents and pictures, each checked and marked with its
//! source, and what was added so far.

use consilium_domain::ConsultationId;
use consilium_protocol::{
    Problem, codes, imaging::Uploaded, page::Locale, preparation::Submission, room::Attachment,
};
use leptos::{prelude::*, task::spawn_local};
use web_sys::{DragEvent, File};

use super::{query::QueryForm, requests::rows_type};
use crate::{
    api, browser,
    i18n::{self, fill, problem_text},
    pages::data::names::Names,
    room::{
        engine::Controls,
        model::{Room, Wish},
        text::SupplyTexts,
        values::outcome,
    },
    ui::badge::colour_class,
};

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Image,
    Rows(&'static str),
    Document(&'static str),
}

fn kind(name: &str) -> Kind {
    if let Some(media) = rows_type(name) {
        return Kind::Rows(media);
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase())
        .unwrap_or_default();
    match ending.as_str() {
        "pdf" => Kind::Document("application/pdf"),
        "png" => Kind::Document("image/png"),
        "jpg" | "jpeg" => Kind::Document("image/jpeg"),
        // DICOM files have any ending, or none; the server looks into them.
        _ => Kind::Image,
    }
}

/// How one file fared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Sending,
    Done(String),
    /// A person must look first; sent again with their word.
    Asks(String),
    Refused(String),
}

#[derive(Clone)]
struct Sent {
    id: usize,
    name: String,
    file: StoredValue<File, LocalStorage>,
    state: RwSignal<State>,
}

#[derive(Clone, Copy)]
struct Queue {
    consultation: ConsultationId,
    locale: Locale,
    names: Names,
    controls: Controls,
    all: RwSignal<Vec<Sent>, LocalStorage>,
    running: RwSignal<bool>,
}

impl Queue {
    fn add(self, files: Vec<File>) {
        self.all.update(|all| {
            for file in files {
                all.push(Sent {
                    id: all.len(),
                    name: file.name(),
                    file: StoredValue::new_local(file),
                    state: RwSignal::new(State::Waiting),
                });
            }
        });
        self.work();
    }

    /// Sends one file after the other.
    fn work(self) {
        if self.running.get_untracked() {
            return;
        }
        self.running.set(true);
        spawn_local(async move {
            loop {
                let next = self.all.with_untracked(|all| {
                    all.iter()
                        .find(|sent| sent.state.get_untracked() == State::Waiting)
                        .cloned()
                });
                let Some(sent) = next else { break };
                self.send(&sent, false).await;
            }
            self.running.set(false);
            self.controls.ask(Wish::DataAdded);
        });
    }

    /// A person has looked at it: once more, with their word.
    fn confirm(self, sent: Sent) {
        spawn_local(async move {
            self.send(&sent, true).await;
            self.controls.ask(Wish::DataAdded);
        });
    }

    async fn send(self, sent: &Sent, confirmed: bool) {
        let words = SupplyTexts::of(self.locale);
        sent.state.set(State::Sending);
        let file = sent.file.get_value();
        let done: Result<String, Problem> = match kind(&sent.name) {
            Kind::Image => {
                let answer: Result<Uploaded, _> =
                    api::upload_image(self.consultation, &file, confirmed).await;
                answer.map(|uploaded| {
                    let text = if uploaded.duplicate {
                        words.known
                    } else {
                        words.taken
                    };
                    text.to_owned()
                })
            }
            Kind::Rows(media) => {
                let path = api::of(self.consultation, "submissions");
                let answer: Result<Submission, _> = api::send_file("POST", &path, media, &file).await;
                answer.map(|given| outcome(&given, self.names, self.locale))
            }
            Kind::Document(media) => {
                let query = if confirmed { "?confirm_masked=true" } else { "" };
                let path = api::of(self.consultation, &format!("attachments{query}"));
                let answer: Result<Attachment, _> = api::send_file("POST", &path, media, &file).await;
                answer.map(|_| words.taken.to_owned())
            }
        };
        sent.state.set(match done {
            Ok(text) => State::Done(text),
            Err(problem) => {
                let text = problem_text(&problem, self.locale);
                match problem.code.as_str() {
                    codes::DICOM_PATIENT_UNCONFIRMED | ATTACHMENT_UNCONFIRMED => State::Asks(text),
                    _ => State::Refused(text),
                }
            }
        });
    }
}

/// A person must say that a document shows no patient in clear.
const ATTACHMENT_UNCONFIRMED: &str = "attachment.unconfirmed";

/// Adds data, and shows what was added.
#[component]
pub fn Supply(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = SupplyTexts::of(room.locale);
    let consultation = room
        .consultation
        .with_untracked(|consultation| consultation.row.id);
    let queue = Queue {
        consultation,
        locale: room.locale,
        names: room.names,
        controls,
        all: RwSignal::new_local(Vec::new()),
        running: RwSignal::new(false),
    };
    let over = RwSignal::new(false);
    let may = move || {
        room.consultation.with(|consultation| {
            let row = &consultation.row;
            row.allowed
                .contains(&consilium_protocol::consultation::Act::Upload)
        })
    };
    let progress = move || {
        queue.all.with(|all| {
            let ended = |sent: &&Sent| !matches!(sent.state.get(), State::Waiting | State::Sending);
            (all.iter().filter(ended).count(), all.len())
        })
    };
    Effect::new(move |_| {
        browser::accept_drops(move |files| {
            if may() {
                queue.add(files);
                room.tab.set(crate::room::model::Tab::Case);
            }
        })
    });
    view! {
        <section class="room-supply" hidden=move || !may() aria-label=words.title>
            <h3>{words.title}</h3>
            <div
                class="upload"
                class:over=move || over.get()
                on:dragover=move |event: DragEvent| {
                    event.prevent_default();
                    over.set(true);
                }
                on:dragleave=move |_| over.set(false)
                on:drop=move |_| over.set(false)
            >
                <label for="supply-files">{words.hint}</label>
                <input
                    id="supply-files"
                    type="file"
                    multiple
                    data-testid="supply-files"
                    on:change=move |event| {
                        queue.add(browser::chosen_files(&event));
                    }
                />
            </div>
            <p role="status" data-testid="supply-progress" hidden=move || progress().1 == 0>
                {move || {
                    let (done, all) = progress();
                    fill(words.progress, &[&done.to_string(), &all.to_string()])
                }}
            </p>
            <ul class="room-sent">
                <For each=move || queue.all.get() key=|sent| sent.id let:sent>
                    <SentRow queue sent words />
                </For>
            </ul>
        </section>
        <QueryForm room />
        <Attachments room consultation />
    }
}

#[component]
fn SentRow(queue: Queue, sent: Sent, words: &'static SupplyTexts) -> impl IntoView {
    let state = sent.state;
    let asks = move || matches!(state.get(), State::Asks(_));
    let text = move || match state.get() {
        State::Waiting => words.waiting.to_owned(),
        State::Sending => words.sending.to_owned(),
        State::Done(text) | State::Asks(text) | State::Refused(text) => text,
    };
    let code = move || match state.get() {
        State::Waiting | State::Sending => "running",
        State::Done(_) => "done",
        State::Asks(_) => "asks",
        State::Refused(_) => "refused",
    };
    let again = StoredValue::new_local(sent.clone());
    view! {
        <li data-testid="supply-row" data-state=code>
            <b>{sent.name.clone()}</b>
            <span>{text}</span>
            <Show when=asks>
                <button
                    type="button"
                    class="button room-small"
                    data-testid="supply-confirm"
                    on:click=move |_| queue.confirm(again.get_value())
                >
                    {words.confirm}
                </button>
            </Show>
        </li>
    }
}

/// Documents and pictures added so far, each with its source.
#[component]
fn Attachments(room: Room, consultation: ConsultationId) -> impl IntoView {
    let words = SupplyTexts::of(room.locale);
    view! {
        <section hidden=move || room.attachments.with(Vec::is_empty) aria-label=words.attachments>
            <h3>{words.attachments}</h3>
            <ul class="room-values">
                <For each=move || room.attachments.get() key=|of| of.id let:of>
                    {
                        let href = api::of(consultation, &format!("attachments/{}", of.id));
                        let source = format!(
                            "{} · {} · {}",
                            i18n::institution_name(&of.institution, room.locale),
                            of.added_by_name,
                            crate::format::short(of.added_at),
                        );
                        view! {
                            <li class=colour_class(&of.institution)>
                                <a class="room-value" data-testid="attachment" href=href target="_blank" rel="noopener">
                                    <span>{of.name.clone()}</span>
                                    <span class="quiet"><i class="dot" aria-hidden="true"></i> {source}</span>
                                </a>
                            </li>
                        }
                    }
                </For>
            </ul>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_tell_what_a_file_is() {
        assert_eq!(kind("结果.CSV"), Kind::Rows("text/csv"));
        assert_eq!(kind("报告.pdf"), Kind::Document("application/pdf"));
        assert_eq!(kind("IM000001"), Kind::Image);
        assert_eq!(kind("a.dcm"), Kind::Image);
    }
}
