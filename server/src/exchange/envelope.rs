//! The signed form of a message: its JSON, of which everything but key and signature is signed in
//! canonical spelling.

use consilium_domain::canonical::canonical_json;
use consilium_protocol::{
    codes,
    exchange::{Envelope, VERSION},
    limits,
};
use consilium_vault::{Signature, Vault};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::error::ServiceError;

/// A signature of a message passes for nothing else.
const SIGNATURE_DOMAIN: &str = "consilium/exchange/v1";

/// A message that is what its sender signed.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    /// The message.
    pub envelope: Envelope,
    /// SHA-256 of what was signed.
    pub digest: [u8; 32],
}

/// Why a message is not even looked at.
#[derive(Clone, Debug)]
pub(super) struct Unreadable {
    /// Code.
    pub code: &'static str,
    /// What it says of itself; nothing of it is proved.
    pub claimed: Option<Box<Envelope>>,
}

impl From<&'static str> for Unreadable {
    fn from(code: &'static str) -> Self {
        Self { code, claimed: None }
    }
}

/// The bytes that are signed.
fn signed_part(mut message: Value) -> String {
    if let Some(members) = message.as_object_mut() {
        members.remove("key_id");
        members.remove("signature");
    }
    canonical_json(&message)
}

/// Signs a message; its bytes to send.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn sign(vault: &Vault, envelope: &mut Envelope) -> Result<Vec<u8>, ServiceError> {
    let content = signed_part(serde_json::to_value(&*envelope)?);
    let signature = vault.sign(SIGNATURE_DOMAIN, content.as_bytes());
    envelope.key_id = signature.key_id;
    envelope.signature = hex::encode(signature.bytes);
    Ok(serde_json::to_vec(envelope)?)
}

/// Reads a message and checks size, form, format version and signature.
pub(super) fn open(vault: &Vault, message: &[u8]) -> Result<Opened, Unreadable> {
    if message.len() > limits::MESSAGE_BYTES {
        return Err(codes::EXCHANGE_TOO_LARGE.into());
    }
    let value: Value = serde_json::from_slice(message).map_err(|_| codes::EXCHANGE_MALFORMED)?;
    // Before the rest: another version may have another shape.
    let version = value.get("version").and_then(Value::as_u64);
    if version != Some(u64::from(VERSION)) {
        let code = if version.is_some() {
            codes::EXCHANGE_VERSION
        } else {
            codes::EXCHANGE_MALFORMED
        };
        return Err(code.into());
    }
    let envelope: Envelope = serde_json::from_slice(message).map_err(|_| codes::EXCHANGE_MALFORMED)?;
    let content = signed_part(value);
    let genuine = hex::decode(&envelope.signature)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .map(|bytes| Signature {
            key_id: envelope.key_id.clone(),
            bytes,
        })
        .is_some_and(|signature| {
            vault
                .verify_signature(SIGNATURE_DOMAIN, content.as_bytes(), &signature)
                .is_ok()
        });
    if !genuine {
        return Err(Unreadable {
            code: codes::EXCHANGE_SIGNATURE,
            claimed: Some(Box::new(envelope)),
        });
    }
    Ok(Opened {
        digest: Sha256::digest(content.as_bytes()).into(),
        envelope,
    })
}
