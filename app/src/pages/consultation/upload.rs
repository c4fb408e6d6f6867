//! Adding images: one request a file, a count that is always visible, refusals by name.

use consilium_domain::ConsultationId;
use consilium_protocol::{Problem, codes, imaging::Series, page::Locale};
use leptos::{attr::custom::custom_attribute, ev::DragEvent, html, prelude::*, task::spawn_local};
use web_sys::File;

use super::files;
use crate::{
    api, context,
    i18n::{Common, UploadTexts, fill, problem_text},
    ui::{Button, ConfirmBar, Notice, Tone},
};

/// Why the queue stands still with files left in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Halt {
    /// A person must compare the patients; the server's sentence shows the masked one of the file.
    Patient(String),
    /// The server does not answer or the session ended.
    Trouble(String),
    /// The reader stopped.
    Stopped,
}

/// What came of the files so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Progress {
    total: usize,
    done: usize,
    stored: usize,
    duplicates: usize,
    /// Name and reason.
    refused: Vec<(String, String)>,
    running: bool,
    halt: Option<Halt>,
}

impl Progress {
    /// Files wait that the reader has not given up.
    const fn is_unfinished(&self) -> bool {
        self.running || matches!(self.halt, Some(Halt::Patient(_) | Halt::Trouble(_)))
    }

    /// The count in words.
    fn sentence(&self, locale: Locale) -> Option<(Tone, String)> {
        let t = UploadTexts::of(locale);
        let (stored, duplicates, refused) = (
            self.stored.to_string(),
            self.duplicates.to_string(),
            self.refused.len().to_string(),
        );
        match &self.halt {
            Some(Halt::Trouble(text)) => return Some((Tone::Late, text.clone())),
            Some(Halt::Stopped) => return Some((Tone::Soon, fill(t.stopped, &[&stored]))),
            Some(Halt::Patient(_)) | None => {}
        }
        if self.running || self.halt.is_some() {
            let counts = [self.done.to_string(), self.total.to_string()];
            let counts: Vec<&str> = counts.iter().map(String::as_str).collect();
            return Some((Tone::Info, fill(t.progress, &counts)));
        }
        let tone = if self.refused.is_empty() {
            Tone::Good
        } else {
            Tone::Soon
        };
        (self.total > 0).then(|| (tone, fill(t.finished, &[&stored, &duplicates, &refused])))
    }
}

/// Everything an upload works on.
#[derive(Clone, Copy)]
struct Upload {
    id: ConsultationId,
    locale: Locale,
    queue: StoredValue<Vec<File>, LocalStorage>,
    progress: RwSignal<Progress>,
    /// A person has confirmed that the next file's patient is this one. It counts for one file: the server
    /// remembers it, and a file of a third person in the same folder is still refused.
    confirmed: RwSignal<bool>,
    series: RwSignal<Vec<Series>>,
}

impl Upload {
    /// Adds files to the queue and works on it.
    fn add(self, mut files: Vec<File>) {
        if files.is_empty() {
            return;
        }
        let unfinished = self.progress.with_untracked(Progress::is_unfinished);
        self.progress.update(|progress| {
            if !unfinished {
                *progress = Progress::default();
            }
            progress.total += files.len();
        });
        self.queue.update_value(|queue| {
            // Taken from the end.
            files.reverse();
            files.append(queue);
            std::mem::swap(queue, &mut files);
        });
        if !unfinished {
            self.go_on();
        }
    }

    /// Works until the queue is empty or something halts it.
    fn go_on(self) {
        self.progress.update(|progress| {
            progress.running = true;
            progress.halt = None;
        });
        spawn_local(async move {
            while self
                .progress
                .try_with_untracked(|progress| progress.halt.is_none())
                .unwrap_or_default()
            {
                let Some(file) = self.queue.try_update_value(Vec::pop).flatten() else {
                    break;
                };
                self.take(file).await;
            }
            self.progress.update(|progress| progress.running = false);
            if let Ok(series) = api::series(self.id).await {
                self.series.set(series);
            }
        });
    }

    async fn take(self, file: File) {
        let answer = api::upload_image(self.id, &file, self.confirmed.get_untracked()).await;
        match answer {
            Ok(uploaded) => {
                self.confirmed.set(false);
                self.progress.update(|progress| {
                    progress.done += 1;
                    if uploaded.duplicate {
                        progress.duplicates += 1;
                    } else {
                        progress.stored += 1;
                    }
                });
            }
            Err(problem) => {
                let text = problem_text(&problem, self.locale);
                let halt = match problem.code.as_str() {
                    codes::DICOM_PATIENT_UNCONFIRMED => {
                        Halt::Patient(source_patient(&problem, self.locale).unwrap_or(text))
                    }
                    codes::UNAVAILABLE | codes::UNAUTHENTICATED | codes::BUSY => Halt::Trouble(text),
                    _ => {
                        let name = file.name();
                        return self.progress.update(|progress| {
                            progress.done += 1;
                            progress.refused.push((name, text));
                        });
                    }
                };
                self.queue.update_value(|queue| queue.push(file));
                self.progress.update(|progress| progress.halt = Some(halt));
            }
        }
    }

    fn stop(self) {
        self.queue.update_value(Vec::clear);
        self.progress
            .update(|progress| progress.halt = Some(Halt::Stopped));
    }
}

