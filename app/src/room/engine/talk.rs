//! The discussion and what belongs to it: questions, citations, what the lead hides, data added meanwhile.

use consilium_collab::document::{Hidden, HiddenKind};
use consilium_domain::QuestionId;
use consilium_protocol::{
    live::{Citation, CitationKind, DiscussionLine, Writing},
    preparation::{DataRequest, Package},
    room::{AnswerInput, Attachment, Question, QuestionInput},
};
use leptos::{prelude::*, task::spawn_local};

use super::{Engine, clock_ms, http, wish::random_id};
use crate::{
    api,
    room::{
        model::{AnnotationKey, Said, Tab, set},
        text::TalkTexts,
        thread::mentioned,
        values,
    },
};

/// People addressed in one line, at most.
const MENTIONS_MAX: usize = consilium_collab::guard::shape::MENTIONS_MAX;
/// Citations of one line, at most.
pub(in crate::room) const CITES_MAX: usize = consilium_collab::guard::shape::CITES_MAX;

impl Engine {
    pub(super) fn say(&mut self, said: Said) {
        let mentions = self
            .room
            .consultation
            .with_untracked(|consultation| mentioned(&said.text, &consultation.people, MENTIONS_MAX));
        let line = DiscussionLine {
            id: random_id(),
            text: said.text,
            at_ms: clock_ms(),
            reply_to: said.reply_to,
            mentions,
            cites: said.cites,
        };
        let written = self.client.say(&line);
        if self.edited(written) {
            set(self.room.cites, Vec::new());
            set(self.room.reply, None);
        }
    }

    pub(super) fn types_line(&mut self) {
        self.writes(Writing::Discussion);
    }

    pub(super) fn hide(&mut self, what: &Hidden, on: bool) {
        let written = self.client.set_hidden(what, on);
        self.edited(written);
    }

    pub(super) fn is_hidden(&self, kind: HiddenKind, author: consilium_domain::AccountId, id: &str) -> bool {
        !self.hidden.is_empty()
            && self.hidden.contains(&Hidden {
                kind,
                author,
                id: id.to_owned(),
            })
    }

    /// A citation was chosen: it goes into the line being written, or into the opinion.
    pub(super) fn cite_anything(&mut self, citation: Citation) {
        if self.room.cite_line.get_untracked() {
            let full = self.room.cites.with_untracked(|cites| cites.len() >= CITES_MAX);
            if full {
                return self.tell(TalkTexts::of(self.locale).too_many);
            }
            self.room.cites.update(|cites| {
                if !cites.contains(&citation) {
                    cites.push(citation);
                }
            });
            self.room.tab.set(Tab::Discussion);
            crate::browser::focus("discussion-field");
        } else {
            self.put_into_draft(&format!("[{}]", citation.text));
        }
    }

    /// Shows what a citation points at.
    pub(super) fn go_to(&mut self, citation: &Citation) {
        match citation.kind {
            CitationKind::Annotation => {
                let key = citation.reference.split_once('/').and_then(|(author, id)| {
                    Some(AnnotationKey {
                        author: author.parse().ok()?,
                        id: id.to_owned(),
                    })
                });
                if let Some(key) = key {
                    self.jump(key);
                }
            }
            CitationKind::Element => self.light(Tab::Case, &citation.reference),
            CitationKind::Opinion => self.light(Tab::Opinions, &citation.reference),
        }
    }

    /// Opens a tab and brings the thing with this reference into view.
    fn light(&self, tab: Tab, reference: &str) {
        self.room.tab.set(tab);
        set(self.room.lit, Some(reference.to_owned()));
        let reference = reference.to_owned();
        request_animation_frame(move || {
            let found = document().query_selector_all("[data-reference]").ok();
            for at in 0..found.as_ref().map_or(0, web_sys::NodeList::length) {
                use wasm_bindgen::JsCast;
                let element = found
                    .as_ref()
                    .and_then(|found| found.get(at))
                    .and_then(|node| node.dyn_into::<web_sys::Element>().ok());
                if let Some(element) =
                    element.filter(|of| of.get_attribute("data-reference").as_ref() == Some(&reference))
                {
                    element.scroll_into_view();
                    break;
                }
            }
        });
    }

    pub(super) fn ask_institution(&self, input: QuestionInput) {
        self.post("questions".to_owned(), input);
    }

    pub(super) fn answer_question(&self, question: QuestionId, text: String) {
        let cites = self.room.cites.get_untracked();
        self.post(
            format!("questions/{question}/answer"),
            AnswerInput { text, cites },
        );
        set(self.room.cites, Vec::new());
    }

    pub(super) fn withdraw_question(&self, question: QuestionId) {
        self.post(format!("questions/{question}/withdraw"), serde_json::json!({}));
    }

    fn post(&self, path: String, body: impl serde::Serialize + 'static) {
        let (controls, id) = (self.controls, self.consultation);
        set(self.room.busy, true);
        spawn_local(async move {
            let done = api::post(&api::of(id, &path), &body).await;
            controls.with(move |engine| {
                engine.answered(done);
                engine.read_questions();
            });
        });
    }

    pub(super) fn read_questions(&self) {
        let (controls, id) = (self.controls, self.consultation);
        spawn_local(async move {
            let read = http::get::<Vec<Question>>(&api::of(id, "questions")).await;
            if let Some(questions) = read {
                controls.with(move |engine| set(engine.room.questions, questions));
            }
        });
    }

    /// Rows or documents have been added: the package has a new version.
    pub(super) fn read_data(&self) {
        let (controls, id) = (self.controls, self.consultation);
        spawn_local(async move {
            let package = http::get::<Package>(&api::of(id, "package")).await;
            let attachments = http::get::<Vec<Attachment>>(&api::of(id, "attachments")).await;
            let requests = http::get::<Vec<DataRequest>>(&api::of(id, "data-requests")).await;
            controls.with(move |engine| {
                if let Some(package) = package {
                    let rows = values::rows(&package, engine.room.names, engine.locale);
                    set(engine.room.values, rows);
                    set(engine.room.package_version, package.version);
                }
                if let Some(requests) = requests {
                    set(engine.room.requests, requests);
                }
                if let Some(attachments) = attachments {
                    set(engine.room.attachments, attachments);
                }
            });
        });
    }
}
