//! Thumbnails.

use super::{DicomError, FrameData};
use crate::meta::InstanceMeta;
use crate::number::{index, round_u32};
use crate::render::{Lut, Window};
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage, imageops::FilterType};

/// An 8-bit PNG of the frame whose longer side is at most `max_side` pixels, never enlarged.
///
/// Uses the first window of the file, or the full range when it has none. Pixels that are not
/// square are drawn in true proportion.
///
/// # Errors
/// [`DicomError::TooLarge`] when `max_side` is 0 or above 4096, [`DicomError::Corrupt`] when the
/// frame contradicts its size.
pub fn preview_png(frame: &FrameData, meta: &InstanceMeta, max_side: u32) -> Result<Vec<u8>, DicomError> {
    if !(1..=4096).contains(&max_side) {
        return Err(DicomError::TooLarge);
    }
    let bad = DicomError::Corrupt("frame size");
    let picture = match frame {
        FrameData::Grey(grey) => {
            let format = meta.pixel_format();
            let window = meta.windows.first().map_or_else(
                || Window::auto(grey.pixels(), &format, meta.pixel_padding),
                |named| named.window,
            );
            let bytes = Lut::build(&format, window, false).apply_grey(grey.pixels());
            DynamicImage::ImageLuma8(GrayImage::from_raw(grey.columns(), grey.rows(), bytes).ok_or(bad)?)
        }
        FrameData::Colour(colour) => {
            let image = RgbImage::from_raw(colour.columns(), colour.rows(), colour.rgb().to_vec());
            DynamicImage::ImageRgb8(image.ok_or(bad)?)
        }
    };
    let (width, height) = fit(picture.width(), picture.height(), meta, max_side);
    let picture = if (width, height) == (picture.width(), picture.height()) {
        picture
    } else {
        picture.resize_exact(width, height, FilterType::Triangle)
    };
    let mut png = std::io::Cursor::new(Vec::with_capacity(index(width) * index(height) / 2));
    picture
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|_| DicomError::Corrupt("frame size"))?;
    Ok(png.into_inner())
}

fn fit(columns: u32, rows: u32, meta: &InstanceMeta, max_side: u32) -> (u32, u32) {
    let width = f64::from(columns) * meta.spacing.column_mm;
    let height = f64::from(rows) * meta.spacing.row_mm;
    let most = f64::from(max_side.min(columns.max(rows)));
    let scale = most / width.max(height);
    (round_u32(width * scale).max(1), round_u32(height * scale).max(1))
}
