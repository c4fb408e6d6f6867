//! Questions of a session, documents and pictures added in it, opinions taken up again.

entity! {
    /// Questions of one institution to another.
    question "questions" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        asked_by: Uuid,
        asking: Uuid,
        asked: Uuid,
        state: String,
        asked_state: Option<String>,
        content: Vec<u8>,
        answer: Option<Vec<u8>>,
        answered_by: Option<Uuid>,
        asked_at: i64,
        within_ms: i64,
        delivered_at: Option<i64>,
        answered_at: Option<i64>,
        version: i64,
    }
}

entity! {
    /// Documents and pictures.
    attachment "attachments" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        institution: Uuid,
        added_by: Uuid,
        file: Uuid,
        name: Vec<u8>,
        media: String,
        bytes: i64,
        sha256: Vec<u8>,
        added_at: i64,
    }
}

entity! {
    /// Signed opinions whose authors write a new version.
    opinion_revision "opinion_revisions" {
        #[sea_orm(primary_key, auto_increment = false)] opinion: Uuid,
        opened_at: i64,
    }
}
