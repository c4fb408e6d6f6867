//! Fetches pictures, keeps the decoded ones within a limit, and knows what to fetch next.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

use consilium_domain::{ConsultationId, SeriesId};
use consilium_imaging::{meta::InstanceMeta, pack, stored::Frame};
use consilium_protocol::live::ImageRef;
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCredentials, RequestInit, Response};

use crate::viewer::{cache::Cache, number::index, prefetch, stack::Slice};

/// A decoded picture.
#[derive(Debug)]
pub enum Pixels {
    /// Stored integers.
    Grey(Frame),
    /// Red, green, blue, 8 bits each.
    Colour(Vec<u8>),
}

impl Pixels {
    /// The stored integers of a grey picture.
    #[must_use]
    pub const fn frame(&self) -> Option<&Frame> {
        match self {
            Self::Grey(frame) => Some(frame),
            Self::Colour(_) => None,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Grey(frame) => frame.words().len(),
            Self::Colour(rgb) => rgb.len(),
        }
    }
}

/// Attempts for one picture before the reader is asked.
const ATTEMPTS: u32 = 3;

/// What is there, on its way, and wanted.
#[derive(Debug)]
pub struct Loader {
    cache: Cache<ImageRef, Rc<Pixels>>,
    on_way: HashSet<ImageRef>,
    failures: HashMap<ImageRef, u32>,
    arrived: HashSet<ImageRef>,
    wanted: VecDeque<ImageRef>,
}

impl Loader {
    /// Holds at most `limit_bytes` of decoded pictures.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            cache: Cache::new(limit_bytes),
            on_way: HashSet::new(),
            failures: HashMap::new(),
            arrived: HashSet::new(),
            wanted: VecDeque::new(),
        }
    }

    /// The picture, if it is here.
    pub fn get(&mut self, image: &ImageRef) -> Option<Rc<Pixels>> {
        self.cache.get(image).map(Rc::clone)
    }

    /// Whether the picture was given up.
    #[must_use]
    pub fn failed(&self, image: &ImageRef) -> bool {
        self.failures
            .get(image)
            .is_some_and(|failures| *failures >= ATTEMPTS)
    }

    /// How many pictures of a series have arrived since the page was opened.
    #[must_use]
    pub fn arrived_of(&self, series: SeriesId) -> usize {
        self.arrived.iter().filter(|image| image.series == series).count()
    }

    /// Replaces what is wanted, most urgent first. No more is wanted than fits.
    pub fn plan(&mut self, order: impl Iterator<Item = ImageRef>, each_bytes: usize) {
        let fits = self.cache.room_for(each_bytes).max(1);
        self.wanted = order
            .take(fits)
            .filter(|image| !self.cache.contains(image))
            .collect();
    }

    /// Tries a given-up picture again.
    pub fn forgive(&mut self, image: &ImageRef) {
        self.failures.remove(image);
    }

    /// What to fetch now, if a place is free.
    pub fn next_fetch(&mut self) -> Option<ImageRef> {
        if self.on_way.len() >= prefetch::AT_ONCE {
            return None;
        }
        while let Some(image) = self.wanted.pop_front() {
            let here = self.cache.contains(&image) || self.on_way.contains(&image);
            if !here && !self.failed(&image) {
                self.on_way.insert(image);
                return Some(image);
            }
        }
        None
    }

    /// A fetch ended. Whether the picture is here now.
    pub fn done(&mut self, image: ImageRef, meta: &InstanceMeta, packed: Option<&[u8]>) -> bool {
        self.on_way.remove(&image);
        match packed.and_then(|packed| decode(packed, meta)) {
            Some(pixels) => {
                self.failures.remove(&image);
                self.arrived.insert(image);
                let bytes = pixels.bytes();
                self.cache.put(image, Rc::new(pixels), bytes);
                true
            }
            None => {
                let failures = self.failures.entry(image).or_default();
                *failures += 1;
                if *failures < ATTEMPTS {
                    self.wanted.push_back(image);
                }
                false
            }
        }
    }
}

