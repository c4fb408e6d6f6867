//! Units of measure: UCUM, case-sensitive, as far as laboratories, vital signs and doses need it, and the
//! spellings that laboratories really send.

mod analyte;
mod atoms;
mod spelling;

pub use analyte::{Analyte, analyte, same_code};
pub use spelling::normalise_unit;

use atoms::{ATOMS, DIMENSIONS, PREFIXES};

/// Longest unit that is read, in bytes.
const UNIT_BYTES_MAX: usize = 64;
/// Deepest nesting of parentheses that is read.
const DEPTH_MAX: u8 = 4;
/// Largest exponent.
const EXPONENT_MAX: i8 = 30;

/// Index of the dimension of mass.
const MASS: usize = 2;
/// Index of the dimension of the amount of substance.
const AMOUNT: usize = 4;
/// Index of the dimension of electric charges, counted in equivalents.
const EQUIVALENT: usize = 8;

/// A unit, reduced to a factor and exponents of base dimensions. Amount of substance and arbitrary units such as
/// `[iU]` are dimensions of their own, so that they never turn into plain numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    factor: f64,
    offset: f64,
    exponents: [i8; DIMENSIONS],
}

impl Unit {
    const ONE: Self = Self {
        factor: 1.0,
        offset: 0.0,
        exponents: [0; DIMENSIONS],
    };

    /// Reads UCUM in its case-sensitive form; `None` when it is not one. Spellings of laboratories go through
    /// [`normalise_unit`] first.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > UNIT_BYTES_MAX {
            return None;
        }
        let (unit, rest) = term(text, 0)?;
        rest.is_empty().then_some(unit)
    }

    /// Whether values can be converted from one into the other.
    #[must_use]
    pub fn commensurable(&self, other: &Self) -> bool {
        self.exponents == other.exponents
    }

    /// `value` of this unit in the unit `to`; `None` when they are not commensurable.
    #[must_use]
    pub fn convert(&self, value: f64, to: &Self) -> Option<f64> {
        self.commensurable(to)
            .then(|| (value * self.factor + self.offset - to.offset) / to.factor)
    }

    /// As [`Unit::convert`]; for the given analyte also between mass, amount of substance and equivalents.
    #[must_use]
    pub fn convert_of(&self, value: f64, to: &Self, analyte: &Analyte) -> Option<f64> {
        self.convert_between(value, analyte, to, analyte)
    }

    /// As [`Unit::convert_of`] where one analyte is reported in two ways, such as urea as a whole and as its nitrogen.
    #[must_use]
    pub fn convert_between(&self, value: f64, from_as: &Analyte, to: &Self, to_as: &Analyte) -> Option<f64> {
        let (from, from_moles) = self.in_moles(from_as);
        let (target, to_moles) = to.in_moles(to_as);
        if from_moles || to_moles {
            from.convert(value, &target)
        } else {
            self.convert(value, to)
        }
    }

    /// The unit with mass or equivalents of the analyte counted in moles, and whether anything was replaced.
    fn in_moles(self, analyte: &Analyte) -> (Self, bool) {
        let mut unit = self;
        let [_, _, mass, _, amount, _, _, _, equivalent, ..] = unit.exponents;
        if mass == 1 && amount == 0 && equivalent == 0 {
            unit.factor /= analyte.molar_mass;
            set(&mut unit.exponents, MASS, 0);
        } else if equivalent == 1 && mass == 0 && amount == 0 && analyte.valence > 0 {
            unit.factor /= f64::from(analyte.valence);
            set(&mut unit.exponents, EQUIVALENT, 0);
        } else {
            return (self, false);
        }
        set(&mut unit.exponents, AMOUNT, 1);
        (unit, true)
    }

    fn power(mut self, exponent: i8) -> Option<Self> {
        if exponent != 1 && self.offset != 0.0 {
            return None;
        }
        self.factor = self.factor.powi(i32::from(exponent));
        for e in &mut self.exponents {
            *e = e.checked_mul(exponent)?;
        }
        Some(self)
    }

    fn times(mut self, other: Self) -> Option<Self> {
        // A temperature with an offset stands alone.
        if (self.offset != 0.0 && other != Self::ONE) || (other.offset != 0.0 && self != Self::ONE) {
            return None;
        }
        self.factor *= other.factor;
        self.offset += other.offset;
        for (e, o) in self.exponents.iter_mut().zip(other.exponents) {
            *e = e.checked_add(o)?;
        }
        Some(self)
    }
}

