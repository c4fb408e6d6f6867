//! The SVG layer above the picture: annotations, strokes in progress, pointers of others.

use std::{collections::HashMap, hash::Hash};

use wasm_bindgen::JsValue;
use web_sys::Element;

use super::mark::{Mark, element};
use crate::viewer::shape::Shape;

/// What to draw of one annotation or stroke.
#[derive(Clone, Debug)]
pub struct Item<K> {
    /// Which.
    pub key: K,
    /// Lines.
    pub shape: Shape,
    /// Label.
    pub lines: Vec<String>,
    /// Class of the group.
    pub class: String,
    /// `data-` attributes of the group.
    pub data: Vec<(&'static str, String)>,
}

/// A pointer of somebody else.
#[derive(Clone, Debug)]
pub struct Pointer {
    /// Connection.
    pub client: u64,
    /// Stage position.
    pub at: (f64, f64),
    /// Name.
    pub name: String,
    /// Class of the institution's colour.
    pub colour: &'static str,
}

/// The layer.
#[derive(Debug)]
pub struct Layer<K> {
    marks_home: Element,
    pointers_home: Element,
    cross: Element,
    marks: HashMap<K, Mark>,
    pointers: HashMap<u64, (Element, Pointer)>,
}

/// Arrow of a pointer, its tip at 0, 0.
const POINTER: &str = "M0 0V17L4.6 12.8L7.8 19.6L10.6 18.3L7.5 11.7L13.6 11.2Z";

impl<K: Clone + Eq + Hash> Layer<K> {
    /// Takes the SVG element.
    ///
    /// # Errors
    /// The browser refused.
    pub fn new(svg: &Element) -> Result<Self, JsValue> {
        let marks_home = element("g", "marks")?;
        let pointers_home = element("g", "pointers")?;
        let cross = element("path", "cross")?;
        for child in [&marks_home, &cross, &pointers_home] {
            svg.append_child(child)?;
        }
        Ok(Self {
            marks_home,
            pointers_home,
            cross,
            marks: HashMap::new(),
            pointers: HashMap::new(),
        })
    }

    /// Makes the drawn things equal to `items`.
    ///
    /// # Errors
    /// The browser refused.
    pub fn draw(&mut self, items: Vec<Item<K>>) -> Result<(), JsValue> {
        self.marks.retain(|key, mark| {
            let kept = items.iter().any(|item| item.key == *key);
            if !kept {
                mark.remove();
            }
            kept
        });
        for item in items {
            let mark = match self.marks.entry(item.key) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(free) => free.insert(Mark::new(&self.marks_home)?),
            };
            mark.attribute("class", &item.class)?;
            for (name, value) in &item.data {
                mark.attribute(name, value)?;
            }
            mark.draw(item.shape, &item.lines)?;
        }
        Ok(())
    }

    /// Makes the pointers equal to `pointers`.
    ///
    /// # Errors
    /// The browser refused.
    pub fn point(&mut self, pointers: Vec<Pointer>) -> Result<(), JsValue> {
        self.pointers.retain(|client, (node, shown)| {
            let kept = pointers.iter().any(|pointer| {
                pointer.client == *client && pointer.name == shown.name && pointer.colour == shown.colour
            });
            if !kept {
                node.remove();
            }
            kept
        });
        for pointer in pointers {
            let (x, y) = pointer.at;
            let place = format!("translate({x:.1} {y:.1})");
            match self.pointers.get_mut(&pointer.client) {
                Some((node, shown)) => {
                    if shown.at != pointer.at {
                        node.set_attribute("transform", &place)?;
                        *shown = pointer;
                    }
                }
                None => {
                    let node = pointer_node(&pointer)?;
                    node.set_attribute("transform", &place)?;
                    self.pointers_home.append_child(&node)?;
                    self.pointers.insert(pointer.client, (node, pointer));
                }
            }
        }
        Ok(())
    }

    /// Shows the cross of the keyboard pen, or hides it.
    ///
    /// # Errors
    /// The browser refused.
    pub fn cross(&self, at: Option<(f64, f64)>) -> Result<(), JsValue> {
        let path = at.map(|(x, y)| format!("M{:.1} {y:.1}h24M{x:.1} {:.1}v24", x - 12.0, y - 12.0));
        self.cross.set_attribute("d", &path.unwrap_or_default())
    }
}

fn pointer_node(pointer: &Pointer) -> Result<Element, JsValue> {
    let node = element("g", &format!("pointer {}", pointer.colour))?;
    node.set_attribute("data-testid", "remote-cursor")?;
    node.set_attribute("data-name", &pointer.name)?;
    let arrow = element("path", "")?;
    arrow.set_attribute("d", POINTER)?;
    let name = element("text", "")?;
    name.set_attribute("x", "14")?;
    name.set_attribute("y", "26")?;
    name.set_text_content(Some(&pointer.name));
    node.append_child(&arrow)?;
    node.append_child(&name)?;
    Ok(node)
}
