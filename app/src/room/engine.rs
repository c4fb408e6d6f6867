//! Grants the wishes of the views in the browser: owns the viewer's state, the local copy of the room
//! document and the socket. Signals are set for slow things; canvas and SVG layer are drawn once a
//! frame, only when something on them changed.

mod call;
mod draw;
mod http;
mod keep;
mod keys;
mod live;
mod load;
mod outcome;
mod past;
mod people;
mod pointer;
mod private;
mod rows;
mod socket;
mod store;
mod talk;
mod wish;

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use consilium_collab::{
    client::ClientRoom,
    document::{Hidden, PlacedAnnotation},
};
use consilium_domain::{AccountId, ConsultationId};
use consilium_imaging::geometry::Point;
use consilium_protocol::{
    imaging::Series,
    live::{AwarenessState, ImageRef, Viewport, Writing},
    page::Locale,
};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlCanvasElement};

use self::{draw::MarkKey, keep::Keeper, private::Private, rows::Readings, socket::Socket};
use super::{
    backoff::Backoff,
    directory::Directory,
    model::{AnnotationKey, Room, Wish, set},
};
use crate::viewer::{
    browser::{layer::Layer, loader::Loader, picture::Picture},
    cache,
    command::Tool,
    hand::{Hand, Stroke, Wheel},
    pen::Pen,
    stack::stacks,
    throttle::{AWARENESS_EVERY_MS, Throttle},
    transform::Stage,
    view::Viewing,
};

/// The way from the views to the engine. Does nothing before the engine runs, as on the server.
#[derive(Clone, Copy)]
pub struct Controls(StoredValue<Option<Rc<RefCell<Engine>>>, LocalStorage>);

impl Default for Controls {
    fn default() -> Self {
        Self::new()
    }
}

impl Controls {
    /// Not connected to an engine yet.
    #[must_use]
    pub fn new() -> Self {
        Self(StoredValue::new_local(None))
    }

    /// Asks for something.
    pub fn ask(self, wish: Wish) {
        self.with(move |engine| engine.grant(wish));
    }

    /// The slice on which a series was left; `None` before the engine runs.
    #[must_use]
    pub fn last_slice(self, stack: usize) -> Option<usize> {
        let engine = self.0.try_get_value().flatten()?;
        engine.try_borrow().ok()?.viewing.slice_of(stack)
    }

    fn engine(self) -> Option<Rc<RefCell<Engine>>> {
        self.0.try_get_value().flatten()
    }

    /// Something of one's own is not yet durable.
    fn unsaved(self) -> bool {
        self.engine()
            .is_some_and(|engine| engine.try_borrow().is_ok_and(|engine| engine.has_unsaved()))
    }

    /// Starts the engine on the elements of the stage.
    pub(super) fn start(self, room: Room, series: Vec<Series>, canvas: HtmlCanvasElement, layer: Element) {
        match Engine::new(self, room, &series, &canvas, &layer) {
            Ok(engine) => {
                self.0.set_value(Some(Rc::new(RefCell::new(engine))));
                pointer::observe(self, &canvas);
                keys::listen(self);
                live::keep_awake(self);
                self.with(move |engine| {
                    engine.measure_stage(&canvas);
                    engine.plan();
                });
                keep::enter(self);
            }
            Err(error) => leptos::logging::error!("the room could not start: {error:?}"),
        }
    }

    /// Runs `act` on the engine and draws what changed. An act that comes while another runs (the
    /// browser calls some handlers from inside our own calls) waits for it.
    fn with(self, act: impl FnOnce(&mut Engine) + 'static) {
        let Some(engine) = self.0.try_get_value().flatten() else {
            return;
        };
        match engine.try_borrow_mut() {
            Ok(mut engine) => {
                act(&mut engine);
                engine.request_frame();
            }
            Err(_) => leptos::task::spawn_local(async move { self.with(act) }),
        };
    }
}

/// What must be drawn again.
#[derive(Clone, Copy, Debug, Default)]
struct Dirty {
    picture: bool,
    layer: bool,
}

struct Engine {
    controls: Controls,
    room: Room,
    me: AccountId,
    consultation: ConsultationId,
    locale: Locale,

    viewing: Viewing,
    /// Stage position in the window.
    origin: (f64, f64),
    hand: Hand,
    wheel: Wheel,
    pen: Option<Pen>,
    space: bool,
    /// The stroke in progress and its picture.
    stroke: Option<(ImageRef, Stroke)>,
    /// A drawn arrow that waits for its text.
    arrow: Option<(ImageRef, Stroke)>,
    /// The own pointer, image coordinates.
    cursor: Option<Point>,
    picture: Picture,
    layer: Layer<MarkKey>,
    loader: Loader,
    readings: Readings,

