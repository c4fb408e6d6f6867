//! The live room: images, people, opinions and discussion on one screen.
//!
//! The views draw [`model::Room`], a set of signals, and send [`model::Wish`]es. In the browser the
//! [`engine`] grants them: it owns the viewer's state, the local copy of the room document and the
//! socket, and updates the signals for slow things, the canvas and the SVG layer for fast ones.
//! On the server nothing but the first render happens.

pub mod backoff;
pub mod cite;
pub mod directory;
pub mod engine;
pub mod markup;
pub mod model;
pub mod text;
pub mod thread;
pub mod values;
pub mod views;

use consilium_protocol::page::{Page, View};
use leptos::{html, prelude::*, svg};

use self::{
    engine::Controls,
    model::{More, Room},
    views::{panel::Panel, stage::StageView, strip::Strip, top::TopBar},
};
use crate::context;

/// The live room of `page`. Draws nothing when the page is another one or nobody is signed in.
#[component]
pub fn RoomPage(
    /// The page; its view is [`View::Room`].
    page: Page,
) -> impl IntoView {
    let (
        View::Room {
            consultation,
            series,
            questions,
            templates,
            package,
            elements,
            requests,
            attachments,
            call_link,
        },
        Some(me),
    ) = (page.view, page.me)
    else {
        return ().into_any();
    };
    let locale = context::locale();
    let more = More {
        questions,
        templates,
        package,
        elements,
        requests,
        attachments,
        call_link,
    };
    let room = Room::new(*consultation, &series, me, locale, more);
    let controls = Controls::new();
    let canvas = NodeRef::<html::Canvas>::new();
    let layer = NodeRef::<svg::Svg>::new();
    let stored = StoredValue::new(series);
    Effect::new(move |started: Option<bool>| {
        if started == Some(true) {
            return true;
        }
        let (Some(canvas), Some(layer)) = (canvas.get(), layer.get()) else {
            return false;
        };
        controls.start(room, stored.get_value(), canvas, layer.into());
        true
    });
    view! {
        <div class="room">
            <TopBar room controls />
            <Strip room controls />
            <StageView room controls canvas layer />
            <Panel room controls />
        </div>
    }
    .into_any()
}
