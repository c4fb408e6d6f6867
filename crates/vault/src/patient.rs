//! Pseudonyms of patients.

use crate::{Vault, key::framed};

/// Bytes kept of the code: 128 bits, 32 hexadecimal characters.
const IDENTIFIER_BYTES: usize = 16;

/// Brings the spelling of an identity number into one form: full-width characters become
/// half-width, letters upper case (so `x` becomes `X`), and white space and invisible
/// characters anywhere are dropped. Validity is not checked here.
#[must_use]
pub fn canonical_number(number: &str) -> String {
    number
        .chars()
        .map(half_width)
        .filter(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    }
}

/// Joiners, direction marks and the byte order mark, which come along when text is copied.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

impl Vault {
    /// The pseudonym of a patient: HMAC-SHA-256 under the index key over document type and
    /// number, cut to 128 bits, as 32 lower-case hexadecimal characters. The same person
    /// always gets the same one; without the key it cannot be turned back, not even by
    /// trying all numbers there are (clause 5.2: irreversible).
    ///
    /// The number is brought into one form by [`canonical_number`] first.
    #[must_use]
    pub fn patient_identifier(&self, id_type: &str, number: &str) -> String {
        let number = zeroize::Zeroizing::new(canonical_number(number));
        let input = zeroize::Zeroizing::new(framed(&[id_type.as_bytes(), number.as_bytes()]));
        let code = self.keyring().patient_index.hmac(&[&input]);
        let (kept, _) = code.split_at_checked(IDENTIFIER_BYTES).unwrap_or_default();
        hex::encode(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_agree() {
        for spelling in [
            "11010519491231002X",
            "11010519491231002x",
            " 11010519491231002X\n",
            "１１０１０５１９４９１２３１００２Ｘ",
            "１１０１０５１９４９１２３１００２ｘ",
            "110105 19491231 002x",
            "110105\u{3000}19491231\u{a0}002X",
            "\u{feff}11010519491231002X\u{200b}",
        ] {
            assert_eq!(canonical_number(spelling), "11010519491231002X");
        }
        assert_eq!(canonical_number("C6668668(港)"), "C6668668(港)");
        assert_eq!(canonical_number("～！"), "~!");
    }
}
