//! Pointers and wheels of the stage.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, HtmlCanvasElement, PointerEvent, ResizeObserver, WheelEvent};

use super::{Controls, Engine, warn};
use crate::{
    room::model::AnnotationKey,
    viewer::{
        hand::{Action, Button, Held, Stroke, Touch},
        hit,
        transform::Stage,
    },
};

/// Measures the stage whenever its size changes.
pub(super) fn observe(controls: Controls, canvas: &HtmlCanvasElement) {
    let measured = canvas.clone();
    let resized = Closure::<dyn FnMut(JsValue)>::new(move |_| {
        let canvas = measured.clone();
        controls.with(move |engine| engine.measure_stage(&canvas));
    });
    match (
        ResizeObserver::new(resized.as_ref().unchecked_ref()),
        canvas.parent_element(),
    ) {
        (Ok(observer), Some(stage)) => observer.observe(&stage),
        _ => leptos::logging::warn!("the stage cannot be observed"),
    }
    // Lives as long as the page.
    resized.forget();
}

fn touch(event: &PointerEvent) -> (i32, f64, f64) {
    (
        event.pointer_id(),
        f64::from(event.client_x()),
        f64::from(event.client_y()),
    )
}

impl Controls {
    /// A pointer came down on the stage.
    pub fn pointer_down(self, event: &PointerEvent) {
        let button = match event.button() {
            1 => Button::Middle,
            2 => Button::Secondary,
            _ => Button::Primary,
        };
        if button == Button::Middle {
            // No automatic scrolling.
            event.prevent_default();
        }
        if let Some(stage) = event
            .current_target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        {
            warn(
                "capture the pointer",
                stage.set_pointer_capture(event.pointer_id()),
            );
        }
        let from = touch(event);
        self.with(move |engine| engine.press(from, button));
    }

    /// A pointer moved over the stage.
    pub fn pointer_move(self, event: &PointerEvent) {
        let from = touch(event);
        self.with(move |engine| engine.slide(from));
    }

    /// A pointer went up.
    pub fn pointer_up(self, event: &PointerEvent) {
        let from = touch(event);
        self.with(move |engine| {
            let at = engine.on_stage(from);
            if let Some(action) = engine.hand.lift(at) {
                engine.act(action);
            }
        });
    }

    /// The browser took a pointer away.
    pub fn pointer_lost(self, event: &PointerEvent) {
        let id = event.pointer_id();
        self.with(move |engine| {
            if let Some(action) = engine.hand.lost(id) {
                engine.act(action);
            }
        });
    }

    /// A pointer left the stage.
    pub fn pointer_left(self, _event: &PointerEvent) {
        self.with(|engine| {
            engine.cursor = None;
            engine.tell_view();
        });
    }

    /// The wheel turned over the stage.
    pub fn wheel(self, event: &WheelEvent) {
        event.prevent_default();
        let lines = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => 33.0,
            WheelEvent::DOM_DELTA_PAGE => 100.0,
            _ => 1.0,
        };
        let (dy, zoom) = (event.delta_y() * lines, event.ctrl_key() || event.meta_key());
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        self.with(move |engine| {
            let (x, y) = (x - engine.origin.0, y - engine.origin.1);
            if zoom {
                engine.act(Action::Zoom {
                    x,
                    y,
                    factor: (-dy * 0.002).clamp(-1.0, 1.0).exp(),
                });
            } else {
                let slices = engine.wheel.turn(dy);
                engine.act(Action::Scroll(slices));
            }
        });
    }
}

impl Engine {
    /// Reads size and place of the stage from the page.
    pub(super) fn measure_stage(&mut self, canvas: &HtmlCanvasElement) {
        let Some(stage) = canvas.parent_element() else {
            return;
        };
        let rect = stage.get_bounding_client_rect();
        self.origin = (rect.left(), rect.top());
        let size = Stage {
            width: rect.width().max(1.0),
            height: rect.height().max(1.0),
        };
        self.viewing.resize(size);
        self.picture
            .resize(size, window().device_pixel_ratio().clamp(1.0, 4.0));
        self.dirty.picture = true;
    }

    fn on_stage(&self, (id, x, y): (i32, f64, f64)) -> Touch {
        Touch {
            id,
            x: x - self.origin.0,
            y: y - self.origin.1,
        }
    }

    fn press(&mut self, from: (i32, f64, f64), button: Button) {
        let held = Held {
            tool: self.room.tool.get_untracked(),
            button,
            space: self.space,
            may_draw: self.may_draw() && self.viewing.image().is_some() && self.arrow.is_none(),
        };
        self.pen = None;
        let at = self.on_stage(from);
        if let Some(action) = self.hand.press(at, held, &self.viewing.transform()) {
            self.act(action);
        }
    }

    fn slide(&mut self, from: (i32, f64, f64)) {
        let at = self.on_stage(from);
        let transform = self.viewing.transform();
        self.cursor = Some(transform.to_image(at.x, at.y));
        for action in self.hand.slide(at, &transform) {
            self.act(action);
        }
        self.tell_view();
    }

    /// Does what a movement means.
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Window { dx, dy } => {
                self.viewing.drag_window(dx, dy);
                self.moved();
            }
            Action::Pan { dx, dy } => {
                self.viewing.pan(dx, dy);
                self.moved();
            }
            Action::Zoom { x, y, factor } => {
                self.viewing.zoom(x, y, factor);
                self.moved();
            }
            Action::Scroll(slices) => {
                if slices != 0 && self.viewing.scroll(slices) {
                    self.turned();
                }
            }
            Action::Stroke(stroke) => self.draw_stroke(Some(stroke)),
            Action::Finish(stroke) => self.finish(stroke),
            Action::Abort => self.draw_stroke(None),
            Action::Click { x, y } => {
                let key = self.under(x, y);
                self.select(key);
            }
        }
    }

    /// The annotation under a stage point.
    fn under(&self, x: f64, y: f64) -> Option<AnnotationKey> {
        let image = self.viewing.image()?;
        let here = self
            .annotations
            .iter()
            .filter(|placed| placed.annotation.image == image);
        let keyed = here.map(|placed| {
            (
                AnnotationKey {
                    author: placed.author,
                    id: placed.id.clone(),
                },
                &placed.annotation,
            )
        });
        hit::nearest(keyed, &self.viewing.transform(), x, y)
    }

    /// The stroke in progress is this now.
    pub(super) fn draw_stroke(&mut self, stroke: Option<Stroke>) {
        self.stroke = self.viewing.image().zip(stroke);
        self.dirty.layer = true;
        self.tell_view();
    }

    /// The reader changed window, zoom or place on the stage.
    pub(super) fn moved(&mut self) {
        self.leave_presenter();
        self.dirty.picture = true;
        self.tell_view();
    }

    /// The reader turned to another slice: a stroke belongs to one picture only.
    pub(super) fn turned(&mut self) {
        if self.hand.cancel().is_some() || self.stroke.is_some() {
            self.draw_stroke(None);
        }
        self.pen = None;
        self.cursor = None;
        self.plan();
        self.moved();
    }
}
