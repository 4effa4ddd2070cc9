// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101 — fills a store or a vault with everything there is of a Persoon, and lets every term pass: the clock is
//! moved and the jobs run that `docs/retention.md` names.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_abonneren::{Abonnement, AbonnementId, AbonnementRegister, AbonnementRow, AbonnementSource, Abonnementen};
use medmij_dvp::{
    collecting::OrderStore as _,
    dossier::DossierStore as _,
    journal::JournaledVault,
    person::PersonId,
    vault::{DangerShiftVault, TokenVault as _},
};
use medmij_dvza::store::{
    Acting, AuditEntry, AuditHead, AuditKind, AuditObject, AuditTerm, Checkpoint, DangerShiftClock, PersoonEnd,
    RedeemedCode, SignedCheckpoint, Store,
};
use medmij_oauth::{journal::Journal, seal::PersoonIndex};
use medmij_store_contract::{
    restore::{self, Vault},
    store::{granted, new_flow, redeem},
};
use medmij_types::{CalendarDate, Clock, OsEntropy, SystemClock};

/// The day in seconds.
const DAY: Duration = Duration::from_secs(86_400);

/// A flow, a langdurige toestemming with its tokens, an entry of the audit log, an Abonnement, and somebody who died.
pub(crate) async fn fill_store<S: Store + Abonnementen + DangerShiftClock>(store: &S) {
    store.open_flow(new_flow()).await.unwrap();
    let (code, binding) = granted(store, true).await;
    let taken = store.take_code(&code, &redeem(binding)).await.unwrap();
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    let mut entry = AuditEntry::of(AuditKind::Accessed, AuditObject::HealthData, Acting::system());
    entry.persoon = Some(grant.persoon);
    store.audit(vec![entry]).await.unwrap();
    let today = today();
    let id = AbonnementId::random(&OsEntropy).unwrap();
    let (client_id, aanbieder) = (grant.client_id.clone(), grant.aanbieder.clone().unwrap());
    let abonnement = Abonnement::new(id, today.plus(30));
    let row = AbonnementRow::new(abonnement, grant.persoon, client_id, aanbieder, "48".parse().unwrap());
    store.create(row, 10, today).await.unwrap();
    let other = vec![PersoonIndex::from_bytes([9; 32])];
    let end = PersoonEnd::after_death(other, Acting::system());
    store.end_persoon(&end).await.unwrap();
}

/// The longest terms pass, and the jobs run.
pub(crate) async fn let_terms_of_a_store_pass<S: Store + Abonnementen + DangerShiftClock>(store: &S) {
    for days in [200, 732] {
        store.danger_shift_clock(days * DAY).await.unwrap();
        while store.purge(1_000).await.unwrap() > 0 {}
        while store.purge_over(today().plus(200), 1_000).await.unwrap() > 0 {}
        destroy(store).await;
    }
}

async fn destroy<S: Store>(store: &S) {
    let next = async |heads: Vec<AuditHead>| {
        let number = store.last_checkpoint().await.unwrap().map_or(1, |last| last.number + 1);
        let text = Checkpoint::new(number, 0, Default::default(), heads).text();
        SignedCheckpoint::new(number, text, "test", vec![])
    };
    let covering = next(store.audit_heads().await.unwrap()).await;
    assert!(store.add_checkpoint(&covering).await.unwrap());
    let term = AuditTerm::default();
    let cutting = next(store.audit_to_destroy(term).await.unwrap()).await;
    assert!(store.destroy_audit(term, &cutting).await.unwrap().is_some());
}

/// Refresh tokens, orders and runs, dossiers and items of six Persons, and an Abonnement.
pub(crate) async fn fill_vault<V: Vault + AbonnementRegister>(vault: &JournaledVault<V>) {
    restore::fill(vault.vault()).await;
    let source = AbonnementSource::new(
        ["dva.example.nl".parse().unwrap()],
        "een@medmij".parse().unwrap(),
        "48".parse().unwrap(),
        PersoonIndex::from_bytes([1; 32]),
        today().plus(30),
    );
    let id = AbonnementId::random(&OsEntropy).unwrap();
    vault.vault().add(&id, source, 9).await.unwrap();
}

/// Everybody leaves, or dies; the longest term passes, and the jobs run.
pub(crate) async fn let_terms_of_a_vault_pass<V>(vault: &JournaledVault<V>)
where
    V: Vault + AbonnementRegister + DangerShiftVault,
{
    let now = SystemClock::default().now();
    for person in (1..=6).map(PersonId::new) {
        vault.cancel_orders(person).await.unwrap();
        vault.freeze_dossier(person, now).await.unwrap();
    }
    let later = now + 200 * DAY;
    vault.vault().danger_shift_clock(200 * DAY).await.unwrap();
    while vault.purge(182 * DAY, 100).await.unwrap() > 0 {}
    while vault.vault().purge_before(today().plus(200), 100).await.unwrap() > 0 {}
    while vault.purge_runs(later, 100).await.unwrap() > 0 {}
    for person in vault.frozen_dossiers(later - 183 * DAY, 100).await.unwrap() {
        vault.erase_dossier(person).await.unwrap();
    }
}

/// What ended is in the journal, as long as copies are kept.
pub(crate) fn the_journal_passes(journal: &Path) {
    // beside the files of ends it has a note up to when they were removed
    let files = || {
        let names = std::fs::read_dir(journal).unwrap().map(|file| file.unwrap().path());
        let ends = names.filter(|path| path.extension().is_some_and(|ending| ending == "ends"));
        ends.count()
    };
    assert!(files() > 0);
    let later = SystemClock::default().now() + 200 * DAY;
    let moved = Journal::open(journal, "dvp")
        .unwrap()
        .with_clock(Arc::new(Later(later)));
    moved.prune(35 * DAY).unwrap();
    assert_eq!(files(), 0);
}

fn today() -> CalendarDate {
    CalendarDate::in_amsterdam(SystemClock::default().now())
}

/// A clock that stands still.
struct Later(SystemTime);

impl Clock for Later {
    fn now(&self) -> SystemTime {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}
