//! The drawn head: Hounsfield units at a place. Millimetres; x to the patient's left, y to the
//! back, z to the top, 0 at the skull base.

use super::facts::{Ellipsoid, Insert, facts};
use super::noise::{Noise, lerp};

/// Where a pixel is.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) z: f64,
    /// Pixel size: edges blend over this width.
    pub(super) blur: f64,
}

/// Value of one pixel; `pixel` is its column, row and slice for the grain.
pub(super) fn hu(at: At, noise: &Noise, pixel: (u32, u32, u32)) -> f64 {
    calibration(at).unwrap_or_else(|| {
        let (clean, in_head) = head(at, noise);
        clean + noise.grain(pixel) * facts().noise_hu * in_head
    })
}

/// How much of the pixel lies inside, from the signed distance to the edge.
fn cover(distance: f64, blur: f64) -> f64 {
    (0.5 - distance / blur).clamp(0.0, 1.0)
}

fn smooth_step(from: f64, to: f64, value: f64) -> f64 {
    let part = ((value - from) / (to - from)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

/// Signed distance (approximate away from the edge) to an ellipse at the origin.
fn ellipse(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let radius = (x / a).hypot(y / b);
    let slope = (x / (a * a)).hypot(y / (b * b));
    if slope == 0.0 {
        -a.min(b)
    } else {
        (radius - 1.0) * radius / slope
    }
}

/// The plate with the rods and the four holders; `None` elsewhere. No grain here: values are exact.
fn calibration(at: At) -> Option<f64> {
    let facts = facts();
    let disc = |insert: &Insert| (at.x - insert.x_mm).hypot(at.y - insert.y_mm) - insert.radius_mm;
    for insert in &facts.inserts {
        let distance = disc(insert);
        if distance < 4.0 + at.blur {
            let holder = lerp(-1000.0, 140.0, cover(distance - 3.0, at.blur));
            return Some(lerp(holder, insert.hu, cover(distance, at.blur)));
        }
    }
    let plate = (at.x.abs() - 58.0).max((at.y - 112.0).abs() - 4.0);
    if plate > at.blur {
        return None;
    }
    let base = lerp(-1000.0, -150.0, cover(plate, at.blur));
    Some(
        facts
            .rods
            .iter()
            .fold(base, |hu, rod| lerp(hu, rod.hu, cover(disc(rod), at.blur))),
    )
}

/// Half width and half length of the cranial cavity at a height.
fn cavity_axes(z: f64) -> (f64, f64) {
    let height = ((z - 48.0) / 79.0).clamp(-0.98, 0.98);
    let scale = (1.0 - height * height).sqrt();
    (64.0 * scale, 82.0 * scale)
}

/// The head with air around it, and how much of the pixel is head.
fn head(at: At, noise: &Noise) -> (f64, f64) {
    let At { x, z, blur, .. } = at;
    // The middle of the head lies a little in front of the middle of the picture.
    let y = at.y + 10.0;
    let (a, b) = cavity_axes(z);
    // Wider at the back than at the front.
    let egg = |axis: f64| x / (1.0 + 0.09 * (y / axis).clamp(-1.2, 1.2));
    let wobble = 1.2 * noise.smooth(x / 30.0, y / 30.0, z / 40.0);
    let thickness =
        5.5 + 1.5 * noise.smooth(x / 25.0 + 9.0, y / 25.0, z / 30.0) + (z - 100.0).max(0.0) * 0.15;
    let vault = ellipse(egg(b), y, a, b) + wobble;
    let skull = vault - thickness;
    // Below the ears the face and neck do not taper with the vault.
    let (fa, fb) = if z < 48.0 {
        (72.0 - (48.0 - z) * 0.06, 92.0 - (48.0 - z) * 0.10)
    } else {
        (a + 9.0, b + 9.5)
    };
    let skin = ellipse(egg(fb), y, fa, fb) + 0.6 * wobble;
    let skin = skin.min(skull - 3.0);
    let in_head = cover(skin, blur);
    if in_head == 0.0 {
        return (-1000.0, 0.0);
    }
    let mut hu = lerp(-1000.0, 40.0, in_head);
    hu = lerp(hu, -75.0, cover(skin + 1.6, blur) * 0.9);
    hu = lerp(hu, 50.0, cover(skin + 4.2, blur) * smooth_step(60.0, 40.0, z));
    let bone = |hu: f64, outside: f64, inside: f64| {
        let compact = lerp(hu, 1250.0, cover(outside, blur));
        let marrow = 620.0 + 160.0 * noise.smooth(x / 2.5, y / 2.5, z / 5.0);
        let middle = cover(outside + 1.7, blur) * cover(-(inside - 1.7), blur);
        lerp(compact, marrow, middle)
    };
    if z >= 26.0 {
        hu = bone(hu, skull, vault);
        (
            lerp(hu, brain(At { y, ..at }, vault, noise), cover(vault, blur)),
            in_head,
        )
    } else {
        (skull_base(At { y, ..at }, skull, skin, hu, noise), in_head)
    }
}

/// Slices through the posterior fossa: orbits and sinuses in front, petrous bone, cerebellum.
fn skull_base(at: At, skull: f64, skin: f64, outside: f64, noise: &Noise) -> f64 {
    let At { x, y, z, blur } = at;
    let mirror = x.abs();
    let size = 0.80 + 0.20 * (z / 25.0).clamp(0.0, 1.0);
    let fossa = ellipse(x, y - 36.0, 50.0 * size, 40.0 * size);
    let temporal = ellipse(mirror - 40.0, y + 6.0, 21.0 * size, 30.0 * size);
    let stem = ellipse(x, y - 4.0, 15.0, 20.0);
    let inside = fossa.min(temporal).min(stem);
    let rim = inside - 5.5;
    let mut hu = outside;
    // Masseter and neck muscles, then bone around the cavities.
    hu = lerp(hu, 55.0, cover(skin + 7.0, blur));
    let petrous = ellipse(mirror - 40.0 + 0.35 * (y - 22.0), y - 22.0, 22.0, 8.5);
    let cells = noise.smooth(x / 2.2 + 40.0, y / 2.2, z / 4.0);
    let sphenoid = ellipse(x, y + 24.0, 26.0, 13.0);
    let bone = rim.max(skull).min(petrous).min(sphenoid);
    hu = lerp(hu, 1050.0 + 250.0 * cells, cover(bone, blur));
    let mastoid = ellipse(mirror - 56.0, y - 30.0, 8.0, 12.0);
    hu = lerp(hu, if cells > 0.0 { -700.0 } else { 500.0 }, cover(mastoid, blur));
    // The sinuses hold air, the orbits fat, a globe with its lens, and the muscles.
    hu = lerp(hu, -980.0, cover(ellipse(mirror - 9.0, y + 25.0, 7.5, 9.0), blur));
    let septa = (noise.smooth(x / 5.0, y / 6.0, 3.0).abs() - 0.10) * 8.0;
    let ethmoid = ellipse(x, y + 56.0, 13.0, 21.0);
    hu = lerp(hu, 600.0, cover(ethmoid - 1.5, blur));
    hu = lerp(hu, -960.0, cover(ethmoid.max(-septa), blur));
    let orbit = ellipse(mirror - 33.0 + 0.25 * (y + 62.0), y + 58.0, 17.0, 24.0);
    hu = lerp(hu, 900.0, cover(orbit - 2.0, blur) * cover(skin + 5.0, blur));
    hu = lerp(hu, -90.0, cover(orbit, blur));
    hu = lerp(
        hu,
        45.0,
        cover(
            ellipse(mirror - 30.0 + 0.4 * (y + 50.0), y + 52.0, 2.3, 16.0),
            blur,
        ),
    );
    let globe = ellipse(mirror - 34.0, y + 70.0, 12.0, 12.0);
    hu = lerp(hu, 45.0, cover(globe, blur));
    hu = lerp(hu, 10.0, cover(globe + 1.2, blur));
    hu = lerp(hu, 80.0, cover(ellipse(mirror - 34.0, y + 79.0, 4.5, 2.0), blur));
    // The brain in its three rooms.
    let nervous = brain(At { x, y, z, blur }, inside, noise);
    let nervous = lerp(nervous, 6.0, cover(ellipse(x, y - 27.0, 7.0, 5.0), blur) * 0.9);
    lerp(hu, nervous, cover(inside, blur))
}

/// Brain, fluid and what lies in them; `edge` is the signed distance to the inside of the skull.
fn brain(at: At, edge: f64, noise: &Noise) -> f64 {
    let At { x, y, z, blur } = at;
    let depth = -edge;
    let mirror = x.abs();
    // Folds: fluid where a smooth field passes through zero near the surface, cortex beside it.
    let bend = 5.0 * noise.smooth(x / 22.0, y / 22.0 + 7.0, z / 22.0);
    let fold = noise.smooth((x + bend) / 11.0, (y - bend) / 11.0, z / 13.0);
    let fold = fold.abs() + 0.12 * noise.smooth(x / 4.0, y / 4.0, z / 9.0).abs();
    let near = smooth_step(
        19.0,
        7.0,
        depth + 5.0 * noise.smooth(x / 15.0, y / 15.0 + 3.0, z / 15.0),
    );
    let grey = smooth_step(0.55, 0.28, fold) * near;
    let mut hu = lerp(30.0, 39.0, grey.max(smooth_step(5.5, 3.5, depth)));
    let sulcus = smooth_step(0.17, 0.05, fold) * near * smooth_step(15.0, 35.0, z);
    hu = lerp(hu, 12.0, 0.85 * sulcus);
    // Fluid over the brain.
    hu = lerp(hu, 11.0, smooth_step(2.2, 0.9, depth));
    if z < 30.0 {
        // Cerebellum and the cisterns around the brain stem.
        let leaf = (y * 0.9 + mirror * 0.35 + 2.0 * bend.sin()).sin();
        hu = lerp(hu, 35.0 + 3.0 * leaf, smooth_step(14.0, 20.0, y));
        let cistern = ellipse(x, y - 2.0, 19.0, 15.0).abs() - 2.0;
        hu = lerp(hu, 8.0, cover(cistern, blur) * 0.85);
        return hu;
    }
    let body = |x0: f64, y0: f64, z0: f64, a: f64, b: f64, c: f64| {
        let part = 1.0 - ((z - z0) / c).powi(2);
        if part <= 0.0 {
            0.0
        } else {
            cover(
                ellipse(mirror - x0, y - y0, a * part.sqrt(), b * part.sqrt()),
                blur.max(1.2),
            )
        }
    };
    // Deep grey matter: thalamus, lentiform nucleus, head of the caudate.
    for (x0, y0, z0, a, b, c) in [
        (10.0, 10.0, 58.0, 9.0, 14.0, 15.0),
        (25.0, -6.0, 56.0, 7.0, 16.0, 14.0),
        (13.0, -21.0, 62.0, 5.5, 9.0, 16.0),
    ] {
        hu = lerp(hu, 38.0, body(x0, y0, z0, a, b, c));
    }
    // The Sylvian fissure and the cisterns at the base.
    let fissure = (y + 14.0 + 3.0 * noise.smooth(mirror / 9.0, 5.0, z / 12.0)).abs() - 1.6;
    hu = lerp(
        hu,
        9.0,
        cover(fissure, 2.0) * smooth_step(36.0, 43.0, mirror) * smooth_step(74.0, 62.0, z),
    );
    // Five arms of the suprasellar cistern and the quadrigeminal cistern behind.
    let arm = |x1: f64, y1: f64| {
        let along = ((mirror * x1 + (y + 4.0) * y1) / (x1 * x1 + y1 * y1)).clamp(0.0, 1.0);
        (mirror - along * x1).hypot(y + 4.0 - along * y1) - 3.6 + 1.8 * along
    };
    let star = arm(0.0, -22.0)
        .min(arm(21.0, -5.0))
        .min(arm(15.0, 15.0))
        .min(ellipse(x, y + 4.0, 7.0, 6.0));
    let smile = (mirror.hypot(y - 15.0) - 14.0).abs() - 1.5;
    let star = star.min(smile.max(20.0 - y));
    hu = lerp(hu, 8.0, cover(star, 2.0) * smooth_step(46.0, 38.0, z));
    // The bleeding presses on the ventricle of its side.
    let narrow = if x > 0.0 { 0.62 } else { 1.0 };
    let fluid = [
        (9.0, -27.0, 64.0, 4.6, 13.0, 13.0),
        (11.0, 2.0, 76.0, 5.5, 34.0, 10.0),
        (0.0, 8.0, 51.0, 2.2, 12.0, 11.0),
        (22.0, 34.0, 61.0, 6.5, 14.0, 13.0),
    ];
    for (x0, y0, z0, a, b, c) in fluid {
        let lean = x0 + (y - y0) * if y0 < -20.0 { -0.22 } else { 0.12 };
        let narrow = if y0 > 20.0 { 1.0 } else { narrow };
        hu = lerp(
            hu,
            5.0,
            body(if x0 == 0.0 { 0.0 } else { lean }, y0, z0, a * narrow, b, c),
        );
    }
    // Calcified pineal body and choroid plexus, as most adults have.
    hu = lerp(hu, 130.0, body(0.0, 23.0, 56.0, 2.4, 3.0, 4.0));
    hu = lerp(hu, 110.0, body(22.0, 36.0, 60.0, 2.4, 4.0, 5.0));
    // The falx between the halves, with fluid on both sides.
    let (_, length) = cavity_axes(z);
    let middle = smooth_step(26.0, 34.0, (y - 2.0).abs()).max(smooth_step(80.0, 88.0, z));
    let sway = mirror - 0.5 * noise.smooth(4.0, y / 8.0, z / 8.0).abs();
    hu = lerp(hu, 12.0, cover(sway - 1.7, 1.0) * middle * 0.8);
    hu = lerp(
        hu,
        52.0,
        cover(mirror - 0.6, 1.0)
            * middle
            * smooth_step(0.3, 0.5, (y / length).abs()).max(smooth_step(80.0, 88.0, z)),
    );
    let sinus = ellipse(x, y - length + 3.0, 4.5, 3.5);
    hu = lerp(hu, 58.0, cover(sinus, blur) * smooth_step(40.0, 50.0, z));
    let facts = facts();
    hu = lerp(
        hu,
        facts.oedema.hu,
        smooth_step(1.04, 0.90, relative(&facts.oedema, at)),
    );
    let bleeding = (relative(&facts.bleeding, at) - 1.0) * 12.0;
    lerp(hu, facts.bleeding.hu, cover(bleeding, blur))
}

/// 0 at the centre of an ellipsoid, 1 on its surface.
fn relative(body: &Ellipsoid, at: At) -> f64 {
    // `at.y` counts from the middle of the head here; facts count from the middle of the picture.
    let place = [at.x, at.y - 10.0, at.z];
    let squares = place.iter().zip(body.centre_mm).zip(body.half_axes_mm);
    squares
        .map(|((at, centre), half)| ((at - centre) / half).powi(2))
        .sum::<f64>()
        .sqrt()
}
