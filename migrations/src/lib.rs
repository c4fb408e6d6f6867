//! The tables, for SQLite and PostgreSQL alike.
//!
//! Rules: times are milliseconds since 1970 UTC in big integers; ids are uuid columns; closed lists are
//! their codes as text; JSON is text; whatever identifies a patient or quotes a chart is sealed before it
//! gets here and is binary. A migration that has been released is never edited: the next one changes it.
//! Every migration runs in one transaction on both databases and can be taken back.

mod m20261122_000001_people;
mod m20261122_000002_consultations;
mod m20261122_000003_images;
mod m20261122_000004_conclusions;
mod m20261122_000005_rooms;
mod m20261122_000006_audit;
mod m20261123_000007_exchange;
mod m20261123_000008_deadlines;
mod m20261123_000009_data;
mod m20261123_000010_packages;
mod m20261123_000012_invitations;
mod m20261123_000013_masking;
mod m20261123_000014_uploads;
mod m20261123_000016_private_rooms;
mod m20261123_000017_session;
mod table;

use sea_orm_migration::prelude::async_trait::async_trait;
pub use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// All migrations in the order in which they are applied.
#[derive(Debug)]
pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_people::Migration),
            Box::new(m20261122_000002_consultations::Migration),
            Box::new(m20261122_000003_images::Migration),
            Box::new(m20261122_000004_conclusions::Migration),
            Box::new(m20261122_000005_rooms::Migration),
            Box::new(m20261122_000006_audit::Migration),
            Box::new(m20261123_000007_exchange::Migration),
            Box::new(m20261123_000008_deadlines::Migration),
            Box::new(m20261123_000009_data::Migration),
            Box::new(m20261123_000010_packages::Migration),
            Box::new(m20261123_000012_invitations::Migration),
            Box::new(m20261123_000013_masking::Migration),
            Box::new(m20261123_000014_uploads::Migration),
            Box::new(m20261123_000016_private_rooms::Migration),
            Box::new(m20261123_000017_session::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_has_a_transaction_and_an_ordered_name() {
        let migrations = Migrator::migrations();
        let names: Vec<_> = migrations.iter().map(|m| m.name().to_owned()).collect();
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(names, sorted);
        for migration in &migrations {
            assert_eq!(migration.use_transaction(), Some(true), "{}", migration.name());
        }
    }
}
