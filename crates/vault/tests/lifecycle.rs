//! Creating, opening, refusing and rotating a vault.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::Arc,
    thread,
};

use consilium_vault::{FieldContext, KekInfo, KekState, Vault, VaultError};

const NOW_MS: i64 = 1_790_000_000_000;
const PLACE: FieldContext<'static> = FieldContext {
    table: "patients",
    column: "name",
    row: "7",
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_new_vault_is_private_and_opens_again() {
    let parent = folder();
    let path = parent.path().join("a/b/vault");
    let vault = Vault::open_or_create(&path, NOW_MS).unwrap();
    assert_eq!(mode(&path), 0o700);
    for file in fs::read_dir(&path).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    let sealed = vault.seal_field(&PLACE, b"value").unwrap();
    let pseudonym = vault.patient_identifier("01", "11010519491231002X");
    let signature = vault.sign("test", b"message");
    let hash = vault.hash_password("correct horse battery").unwrap();

    let again = Vault::open_or_create(&path, NOW_MS + 1).unwrap();
    assert_eq!(*again.open_field(&PLACE, &sealed).unwrap(), b"value");
    assert_eq!(again.patient_identifier("01", "11010519491231002X"), pseudonym);
    again.verify_signature("test", b"message", &signature).unwrap();
    assert!(again.verify_password("correct horse battery", &hash).unwrap());
    let info = KekInfo {
        id: 1,
        created_at_ms: NOW_MS,
        state: KekState::Active,
    };
    assert_eq!(again.keks(), [info]);
}

#[test]
fn two_vaults_share_nothing() {
    let (one, other) = (folder(), folder());
    let one = Vault::open_or_create(one.path(), NOW_MS).unwrap();
    let other = Vault::open_or_create(other.path(), NOW_MS).unwrap();
    let sealed = one.seal_field(&PLACE, b"value").unwrap();
    assert!(other.open_field(&PLACE, &sealed).is_err());
    assert_ne!(
        one.patient_identifier("01", "1"),
        other.patient_identifier("01", "1")
    );
    let signature = one.sign("test", b"message");
    assert!(other.verify_signature("test", b"message", &signature).is_err());
}

#[test]
fn files_others_can_read_are_refused() {
    for exposed in [0o640, 0o604, 0o620, 0o666] {
        let folder = folder();
        Vault::open_or_create(folder.path(), NOW_MS).unwrap();
        let root = folder.path().join("root.key");
        set_mode(&root, exposed);
        match Vault::open_or_create(folder.path(), NOW_MS) {
            Err(VaultError::Exposed { path, mode }) => {
                assert_eq!((path, mode), (root, exposed));
            }
            other => panic!("{other:?}"),
        }
    }
    // A folder in use is refused, an empty one is closed to others.
    let folder = folder();
    set_mode(folder.path(), 0o777);
    Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    assert_eq!(mode(folder.path()), 0o700);
    set_mode(folder.path(), 0o750);
    assert!(matches!(
        Vault::open_or_create(folder.path(), NOW_MS),
        Err(VaultError::Exposed { .. })
    ));
}

#[test]
fn a_damaged_root_key_is_refused_and_kept() {
    let folder = folder();
    Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    let path = folder.path().join("root.key");
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(
            matches!(
                Vault::open_or_create(folder.path(), NOW_MS),
                Err(VaultError::RootKeyDamaged { .. })
            ),
            "{length} bytes"
        );
        assert_eq!(fs::read(&path).unwrap(), &whole[..length]);
    }
    // Another key of the right shape does not open the keyring.
    let mut other = whole.clone();
    let digit = other.len() - 2;
    other[digit] = if other[digit] == b'0' { b'1' } else { b'0' };
    fs::write(&path, &other).unwrap();
    assert!(matches!(
        Vault::open_or_create(folder.path(), NOW_MS),
        Err(VaultError::KeyringDamaged { .. })
    ));
    fs::write(&path, &whole).unwrap();
    Vault::open_or_create(folder.path(), NOW_MS).unwrap();
}

#[test]
fn a_lost_file_is_never_replaced() {
    let folder = folder();
    Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    let (root, keyring) = (folder.path().join("root.key"), folder.path().join("keyring.json"));
    let aside = folder.path().join("aside");
    fs::rename(&root, &aside).unwrap();
    assert!(matches!(
        Vault::open_or_create(folder.path(), NOW_MS),
        Err(VaultError::RootKeyMissing { .. })
    ));
    symlink(&aside, &root).unwrap();
    assert!(matches!(
        Vault::open_or_create(folder.path(), NOW_MS),
        Err(VaultError::WrongKind { .. })
    ));
    fs::rename(&aside, &root).unwrap();
    fs::remove_file(&keyring).unwrap();
    assert!(matches!(
        Vault::open_or_create(folder.path(), NOW_MS),
        Err(VaultError::KeyringMissing { .. })
    ));
}

#[test]
fn every_flipped_byte_of_the_keyring_is_found() {
    let folder = folder();
    Vault::open_or_create(folder.path(), NOW_MS)
        .unwrap()
        .rotate_kek(NOW_MS + 1)
        .unwrap();
    let path = folder.path().join("keyring.json");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut forged = whole.clone();
        forged[at] ^= 1;
        // White space and the case of the code itself carry no meaning.
        if whole[at].is_ascii_whitespace() && forged[at].is_ascii_whitespace() {
            continue;
        }
        fs::write(&path, &forged).unwrap();
        assert!(
            matches!(
                Vault::open_or_create(folder.path(), NOW_MS),
                Err(VaultError::KeyringDamaged { .. })
            ),
            "byte {at}"
        );
    }
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(Vault::open_or_create(folder.path(), NOW_MS).is_err());
    }
}

