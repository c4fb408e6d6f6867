//! Drawing without a pointer: a cross that the arrow keys move and that Enter sets points with.

use consilium_imaging::geometry::Point;
use consilium_protocol::live::AnnotationKind;

use super::{hand::Stroke, transform::Transform};

/// A keyboard pen that is out.
#[derive(Clone, Debug, PartialEq)]
pub struct Pen {
    kind: AnnotationKind,
    at: Point,
    points: Vec<Point>,
}

/// What setting a point did.
#[derive(Clone, Debug, PartialEq)]
pub enum Put {
    /// Go on; the stroke so far, once there are two points to join.
    More(Option<Stroke>),
    /// Finished.
    Finish(Stroke),
}

impl Pen {
    /// Takes the pen out at an image point.
    #[must_use]
    pub const fn new(kind: AnnotationKind, at: Point) -> Self {
        Self {
            kind,
            at,
            points: Vec::new(),
        }
    }

    /// Where its tip is.
    #[must_use]
    pub const fn at(&self) -> Point {
        self.at
    }

    /// Moves it by stage pixels; gives the stroke as it would be with a point here.
    pub fn shift(&mut self, dx: f64, dy: f64, transform: &Transform) -> Option<Stroke> {
        self.at = Point {
            x: self.at.x + dx / transform.scale_x,
            y: self.at.y + dy / transform.scale_y,
        };
        self.stroke(true)
    }

    /// Sets a point. A line ends with its second; a region with Enter twice in one place.
    pub fn put(&mut self) -> Put {
        let again = self.points.last() == Some(&self.at);
        if !again {
            self.points.push(self.at);
        }
        let ended = self.kind != AnnotationKind::Freehand || again;
        match self.stroke(false) {
            Some(stroke) if ended && stroke.is_whole() => Put::Finish(stroke),
            stroke => Put::More(stroke),
        }
    }

    fn stroke(&self, with_tip: bool) -> Option<Stroke> {
        let mut points = self.points.clone();
        if with_tip && points.last() != Some(&self.at) {
            points.push(self.at);
        }
        (points.len() >= 2 && !self.points.is_empty()).then_some(Stroke {
            kind: self.kind,
            points,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Transform = Transform {
        scale_x: 2.0,
        scale_y: 2.0,
        left: 0.0,
        top: 0.0,
    };

    #[test]
    fn two_enters_make_a_length() {
        let start = Point { x: 10.0, y: 10.0 };
        let mut pen = Pen::new(AnnotationKind::Length, start);
        assert_eq!(pen.shift(0.0, 0.0, &PLAIN), None);
        assert_eq!(pen.put(), Put::More(None));
        assert_eq!(pen.put(), Put::More(None), "no length without a distance");
        let end = Point { x: 30.0, y: 10.0 };
        let stroke = Stroke {
            kind: AnnotationKind::Length,
            points: vec![start, end],
        };
        assert_eq!(pen.shift(40.0, 0.0, &PLAIN), Some(stroke.clone()));
        assert_eq!(pen.put(), Put::Finish(stroke));
    }

    #[test]
    fn a_region_ends_with_enter_in_the_same_place() {
        let mut pen = Pen::new(AnnotationKind::Freehand, Point { x: 0.0, y: 0.0 });
        for (dx, dy) in [(0.0, 0.0), (20.0, 0.0), (0.0, 20.0)] {
            pen.shift(dx, dy, &PLAIN);
            assert!(matches!(pen.put(), Put::More(_)));
        }
        let Put::Finish(stroke) = pen.put() else {
            panic!("not finished")
        };
        assert_eq!(stroke.points.len(), 3);
    }
}
