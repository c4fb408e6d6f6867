//! From the spellings that laboratories send to UCUM.

use super::Unit;

/// Whole units, after white space was removed and characters were made half width.
const WHOLE: [(&str, &str); 46] = [
    ("G/L", "10*9/L"),
    ("T/L", "10*12/L"),
    ("Gpt/L", "10*9/L"),
    ("Tpt/L", "10*12/L"),
    ("K/uL", "10*3/uL"),
    ("M/uL", "10*6/uL"),
    ("℃", "Cel"),
    ("°C", "Cel"),
    ("摄氏度", "Cel"),
    ("度", "Cel"),
    ("℉", "[degF]"),
    ("°F", "[degF]"),
    ("‰", "[ppth]"),
    ("ppm", "[ppm]"),
    ("ppb", "[ppb]"),
    ("pH", "[pH]"),
    ("PH", "[pH]"),
    ("bpm", "/min"),
    ("次/分", "/min"),
    ("次/分钟", "/min"),
    ("次/min", "/min"),
    ("beats/min", "{beats}/min"),
    ("毫米汞柱", "mm[Hg]"),
    ("千帕", "kPa"),
    ("秒", "s"),
    ("分", "min"),
    ("分钟", "min"),
    ("小时", "h"),
    ("天", "d"),
    ("周", "wk"),
    ("月", "mo"),
    ("岁", "a"),
    ("年", "a"),
    ("厘米", "cm"),
    ("毫米", "mm"),
    ("米", "m"),
    ("公斤", "kg"),
    ("千克", "kg"),
    ("克", "g"),
    ("毫克", "mg"),
    ("微克", "ug"),
    ("毫升", "mL"),
    ("升", "L"),
    ("片", "{tablet}"),
    ("粒", "{capsule}"),
    ("支", "{ampoule}"),
];

/// One component between `/` and `.`.
const COMPONENT: [(&str, &str); 57] = [
    ("mmHg", "mm[Hg]"),
    ("mmHG", "mm[Hg]"),
    ("cmHg", "cm[Hg]"),
    ("cmH2O", "cm[H2O]"),
    ("mmH2O", "mm[H2O]"),
    ("IU", "[iU]"),
    ("iU", "[iU]"),
    ("KIU", "k[iU]"),
    ("kIU", "k[iU]"),
    ("MIU", "M[iU]"),
    ("mIU", "m[iU]"),
    ("uIU", "u[iU]"),
    ("nIU", "n[iU]"),
    ("u", "U"),
    ("mu", "mU"),
    ("AU", "[arb'U]"),
    ("RU", "{RU}"),
    ("CFU", "[CFU]"),
    ("cfu", "[CFU]"),
    ("GPL", "[GPL'U]"),
    ("MPL", "[MPL'U]"),
    ("HP", "[HPF]"),
    ("HPF", "[HPF]"),
    ("hpf", "[HPF]"),
    ("高倍视野", "[HPF]"),
    ("LP", "[LPF]"),
    ("LPF", "[LPF]"),
    ("lpf", "[LPF]"),
    ("低倍视野", "[LPF]"),
    ("mEq", "meq"),
    ("Eq", "eq"),
    ("uEq", "ueq"),
    ("mOsm", "mosm"),
    ("mosmol", "mosm"),
    ("Osm", "osm"),
    ("kgH2O", "kg"),
    ("sec", "s"),
    ("Sec", "s"),
    ("S", "s"),
    ("msec", "ms"),
    ("hr", "h"),
    ("Hr", "h"),
    ("1h", "h"),
    ("hour", "h"),
    ("h", "h"),
    ("24h", "(24.h)"),
    ("24hr", "(24.h)"),
    ("day", "d"),
    ("Kg", "kg"),
    ("KG", "kg"),
    ("mcg", "ug"),
    ("cc", "mL"),
    ("个", "1"),
    ("cells", "{cells}"),
    ("copies", "{copies}"),
    ("拷贝", "{copies}"),
    ("1.73m2", "{1.73_m2}"),
];

/// Names of ratios that stand for a unit.
const RATIOS: [&str; 8] = ["INR", "COI", "S/CO", "S/N", "ratio", "index", "比值", "R"];

