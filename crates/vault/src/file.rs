//! Sealed files: any length in flat memory.
//!
//! A sealed file is a header followed by chunks of [`CHUNK_BYTES`], each encrypted with
//! AES-256-GCM under the file's own random key. Nonces follow the STREAM construction
//! (Hoang, Reyhanitabar, Rogaway, Vizár 2015): a random prefix, the number of the chunk and
//! a flag on the last one, so that chunks cannot be reordered, repeated, dropped or cut off.
//!
//! The header holds version, algorithm and number of the key-encryption key (6 bytes), the
//! wrapped key with its nonce (60) and the nonce prefix (7). The chunks do not depend on
//! it, so a file can later be wrapped under another key without touching them.

use std::{fmt, sync::Arc};

use aes_gcm::{Aes256Gcm, KeyInit, aead::AeadInOut};
use zeroize::Zeroizing;

use crate::{
    Result, Vault, VaultError,
    cipher::{NONCE_BYTES, Prefix, TAG_BYTES, algorithm},
    key::{KEY_BYTES, Key, fill_random, framed},
    keyring::Keyring,
};

/// Plaintext bytes in every chunk but the last.
pub const CHUNK_BYTES: usize = 1 << 20;
/// Bytes before the first chunk.
pub const FILE_HEADER_BYTES: usize = Prefix::BYTES + WRAPPED_BYTES + NONCE_PREFIX_BYTES;

const WRAPPED_BYTES: usize = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
const NONCE_PREFIX_BYTES: usize = 7;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;

/// Length of a sealed file in bytes, for a plaintext of `plain_bytes`. `None` on overflow.
#[must_use]
pub fn sealed_file_bytes(plain_bytes: u64) -> Option<u64> {
    let chunk = u64::try_from(CHUNK_BYTES).ok()?;
    let tag = u64::try_from(TAG_BYTES).ok()?;
    let header = u64::try_from(FILE_HEADER_BYTES).ok()?;
    let tags = plain_bytes.div_ceil(chunk).max(1).checked_mul(tag)?;
    plain_bytes.checked_add(tags)?.checked_add(header)
}

/// The cipher of one file and the number of its next chunk.
struct Stream {
    cipher: Aes256Gcm,
    file_id: String,
    nonce_prefix: [u8; NONCE_PREFIX_BYTES],
    chunk: u32,
}

impl Stream {
    fn new(key: &Key, file_id: &str, nonce_prefix: [u8; NONCE_PREFIX_BYTES]) -> Self {
        Self {
            cipher: Aes256Gcm::new(key.bytes().into()),
            file_id: file_id.into(),
            nonce_prefix,
            chunk: 0,
        }
    }

    fn nonce(&self, last: bool) -> [u8; NONCE_BYTES] {
        let [a, b, c, d, e, f, g] = self.nonce_prefix;
        let [h, i, j, k] = self.chunk.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, u8::from(last)]
    }

    fn associated_data(&self) -> Vec<u8> {
        framed(&[
            b"consilium.vault.v1.chunk",
            self.file_id.as_bytes(),
            &self.chunk.to_be_bytes(),
        ])
    }

    fn advance(&mut self, last: bool) -> Result<()> {
        if !last {
            self.chunk = self.chunk.checked_add(1).ok_or(VaultError::TooLong)?;
        }
        Ok(())
    }

    /// Encrypts in place and appends the tag.
    fn encrypt(&mut self, buffer: &mut Vec<u8>, last: bool) -> Result<()> {
        self.cipher
            .encrypt_in_place(&self.nonce(last).into(), &self.associated_data(), buffer)
            .map_err(|_| VaultError::TooLong)?;
        self.advance(last)
    }

    /// Decrypts in place and takes the tag off.
    fn decrypt(&mut self, buffer: &mut Vec<u8>, last: bool) -> Result<()> {
        self.cipher
            .decrypt_in_place(&self.nonce(last).into(), &self.associated_data(), buffer)
            .map_err(|_| VaultError::DoesNotOpen)?;
        self.advance(last)
    }
}

fn key_context(file_id: &str, prefix: Prefix) -> Vec<u8> {
    framed(&[
        b"consilium.vault.v1.file-key",
        &prefix.to_bytes(),
        file_id.as_bytes(),
    ])
}

/// Moves bytes from the front of `data` into `buffer` until it holds `limit`.
fn fill(buffer: &mut Vec<u8>, limit: usize, data: &mut &[u8]) {
    let take = limit.saturating_sub(buffer.len()).min(data.len());
    let (head, tail) = data.split_at_checked(take).unwrap_or((data, &[]));
    buffer.extend_from_slice(head);
    *data = tail;
}

/// Seals one file piece by piece. Write what the calls give, in order.
pub struct FileSealer {
    header: Vec<u8>,
    stream: Stream,
    /// Plaintext not yet sealed: at most one chunk, held back because it may be the last.
    buffer: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for FileSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSealer")
            .field("file_id", &self.stream.file_id)
            .field("chunk", &self.stream.chunk)
            .finish_non_exhaustive()
    }
}

impl FileSealer {
    /// Takes more plaintext and gives the sealed bytes that are ready, often none.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] after 4 PiB.
    pub fn update(&mut self, mut plaintext: &[u8]) -> Result<Vec<u8>> {
        let mut out = std::mem::take(&mut self.header);
        while !plaintext.is_empty() {
            if self.buffer.len() == CHUNK_BYTES {
                self.stream.encrypt(&mut self.buffer, false)?;
                out.extend_from_slice(&self.buffer);
                self.buffer.clear();
            }
            fill(&mut self.buffer, CHUNK_BYTES, &mut plaintext);
        }
        Ok(out)
    }

