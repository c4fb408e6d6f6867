//! How an annotation looks on the stage: an SVG path, dots at its ends and a place for its label.

use std::fmt::Write as _;

use consilium_imaging::geometry::Point;
use consilium_protocol::live::AnnotationKind;

use super::transform::Transform;

/// What to draw, stage pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// SVG path data.
    pub path: String,
    /// Ends of a length.
    pub dots: Vec<(f64, f64)>,
    /// Where the label starts: left end of its first line.
    pub label: (f64, f64),
}

/// Length of an arrow's head, stage pixels.
const HEAD_PIXELS: f64 = 12.0;

/// The shape of points in image pixels; a region in progress is `open`.
#[must_use]
pub fn shape(kind: AnnotationKind, points: &[[f64; 2]], open: bool, transform: &Transform) -> Shape {
    let ends: Vec<(f64, f64)> = points
        .iter()
        .map(|&[x, y]| transform.to_stage(Point { x, y }))
        .collect();
    let mut path = String::with_capacity(ends.len() * 14);
    for (at, (x, y)) in ends.iter().enumerate() {
        // Writing into a string does not fail.
        let _ = write!(path, "{}{x:.1} {y:.1}", if at == 0 { "M" } else { "L" });
    }
    let rightmost = ends
        .iter()
        .copied()
        .reduce(|a, b| if b.0 > a.0 { b } else { a })
        .unwrap_or_default();
    match kind {
        AnnotationKind::Length => Shape {
            path,
            dots: ends,
            label: (rightmost.0 + 8.0, rightmost.1 - 8.0),
        },
        AnnotationKind::Freehand => {
            if !open && !path.is_empty() {
                path.push('Z');
            }
            Shape {
                path,
                dots: Vec::new(),
                label: (rightmost.0 + 8.0, rightmost.1),
            }
        }
        AnnotationKind::Arrow => {
            let label = match ends.as_slice() {
                [tip, tail, ..] => {
                    head(&mut path, *tip, *tail);
                    (tail.0 + 6.0, tail.1 + if tail.1 > tip.1 { 14.0 } else { -6.0 })
                }
                _ => rightmost,
            };
            Shape {
                path,
                dots: Vec::new(),
                label,
            }
        }
    }
}

fn head(path: &mut String, tip: (f64, f64), tail: (f64, f64)) {
    let direction = (tail.1 - tip.1).atan2(tail.0 - tip.0);
    for turn in [-0.45, 0.45] {
        let (sin, cos) = (direction + turn).sin_cos();
        let _ = write!(
            path,
            "M{:.1} {:.1}L{:.1} {:.1}",
            tip.0,
            tip.1,
            tip.0 + cos * HEAD_PIXELS,
            tip.1 + sin * HEAD_PIXELS
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Transform = Transform {
        scale_x: 2.0,
        scale_y: 2.0,
        left: 1.0,
        top: 0.0,
    };

    #[test]
    fn paths_are_in_stage_pixels() {
        let line = shape(AnnotationKind::Length, &[[1.0, 2.0], [10.0, 2.0]], false, &PLAIN);
        assert_eq!(line.path, "M3.0 4.0L21.0 4.0");
        assert_eq!(line.dots, [(3.0, 4.0), (21.0, 4.0)]);
        assert_eq!(line.label, (29.0, -4.0));
        let points = [[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]];
        assert!(
            shape(AnnotationKind::Freehand, &points, false, &PLAIN)
                .path
                .ends_with('Z')
        );
        assert!(
            !shape(AnnotationKind::Freehand, &points, true, &PLAIN)
                .path
                .contains('Z')
        );
    }

    #[test]
    fn an_arrow_points_at_its_first_point() {
        let arrow = shape(AnnotationKind::Arrow, &[[0.0, 0.0], [50.0, 0.0]], false, &PLAIN);
        assert_eq!(arrow.path.matches("M1.0 0.0L").count(), 3);
        assert_eq!(shape(AnnotationKind::Arrow, &[], false, &PLAIN), Shape::default());
    }
}
