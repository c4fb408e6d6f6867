//! Notices to people: written in the transaction of what they tell, listed, read, and streamed live.

use std::collections::HashMap;

use consilium_domain::{
    AccountId, ClockKind, ConsultationId, InstitutionId, NoticeId, NoticeKind, Role, Timestamp,
};
use consilium_protocol::{
    codes, limits,
    notice::{Notice, NoticeList},
};
use consilium_storage::{Notice as Stored, WriteTx};
use uuid::Uuid;

use crate::{ctx::Ctx, error::ServiceError, services::views::Directory, state::App};

/// Longest code, item or link of a notice, bytes.
const WORD_BYTES: usize = 200;
/// Who coordinates for an institution.
pub const ADMINS: &[Role] = &[Role::Admin];
/// Who works with data for an institution.
pub const DATA_DESK: &[Role] = &[Role::Admin, Role::Operator];

/// Whom to tell.
#[derive(Clone, Copy, Debug)]
pub enum To {
    /// Everybody of an institution in one of these roles.
    Role {
        /// Institution.
        institution: InstitutionId,
        /// Roles.
        roles: &'static [Role],
    },
    /// One person.
    Account(AccountId),
}

/// What to tell. Nothing of a patient: a notice is read on locked screens and goes out by mail.
#[derive(Clone, Debug)]
pub struct Tell {
    /// What it tells.
    pub kind: NoticeKind,
    /// Consultation.
    pub consultation: Option<ConsultationId>,
    /// The institution it is about or from.
    pub institution: Option<InstitutionId>,
    /// The clock it is about.
    pub clock: Option<ClockKind>,
    /// A moment it names.
    pub at: Option<Timestamp>,
    /// A code it names. Anything but a code is left out.
    pub code: Option<String>,
    /// An element or message kind it names. Anything but an identifier is left out.
    pub item: Option<String>,
    /// Where to act: a path of this site; the worklist when it is none.
    pub link: String,
}

impl Tell {
    /// Only its kind is said yet.
    #[must_use]
    pub const fn new(kind: NoticeKind) -> Self {
        Self {
            kind,
            consultation: None,
            institution: None,
            clock: None,
            at: None,
            code: None,
            item: None,
            link: String::new(),
        }
    }
}

impl Default for Tell {
    /// Everything empty; `kind` is to be given.
    fn default() -> Self {
        Self::new(NoticeKind::DeadlineNear)
    }
}

/// A code or identifier: free text, which might hold a name, is none.
fn word(text: String) -> Option<String> {
    let fits = !text.is_empty()
        && text.len() <= WORD_BYTES
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':' | b'/'));
    fits.then_some(text)
}

/// A path of this site without a query, in which a name might stand.
fn path(text: String) -> Option<String> {
    word(text).filter(|text| text.starts_with('/') && !text.starts_with("//"))
}

/// Writes one notice a person, in the transaction of what it tells. Whoever is connected sees it as soon as
/// that is committed.
///
/// # Errors
/// The store fails.
pub async fn tell(tx: &mut WriteTx, now: Timestamp, to: To, what: Tell) -> Result<(), ServiceError> {
    let accounts = match to {
        To::Role { institution, roles } => tx.accounts_in_roles(institution, roles).await?,
        To::Account(account) => vec![account],
    };
    let code = what.code.and_then(word);
    let item = what.item.and_then(word);
    let link = path(what.link).unwrap_or_else(|| "/".to_owned());
    for account in accounts {
        let notice = Stored {
            id: NoticeId(Uuid::now_v7()),
            account,
            kind: what.kind,
            consultation: what.consultation,
            institution: what.institution,
            clock: what.clock,
            at: what.at,
            code: code.clone(),
            item: item.clone(),
            link: link.clone(),
            created_at: now,
            read_at: None,
        };
        tx.insert_notice(&notice, limits::NOTICES_KEPT).await?;
    }
    Ok(())
}

/// A page of the caller's notices, newest first.
///
/// # Errors
/// The cursor is not one of ours, or the store fails.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    cursor: Option<&str>,
    limit: Option<u32>,
) -> Result<NoticeList, ServiceError> {
    let limit = limit
        .unwrap_or(limits::PAGE_ROWS_DEFAULT)
        .clamp(1, limits::PAGE_ROWS_MAX);
    let before = cursor.map(read_cursor).transpose()?;
    let reader = app.store.reader();
    let mut found = reader
        .notices(ctx.account.id, before, u64::from(limit) + 1)
        .await?;
    let more = u32::try_from(found.len()).is_ok_and(|len| len > limit);
    if more {
        found.pop();
    }
    let next_cursor = found
        .last()
        .filter(|_| more)
        .map(|last| format!("{}.{}", last.created_at.ms(), last.id));
    Ok(NoticeList {
        items: views(app, found).await?,
        unread: reader.unread_notices(ctx.account.id).await?,
        next_cursor,
    })
}

fn read_cursor(text: &str) -> Result<(Timestamp, NoticeId), ServiceError> {
    let wrong = || ServiceError::field("cursor", codes::FIELD_UNKNOWN);
    let (at, id) = text.split_once('.').ok_or_else(wrong)?;
    let at = at.parse().map_err(|_| wrong())?;
    Ok((Timestamp::from_ms(at), id.parse().map_err(|_| wrong())?))
}

/// Notices as their reader sees them.
///
/// # Errors
/// The store fails.
pub(crate) async fn views(app: &App, rows: Vec<Stored>) -> Result<Vec<Notice>, ServiceError> {
    let mut ids: Vec<ConsultationId> = rows.iter().filter_map(|row| row.consultation).collect();
    ids.sort_unstable();
    ids.dedup();
    let numbers: HashMap<_, _> = app.store.reader().numbers_of(&ids).await?.into_iter().collect();
    let directory = Directory::load(app).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Notice {
                id: row.id,
                kind: row.kind,
                consultation_id: row.consultation,
                number: row
                    .consultation
                    .and_then(|id| numbers.get(&id).cloned())
                    .unwrap_or_default(),
                institution: row.institution.map(|id| directory.get(id)).transpose()?,
                clock: row.clock,
                at: row.at,
                code: row.code,
                item: row.item,
                link: row.link,
                created_at: row.created_at,
                read_at: row.read_at,
            })
        })
        .collect()
}

/// Marks one notice of the caller as read.
///
/// # Errors
/// No such notice of the caller, or the store fails.
pub async fn read(app: &App, ctx: &Ctx, id: NoticeId) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.notice(ctx.account.id, id)
        .await?
        .ok_or(ServiceError::NotFound)?;
    tx.read_notices(ctx.account.id, Some(id), ctx.now()).await?;
    Ok(tx.commit_technical().await?)
}

/// Marks all notices of the caller as read.
///
/// # Errors
/// The store fails.
pub async fn read_all(app: &App, ctx: &Ctx) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.read_notices(ctx.account.id, None, ctx.now()).await?;
    Ok(tx.commit_technical().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_is_no_word_and_no_path() {
        for good in ["exchange.signature", "2.7.temperature", "data_request"] {
            assert_eq!(word(good.to_owned()).as_deref(), Some(good));
        }
        for bad in ["", "张三", "a b", "x?name=y", &"x".repeat(201)] {
            assert_eq!(word(bad.to_owned()), None, "{bad}");
        }
        assert_eq!(path("/transfers".to_owned()).as_deref(), Some("/transfers"));
        for bad in ["transfers", "//elsewhere", "https://elsewhere", "/?q=x"] {
            assert_eq!(path(bad.to_owned()), None, "{bad}");
        }
    }
}
