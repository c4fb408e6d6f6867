//! Symbols of UCUM and their sizes. Base: metre, second, gram, kelvin, mole, candela, coulomb, radian; then
//! dimensions of their own for what cannot be converted.

/// Number of dimensions.
pub(super) const DIMENSIONS: usize = 20;

/// A unit symbol.
pub(super) struct Atom {
    pub(super) symbol: &'static str,
    /// May carry a prefix.
    pub(super) metric: bool,
    pub(super) factor: f64,
    /// Zero of the scale in kelvin.
    pub(super) offset: f64,
    /// Dimension and exponent.
    pub(super) exponents: &'static [(u8, i8)],
}

const fn metric(symbol: &'static str, factor: f64, exponents: &'static [(u8, i8)]) -> Atom {
    Atom {
        symbol,
        metric: true,
        factor,
        offset: 0.0,
        exponents,
    }
}

const fn plain(symbol: &'static str, factor: f64, exponents: &'static [(u8, i8)]) -> Atom {
    Atom {
        symbol,
        metric: false,
        factor,
        offset: 0.0,
        exponents,
    }
}

/// Prefixes; the two-letter one first.
pub(super) const PREFIXES: [(&str, f64); 20] = [
    ("da", 1e1),
    ("Y", 1e24),
    ("Z", 1e21),
    ("E", 1e18),
    ("P", 1e15),
    ("T", 1e12),
    ("G", 1e9),
    ("M", 1e6),
    ("k", 1e3),
    ("h", 1e2),
    ("d", 1e-1),
    ("c", 1e-2),
    ("m", 1e-3),
    ("u", 1e-6),
    ("n", 1e-9),
    ("p", 1e-12),
    ("f", 1e-15),
    ("a", 1e-18),
    ("z", 1e-21),
    ("y", 1e-24),
];

const LENGTH: &[(u8, i8)] = &[(0, 1)];
const TIME: &[(u8, i8)] = &[(1, 1)];
const MASS: &[(u8, i8)] = &[(2, 1)];
const TEMPERATURE: &[(u8, i8)] = &[(3, 1)];
const AMOUNT: &[(u8, i8)] = &[(4, 1)];
const ANGLE: &[(u8, i8)] = &[(7, 1)];
const VOLUME: &[(u8, i8)] = &[(0, 3)];
const CATALYTIC: &[(u8, i8)] = &[(4, 1), (1, -1)];
const FORCE: &[(u8, i8)] = &[(2, 1), (0, 1), (1, -2)];
const PRESSURE: &[(u8, i8)] = &[(2, 1), (0, -1), (1, -2)];
const ENERGY: &[(u8, i8)] = &[(2, 1), (0, 2), (1, -2)];
const POWER: &[(u8, i8)] = &[(2, 1), (0, 2), (1, -3)];
const VOLTAGE: &[(u8, i8)] = &[(2, 1), (0, 2), (1, -2), (6, -1)];
const RESISTANCE: &[(u8, i8)] = &[(2, 1), (0, 2), (1, -1), (6, -2)];
const DOSE: &[(u8, i8)] = &[(0, 2), (1, -2)];
const RATE: &[(u8, i8)] = &[(1, -1)];
const NONE: &[(u8, i8)] = &[];

/// The symbols, the commonest first: they are searched in order.
pub(super) const ATOMS: &[Atom] = &[
    metric("mol", 1.0, AMOUNT),
    metric("L", 1e-3, VOLUME),
    metric("l", 1e-3, VOLUME),
    metric("g", 1.0, MASS),
    plain("10*", 10.0, NONE),
    plain("10^", 10.0, NONE),
    plain("%", 0.01, NONE),
    // Enzyme unit: one micromole a minute.
    metric("U", 1e-6 / 60.0, CATALYTIC),
    metric("[iU]", 1.0, &[(9, 1)]),
    metric("[IU]", 1.0, &[(9, 1)]),
    metric("m", 1.0, LENGTH),
    metric("s", 1.0, TIME),
    plain("min", 60.0, TIME),
    plain("h", 3600.0, TIME),
    plain("d", 86_400.0, TIME),
    plain("wk", 604_800.0, TIME),
    plain("mo", 2_629_800.0, TIME),
    plain("a", 31_557_600.0, TIME),
    Atom {
        symbol: "Cel",
        metric: true,
        factor: 1.0,
        offset: 273.15,
        exponents: TEMPERATURE,
    },
    Atom {
        symbol: "[degF]",
        metric: false,
        factor: 5.0 / 9.0,
        offset: 459.67 * 5.0 / 9.0,
        exponents: TEMPERATURE,
    },
    metric("K", 1.0, TEMPERATURE),
    metric("m[Hg]", 133_322_387.415, PRESSURE),
    metric("m[H2O]", 9_806_650.0, PRESSURE),
    metric("Pa", 1e3, PRESSURE),
    metric("bar", 1e8, PRESSURE),
    plain("atm", 101_325_000.0, PRESSURE),
    metric("osm", 1.0, &[(10, 1)]),
    metric("eq", 1.0, &[(8, 1)]),
    metric("kat", 1.0, CATALYTIC),
    metric("cd", 1.0, &[(5, 1)]),
    metric("C", 1.0, &[(6, 1)]),
    metric("A", 1.0, &[(6, 1), (1, -1)]),
    metric("V", 1e3, VOLTAGE),
    metric("Ohm", 1e3, RESISTANCE),
    metric("N", 1e3, FORCE),
    metric("J", 1e3, ENERGY),
    metric("cal", 4184.0, ENERGY),
    plain("[Cal]", 4_184_000.0, ENERGY),
    metric("W", 1e3, POWER),
    metric("Hz", 1.0, RATE),
    metric("Bq", 1.0, RATE),
    metric("Ci", 3.7e10, RATE),
    metric("Gy", 1.0, DOSE),
    metric("Sv", 1.0, DOSE),
    metric("rad", 1.0, ANGLE),
    plain("deg", std::f64::consts::PI / 180.0, ANGLE),
    metric("t", 1e6, MASS),
    metric("u", 1.660_539_066_6e-24, MASS),
    plain("[in_i]", 0.0254, LENGTH),
    plain("[ft_i]", 0.3048, LENGTH),
    plain("[lb_av]", 453.592_37, MASS),
    plain("[oz_av]", 28.349_523_125, MASS),
    plain("[diop]", 1.0, &[(0, -1)]),
    plain("[drp]", 5e-8, VOLUME),
    plain("[ppth]", 1e-3, NONE),
    plain("[ppm]", 1e-6, NONE),
    plain("[ppb]", 1e-9, NONE),
    plain("[pH]", 1.0, &[(11, 1)]),
    plain("[HPF]", 1.0, &[(12, 1)]),
    plain("[LPF]", 1.0, &[(13, 1)]),
    plain("[CFU]", 1.0, &[(14, 1)]),
    plain("[arb'U]", 1.0, &[(15, 1)]),
    plain("[GPL'U]", 1.0, &[(16, 1)]),
    plain("[MPL'U]", 1.0, &[(17, 1)]),
    plain("[APL'U]", 1.0, &[(18, 1)]),
    plain("[beth'U]", 1.0, &[(19, 1)]),
];
