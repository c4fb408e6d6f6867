//! The history: the room as it was after any of its changes, read-only, with who changed what and when.

use std::time::Duration;

use consilium_collab::document::RoomDoc;
use consilium_domain::{AccountId, Timestamp};
use consilium_protocol::room::{HistoryEntry, RoomHistory};
use leptos::{prelude::*, task::spawn_local};

use super::{Engine, http};
use crate::{
    api,
    i18n::fill,
    room::{
        model::{Past, PastWish, set},
        text::{PastTexts, RoomTexts},
    },
};

/// Between two steps while it plays, ms.
const STEP_MS: u64 = 500;
/// Steps fetched at most; beyond it the history is read on a page of its own.
const STEPS_MAX: usize = 50_000;

struct Step {
    at: Timestamp,
    author: AccountId,
    update: Vec<u8>,
}

/// The history while it is open.
pub(super) struct History {
    steps: Vec<Step>,
    /// The document after `shown` steps.
    doc: RoomDoc,
    shown: usize,
    /// What the last of them did, in words.
    did: String,
    playing: bool,
    /// All of it has been fetched.
    complete: bool,
}

impl History {
    fn new() -> Self {
        Self {
            steps: Vec::new(),
            doc: RoomDoc::new(1),
            shown: 0,
            did: String::new(),
            playing: false,
            complete: false,
        }
    }
}

fn decode(entry: &HistoryEntry) -> Option<Step> {
    let text = window().atob(&entry.update).ok()?;
    let update = text
        .chars()
        .map(|c| u8::try_from(c).ok())
        .collect::<Option<Vec<u8>>>()?;
    Some(Step {
        at: entry.at,
        author: entry.author,
        update,
    })
}

impl Engine {
    /// The document that is shown: as it is now, or as it was.
    pub(super) fn shown_document(&self) -> &RoomDoc {
        match &self.history {
            Some(history) => &history.doc,
            None => self.client.document(),
        }
    }

    pub(super) fn on_past(&mut self, wish: PastWish) {
        match wish {
            PastWish::Open => self.open_past(),
            PastWish::Close => self.close_past(),
            PastWish::To(step) => {
                if let Some(history) = &mut self.history {
                    history.playing = false;
                }
                self.past_to(step);
            }
            PastWish::Play(on) => {
                let Some(history) = &mut self.history else { return };
                history.playing = on;
                if on && history.shown >= history.steps.len() {
                    self.past_to(0);
                }
                if on {
                    self.past_next();
                }
                self.tell_past();
            }
        }
    }

    fn open_past(&mut self) {
        if self.history.is_some() {
            return;
        }
        self.history = Some(History::new());
        self.tell_rights();
        self.tell_past();
        self.fetch_past(0);
    }

    pub(super) fn close_past(&mut self) {
        if self.history.take().is_some() {
            self.tell_rights();
            set(self.room.past, None);
            self.read_document();
        }
    }

    fn fetch_past(&self, after: i64) {
        let (controls, id) = (self.controls, self.consultation);
        spawn_local(async move {
            let path = api::of(id, &format!("live/history?after={after}"));
            let read = http::get::<RoomHistory>(&path).await;
            controls.with(move |engine| engine.take_past(read));
        });
    }

    fn take_past(&mut self, read: Option<RoomHistory>) {
        let Some(history) = &mut self.history else { return };
        let Some(read) = read else {
            let words = PastTexts::of(self.locale);
            self.close_past();
            return self.tell(words.failed);
        };
        let last = read.entries.last().map(|entry| entry.seq);
        history.steps.extend(read.entries.iter().filter_map(decode));
        match last {
            Some(seq) if seq < read.seq && history.steps.len() < STEPS_MAX => {
                self.fetch_past(seq);
                self.tell_past();
            }
            _ => {
                history.complete = true;
                let all = history.steps.len();
                self.past_to(all);
            }
        }
    }

