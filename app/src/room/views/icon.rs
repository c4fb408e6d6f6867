//! Icons of the image tools: 24 x 24, strokes in the text's colour.

use leptos::prelude::*;

use crate::viewer::command::Tool;

/// The path of a tool's icon.
pub const fn of_tool(tool: Tool) -> &'static str {
    match tool {
        Tool::Window => "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M12 4v16M14 8h4M14 12h5.5M14 16h4",
        Tool::Scroll => "M6 5h12M6 12h12M6 19h12M3 9l-1 3l1 3M21 9l1 3l-1 3",
        Tool::Pan => "M12 3v18M3 12h18M9 6l3-3l3 3M9 18l3 3l3-3M6 9l-3 3l3 3M18 9l3 3l-3 3",
        Tool::Zoom => "M10 4a6 6 0 1 0 0 12a6 6 0 1 0 0-12M15 15l5 5M10 7v6M7 10h6",
        Tool::Length => "M4 20L20 4M3 16l5 5M16 3l5 5M9.5 11.5l2 2M12.5 8.5l2 2",
        Tool::Arrow => "M5 5l14 14M5 5h7M5 5v7M17 21h4v-4",
        Tool::Freehand => "M5 13c0-6 5-9 10-8s6 7 3 11s-8 4-11 2s-2-5 0-7",
    }
}

/// Negative.
pub const INVERT: &str = "M4 4h16v16H4zM4 20L20 4M7 8h4M15 14v4M13 16h4";
/// As at first.
pub const RESET: &str = "M5 8a8 8 0 1 1-1 6M5 3v5h5";
/// The history.
pub const PAST: &str = "M5 8a8 8 0 1 1-1 6M5 3v5h5M12 8v4l3 2";
/// Take back.
pub const UNDO: &str = "M9 5L4 10l5 5M4 10h10a5 5 0 0 1 0 10h-3";
/// Do again.
pub const REDO: &str = "M15 5l5 5l-5 5M20 10H10a5 5 0 0 0 0 10h3";
/// Keys.
pub const HELP: &str = "M9 9a3 3 0 1 1 4 2.8c-.7.3-1 .8-1 1.7v.5M12 17.5v.5";

/// An icon; what it means must stand beside it or in the label of its control.
#[component]
pub fn Icon(
    /// SVG path data.
    path: &'static str,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
            <path d=path></path>
        </svg>
    }
}