    client: ClientRoom,
    socket: Option<Socket>,
    /// Counts sockets, so that a late event of an old one is known as such.
    generation: u32,
    backoff: Backoff,
    /// The room was entered: the first connection was begun.
    entered: bool,
    private: Private,
    keeper: Keeper,
    /// Own edits made by this page.
    edits: u64,
    awareness: Throttle,
    others: Vec<(u64, AwarenessState)>,
    directory: Directory,
    annotations: Vec<PlacedAnnotation>,
    /// What the lead has hidden.
    hidden: BTreeSet<Hidden>,
    /// The own draft as the document last had it.
    known_draft: String,
    /// Both documents have been read: it is known where the draft is.
    draft_chosen: bool,
    /// What the presenter's pages last showed.
    followed: HashMap<u64, Viewport>,
    /// The own view from before following, to come back to.
    own_view: Option<Viewport>,
    /// When one last wrote, and where; others see it for a while.
    writing: Option<(f64, Writing)>,
    was_connected: bool,
    refused: bool,
    /// The server closed the room for us: do not come back.
    closed: bool,

    call: call::Call,
    /// The history, while it is open.
    history: Option<past::History>,
    dirty: Dirty,
    frame_requested: bool,
}

impl Engine {
    fn new(
        controls: Controls,
        room: Room,
        series: &[Series],
        canvas: &HtmlCanvasElement,
        layer: &Element,
    ) -> Result<Self, JsValue> {
        let me = room.me.get_value();
        let touch = coarse_pointer();
        if touch {
            // One finger scrolls until another tool is taken.
            room.tool.set(Tool::Scroll);
        }
        let limit_bytes = if touch {
            cache::TABLET_BYTES
        } else {
            cache::DESKTOP_BYTES
        };
        let mut directory = Directory::new(&me, room.locale);
        let consultation = room.consultation.with_untracked(|consultation| {
            for person in &consultation.people {
                directory.meet(person);
            }
            for opinion in &consultation.opinions {
                directory.read(opinion);
            }
            consultation.row.id
        });
        Ok(Self {
            controls,
            room,
            me: me.account_id,
            consultation,
            locale: room.locale,
            viewing: Viewing::new(
                stacks(series),
                Stage {
                    width: 1.0,
                    height: 1.0,
                },
            ),
            origin: (0.0, 0.0),
            hand: Hand::default(),
            wheel: Wheel::default(),
            pen: None,
            space: false,
            stroke: None,
            arrow: None,
            cursor: None,
            picture: Picture::new(canvas.clone())?,
            layer: Layer::new(layer)?,
            loader: Loader::new(limit_bytes),
            readings: Readings::default(),
            client: ClientRoom::new(random_client_id(), me.account_id),
            socket: None,
            generation: 0,
            backoff: Backoff::default(),
            entered: false,
            private: Private::new(random_client_id(), me.account_id),
            keeper: Keeper::default(),
            edits: 0,
            awareness: Throttle::new(AWARENESS_EVERY_MS),
            others: Vec::new(),
            directory,
            annotations: Vec::new(),
            hidden: BTreeSet::new(),
            known_draft: String::new(),
            draft_chosen: false,
            followed: HashMap::new(),
            own_view: None,
            writing: None,
            was_connected: false,
            refused: false,
            closed: false,
            call: call::Call::default(),
            history: None,
            dirty: Dirty {
                picture: true,
                layer: true,
            },
            frame_requested: false,
        })
    }

    /// Asks the browser for a frame when there is something to draw or to send.
    fn request_frame(&mut self) {
        let needed = self.dirty.picture || self.dirty.layer || self.awareness.waiting();
        if needed && !self.frame_requested {
            self.frame_requested = true;
            let controls = self.controls;
            request_animation_frame(move || controls.with(Self::frame));
        }
    }

    fn frame(&mut self) {
        self.frame_requested = false;
        let dirty = std::mem::take(&mut self.dirty);
        if dirty.picture {
            self.draw_picture();
            self.tell_readout();
        }
        if dirty.picture || dirty.layer {
            self.draw_layer();
        }
        if self.awareness.due(now_ms()) {
            self.send_awareness();
        }
    }

    fn may_draw(&self) -> bool {
        self.client.ready() && self.client.rights().annotate && self.history.is_none()
    }

    fn select(&mut self, key: Option<AnnotationKey>) {
        set(self.room.selected, key);
        self.dirty.layer = true;
    }

    fn tell(&self, notice: impl Into<String>) {
        self.room.notice.set(Some(notice.into()));
    }
}

/// Milliseconds since the page was opened.
fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Milliseconds since the epoch by the reader's clock.
fn clock_f64() -> f64 {
    js_sys::Date::now()
}

/// [`clock_f64`] as a whole number.
fn clock_ms() -> i64 {
    crate::viewer::number::round_i64(clock_f64())
}

/// The main pointer is a finger.
fn coarse_pointer() -> bool {
    window()
        .match_media("(pointer: coarse)")
        .ok()
        .flatten()
        .is_some_and(|media| media.matches())
}

/// A client id for this page load: 53 random bits.
fn random_client_id() -> u64 {
    let random = (js_sys::Math::random() * 9_007_199_254_740_992.0).floor();
    u64::try_from(crate::viewer::number::round_i64(random))
        .unwrap_or(1)
        .max(1)
}

/// A warning for whoever looks at the console; the page goes on.
fn warn(what: &str, result: Result<(), JsValue>) {
    if let Err(error) = result {
        leptos::logging::warn!("{what}: {error:?}");
    }
}
