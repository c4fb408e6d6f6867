//! Rules of text.

use super::{Verdict, codes, error, require};
use crate::element::is_placeholder;

pub(super) fn length(text: &str, min: u32, max: u32) -> Verdict {
    let count = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    if count < min {
        error(codes::TOO_SHORT)
    } else if count > max {
        error(codes::TOO_LONG)
    } else {
        Ok(())
    }
}

pub(super) fn no_placeholder(text: &str, allow: &[String]) -> Verdict {
    require(
        allow.iter().any(|word| word == text) || !is_placeholder(text),
        codes::PLACEHOLDER,
    )
}

pub(super) fn hex(text: &str, len: u32) -> Verdict {
    let right = u32::try_from(text.len()) == Ok(len)
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    require(right, codes::FORM)
}