/// The UCUM spelling of a unit as laboratories write it: UCUM itself, `10^9/L`, `×10⁹/L`, `μmol/L`, `mmHg`, `IU/L`,
/// `℃`, `次/分` … `None` when it is no known unit. Case matters: `MG/DL` is none.
#[must_use]
pub fn normalise_unit(text: &str) -> Option<String> {
    if text.len() > 4 * super::UNIT_BYTES_MAX {
        return None;
    }
    let plain = plain(text);
    if plain.is_empty() {
        return None;
    }
    if let Some((_, ucum)) = WHOLE.iter().find(|(given, _)| *given == plain) {
        return Some((*ucum).to_owned());
    }
    if RATIOS.iter().any(|r| *r == plain) {
        return Some(if plain.is_ascii() {
            format!("{{{plain}}}")
        } else {
            "{ratio}".to_owned()
        });
    }
    let per_area = plain
        .replace("/1.73m2", "/{1.73_m2}")
        .replace("/(min.1.73m2)", "/min/{1.73_m2}");
    let ucum = components(&powers_of_ten(&per_area));
    Unit::parse(&ucum).map(|_| ucum)
}

/// Half width, without white space, superscripts as digits, micro as `u`, raised dots as `.`.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            'μ' | 'µ' => 'u',
            '⁰' => '0',
            '¹' => '1',
            '²' => '2',
            '³' => '3',
            '⁴'..='⁹' => u32::from(c)
                .checked_sub(u32::from('⁴'))
                .and_then(|d| char::from_digit(d + 4, 10))
                .unwrap_or(c),
            '⁻' | '−' | '－' => '-',
            '·' | '•' | '∙' | '⋅' => '.',
            '╱' | '∕' => '/',
            '％' => '%',
            '\u{ff01}'..='\u{ff5e}' => u32::from(c)
                .checked_sub(0xfee0)
                .and_then(char::from_u32)
                .unwrap_or(c),
            _ => c,
        })
        .collect()
}

/// `×10^9`, `x10^9`, `*10^9`, `10^9`, `10E9`, `10e+9`, `×109`, `1e9` at the start become `10*9`.
fn powers_of_ten(text: &str) -> String {
    let (rest, multiplied) = match text.strip_prefix(['×', 'x', 'X', '*', '✕', '╳']) {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let after = ["10^", "10*", "10**", "10E", "10e", "10~", "1e", "1E"]
        .iter()
        .find_map(|ten| rest.strip_prefix(ten))
        .map(|after| after.trim_start_matches('*'))
        .or_else(|| rest.strip_prefix("10").filter(|_| multiplied || raised(rest)));
    let Some(after) = after else {
        return text.to_owned();
    };
    let signed = after.strip_prefix('+').unwrap_or(after);
    let digits = signed
        .trim_start_matches('-')
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    let exponent_len = digits + signed.len() - signed.trim_start_matches('-').len();
    match signed.split_at_checked(exponent_len) {
        Some((exponent, unit)) if digits > 0 && digits <= 2 => format!("10*{exponent}{unit}"),
        _ => text.to_owned(),
    }
}

/// `109/L`, `1012/L`, `106/uL`: the exponent has lost its raised position.
fn raised(text: &str) -> bool {
    ["103/", "106/", "109/", "1012/"]
        .iter()
        .any(|start| text.starts_with(start))
}

fn components(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut symbol = String::new();
    let mut closing = None;
    for c in text.chars() {
        match (closing, c) {
            (None, '/' | '.' | '(' | ')') => {
                flush(&mut symbol, &mut out);
                out.push(c);
            }
            (None, '[') => {
                closing = Some(']');
                symbol.push(c);
            }
            (None, '{') => {
                closing = Some('}');
                symbol.push(c);
            }
            (Some(end), _) if end == c => {
                closing = None;
                symbol.push(c);
            }
            _ => symbol.push(c),
        }
    }
    flush(&mut symbol, &mut out);
    out
}

fn flush(symbol: &mut String, out: &mut String) {
    if let Some((_, ucum)) = COMPONENT.iter().find(|(given, _)| *given == symbol.as_str()) {
        out.push_str(ucum);
    } else if let Some(prefix) = symbol
        .strip_suffix('l')
        .filter(|p| ["", "m", "u", "n", "d", "c", "f", "p"].contains(p))
    {
        // A litre has one spelling here.
        out.push_str(prefix);
        out.push('L');
    } else {
        out.push_str(symbol);
    }
    symbol.clear();
}