/// The masked patient of the file, as the server names it beside the sentence.
fn source_patient(problem: &Problem, locale: Locale) -> Option<String> {
    let parts: Vec<&str> = problem
        .errors
        .iter()
        .filter(|error| error.field.starts_with("source_patient."))
        .map(|error| error.message.as_str())
        .filter(|text| !text.is_empty())
        .collect();
    (!parts.is_empty()).then(|| fill(UploadTexts::of(locale).confirm_source, &[&parts.join(" · ")]))
}

/// Drop area, file controls, progress, refusals.
#[component]
pub fn UploadBar(
    /// The consultation.
    id: ConsultationId,
    /// The strip to refresh.
    series: RwSignal<Vec<Series>>,
) -> impl IntoView {
    let locale = context::locale();
    let t = UploadTexts::of(locale);
    let upload = Upload {
        id,
        locale,
        queue: StoredValue::new_local(Vec::new()),
        progress: RwSignal::new(Progress::default()),
        confirmed: RwSignal::new(false),
        series,
    };
    let over = RwSignal::new(false);
    let drop = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        if let Some(data) = event.data_transfer() {
            let entries = files::entries(&data);
            spawn_local(async move { upload.add(files::below(entries).await) });
        }
    };
    let message = Signal::derive(move || upload.progress.with(|progress| progress.sentence(locale)));
    view! {
        <div
            class="upload"
            class:over=move || over.get()
            on:dragover=move |event: DragEvent| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=drop
        >
            <p>{t.hint}</p>
            <div class="row">
                <FileControl text=t.choose_folder name="upload-folder" folder=true upload />
                <FileControl text=t.choose_files name="upload-files" folder=false upload />
            </div>
        </div>
        <ProgressBar upload />
        <Notice message />
        <Halted upload />
        <Refused upload />
    }
}

#[component]
fn FileControl(text: &'static str, name: &'static str, folder: bool, upload: Upload) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        if let Some(input) = node.get_untracked() {
            let files = input.files().map(|list| files::of_list(&list));
            upload.add(files.unwrap_or_default());
            // The same files can be chosen again.
            input.set_value("");
        }
    };
    view! {
        <label class="button file" for=name>
            <input
                id=name
                node_ref=node
                type="file"
                multiple
                {..custom_attribute("webkitdirectory", folder)}
                on:change=chosen
            />
            <span>{text}</span>
        </label>
    }
}

#[component]
fn ProgressBar(upload: Upload) -> impl IntoView {
    let t = UploadTexts::of(context::locale());
    let progress = upload.progress;
    view! {
        <div class="row upload-progress" hidden=move || !progress.with(|of| of.running)>
            <progress
                aria-label=t.title
                max=move || progress.with(|of| of.total.to_string())
                value=move || progress.with(|of| of.done.to_string())
            ></progress>
            <Button text=t.stop on_press=move || upload.stop() />
        </div>
    }
}

#[component]
fn Halted(upload: Upload) -> impl IntoView {
    let t = UploadTexts::of(context::locale());
    let common = Common::of(context::locale());
    let halt = Memo::new(move |_| upload.progress.with(|progress| progress.halt.clone()));
    move || {
        halt.get().map(|halt| match halt {
            Halt::Patient(detail) => {
                let yes = move || {
                    upload.confirmed.set(true);
                    upload.go_on();
                };
                view! {
                    <ConfirmBar
                        question=t.confirm_title
                        detail
                        yes=t.confirm_yes
                        no=t.confirm_no
                        on_yes=yes
                        on_no=move || upload.stop()
                    />
                }
                .into_any()
            }
            Halt::Trouble(_) => view! {
                <div class="row">
                    <Button text=t.go_on on_press=move || upload.go_on() />
                    <Button text=common.no on_press=move || upload.stop() />
                </div>
            }
            .into_any(),
            Halt::Stopped => ().into_any(),
        })
    }
}

#[component]
fn Refused(upload: Upload) -> impl IntoView {
    let t = UploadTexts::of(context::locale());
    let refused = Memo::new(move |_| upload.progress.with(|progress| progress.refused.clone()));
    view! {
        <section class="refused" hidden=move || refused.with(Vec::is_empty)>
            <h3>{t.refused}</h3>
            <ul>
                {move || {
                    refused
                        .get()
                        .into_iter()
                        .map(|(name, reason)| {
                            view! {
                                <li>
                                    <span class="mono">{name}</span>
                                    " "
                                    <span>{reason}</span>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ul>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_always_in_words() {
        let mut progress = Progress::default();
        let mut said = |change: &dyn Fn(&mut Progress)| {
            change(&mut progress);
            progress.sentence(Locale::En).map(|(_, text)| text)
        };
        assert_eq!(said(&|_| {}), None);
        let running = said(&|of| {
            of.total = 28;
            of.done = 3;
            of.running = true;
        });
        assert_eq!(running.as_deref(), Some("3 of 28 uploaded"));
        let asked = said(&|of| of.halt = Some(Halt::Patient("x".into())));
        assert_eq!(asked.as_deref(), Some("3 of 28 uploaded"));
        let finished = said(&|of| {
            of.halt = None;
            of.running = false;
            of.stored = 27;
            of.refused.push(("a.txt".into(), "no".into()));
        });
        assert_eq!(
            finished.as_deref(),
            Some("Done: 27 stored, 0 were there already, 1 refused.")
        );
    }
}
