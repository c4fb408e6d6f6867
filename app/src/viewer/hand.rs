//! From pointers to actions: mouse, pen and fingers on the stage, as a state machine without a browser.

use consilium_imaging::geometry::Point;
use consilium_protocol::live::AnnotationKind;

use super::{command::Tool, transform::Transform};

/// Which button went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Left, pen tip or finger.
    Primary,
    /// Middle: moves the picture.
    Middle,
    /// Right: window and centre, whatever the tool.
    Secondary,
}

/// One pointer event, in stage pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// Pointer id of the browser.
    pub id: i32,
    /// Across.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// What the hand holds when it comes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Tool.
    pub tool: Tool,
    /// Button.
    pub button: Button,
    /// The space bar is down: move the picture.
    pub space: bool,
    /// Drawing is allowed.
    pub may_draw: bool,
}

/// Points being drawn, image coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// What it becomes.
    pub kind: AnnotationKind,
    /// Points in order.
    pub points: Vec<Point>,
}

impl Stroke {
    /// Whether it can become an annotation: two different ends, or a region with an inside.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match self.kind {
            AnnotationKind::Length | AnnotationKind::Arrow => match self.points.as_slice() {
                [a, b] => a != b,
                _ => false,
            },
            AnnotationKind::Freehand => self.points.len() >= 3,
        }
    }
}

/// What a movement means.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Change the window by stage pixels.
    Window {
        /// Across: width.
        dx: f64,
        /// Down: centre.
        dy: f64,
    },
    /// Move the picture by stage pixels.
    Pan {
        /// Across.
        dx: f64,
        /// Down.
        dy: f64,
    },
    /// Zoom about a stage point.
    Zoom {
        /// Across.
        x: f64,
        /// Down.
        y: f64,
        /// How many times larger.
        factor: f64,
    },
    /// Move through slices.
    Scroll(i32),
    /// The stroke so far.
    Stroke(Stroke),
    /// The stroke is finished.
    Finish(Stroke),
    /// The stroke is given up.
    Abort,
    /// Pressed and let go in one place, stage pixels.
    Click {
        /// Across.
        x: f64,
        /// Down.
        y: f64,
    },
}

/// A press that moves less than this stays a click, stage pixels.
const CLICK_PIXELS: f64 = 3.0;
/// Stage pixels of a drag for one slice.
const PIXELS_PER_SLICE: f64 = 8.0;
/// Neighbouring points of a freehand stroke are at least this far apart, stage pixels.
const FREEHAND_PIXELS: f64 = 2.0;
/// Most points of a freehand stroke.
const FREEHAND_POINTS: usize = 2000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drag {
    Window,
    Pan,
    Zoom,
    Scroll,
}

#[derive(Clone, Debug, PartialEq)]
enum Grip {
    Free,
    Drag {
        drag: Drag,
        start: Touch,
        last: Touch,
        moved: bool,
        rest: f64,
    },
    Stroke {
        stroke: Stroke,
        start: Touch,
        last: Touch,
        moved: bool,
    },
    Pinch {
        a: Touch,
        b: Touch,
    },
    /// Pointers are down but mean nothing until all are up.
    Idle,
}

/// The hand on the stage.
#[derive(Clone, Debug)]
pub struct Hand {
    grip: Grip,
    down: Vec<i32>,
}

impl Default for Hand {
    fn default() -> Self {
        Self {
            grip: Grip::Free,
            down: Vec::new(),
        }
    }
}

impl Hand {
    /// Whether a stroke is being drawn.
    #[must_use]
    pub const fn draws(&self) -> bool {
        matches!(self.grip, Grip::Stroke { moved: true, .. })
    }

