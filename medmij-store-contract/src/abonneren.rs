// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contracts of [`Abonnementen`](medmij_abonneren::Abonnementen) and [`AbonnementRegister`](medmij_abonneren::AbonnementRegister), as tests that
//! every store passes.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "these are tests, in a module that other crates can run"
)]

mod abonnementen;
mod interface;
mod outbox;
mod register;

pub use self::{abonnementen::*, interface::*, outbox::*, register::*};
use medmij_abonneren::{Abonnement, AbonnementId, AbonnementRow};
use medmij_oauth::{ClientId, seal::PersoonIndex};
use medmij_types::{Aanbiedernaam, CalendarDate, GegevensdienstId, Hostname, OsEntropy};

/// Instantiates the contract of a DVZA's Abonnementen: an expression that makes an empty store (it may `.await`).
#[macro_export]
macro_rules! abonnementen_contract {
    ($make:expr) => {
        $crate::abonnementen_contract!(@tests $make;
            ext_abo_subint_i01_i02_i03_i04_the_interface_over_a_store,
            ext_abo_subint_of_somebody_else_is_not_there,
            ext_abo_an_abonnement_is_over_on_its_last_day_i06,
            ext_abo_what_was_ended_does_not_come_back,
            ext_abo_changes_at_once_have_one_winner,
            ext_abo_abonnementen_are_bounded_for_a_persoon_at_a_dvp,
            ext_abo_creations_at_once_stay_within_the_bound,
            ext_abo_the_abonnementen_of_a_dvp_are_counted,
            ext_abo_those_to_notify_are_of_one_persoon_aanbieder_and_service,
            ext_abo_what_is_over_is_purged_in_batches,
            ext_abo_subnotint_what_is_over_is_found_until_it_is_removed,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::abonneren::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

/// Instantiates the contract of a DVZA's outbox: an expression that makes an empty one (it may `.await`).
#[macro_export]
macro_rules! shared_outbox_contract {
    ($make:expr) => {
        $crate::shared_outbox_contract!(@tests $make;
            ext_abo_rscnotint_206_one_of_two_replicas_that_read_the_same_part_writes_it,
            ext_abo_rscnotint_206_waiting_news_is_one_notification_and_news_during_sending_another,
            ext_abo_rscnotint_206_a_lease_is_of_one_replica_until_it_is_over,
            ext_abo_rscnotint_206_replicas_at_once_lease_each_notification_once,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::abonneren::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

/// Instantiates the contract of a DVP's register: an expression that makes an empty one (it may `.await`).
#[macro_export]
macro_rules! register_contract {
    ($make:expr) => {
        $crate::register_contract!(@tests $make;
            ext_abo_subnotint_only_the_dvza_of_an_abonnement_is_heard,
            ext_abo_subnotint_an_id_keeps_its_source,
            ext_abo_subnotint_the_register_is_bounded_and_purged,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::abonneren::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

pub(crate) fn today() -> CalendarDate {
    CalendarDate::parse("2026-05-01").expect("day")
}

fn fresh_id() -> AbonnementId {
    AbonnementId::random(&OsEntropy).expect("entropy")
}

fn persoon(n: u8) -> PersoonIndex {
    PersoonIndex::from_bytes([n; 32])
}

fn client(name: &str) -> ClientId {
    ClientId::parse(name).expect("client")
}

fn host(name: &str) -> Hostname {
    Hostname::parse(name).expect("host")
}

fn name() -> Aanbiedernaam {
    Aanbiedernaam::parse("eenofanderezorgaanbieder").expect("naam")
}

fn service(id: &str) -> GegevensdienstId {
    GegevensdienstId::parse(id).expect("id")
}

/// A row with a new id, of one Persoon at one DVP, that lasts so many days.
pub(crate) fn row(of: u8, days: u32) -> AbonnementRow {
    let abonnement = Abonnement::new(fresh_id(), today().plus(days));
    AbonnementRow::new(abonnement, persoon(of), client("pgo.example.nl"), name(), service("42"))
}
