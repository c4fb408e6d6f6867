//! What the lead sets for all: who presents, what is hidden.

use std::collections::BTreeSet;

use consilium_domain::AccountId;
use yrs::{Any, Map, Out, Transact};

use super::{PRESENTER, RoomDoc, owner_key};

/// What may be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HiddenKind {
    /// An annotation.
    Annotation,
    /// A line of the discussion.
    Line,
}

impl HiddenKind {
    /// As in keys.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::Line => "line",
        }
    }
}

/// Something the lead has hidden from the view of all; it stays in the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hidden {
    /// Kind.
    pub kind: HiddenKind,
    /// Whose it is.
    pub author: AccountId,
    /// Its id.
    pub id: String,
}

impl Hidden {
    /// Its key in the root map `session`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("hidden/{}/{}/{}", self.kind.code(), self.author, self.id)
    }

    /// Reads a key; `None` when it names nothing that may be hidden.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        let (kind, rest) = key.strip_prefix("hidden/")?.split_once('/')?;
        let (author, id) = rest.split_once('/')?;
        let kind = match kind {
            "annotation" => HiddenKind::Annotation,
            "line" => HiddenKind::Line,
            _ => return None,
        };
        crate::guard::shape::id_is_sound(id).then_some(Self {
            kind,
            author: owner_key(author)?,
            id: id.to_owned(),
        })
    }
}

impl RoomDoc {
    /// Who presents, if anybody.
    #[must_use]
    pub fn presenter(&self) -> Option<AccountId> {
        let txn = self.doc.transact();
        match self.session.get(&txn, PRESENTER)? {
            Out::Any(Any::String(id)) => id.parse().ok(),
            _ => None,
        }
    }

    /// Names the presenter or nobody. Writers return the v1 update to send, `None` when nothing changed.
    pub fn set_presenter(&self, presenter: Option<AccountId>) -> Option<Vec<u8>> {
        self.write(|txn| match presenter {
            Some(account) => {
                self.session.try_update(txn, PRESENTER, account.to_string());
            }
            None => {
                self.session.remove(txn, PRESENTER);
            }
        })
    }

    /// What is hidden.
    #[must_use]
    pub fn hidden(&self) -> BTreeSet<Hidden> {
        let txn = self.doc.transact();
        self.session
            .iter(&txn)
            .filter(|(_, value)| matches!(value, Out::Any(Any::Bool(true))))
            .filter_map(|(key, _)| Hidden::from_key(key))
            .collect()
    }

    /// Hides something, or shows it again.
    pub fn set_hidden(&self, what: &Hidden, hidden: bool) -> Option<Vec<u8>> {
        let key = what.key();
        self.write(|txn| {
            if hidden {
                self.session.try_update(txn, key, true);
            } else {
                self.session.remove(txn, &key);
            }
        })
    }
}
