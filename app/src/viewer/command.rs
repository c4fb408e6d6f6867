//! What can be asked of the viewer by button, menu or key, and which keys ask for what.

use consilium_imaging::{presets::CT_PRESETS, render::Window};
use consilium_protocol::live::AnnotationKind;

use super::stack::Place;

/// What the primary button or one finger does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tool {
    /// Window width (across) and centre (down).
    #[default]
    Window,
    /// Through the slices.
    Scroll,
    /// Moves the picture.
    Pan,
    /// Grows and shrinks the picture.
    Zoom,
    /// Draws a length.
    Length,
    /// Draws an arrow with text.
    Arrow,
    /// Draws a closed region.
    Freehand,
}

impl Tool {
    /// Every tool in the order of the bar.
    pub const ALL: [Self; 7] = [
        Self::Window,
        Self::Scroll,
        Self::Pan,
        Self::Zoom,
        Self::Length,
        Self::Arrow,
        Self::Freehand,
    ];

    /// Stable code, also in `data-testid="tool-<code>"`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Scroll => "scroll",
            Self::Pan => "pan",
            Self::Zoom => "zoom",
            Self::Length => "length",
            Self::Arrow => "arrow",
            Self::Freehand => "freehand",
        }
    }

    /// The key that takes it.
    #[must_use]
    pub const fn key(self) -> char {
        match self {
            Self::Window => 'w',
            Self::Scroll => 's',
            Self::Pan => 'p',
            Self::Zoom => 'z',
            Self::Length => 'l',
            Self::Arrow => 'a',
            Self::Freehand => 'r',
        }
    }

    /// What it draws, if it draws.
    #[must_use]
    pub const fn draws(self) -> Option<AnnotationKind> {
        match self {
            Self::Length => Some(AnnotationKind::Length),
            Self::Arrow => Some(AnnotationKind::Arrow),
            Self::Freehand => Some(AnnotationKind::Freehand),
            Self::Window | Self::Scroll | Self::Pan | Self::Zoom => None,
        }
    }
}

/// How many presets have a number key.
pub const PRESET_KEYS: usize = 6;

/// A wish of the reader.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Take a tool.
    Tool(Tool),
    /// Move through the slices.
    Scroll(i32),
    /// Show this slice of the present series.
    Slice(usize),
    /// Show a place.
    Show(Place),
    /// Show the first slice.
    First,
    /// Show the last slice.
    Last,
    /// Take a window.
    Window(Window),
    /// Move centre and widen by steps.
    Nudge {
        /// Steps of the centre.
        centre: f64,
        /// Steps of the width.
        width: f64,
    },
    /// Turn to the negative and back.
    Invert,
    /// Window, zoom and place on the stage as at first.
    Reset,
    /// Zoom about the middle.
    Zoom(f64),
    /// Give up the stroke, then the selection, then the open help.
    Cancel,
    /// Delete the selected own annotation.
    Delete,
    /// Show or hide the help.
    Help,
    /// Follow the presenter, or stop.
    Follow,
    /// Start drawing by keyboard, or set a point.
    Pen,
    /// Move the keyboard pen by stage pixels.
    PenMove {
        /// Across.
        dx: f64,
        /// Down.
        dy: f64,
    },
}

/// A key as the browser names it.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// `KeyboardEvent.key`.
    pub name: &'a str,
    /// Control, command or alt is held: then it belongs to the browser.
    pub modified: bool,
    /// Shift is held.
    pub shift: bool,
    /// The keyboard pen is out: arrows move it.
    pub pen: bool,
}

/// Pages of `PageUp` and `PageDown`, slices.
const PAGE: i32 = 10;

/// What a key asks for while the pointer is on the stage or nothing is being typed.
#[must_use]
pub fn of_key(key: Key<'_>) -> Option<Command> {
    if key.modified {
        return None;
    }
    if key.pen
        && let Some((dx, dy)) = arrow(key.name)
    {
        let pixels = if key.shift { 10.0 } else { 1.0 };
        return Some(Command::PenMove {
            dx: dx * pixels,
            dy: dy * pixels,
        });
    }
    Some(match key.name {
        "ArrowDown" | "ArrowRight" => Command::Scroll(1),
        "ArrowUp" | "ArrowLeft" => Command::Scroll(-1),
        "PageDown" => Command::Scroll(PAGE),
        "PageUp" => Command::Scroll(-PAGE),
        "Home" => Command::First,
        "End" => Command::Last,
        "Escape" => Command::Cancel,
        "Delete" | "Backspace" => Command::Delete,
        "Enter" => Command::Pen,
        "?" => Command::Help,
        "+" | "=" => Command::Zoom(1.25),
        "-" => Command::Zoom(0.8),
        "0" => Command::Reset,
        "[" => Command::Nudge {
            centre: -1.0,
            width: 0.0,
        },
        "]" => Command::Nudge {
            centre: 1.0,
            width: 0.0,
        },
        "{" => Command::Nudge {
            centre: 0.0,
            width: -1.0,
        },
        "}" => Command::Nudge {
            centre: 0.0,
            width: 1.0,
        },
        name => return of_letter(name),
    })
}

fn of_letter(name: &str) -> Option<Command> {
    let mut letters = name.chars();
    let letter = letters.next()?.to_ascii_lowercase();
    if letters.next().is_some() {
        return None;
    }
    if let Some(tool) = Tool::ALL.into_iter().find(|tool| tool.key() == letter) {
        return Some(Command::Tool(tool));
    }
    match letter {
        'i' => Some(Command::Invert),
        'f' => Some(Command::Follow),
        digit => {
            let number = usize::try_from(digit.to_digit(10)?).ok()?;
            let preset = CT_PRESETS.get(..PRESET_KEYS)?.get(number.checked_sub(1)?)?;
            Some(Command::Window(preset.window))
        }
    }
}

fn arrow(name: &str) -> Option<(f64, f64)> {
    Some(match name {
        "ArrowLeft" => (-1.0, 0.0),
        "ArrowRight" => (1.0, 0.0),
        "ArrowUp" => (0.0, -1.0),
        "ArrowDown" => (0.0, 1.0),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Option<Command> {
        of_key(Key {
            name,
            modified: false,
            shift: false,
            pen: false,
        })
    }

    #[test]
    fn every_tool_has_its_own_key() {
        for tool in Tool::ALL {
            assert_eq!(key(&tool.key().to_string()), Some(Command::Tool(tool)));
            assert_eq!(
                key(&tool.key().to_ascii_uppercase().to_string()),
                Some(Command::Tool(tool))
            );
        }
    }

    #[test]
    fn numbers_take_presets() {
        assert_eq!(key("1"), Some(Command::Window(CT_PRESETS[0].window)));
        assert_eq!(key("6"), Some(Command::Window(CT_PRESETS[5].window)));
        assert_eq!(key("7"), None);
        assert_eq!(key("0"), Some(Command::Reset));
    }

    #[test]
    fn the_browser_keeps_its_keys() {
        assert_eq!(
            of_key(Key {
                name: "r",
                modified: true,
                shift: false,
                pen: false
            }),
            None
        );
        for name in ["Tab", "F5", "Shift", "é", "", "Unidentified"] {
            assert_eq!(key(name), None, "{name}");
        }
    }

    #[test]
    fn arrows_scroll_or_move_the_pen() {
        assert_eq!(key("ArrowDown"), Some(Command::Scroll(1)));
        let pen = Key {
            name: "ArrowDown",
            modified: false,
            shift: true,
            pen: true,
        };
        assert_eq!(of_key(pen), Some(Command::PenMove { dx: 0.0, dy: 10.0 }));
    }
}
