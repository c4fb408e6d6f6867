//! Analytes that are reported in mass by some laboratories and in amount of substance by others, by LOINC code.

/// One LOINC code of an analyte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Analyte {
    /// LOINC code.
    pub loinc: &'static str,
    /// The code under which all codes of the analyte are compared.
    pub canonical: &'static str,
    /// Grams of what is weighed per mole.
    pub molar_mass: f64,
    /// Charges per mole; 0 when it is no ion.
    pub valence: u8,
}

const fn row(loinc: &'static str, canonical: &'static str, molar_mass: f64, valence: u8) -> Analyte {
    Analyte {
        loinc,
        canonical,
        molar_mass,
        valence,
    }
}

/// Mass code and amount code of each analyte in serum or plasma.
const ANALYTES: &[Analyte] = &[
    // Calcium
    row("17861-6", "2000-8", 40.078, 2),
    // Cholesterol in LDL
    row("13457-7", "22748-8", 386.65, 0),
    // Triiodothyronine free
    row("14928-6", "14928-6", 650.97, 0),
    // Bilirubin, direct
    row("14629-0", "14629-0", 584.66, 0),
    // Bilirubin, total
    row("14631-6", "14631-6", 584.66, 0),
    // Cholesterol in HDL
    row("14646-4", "14646-4", 386.65, 0),
    // Cholesterol
    row("14647-2", "14647-2", 386.65, 0),
    // Cortisol
    row("14675-3", "14675-3", 362.46, 0),
    // Creatinine
    row("14682-9", "14682-9", 113.12, 0),
    // Cobalamin
    row("14685-2", "14685-2", 1355.37, 0),
    // Estradiol
    row("14715-7", "14715-7", 272.38, 0),
    // Folate
    row("14732-2", "14732-2", 441.40, 0),
    // Glucose
    row("14749-6", "14749-6", 180.156, 0),
    // Iron
    row("14798-3", "14798-3", 55.845, 0),
    // Phosphate, weighed as phosphorus
    row("14879-1", "14879-1", 30.974, 0),
    // Progesterone
    row("14890-8", "14890-8", 314.46, 0),
    // Testosterone
    row("14913-8", "14913-8", 288.42, 0),
    // Thyroxine free
    row("14920-3", "14920-3", 776.87, 0),
    // Thyroxine
    row("14921-1", "14921-1", 776.87, 0),
    // Triglyceride
    row("14927-8", "14927-8", 885.4, 0),
    // Triiodothyronine
    row("14930-2", "14930-2", 650.97, 0),
    // Urate
    row("14933-6", "14933-6", 168.11, 0),
    // Urea, as nitrogen: two atoms a molecule
    row("14937-7", "22664-7", 28.014, 0),
    row("1968-7", "14629-0", 584.66, 0),
    row("1975-2", "14631-6", 584.66, 0),
    row("19123-9", "2601-3", 24.305, 2),
    row("2000-8", "2000-8", 40.078, 2),
    row("2075-0", "2075-0", 35.453, 1),
    row("2085-9", "14646-4", 386.65, 0),
    row("2089-1", "22748-8", 386.65, 0),
    row("2093-3", "14647-2", 386.65, 0),
    row("2132-9", "14685-2", 1355.37, 0),
    row("2143-6", "14675-3", 362.46, 0),
    row("2160-0", "14682-9", 113.12, 0),
    row("2243-4", "14715-7", 272.38, 0),
    // Urea
    row("22664-7", "22664-7", 60.056, 0),
    row("22748-8", "22748-8", 386.65, 0),
    row("2284-8", "14732-2", 441.40, 0),
    row("2345-7", "14749-6", 180.156, 0),
    row("2498-4", "14798-3", 55.845, 0),
    row("2571-8", "14927-8", 885.4, 0),
    // Magnesium
    row("2601-3", "2601-3", 24.305, 2),
    row("2777-1", "14879-1", 30.974, 0),
    // Potassium
    row("2823-3", "2823-3", 39.098, 1),
    row("2839-9", "14890-8", 314.46, 0),
    // Sodium
    row("2951-2", "2951-2", 22.990, 1),
    row("2986-8", "14913-8", 288.42, 0),
    row("3024-7", "14920-3", 776.87, 0),
    row("3026-2", "14921-1", 776.87, 0),
    row("3051-0", "14928-6", 650.97, 0),
    row("3053-6", "14930-2", 650.97, 0),
    row("3084-1", "14933-6", 168.11, 0),
    row("3091-6", "22664-7", 60.056, 0),
    row("3094-0", "22664-7", 28.014, 0),
];

/// The analyte of a LOINC code, when it is one that is reported in several ways.
#[must_use]
pub fn analyte(loinc: &str) -> Option<&'static Analyte> {
    ANALYTES.iter().find(|a| a.loinc == loinc)
}

/// The code under which results of `loinc` are compared with those of other laboratories.
#[must_use]
pub fn same_code(loinc: &str) -> &str {
    analyte(loinc).map_or(loinc, |a| a.canonical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::loinc_valid;

    #[test]
    fn codes_are_real_and_lead_to_a_row() {
        for a in ANALYTES {
            assert!(loinc_valid(a.loinc), "{}", a.loinc);
            assert_eq!(same_code(a.canonical), a.canonical, "{}", a.loinc);
            assert_eq!(
                ANALYTES.iter().filter(|b| b.loinc == a.loinc).count(),
                1,
                "{}",
                a.loinc
            );
        }
    }
}
