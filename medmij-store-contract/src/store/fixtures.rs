// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the contract works with: rows that differ in nothing but what a case is about.

use std::time::Duration;

use medmij_dvza::store::{
    AuditEntry, AuditKind, DangerShiftClock, FlowId, Grant, GrantId, Granted, NewFlow, NewGrant, Redeem, RotateRefresh,
    TakenCode,
};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::{Aanbiedernaam, Hostname, OsEntropy};

pub(super) const QUARTER: Duration = Duration::from_secs(900);
pub(super) const HALF_YEAR: Duration = Duration::from_secs(182 * 86_400);

/// A flow with a new id.
#[must_use]
pub fn new_flow() -> NewFlow {
    NewFlow::new(
        FlowId::random(&OsEntropy).expect("entropy"),
        session(1),
        b"body".to_vec(),
        QUARTER,
    )
}

/// The hash of a session secret.
#[must_use]
pub fn session(n: u8) -> SecretHash {
    SecretHash::from_bytes([n; 32])
}

/// A hash that no other call gives.
#[must_use]
pub fn fresh_hash() -> SecretHash {
    SecretHash::of(FlowId::random(&OsEntropy).expect("entropy").as_str())
}

/// What a code is redeemed with, langdurig or not.
#[must_use]
pub fn redeem(binding: SecretHash) -> Redeem {
    Redeem::new(
        binding,
        fresh_hash(),
        QUARTER,
        Some((fresh_hash(), HALF_YEAR)),
        vec![host("pgo.example.nl")],
    )
}

/// Opens a flow and ends it with a grant: the hash of its code and of its binding.
pub async fn granted<S: DangerShiftClock>(store: &S, langdurig: bool) -> (SecretHash, SecretHash) {
    let new = new_grant(open(store).await, langdurig);
    let (code, binding) = (new.code, new.binding);
    assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
    (code, binding)
}

pub(super) async fn open<S: DangerShiftClock>(store: &S) -> FlowId {
    let flow = new_flow();
    let id = flow.id.clone();
    store.open_flow(flow).await.expect("open");
    id
}

pub(super) async fn langdurig<S: DangerShiftClock>(store: &S) -> SecretHash {
    let (code, binding) = granted(store, true).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.expect("take"),
        TakenCode::Fresh(_)
    ));
    tokens.refresh.expect("refresh").0
}

/// A grant that ends this flow at its first version, with a code that no other call gives.
#[must_use]
pub fn new_grant(flow: FlowId, langdurig: bool) -> NewGrant {
    let id = GrantId::random(&OsEntropy).expect("entropy");
    let grant = Grant::new(
        id.clone(),
        persoon(),
        Some(naam()),
        client("pgo.example.nl"),
        langdurig,
        b"sealed".to_vec(),
    );
    NewGrant::new(
        grant,
        fresh_hash(),
        fresh_hash(),
        QUARTER,
        (flow, 1),
        audit(AuditKind::Gegeven).of_grant(id),
    )
}

pub(super) fn rotate() -> RotateRefresh {
    RotateRefresh::new(
        client("pgo.example.nl"),
        (fresh_hash(), HALF_YEAR),
        (fresh_hash(), QUARTER),
        Duration::from_secs(5),
        vec![host("pgo.example.nl")],
    )
}

pub(super) fn audit(kind: AuditKind) -> AuditEntry {
    AuditEntry::new(
        kind,
        persoon(),
        Some(naam()),
        client("pgo.example.nl"),
        "eenofanderezorgaanbieder",
        "test",
    )
}

pub(super) fn persoon() -> PersoonIndex {
    PersoonIndex::from_bytes([7; 32])
}

pub(super) fn naam() -> Aanbiedernaam {
    Aanbiedernaam::parse("eenofanderezorgaanbieder").expect("naam")
}

pub(super) fn client(name: &str) -> ClientId {
    ClientId::parse(name).expect("client")
}

pub(super) fn host(name: &str) -> Hostname {
    Hostname::parse(name).expect("host")
}
