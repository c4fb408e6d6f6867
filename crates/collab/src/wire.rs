//! lib0 variable-length numbers and strings, bounded: no length is believed beyond the bytes there are.

use thiserror::Error;

/// Bytes that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum WireError {
    #[error("ends too early")]
    Short,
    #[error("number out of range")]
    Number,
    #[error("text is not UTF-8")]
    Text,
    #[error("too deep")]
    Deep,
    #[error("unknown tag {0}")]
    Tag(u8),
}

/// Reads from the front of a byte slice.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Everything not read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn byte(&mut self) -> Result<u8, WireError> {
        let (first, rest) = self.rest.split_first().ok_or(WireError::Short)?;
        self.rest = rest;
        Ok(*first)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(WireError::Short)?;
        self.rest = rest;
        Ok(head)
    }

    /// An unsigned number of at most 53 bits, what a JavaScript peer can hold.
    pub(crate) fn var(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        for shift in (0..=56).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return if value < 1 << 53 {
                    Ok(value)
                } else {
                    Err(WireError::Number)
                };
            }
        }
        Err(WireError::Number)
    }

    pub(crate) fn var_u32(&mut self) -> Result<u32, WireError> {
        u32::try_from(self.var()?).map_err(|_| WireError::Number)
    }

    /// A count of things of at least `least` bytes each that must still follow.
    pub(crate) fn count(&mut self, least: usize) -> Result<usize, WireError> {
        let count = usize::try_from(self.var()?).map_err(|_| WireError::Number)?;
        if count.saturating_mul(least) > self.left() {
            return Err(WireError::Short);
        }
        Ok(count)
    }

    /// A signed number: sign in bit 6 of the first byte.
    pub(crate) fn var_int(&mut self) -> Result<i64, WireError> {
        let first = self.byte()?;
        let negative = first & 0x40 != 0;
        let mut value = u64::from(first & 0x3f);
        let mut more = first & 0x80 != 0;
        let mut shift = 6;
        while more {
            if shift > 55 {
                return Err(WireError::Number);
            }
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            more = byte & 0x80 != 0;
            shift += 7;
        }
        let value = i64::try_from(value).map_err(|_| WireError::Number)?;
        Ok(if negative { -value } else { value })
    }

    pub(crate) fn buffer(&mut self) -> Result<&'a [u8], WireError> {
        let len = usize::try_from(self.var()?).map_err(|_| WireError::Number)?;
        self.bytes(len)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.buffer()?).map_err(|_| WireError::Text)
    }
}

/// Appends an unsigned number.
pub(crate) fn put_var(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Appends a length and the bytes.
pub(crate) fn put_buffer(out: &mut Vec<u8>, bytes: &[u8]) {
    put_var(out, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_and_are_bounded() {
        for value in [0, 1, 127, 128, 300, 1 << 32, (1 << 53) - 1] {
            let mut out = Vec::new();
            put_var(&mut out, value);
            assert_eq!(Reader::new(&out).var(), Ok(value));
        }
        let mut out = Vec::new();
        put_var(&mut out, 1 << 53);
        assert_eq!(Reader::new(&out).var(), Err(WireError::Number));
        assert_eq!(Reader::new(&[0xff; 12]).var(), Err(WireError::Number));
        assert_eq!(Reader::new(&[0x41]).var_int(), Ok(-1));
        assert_eq!(Reader::new(&[0x80, 0x01]).var_int(), Ok(64));
        assert_eq!(Reader::new(&[5, 1]).count(1), Err(WireError::Short));
    }
}
