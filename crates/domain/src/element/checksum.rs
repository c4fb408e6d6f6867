//! Check characters and forms of the codes in Table 1.

use crate::person::{IdNumber, PersonError, canonical_number, id_check_character};

/// Whether a text is a LOINC code with the right check digit (modulus 10, double-add-double).
#[must_use]
pub fn loinc_valid(code: &str) -> bool {
    let Some((number, check)) = code.split_once('-') else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(number) || !digits(check) || number.len() > 7 || check.len() != 1 {
        return false;
    }
    let sum: u32 = number
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit) {
            (0, d) if d > 4 => 2 * d - 9,
            (0, d) => 2 * d,
            (_, d) => d,
        })
        .sum();
    check.parse() == Ok((10 - sum % 10) % 10)
}

/// Whether a text looks like a LOINC code, right or wrong.
pub(super) fn loinc_shaped(code: &str) -> bool {
    code.split_once('-').is_some_and(|(number, check)| {
        (1..=7).contains(&number.len())
            && check.len() == 1
            && number.bytes().chain(check.bytes()).all(|b| b.is_ascii_digit())
    })
}

/// The 31 characters of a unified social credit code, in the order of their values (GB 32100).
const USCC_CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const USCC_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Whether a text is a unified social credit code: 18 characters, check character by modulus 31 (rule V4).
#[must_use]
pub fn uscc_valid(code: &str) -> bool {
    let value = |c: char| {
        USCC_CHARACTERS
            .chars()
            .position(|u| u == c)
            .and_then(|at| u32::try_from(at).ok())
    };
    if code.len() != 18 {
        return false;
    }
    let mut sum = 0;
    for (c, weight) in code.chars().zip(USCC_WEIGHTS) {
        match value(c) {
            Some(v) => sum += v * weight,
            None => return false,
        }
    }
    let region = code
        .get(2..8)
        .is_some_and(|r| r.bytes().all(|b| b.is_ascii_digit()));
    region && code.chars().last().and_then(value) == Some((31 - sum % 31) % 31)
}

const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Whether a text is a code of a health institution by WS 218: 22 characters, of which the first nine are an
/// organisation code with its check character (GB 11714).
#[must_use]
pub fn ws218_valid(code: &str) -> bool {
    let (Some(organisation), Some(given), Some(rest)) = (code.get(..8), code.get(8..9), code.get(9..)) else {
        return false;
    };
    if rest.len() != 13 || !rest.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
        return false;
    }
    let mut sum = 0;
    for (c, weight) in organisation.chars().zip(ORGANISATION_WEIGHTS) {
        match c.to_digit(36).filter(|_| !c.is_ascii_lowercase()) {
            Some(v) => sum += v * weight,
            None => return false,
        }
    }
    let check = match 11 - sum % 11 {
        10 => "X".to_owned(),
        11 => "0".to_owned(),
        digit => digit.to_string(),
    };
    check == given
}

/// Whether a text is a DICOM unique identifier: at most 64 characters, numbers without leading zeros, dots between.
#[must_use]
pub fn dicom_uid_well_formed(uid: &str) -> bool {
    uid.len() <= 64
        && uid.contains('.')
        && uid.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_digit())
                && (part == "0" || !part.starts_with('0'))
        })
}

/// Whether a text has the form of an ICD-9-CM-3 procedure code: `45.23`, `45.2300`, `45.23001`, `00.66x005`.
#[must_use]
pub fn icd9_well_formed(code: &str) -> bool {
    let Some((group, detail)) = code.split_once('.') else {
        return code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit());
    };
    let digits = detail.bytes().take_while(u8::is_ascii_digit).count();
    let extension = detail.get(digits..).unwrap_or_default();
    group.len() == 2
        && group.bytes().all(|b| b.is_ascii_digit())
        && (1..=5).contains(&digits)
        && (extension.is_empty()
            || extension
                .strip_prefix('x')
                .is_some_and(|x| x.len() == 3 && x.bytes().all(|b| b.is_ascii_digit())))
}

/// A resident identity number of 18 or of the former 15 digits, and whether it was upgraded. The former form has no
/// check character: it is right when the number made of it is.
///
/// # Errors
/// The number of 18 characters, or the one made of 15 digits, is wrong.
pub fn resident_id(text: &str) -> Result<(IdNumber, bool), PersonError> {
    let number = canonical_number(text);
    if number.len() != 15 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return IdNumber::parse(&number).map(|id| (id, false));
    }
    let (area, rest) = number.split_at_checked(6).ok_or(PersonError::IdNumberForm)?;
    let digits = format!("{area}19{rest}");
    let check = id_check_character(&digits).ok_or(PersonError::IdNumberForm)?;
    IdNumber::parse(&format!("{digits}{check}")).map(|id| (id, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loinc() {
        for good in [
            "2345-7", "10154-3", "8310-5", "6690-2", "718-7", "29463-7", "8867-4",
        ] {
            assert!(loinc_valid(good), "{good}");
        }
        for bad in ["2345-8", "2345", "2345-", "-7", "abc-1", "WBC", "2345-77"] {
            assert!(!loinc_valid(bad), "{bad}");
        }
        assert!(loinc_shaped("2345-8") && !loinc_shaped("WBC-1"));
    }

    #[test]
    fn social_credit_codes() {
        for good in ["91350100M000100Y43", "914403001922038216"] {
            assert!(uscc_valid(good), "{good}");
        }
        for bad in [
            "91350100M000100Y44",
            "91350100M000100Y4",
            "91350100I000100Y43",
            "9135010OM000100Y43",
            "",
        ] {
            assert!(!uscc_valid(bad), "{bad}");
        }
    }

    #[test]
    fn institution_codes_by_ws_218() {
        // D2143569 is an example of GB 11714; its check character is X.
        assert!(ws218_valid("D2143569X3301061210011"));
        assert!(!ws218_valid("D214356913301061210011"));
        assert!(!ws218_valid("D2143569X330106"));
    }

    #[test]
    fn uids_and_procedures() {
        for good in ["1.2.840.10008.1.2.1", "2.25.0"] {
            assert!(dicom_uid_well_formed(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "1..2",
            "1.02",
            "1.a",
            "1.2.",
            &format!("1.{}", "9".repeat(64)),
        ] {
            assert!(!dicom_uid_well_formed(bad), "{bad}");
        }
        for good in ["45", "45.2", "45.23", "45.2300", "45.23001", "00.66x005"] {
            assert!(icd9_well_formed(good), "{good}");
        }
        for bad in ["", "4", "45.", "4.52", "45.23x01", "ab.cd"] {
            assert!(!icd9_well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn former_identity_numbers() {
        let (number, upgraded) = resident_id("110105491231002").unwrap();
        assert!(upgraded);
        assert_eq!(number.expose(), "11010519491231002X");
        assert!(resident_id("110105491331002").is_err());
        assert!(!resident_id("11010519491231002X").unwrap().1);
    }
}
