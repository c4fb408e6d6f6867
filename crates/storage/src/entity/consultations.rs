//! Consultations, numbers, invitations, opinions, reports.

entity! {
    /// Last number given out on each day.
    consultation_number "consultation_numbers" {
        #[sea_orm(primary_key, auto_increment = false)] day: String,
        last: i64,
    }
}

entity! {
    /// Consultations.
    consultation "consultations" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        number: String,
        kind: String,
        urgency: String,
        state: String,
        lead: Uuid,
        patient: Uuid,
        clinical: Vec<u8>,
        scheduled_at: i64,
        duration_minutes: i32,
        chosen: String,
        wanted: String,
        consent: Option<Vec<u8>>,
        started_at: Option<i64>,
        ended_at: Option<i64>,
        due_at: Option<i64>,
        suspended_from: Option<String>,
        override_reason: Option<Vec<u8>>,
        paused_at: Option<i64>,
        pause_reason: Option<Vec<u8>>,
        created_by: Uuid,
        created_at: i64,
        updated_at: i64,
        version: i64,
    }
}

entity! {
    /// Invitations.
    invitation "invitations" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        institution: Uuid,
        state: String,
        sent_at: i64,
        due_at: i64,
        answered_at: Option<i64>,
        answered_by: Option<Uuid>,
        can_provide: String,
        reason: Option<Vec<u8>>,
        delivered_at: Option<i64>,
        answer_sent_at: Option<i64>,
        experts: String,
        data_from: Option<i64>,
    }
}

entity! {
    /// Opinions.
    opinion "opinions" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        author: Uuid,
        institution: Uuid,
        version: i32,
        text: Vec<u8>,
        dissent: bool,
        cites: String,
        submitted_at: i64,
        content_hash: Vec<u8>,
        signature: Vec<u8>,
        key_id: String,
    }
}

entity! {
    /// Reports.
    report "reports" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        version: i32,
        content: Vec<u8>,
        signed_by: Uuid,
        signed_at: i64,
        content_hash: Vec<u8>,
        signature: Vec<u8>,
        key_id: String,
    }
}
