//! Wishes of the views, one by one.

use consilium_domain::OpinionId;
use consilium_protocol::{
    consultation::OpinionInput,
    live::{Annotation, AnnotationKind, ImageRef},
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;

use super::{Engine, clock_f64, clock_ms, draw::annotation_of};
use crate::{
    api,
    i18n::problem_text,
    room::{
        cite,
        model::{AnnotationKey, Wish, set},
        text::RoomTexts,
        views::DRAFT_ID,
    },
    viewer::{
        command::Command,
        hand::Stroke,
        number::{index, round_to},
        pen::{Pen, Put},
        stack::{Place, locate},
    },
};

/// Steps of the window keys, share of the width and at least 1.
const NUDGE: f64 = 0.05;

impl Engine {
    pub(super) fn grant(&mut self, wish: Wish) {
        if self.history.is_some() && wish.edits() {
            return;
        }
        match wish {
            Wish::View(command) => self.obey(command),
            Wish::Draft(text) => self.write_draft(text),
            Wish::Notes(text) => self.write_notes(text),
            Wish::Submit { dissent } => self.submit(dissent),
            Wish::Revise(opinion) => self.revise(opinion),
            Wish::Say(said) => self.say(said),
            Wish::TypesLine => self.types_line(),
            Wish::Hide(what, on) => self.hide(&what, on),
            Wish::CiteAny(citation) => self.cite_anything(citation),
            Wish::Go(citation) => self.go_to(&citation),
            Wish::Ask(input) => self.ask_institution(input),
            Wish::Answer(question, text) => self.answer_question(question, text),
            Wish::Withdraw(question) => self.withdraw_question(question),
            Wish::DataAdded => {
                self.read_data();
                self.read_series();
            }
            Wish::Present(whom) => {
                let presented = self.client.set_presenter(whom);
                self.edited(presented);
            }
            Wish::Hand => self.raise_hand(),
            Wish::Undo { redo } => self.undo(redo),
            Wish::Share(on) => self.share(on),
            Wish::Past(wish) => self.on_past(wish),
            Wish::Call(wish) => self.on_call_wish(wish),
            Wish::End => self.act_on("end"),
            Wish::Pause(on) => self.act_on(if on { "pause" } else { "resume" }),
            Wish::ArrowText(text) => self.finish_arrow(text),
            Wish::Jump(key) => self.jump(key),
            Wish::Cite(key) => self.cite(&key),
            Wish::Dismiss => {
                self.room.notice.set(None);
                self.room.lost.set(Vec::new());
                self.refused = false;
                self.tell_saved();
            }
            Wish::Retry => {
                if let Some(image) = self.viewing.image() {
                    self.loader.forgive(&image);
                    self.dirty.picture = true;
                    self.plan();
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let stack = self.viewing.place().stack;
        let show = |slice| Place { stack, slice };
        match command {
            Command::Tool(tool) => {
                if tool.draws().is_some() && !self.may_draw() {
                    let words = RoomTexts::of(self.locale);
                    let ready = self.client.ready();
                    return self.tell(if ready {
                        words.why_annotate
                    } else {
                        words.why_not_ready
                    });
                }
                self.pen = None;
                self.dirty.layer = true;
                set(self.room.tool, tool);
            }
            Command::Scroll(by) => {
                if self.viewing.scroll(by) {
                    self.turned();
                }
            }
            Command::Slice(slice) => self.show(show(slice)),
            Command::First => self.show(show(0)),
            Command::Last => self.show(show(usize::MAX)),
            Command::Show(place) => self.show(place),
            Command::Window(window) => {
                self.viewing.set_window(window);
                self.moved();
            }
            Command::Nudge { centre, width } => {
                let mut window = self.viewing.window();
                let step = (window.width * NUDGE).round().max(1.0);
                window.centre += centre * step;
                window.width += width * step;
                self.viewing.set_window(window);
                self.moved();
            }
            Command::Invert => {
                self.viewing.invert();
                self.dirty.picture = true;
            }
            Command::Reset => {
                self.viewing.reset();
                if let Some(pixels) = self.viewing.image().and_then(|image| self.loader.get(&image))
                    && let Some(frame) = pixels.frame()
                {
                    self.viewing.settle(frame);
                }
                self.moved();
            }
            Command::Zoom(factor) => {
                self.viewing.zoom_middle(factor);
                self.moved();
            }
            Command::Cancel => self.cancel(),
            Command::Delete => self.delete(),
            Command::Help => self.room.help.update(|help| *help = !*help),
            Command::Follow => {
                if self
                    .room
                    .presenter
                    .get_untracked()
                    .is_some_and(|presenter| presenter != self.me)
                {
                    self.follow(!self.room.following.get_untracked());
                }
            }
            Command::Pen => self.use_pen(),
            Command::PenMove { dx, dy } => {
                let transform = self.viewing.transform();
                if let Some(stroke) = self.pen.as_mut().map(|pen| pen.shift(dx, dy, &transform)) {
                    self.draw_stroke(stroke);
                }
            }
        }
    }

    fn show(&mut self, place: Place) {
        if self.viewing.show(place) {
            self.turned();
        }
    }

    fn use_pen(&mut self) {
        let Some(kind) = self.room.tool.get_untracked().draws().filter(|_| self.may_draw()) else {
            return;
        };
        if self.viewing.image().is_none() || self.arrow.is_some() {
            return;
        }
        let middle = self.viewing.camera().middle;
        match self.pen.as_mut().map(Pen::put) {
            None => {
                self.pen = Some(Pen::new(kind, middle));
                self.dirty.layer = true;
            }
            Some(Put::More(stroke)) => self.draw_stroke(stroke),
            Some(Put::Finish(stroke)) => {
                self.pen = None;
                self.finish(stroke);
            }
        }
    }

    fn cancel(&mut self) {
        if self.history.is_some() {
            return self.close_past();
        }
        if self.hand.cancel().is_some() || self.pen.is_some() {
            self.pen = None;
            self.draw_stroke(None);
        } else if self.arrow.is_some() {
            self.finish_arrow(None);
        } else if self.room.help.get_untracked() {
            self.room.help.set(false);
        } else if self.room.selected.with_untracked(Option::is_some) {
            self.select(None);
        } else if self.follows() {
            self.follow(false);
        }
    }

    /// A stroke is finished: an arrow still asks for its text, the rest is written.
    pub(super) fn finish(&mut self, stroke: Stroke) {
        let Some(image) = self.viewing.image() else { return };
        if stroke.kind == AnnotationKind::Arrow {
            if let Some(tail) = stroke.points.last() {
                let (x, y) = self.viewing.transform().to_stage(*tail);
                self.room.arrow_at.set(Some((x, y)));
            }
            self.stroke = None;
            self.arrow = Some((image, stroke));
            self.dirty.layer = true;
            self.tell_view();
        } else {
            self.put(image, &stroke, String::new());
        }
    }

    fn finish_arrow(&mut self, text: Option<String>) {
        self.room.arrow_at.set(None);
        let Some((image, stroke)) = self.arrow.take() else {
            return;
        };
        match text {
            Some(text) => self.put(image, &stroke, text.trim().to_owned()),
            None => self.draw_stroke(None),
        }
        crate::browser::focus("stage");
    }

    fn put(&mut self, image: ImageRef, stroke: &Stroke, label: String) {
        let mut annotation = Annotation {
            label,
            at_ms: clock_ms(),
            ..annotation_of(image, stroke)
        };
        for point in &mut annotation.points {
            *point = point.map(|part| round_to(part, 1000.0));
        }
        let id = random_id();
        self.client.tick(clock_ms());
        let written = self.client.put_annotation(&id, &annotation);
        if self.edited(written) {
            self.select(Some(AnnotationKey { author: self.me, id }));
        }
        self.stroke = None;
        self.dirty.layer = true;
        // Not throttled: the finished annotation replaces the stroke on the others' screens.
        self.send_awareness();
    }

    fn delete(&mut self) {
        let selected = self.room.selected.get_untracked();
        if let Some(key) = selected.filter(|key| key.author == self.me) {
            self.client.tick(clock_ms());
            let removed = self.client.remove_annotation(&key.id);
            self.edited(removed);
        }
    }

    pub(super) fn jump(&mut self, key: AnnotationKey) {
        let image = self
            .shown_document()
            .annotation(key.author, &key.id)
            .map(|annotation| annotation.image);
        if let Some(place) = image.and_then(|image| locate(self.viewing.stacks(), &image)) {
            self.show(place);
        }
        self.select(Some(key));
    }

    fn cite(&mut self, key: &AnnotationKey) {
        let marker = self
            .room
            .annotations
            .with_untracked(|rows| rows.iter().find(|row| row.key == *key).map(cite::marker));
        if let Some(marker) = marker {
            self.put_into_draft(&marker);
        }
    }

    /// Puts a citation where the caret of the own opinion is.
    pub(super) fn put_into_draft(&mut self, marker: &str) {
        let text = self.room.draft.get_untracked();
        let caret = document()
            .get_element_by_id(DRAFT_ID)
            .and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok())
            .and_then(|field| field.selection_end().ok().flatten());
        let at = caret.map_or(usize::MAX, index);
        self.write_draft(cite::insert(&text, at, marker));
        self.room.tab.set(crate::room::model::Tab::Opinions);
    }

    fn submit(&mut self, dissent: bool) {
        let text = self.room.draft.get_untracked();
        let cites = self
            .room
            .annotations
            .with_untracked(|rows| cite::cited(&text, rows));
        let supersedes = self.room.consultation.with_untracked(|consultation| {
            let mut own = consultation.opinions.iter();
            own.find(|opinion| opinion.author_id == self.me && !opinion.superseded)
                .map(|opinion| opinion.id)
        });
        let input = OpinionInput {
            text,
            dissent,
            cites,
            supersedes,
        };
        let (controls, id) = (self.controls, self.consultation);
        set(self.room.busy, true);
        spawn_local(async move {
            let done = api::submit_opinion(id, &input).await;
            controls.with(move |engine| engine.answered(done));
        });
    }

    fn revise(&mut self, opinion: OpinionId) {
        let (controls, id) = (self.controls, self.consultation);
        set(self.room.busy, true);
        spawn_local(async move {
            let path = api::of(id, &format!("opinions/{opinion}/revise"));
            let done = api::post_reason(&path, String::new()).await;
            controls.with(move |engine| engine.answered(done));
        });
    }

    fn act_on(&mut self, verb: &'static str) {
        let (controls, id) = (self.controls, self.consultation);
        set(self.room.busy, true);
        spawn_local(async move {
            let done = api::act(id, verb).await;
            controls.with(move |engine| engine.answered(done));
        });
    }

    /// A request to the server was answered: shows what is now, or why not.
    pub(super) fn answered(&mut self, done: Result<(), consilium_protocol::Problem>) {
        set(self.room.busy, false);
        match done {
            Ok(()) => self.room.notice.set(None),
            Err(problem) => self.tell(problem_text(&problem, self.locale)),
        }
        self.read_consultation();
    }
}

/// A random id.
pub(super) fn random_id() -> String {
    window()
        .crypto()
        .map(|crypto| crypto.random_uuid())
        .unwrap_or_else(|_| format!("{:.0}", clock_f64()))
}
