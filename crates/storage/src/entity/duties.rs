//! Deadlines, suspensions, notices, mail addresses.

entity! {
    /// Deadlines.
    deadline "deadlines" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        kind: String,
        consultation: Uuid,
        institution: Uuid,
        subject: Uuid,
        urgency: String,
        started_at: i64,
        due_at: i64,
        given: i32,
        next_at: Option<i64>,
        state: String,
        ended_at: Option<i64>,
        link: String,
    }
}

entity! {
    /// Suspensions of the exchange.
    suspension "suspensions" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        running: Option<i32>,
        from_at: i64,
        until_at: Option<i64>,
        reason: Vec<u8>,
        begun_by: Uuid,
        ended_by: Option<Uuid>,
    }
}

entity! {
    /// Notices.
    notice "notices" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        account: Uuid,
        kind: String,
        consultation: Option<Uuid>,
        institution: Option<Uuid>,
        clock: Option<String>,
        at: Option<i64>,
        code: Option<String>,
        item: Option<String>,
        link: String,
        created_at: i64,
        read_at: Option<i64>,
        mail_tries: i32,
        mail_next_at: Option<i64>,
    }
}

entity! {
    /// Where notices are mailed.
    mail_address "mail_addresses" {
        #[sea_orm(primary_key, auto_increment = false)] account: Uuid,
        address: Vec<u8>,
        locale: String,
    }
}
