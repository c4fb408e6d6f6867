//! What the room's views draw and what they may ask for.

use consilium_collab::client::LostEdits;
use consilium_domain::{AccountId, SeriesId, permission::RoomRights};
use consilium_protocol::{consultation::Consultation, imaging::Series, page::Locale, session::Me};
use leptos::prelude::*;

use super::directory::Author;
use crate::viewer::{
    command::{Command, Tool},
    number::round_i32,
    overlay::{self, Edges, ScaleBar},
    stack,
    transform::Stage,
    view::Viewing,
};

/// Whether one's words are safe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SavedState {
    /// The room is being opened for the first time.
    #[default]
    Connecting,
    /// All durable on the server.
    Saved,
    /// On the way.
    Saving,
    /// No connection; so many edits are kept here.
    Offline(usize),
    /// The server cannot store now.
    ReadOnly,
    /// An edit was refused.
    Refused,
}

impl SavedState {
    /// Code in `data-state`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Connecting | Self::Offline(_) => "offline",
            Self::Saved => "saved",
            Self::Saving => "saving",
            Self::ReadOnly | Self::Refused => "refused",
        }
    }
}

/// Somebody in the room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seat {
    /// Account.
    pub id: AccountId,
    /// Who.
    pub author: Author,
}

/// Names an annotation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnnotationKey {
    /// Author.
    pub author: AccountId,
    /// Id, unique for the author.
    pub id: String,
}

/// An annotation in the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnnotationRow {
    /// Which.
    pub key: AnnotationKey,
    /// Who drew it; `None` when nobody in this room has met them.
    pub author: Option<Author>,
    /// Kind in words.
    pub kind: String,
    /// Value; may be empty.
    pub value: String,
    /// Text; may be empty.
    pub label: String,
    /// `Slice 15`.
    pub slice: String,
    /// Series.
    pub series: String,
    /// Time of day it was finished.
    pub time: String,
    /// Own.
    pub mine: bool,
}

/// Somebody else's draft opinion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DraftRow {
    /// Account.
    pub id: AccountId,
    /// Who, if known.
    pub author: Option<Author>,
    /// Text so far.
    pub text: String,
}

/// A line of the discussion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LineRow {
    /// Unique.
    pub id: String,
    /// Who, if known.
    pub author: Option<Author>,
    /// Text.
    pub text: String,
    /// Time of day.
    pub time: String,
}

/// A series in the strip.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeriesRow {
    /// Series.
    pub id: SeriesId,
    /// Title.
    pub title: String,
    /// Pictures.
    pub count: usize,
    /// Class of the colour of the institution that gave it.
    pub colour: &'static str,
    /// When it arrived, for the overlay.
    pub received: String,
}

/// How good the picture on the stage is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// Being fetched.
    #[default]
    Loading,
    /// All stored bits are here.
    Original,
    /// Could not be fetched.
    Failed,
}

/// What stands at the edges of the picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readout {
    /// Index of the series.
    pub stack: usize,
    /// Index of the slice.
    pub slice: usize,
    /// Slices of the series.
    pub count: usize,
    /// Axis and mm of the slice.
    pub position: Option<(char, f64)>,
    /// Window centre, rounded.
    pub centre: i32,
    /// Window width, rounded.
    pub width: i32,
    /// Key of the preset, if the window is one.
    pub preset: Option<&'static str>,
    /// A CT: presets make sense.
    pub ct: bool,
    /// Shown as negative.
    pub inverted: bool,
    /// Screen pixels per image pixel.
    pub scale: f64,
    /// Columns.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
    /// Scale bar.
    pub bar: Option<ScaleBar>,
    /// Orientation letters.
    pub edges: Edges,
    /// Quality.
    pub quality: Quality,
    /// The source is lossy.
    pub lossy: bool,
}

/// A tab of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Opinions.
    #[default]
    Opinions,
    /// Discussion.
    Discussion,
    /// The case.
    Case,
    /// Annotations as a list.
    Measurements,
}

impl Tab {
    /// In order.
    pub const ALL: [Self; 4] = [Self::Opinions, Self::Discussion, Self::Case, Self::Measurements];

    /// Code in ids.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opinions => "opinions",
            Self::Discussion => "discussion",
            Self::Case => "case",
            Self::Measurements => "measurements",
        }
    }
}

/// What the views may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Of the viewer.
    View(Command),
    /// The own draft reads so now.
    Draft(String),
    /// Submit and sign the draft.
    Submit {
        /// It differs from the majority.
        dissent: bool,
    },
    /// A line of the discussion.
    Say(String),
    /// Present, or stop presenting.
    Present(bool),
    /// End the session.
    End,
    /// The text of the arrow just drawn; `None` gives the arrow up.
    ArrowText(Option<String>),
    /// Show an annotation and select it.
    Jump(AnnotationKey),
    /// Put a citation of an annotation into the own draft.
    Cite(AnnotationKey),
    /// The notice was read.
    Dismiss,
    /// Fetch the slice again that failed.
    Retry,
}

/// Longest scale bar, stage pixels.
const BAR_PIXELS: f64 = 120.0;

/// The stage of the first render, before its size is known: that of a 1280 x 720 window.
const NOMINAL_STAGE: Stage = Stage {
    width: 812.0,
    height: 672.0,
};

