//! Files out of a drop or a file control, folders included.

use consilium_protocol::limits;
use js_sys::{Array, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

/// Files of a control.
#[must_use]
pub fn of_list(list: &FileList) -> Vec<File> {
    (0..list.length())
        .filter_map(|n| list.get(n))
        .filter(|file| is_wanted(&file.name()))
        .collect()
}

/// The entries of a drop. Must be called while the event is handled: the browser empties it afterwards.
#[must_use]
pub fn entries(drop: &DataTransfer) -> Vec<FileSystemEntry> {
    let items = drop.items();
    (0..items.length())
        .filter_map(|n| items.get(n))
        .filter_map(|item| item.webkit_get_as_entry().ok().flatten())
        .collect()
}

/// All files at and below the entries; what cannot be read is left out.
pub async fn below(entries: Vec<FileSystemEntry>) -> Vec<File> {
    let most = usize::try_from(limits::INSTANCES_MAX).unwrap_or(usize::MAX);
    let mut files = Vec::new();
    let mut open = entries;
    while let Some(entry) = open.pop() {
        if files.len() >= most {
            break;
        }
        if !is_wanted(&entry.name()) {
            continue;
        }
        if entry.is_directory() {
            open.extend(children(entry.unchecked_ref()).await);
        } else if let Some(file) = file(entry.unchecked_ref()).await {
            files.push(file);
        }
    }
    files.sort_by_key(File::name);
    files
}

/// Hidden files of the file system are no images.
fn is_wanted(name: &str) -> bool {
    !name.starts_with('.')
}

async fn file(entry: &FileSystemFileEntry) -> Option<File> {
    let promise = Promise::new(&mut |resolve, reject| {
        entry.file_with_callback_and_callback(&resolve, &reject);
    });
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

/// A folder's entries: the browser gives them in batches until one is empty.
async fn children(folder: &FileSystemDirectoryEntry) -> Vec<FileSystemEntry> {
    let reader = folder.create_reader();
    let mut all = Vec::new();
    loop {
        let mut failed = None::<JsValue>;
        let promise = Promise::new(&mut |resolve, reject| {
            failed = reader
                .read_entries_with_callback_and_callback(&resolve, &reject)
                .err();
        });
        if failed.is_some() {
            break;
        }
        let Ok(batch) = JsFuture::from(promise).await else {
            break;
        };
        let batch: Array = batch.unchecked_into();
        if batch.length() == 0 {
            break;
        }
        all.extend(batch.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
    all
}
