//! The socket: opening, sending, coming back.

use std::time::Duration;

use consilium_protocol::{
    codes,
    limits::{DIGEST_MS, OVERDUE_MS},
    live::{Annotation, CLOSE_EXPIRED, CLOSE_REVOKED, CLOSE_ROOM_CLOSED, Cursor, ImageRef},
};
use leptos::{ev, prelude::*};

use super::{
    Controls, Engine, now_ms,
    socket::{Socket, SocketEvent},
    warn,
};
use crate::{
    i18n::sentence,
    room::text::RoomTexts,
    viewer::{hand::Stroke, number::round_to},
};

/// Other clients forget the silent after 30 s.
const RENEW_MS: u64 = 15_000;
/// Points of a stroke in progress as the others see it: an awareness state is at most 16 KiB.
const SHOWN_POINTS: usize = 600;

/// Says regularly that one is here, and comes back at once when the network does.
pub(super) fn keep_awake(controls: Controls) {
    set_interval(
        move || {
            controls.with(|engine| {
                if let Some(frame) = engine.client.renew() {
                    engine.send(&[frame]);
                }
            });
        },
        Duration::from_millis(RENEW_MS),
    );
    set_interval(
        move || controls.with(Engine::look_again),
        Duration::from_millis(DIGEST_MS),
    );
    set_interval(
        move || {
            controls.with(|engine| {
                // Both look, whatever the first says.
                let (room, private) = (engine.client.overdue(), engine.private.client.overdue());
                if room || private {
                    engine.look_again();
                }
            });
        },
        Duration::from_millis(OVERDUE_MS),
    );
    // Lives as long as the page.
    let _ = window_event_listener(ev::online, move |_| {
        controls.with(|engine| {
            if !engine.client.connected() {
                engine.connect();
            }
            engine.private_online();
        });
    });
}

impl Engine {
    /// Asks for what may have been lost on the way; connects again when nothing is acknowledged any more.
    fn look_again(&mut self) {
        if let Some(frame) = self.client.digest() {
            self.send(&[frame]);
        }
        if self.client.stalled() {
            self.client.on_close();
            self.connect();
        }
        self.look_again_private();
        self.tell_saved();
    }

    /// Opens a socket; a socket that was there before is closed.
    pub(super) fn connect(&mut self) {
        if self.closed {
            return;
        }
        self.generation = self.generation.wrapping_add(1);
        let (controls, generation) = (self.controls, self.generation);
        self.socket = None;
        let opened = Socket::open(self.consultation, "live", move |event| {
            controls.with(move |engine| {
                if engine.generation == generation {
                    engine.on_socket(event);
                }
            });
        });
        match opened {
            Ok(socket) => self.socket = Some(socket),
            Err(error) => {
                leptos::logging::warn!("open the live room: {error:?}");
                self.come_back();
            }
        }
    }

    fn on_socket(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Open => {
                let frames = self.client.on_open();
                self.send(&frames);
            }
            SocketEvent::Frame(bytes) => {
                let outcomes = self.client.on_frame(&bytes);
                self.on_outcomes(outcomes);
            }
            SocketEvent::Closed(code) => self.on_closed(code),
        }
        self.tell_saved();
    }

    fn on_closed(&mut self, code: u16) {
        self.client.on_close();
        self.socket = None;
        self.call_cut();
        self.read_others();
        let words = RoomTexts::of(self.locale);
        let final_word = match code {
            CLOSE_EXPIRED => Some(words.closed_expired),
            CLOSE_REVOKED => Some(words.closed_revoked),
            CLOSE_ROOM_CLOSED => Some(words.closed_room),
            _ => None,
        };
        match final_word {
            Some(sentence) => {
                self.closed = true;
                self.tell(sentence);
                let lost = self.client.give_up();
                self.lose(lost);
                self.read_consultation();
            }
            None => self.come_back(),
        }
    }

    fn come_back(&mut self) {
        let wait_ms = self.backoff.next_ms(js_sys::Math::random());
        let (controls, generation) = (self.controls, self.generation);
        let wait = Duration::from_millis(u64::from(wait_ms.unsigned_abs()));
        set_timeout(
            move || {
                controls.with(move |engine| {
                    if engine.generation == generation {
                        engine.connect();
                    }
                });
            },
            wait,
        );
    }

    /// Sends frames; what cannot be sent now travels with the next sync.
    pub(super) fn send(&mut self, frames: &[Vec<u8>]) {
        let Some(socket) = &self.socket else { return };
        for frame in frames {
            if let Err(error) = socket.send(frame) {
                warn("send", Err(error));
                break;
            }
        }
    }

    /// Sends the frames of an edit and tells how safe it is, or why it was not made.
    pub(super) fn edited(&mut self, edit: Result<Vec<Vec<u8>>, consilium_collab::client::EditError>) -> bool {
        use consilium_collab::client::EditError;
        let words = RoomTexts::of(self.locale);
        match edit {
            Ok(frames) => {
                self.send(&frames);
                self.edits = self.edits.wrapping_add(1);
                self.read_document();
                self.tell_undo();
                self.tell_saved();
                true
            }
            Err(error) => {
                self.tell(match error {
                    EditError::NotReady => words.edit_not_ready,
                    EditError::NotAllowed => words.edit_not_allowed,
                    EditError::TooLong => words.edit_too_long,
                });
                false
            }
        }
    }

    /// Pointer, view or stroke changed: the others hear of it now or in the next frames.
    pub(super) fn tell_view(&mut self) {
        if self.awareness.changed(now_ms()) {
            self.send_awareness();
        }
    }

    pub(super) fn send_awareness(&mut self) {
        let image = self.viewing.image();
        let cursor = image.zip(self.cursor).map(|(image, at)| Cursor {
            image,
            x: round_to(at.x, 10.0),
            y: round_to(at.y, 10.0),
        });
        let drawing = self
            .arrow
            .as_ref()
            .or(self.stroke.as_ref())
            .map(|(image, stroke)| shown(*image, stroke));
        // Each frame carries the whole state, so the last one says everything.
        let following = self
            .follows()
            .then(|| self.room.presenter.get_untracked())
            .flatten();
        let writing = self.writing.map(|(_, writing)| writing);
        let frames = [
            self.client.set_cursor(cursor),
            self.client.set_viewport(self.viewing.viewport()),
            self.client.set_drawing(drawing),
            self.client.set_following(following),
            self.client.set_writing(writing),
        ];
        if let Some(frame) = frames.into_iter().flatten().next_back() {
            self.send(&[frame]);
        }
    }

    /// Sentence for a refusal.
    pub(super) fn refusal(&self, code: &str) -> String {
        let words = RoomTexts::of(self.locale);
        if code == codes::FORBIDDEN || code.starts_with("live.") {
            format!("{}：{}", words.refused, words.edit_not_allowed)
        } else {
            sentence(code, self.locale).to_owned()
        }
    }
}

/// A stroke in progress for the others: rounded, and thinned when it is long.
fn shown(image: ImageRef, stroke: &Stroke) -> Annotation {
    let step = stroke.points.len().div_ceil(SHOWN_POINTS).max(1);
    let last = stroke.points.last().filter(|_| step > 1);
    let points = stroke.points.iter().step_by(step).chain(last);
    Annotation {
        kind: stroke.kind,
        image,
        points: points
            .map(|point| [round_to(point.x, 10.0), round_to(point.y, 10.0)])
            .collect(),
        label: String::new(),
        at_ms: 0,
    }
}
