// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of a [`Store`](medmij_dvza::store::Store), as tests that every store passes.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, in a module that other crates can run"
)]

mod audit;
mod audit_log;
mod bindings;
mod bounds;
mod checks;
mod codes;
pub(crate) mod dvza;
mod faults;
mod fixtures;
mod flows;
mod keys;
mod killed;
mod persoon;
mod race;
mod refresh;
mod replicas;
mod restore;
mod secrets;
mod server;

pub use crate::person::CONTRACT_BSN;

pub use self::{
    audit::*,
    audit_log::*,
    bindings::*,
    bounds::*,
    checks::*,
    codes::*,
    faults::*,
    fixtures::{fresh_hash, granted, new_access, new_flow, new_grant, redeem, session},
    flows::*,
    keys::*,
    killed::*,
    persoon::*,
    race::*,
    refresh::*,
    replicas::*,
    restore::{
        Issued, a_journal_that_was_replaced_is_noticed, end_all, issue, journaled, nothing_that_ended_is_revived,
    },
    secrets::whole_flow,
    server::*,
};

/// Instantiates the contract for a store: an expression that makes an empty one (it may `.await`).
///
/// ```ignore
/// medmij_store_contract::store_contract!(MyStore::open("test").await.unwrap());
/// ```
#[macro_export]
macro_rules! store_contract {
    ($make:expr) => {
        $crate::store_contract!(@tests $make;
            core_tknint_204_a_code_is_fresh_once_e07_peers_60,
            core_tknint_204_a_mismatch_burns_the_code_e08_suite_3,
            core_tknint_203_replay_ends_the_tokens_suite_1,
            core_autorisatie_204_205_a_code_lives_900_s_d02_d03_suite_2,
            core_autorisatie_208_no_code_twice_d04,
            core_autorisatie_208_no_token_twice_f13,
            core_autorisatie_204_access_lives_900_s_h12,
            burnt_code_is_gone,
            a_withdrawn_grant_has_no_working_code,
            flow_is_advanced_by_one_caller,
            flow_id_is_given_once,
            flow_expires_c22,
            consent_twice_grants_once_peers_56,
            refresh_rotates_g04_g05_g06,
            refresh_reuse_ends_the_family_g08_suite_15,
            refresh_lost_answer_is_survivable,
            refresh_race_has_one_winner_r6,
            refresh_of_another_client_g11,
            no_refresh_without_langdurige_toestemming_f01,
            withdrawal_ends_everything_g09_g13,
            audit_commits_with_the_step_of_a_flow,
            audit_of_an_end_by_the_dvza_stands_once,
            audit_of_a_withdrawal_needs_something_to_withdraw,
            audit_entries_are_chained_whoever_writes_at_once,
            audit_entries_are_found_by_persoon_and_period,
            audit_chain_survives_that_a_persoon_is_rekeyed_and_erased,
            audit_checkpoints_follow_on_each_other,
            core_logging_101_entries_are_destroyed_at_a_checkpoint_after_their_term,
            racing_redeemers_r5,
            core_tknint_203_replay_counts_as_long_as_the_grant_lives,
            core_tknint_203_only_the_client_and_certificate_of_the_grant_end_it,
            core_tknint_204_a_burnt_code_ends_nothing,
            the_grant_of_a_code_is_read_until_it_is_spent,
            an_access_token_admits_what_stands_with_it,
            refresh_any_older_token_ends_the_family,
            refresh_of_a_later_generation_ends_nothing,
            refresh_is_bounded_for_each_grant,
            refresh_reseals_the_grant,
            rows_of_a_grant_do_not_grow_with_refreshes,
            a_grant_that_ended_is_gone,
            longest_lifetimes_do_not_overflow,
            bindings_are_learned_confirmed_and_forgotten,
            bindings_that_are_learned_are_bounded,
            keys_are_counted_by_the_rows_that_need_them,
            keys_retire_as_grants_are_sealed_anew,
            a_persoon_under_two_versions_of_the_index_key_is_one,
            core_dossier_108_everything_of_a_persoon_ends_with_one_entry,
            core_dossier_108_a_flow_under_way_ends_in_no_grant,
            core_dossier_108_nothing_that_races_with_the_end_is_left,
            an_erased_persoon_is_not_in_the_audit_log,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::store::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}
