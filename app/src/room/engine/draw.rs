//! One frame: picture, layer, and what stands at the edges.

use consilium_collab::document::HiddenKind;
use consilium_domain::AccountId;
use consilium_imaging::geometry::Point;
use consilium_protocol::live::{Annotation, AnnotationKind, ImageRef};

use super::{
    Engine,
    rows::{clock, key_of},
    warn,
};
use crate::{
    room::{
        directory::Author,
        model::{AnnotationKey, Quality, readout, set},
        text::RoomTexts,
    },
    viewer::{
        browser::{
            layer::{Item, Pointer},
            mark::fitting,
            picture::Tone,
        },
        hand::Stroke,
        reading::{Reading, read},
        shape::shape,
        text::ViewerTexts,
        transform::Transform,
    },
};
use leptos::prelude::*;

/// Names a drawn thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum MarkKey {
    Finished(AnnotationKey),
    /// A stroke in progress of another page.
    Stroke(u64),
    /// The own stroke in progress.
    Own,
}

const fn kind_code(kind: AnnotationKind) -> &'static str {
    match kind {
        AnnotationKind::Length => "length",
        AnnotationKind::Arrow => "arrow",
        AnnotationKind::Freehand => "freehand",
    }
}

impl Engine {
    pub(super) fn draw_picture(&mut self) {
        let transform = self.viewing.transform();
        let tone = Tone {
            window: self.viewing.window(),
            invert: self.viewing.inverted(),
        };
        let slice = self.viewing.slice();
        let pixels = slice.and_then(|slice| self.loader.get(&slice.image));
        let shown = slice
            .zip(pixels.as_deref())
            .map(|(slice, pixels)| (&slice.image, &*slice.meta, pixels));
        warn("draw the picture", self.picture.draw(shown, tone, &transform));
    }

    pub(super) fn tell_readout(&mut self) {
        let Some(slice) = self.viewing.slice() else { return };
        let image = slice.image;
        let quality = if self.loader.get(&image).is_some() {
            Quality::Original
        } else if self.loader.failed(&image) {
            Quality::Failed
        } else {
            Quality::Loading
        };
        if let Some(readout) = readout(&self.viewing, quality) {
            set(self.room.readout, readout);
        }
    }

    pub(super) fn draw_layer(&mut self) {
        let transform = self.viewing.transform();
        let (mut items, mut pointers) = (Vec::new(), Vec::new());
        if let Some(slice) = self.viewing.slice().cloned() {
            let pixels = self.loader.get(&slice.image);
            let words = ViewerTexts::of(self.locale);
            let selected = self.room.selected.get_untracked();
            for placed in &self.annotations {
                let annotation = &placed.annotation;
                let hidden = self.is_hidden(HiddenKind::Annotation, placed.author, &placed.id);
                if annotation.image != slice.image || hidden && placed.author != self.me {
                    continue;
                }
                let key = key_of(placed);
                let reading = self
                    .readings
                    .of(&key, annotation, &slice.meta, pixels.as_deref(), words);
                let author = self.directory.get(placed.author);
                let mut item = item(
                    MarkKey::Finished(key.clone()),
                    annotation,
                    reading,
                    false,
                    &transform,
                );
                item.lines.push(signature(author, annotation.at_ms, self.locale));
                item.class = format!(
                    "annotation {}{}{}",
                    author.map_or("", |author| author.colour),
                    if selected.as_ref() == Some(&key) {
                        " selected"
                    } else {
                        ""
                    },
                    if hidden { " hidden-mark" } else { "" }
                );
                identify(&mut item, "annotation", placed.author, author, &placed.id);
                items.push(item);
            }
            for (client, state) in &self.others {
                let Some(person) = &state.user else { continue };
                let author = self.directory.get(person.id);
                let colour = author.map_or("", |author| author.colour);
                if let Some(drawing) = state
                    .drawing
                    .as_ref()
                    .filter(|drawing| drawing.image == slice.image)
                {
                    let reading = read(drawing.kind, &drawing.points, "", &slice.meta, None, words);
                    let mut item = item(MarkKey::Stroke(*client), drawing, reading, true, &transform);
                    item.class = format!("annotation stroke {colour}");
                    identify(&mut item, "stroke", person.id, author, "");
                    items.push(item);
                }
                if let Some(cursor) = state.cursor.filter(|cursor| cursor.image == slice.image) {
                    let at = transform.to_stage(Point {
                        x: cursor.x,
                        y: cursor.y,
                    });
                    pointers.push(Pointer {
                        client: *client,
                        at,
                        name: person.name.clone(),
                        colour,
                    });
                }
            }
            if let Some((image, stroke)) = self.arrow.as_ref().or(self.stroke.as_ref())
                && *image == slice.image
            {
                let annotation = annotation_of(*image, stroke);
                let reading = read(annotation.kind, &annotation.points, "", &slice.meta, None, words);
                let author = self.directory.get(self.me);
                let mut item = item(MarkKey::Own, &annotation, reading, true, &transform);
                item.class = format!("annotation stroke {}", author.map_or("", |author| author.colour));
                identify(&mut item, "own-stroke", self.me, author, "");
                items.push(item);
            }
        }
        let stage = self.viewing.stage();
        for item in &mut items {
            item.shape.label = fitting(item.shape.label, &item.lines, (stage.width, stage.height));
        }
        warn("draw annotations", self.layer.draw(items));
        warn("draw pointers", self.layer.point(pointers));
        let cross = self.pen.as_ref().map(|pen| transform.to_stage(pen.at()));
        warn("draw the cross", self.layer.cross(cross));
    }
}

/// A stroke as an annotation without text and time.
pub(super) fn annotation_of(image: ImageRef, stroke: &Stroke) -> Annotation {
    Annotation {
        kind: stroke.kind,
        image,
        points: stroke.points.iter().map(|point| [point.x, point.y]).collect(),
        label: String::new(),
        at_ms: 0,
    }
}

fn item(
    key: MarkKey,
    annotation: &Annotation,
    reading: Reading,
    open: bool,
    transform: &Transform,
) -> Item<MarkKey> {
    let number = |value: Option<f64>| value.map(|value| format!("{value:.2}")).unwrap_or_default();
    Item {
        key,
        shape: shape(annotation.kind, &annotation.points, open, transform),
        class: String::new(),
        data: vec![
            ("data-kind", kind_code(annotation.kind).to_owned()),
            ("data-mm", number(reading.mm)),
            ("data-mm2", number(reading.mm2)),
            ("data-label", annotation.label.clone()),
        ],
        lines: reading.lines,
    }
}

fn identify(item: &mut Item<MarkKey>, test_id: &str, account: AccountId, author: Option<&Author>, id: &str) {
    let name = author.map(|author| author.name.clone()).unwrap_or_default();
    item.data.extend([
        ("data-testid", test_id.to_owned()),
        ("data-author", account.to_string()),
        ("data-author-name", name),
        ("data-id", id.to_owned()),
    ]);
}

/// The last line of a label: who and when.
fn signature(author: Option<&Author>, at_ms: i64, locale: consilium_protocol::page::Locale) -> String {
    let who = match author {
        Some(author) => format!("{} · {}", author.place, author.name),
        None => RoomTexts::of(locale).unknown_author.to_owned(),
    };
    match clock(at_ms) {
        time if time.is_empty() => who,
        time => format!("{who} · {time}"),
    }
}
