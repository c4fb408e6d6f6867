//! The containers of a person, made by the server before any page writes.

use consilium_domain::{AccountId, permission::RoomRights};
use yrs::{Map, Transact};

use super::{Applied, Room, Violation};
use crate::{
    document::{ANNOTATIONS, DISCUSSION, NOTES, OPINIONS},
    wire::{put_buffer, put_var},
};

impl Room {
    /// [`Room::prepare_for`] with all rights that count in the shared document.
    ///
    /// # Errors
    /// As [`Room::apply`].
    pub fn prepare(&mut self, author: AccountId, fresh_client: u64) -> Result<Option<Applied>, Violation> {
        let all = RoomRights {
            annotate: true,
            opine: true,
            discuss: true,
            preside: false,
            notes: false,
        };
        self.prepare_for(author, all, fresh_client)
    }

    /// Creates those of the author's containers that the rights admit where they are missing, under a
    /// client id nobody used. All pages of one person then write into the same ones; two that each create
    /// their own would lose one.
    ///
    /// # Errors
    /// As [`Room::apply`].
    pub fn prepare_for(
        &mut self,
        author: AccountId,
        rights: RoomRights,
        fresh_client: u64,
    ) -> Result<Option<Applied>, Violation> {
        let key = author.to_string();
        let missing: Vec<(&str, u64)> = {
            let txn = self.doc.doc().transact();
            let [annotations, opinions, discussion, _, notes] = self.doc.roots();
            [
                (rights.annotate, annotations, ANNOTATIONS, 1),
                (rights.opine, opinions, OPINIONS, 2),
                (rights.discuss, discussion, DISCUSSION, 0),
                (rights.notes, notes, NOTES, 2),
            ]
            .into_iter()
            .filter(|(may, map, ..)| *may && map.get(&txn, &key).is_none())
            .map(|(_, _, root, type_ref)| (root, type_ref))
            .collect()
        };
        if missing.is_empty() || !self.claim(fresh_client, author) || self.index.clock(fresh_client) > 0 {
            return Ok(None);
        }
        let mut update = Vec::new();
        put_var(&mut update, 1);
        put_var(&mut update, u64::try_from(missing.len()).unwrap_or(0));
        put_var(&mut update, fresh_client);
        put_var(&mut update, 0);
        for (root, type_ref) in missing {
            update.extend([0x27, 1]);
            put_buffer(&mut update, root.as_bytes());
            put_buffer(&mut update, key.as_bytes());
            put_var(&mut update, type_ref);
        }
        put_var(&mut update, 0);
        self.apply(author, rights, &update)
    }
}
