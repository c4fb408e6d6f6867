//! What the room's views draw, and ([`wish`]) what they may ask for.

mod wish;

use consilium_collab::client::LostEdits;
use consilium_domain::{AccountId, SeriesId, permission::RoomRights};
use consilium_protocol::{
    consultation::Consultation,
    imaging::Series,
    live::{Citation, Media, Writing},
    page::Locale,
    preparation::{DataRequest, FormElement, Package},
    room::{Attachment, OpinionTemplate, Question},
    session::Me,
};
use leptos::prelude::*;

pub use self::wish::{CallWish, PastWish, Wish};
use super::{
    directory::Author,
    values::{self, ValueRow},
};
use crate::pages::data::names::Names;
use crate::viewer::{
    command::Tool,
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
    /// So many edits are on the way.
    Saving(usize),
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
            Self::Saving(_) => "saving",
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
    /// Place in the order of raised hands, from 1; 0 while the hand is down.
    pub hand: usize,
    /// Whose view they follow.
    pub follows: Option<AccountId>,
    /// They are writing.
    pub writing: Option<Writing>,
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
    /// The lead has hidden it.
    pub hidden: bool,
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
    /// Who wrote it.
    pub author_id: AccountId,
    /// Id, unique for the author.
    pub line_id: String,
    /// Who, if known.
    pub author: Option<Author>,
    /// Text.
    pub text: String,
    /// Time of day.
    pub time: String,
    /// It answers the line above it.
    pub answer: bool,
    /// What it points at.
    pub cites: Vec<Citation>,
    /// Own.
    pub mine: bool,
    /// It addresses the reader.
    pub to_me: bool,
    /// The lead has hidden it.
    pub hidden: bool,
}

/// A line to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Text.
    pub text: String,
    /// Id of the line it answers; empty when it begins something.
    pub reply_to: String,
    /// What it points at.
    pub cites: Vec<Citation>,
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
    /// Private notes.
    Notes,
}

impl Tab {
    /// In order.
    pub const ALL: [Self; 5] = [
        Self::Opinions,
        Self::Discussion,
        Self::Case,
        Self::Measurements,
        Self::Notes,
    ];

    /// Code in ids.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opinions => "opinions",
            Self::Discussion => "discussion",
            Self::Case => "case",
            Self::Measurements => "measurements",
            Self::Notes => "notes",
        }
    }
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

/// The history while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Steps shown.
    pub step: usize,
    /// Steps there are.
    pub steps: usize,
    /// When the last step shown was taken.
    pub time: String,
    /// Whose it is.
    pub author: String,
    /// What it did.
    pub did: String,
    /// Goes on by itself.
    pub playing: bool,
    /// All steps have been read.
    pub complete: bool,
}

/// Somebody in the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Connection.
    pub peer: u64,
    /// Name.
    pub name: String,
    /// Class of the institution's colour.
    pub colour: &'static str,
    /// What they send.
    pub media: Media,
    /// This page.
    pub own: bool,
}

/// The call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallState {
    /// This page is in it.
    pub inside: bool,
    /// What this page sends.
    pub media: Media,
    /// Everybody in it.
    pub tiles: Vec<Tile>,
}

/// What the page brings beside the consultation and its images.
#[derive(Clone, Debug, Default)]
pub struct More {
    /// Questions of the session.
    pub questions: Vec<Question>,
    /// Skeletons of opinions.
    pub templates: Vec<OpinionTemplate>,
    /// The case package.
    pub package: Option<Box<Package>>,
    /// What institutions have asked each other for.
    pub requests: Vec<DataRequest>,
    /// Names of elements.
    pub elements: Vec<FormElement>,
    /// Documents and pictures added in the session.
    pub attachments: Vec<Attachment>,
    /// Conference in the hospital's own system.
    pub call_link: Option<String>,
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
    /// Own edits that the room refused; kept to be copied until their author closes the list.
    pub lost: RwSignal<Vec<LostEdits>>,
    /// There is something to take back; something to do again.
    pub undo: RwSignal<(bool, bool)>,
    /// The own hand is up.
    pub hand: RwSignal<bool>,
    /// The others see the own draft as it is written.
    pub sharing: RwSignal<bool>,
    /// Skeletons of opinions.
    pub templates: StoredValue<Vec<OpinionTemplate>>,
    /// The history, while it is open.
    pub past: RwSignal<Option<Past>>,
    /// The call.
    pub call: RwSignal<CallState>,
    /// Conference in the hospital's own system; instead of the call.
    pub call_link: StoredValue<Option<String>>,
    /// Questions of the session.
    pub questions: RwSignal<Vec<Question>>,
    /// Rows of the case package.
    pub values: RwSignal<Vec<ValueRow>>,
    /// Version of the case package; 0 while there is none.
    pub package_version: RwSignal<i32>,
    /// What institutions have asked each other for.
    pub requests: RwSignal<Vec<DataRequest>>,
    /// Documents and pictures added in the session.
    pub attachments: RwSignal<Vec<Attachment>>,
    /// Names of elements.
    pub names: Names,
    /// What the line being written points at.
    pub cites: RwSignal<Vec<Citation>>,
    /// What is clicked is cited in the discussion, not in the opinion.
    pub cite_line: RwSignal<bool>,
    /// The line that is being answered: its id, its author's name.
    pub reply: RwSignal<Option<(String, String)>>,
    /// What a citation led to.
    pub lit: RwSignal<Option<String>>,
    /// The private notes.
    pub notes: RwSignal<String>,
    /// Notes may be written.
    pub may_note: RwSignal<bool>,
    /// Where on the stage the text of an arrow is being asked for.
    pub arrow_at: RwSignal<Option<(f64, f64)>>,
    /// A request to the server is under way.
    pub busy: RwSignal<bool>,
}

impl Room {
    /// The first render's state.
    #[must_use]
    pub fn new(consultation: Consultation, series: &[Series], me: Me, locale: Locale, more: More) -> Self {
        let names = Names::provide(more.elements);
        let rows = series_rows(series);
        let loaded = vec![0; rows.len()];
        let viewing = Viewing::new(stack::stacks(series), NOMINAL_STAGE);
        let readout = readout(&viewing, Quality::Loading).unwrap_or_default();
        let seat = Seat {
            id: me.account_id,
            author: super::directory::author(&me.display_name, &me.department, &me.institution, locale),
            hand: 0,
            follows: None,
            writing: None,
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
            lost: RwSignal::new(Vec::new()),
            undo: RwSignal::new((false, false)),
            hand: RwSignal::new(false),
            sharing: RwSignal::new(true),
            templates: StoredValue::new(more.templates),
            past: RwSignal::new(None),
            call: RwSignal::new(CallState::default()),
            call_link: StoredValue::new(more.call_link),
            questions: RwSignal::new(more.questions),
            values: RwSignal::new(
                more.package
                    .as_ref()
                    .map(|package| values::rows(package, names, locale))
                    .unwrap_or_default(),
            ),
            package_version: RwSignal::new(more.package.map_or(0, |package| package.version)),
            requests: RwSignal::new(more.requests),
            attachments: RwSignal::new(more.attachments),
            names,
            cites: RwSignal::new(Vec::new()),
            cite_line: RwSignal::new(false),
            reply: RwSignal::new(None),
            lit: RwSignal::new(None),
            notes: RwSignal::new(String::new()),
            may_note: RwSignal::new(false),
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
