//! Sealed fields and files: what goes in comes out, and nothing else does.
#![expect(clippy::unwrap_used, reason = "tests")]

use consilium_vault::{CHUNK_BYTES, FILE_HEADER_BYTES, FieldContext, Vault, VaultError, sealed_file_bytes};
use proptest::prelude::*;

const TAG_BYTES: usize = 16;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;

fn vault() -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open_or_create(folder.path(), 1).unwrap();
    (folder, vault)
}

fn place<'a>(table: &'a str, column: &'a str, row: &'a str) -> FieldContext<'a> {
    FieldContext { table, column, row }
}

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from((at * 31 + at / 977) % 251).unwrap())
        .collect()
}

#[test]
fn a_field_has_the_documented_layout() {
    let (_folder, vault) = vault();
    let at = place("t", "c", "1");
    let sealed = vault.seal_field(&at, b"value").unwrap();
    assert_eq!(sealed.len(), 34 + 5);
    assert_eq!(sealed[..6], [1, 2, 0, 0, 0, 1]);
    assert_ne!(sealed, vault.seal_field(&at, b"value").unwrap());
    assert!(!sealed.windows(5).any(|window| window == b"value"));
}

#[test]
fn a_field_opens_only_in_its_place() {
    let (_folder, vault) = vault();
    let at = place("patients", "name", "7");
    let sealed = vault.seal_field(&at, b"value").unwrap();
    for elsewhere in [
        place("patients", "name", "8"),
        place("patients", "phone", "7"),
        place("doctors", "name", "7"),
        // The same letters, divided differently.
        place("patient", "sname", "7"),
        place("patients", "name7", ""),
        place("patientsname", "", "7"),
    ] {
        assert!(matches!(
            vault.open_field(&elsewhere, &sealed),
            Err(VaultError::DoesNotOpen)
        ));
    }
}