#[test]
fn a_creation_cut_short_is_finished_or_started_again() {
    // Stopped after the keyring: nothing was sealed, so a new start is right.
    let folder = folder();
    set_mode(folder.path(), 0o700);
    fs::write(folder.path().join("keyring.first.json"), b"half").unwrap();
    set_mode(&folder.path().join("keyring.first.json"), 0o600);
    fs::write(folder.path().join("root.key.tmp"), b"half").unwrap();
    let vault = Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    let sealed = vault.seal_field(&PLACE, b"value").unwrap();

    // Stopped before the last rename.
    fs::rename(
        folder.path().join("keyring.json"),
        folder.path().join("keyring.first.json"),
    )
    .unwrap();
    let vault = Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    assert_eq!(*vault.open_field(&PLACE, &sealed).unwrap(), b"value");
    assert!(folder.path().join("keyring.json").exists());
    assert!(!folder.path().join("keyring.first.json").exists());
}

#[test]
fn rotation_keeps_old_data_readable() {
    let folder = folder();
    let vault = Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    let pseudonym = vault.patient_identifier("01", "1");
    let hash = vault.hash_password("correct horse battery").unwrap();
    let signature = vault.sign("test", b"message");
    // Three years of ninety days each, and one more.
    let mut sealed = Vec::new();
    for turn in 1..=14_u32 {
        let value = format!("value {turn}");
        let field = vault.seal_field(&PLACE, value.as_bytes()).unwrap();
        assert_eq!(field[..6], [1, 2, 0, 0, 0, u8::try_from(turn).unwrap()]);
        let file = vault.seal_file("f", value.as_bytes()).unwrap();
        sealed.push((value, field, file));
        assert_eq!(vault.rotate_kek(NOW_MS + i64::from(turn)).unwrap(), turn + 1);
    }
    let again = Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    for vault in [vault, again] {
        for (value, field, file) in &sealed {
            assert_eq!(*vault.open_field(&PLACE, field).unwrap(), value.as_bytes());
            assert_eq!(vault.open_file("f", file).unwrap(), value.as_bytes());
        }
        assert_eq!(vault.patient_identifier("01", "1"), pseudonym);
        assert!(vault.verify_password("correct horse battery", &hash).unwrap());
        vault.verify_signature("test", b"message", &signature).unwrap();
        let states: Vec<KekState> = vault.keks().iter().map(|kek| kek.state).collect();
        assert_eq!(states.len(), 15);
        assert_eq!(states[14], KekState::Active);
        assert!(states[..14].iter().all(|s| *s == KekState::DecryptOnly));
    }
}

#[test]
fn another_process_sees_the_rotation_after_reload() {
    let folder = folder();
    let one = Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    let other = Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    assert_eq!(one.rotate_kek(NOW_MS + 1).unwrap(), 2);
    let sealed = one.seal_field(&PLACE, b"value").unwrap();
    assert!(matches!(
        other.open_field(&PLACE, &sealed),
        Err(VaultError::UnknownKek { kek: 2 })
    ));
    other.reload().unwrap();
    assert_eq!(*other.open_field(&PLACE, &sealed).unwrap(), b"value");
    // Rotating starts from what is on disk.
    assert_eq!(one.rotate_kek(NOW_MS + 2).unwrap(), 3);
    assert_eq!(other.rotate_kek(NOW_MS + 3).unwrap(), 4);
}

#[test]
fn rotation_under_load_loses_nothing() {
    let folder = folder();
    let vault = Arc::new(Vault::open_or_create(folder.path(), NOW_MS).unwrap());
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let vault = Arc::clone(&vault);
            thread::spawn(move || {
                for turn in 0..200 {
                    let value = format!("{worker}/{turn}");
                    let sealed = vault.seal_field(&PLACE, value.as_bytes()).unwrap();
                    assert_eq!(*vault.open_field(&PLACE, &sealed).unwrap(), value.as_bytes());
                }
            })
        })
        .collect();
    for turn in 0..10 {
        vault.rotate_kek(NOW_MS + turn).unwrap();
    }
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(vault.keks().len(), 11);
}

#[test]
fn parallel_first_starts_agree_on_one_key() {
    let parent = folder();
    let path = parent.path().join("vault");
    let pseudonyms: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    Vault::open_or_create(&path, NOW_MS)
                        .unwrap()
                        .patient_identifier("01", "1")
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    assert!(pseudonyms.iter().all(|p| *p == pseudonyms[0]));
}

#[test]
fn no_secret_is_shown_or_stored_plain() {
    let folder = folder();
    let vault = Vault::open_or_create(folder.path(), NOW_MS).unwrap();
    let root = fs::read_to_string(folder.path().join("root.key")).unwrap();
    let key = root.lines().nth(1).unwrap();
    assert_eq!(key.len(), 64);
    let keyring = fs::read_to_string(folder.path().join("keyring.json")).unwrap();
    assert!(!keyring.contains(key));
    let shown = format!("{vault:?}");
    assert!(!shown.contains(key) && shown.contains("active_kek: 1"), "{shown}");
}
