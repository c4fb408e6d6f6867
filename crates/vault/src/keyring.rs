//! The keyring file: key-encryption keys wrapped by the root key, and purpose keys wrapped
//! by the active key-encryption key.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::{
    Result, VaultError,
    key::{Key, framed},
};

const FORMAT: u32 = 1;

/// Whether a key-encryption key still seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KekState {
    /// Seals and opens; exactly one key is in this state.
    Active,
    /// Only opens what it sealed before.
    DecryptOnly,
}

/// A key-encryption key, without the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KekInfo {
    /// Number of the key, as in the values sealed under it.
    pub id: u32,
    /// When it was made, milliseconds since 1970 UTC. At most 90 days ago for the active
    /// one (clause 8.2.2).
    pub created_at_ms: i64,
    /// Whether it still seals.
    pub state: KekState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    PatientIndex,
    PasswordPepper,
    TotpSeed,
    Signature,
}

impl Purpose {
    const ALL: [Self; 4] = [
        Self::PatientIndex,
        Self::PasswordPepper,
        Self::TotpSeed,
        Self::Signature,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::PatientIndex => "patient_index",
            Self::PasswordPepper => "password_pepper",
            Self::TotpSeed => "totp_seed",
            Self::Signature => "signature",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KekEntry {
    id: u32,
    created_at_ms: i64,
    state: KekState,
    wrapped: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PurposeEntry {
    purpose: Purpose,
    created_at_ms: i64,
    kek: u32,
    wrapped: String,
}

/// What the keyring file says, still wrapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    format: u32,
    keks: Vec<KekEntry>,
    purposes: Vec<PurposeEntry>,
}

/// The file itself. The code over the body, under the root key, keeps anybody without the
/// root key from changing states and times or putting an old entry back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    body: Body,
    mac: String,
}

/// The keys derived from one key-encryption key.
#[derive(Debug, Clone)]
pub(crate) struct KekKeys {
    pub(crate) field: Key,
    pub(crate) file: Key,
    purpose: Key,
}

impl KekKeys {
    fn new(kek: &Key) -> Self {
        Self {
            field: kek.derive("consilium.vault.v1.field"),
            file: kek.derive("consilium.vault.v1.file"),
            purpose: kek.derive("consilium.vault.v1.purpose"),
        }
    }
}

/// The keyring, unwrapped, in memory.
pub(crate) struct Keyring {
    body: Body,
    active: u32,
    keks: BTreeMap<u32, KekKeys>,
    pub(crate) patient_index: Key,
    pub(crate) pepper: Key,
    pub(crate) totp: Key,
    pub(crate) signing: SigningKey,
    pub(crate) signing_created_at_ms: i64,
}

fn kek_context(id: u32, created_at_ms: i64) -> Vec<u8> {
    framed(&[
        b"consilium.vault.v1.kek",
        &id.to_be_bytes(),
        &created_at_ms.to_be_bytes(),
    ])
}

fn purpose_context(purpose: Purpose, kek: u32) -> Vec<u8> {
    framed(&[
        b"consilium.vault.v1.purpose",
        purpose.name().as_bytes(),
        &kek.to_be_bytes(),
    ])
}

fn damaged(reason: &'static str) -> VaultError {
    VaultError::KeyringDamaged { reason }
}

impl Keyring {
    /// Makes a first keyring under `root` and gives the bytes of its file.
    pub(crate) fn create(root: &Key, now_ms: i64) -> Result<Vec<u8>> {
        let mut body = Body {
            format: FORMAT,
            keks: Vec::new(),
            purposes: Vec::new(),
        };
        let kek = push_kek(&mut body, root, now_ms)?;
        for purpose in Purpose::ALL {
            let entry = wrap_purpose(purpose, &Key::random()?, now_ms, body_active(&body)?, &kek)?;
            body.purposes.push(entry);
        }
        to_file(root, body)
    }

    /// The bytes of the file with a new active key. The purpose keys stay what they are
    /// but move under the new key.
    pub(crate) fn rotated(&self, root: &Key, now_ms: i64) -> Result<Vec<u8>> {
        let mut body = self.body.clone();
        for entry in &mut body.keks {
            entry.state = KekState::DecryptOnly;
        }
        let kek = push_kek(&mut body, root, now_ms)?;
        let active = body_active(&body)?;
        for entry in &mut body.purposes {
            let key = match entry.purpose {
                Purpose::PatientIndex => self.patient_index.clone(),
                Purpose::PasswordPepper => self.pepper.clone(),
                Purpose::TotpSeed => self.totp.clone(),
                Purpose::Signature => Key::from_slice(self.signing.as_bytes())
                    .ok_or(damaged("the signature key has a wrong length"))?,
            };
            *entry = wrap_purpose(entry.purpose, &key, entry.created_at_ms, active, &kek)?;
        }
        to_file(root, body)
    }

