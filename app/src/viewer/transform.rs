//! Image pixels to stage pixels and back.
//!
//! Image coordinates are those of `consilium_imaging::geometry`: column and row, the top left corner
//! of the first pixel is (0, 0). Stage coordinates are CSS pixels from the stage's top left corner.

use consilium_imaging::{geometry::Point, meta::InstanceMeta};

/// Size of the stage, CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Size of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Pixels in a row.
    pub columns: f64,
    /// Rows.
    pub rows: f64,
    /// Height of a pixel divided by its width; 1 when no spacing is known.
    pub aspect: f64,
}

impl Extent {
    /// The extent of an image.
    #[must_use]
    pub fn of(meta: &InstanceMeta) -> Self {
        let spacing = &meta.spacing;
        let aspect = if spacing.is_known() {
            spacing.row_mm / spacing.column_mm
        } else {
            1.0
        };
        Self {
            columns: f64::from(meta.columns),
            rows: f64::from(meta.rows),
            aspect: if aspect.is_finite() && aspect > 0.0 {
                aspect
            } else {
                1.0
            },
        }
    }

    /// Stage pixels per image pixel (across) that make the whole picture just visible.
    #[must_use]
    pub fn fit(&self, stage: Stage) -> f64 {
        let across = stage.width / self.columns.max(1.0);
        let down = stage.height / (self.rows * self.aspect).max(1.0);
        let fit = across.min(down);
        if fit.is_finite() && fit > 0.0 { fit } else { 1.0 }
    }
}

/// Least zoom relative to fit.
pub const ZOOM_MIN: f64 = 0.25;
/// Greatest zoom relative to fit.
pub const ZOOM_MAX: f64 = 32.0;

/// Where the reader looks: which image point is in the middle, and how large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Relative to fit.
    pub zoom: f64,
    /// Image point in the middle of the stage.
    pub middle: Point,
}

impl Camera {
    /// The whole picture.
    #[must_use]
    pub fn fitting(extent: Extent) -> Self {
        Self {
            zoom: 1.0,
            middle: Point {
                x: extent.columns / 2.0,
                y: extent.rows / 2.0,
            },
        }
    }

    /// Limits zoom, and keeps the middle on the picture so that it cannot be lost.
    #[must_use]
    pub fn kept(self, extent: Extent) -> Self {
        let zoom = if self.zoom.is_finite() {
            self.zoom.clamp(ZOOM_MIN, ZOOM_MAX)
        } else {
            1.0
        };
        let inside = |value: f64, end: f64| {
            if value.is_finite() {
                value.clamp(0.0, end)
            } else {
                end / 2.0
            }
        };
        let middle = Point {
            x: inside(self.middle.x, extent.columns),
            y: inside(self.middle.y, extent.rows),
        };
        Self { zoom, middle }
    }

    /// Moves the picture with the hand by stage pixels.
    #[must_use]
    pub fn panned(self, dx: f64, dy: f64, extent: Extent, stage: Stage) -> Self {
        let transform = Transform::new(self, extent, stage);
        let middle = Point {
            x: self.middle.x - dx / transform.scale_x,
            y: self.middle.y - dy / transform.scale_y,
        };
        Self { middle, ..self }.kept(extent)
    }

    /// Zooms by `factor` and keeps the image point under (`x`, `y`) of the stage where it is.
    #[must_use]
    pub fn zoomed(self, x: f64, y: f64, factor: f64, extent: Extent, stage: Stage) -> Self {
        let under = Transform::new(self, extent, stage).to_image(x, y);
        let zoom = (self.zoom * factor).clamp(ZOOM_MIN, ZOOM_MAX);
        let grown = Transform::new(Self { zoom, ..self }, extent, stage);
        let now = grown.to_image(x, y);
        let middle = Point {
            x: self.middle.x + under.x - now.x,
            y: self.middle.y + under.y - now.y,
        };
        Self { zoom, middle }.kept(extent)
    }
}

/// The mapping of one camera on one stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// Stage pixels per column.
    pub scale_x: f64,
    /// Stage pixels per row.
    pub scale_y: f64,
    /// Stage position of image point (0, 0), across.
    pub left: f64,
    /// Stage position of image point (0, 0), down.
    pub top: f64,
}

