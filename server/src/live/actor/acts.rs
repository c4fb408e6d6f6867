//! Acts of the lead in the audit: who presents, what is hidden (clause 8.4). They are written in the
//! transaction of the change itself.

use consilium_collab::{document::Hidden, guard::Act};
use consilium_storage::AuditEntry;
use sha2::{Digest as _, Sha256};

use super::{Join, Rooms};

/// The record of an act.
pub(super) fn record(rooms: &Rooms, join: &Join, act: &Act) -> AuditEntry {
    let room = format!("room/{}", join.key());
    let (action, target) = match act {
        Act::Present(Some(account)) => ("room.present", format!("{room}/presenter/{account}")),
        Act::Present(None) => ("room.present", format!("{room}/presenter/nobody")),
        Act::Hide(what) => ("room.hide", format!("{room}/{}", place(what))),
        Act::Unhide(what) => ("room.unhide", format!("{room}/{}", place(what))),
    };
    rooms.record(join, action, target, "ok")
}

fn place(what: &Hidden) -> String {
    format!("{}/{}/{}", what.kind.code(), what.author, name(&what.id))
}

/// An id as our pages draw them, or the hash of one that could be anything, words about a patient included.
fn name(id: &str) -> String {
    let drawn = id.len() <= 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if drawn {
        id.to_owned()
    } else {
        let hash = Sha256::digest(id.as_bytes());
        format!("sha256:{}", hex::encode(hash.get(..8).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_drawn_ids_are_named() {
        assert_eq!(name("0a1b-22"), "0a1b-22");
        assert!(name("张三").starts_with("sha256:"));
        assert!(name("zhangsan").starts_with("sha256:"));
    }
}
