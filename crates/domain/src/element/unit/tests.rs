//! What units must do.

use proptest::prelude::*;

use super::*;

fn convert(value: f64, from: &str, to: &str) -> f64 {
    Unit::parse(from)
        .unwrap()
        .convert(value, &Unit::parse(to).unwrap())
        .unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1e-12)
}

#[test]
fn reads_what_laboratories_need() {
    for text in [
        "mmol/L",
        "umol/L",
        "g/L",
        "mg/dL",
        "10*9/L",
        "10*12/L",
        "10*-3",
        "/uL",
        "{cells}/uL",
        "%",
        "fL",
        "pg",
        "U/L",
        "[iU]/L",
        "m[iU]/mL",
        "mm/h",
        "s",
        "mm[Hg]",
        "Cel",
        "/min",
        "{beats}/min",
        "kg/m2",
        "mL/min/{1.73_m2}",
        "mL/(min.kg)",
        "10*3/uL",
        "mosm/kg",
        "meq/L",
        "ng/mL",
        "[pH]",
        "/[HPF]",
        "1",
        "{INR}",
        "ug/(24.h)",
        "m/s2",
        "s-1",
        "cm",
        "kg",
        "mol/kg{wet}",
        "[arb'U]/mL",
        "nmol/L",
        "pmol/L",
        "kPa",
        "cm[H2O]",
        "[degF]",
        "nkat/L",
        "m2",
        "dyn".strip_suffix("yn").unwrap(),
    ] {
        assert!(Unit::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        "MMOL/L",
        "mmol/",
        "mmol//L",
        "Mg/Dl",
        "10^x",
        "10**",
        "{open",
        "(mol",
        "mol)",
        "xyz",
        "个",
        "mol/L ",
        "Cel/min",
        "m[Hg",
        "0",
        "{a}b",
        "m99",
        "m0",
        "((((((m))))))",
        "[unknown]",
        "5e3",
        "-1",
    ] {
        assert!(Unit::parse(text).is_none(), "{text}");
    }
}

#[test]
fn converts_within_a_dimension() {
    for (value, from, to, expected) in [
        (37.0, "Cel", "[degF]", 98.6),
        (98.6, "[degF]", "Cel", 37.0),
        (120.0, "mm[Hg]", "kPa", 15.998_686),
        (5.0, "10*9/L", "10*3/uL", 5.0),
        (4.5, "10*12/L", "10*6/uL", 4.5),
        (13.5, "g/dL", "g/L", 135.0),
        (1.0, "U/L", "nkat/L", 16.666_667),
        (60.0, "/min", "s-1", 1.0),
        (1.0, "mg/L", "ug/mL", 1.0),
        (70.0, "kg", "[lb_av]", 154.323_584),
        (50.0, "%", "1", 0.5),
    ] {
        assert!(
            close(convert(value, from, to), expected),
            "{value} {from} in {to}"
        );
    }
    for (a, b) in [
        ("mmol/L", "mg/dL"),
        ("[iU]/L", "U/L"),
        ("g", "mL"),
        ("meq/L", "mmol/L"),
        ("/[HPF]", "/uL"),
        ("m", "s"),
    ] {
        assert!(
            !Unit::parse(a).unwrap().commensurable(&Unit::parse(b).unwrap()),
            "{a} {b}"
        );
    }
}

#[test]
fn converts_between_mass_and_amount_of_known_analytes() {
    for (loinc, value, from, to, expected) in [
        ("2345-7", 90.0, "mg/dL", "mmol/L", 4.995_671),
        ("14682-9", 88.4, "umol/L", "mg/dL", 0.999_981),
        ("1975-2", 1.0, "mg/dL", "umol/L", 17.103_958),
        ("2093-3", 200.0, "mg/dL", "mmol/L", 5.172_637),
        ("3094-0", 14.007, "mg/dL", "mmol/L", 5.0),
        ("2951-2", 140.0, "meq/L", "mmol/L", 140.0),
        ("2000-8", 5.0, "meq/L", "mmol/L", 2.5),
        ("2000-8", 10.0, "mg/dL", "mmol/L", 2.495_134),
        ("14682-9", 80.0, "umol/L", "umol/L", 80.0),
    ] {
        let unit = |text| Unit::parse(text).unwrap();
        let result = unit(from)
            .convert_of(value, &unit(to), analyte(loinc).unwrap())
            .unwrap();
        assert!(close(result, expected), "{loinc}: {result}");
    }
    assert_eq!(same_code("2345-7"), same_code("14749-6"));
    assert_eq!(same_code("718-7"), "718-7");
    // Urea weighed whole and urea weighed as nitrogen are one analyte with two molar masses.
    let mg = Unit::parse("mg/dL").unwrap();
    let whole = mg
        .convert_between(
            14.007,
            analyte("3094-0").unwrap(),
            &mg,
            analyte("3091-6").unwrap(),
        )
        .unwrap();
    assert!(close(whole, 30.028), "{whole}");
}

#[test]
fn spellings_of_laboratories() {
    for (given, ucum) in [
        ("10^9/L", "10*9/L"),
        ("×10^9/L", "10*9/L"),
        ("x10^9/L", "10*9/L"),
        ("×10⁹/L", "10*9/L"),
        ("10⁹/L", "10*9/L"),
        ("*10^9/l", "10*9/L"),
        ("10E9/L", "10*9/L"),
        ("10e+9/L", "10*9/L"),
        ("１０＾９／Ｌ", "10*9/L"),
        ("109/L", "10*9/L"),
        ("10*12/L", "10*12/L"),
        ("G/L", "10*9/L"),
        ("umol/L", "umol/L"),
        ("μmol/L", "umol/L"),
        ("µmol/l", "umol/L"),
        ("ＭＭＯＬ", ""),
        ("mmol / L", "mmol/L"),
        ("IU/L", "[iU]/L"),
        ("u/L", "U/L"),
        ("uIU/mL", "u[iU]/mL"),
        ("mmHg", "mm[Hg]"),
        ("℃", "Cel"),
        ("次/分", "/min"),
        ("mm/hr", "mm/h"),
        ("sec", "s"),
        ("mEq/L", "meq/L"),
        ("mOsm/kgH2O", "mosm/kg"),
        ("kg/m²", "kg/m2"),
        ("ml/min/1.73m²", "mL/min/{1.73_m2}"),
        ("mL/(min·1.73m2)", "mL/min/{1.73_m2}"),
        ("个/μL", "1/uL"),
        ("/HP", "/[HPF]"),
        ("copies/mL", "{copies}/mL"),
        ("INR", "{INR}"),
        ("S/CO", "{S/CO}"),
        ("比值", "{ratio}"),
        ("mg/24h", "mg/(24.h)"),
        ("mcg/dl", "ug/dL"),
        ("%", "%"),
        ("％", "%"),
        ("fl", "fL"),
        ("岁", "a"),
        ("kg", "kg"),
        ("MG/DL", ""),
        ("Mmol/L", "Mmol/L"),
        ("单位", ""),
        ("", ""),
        ("mg%%", ""),
    ] {
        assert_eq!(normalise_unit(given).unwrap_or_default(), ucum, "{given}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_normal_spelling_is_stable(text in "\\PC{0,24}") {
        let _ = Unit::parse(&text);
        if let Some(ucum) = normalise_unit(&text) {
            prop_assert!(Unit::parse(&ucum).is_some());
            prop_assert_eq!(normalise_unit(&ucum), Some(ucum.clone()));
        }
    }

    #[test]
    fn symbols_put_together(text in "(m|u|k)?(mol|g|L|U|m|s|\\[iU\\]|10\\*)[0-9]?(/(m|d|u)?(L|g|min|h)[2-3]?){0,2}") {
        if let (Some(unit), Some(ucum)) = (Unit::parse(&text), normalise_unit(&text)) {
            let same = Unit::parse(&ucum).unwrap();
            prop_assert!(unit.commensurable(&same) || text.starts_with('u'), "{} {}", text, ucum);
        }
    }

    #[test]
    fn there_and_back(value in -1e6..1e6_f64) {
        for (a, b) in [("mg/dL", "g/L"), ("Cel", "[degF]"), ("mm[Hg]", "kPa")] {
            let back = convert(convert(value, a, b), b, a);
            prop_assert!((back - value).abs() < 1e-6 * value.abs().max(1.0));
        }
    }
}