#[test]
fn a_field_under_a_missing_key_says_so() {
    let (_folder, vault) = vault();
    let at = place("t", "c", "1");
    let mut sealed = vault.seal_field(&at, b"value").unwrap();
    sealed[5] = 9;
    assert!(matches!(
        vault.open_field(&at, &sealed),
        Err(VaultError::UnknownKek { kek: 9 })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn fields_round_trip_and_show_any_change(
        value in proptest::collection::vec(any::<u8>(), 0..300),
        names in (".{0,12}", ".{0,12}", ".{0,12}"),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        cut in any::<prop::sample::Index>(),
    ) {
        thread_local!(static VAULT: (tempfile::TempDir, Vault) = vault());
        VAULT.with(|(_, vault)| {
            let place = place(&names.0, &names.1, &names.2);
            let sealed = vault.seal_field(&place, &value).unwrap();
            prop_assert_eq!(&*vault.open_field(&place, &sealed).unwrap(), &value);

            let mut forged = sealed.clone();
            forged[at.index(sealed.len())] ^= 1 << bit;
            prop_assert!(vault.open_field(&place, &forged).is_err());
            prop_assert!(vault.open_field(&place, &sealed[..cut.index(sealed.len())]).is_err());
            Ok(())
        })?;
    }
}

proptest! {
    // Each case moves megabytes.
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn files_may_come_in_any_pieces(
        length in 0..(2 * CHUNK_BYTES + 100),
        pieces in proptest::collection::vec(1..(CHUNK_BYTES + 50_000), 1..6),
    ) {
        thread_local!(static VAULT: (tempfile::TempDir, Vault) = vault());
        VAULT.with(|(_, vault)| {
            let plain = content(length);
            let mut sealer = vault.file_sealer("f").unwrap();
            let mut sealed = Vec::new();
            let mut rest = plain.as_slice();
            for piece in pieces.iter().cycle() {
                let (head, tail) = rest.split_at((*piece).min(rest.len()));
                sealed.extend(sealer.update(head).unwrap());
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
            sealed.extend(sealer.finish().unwrap());
            prop_assert_eq!(u64::try_from(sealed.len()).ok(), sealed_file_bytes(u64::try_from(length).unwrap()));

            let mut opener = vault.file_opener("f");
            let mut opened = Vec::new();
            let mut rest = sealed.as_slice();
            for piece in pieces.iter().rev().cycle() {
                let (head, tail) = rest.split_at((*piece).min(rest.len()));
                opened.extend(opener.update(head).unwrap());
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
            opened.extend(opener.finish().unwrap());
            prop_assert!(opened == plain);
            Ok(())
        })?;
    }
}

#[test]
fn files_of_edge_lengths_round_trip() {
    let (_folder, vault) = vault();
    for length in [
        0,
        1,
        CHUNK_BYTES - 1,
        CHUNK_BYTES,
        CHUNK_BYTES + 1,
        3 * CHUNK_BYTES,
    ] {
        let plain = content(length);
        let sealed = vault.seal_file("f", &plain).unwrap();
        let chunks = length.div_ceil(CHUNK_BYTES).max(1);
        assert_eq!(sealed.len(), FILE_HEADER_BYTES + length + chunks * TAG_BYTES);
        assert!(vault.open_file("f", &sealed).unwrap() == plain, "{length}");
        assert!(vault.open_file("g", &sealed).is_err());
    }
}

/// A sealed file of three full chunks and a short one, taken apart.
fn parts(vault: &Vault, file_id: &str) -> (Vec<u8>, Vec<Vec<u8>>) {
    let sealed = vault.seal_file(file_id, &content(3 * CHUNK_BYTES + 10)).unwrap();
    let (header, body) = sealed.split_at(FILE_HEADER_BYTES);
    let chunks = body.chunks(SEALED_CHUNK_BYTES).map(<[u8]>::to_vec);
    (header.to_vec(), chunks.collect())
}

fn join(header: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    [header, &chunks.concat()].concat()
}

#[track_caller]
fn refuses(vault: &Vault, sealed: &[u8]) {
    assert!(vault.open_file("f", sealed).is_err());
}

#[test]
fn chunks_cannot_be_reordered() {
    let (_folder, vault) = vault();
    let (header, chunks) = parts(&vault, "f");
    assert!(vault.open_file("f", &join(&header, &chunks)).is_ok());
    for one in 0..chunks.len() {
        for other in 0..one {
            let mut forged = chunks.clone();
            forged.swap(one, other);
            refuses(&vault, &join(&header, &forged));
        }
    }
}

#[test]
fn chunks_cannot_be_dropped() {
    let (_folder, vault) = vault();
    let (header, chunks) = parts(&vault, "f");
    for victim in 0..chunks.len() {
        let mut forged = chunks.clone();
        forged.remove(victim);
        refuses(&vault, &join(&header, &forged));
    }
    refuses(&vault, &header);
}

#[test]
fn chunks_cannot_be_repeated() {
    let (_folder, vault) = vault();
    let (header, chunks) = parts(&vault, "f");
    for source in 0..chunks.len() {
        for place in 0..=chunks.len() {
            let mut forged = chunks.clone();
            forged.insert(place, chunks[source].clone());
            refuses(&vault, &join(&header, &forged));
        }
    }
}

#[test]
fn files_cannot_be_cut_or_grown() {
    let (_folder, vault) = vault();
    let (header, chunks) = parts(&vault, "f");
    let whole = join(&header, &chunks);
    let boundaries = (0..4).map(|n| FILE_HEADER_BYTES + n * SEALED_CHUNK_BYTES);
    let near = boundaries.flat_map(|b| [b - 1, b, b + 1, b + TAG_BYTES - 1, b + TAG_BYTES]);
    let start = 0..FILE_HEADER_BYTES;
    for length in start.chain(near).chain([whole.len() - 1]) {
        refuses(&vault, &whole[..length]);
    }
    refuses(&vault, &[whole.as_slice(), &[0]].concat());
    refuses(&vault, &[whole.as_slice(), &[0; TAG_BYTES]].concat());
}

#[test]
fn chunks_and_headers_belong_to_one_file() {
    let (_folder, vault) = vault();
    let (header, chunks) = parts(&vault, "f");
    // Same id, same content, sealed again: still another key.
    let (other_header, other_chunks) = parts(&vault, "f");
    refuses(&vault, &join(&other_header, &chunks));
    for place in 0..chunks.len() {
        let mut forged = chunks.clone();
        forged[place] = other_chunks[place].clone();
        refuses(&vault, &join(&header, &forged));
    }
}

#[test]
fn every_flipped_header_byte_is_found() {
    let (_folder, vault) = vault();
    let sealed = vault.seal_file("f", b"content").unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut forged = sealed.clone();
            forged[at] ^= 1 << bit;
            refuses(&vault, &forged);
        }
    }
}

#[test]
fn a_failed_opener_stays_failed() {
    let (_folder, vault) = vault();
    let (header, mut chunks) = parts(&vault, "f");
    chunks[1][0] ^= 1;
    let mut opener = vault.file_opener("f");
    let first = opener
        .update(&[header.as_slice(), &chunks[0], &chunks[1][..1]].concat())
        .unwrap();
    assert_eq!(first, content(CHUNK_BYTES));
    assert!(opener.update(&chunks[1][1..]).unwrap().is_empty());
    assert!(opener.update(&chunks[2]).is_err());
    assert!(opener.update(&chunks[3]).is_err());
    assert!(opener.finish().is_err());
}
