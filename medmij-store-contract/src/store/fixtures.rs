// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the contract works with: rows that differ in nothing but what a case is about.

use std::time::Duration;

use medmij_dvza::store::{
    AuditEntry, AuditKind, DangerShiftClock, FlowId, Grant, GrantId, Granted, NewAccess, NewFlow, NewGrant, NewRefresh,
    Redeem, RedeemedCode, RotateRefresh,
};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname, OsEntropy};

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

/// What a code is redeemed with: the first refresh token is written where the grant is langdurig.
#[must_use]
pub fn redeem(binding: SecretHash) -> Redeem {
    let names = vec![host("pgo.example.nl")];
    Redeem::new(client("pgo.example.nl"), binding, names, new_access()).with_refresh(NewRefresh::new(
        fresh_hash(),
        1,
        HALF_YEAR,
    ))
}

/// An access token that no other call gives.
#[must_use]
pub fn new_access() -> NewAccess {
    let id = GegevensdienstId::parse("48").expect("id");
    NewAccess::new(fresh_hash(), QUARTER, vec![id])
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

/// A refresh token that was issued.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) grant: GrantId,
    pub(super) hash: SecretHash,
    pub(super) generation: u32,
}

impl Token {
    /// The one that came of an exchange.
    pub(super) fn of(rotate: &RotateRefresh) -> Self {
        Self {
            grant: rotate.grant.clone(),
            hash: rotate.next.token,
            generation: rotate.next.generation,
        }
    }
}

/// The first refresh token of a new grant.
pub(super) async fn langdurig<S: DangerShiftClock>(store: &S) -> Token {
    let (code, binding) = granted(store, true).await;
    let tokens = redeem(binding);
    match store.take_code(&code, &tokens).await.expect("take") {
        RedeemedCode::Fresh(grant) => Token {
            grant: grant.id,
            hash: tokens.refresh.expect("refresh").token,
            generation: 1,
        },
        other => panic!("{other:?}"),
    }
}

/// A grant that ends this flow at its first version, with a code that no other call gives.
#[must_use]
pub fn new_grant(flow: FlowId, langdurig: bool) -> NewGrant {
    new_grant_of(persoon(), flow, langdurig)
}

/// The same of another Persoon.
pub(super) fn new_grant_of(persoon: PersoonIndex, flow: FlowId, langdurig: bool) -> NewGrant {
    let id = GrantId::random(&OsEntropy).expect("entropy");
    let grant = Grant::new(
        id.clone(),
        persoon,
        Some(name()),
        client("pgo.example.nl"),
        langdurig,
        b"sealed".to_vec(),
    );
    let mut consent = audit(AuditKind::Consented).of_grant(id);
    consent.persoon = Some(persoon);
    NewGrant::new(grant, fresh_hash(), fresh_hash(), QUARTER, (flow, 1), consent)
}

/// The exchange of the current refresh token.
pub(super) fn rotate(token: &Token) -> RotateRefresh {
    rotate_at(token, token.generation)
}

/// The exchange of a refresh token where the current one is of another generation.
pub(super) fn rotate_at(token: &Token, current: u32) -> RotateRefresh {
    RotateRefresh::new(
        token.grant.clone(),
        client("pgo.example.nl"),
        (token.hash, token.generation),
        NewRefresh::new(fresh_hash(), current + 1, HALF_YEAR),
        new_access(),
        vec![host("pgo.example.nl")],
    )
}

pub(super) fn audit(kind: AuditKind) -> AuditEntry {
    AuditEntry::new(
        kind,
        persoon(),
        Some(name()),
        client("pgo.example.nl"),
        "eenofanderezorgaanbieder",
        "test",
    )
}

pub(super) fn persoon() -> PersoonIndex {
    PersoonIndex::from_bytes([7; 32])
}

pub(super) fn name() -> Aanbiedernaam {
    Aanbiedernaam::parse("eenofanderezorgaanbieder").expect("naam")
}

pub(super) fn client(name: &str) -> ClientId {
    ClientId::parse(name).expect("client")
}

pub(super) fn host(name: &str) -> Hostname {
    Hostname::parse(name).expect("host")
}
