//! Data requests, submissions, their rows, correction notices.

entity! {
    /// Data requests.
    data_request "data_requests" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        institution: Uuid,
        state: String,
        source_state: Option<String>,
        content: Vec<u8>,
        target_at: i64,
        hard_at: i64,
        sent_at: Option<i64>,
        delivered_at: Option<i64>,
        overdue_at: Option<i64>,
        refused_code: Option<String>,
        answer_reason: Option<Vec<u8>>,
        asked_by: Option<Uuid>,
        created_by: Uuid,
        created_at: i64,
        version: i64,
    }
}

entity! {
    /// Submissions.
    submission "submissions" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        institution: Uuid,
        request: Option<Uuid>,
        state: String,
        stored: i32,
        refused: i32,
        duplicates: i32,
        manifest_hash: String,
        detail: Vec<u8>,
        created_by: Uuid,
        created_at: i64,
        received_at: Option<i64>,
    }
}

entity! {
    /// Rows of submissions, every version.
    item "items" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        institution: Uuid,
        submission: Uuid,
        kind: String,
        key_hash: String,
        version: i32,
        stored: bool,
        superseded: bool,
        flagged: bool,
        available_at: i64,
        received_at: Option<i64>,
        hash: String,
        source_hash: String,
        content: Vec<u8>,
        original: Vec<u8>,
        created_at: i64,
    }
}

entity! {
    /// Correction notices.
    issue "issues" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        institution: Uuid,
        raised_by: Uuid,
        account: Option<Uuid>,
        item: Uuid,
        key_hash: String,
        kind: String,
        element: String,
        state: String,
        source_state: Option<String>,
        content: Vec<u8>,
        answer_reason: Option<Vec<u8>>,
        corrected_by: Option<Uuid>,
        created_at: i64,
        due_at: Option<i64>,
        overdue_at: Option<i64>,
    }
}
