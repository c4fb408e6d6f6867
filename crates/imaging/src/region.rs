//! Statistics of the pixels inside a closed figure, from the stored integers.

use crate::geometry::Point;
use crate::number::f64_of;
use crate::render::PixelFormat;
use crate::stored::Frame;
use serde::{Deserialize, Serialize};

/// Statistics in modality units (HU for CT).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RegionStatistics {
    /// Pixels whose centre lies inside.
    pub count: u32,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of these pixels (population form, divided by `count`).
    pub standard_deviation: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
}

/// Statistics over a closed polygon (the last point joins the first), even-odd rule.
///
/// A pixel counts when its centre lies inside; `padding` is a stored value that never counts.
/// Sums are whole numbers, so the result does not depend on the order of the pixels.
/// `None` when no pixel counts.
#[must_use]
pub fn polygon_statistics(
    frame: &Frame,
    format: &PixelFormat,
    polygon: &[Point],
    padding: Option<i32>,
) -> Option<RegionStatistics> {
    let mut sums = Sums::default();
    let mut crossings = Vec::new();
    for row in rows_of(polygon, frame.rows()) {
        row_crossings(polygon, f64::from(row) + 0.5, &mut crossings);
        for span in crossings.as_chunks::<2>().0 {
            let &[left, right] = span;
            for column in columns_between(left, right, frame.columns()) {
                if let Some(stored) = frame.at(column, row).filter(|&stored| Some(stored) != padding) {
                    sums.add(stored);
                }
            }
        }
    }
    sums.finish(format)
}

/// Statistics over the ellipse inscribed in the rectangle of two opposite corners.
///
/// Same rules as [`polygon_statistics`].
#[must_use]
pub fn ellipse_statistics(
    frame: &Frame,
    format: &PixelFormat,
    corners: (Point, Point),
    padding: Option<i32>,
) -> Option<RegionStatistics> {
    let (a, b) = corners;
    let (cx, cy) = (f64::midpoint(a.x, b.x), f64::midpoint(a.y, b.y));
    let (rx, ry) = ((a.x - b.x).abs() / 2.0, (a.y - b.y).abs() / 2.0);
    let mut sums = Sums::default();
    for row in rows_of(&[a, b], frame.rows()) {
        let height = (f64::from(row) + 0.5 - cy) / ry;
        let half = rx * (1.0 - height * height).max(0.0).sqrt();
        for column in columns_between(cx - half, cx + half, frame.columns()) {
            if let Some(stored) = frame.at(column, row).filter(|&stored| Some(stored) != padding) {
                sums.add(stored);
            }
        }
    }
    sums.finish(format)
}

/// Rows whose centres may lie within the points' extent.
fn rows_of(points: &[Point], rows: u32) -> std::ops::Range<u32> {
    let top = points.iter().map(|point| point.y).fold(f64::INFINITY, f64::min);
    let bottom = points
        .iter()
        .map(|point| point.y)
        .fold(f64::NEG_INFINITY, f64::max);
    between(top, bottom, rows)
}

/// Columns whose centre `c` has `left <= c < right`.
fn columns_between(left: f64, right: f64, columns: u32) -> std::ops::Range<u32> {
    between(left, right, columns)
}

/// Whole numbers `n < limit` with `low <= n + 0.5 < high`; empty for anything not a number.
fn between(low: f64, high: f64, limit: u32) -> std::ops::Range<u32> {
    let first = |edge: f64| crate::number::round_u32((edge - 0.5).ceil()).min(limit);
    if low < high { first(low)..first(high) } else { 0..0 }
}

