//! What is on the stage: series, slice, window, zoom; and how it changes.

use consilium_imaging::{geometry::Point, presets::CT_PRESETS, render::Window, stored::Frame};
use consilium_protocol::live::{ImageRef, Viewport};

use super::{
    number::step,
    stack::{Place, Slice, Stack, at, locate},
    transform::{Camera, Extent, Stage, Transform},
};

/// How one series is shown; each keeps its own.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shown {
    slice: usize,
    camera: Option<Camera>,
    window: Option<Window>,
    invert: bool,
}

/// State of the viewer.
#[derive(Clone, Debug)]
pub struct Viewing {
    stacks: Vec<Stack>,
    shown: Vec<Shown>,
    stack: usize,
    stage: Stage,
    forward: bool,
}

/// Window before anything is known of the picture: soft tissue.
const FALLBACK: Window = Window {
    centre: 40.0,
    width: 400.0,
};

/// Widths below this show nothing useful and divide by zero in the linear window.
const WIDTH_MIN: f64 = 1.0;
/// Beyond what 16 bits can hold.
const WIDTH_MAX: f64 = 131_072.0;

impl Viewing {
    /// Opens the stacks, the first one in its middle.
    #[must_use]
    pub fn new(stacks: Vec<Stack>, stage: Stage) -> Self {
        let shown = stacks
            .iter()
            .map(|stack| Shown {
                slice: stack.slices.len() / 2,
                camera: None,
                window: None,
                invert: false,
            })
            .collect();
        Self {
            stacks,
            shown,
            stack: 0,
            stage,
            forward: true,
        }
    }

    /// The stacks.
    #[must_use]
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// Takes a new list of series (more arrived); what is shown stays.
    pub fn replace_stacks(&mut self, stacks: Vec<Stack>) {
        let before = self.slice().map(|slice| slice.image);
        let old: Vec<_> = self
            .stacks
            .iter()
            .map(|stack| stack.id)
            .zip(self.shown.clone())
            .collect();
        let mut fresh = Self::new(stacks, self.stage);
        for (stack, shown) in fresh.stacks.iter().zip(&mut fresh.shown) {
            if let Some((_, kept)) = old.iter().find(|(id, _)| *id == stack.id) {
                *shown = Shown {
                    slice: kept.slice.min(stack.slices.len().saturating_sub(1)),
                    ..*kept
                };
            }
        }
        *self = fresh;
        if let Some(place) = before.and_then(|image| locate(&self.stacks, &image)) {
            self.show(place);
        }
    }

