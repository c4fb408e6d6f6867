//! Hashes as lower-case hexadecimal text in JSON.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use crate::Hash;

pub(crate) fn serialize<S: Serializer>(hash: &Hash, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&hex::encode(hash))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Hash, D::Error> {
    let text = String::deserialize(input)?;
    let mut hash = [0; 32];
    hex::decode_to_slice(&text, &mut hash).map_err(D::Error::custom)?;
    Ok(hash)
}
