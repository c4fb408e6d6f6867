//! Institutions, accounts, sessions, patients.

entity! {
    /// Institutions.
    institution "institutions" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        code: String,
        name_zh: String,
        name_en: String,
        colour: i32,
        platform: bool,
    }
}

entity! {
    /// Accounts.
    account "accounts" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        username: String,
        institution: Uuid,
        role: String,
        display_name: String,
        department: String,
        title: String,
        licence: String,
        password_hash: String,
        totp_secret: Vec<u8>,
        totp_last_step: i64,
        failed: i32,
        locked_until: Option<i64>,
        active: bool,
    }
}

entity! {
    /// Sessions.
    session "sessions" {
        #[sea_orm(primary_key, auto_increment = false)] token_hash: Vec<u8>,
        account: Uuid,
        created_at: i64,
        expires_at: i64,
        last_seen_at: i64,
        ip: String,
        device: String,
        revoked_at: Option<i64>,
    }
}

entity! {
    /// Patients.
    patient "patients" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        institution: Uuid,
        platform_id: String,
        identity: Vec<u8>,
        sex: String,
        created_at: i64,
    }
}