    /// Gives the rest. Without it the file does not open.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] after 4 PiB.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        let mut out = std::mem::take(&mut self.header);
        self.stream.encrypt(&mut self.buffer, true)?;
        out.extend_from_slice(&self.buffer);
        Ok(out)
    }
}

/// Opens one file piece by piece.
///
/// Every byte given out is genuine and in its place, but only [`FileOpener::finish`] tells
/// that the file is whole: do not act on the content before.
pub struct FileOpener {
    keyring: Arc<Keyring>,
    file_id: String,
    stream: Option<Stream>,
    /// Sealed bytes not yet opened: the header at first, then at most one chunk.
    buffer: Zeroizing<Vec<u8>>,
    failed: bool,
}

impl fmt::Debug for FileOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileOpener")
            .field("file_id", &self.file_id)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl FileOpener {
    /// Takes more sealed bytes and gives the plaintext that is ready, often none.
    ///
    /// # Errors
    /// When the file was changed, is another file, or is no sealed file. Every later call
    /// fails too.
    pub fn update(&mut self, sealed: &[u8]) -> Result<Vec<u8>> {
        if self.failed {
            return Err(VaultError::DoesNotOpen);
        }
        let outcome = self.advance(sealed);
        self.failed = outcome.is_err();
        outcome
    }

    fn advance(&mut self, mut sealed: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        while !sealed.is_empty() {
            let Some(stream) = &mut self.stream else {
                fill(&mut self.buffer, FILE_HEADER_BYTES, &mut sealed);
                if self.buffer.len() == FILE_HEADER_BYTES {
                    self.stream = Some(open_header(&self.keyring, &self.file_id, &self.buffer)?);
                    self.buffer.clear();
                }
                continue;
            };
            if self.buffer.len() == SEALED_CHUNK_BYTES {
                stream.decrypt(&mut self.buffer, false)?;
                out.extend_from_slice(&self.buffer);
                self.buffer.clear();
            }
            fill(&mut self.buffer, SEALED_CHUNK_BYTES, &mut sealed);
        }
        Ok(out)
    }

    /// Gives the rest and tells that the file is whole.
    ///
    /// # Errors
    /// When the file was cut short or changed.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        let stream = match &mut self.stream {
            Some(stream) if !self.failed => stream,
            _ => return Err(VaultError::DoesNotOpen),
        };
        stream.decrypt(&mut self.buffer, true)?;
        // The sealer never writes an empty chunk after a full one.
        if self.buffer.is_empty() && stream.chunk > 0 {
            return Err(VaultError::DoesNotOpen);
        }
        Ok(std::mem::take(&mut *self.buffer))
    }
}

fn open_header(keyring: &Keyring, file_id: &str, header: &[u8]) -> Result<Stream> {
    let (prefix, rest) = Prefix::split(header, algorithm::AES_256_GCM)?;
    let (wrapped, nonce_prefix) = rest
        .split_first_chunk::<WRAPPED_BYTES>()
        .ok_or(VaultError::Malformed)?;
    let nonce_prefix = nonce_prefix.try_into().map_err(|_| VaultError::Malformed)?;
    let wrapper = &keyring.kek(prefix.kek)?.file;
    let key = wrapper.unwrap(&key_context(file_id, prefix), wrapped)?;
    Ok(Stream::new(&key, file_id, nonce_prefix))
}

impl Vault {
    /// Starts sealing a file. `file_id` is bound to it: the file opens under no other id.
    ///
    /// # Errors
    /// When no random numbers are to be had.
    pub fn file_sealer(&self, file_id: &str) -> Result<FileSealer> {
        let keyring = self.keyring();
        let (kek, keys) = keyring.active()?;
        let prefix = Prefix {
            algorithm: algorithm::AES_256_GCM,
            kek,
        };
        let key = Key::random()?;
        let wrapped = keys.file.wrap(&key_context(file_id, prefix), &key)?;
        let mut nonce_prefix = [0; NONCE_PREFIX_BYTES];
        fill_random(&mut nonce_prefix)?;
        Ok(FileSealer {
            header: [prefix.to_bytes().as_slice(), &wrapped, &nonce_prefix].concat(),
            stream: Stream::new(&key, file_id, nonce_prefix),
            // Never grows, so no copy of the plaintext is left behind in memory.
            buffer: Zeroizing::new(Vec::with_capacity(SEALED_CHUNK_BYTES)),
        })
    }

    /// Starts opening a file.
    #[must_use]
    pub fn file_opener(&self, file_id: &str) -> FileOpener {
        FileOpener {
            keyring: self.keyring(),
            file_id: file_id.into(),
            stream: None,
            buffer: Zeroizing::new(Vec::with_capacity(SEALED_CHUNK_BYTES)),
            failed: false,
        }
    }

    /// Seals a whole file in memory.
    ///
    /// # Errors
    /// As [`Vault::file_sealer`].
    pub fn seal_file(&self, file_id: &str, plaintext: &[u8]) -> Result<Vec<u8>> {
        let mut sealer = self.file_sealer(file_id)?;
        let mut sealed = sealer.update(plaintext)?;
        sealed.extend(sealer.finish()?);
        Ok(sealed)
    }

    /// Opens a whole file in memory.
    ///
    /// # Errors
    /// When the file was changed, cut short, is another file, or is no sealed file.
    pub fn open_file(&self, file_id: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let mut opener = self.file_opener(file_id);
        let mut plaintext = opener.update(sealed)?;
        plaintext.extend(opener.finish()?);
        Ok(plaintext)
    }
}