fn set(exponents: &mut [i8; DIMENSIONS], at: usize, value: i8) {
    if let Some(exponent) = exponents.get_mut(at) {
        *exponent = value;
    }
}

/// `component (('.' | '/') component)*`, or the same after a leading `/`; gives what follows.
fn term(text: &str, depth: u8) -> Option<(Unit, &str)> {
    let (mut unit, mut rest) = match text.strip_prefix('/') {
        Some(after) => {
            let (first, rest) = component(after, depth)?;
            (first.power(-1)?, rest)
        }
        None => component(text, depth)?,
    };
    loop {
        let (sign, after) = match rest.split_at_checked(1) {
            Some((".", after)) => (1, after),
            Some(("/", after)) => (-1, after),
            _ => return Some((unit, rest)),
        };
        let (next, remaining) = component(after, depth)?;
        unit = unit.times(next.power(sign)?)?;
        rest = remaining;
    }
}

/// A parenthesised term, an annotation, a number, or an atom with prefix, exponent and annotation.
fn component(text: &str, depth: u8) -> Option<(Unit, &str)> {
    if let Some(inner) = text.strip_prefix('(') {
        if depth >= DEPTH_MAX {
            return None;
        }
        let (unit, rest) = term(inner, depth + 1)?;
        return Some((unit, rest.strip_prefix(')')?));
    }
    if text.starts_with('{') {
        return Some((Unit::ONE, annotation(text)?));
    }
    let end = symbol_end(text)?;
    let (symbol, rest) = text.split_at_checked(end)?;
    let (base, exponent) = split_exponent(symbol);
    let unit = if !base.is_empty() && base.bytes().all(|b| b.is_ascii_digit()) {
        Unit {
            factor: base.parse().ok().filter(|n| *n > 0.0)?,
            ..Unit::ONE
        }
    } else {
        atom(base)?
    };
    let unit = match exponent {
        "" => unit,
        given => unit.power(
            given
                .parse::<i8>()
                .ok()
                .filter(|e| (-EXPONENT_MAX..=EXPONENT_MAX).contains(e) && *e != 0)?,
        )?,
    };
    let rest = if rest.starts_with('{') {
        annotation(rest)?
    } else {
        rest
    };
    Some((unit, rest))
}

/// What follows `{...}`.
fn annotation(text: &str) -> Option<&str> {
    let (inside, rest) = text.strip_prefix('{')?.split_once('}')?;
    inside
        .bytes()
        .all(|b| (0x21..0x7f).contains(&b) && b != b'{')
        .then_some(rest)
}

/// Where the symbol that starts here ends; brackets belong to it.
fn symbol_end(text: &str) -> Option<usize> {
    let mut bracket = false;
    for (at, b) in text.bytes().enumerate() {
        match b {
            b'[' => bracket = true,
            b']' => bracket = false,
            b'.' | b'/' | b'(' | b')' | b'{' | b'}' if !bracket => return (at > 0).then_some(at),
            0x21..0x7f => {}
            _ => return None,
        }
    }
    (!bracket && !text.is_empty()).then_some(text.len())
}

/// Splits `m2` into `m` and `2`, `10*9` into `10*` and `9`. A number alone has no exponent.
fn split_exponent(symbol: &str) -> (&str, &str) {
    for ten in ["10*", "10^"] {
        if let Some(exponent) = symbol.strip_prefix(ten) {
            return (ten, exponent);
        }
    }
    let base = symbol.trim_end_matches(|c: char| c.is_ascii_digit());
    if base.is_empty() {
        return (symbol, "");
    }
    let base = base.strip_suffix(['+', '-']).unwrap_or(base);
    symbol.split_at_checked(base.len()).unwrap_or((symbol, ""))
}

fn find(symbol: &str) -> Option<(Unit, bool)> {
    ATOMS.iter().find(|a| a.symbol == symbol).map(|a| {
        let mut exponents = [0; DIMENSIONS];
        for (at, exponent) in a.exponents {
            set(&mut exponents, usize::from(*at), *exponent);
        }
        (
            Unit {
                factor: a.factor,
                offset: a.offset,
                exponents,
            },
            a.metric,
        )
    })
}

fn atom(symbol: &str) -> Option<Unit> {
    if let Some((unit, _)) = find(symbol) {
        return Some(unit);
    }
    PREFIXES.iter().find_map(|(prefix, factor)| {
        let (unit, metric) = find(symbol.strip_prefix(prefix)?)?;
        metric.then_some(Unit {
            factor: unit.factor * factor,
            ..unit
        })
    })
}

#[cfg(test)]
mod tests;
