//! Which annotation is under the pointer.

use consilium_imaging::geometry::Point;
use consilium_protocol::live::{Annotation, AnnotationKind};

use super::transform::Transform;

/// How near a click must be, stage pixels.
pub const NEAR_PIXELS: f64 = 10.0;

/// Distance in stage pixels from (`x`, `y`) to the lines of an annotation; infinite without points.
#[must_use]
pub fn distance(annotation: &Annotation, transform: &Transform, x: f64, y: f64) -> f64 {
    let ends: Vec<(f64, f64)> = annotation
        .points
        .iter()
        .map(|&[x, y]| transform.to_stage(Point { x, y }))
        .collect();
    let closing = match annotation.kind {
        AnnotationKind::Freehand => ends.first().copied(),
        AnnotationKind::Length | AnnotationKind::Arrow => None,
    };
    let next = ends.iter().skip(1).copied().chain(closing);
    ends.iter()
        .zip(next)
        .map(|(&a, b)| to_segment((x, y), a, b))
        .fold(f64::INFINITY, f64::min)
}

fn to_segment((x, y): (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let squared = dx * dx + dy * dy;
    let along = if squared > 0.0 {
        (((x - a.0) * dx + (y - a.1) * dy) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (x - a.0 - along * dx).hypot(y - a.1 - along * dy)
}

/// The nearest of `annotations` within [`NEAR_PIXELS`].
pub fn nearest<'a, K>(
    annotations: impl Iterator<Item = (K, &'a Annotation)>,
    transform: &Transform,
    x: f64,
    y: f64,
) -> Option<K> {
    annotations
        .map(|(key, annotation)| (key, distance(annotation, transform, x, y)))
        .filter(|(_, distance)| *distance <= NEAR_PIXELS)
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use consilium_domain::{InstanceId, SeriesId};
    use consilium_protocol::live::ImageRef;
    use uuid::Uuid;

    fn annotation(kind: AnnotationKind, points: &[[f64; 2]]) -> Annotation {
        let image = ImageRef {
            series: SeriesId(Uuid::nil()),
            instance: InstanceId(Uuid::nil()),
            frame: 0,
        };
        Annotation {
            kind,
            image,
            points: points.to_vec(),
            label: String::new(),
            at_ms: 0,
        }
    }

    const DOUBLE: Transform = Transform {
        scale_x: 2.0,
        scale_y: 2.0,
        left: 10.0,
        top: 0.0,
    };

    #[test]
    fn lines_are_hit_between_their_ends_only() {
        let line = annotation(AnnotationKind::Length, &[[0.0, 10.0], [50.0, 10.0]]);
        assert!((distance(&line, &DOUBLE, 60.0, 25.0) - 5.0).abs() < 1e-9);
        assert!((distance(&line, &DOUBLE, 113.0, 24.0) - 5.0).abs() < 1e-9);
        assert!(distance(&annotation(AnnotationKind::Length, &[]), &DOUBLE, 0.0, 0.0).is_infinite());
    }

    #[test]
    fn a_region_has_a_closing_side() {
        let corner = annotation(AnnotationKind::Freehand, &[[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]]);
        assert!(distance(&corner, &DOUBLE, 10.0, 40.0) < 1e-9);
    }

    #[test]
    fn the_nearest_wins() {
        let a = annotation(AnnotationKind::Length, &[[0.0, 10.0], [50.0, 10.0]]);
        let b = annotation(AnnotationKind::Length, &[[0.0, 13.0], [50.0, 13.0]]);
        let all = || [("a", &a), ("b", &b)].into_iter();
        assert_eq!(nearest(all(), &DOUBLE, 50.0, 22.0), Some("a"));
        assert_eq!(nearest(all(), &DOUBLE, 50.0, 25.0), Some("b"));
        assert_eq!(nearest(all(), &DOUBLE, 50.0, 90.0), None);
    }
}
