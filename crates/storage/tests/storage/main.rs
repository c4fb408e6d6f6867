//! The store on SQLite and on PostgreSQL: every case runs on both.
#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod audit;
mod chart;
mod duties;
mod parallel;
mod room;
mod schema;
mod sealing;
mod session;
mod transactions;
mod world;

use consilium_storage::testing::Postgres;
use world::World;

/// Each case is a test of its own on SQLite. On PostgreSQL they share one server, which takes longer to
/// make than all cases take to run, and have a database each.
macro_rules! cases {
    ($($module:ident::$case:ident,)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$module::$case(super::World::sqlite().await).await;
            })+
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgres() {
            let Some(server) = Postgres::start().unwrap() else {
                return;
            };
            let mut failed = Vec::new();
            $(
                let world = World::postgres(&server).await;
                if tokio::spawn($module::$case(world)).await.is_err() {
                    failed.push(stringify!($case));
                }
            )+
            assert!(failed.is_empty(), "failed on PostgreSQL: {failed:?}");
        }
    };
}

cases! {
    accounts::institutions_and_accounts_round_trip,
    accounts::sessions_live_and_end,
    accounts::parallel_attempts_pass_five_times,
    accounts::a_lock_runs_out_to_the_millisecond,
    accounts::a_code_counts_once,
    audit::pages_and_filters,
    audit::a_changed_column_names_its_row,
    audit::removed_added_and_cut_rows_are_found,
    audit::an_incomplete_record_is_refused,
    chart::patients_round_trip,
    chart::consultations_round_trip,
    chart::consultations_are_listed_by_page,
    chart::a_stale_version_conflicts,
    chart::invitations_round_trip,
    chart::images_round_trip,
    chart::opinions_and_reports_round_trip,
    chart::taken_values_conflict,
    duties::a_deadline_moves_once,
    duties::a_stopped_deadline_is_met_or_late,
    duties::a_board_shows_the_late_first,
    duties::one_suspension_at_a_time_moves_every_clock,
    duties::notices_are_listed_read_and_bounded,
    duties::a_mail_is_tried_by_one,
    parallel::numbers_are_unique_and_have_no_gaps,
    parallel::audited_writes_keep_one_chain,
    parallel::a_client_id_has_one_owner,
    room::log_and_snapshots_round_trip,
    room::updates_must_follow_the_log,
    room::private_documents_are_rooms_of_their_own,
    room::older_rooms_become_shared_ones,
    session::questions_round_trip,
    session::documents_and_revisions_round_trip,
    session::clocks_of_questions_stand_still_in_a_pause,
    schema::connections_are_durable,
    schema::migrations_go_down_and_up_again,
    sealing::no_planted_value_is_in_the_files,
    sealing::a_moved_ciphertext_does_not_open,
    transactions::a_commit_needs_an_audit_record,
    transactions::a_dropped_transaction_leaves_nothing,
    transactions::a_transaction_reads_what_it_wrote,
}