/// The edges of what is on the stage; `None` without images.
#[must_use]
pub fn readout(viewing: &Viewing, quality: Quality) -> Option<Readout> {
    let slice = viewing.slice()?;
    let (meta, window, place, transform) = (
        &slice.meta,
        viewing.window(),
        viewing.place(),
        viewing.transform(),
    );
    Some(Readout {
        stack: place.stack,
        slice: place.slice,
        count: viewing.len(),
        position: overlay::position(meta),
        centre: round_i32(window.centre),
        width: round_i32(window.width),
        preset: viewing.preset(),
        ct: meta.modality == "CT",
        inverted: viewing.inverted(),
        scale: transform.scale_x,
        columns: meta.columns,
        rows: meta.rows,
        bar: overlay::scale_bar(meta, &transform, BAR_PIXELS),
        edges: overlay::edges(meta),
        quality,
        lossy: meta.lossy,
    })
}

/// All state that views draw.
#[derive(Clone, Copy)]
pub struct Room {
    /// Language.
    pub locale: Locale,
    /// The signed-in person.
    pub me: StoredValue<Me>,
    /// The consultation.
    pub consultation: RwSignal<Consultation>,
    /// Series in the strip.
    pub series: RwSignal<Vec<SeriesRow>>,
    /// Pictures that have arrived, by series.
    pub loaded: RwSignal<Vec<usize>>,
    /// What one may change.
    pub rights: RwSignal<RoomRights>,
    /// The document has been read: edits are possible.
    pub ready: RwSignal<bool>,
    /// Whether one's words are safe.
    pub saved: RwSignal<SavedState>,
    /// Who is here, oneself first.
    pub people: RwSignal<Vec<Seat>>,
    /// Who presents.
    pub presenter: RwSignal<Option<AccountId>>,
    /// Follows the presenter.
    pub following: RwSignal<bool>,
    /// Tool in the hand.
    pub tool: RwSignal<Tool>,
    /// Edges of the picture.
    pub readout: RwSignal<Readout>,
    /// All annotations.
    pub annotations: RwSignal<Vec<AnnotationRow>>,
    /// The selected one.
    pub selected: RwSignal<Option<AnnotationKey>>,
    /// Drafts of others.
    pub drafts: RwSignal<Vec<DraftRow>>,
    /// The own draft.
    pub draft: RwSignal<String>,
    /// The discussion.
    pub lines: RwSignal<Vec<LineRow>>,
    /// The open tab.
    pub tab: RwSignal<Tab>,
    /// The help is open.
    pub help: RwSignal<bool>,
    /// Something to tell, in words.
    pub notice: RwSignal<Option<String>>,
    /// Own edits that the room refused; kept here to be copied.
    pub lost: RwSignal<Option<LostEdits>>,
    /// Where on the stage the text of an arrow is being asked for.
    pub arrow_at: RwSignal<Option<(f64, f64)>>,
    /// A request to the server is under way.
    pub busy: RwSignal<bool>,
}

impl Room {
    /// The first render's state.
    #[must_use]
    pub fn new(consultation: Consultation, series: &[Series], me: Me, locale: Locale) -> Self {
        let rows = series_rows(series);
        let loaded = vec![0; rows.len()];
        let viewing = Viewing::new(stack::stacks(series), NOMINAL_STAGE);
        let readout = readout(&viewing, Quality::Loading).unwrap_or_default();
        let seat = Seat {
            id: me.account_id,
            author: super::directory::author(&me.display_name, &me.department, &me.institution, locale),
        };
        Self {
            locale,
            rights: RwSignal::new(consultation.room),
            consultation: RwSignal::new(consultation),
            series: RwSignal::new(rows),
            loaded: RwSignal::new(loaded),
            ready: RwSignal::new(false),
            saved: RwSignal::new(SavedState::Connecting),
            people: RwSignal::new(vec![seat]),
            presenter: RwSignal::new(None),
            following: RwSignal::new(true),
            tool: RwSignal::new(Tool::default()),
            readout: RwSignal::new(readout),
            annotations: RwSignal::new(Vec::new()),
            selected: RwSignal::new(None),
            drafts: RwSignal::new(Vec::new()),
            draft: RwSignal::new(String::new()),
            lines: RwSignal::new(Vec::new()),
            tab: RwSignal::new(Tab::default()),
            help: RwSignal::new(false),
            notice: RwSignal::new(None),
            lost: RwSignal::new(None),
            arrow_at: RwSignal::new(None),
            busy: RwSignal::new(false),
            me: StoredValue::new(me),
        }
    }
}

/// The rows of the strip: the same series in the same order as the viewer's stacks.
#[must_use]
pub fn series_rows(series: &[Series]) -> Vec<SeriesRow> {
    stack::stacks(series)
        .into_iter()
        .filter_map(|stack| {
            let of = series.iter().find(|series| series.id == stack.id)?;
            Some(SeriesRow {
                id: stack.id,
                count: stack.slices.len(),
                colour: crate::ui::badge::colour_class(&of.institution),
                received: of.received_at.display(),
                title: stack.title,
            })
        })
        .collect()
}

/// Sets a signal only when the value differs: nothing is drawn again for nothing.
pub fn set<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|now| *now != value) {
        signal.set(value);
    }
}
