//! One drawn thing on the SVG layer: lines, dots and a label. Attributes are written only when they
//! differ from what was written last.

use leptos::prelude::document;
use wasm_bindgen::JsValue;
use web_sys::Element;

use crate::viewer::shape::Shape;

const SVG: &str = "http://www.w3.org/2000/svg";

/// Height of a label's line, stage pixels.
const LINE: f64 = 17.0;

/// A new SVG element.
///
/// # Errors
/// The browser refused.
pub fn element(name: &str, class: &str) -> Result<Element, JsValue> {
    let element = document().create_element_ns(Some(SVG), name)?;
    element.set_attribute("class", class)?;
    Ok(element)
}

/// A drawn thing.
#[derive(Debug)]
pub struct Mark {
    /// Its group, to set `data-` attributes on.
    pub group: Element,
    halo: Element,
    path: Element,
    dots: Vec<Element>,
    label: Element,
    plate: Element,
    lines: Vec<Element>,
    shape: Shape,
    said: Vec<String>,
    attributes: Vec<(&'static str, String)>,
}

impl Mark {
    /// A thing without content, at the end of `parent`.
    ///
    /// # Errors
    /// The browser refused.
    pub fn new(parent: &Element) -> Result<Self, JsValue> {
        let group = element("g", "")?;
        let halo = element("path", "halo")?;
        let path = element("path", "ink")?;
        let label = element("g", "label")?;
        let plate = element("rect", "plate")?;
        plate.set_attribute("rx", "5")?;
        for child in [&halo, &path, &label] {
            group.append_child(child)?;
        }
        label.append_child(&plate)?;
        parent.append_child(&group)?;
        Ok(Self {
            group,
            halo,
            path,
            dots: Vec::new(),
            label,
            plate,
            lines: Vec::new(),
            shape: Shape::default(),
            said: Vec::new(),
            attributes: Vec::new(),
        })
    }

    /// Sets an attribute of the group.
    ///
    /// # Errors
    /// The browser refused.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> Result<(), JsValue> {
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if known == value => return Ok(()),
            Some((_, known)) => value.clone_into(known),
            None => self.attributes.push((name, value.to_owned())),
        }
        self.group.set_attribute(name, value)
    }

    /// Draws a shape with its label.
    ///
    /// # Errors
    /// The browser refused.
    pub fn draw(&mut self, shape: Shape, lines: &[String]) -> Result<(), JsValue> {
        if shape.path != self.shape.path {
            self.halo.set_attribute("d", &shape.path)?;
            self.path.set_attribute("d", &shape.path)?;
        }
        if shape.dots != self.shape.dots {
            self.put_dots(&shape.dots)?;
        }
        if lines != self.said {
            self.say(lines)?;
        }
        if shape.label != self.shape.label {
            let (x, y) = shape.label;
            self.label
                .set_attribute("transform", &format!("translate({x:.1} {y:.1})"))?;
        }
        self.shape = shape;
        Ok(())
    }

    fn put_dots(&mut self, dots: &[(f64, f64)]) -> Result<(), JsValue> {
        while self.dots.len() > dots.len() {
            if let Some(dot) = self.dots.pop() {
                dot.remove();
            }
        }
        while self.dots.len() < dots.len() {
            let dot = element("circle", "dot")?;
            dot.set_attribute("r", "4")?;
            self.group.append_child(&dot)?;
            self.dots.push(dot);
        }
        for (dot, (x, y)) in self.dots.iter().zip(dots) {
            dot.set_attribute("cx", &format!("{x:.1}"))?;
            dot.set_attribute("cy", &format!("{y:.1}"))?;
        }
        Ok(())
    }

    fn say(&mut self, lines: &[String]) -> Result<(), JsValue> {
        for line in self.lines.drain(..) {
            line.remove();
        }
        let mut baseline = 13.0;
        for said in lines {
            let line = element("text", if self.lines.is_empty() { "first" } else { "more" })?;
            line.set_attribute("x", "8")?;
            line.set_attribute("y", &format!("{baseline}"))?;
            line.set_text_content(Some(said));
            self.label.append_child(&line)?;
            self.lines.push(line);
            baseline += LINE;
        }
        let widest = widest(lines);
        let height = if lines.is_empty() {
            0.0
        } else {
            baseline - 13.0 + 6.0
        };
        self.plate.set_attribute(
            "width",
            &format!("{:.0}", if lines.is_empty() { 0.0 } else { widest + 16.0 }),
        )?;
        self.plate.set_attribute("height", &format!("{height:.0}"))?;
        self.plate.set_attribute("y", "-3")?;
        self.said = lines.to_vec();
        Ok(())
    }

    /// Takes it off the layer.
    pub fn remove(&self) {
        self.group.remove();
    }
}

/// Kept free at the right edge for the slider of slices, stage pixels.
const SLIDER: f64 = 26.0;
/// How far a label goes down that does not fit beside its mark, stage pixels.
const BELOW: f64 = 20.0;

/// Moves a label that starts on a stage of this width and height but would not fit there.
#[must_use]
pub fn fitting((x, y): (f64, f64), lines: &[String], (width, height): (f64, f64)) -> (f64, f64) {
    if x < 0.0 || y < 0.0 || x > width || y > height {
        return (x, y);
    }
    let widest = widest(lines) + 16.0;
    let tall = crate::viewer::number::float(lines.len()) * LINE + 6.0;
    let fits = x.min(width - widest - SLIDER).max(4.0);
    // Moved to the left it would lie on the end of its own line: below that it does not.
    let y = if fits < x { y + BELOW } else { y };
    (fits, y.min(height - tall).max(6.0))
}

/// About how wide a label is, stage pixels: the first line is larger.
fn widest(lines: &[String]) -> f64 {
    let size = |n: usize| if n == 0 { 13.0 } else { 12.0 };
    let lines = lines.iter().enumerate();
    lines.map(|(n, line)| width(line) * size(n)).fold(0.0, f64::max)
}

/// About how wide a line is for its size: wide characters are square, spaces and points narrow, others a bit
/// more than half.
fn width(line: &str) -> f64 {
    let of = |c: char| match c {
        c if u32::from(c) >= 0x2E80 => 1.0,
        ' ' | '.' | ',' | ':' | '·' => 0.36,
        _ => 0.58,
    };
    line.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_on_the_stage() {
        let lines = ["长 46.2 mm".to_owned(), "East".to_owned()];
        assert_eq!(fitting((100.0, 50.0), &lines, (800.0, 600.0)), (100.0, 50.0));
        let (x, y) = fitting((790.0, 590.0), &lines, (800.0, 600.0));
        assert!(x + widest(&lines) + 16.0 < 800.0 && y + 40.0 <= 600.0);
        let (x, y) = fitting((760.0, 300.0), &lines, (800.0, 600.0));
        assert!(
            x < 760.0 && y > 310.0,
            "below the end of its line, which it would cover"
        );
        let outside = (-30.0, 40.0);
        assert_eq!(fitting(outside, &lines, (800.0, 600.0)), outside);
    }
}