    /// Reads the file, checks it against the root key and unwraps every key.
    pub(crate) fn open(root: &Key, bytes: &[u8]) -> Result<Self> {
        let document: Document =
            serde_json::from_slice(bytes).map_err(|_| damaged("it is not a keyring file"))?;
        let mac = hex::decode(&document.mac).map_err(|_| damaged("its check code is no code"))?;
        if !mac_key(root).hmac_matches(&[&encode(&document.body)?], &mac) {
            return Err(damaged("it was altered or belongs to another root key"));
        }
        let body = document.body;
        if body.format != FORMAT {
            return Err(damaged("it was written by a later version"));
        }
        let active = body_active(&body)?;
        let wrapper = wrap_key(root);
        let mut keks = BTreeMap::new();
        for entry in &body.keks {
            let context = kek_context(entry.id, entry.created_at_ms);
            let kek = unwrap(&wrapper, &context, &entry.wrapped)?;
            if keks.insert(entry.id, KekKeys::new(&kek)).is_some() {
                return Err(damaged("two keys have the same number"));
            }
        }
        let (patient_index, _) = open_purpose(&body, &keks, Purpose::PatientIndex)?;
        let (pepper, _) = open_purpose(&body, &keks, Purpose::PasswordPepper)?;
        let (totp, _) = open_purpose(&body, &keks, Purpose::TotpSeed)?;
        let (signing, signing_created_at_ms) = open_purpose(&body, &keks, Purpose::Signature)?;
        Ok(Self {
            active,
            keks,
            patient_index,
            pepper,
            totp,
            signing: SigningKey::from_bytes(signing.bytes()),
            signing_created_at_ms,
            body,
        })
    }

    /// The number and keys to seal with.
    pub(crate) fn active(&self) -> Result<(u32, &KekKeys)> {
        Ok((self.active, self.kek(self.active)?))
    }

    /// The keys to open with.
    pub(crate) fn kek(&self, kek: u32) -> Result<&KekKeys> {
        self.keks.get(&kek).ok_or(VaultError::UnknownKek { kek })
    }

    pub(crate) fn active_id(&self) -> u32 {
        self.active
    }

    pub(crate) fn kek_infos(&self) -> Vec<KekInfo> {
        self.body
            .keks
            .iter()
            .map(|entry| KekInfo {
                id: entry.id,
                created_at_ms: entry.created_at_ms,
                state: entry.state,
            })
            .collect()
    }
}

fn mac_key(root: &Key) -> Key {
    root.derive("consilium.vault.v1.keyring-mac")
}

fn wrap_key(root: &Key) -> Key {
    root.derive("consilium.vault.v1.kek-wrap")
}

fn encode(body: &Body) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|_| damaged("it cannot be written as JSON"))
}

fn to_file(root: &Key, body: Body) -> Result<Vec<u8>> {
    let mac = hex::encode(mac_key(root).hmac(&[&encode(&body)?]));
    serde_json::to_vec_pretty(&Document { body, mac }).map_err(|_| damaged("it cannot be written as JSON"))
}

fn body_active(body: &Body) -> Result<u32> {
    let mut active = body
        .keks
        .iter()
        .filter(|entry| entry.state == KekState::Active)
        .map(|entry| entry.id);
    match (active.next(), active.next()) {
        (Some(id), None) => Ok(id),
        _ => Err(damaged("not exactly one key is active")),
    }
}

fn push_kek(body: &mut Body, root: &Key, now_ms: i64) -> Result<KekKeys> {
    let highest = body.keks.iter().map(|entry| entry.id).max().unwrap_or(0);
    let id = highest
        .checked_add(1)
        .ok_or(damaged("there are no numbers left for keys"))?;
    let kek = Key::random()?;
    let wrapped = wrap_key(root).wrap(&kek_context(id, now_ms), &kek)?;
    body.keks.push(KekEntry {
        id,
        created_at_ms: now_ms,
        state: KekState::Active,
        wrapped: hex::encode(wrapped),
    });
    Ok(KekKeys::new(&kek))
}

fn wrap_purpose(
    purpose: Purpose,
    key: &Key,
    created_at_ms: i64,
    kek: u32,
    keys: &KekKeys,
) -> Result<PurposeEntry> {
    let wrapped = keys.purpose.wrap(&purpose_context(purpose, kek), key)?;
    Ok(PurposeEntry {
        purpose,
        created_at_ms,
        kek,
        wrapped: hex::encode(wrapped),
    })
}

fn open_purpose(body: &Body, keks: &BTreeMap<u32, KekKeys>, purpose: Purpose) -> Result<(Key, i64)> {
    let mut entries = body.purposes.iter().filter(|e| e.purpose == purpose);
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        return Err(damaged("a purpose does not have exactly one key"));
    };
    let keys = keks
        .get(&entry.kek)
        .ok_or(VaultError::UnknownKek { kek: entry.kek })?;
    let context = purpose_context(purpose, entry.kek);
    let key = unwrap(&keys.purpose, &context, &entry.wrapped)?;
    Ok((key, entry.created_at_ms))
}

fn unwrap(wrapper: &Key, context: &[u8], wrapped: &str) -> Result<Key> {
    let wrapped = hex::decode(wrapped).map_err(|_| damaged("a wrapped key is not hexadecimal"))?;
    wrapper
        .unwrap(context, &wrapped)
        .map_err(|_| damaged("a wrapped key does not open"))
}