    /// Whether any pointer is down.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        !self.down.is_empty()
    }

    /// A pointer comes down.
    pub fn press(&mut self, touch: Touch, held: Held, transform: &Transform) -> Option<Action> {
        if self.down.contains(&touch.id) {
            return None;
        }
        self.down.push(touch.id);
        match std::mem::replace(&mut self.grip, Grip::Idle) {
            Grip::Free => {
                self.grip = take(touch, held, transform);
                None
            }
            Grip::Drag { last, .. } => {
                self.grip = Grip::Pinch { a: last, b: touch };
                None
            }
            Grip::Stroke { last, moved, .. } => {
                self.grip = Grip::Pinch { a: last, b: touch };
                moved.then_some(Action::Abort)
            }
            Grip::Pinch { .. } | Grip::Idle => None,
        }
    }

    /// A pointer moves, down or not.
    pub fn slide(&mut self, touch: Touch, transform: &Transform) -> Vec<Action> {
        match &mut self.grip {
            Grip::Drag {
                drag,
                start,
                last,
                moved,
                rest,
            } if start.id == touch.id => {
                if !*moved && far(start, &touch) < CLICK_PIXELS {
                    return Vec::new();
                }
                *moved = true;
                let (dx, dy) = (touch.x - last.x, touch.y - last.y);
                *last = touch;
                vec![match drag {
                    Drag::Window => Action::Window { dx, dy },
                    Drag::Pan => Action::Pan { dx, dy },
                    Drag::Zoom => Action::Zoom {
                        x: start.x,
                        y: start.y,
                        factor: (-dy * 0.01).exp(),
                    },
                    Drag::Scroll => {
                        let whole = *rest + dy / PIXELS_PER_SLICE;
                        *rest = whole.fract();
                        match super::number::round_i32(whole.trunc()) {
                            0 => return Vec::new(),
                            slices => Action::Scroll(slices),
                        }
                    }
                }]
            }
            Grip::Stroke {
                stroke,
                start,
                last,
                moved,
            } if start.id == touch.id => {
                if !*moved && far(start, &touch) < CLICK_PIXELS {
                    return Vec::new();
                }
                *moved = true;
                let point = transform.to_image(touch.x, touch.y);
                if stroke.kind == AnnotationKind::Freehand {
                    if far(last, &touch) < FREEHAND_PIXELS || stroke.points.len() >= FREEHAND_POINTS {
                        return Vec::new();
                    }
                    stroke.points.push(point);
                } else {
                    stroke.points.truncate(1);
                    stroke.points.push(point);
                }
                *last = touch;
                vec![Action::Stroke(stroke.clone())]
            }
            Grip::Pinch { a, b } => pinch(a, b, touch),
            Grip::Free | Grip::Idle | Grip::Drag { .. } | Grip::Stroke { .. } => Vec::new(),
        }
    }

    /// A pointer goes up.
    pub fn lift(&mut self, touch: Touch) -> Option<Action> {
        self.down.retain(|&id| id != touch.id);
        let next = if self.down.is_empty() {
            Grip::Free
        } else {
            Grip::Idle
        };
        match std::mem::replace(&mut self.grip, next) {
            Grip::Drag {
                start, moved: false, ..
            }
            | Grip::Stroke {
                start, moved: false, ..
            } => Some(Action::Click {
                x: start.x,
                y: start.y,
            }),
            Grip::Stroke { stroke, .. } if stroke.is_whole() => Some(Action::Finish(stroke)),
            Grip::Stroke { .. } => Some(Action::Abort),
            Grip::Free | Grip::Drag { .. } | Grip::Pinch { .. } | Grip::Idle => None,
        }
    }

    /// Escape, or the browser took the pointer away.
    pub fn cancel(&mut self) -> Option<Action> {
        let next = if self.down.is_empty() {
            Grip::Free
        } else {
            Grip::Idle
        };
        match std::mem::replace(&mut self.grip, next) {
            Grip::Stroke { moved: true, .. } => Some(Action::Abort),
            _ => None,
        }
    }

    /// The browser says that a pointer is gone.
    pub fn lost(&mut self, id: i32) -> Option<Action> {
        self.down.retain(|&down| down != id);
        let action = self.cancel();
        if self.down.is_empty() {
            self.grip = Grip::Free;
        }
        action
    }
}

fn take(touch: Touch, held: Held, transform: &Transform) -> Grip {
    let drag = |drag| Grip::Drag {
        drag,
        start: touch,
        last: touch,
        moved: false,
        rest: 0.0,
    };
    match held.button {
        Button::Middle => drag(Drag::Pan),
        Button::Secondary => drag(Drag::Window),
        Button::Primary if held.space => drag(Drag::Pan),
        Button::Primary => match (held.tool, held.tool.draws().filter(|_| held.may_draw)) {
            (_, Some(kind)) => {
                let points = vec![transform.to_image(touch.x, touch.y)];
                Grip::Stroke {
                    stroke: Stroke { kind, points },
                    start: touch,
                    last: touch,
                    moved: false,
                }
            }
            (Tool::Pan, None) => drag(Drag::Pan),
            (Tool::Zoom, None) => drag(Drag::Zoom),
            (Tool::Scroll, None) => drag(Drag::Scroll),
            (Tool::Window | Tool::Length | Tool::Arrow | Tool::Freehand, None) => drag(Drag::Window),
        },
    }
}

fn pinch(a: &mut Touch, b: &mut Touch, touch: Touch) -> Vec<Action> {
    let middle = |a: &Touch, b: &Touch| (f64::midpoint(a.x, b.x), f64::midpoint(a.y, b.y));
    let (before, apart) = (middle(a, b), far(a, b));
    if a.id == touch.id {
        *a = touch;
    } else if b.id == touch.id {
        *b = touch;
    } else {
        return Vec::new();
    }
    let (x, y) = middle(a, b);
    let factor = if apart > 0.0 { far(a, b) / apart } else { 1.0 };
    vec![
        Action::Pan {
            dx: x - before.0,
            dy: y - before.1,
        },
        Action::Zoom { x, y, factor },
    ]
}

fn far(a: &Touch, b: &Touch) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// Wheel movement to whole slices; the rest waits for the next event (touch pads send many small ones).
#[derive(Clone, Copy, Debug, Default)]
pub struct Wheel {
    rest: f64,
}

/// Wheel pixels for one slice; one notch of a mouse wheel is about 100.
const WHEEL_PIXELS: f64 = 50.0;

impl Wheel {
    /// How many slices a movement of `pixels` makes. A notch is one slice.
    pub fn turn(&mut self, pixels: f64) -> i32 {
        if pixels.abs() >= WHEEL_PIXELS {
            self.rest = 0.0;
            return if pixels > 0.0 { 1 } else { -1 };
        }
        if self.rest * pixels < 0.0 {
            self.rest = 0.0;
        }
        self.rest += pixels;
        let slices = (self.rest / WHEEL_PIXELS).trunc();
        self.rest -= slices * WHEEL_PIXELS;
        super::number::round_i32(slices)
    }
}

#[cfg(test)]
mod tests;
