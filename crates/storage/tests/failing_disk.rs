//! A disk on which every write fails (the size of files is limited, which SQLite reports as an I/O error).

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "bodies of tests")]

use std::{env, process::Command, sync::Arc};

use consilium_storage::{Institution, Store, StoreError};
use consilium_vault::Vault;
use uuid::Uuid;

/// Set for the process whose writes fail.
const INSIDE: &str = "CONSILIUM_FAILING_DISK";

fn break_writes(broken: bool) {
    let limit = if broken {
        "--fsize=1:"
    } else {
        "--fsize=unlimited:"
    };
    let own = std::process::id().to_string();
    let set = Command::new("prlimit").args(["--pid", &own, limit]).status();
    assert!(set.unwrap().success());
}

async fn write(store: &Store, number: u128) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    tx.insert_institution(&Institution {
        id: Uuid::from_u128(number).into(),
        code: format!("c{number}"),
        name_zh: "东院".to_owned(),
        name_en: String::new(),
        colour: 1,
        platform: false,
    })
    .await?;
    tx.commit_technical().await
}

/// While the disk fails nothing is reported as written; what is reported as written afterwards is there for
/// everybody, and after a new start.
#[test]
fn what_is_reported_as_written_is_written() {
    if env::var_os(INSIDE).is_none() {
        // In a process of its own, which does not end at the first write beyond the limit; its output goes
        // through pipes, which have no size.
        let name = "what_is_reported_as_written_is_written";
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(INSIDE, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let vault = Arc::new(Vault::open_or_create(&folder.path().join("keys"), 1).unwrap());
        let url = format!("sqlite://{}/consilium.db", folder.path().display());
        let store = Store::connect(&url, Arc::clone(&vault)).await.unwrap();
        store.migrate().await.unwrap();
        let mut written = Vec::new();
        for round in 0..4_u128 {
            for number in (round * 100)..(round * 100 + 3) {
                write(&store, number).await.unwrap();
                written.push(number);
            }
            break_writes(true);
            for number in (round * 100 + 50)..(round * 100 + 56) {
                assert!(
                    write(&store, number).await.is_err(),
                    "{number} was reported as written"
                );
            }
            break_writes(false);
        }
        write(&store, 999).await.unwrap();
        written.push(999);
        let codes = async |store: &Store| {
            let all = store.reader().institutions().await.unwrap();
            let mut ids: Vec<u128> = all.iter().map(|of| of.id.0.as_u128()).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(codes(&store).await, written);
        let again = Store::connect(&url, vault).await.unwrap();
        assert_eq!(codes(&again).await, written);
    });
}