/// Bytes of one decoded picture.
#[must_use]
pub fn bytes_of(meta: &InstanceMeta) -> usize {
    index(meta.rows)
        .saturating_mul(index(meta.columns))
        .saturating_mul(if meta.samples_per_pixel == 3 { 3 } else { 2 })
}

/// Undoes the wire form; `None` when it is not such a picture.
fn decode(packed: &[u8], meta: &InstanceMeta) -> Option<Pixels> {
    if packed.len() != bytes_of(meta) {
        return None;
    }
    if meta.samples_per_pixel == 3 {
        return Some(Pixels::Colour(packed.to_vec()));
    }
    let words = pack::unpack(packed, meta.columns).ok()?;
    Frame::new(meta.columns, meta.rows, meta.signed, words)
        .ok()
        .map(Pixels::Grey)
}

/// Fetches the wire form of a picture.
pub async fn fetch(consultation: ConsultationId, slice: Slice) -> Option<Vec<u8>> {
    fetch_bytes(consultation, &slice.image).await.ok().flatten()
}

async fn fetch_bytes(consultation: ConsultationId, image: &ImageRef) -> Result<Option<Vec<u8>>, JsValue> {
    let ImageRef { instance, frame, .. } = image;
    let path = format!("/api/v1/consultations/{consultation}/instances/{instance}/frames/{frame}");
    let init = RequestInit::new();
    init.set_credentials(RequestCredentials::SameOrigin);
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(&path, &init))
        .await?
        .dyn_into()?;
    if !response.ok() {
        return Ok(None);
    }
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    Ok(Some(js_sys::Uint8Array::new(&buffer).to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::stack::{stacks, tests::series};

    fn four() -> (Vec<Slice>, Vec<u8>) {
        let mut slices = stacks(&[series(1, 4, 1)]).remove(0).slices;
        for slice in &mut slices {
            let mut meta = (*slice.meta).clone();
            (meta.rows, meta.columns) = (2, 2);
            slice.meta = meta.into();
        }
        (slices, pack::pack(&[1, 0, 2, 0, 3, 0, 255, 255], 2).unwrap())
    }

    #[test]
    fn pictures_arrive_once_and_are_decoded() {
        let (slices, packed) = four();
        let mut loader = Loader::new(1000);
        loader.plan(slices.iter().map(|slice| slice.image), 8);
        let first = loader.next_fetch().unwrap();
        assert_eq!(first, slices[0].image);
        loader.plan(slices.iter().map(|slice| slice.image), 8);
        assert_eq!(
            loader.next_fetch(),
            Some(slices[1].image),
            "the first is on its way"
        );
        assert!(loader.done(first, &slices[0].meta, Some(&packed)));
        let pixels = loader.get(&first).unwrap();
        assert_eq!(pixels.frame().unwrap().at(1, 1), Some(-1));
        assert_eq!(loader.arrived_of(first.series), 1);
    }

    #[test]
    fn a_broken_picture_is_given_up_until_forgiven() {
        let (slices, packed) = four();
        let image = slices[0].image;
        let mut loader = Loader::new(1000);
        loader.plan([image].into_iter(), 8);
        for attempt in [None, Some(&packed[..3]), None] {
            assert_eq!(loader.next_fetch(), Some(image));
            assert!(!loader.done(image, &slices[0].meta, attempt));
        }
        assert!(loader.failed(&image) && loader.next_fetch().is_none());
        loader.forgive(&image);
        loader.plan([image].into_iter(), 8);
        assert_eq!(loader.next_fetch(), Some(image));
    }

    #[test]
    fn no_more_is_wanted_than_fits() {
        let (slices, _) = four();
        let mut loader = Loader::new(20);
        loader.plan(slices.iter().map(|slice| slice.image), 8);
        assert!(
            loader.next_fetch().is_some() && loader.next_fetch().is_some() && loader.next_fetch().is_none()
        );
    }
}
