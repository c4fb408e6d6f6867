//! Which pictures are fetched when, and what happens when they arrive.

use consilium_imaging::render::Window;
use consilium_protocol::{imaging::Series, live::ImageRef};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::HtmlCanvasElement;

use super::{Engine, warn};
use crate::{
    room::{
        model::{series_rows, set},
        views::strip::thumbnail_id,
    },
    viewer::{
        browser::{
            loader::{bytes_of, fetch},
            picture::Tone,
        },
        prefetch,
        stack::{Slice, Stack, at, locate, stacks},
        transform::Extent,
    },
};

impl Engine {
    /// Decides again what to fetch, and begins.
    pub(super) fn plan(&mut self) {
        let place = self.viewing.place();
        let all = self.viewing.stacks();
        let Some(current) = all.get(place.stack) else { return };
        let mut order: Vec<ImageRef> =
            prefetch::order(current.slices.len(), place.slice, self.viewing.forward())
                .into_iter()
                .filter_map(|slice| current.slices.get(slice))
                .map(|slice| slice.image)
                .collect();
        // The middles of all series come early: they are the thumbnails.
        let early = order.len().min(2 * prefetch::NEAR + 1);
        let middles: Vec<_> = all.iter().filter_map(middle).map(|slice| slice.image).collect();
        order.splice(early..early, middles);
        let others = all.iter().enumerate().filter(|(stack, _)| *stack != place.stack);
        order.extend(others.flat_map(|(_, stack)| stack.slices.iter().map(|slice| slice.image)));
        let each_bytes = self.viewing.slice().map_or(1, |slice| bytes_of(&slice.meta));
        self.loader.plan(order.into_iter(), each_bytes);
        self.pump();
    }

    /// Starts fetches while places are free.
    fn pump(&mut self) {
        while let Some(image) = self.loader.next() {
            let slice = locate(self.viewing.stacks(), &image).and_then(|place| at(self.viewing.stacks(), place));
            let Some(slice) = slice.cloned() else { continue };
            let (controls, consultation) = (self.controls, self.consultation);
            spawn_local(async move {
                let packed = fetch(consultation, slice.clone()).await;
                controls.with(move |engine| engine.arrived(&slice, packed.as_deref()));
            });
        }
    }

    fn arrived(&mut self, slice: &Slice, packed: Option<&[u8]>) {
        let here = self.loader.done(slice.image, &slice.meta, packed);
        if here {
            let counts = self.viewing.stacks().iter().map(|stack| self.loader.arrived_of(stack.id)).collect();
            set(self.room.loaded, counts);
            self.thumbnail(slice);
        }
        if self.viewing.image() == Some(slice.image) {
            if let Some(pixels) = self.loader.get(&slice.image)
                && let Some(frame) = pixels.frame()
                && self.viewing.settle(frame)
            {
                self.tell_view();
            }
            self.dirty.picture = true;
        }
        self.pump();
    }

    /// Draws the thumbnail of the slice's series, once, from its middle slice.
    fn thumbnail(&mut self, slice: &Slice) {
        let series = slice.image.series;
        let stack = self.viewing.stacks().iter().find(|stack| stack.id == series);
        if stack.and_then(middle).is_none_or(|middle| middle.image != slice.image) || self.thumbnails.contains(&series) {
            return;
        }
        let canvas = document()
            .get_element_by_id(&thumbnail_id(series))
            .and_then(|found| found.dyn_into::<HtmlCanvasElement>().ok());
        let (Some(canvas), Some(pixels)) = (canvas, self.loader.get(&slice.image)) else { return };
        let meta = &slice.meta;
        let window = meta.windows.first().map(|named| named.window).or_else(|| {
            let frame = pixels.frame()?;
            Some(Window::auto(frame.pixels(), &meta.pixel_format(), meta.pixel_padding))
        });
        let tone = Tone { window: window.unwrap_or(Window { centre: 128.0, width: 256.0 }), invert: false };
        let drawn = self.picture.thumbnail(&canvas, meta, &pixels, tone, Extent::of(meta).aspect);
        if drawn.is_ok() {
            self.thumbnails.insert(series);
        }
        warn("draw a thumbnail", drawn);
        self.dirty.picture = true;
    }

    /// The list of series is another one now.
    pub(super) fn replace_series(&mut self, series: &[Series]) {
        self.viewing.replace_stacks(stacks(series));
        let counts = self.viewing.stacks().iter().map(|stack| self.loader.arrived_of(stack.id)).collect();
        set(self.room.loaded, counts);
        set(self.room.series, series_rows(series));
        // Rows that changed are drawn anew with an empty canvas.
        self.thumbnails.clear();
        self.dirty.picture = true;
        let controls = self.controls;
        request_animation_frame(move || controls.with(Self::redraw_thumbnails));
        self.plan();
    }

    fn redraw_thumbnails(&mut self) {
        let middles: Vec<Slice> = self.viewing.stacks().iter().filter_map(middle).cloned().collect();
        for slice in middles {
            self.thumbnail(&slice);
        }
    }
}

fn middle(stack: &Stack) -> Option<&Slice> {
    stack.slices.get(stack.slices.len() / 2)
}
