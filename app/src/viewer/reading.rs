//! What an annotation says: its value with unit and source, in words.

use consilium_imaging::{
    geometry::{self, Measured, Point, SpacingSource, Unit},
    meta::InstanceMeta,
    region,
    stored::Frame,
};
use consilium_protocol::live::AnnotationKind;

use super::text::ViewerTexts;

/// An annotation in words and numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Short value (`46.2 mm`); empty when there is none.
    pub value: String,
    /// Lines of the label, the first with the value.
    pub lines: Vec<String>,
    /// Length in mm, when it is one.
    pub mm: Option<f64>,
    /// Area in mm2, when it is one.
    pub mm2: Option<f64>,
}

/// Reads an annotation. Statistics of a region need the stored integers, so without `frame` they are
/// left out.
#[must_use]
pub fn read(
    kind: AnnotationKind,
    points: &[[f64; 2]],
    label: &str,
    meta: &InstanceMeta,
    frame: Option<&Frame>,
    words: &ViewerTexts,
) -> Reading {
    let points: Vec<Point> = points.iter().map(|&[x, y]| Point { x, y }).collect();
    let mut reading = match kind {
        AnnotationKind::Length => length(&points, meta, words),
        AnnotationKind::Freehand => area(&points, meta, frame, words),
        AnnotationKind::Arrow => Reading::default(),
    };
    if !label.trim().is_empty() {
        reading.lines.insert(0, label.trim().to_owned());
    }
    reading
}

fn length(points: &[Point], meta: &InstanceMeta, words: &ViewerTexts) -> Reading {
    let [a, b] = points else { return Reading::default() };
    let measured = geometry::length(*a, *b, &meta.spacing);
    let value = quantity(&measured, words);
    let line = format!("{} {value} · {}", words.length, source(measured.source, words));
    let mm = (measured.unit == Unit::Millimetre).then_some(measured.value);
    Reading {
        value,
        lines: vec![line],
        mm,
        mm2: None,
    }
}

fn area(points: &[Point], meta: &InstanceMeta, frame: Option<&Frame>, words: &ViewerTexts) -> Reading {
    if points.len() < 3 {
        return Reading::default();
    }
    let measured = geometry::area(points, &meta.spacing);
    let value = quantity(&measured, words);
    let mut lines = vec![format!(
        "{} {value} · {}",
        words.area,
        source(measured.source, words)
    )];
    let grey = meta.samples_per_pixel == 1;
    if let Some(frame) = frame.filter(|_| grey)
        && let Some(found) =
            region::polygon_statistics(frame, &meta.pixel_format(), points, meta.pixel_padding)
    {
        let unit = meta.rescale_type.as_deref().unwrap_or_default();
        let statistics = format!(
            "{} {:.1} ± {:.1} {unit}",
            words.mean, found.mean, found.standard_deviation
        );
        lines.push(statistics.trim_end().to_owned());
    }
    let mm2 = (measured.unit == Unit::SquareMillimetre).then_some(measured.value);
    Reading {
        value,
        lines,
        mm: None,
        mm2,
    }
}

fn quantity(measured: &Measured, words: &ViewerTexts) -> String {
    match measured.unit {
        Unit::Millimetre => format!("{:.1} mm", measured.value),
        Unit::SquareMillimetre => format!("{:.0} mm²", measured.value),
        Unit::Pixel => format!("{:.1} {}", measured.value, words.pixels),
        Unit::SquarePixel => format!("{:.0} {}²", measured.value, words.pixels),
    }
}

/// Where millimetres come from, in words.
#[must_use]
pub const fn source(source: SpacingSource, words: &ViewerTexts) -> &'static str {
    match source {
        SpacingSource::PixelSpacing => "PixelSpacing",
        SpacingSource::Fiducial => words.source_fiducial,
        SpacingSource::Geometry => words.source_geometry,
        SpacingSource::Calibrated => words.source_calibrated,
        SpacingSource::Detector => words.source_detector,
        SpacingSource::Magnification => words.source_magnification,
        SpacingSource::None => words.source_none,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::stack::tests::meta;
    use consilium_protocol::page::Locale;

    fn plain() -> InstanceMeta {
        serde_json::from_value(meta(1, 0.0)).unwrap()
    }

    #[test]
    fn a_length_is_in_mm_with_its_source() {
        let words = ViewerTexts::of(Locale::ZhCn);
        let reading = read(
            AnnotationKind::Length,
            &[[0.0, 0.0], [60.0, 80.0]],
            "",
            &plain(),
            None,
            words,
        );
        assert_eq!((reading.value.as_str(), reading.mm), ("50.0 mm", Some(50.0)));
        assert!(reading.lines[0].contains("PixelSpacing"));
        let mut unknown = plain();
        unknown.spacing = geometry::Spacing::UNKNOWN;
        let reading = read(
            AnnotationKind::Length,
            &[[0.0, 0.0], [60.0, 80.0]],
            "",
            &unknown,
            None,
            words,
        );
        assert_eq!(reading.mm, None);
        assert!(reading.value.starts_with("100.0 "));
        assert!(!reading.value.contains("mm"));
    }

    #[test]
    fn a_region_has_area_and_statistics_of_stored_integers() {
        let mut meta = plain();
        (meta.rows, meta.columns, meta.intercept) = (4, 4, -1024.0);
        let words = (0..16_i16)
            .flat_map(|value| (1024 + value).to_le_bytes())
            .collect();
        let frame = Frame::new(4, 4, true, words).unwrap();
        let square = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];
        let texts = ViewerTexts::of(Locale::En);
        let reading = read(
            AnnotationKind::Freehand,
            &square,
            "edge",
            &meta,
            Some(&frame),
            texts,
        );
        assert_eq!(reading.mm2, Some(4.0));
        assert_eq!(reading.lines.len(), 3);
        assert_eq!(reading.lines[0], "edge");
        assert!(reading.lines[2].contains("7.5 ± 4.6 HU"), "{:?}", reading.lines);
        assert_eq!(
            read(AnnotationKind::Freehand, &square[..2], "", &meta, None, texts),
            Reading::default()
        );
    }

    #[test]
    fn an_arrow_says_its_text() {
        let texts = ViewerTexts::of(Locale::En);
        let reading = read(
            AnnotationKind::Arrow,
            &[[0.0, 0.0], [1.0, 1.0]],
            " edema? ",
            &plain(),
            None,
            texts,
        );
        assert_eq!(reading.lines, ["edema?"]);
        assert_eq!(reading.value, "");
    }
}
