//! Which pictures are fetched when, and what happens when they arrive.

use consilium_protocol::{imaging::Series, live::ImageRef};
use leptos::task::spawn_local;

use super::Engine;
use crate::{
    room::model::{series_rows, set},
    viewer::{
        browser::loader::{bytes_of, fetch},
        prefetch,
        stack::{Slice, Stack, at, locate, stacks},
    },
};

impl Engine {
    /// Decides again what to fetch, and begins.
    pub(super) fn plan(&mut self) {
        let place = self.viewing.place();
        let all = self.viewing.stacks();
        let Some(current) = all.get(place.stack) else {
            return;
        };
        let mut order: Vec<ImageRef> =
            prefetch::order(current.slices.len(), place.slice, self.viewing.forward())
                .into_iter()
                .filter_map(|slice| current.slices.get(slice))
                .map(|slice| slice.image)
                .collect();
        // The middles of all series come early: that is where a series opens.
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
        while let Some(image) = self.loader.next_fetch() {
            let slice =
                locate(self.viewing.stacks(), &image).and_then(|place| at(self.viewing.stacks(), place));
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
            let counts = self
                .viewing
                .stacks()
                .iter()
                .map(|stack| self.loader.arrived_of(stack.id))
                .collect();
            set(self.room.loaded, counts);
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

    /// The list of series is another one now.
    pub(super) fn replace_series(&mut self, series: &[Series]) {
        self.viewing.replace_stacks(stacks(series));
        let counts = self
            .viewing
            .stacks()
            .iter()
            .map(|stack| self.loader.arrived_of(stack.id))
            .collect();
        set(self.room.loaded, counts);
        set(self.room.series, series_rows(series));
        self.dirty.picture = true;
        self.plan();
    }
}

fn middle(stack: &Stack) -> Option<&Slice> {
    stack.slices.get(stack.slices.len() / 2)
}
