//! Files only their owner can read, written whole or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{Result, VaultError};

/// Nothing the vault reads is longer, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

fn failed(path: &Path) -> impl FnOnce(io::Error) -> VaultError + '_ {
    move |source| VaultError::Io {
        path: path.into(),
        source,
    }
}

/// Makes sure the folder exists with mode 0700. An empty one that is open to others is
/// closed to them; one with content is refused, since others may have read it.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(failed(parent))?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => match path.parent().filter(|p| !p.as_os_str().is_empty()) {
            Some(parent) => sync_folder(parent)?,
            None => sync_folder(Path::new("."))?,
        },
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(path)(error)),
    }
    let metadata = fs::metadata(path).map_err(failed(path))?;
    if !metadata.is_dir() {
        return Err(VaultError::WrongKind {
            path: path.into(),
            expected: "folder",
        });
    }
    let empty = fs::read_dir(path).map_err(failed(path))?.next().is_none();
    if empty && metadata.mode() & 0o077 != 0 {
        return fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed(path));
    }
    refuse_exposed(path, &metadata)
}

fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<()> {
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(VaultError::Exposed {
        path: path.into(),
        mode,
    })
}

/// Reads a private file; `None` when it does not exist.
pub(crate) fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    // A link could point outside the private folder.
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => {
            return Err(VaultError::WrongKind {
                path: path.into(),
                expected: "regular file",
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path)(error)),
    }
    let file = File::open(path).map_err(failed(path))?;
    refuse_exposed(path, &file.metadata().map_err(failed(path))?)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(FILE_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(failed(path))?;
    Ok(Some(bytes))
}

/// Puts a file of mode 0600 in place of what was there. After a crash either the old or
/// the new content is there, whole.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed(&temporary)(error));
        }
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(failed(&temporary))?;
    rename(&temporary, path)
}

/// Renames within one folder and makes the new name durable.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(failed(to))?;
    to.parent().map_or(Ok(()), sync_folder)
}

fn sync_folder(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(failed(path))
}

/// Keeps other processes out of the folder until dropped.
pub(crate) fn lock(path: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(failed(path))?;
    file.lock().map_err(failed(path))?;
    Ok(file)
}
