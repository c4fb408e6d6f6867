//! From the document to the lists of the panel.

use std::collections::HashMap;

use consilium_collab::document::{HiddenKind, PlacedAnnotation};
use consilium_domain::Timestamp;
use consilium_imaging::meta::InstanceMeta;
use consilium_protocol::live::Annotation;
use leptos::prelude::*;

use super::Engine;
use crate::{
    i18n::{self, fill},
    room::{
        model::{AnnotationKey, AnnotationRow, DraftRow, LineRow, set},
        thread::threaded,
    },
    viewer::{
        browser::loader::Pixels,
        reading::{Reading, read},
        stack::{at, locate},
        text::ViewerTexts,
    },
};

/// Readings of finished annotations: statistics of a region are computed once, not for every frame.
#[derive(Debug, Default)]
pub(super) struct Readings(HashMap<AnnotationKey, (Annotation, bool, Reading)>);

impl Readings {
    pub(super) fn of(
        &mut self,
        key: &AnnotationKey,
        annotation: &Annotation,
        meta: &InstanceMeta,
        pixels: Option<&Pixels>,
        words: &ViewerTexts,
    ) -> Reading {
        let frame = pixels.and_then(Pixels::frame);
        if let Some((of, with, reading)) = self.0.get(key)
            && of == annotation
            && *with == frame.is_some()
        {
            return reading.clone();
        }
        let Annotation {
            kind, points, label, ..
        } = annotation;
        let reading = read(*kind, points, label, meta, frame, words);
        self.0.insert(
            key.clone(),
            (annotation.clone(), frame.is_some(), reading.clone()),
        );
        reading
    }
}

pub(super) fn key_of(placed: &PlacedAnnotation) -> AnnotationKey {
    AnnotationKey {
        author: placed.author,
        id: placed.id.clone(),
    }
}

/// Time of day, for people.
pub(super) fn clock(at_ms: i64) -> String {
    if at_ms <= 0 {
        return String::new();
    }
    let (_, _, _, hour, minute, _) = Timestamp::from_ms(at_ms).display_parts();
    format!("{hour:02}:{minute:02}")
}

impl Engine {
    /// Reads everything of the document again.
    pub(super) fn read_document(&mut self) {
        let document = self.shown_document();
        let (annotations, hidden) = (document.annotations(), document.hidden());
        let presenter = self.client.document().presenter();
        (self.annotations, self.hidden) = (annotations, hidden);
        let before = self.room.presenter.get_untracked();
        set(self.room.presenter, presenter);
        self.read_draft();
        self.tell_rows();
        if presenter != before {
            if presenter.is_none_or(|presenter| presenter == self.me) {
                // Nobody is followed any more: the view one has now is the own one.
                self.own_view = None;
            }
            self.follow_presenter(true);
        }
        self.dirty.layer = true;
    }

    /// Fills the lists of the panel.
    pub(super) fn tell_rows(&mut self) {
        let rows = self
            .annotations
            .iter()
            .map(|placed| self.annotation_row(placed))
            .collect::<Vec<_>>();
        let gone = self.room.selected.with_untracked(|selected| {
            selected
                .as_ref()
                .is_some_and(|key| rows.iter().all(|row| row.key != *key))
        });
        if gone {
            self.room.selected.set(None);
        }
        set(self.room.annotations, rows);
        let document = self.shown_document();
        let past = self.history.is_some();
        let signed: Vec<_> = self.room.consultation.with_untracked(|consultation| {
            consultation
                .opinions
                .iter()
                .map(|opinion| opinion.author_id)
                .collect()
        });
        let drafts = document
            .opinions()
            .into_iter()
            .filter(|(author, _)| past || *author != self.me && !signed.contains(author))
            .map(|(id, text)| DraftRow {
                id,
                author: self.directory.get(id).cloned(),
                text,
            })
            .collect();
        set(self.room.drafts, drafts);
        let lines = threaded(document.discussion())
            .into_iter()
            .map(|(author, line, answer)| LineRow {
                id: format!("{author}/{}", line.id),
                author_id: author,
                author: self.directory.get(author).cloned(),
                text: line.text,
                time: clock(line.at_ms),
                answer,
                cites: line.cites,
                mine: author == self.me,
                to_me: line.mentions.contains(&self.me),
                hidden: self.is_hidden(HiddenKind::Line, author, &line.id),
                line_id: line.id,
            })
            .collect();
        set(self.room.lines, lines);
    }

    fn annotation_row(&self, placed: &PlacedAnnotation) -> AnnotationRow {
        let words = ViewerTexts::of(self.locale);
        let annotation = &placed.annotation;
        let place = locate(self.viewing.stacks(), &annotation.image);
        let slice = place.and_then(|place| at(self.viewing.stacks(), place));
        let value =
            slice.map(|slice| read(annotation.kind, &annotation.points, "", &slice.meta, None, words).value);
        let stack = place.and_then(|place| self.viewing.stacks().get(place.stack));
        let number = place
            .map(|place| (place.slice + 1).to_string())
            .unwrap_or_default();
        let count = stack
            .map(|stack| stack.slices.len().to_string())
            .unwrap_or_default();
        AnnotationRow {
            key: key_of(placed),
            author: self.directory.get(placed.author).cloned(),
            kind: i18n::annotation(annotation.kind, self.locale).to_owned(),
            value: value.unwrap_or_default(),
            label: annotation.label.clone(),
            slice: fill(words.slice_label, &[&number, &count]),
            series: stack.map(|stack| stack.title.clone()).unwrap_or_default(),
            time: clock(annotation.at_ms),
            mine: placed.author == self.me,
            hidden: self.is_hidden(HiddenKind::Annotation, placed.author, &placed.id),
        }
    }
}