    /// Shows the room after so many steps.
    fn past_to(&mut self, step: usize) {
        let Some(history) = &mut self.history else { return };
        let step = step.min(history.steps.len());
        if step < history.shown {
            history.doc = RoomDoc::new(1);
            history.shown = 0;
        }
        history.did.clear();
        while history.shown < step {
            let Some(next) = history.steps.get(history.shown) else {
                break;
            };
            let last = history.shown + 1 == step;
            let before = last.then(|| Content::of(&history.doc, next.author));
            if history.doc.apply(&next.update).is_err() {
                leptos::logging::warn!("a step of the history cannot be read");
            }
            if let Some(before) = before {
                let after = Content::of(&history.doc, next.author);
                history.did = before.changed_to(&after, PastTexts::of(self.locale));
            }
            history.shown += 1;
        }
        self.tell_past();
        self.read_document();
    }

    /// One step further, as long as it plays.
    fn past_next(&self) {
        let controls = self.controls;
        let step = move || {
            controls.with(|engine| {
                let Some(history) = &mut engine.history else {
                    return;
                };
                if !history.playing {
                    return;
                }
                let next = history.shown + 1;
                history.playing = next < history.steps.len();
                engine.past_to(next);
                engine.past_next();
            });
        };
        set_timeout(step, Duration::from_millis(STEP_MS));
    }

    fn tell_past(&self) {
        let past = self.history.as_ref().map(|history| {
            let step = history.shown.checked_sub(1).and_then(|at| history.steps.get(at));
            let unknown = RoomTexts::of(self.locale).unknown_author;
            Past {
                step: history.shown,
                steps: history.steps.len(),
                time: step
                    .map(|step| crate::format::absolute(step.at, self.locale))
                    .unwrap_or_default(),
                author: step
                    .map(|step| {
                        let author = self.directory.get(step.author);
                        author.map_or_else(|| unknown.to_owned(), |author| author.name.clone())
                    })
                    .unwrap_or_default(),
                did: history.did.clone(),
                playing: history.playing,
                complete: history.complete,
            }
        });
        set(self.room.past, past);
    }

    /// Nothing can be changed while the past is shown.
    pub(super) fn tell_rights(&self) {
        let rights = if self.history.is_some() {
            consilium_domain::permission::RoomRights::default()
        } else {
            self.client.rights()
        };
        set(self.room.rights, rights);
    }
}

/// What one person has in the room.
struct Content {
    annotations: Vec<(String, consilium_protocol::live::Annotation)>,
    opinion: String,
    lines: usize,
    session: (Option<AccountId>, usize),
}

impl Content {
    fn of(doc: &RoomDoc, author: AccountId) -> Self {
        Self {
            annotations: doc
                .annotations()
                .into_iter()
                .filter(|placed| placed.author == author)
                .map(|placed| (placed.id, placed.annotation))
                .collect(),
            opinion: doc.opinion(author),
            lines: doc.discussion().iter().filter(|(of, _)| *of == author).count(),
            session: (doc.presenter(), doc.hidden().len()),
        }
    }

    fn changed_to(&self, after: &Self, words: &PastTexts) -> String {
        let mut said: Vec<String> = Vec::new();
        if after.annotations.len() > self.annotations.len() {
            said.push(fill(words.added, &[words.what_annotation]));
        } else if after.annotations.len() < self.annotations.len() {
            said.push(fill(words.removed, &[words.what_annotation]));
        } else if after.annotations != self.annotations {
            said.push(fill(words.changed, &[words.what_annotation]));
        }
        if after.opinion != self.opinion {
            said.push(fill(words.changed, &[words.what_opinion]));
        }
        if after.lines > self.lines {
            said.push(fill(words.added, &[words.what_line]));
        }
        if after.session != self.session {
            said.push(fill(words.changed, &[words.what_session]));
        }
        if said.is_empty() {
            said.push(words.nothing.to_owned());
        }
        said.join(" · ")
    }
}
