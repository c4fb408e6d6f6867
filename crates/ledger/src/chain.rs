//! How records are hashed and linked.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{AuditFields, AuditRecord, hash_text};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// What the first record links to: the hash before any record exists.
pub const GENESIS: Hash = [0; 32];

const RECORD_DOMAIN: &str = "consilium.ledger.record.v1";
const CHECKPOINT_DOMAIN: &str = "consilium.ledger.checkpoint.v1";

/// The two hashes stored beside a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Hash of the record before, [`GENESIS`] for the first.
    #[serde(with = "hash_text")]
    pub prev_hash: Hash,
    /// Hash of this record together with `prev_hash`.
    #[serde(with = "hash_text")]
    pub hash: Hash,
}

/// The state of a log after `size` records, to be kept and signed outside the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How many records; also the sequence number of the last one.
    pub size: i64,
    /// Hash of the last record, [`GENESIS`] when there is none.
    #[serde(with = "hash_text")]
    pub head: Hash,
}

impl Checkpoint {
    /// The log before its first record.
    pub const EMPTY: Self = Self {
        size: 0,
        head: GENESIS,
    };

    /// The bytes to sign. `origin` names the log, so that a checkpoint of one
    /// institution cannot be shown as that of another.
    #[must_use]
    pub fn signing_bytes(&self, origin: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_text(&mut bytes, CHECKPOINT_DOMAIN);
        put_text(&mut bytes, origin);
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.head);
        bytes
    }
}

/// Hash of a record in its place after `prev`.
#[must_use]
pub fn seal(prev: &Hash, record: &AuditRecord) -> Hash {
    hash_fields(prev, record.fields())
}

/// [`seal`] with both hashes, as they are stored.
#[must_use]
pub fn link(prev: &Hash, record: &AuditRecord) -> Link {
    Link {
        prev_hash: *prev,
        hash: seal(prev, record),
    }
}

/// SHA-256 of the canonical encoding: domain, previous hash, two fixed-width numbers,
/// then each text preceded by its length. The optional text has a presence byte. No two
/// different rows encode alike.
pub(crate) fn hash_fields(prev: &Hash, fields: &AuditFields) -> Hash {
    let mut bytes = Vec::with_capacity(512);
    put_text(&mut bytes, RECORD_DOMAIN);
    bytes.extend(prev);
    bytes.extend(fields.seq.to_be_bytes());
    bytes.extend(fields.at_ms.to_be_bytes());
    bytes.push(u8::from(fields.consultation.is_some()));
    for (_, text) in fields.texts() {
        put_text(&mut bytes, text);
    }
    Sha256::digest(&bytes).into()
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    // usize is at most 64 bits wide on every target Rust supports.
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::sample;

    #[test]
    fn the_encoding_is_fixed() {
        // Computed independently: a stored log must stay verifiable by later versions.
        let record = AuditRecord::new(sample(2)).unwrap();
        assert_eq!(
            hex::encode(seal(&GENESIS, &record)),
            "60c804c180414ced5a34072fd6be19c17adeac686e7fab2ba84d5873587ea4f0"
        );
    }

    #[test]
    fn moving_text_between_fields_changes_the_hash() {
        let base = sample(1);
        let mut shifted = base.clone();
        shifted.ip = format!("{}{}", base.ip, base.device);
        shifted.device = String::new();
        assert_ne!(hash_fields(&GENESIS, &base), hash_fields(&GENESIS, &shifted));
        let mut empty = base.clone();
        empty.consultation = Some(String::new());
        let mut none = base;
        none.consultation = None;
        assert_ne!(hash_fields(&GENESIS, &empty), hash_fields(&GENESIS, &none));
    }

    #[test]
    fn a_checkpoint_names_its_log() {
        let checkpoint = Checkpoint::EMPTY;
        assert_ne!(checkpoint.signing_bytes("H001"), checkpoint.signing_bytes("H002"));
        let text = serde_json::to_string(&checkpoint).unwrap();
        assert_eq!(serde_json::from_str::<Checkpoint>(&text).unwrap(), checkpoint);
    }
}