/// Where the polygon's edges cross the horizontal line at `y`, from left to right.
fn row_crossings(polygon: &[Point], y: f64, out: &mut Vec<f64>) {
    out.clear();
    let next = polygon.iter().skip(1).chain(polygon.first());
    for (a, b) in polygon.iter().zip(next) {
        if (a.y <= y) != (b.y <= y) {
            out.push(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
        }
    }
    out.sort_by(f64::total_cmp);
}

#[derive(Default)]
struct Sums {
    count: u32,
    sum: i64,
    squares: i128,
    range: Option<(i32, i32)>,
}

impl Sums {
    fn add(&mut self, stored: i32) {
        self.count = self.count.saturating_add(1);
        self.sum += i64::from(stored);
        self.squares += i128::from(stored) * i128::from(stored);
        let (low, high) = self.range.unwrap_or((stored, stored));
        self.range = Some((low.min(stored), high.max(stored)));
    }

    fn finish(&self, format: &PixelFormat) -> Option<RegionStatistics> {
        let (low, high) = self.range?;
        let count = f64::from(self.count);
        let mean = f64_of(i128::from(self.sum)) / count;
        // n * sum(x^2) - sum(x)^2 in whole numbers: no cancellation.
        let spread = i128::from(self.count) * self.squares - i128::from(self.sum) * i128::from(self.sum);
        let deviation = f64_of(spread).sqrt() / count;
        let (low, high) = (format.modality(low), format.modality(high));
        Some(RegionStatistics {
            count: self.count,
            mean: mean * format.slope + format.intercept,
            standard_deviation: deviation * format.slope.abs(),
            min: low.min(high),
            max: low.max(high),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::VoiFunction;
    use proptest::prelude::*;

    const CT: PixelFormat = PixelFormat {
        bits_stored: 16,
        signed: true,
        slope: 2.0,
        intercept: -1024.0,
        monochrome1: false,
        voi_function: VoiFunction::Linear,
    };

    fn frame(columns: u32, rows: u32, value: impl Fn(u32, u32) -> i16) -> Frame {
        let words = (0..rows)
            .flat_map(|y| (0..columns).map(move |x| (x, y)))
            .flat_map(|(x, y)| value(x, y).to_le_bytes())
            .collect();
        Frame::new(columns, rows, true, words).unwrap()
    }

    fn rectangle(left: f64, top: f64, right: f64, bottom: f64) -> [Point; 4] {
        let p = |x, y| Point { x, y };
        [p(left, top), p(right, top), p(right, bottom), p(left, bottom)]
    }

    #[test]
    fn a_rectangle_counts_its_pixels() {
        let frame = frame(4, 4, |x, y| i16::try_from(y * 4 + x).unwrap());
        let all = polygon_statistics(&frame, &CT, &rectangle(0.0, 0.0, 4.0, 4.0), None).unwrap();
        assert_eq!(all.count, 16);
        assert_eq!((all.min, all.max, all.mean), (-1024.0, -994.0, -1009.0));
        assert!((all.standard_deviation - 2.0 * 21.25_f64.sqrt()).abs() < 1e-12);
        let inner = polygon_statistics(&frame, &CT, &rectangle(1.0, 1.0, 3.0, 3.0), None).unwrap();
        assert_eq!(inner.count, 4);
        let without = polygon_statistics(&frame, &CT, &rectangle(1.0, 1.0, 3.0, 3.0), Some(5)).unwrap();
        assert_eq!((without.count, without.min), (3, -1012.0));
    }

    #[test]
    fn nothing_inside_is_none() {
        let frame = frame(4, 4, |_, _| 1);
        for outside in [
            rectangle(5.0, 5.0, 9.0, 9.0),
            rectangle(1.6, 1.6, 2.4, 2.4),
            rectangle(-9.0, 0.0, -1.0, 4.0),
        ] {
            assert_eq!(polygon_statistics(&frame, &CT, &outside, None), None);
        }
        assert_eq!(polygon_statistics(&frame, &CT, &[], None), None);
        let nan = [Point {
            x: f64::NAN,
            y: f64::NAN,
        }; 3];
        assert_eq!(polygon_statistics(&frame, &CT, &nan, None), None);
        assert_eq!(
            ellipse_statistics(
                &frame,
                &CT,
                (nan.first().copied().unwrap(), Point { x: 1.0, y: 1.0 }),
                None
            ),
            None
        );
    }

    #[test]
    fn an_ellipse_is_about_its_area() {
        let frame = frame(200, 200, |_, _| 10);
        let corners = (Point { x: 180.0, y: 160.0 }, Point { x: 20.0, y: 40.0 });
        let inside = ellipse_statistics(&frame, &CT, corners, None).unwrap();
        let area = std::f64::consts::PI * 80.0 * 60.0;
        assert!((f64::from(inside.count) - area).abs() < 0.005 * area);
        assert_eq!((inside.mean, inside.standard_deviation), (-1004.0, 0.0));
    }

    proptest! {
        #[test]
        fn equals_a_slow_second_way(points in prop::collection::vec((-4.0_f64..24.0, -4.0_f64..24.0), 3..12), seed: u32) {
            let polygon: Vec<Point> = points.iter().map(|&(x, y)| Point { x, y }).collect();
            let frame = frame(20, 17, |x, y| {
                let mixed = (seed ^ x.wrapping_mul(2_654_435_761_u32.rotate_left(y))).wrapping_mul(0x9E37_79B9);
                i16::try_from(mixed >> 17).unwrap() - 16_384
            });
            // Second way: each pixel centre by the winding of ray crossings, two-pass deviation.
            let mut values = Vec::new();
            for y in 0..17 {
                for x in 0..20 {
                    let (cx, cy) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
                    let mut inside = false;
                    for (i, a) in polygon.iter().enumerate() {
                        let b = polygon.get((i + 1) % polygon.len()).unwrap();
                        if (a.y <= cy) != (b.y <= cy) && cx < a.x + (cy - a.y) / (b.y - a.y) * (b.x - a.x) {
                            inside = !inside;
                        }
                    }
                    if inside {
                        values.push(CT.modality(frame.at(x, y).unwrap()));
                    }
                }
            }
            let found = polygon_statistics(&frame, &CT, &polygon, None);
            prop_assert_eq!(found.map_or(0, |s| s.count), u32::try_from(values.len()).unwrap());
            if let Some(found) = found {
                let count = f64::from(found.count);
                let mean = values.iter().sum::<f64>() / count;
                let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
                prop_assert!((found.mean - mean).abs() < 1e-6);
                prop_assert!((found.standard_deviation - deviation).abs() < 1e-6);
            }
        }
    }
}
