//! The smallest single replacement that turns one text into another, in UTF-16 units.

/// Replace `remove` units at `at` by `insert`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replace<'a> {
    pub(crate) at: u32,
    pub(crate) remove: u32,
    pub(crate) insert: &'a str,
}

/// Length in UTF-16 units.
pub(crate) fn utf16_len(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// `None` when the texts are equal. Never splits a surrogate pair.
pub(crate) fn replace<'a>(old: &str, new: &'a str) -> Option<Replace<'a>> {
    if old == new {
        return None;
    }
    let prefix: usize = old
        .chars()
        .zip(new.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let old_rest = old.get(prefix..).unwrap_or_default();
    let new_rest = new.get(prefix..).unwrap_or_default();
    let suffix: usize = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let removed = old_rest
        .get(..old_rest.len().saturating_sub(suffix))
        .unwrap_or_default();
    let insert = new_rest
        .get(..new_rest.len().saturating_sub(suffix))
        .unwrap_or_default();
    Some(Replace {
        at: utf16_len(old.get(..prefix).unwrap_or_default()),
        remove: utf16_len(removed),
        insert,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn applied(old: &str, r: &Replace<'_>) -> String {
        let units: Vec<u16> = old.encode_utf16().collect();
        let (at, remove) = (usize::try_from(r.at).unwrap(), usize::try_from(r.remove).unwrap());
        let mut out = units[..at].to_vec();
        out.extend(r.insert.encode_utf16());
        out.extend(&units[at + remove..]);
        String::from_utf16(&out).unwrap()
    }

    #[test]
    fn keeps_pairs_whole() {
        assert_eq!(replace("a", "a"), None);
        let r = replace("肺😀结节", "肺😁结节").unwrap();
        assert_eq!((r.at, r.remove, r.insert), (1, 2, "😁"));
        let r = replace("aa", "aaa").unwrap();
        assert_eq!((r.at, r.remove, r.insert), (2, 0, "a"));
    }

    proptest! {
        #[test]
        fn turns_old_into_new(old in "[ab😀中]{0,12}", new in "[ab😀中]{0,12}") {
            match replace(&old, &new) {
                None => prop_assert_eq!(old, new),
                Some(r) => prop_assert_eq!(applied(&old, &r), new),
            }
        }
    }
}
