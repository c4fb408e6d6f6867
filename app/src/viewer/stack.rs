//! Series as stacks of pictures to scroll through.

use std::sync::Arc;

use consilium_domain::SeriesId;
use consilium_imaging::meta::InstanceMeta;
use consilium_protocol::{imaging::Series, live::ImageRef};

/// One picture of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// Which picture.
    pub image: ImageRef,
    /// Facts of its instance.
    pub meta: Arc<InstanceMeta>,
}

/// One series in viewing order, multi-frame instances unfolded.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// Series.
    pub id: SeriesId,
    /// Modality and description for people.
    pub title: String,
    /// Pictures.
    pub slices: Vec<Slice>,
}

/// A place in the stacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Index of the stack.
    pub stack: usize,
    /// Index of the slice.
    pub slice: usize,
}

/// Unfolds the series. Instances whose facts cannot be read, and series without any picture, are
/// left out: there is nothing that could be shown of them.
#[must_use]
pub fn stacks(series: &[Series]) -> Vec<Stack> {
    series
        .iter()
        .map(stack)
        .filter(|stack| !stack.slices.is_empty())
        .collect()
}

fn stack(series: &Series) -> Stack {
    let mut slices = Vec::with_capacity(series.instances.len());
    for instance in &series.instances {
        let Ok(meta) = serde_json::from_value::<InstanceMeta>(instance.meta.clone()) else {
            continue;
        };
        let meta = Arc::new(meta);
        for frame in 0..meta.frames.max(1) {
            let image = ImageRef {
                series: series.id,
                instance: instance.id,
                frame,
            };
            slices.push(Slice {
                image,
                meta: Arc::clone(&meta),
            });
        }
    }
    Stack {
        id: series.id,
        title: title(series),
        slices,
    }
}

/// `CT head 5 mm`: modality, then the description or the body part.
#[must_use]
pub fn title(series: &Series) -> String {
    let name = if series.description.trim().is_empty() {
        &series.body_part
    } else {
        &series.description
    };
    format!("{} {}", series.modality, name.trim()).trim().to_owned()
}

/// Where a picture is.
#[must_use]
pub fn locate(stacks: &[Stack], image: &ImageRef) -> Option<Place> {
    let stack = stacks.iter().position(|stack| stack.id == image.series)?;
    let slice = stacks
        .get(stack)?
        .slices
        .iter()
        .position(|slice| slice.image == *image)?;
    Some(Place { stack, slice })
}

/// The picture at a place.
#[must_use]
pub fn at(stacks: &[Stack], place: Place) -> Option<&Slice> {
    stacks.get(place.stack)?.slices.get(place.slice)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use consilium_domain::{InstanceId, InstitutionId, Timestamp};
    use consilium_protocol::{imaging::Instance, session::Institution};
    use uuid::Uuid;

    pub(crate) fn series(number: u128, instances: u128, frames: u32) -> Series {
        let institution = Institution {
            id: InstitutionId(Uuid::from_u128(1)),
            code: "lead".to_owned(),
            name_zh: "省立".to_owned(),
            name_en: "Provincial".to_owned(),
            colour: 1,
        };
        let instances = (0..instances)
            .map(|at| Instance {
                id: InstanceId(Uuid::from_u128(number * 1000 + at)),
                meta: meta(frames, f64::from(u32::try_from(at).unwrap()) * 5.0),
            })
            .collect();
        Series {
            id: SeriesId(Uuid::from_u128(number)),
            institution,
            modality: "CT".to_owned(),
            number: 2,
            description: "Head".to_owned(),
            body_part: "HEAD".to_owned(),
            received_at: Timestamp::from_ms(0),
            instances,
        }
    }

    pub(crate) fn meta(frames: u32, z: f64) -> serde_json::Value {
        serde_json::json!({
            "modality": "CT", "rows": 512, "columns": 512, "frames": frames, "samples_per_pixel": 1,
            "bits_allocated": 16, "bits_stored": 16, "high_bit": 15, "signed": true,
            "photometric": "monochrome2", "slope": 1.0, "intercept": 0.0, "rescale_type": "HU",
            "windows": [{"centre": 40.0, "width": 80.0, "explanation": null}],
            "voi_function": "linear", "pixel_padding": null,
            "spacing": {"row_mm": 0.5, "column_mm": 0.5, "source": "pixel-spacing"},
            "position": [-128.0, -128.0, z], "orientation": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            "slice_thickness_mm": 5.0, "slice_location_mm": z, "instance_number": 1,
            "frame_of_reference": "a", "laterality": null,
            "transfer_syntax": "Explicit VR Little Endian", "lossy": false
        })
    }

    #[test]
    fn frames_are_unfolded_and_found() {
        let mut broken = series(2, 3, 1);
        broken.instances[1].meta = serde_json::json!({"rows": "many"});
        let stacks = stacks(&[series(1, 2, 3), broken, series(3, 0, 1)]);
        assert_eq!(
            stacks.iter().map(|stack| stack.slices.len()).collect::<Vec<_>>(),
            [6, 2]
        );
        for stack in 0..2 {
            for slice in 0..stacks[stack].slices.len() {
                let place = Place { stack, slice };
                let image = at(&stacks, place).unwrap().image;
                assert_eq!(locate(&stacks, &image), Some(place));
            }
        }
        assert_eq!(stacks[0].title, "CT Head");
    }
}