    /// Where we are.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            stack: self.stack,
            slice: self.now().slice,
        }
    }

    /// The picture on the stage.
    #[must_use]
    pub fn slice(&self) -> Option<&Slice> {
        at(&self.stacks, self.place())
    }

    /// The picture on the stage, by id.
    #[must_use]
    pub fn image(&self) -> Option<ImageRef> {
        self.slice().map(|slice| slice.image)
    }

    /// The slice on which a series was left.
    #[must_use]
    pub fn slice_of(&self, stack: usize) -> Option<usize> {
        self.shown.get(stack).map(|shown| shown.slice)
    }

    /// Number of slices of the series on the stage.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stacks.get(self.stack).map_or(0, |stack| stack.slices.len())
    }

    /// True when there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The reader last scrolled towards higher slices.
    #[must_use]
    pub const fn forward(&self) -> bool {
        self.forward
    }

    /// Size of the stage.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The stage was resized.
    pub fn resize(&mut self, stage: Stage) {
        self.stage = stage;
    }

    /// Size of the picture on the stage.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.slice().map_or(
            Extent {
                columns: 1.0,
                rows: 1.0,
                aspect: 1.0,
            },
            |slice| Extent::of(&slice.meta),
        )
    }

    /// Camera on the picture.
    #[must_use]
    pub fn camera(&self) -> Camera {
        self.now()
            .camera
            .unwrap_or_else(|| Camera::fitting(self.extent()))
    }

    /// Image to stage.
    #[must_use]
    pub fn transform(&self) -> Transform {
        Transform::new(self.camera(), self.extent(), self.stage)
    }

    /// The window: chosen, or the file's first, or the usual one for the body part until the pixels
    /// are there (see [`Self::settle`]).
    #[must_use]
    pub fn window(&self) -> Window {
        self.now()
            .window
            .or_else(|| self.files_window())
            .unwrap_or(FALLBACK)
    }

    fn files_window(&self) -> Option<Window> {
        self.slice()?.meta.windows.first().map(|named| named.window)
    }

    /// The key of the CT preset that the window equals.
    #[must_use]
    pub fn preset(&self) -> Option<&'static str> {
        let window = self.window();
        CT_PRESETS
            .iter()
            .find(|preset| preset.window == window)
            .map(|preset| preset.key)
    }

    /// Shown as negative.
    #[must_use]
    pub fn inverted(&self) -> bool {
        self.now().invert
    }

    /// The pixels of the picture on the stage are there: takes a window from them when neither the
    /// reader nor the file gave one. Whether something changed.
    pub fn settle(&mut self, frame: &Frame) -> bool {
        if self.now().window.is_some() || self.files_window().is_some() {
            return false;
        }
        let Some(slice) = self.slice() else { return false };
        let window = Window::auto(
            frame.pixels(),
            &slice.meta.pixel_format(),
            slice.meta.pixel_padding,
        );
        self.change(|shown| shown.window = Some(window));
        true
    }

    /// Moves through the slices. Whether something changed.
    pub fn scroll(&mut self, by: i32) -> bool {
        let to = step(self.now().slice, by, self.len());
        self.show(Place {
            stack: self.stack,
            slice: to,
        })
    }

    /// Shows a place; one outside is brought inside. Whether something changed.
    pub fn show(&mut self, place: Place) -> bool {
        let Some(stack) = self.stacks.get(place.stack) else {
            return false;
        };
        let slice = place.slice.min(stack.slices.len().saturating_sub(1));
        let before = self.place();
        self.stack = place.stack;
        if before.stack == place.stack && before.slice != slice {
            self.forward = slice > before.slice;
        }
        self.change(|shown| shown.slice = slice);
        self.place() != before
    }

    /// Shows a picture if we have it. Whether we have.
    pub fn show_image(&mut self, image: &ImageRef) -> bool {
        let Some(place) = locate(&self.stacks, image) else {
            return false;
        };
        self.show(place);
        true
    }

    /// Chooses a window.
    pub fn set_window(&mut self, window: Window) {
        let finite = |value: f64, fallback: f64| if value.is_finite() { value } else { fallback };
        let window = Window {
            centre: finite(window.centre, FALLBACK.centre).clamp(-WIDTH_MAX, WIDTH_MAX),
            width: finite(window.width, FALLBACK.width).clamp(WIDTH_MIN, WIDTH_MAX),
        };
        self.change(|shown| shown.window = Some(window));
    }

    /// Changes the window by a drag: right widens, down raises the centre. A wide window moves faster.
    pub fn drag_window(&mut self, dx: f64, dy: f64) {
        let window = self.window();
        let speed = (window.width / 300.0).clamp(0.25, 16.0);
        self.set_window(Window {
            centre: (window.centre + dy * speed).round(),
            width: (window.width + dx * speed).round(),
        });
    }

    /// Negative and back.
    pub fn invert(&mut self) {
        self.change(|shown| shown.invert = !shown.invert);
    }

    /// Moves the picture by stage pixels.
    pub fn pan(&mut self, dx: f64, dy: f64) {
        let camera = self.camera().panned(dx, dy, self.extent(), self.stage);
        self.change(|shown| shown.camera = Some(camera));
    }

    /// Zooms about a stage point.
    pub fn zoom(&mut self, x: f64, y: f64, factor: f64) {
        let camera = self.camera().zoomed(x, y, factor, self.extent(), self.stage);
        self.change(|shown| shown.camera = Some(camera));
    }

    /// Zooms about the middle of the stage.
    pub fn zoom_middle(&mut self, factor: f64) {
        self.zoom(self.stage.width / 2.0, self.stage.height / 2.0, factor);
    }

    /// Window, zoom and negative as at first; the slice stays.
    pub fn reset(&mut self) {
        self.change(|shown| {
            *shown = Shown {
                slice: shown.slice,
                camera: None,
                window: None,
                invert: false,
            }
        });
    }

    /// What to tell the others.
    #[must_use]
    pub fn viewport(&self) -> Option<Viewport> {
        let (window, camera) = (self.window(), self.camera());
        Some(Viewport {
            image: self.image()?,
            centre: window.centre,
            width: window.width,
            zoom: camera.zoom,
            x: camera.middle.x,
            y: camera.middle.y,
        })
    }

    /// Shows what somebody else looks at. Whether we have the picture.
    pub fn follow(&mut self, viewport: &Viewport) -> bool {
        if !self.show_image(&viewport.image) {
            return false;
        }
        self.set_window(Window {
            centre: viewport.centre,
            width: viewport.width,
        });
        let camera = Camera {
            zoom: viewport.zoom,
            middle: Point {
                x: viewport.x,
                y: viewport.y,
            },
        };
        let camera = camera.kept(self.extent());
        self.change(|shown| shown.camera = Some(camera));
        true
    }

    fn now(&self) -> Shown {
        self.shown.get(self.stack).copied().unwrap_or(Shown {
            slice: 0,
            camera: None,
            window: None,
            invert: false,
        })
    }

    fn change(&mut self, change: impl FnOnce(&mut Shown)) {
        if let Some(shown) = self.shown.get_mut(self.stack) {
            change(shown);
        }
    }
}

#[cfg(test)]
mod tests;
