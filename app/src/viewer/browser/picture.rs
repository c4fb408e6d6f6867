//! Draws stored integers on a canvas: look-up table, native-resolution buffer, then one scaled copy.

use consilium_imaging::{
    meta::InstanceMeta,
    render::{Lut, PixelFormat, Window},
};
use consilium_protocol::live::ImageRef;
use leptos::prelude::document;
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::loader::Pixels;
use crate::viewer::{
    number::{index, round_u32},
    transform::{Stage, Transform},
};

/// How grey comes about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Window.
    pub window: Window,
    /// Negative.
    pub invert: bool,
}

/// The canvas of the stage with its buffer.
#[derive(Debug)]
pub struct Picture {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    buffer: HtmlCanvasElement,
    buffer_context: CanvasRenderingContext2d,
    rgba: Vec<u8>,
    lut: Option<(PixelFormat, Tone, Lut)>,
    buffered: Option<(ImageRef, Tone)>,
    ratio: f64,
}

impl Picture {
    /// Takes the canvas.
    ///
    /// # Errors
    /// The browser has no 2D canvas.
    pub fn new(canvas: HtmlCanvasElement) -> Result<Self, JsValue> {
        let buffer: HtmlCanvasElement = document().create_element("canvas")?.dyn_into()?;
        Ok(Self {
            context: context(&canvas)?,
            buffer_context: context(&buffer)?,
            canvas,
            buffer,
            rgba: Vec::new(),
            lut: None,
            buffered: None,
            ratio: 1.0,
        })
    }

    /// The stage has this size now; `ratio` is device pixels per CSS pixel.
    pub fn resize(&mut self, stage: Stage, ratio: f64) {
        self.ratio = ratio;
        self.canvas.set_width(round_u32(stage.width * ratio));
        self.canvas.set_height(round_u32(stage.height * ratio));
    }

    /// Draws a picture, or black while there is none.
    ///
    /// # Errors
    /// The browser refused to draw.
    pub fn draw(
        &mut self,
        shown: Option<(&ImageRef, &InstanceMeta, &Pixels)>,
        tone: Tone,
        transform: &Transform,
    ) -> Result<(), JsValue> {
        self.context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0)?;
        self.context.set_fill_style_str("#000");
        let (width, height) = (f64::from(self.canvas.width()), f64::from(self.canvas.height()));
        self.context.fill_rect(0.0, 0.0, width, height);
        let Some((image, meta, pixels)) = shown else {
            return Ok(());
        };
        if self.buffered != Some((*image, tone)) {
            self.fill_buffer(meta, pixels, tone)?;
            self.buffered = Some((*image, tone));
        }
        self.context
            .set_transform(self.ratio, 0.0, 0.0, self.ratio, 0.0, 0.0)?;
        self.context.set_image_smoothing_enabled(true);
        self.context.draw_image_with_html_canvas_element_and_dw_and_dh(
            &self.buffer,
            transform.left,
            transform.top,
            f64::from(meta.columns) * transform.scale_x,
            f64::from(meta.rows) * transform.scale_y,
        )
    }

    fn fill_buffer(&mut self, meta: &InstanceMeta, pixels: &Pixels, tone: Tone) -> Result<(), JsValue> {
        if (self.buffer.width(), self.buffer.height()) != (meta.columns, meta.rows) {
            self.buffer.set_width(meta.columns);
            self.buffer.set_height(meta.rows);
        }
        self.rgba.resize(index(meta.columns) * index(meta.rows) * 4, 255);
        match pixels {
            Pixels::Grey(frame) => {
                let format = meta.pixel_format();
                let ready = self
                    .lut
                    .as_ref()
                    .is_some_and(|(of, with, _)| *of == format && *with == tone);
                if !ready {
                    self.lut = Some((format, tone, Lut::build(&format, tone.window, tone.invert)));
                }
                if let Some((_, _, lut)) = &self.lut {
                    lut.apply_rgba(frame.pixels(), &mut self.rgba);
                }
            }
            Pixels::Colour(rgb) => {
                let flip = if tone.invert { 255 } else { 0 };
                for (from, to) in rgb
                    .as_chunks::<3>()
                    .0
                    .iter()
                    .zip(self.rgba.as_chunks_mut::<4>().0)
                {
                    let [r, g, b] = from.map(|part| part ^ flip);
                    *to = [r, g, b, 255];
                }
            }
        }
        let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&self.rgba), meta.columns, meta.rows)?;
        self.buffer_context.put_image_data(&data, 0.0, 0.0)
    }
}

fn context(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, JsValue> {
    let context = canvas
        .get_context("2d")?
        .ok_or_else(|| JsValue::from_str("no 2D canvas"))?;
    Ok(context.dyn_into()?)
}
