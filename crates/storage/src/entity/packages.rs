//! Case packages, search terms, consent terms.

entity! {
    /// Versions of case packages.
    package "packages" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        version: i32,
        state: String,
        source_hash: String,
        manifest_hash: String,
        core_part: i64,
        core_whole: i64,
        non_core_part: i64,
        non_core_whole: i64,
        items: i32,
        created_at: i64,
        frozen_at: Option<i64>,
    }
}

entity! {
    /// What the versions hold.
    package_content "package_contents" {
        #[sea_orm(primary_key, auto_increment = false)] package: Uuid,
        content: Vec<u8>,
    }
}

entity! {
    /// Blind index: keyed hashes of words.
    search_term "search_terms" {
        #[sea_orm(primary_key, auto_increment = false)] term: i64,
        #[sea_orm(primary_key, auto_increment = false)] consultation: Uuid,
    }
}

entity! {
    /// When the consents in force run out.
    consent_term "consent_terms" {
        #[sea_orm(primary_key, auto_increment = false)] consultation: Uuid,
        valid_until: i64,
    }
}
