//! What a finished annotation, a stroke in progress and a discussion line may look like.

use consilium_protocol::live::{Annotation, AnnotationKind, Citation, DiscussionLine};
use yrs::Any;

use crate::document::owner_key;

/// Points of one annotation.
pub const POINTS_MAX: usize = 4096;
/// Characters of an annotation's label.
pub const LABEL_CHARS_MAX: usize = 500;
/// Characters of a discussion line.
pub const LINE_CHARS_MAX: usize = 2000;
/// Bytes of an annotation or line id.
pub const ID_BYTES_MAX: usize = 64;
/// UTF-16 units of a draft opinion. Wider than a submitted one, which has a limit of its own.
pub const OPINION_UNITS_MAX: u32 = 20_000;
/// UTF-16 units of private notes.
pub const NOTES_UNITS_MAX: u32 = 20_000;
/// People addressed in one discussion line.
pub const MENTIONS_MAX: usize = 20;
/// Things cited in one discussion line.
pub const CITES_MAX: usize = 10;
/// Characters of how a citation reads.
pub const CITE_CHARS_MAX: usize = 200;
/// Characters of what a citation points at.
pub const REFERENCE_CHARS_MAX: usize = 300;
/// Things the lead may hide in one room, and the presenter.
pub const SESSION_KEYS_MAX: u32 = 5001;
/// Annotations of one person in one room.
pub const ANNOTATIONS_MAX: u32 = 2000;
/// Discussion lines of one person in one room.
pub const LINES_MAX: u32 = 5000;

/// Whether an id may be used for an annotation or a line.
#[must_use]
pub fn id_is_sound(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control)
}

/// Whether an annotation is within the limits: finite points, as many as its kind allows.
#[must_use]
pub fn annotation_is_sound(annotation: &Annotation) -> bool {
    let points = annotation.points.len();
    let enough = match annotation.kind {
        AnnotationKind::Length | AnnotationKind::Arrow => points == 2,
        AnnotationKind::Freehand => (1..=POINTS_MAX).contains(&points),
    };
    enough
        && annotation
            .points
            .iter()
            .all(|[x, y]| x.is_finite() && y.is_finite())
        && annotation.label.chars().count() <= LABEL_CHARS_MAX
}

/// Whether a stroke in progress is within the limits; it may have any number of points yet.
#[must_use]
pub fn stroke_is_sound(stroke: &Annotation) -> bool {
    stroke.points.len() <= POINTS_MAX
        && stroke.points.iter().all(|[x, y]| x.is_finite() && y.is_finite())
        && stroke.label.chars().count() <= LABEL_CHARS_MAX
}

/// Whether a discussion line is within the limits.
#[must_use]
pub fn line_is_sound(line: &DiscussionLine) -> bool {
    id_is_sound(&line.id)
        && line.text.chars().count() <= LINE_CHARS_MAX
        && (line.reply_to.is_empty() || id_is_sound(&line.reply_to))
        && line.mentions.len() <= MENTIONS_MAX
        && line.cites.len() <= CITES_MAX
        && line.cites.iter().all(citation_is_sound)
}

/// Whether a citation is within the limits.
#[must_use]
pub fn citation_is_sound(citation: &Citation) -> bool {
    citation.text.chars().count() <= CITE_CHARS_MAX
        && (1..=REFERENCE_CHARS_MAX).contains(&citation.reference.chars().count())
}

fn number(any: &Any) -> Option<f64> {
    match any {
        Any::Number(n) => n.as_f64().filter(|x| x.is_finite()),
        _ => None,
    }
}

fn text_within(any: Option<&Any>, chars_max: usize) -> bool {
    match any {
        None | Some(Any::Null | Any::Undefined) => true,
        Some(Any::String(text)) => text.chars().count() <= chars_max,
        Some(_) => false,
    }
}

fn number_or_nothing(any: Option<&Any>) -> bool {
    any.is_none_or(|any| number(any).is_some())
}

fn is_point(any: &Any) -> bool {
    match any {
        Any::Array(pair) => pair.len() == 2 && pair.iter().all(|x| number(x).is_some()),
        _ => false,
    }
}

/// Whether a stored value is an annotation, with more fields perhaps. References to pictures are not
/// resolved here: readers skip an annotation of a picture they do not know.
pub(crate) fn is_annotation(any: &Any) -> bool {
    let Any::Map(entry) = any else { return false };
    let Some(Any::String(kind)) = entry.get("kind") else {
        return false;
    };
    let counts = match &**kind {
        "length" | "arrow" => 2..=2,
        "freehand" => 1..=POINTS_MAX,
        _ => return false,
    };
    let points = match entry.get("points") {
        Some(Any::Array(points)) => counts.contains(&points.len()) && points.iter().all(is_point),
        _ => false,
    };
    let image = match entry.get("image") {
        Some(Any::Map(image)) => {
            let named = |key| {
                matches!(image.get(key), Some(Any::String(_))) && text_within(image.get(key), ID_BYTES_MAX)
            };
            named("series") && named("instance") && number_or_nothing(image.get("frame"))
        }
        _ => false,
    };
    points
        && image
        && text_within(entry.get("label"), LABEL_CHARS_MAX)
        && number_or_nothing(entry.get("at_ms"))
}

/// Whether a stored value is a discussion line, with more fields perhaps.
pub(crate) fn is_line(any: &Any) -> bool {
    let Any::Map(entry) = any else { return false };
    matches!(entry.get("text"), Some(Any::String(_)))
        && text_within(entry.get("text"), LINE_CHARS_MAX)
        && text_within(entry.get("id"), ID_BYTES_MAX)
        && number_or_nothing(entry.get("at_ms"))
        && text_within(entry.get("reply_to"), ID_BYTES_MAX)
        && list_within(entry.get("mentions"), MENTIONS_MAX, is_account)
        && list_within(entry.get("cites"), CITES_MAX, is_citation)
}

fn list_within(any: Option<&Any>, most: usize, sound: impl Fn(&Any) -> bool) -> bool {
    match any {
        None | Some(Any::Null | Any::Undefined) => true,
        Some(Any::Array(items)) => items.len() <= most && items.iter().all(sound),
        Some(_) => false,
    }
}

fn is_account(any: &Any) -> bool {
    matches!(any, Any::String(id) if owner_key(id).is_some())
}

fn is_citation(any: &Any) -> bool {
    let Any::Map(entry) = any else { return false };
    let known = match entry.get("kind") {
        Some(Any::String(kind)) => matches!(&**kind, "annotation" | "element" | "opinion"),
        _ => false,
    };
    let reference = match entry.get("reference") {
        Some(Any::String(reference)) => (1..=REFERENCE_CHARS_MAX).contains(&reference.chars().count()),
        _ => false,
    };
    known
        && reference
        && matches!(entry.get("text"), Some(Any::String(_)))
        && text_within(entry.get("text"), CITE_CHARS_MAX)
}

/// Whether a stored value names a presenter or nobody.
pub(crate) fn is_presenter(any: &Any) -> bool {
    match any {
        Any::Null | Any::Undefined => true,
        Any::String(id) => owner_key(id).is_some(),
        _ => false,
    }
}