impl Transform {
    /// The mapping.
    #[must_use]
    pub fn new(camera: Camera, extent: Extent, stage: Stage) -> Self {
        let scale_x = extent.fit(stage) * camera.zoom;
        let scale_y = scale_x * extent.aspect;
        Self {
            scale_x,
            scale_y,
            left: stage.width / 2.0 - camera.middle.x * scale_x,
            top: stage.height / 2.0 - camera.middle.y * scale_y,
        }
    }

    /// Stage position of an image point.
    #[must_use]
    pub fn to_stage(&self, point: Point) -> (f64, f64) {
        (
            point.x.mul_add(self.scale_x, self.left),
            point.y.mul_add(self.scale_y, self.top),
        )
    }

    /// Image point under a stage position.
    #[must_use]
    pub fn to_image(&self, x: f64, y: f64) -> Point {
        Point {
            x: (x - self.left) / self.scale_x,
            y: (y - self.top) / self.scale_y,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: Stage = Stage {
        width: 800.0,
        height: 600.0,
    };
    const HEAD: Extent = Extent {
        columns: 512.0,
        rows: 512.0,
        aspect: 1.0,
    };

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn fit_shows_the_whole_picture_in_the_middle() {
        let transform = Transform::new(Camera::fitting(HEAD), HEAD, STAGE);
        near(transform.to_stage(Point { x: 0.0, y: 0.0 }).1, 0.0);
        near(transform.to_stage(Point { x: 512.0, y: 512.0 }).1, 600.0);
        near(transform.to_stage(Point { x: 256.0, y: 256.0 }).0, 400.0);
    }

    #[test]
    fn oblong_pixels_are_drawn_oblong() {
        let slab = Extent {
            columns: 256.0,
            rows: 64.0,
            aspect: 4.0,
        };
        let transform = Transform::new(Camera::fitting(slab), slab, STAGE);
        near(transform.scale_y / transform.scale_x, 4.0);
        near(transform.to_stage(Point { x: 0.0, y: 64.0 }).1, 600.0);
    }

    #[test]
    fn zoom_keeps_the_point_under_the_hand() {
        let camera = Camera::fitting(HEAD);
        let before = Transform::new(camera, HEAD, STAGE).to_image(500.0, 200.0);
        let camera = camera.zoomed(500.0, 200.0, 2.5, HEAD, STAGE);
        let after = Transform::new(camera, HEAD, STAGE).to_image(500.0, 200.0);
        near(before.x, after.x);
        near(before.y, after.y);
        near(camera.zoom, 2.5);
    }

    #[test]
    fn pan_follows_the_hand_and_never_loses_the_picture() {
        let camera = Camera {
            zoom: 4.0,
            ..Camera::fitting(HEAD)
        };
        let before = Transform::new(camera, HEAD, STAGE).to_stage(Point { x: 100.0, y: 100.0 });
        let moved = camera.panned(12.0, -7.0, HEAD, STAGE);
        let after = Transform::new(moved, HEAD, STAGE).to_stage(Point { x: 100.0, y: 100.0 });
        near(after.0 - before.0, 12.0);
        near(after.1 - before.1, -7.0);
        let far = camera.panned(1e9, -1e9, HEAD, STAGE);
        assert_eq!(far.middle, Point { x: 0.0, y: 512.0 });
    }

    #[test]
    fn there_and_back() {
        let camera = Camera {
            zoom: 3.3,
            middle: Point { x: 17.0, y: 400.5 },
        };
        let transform = Transform::new(camera, Extent { aspect: 1.7, ..HEAD }, STAGE);
        let (x, y) = transform.to_stage(Point { x: 31.25, y: 99.5 });
        let back = transform.to_image(x, y);
        near(back.x, 31.25);
        near(back.y, 99.5);
    }

    #[test]
    fn a_strange_camera_from_outside_is_kept_sane() {
        let camera = Camera {
            zoom: f64::NAN,
            middle: Point {
                x: f64::INFINITY,
                y: -3.0,
            },
        }
        .kept(HEAD);
        assert_eq!(
            camera,
            Camera {
                zoom: 1.0,
                middle: Point { x: 256.0, y: 0.0 }
            }
        );
    }
}
