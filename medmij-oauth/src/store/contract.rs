// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of a [`Store`](super::Store), as tests that every store passes.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests, in a module that other crates can run"
)]

mod secrets;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use medmij_types::{Aanbiedernaam, Hostname, OsEntropy};

pub use self::secrets::whole_flow;
use super::{
    Advance, Advanced, AuditEntry, AuditKind, DangerShiftClock, FlowId, Grant, GrantId, Granted, NewFlow, NewGrant,
    Redeem, RotateRefresh, Rotated, SecretHash, TakenCode,
};
use crate::{ClientId, seal::PersoonIndex};

/// Instantiates the contract for a store: an expression that makes an empty one (it may `.await`).
///
/// ```ignore
/// medmij_oauth::store_contract!(MyStore::open("test").await.unwrap());
/// ```
#[macro_export]
macro_rules! store_contract {
    ($make:expr) => {
        $crate::store_contract!(@tests $make;
            core_tknint_204_a_code_is_fresh_once_e07_peers_60,
            core_tknint_204_a_mismatch_burns_the_code_e08_a3,
            core_tknint_203_replay_ends_the_tokens_a1,
            core_autorisatie_204_a_code_lives_900_s_d02_d03_a2,
            core_autorisatie_208_no_code_twice_d04,
            core_autorisatie_208_no_token_twice_f13,
            core_autorisatie_204_access_lives_900_s_h12,
            burnt_code_is_gone,
            a_withdrawn_grant_has_no_working_code,
            flow_is_advanced_by_one_caller,
            flow_expires_c22,
            consent_twice_grants_once_peers_56,
            refresh_rotates_g04_g05_g06,
            refresh_reuse_ends_the_family_g08_a15,
            refresh_lost_answer_is_survivable,
            refresh_race_has_one_winner_r6,
            refresh_of_another_client_g11,
            no_refresh_without_langdurige_toestemming_f01,
            withdrawal_ends_everything_g09_g13,
            racing_redeemers_r5,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::store::contract::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

const QUARTER: Duration = Duration::from_secs(900);
const HALF_YEAR: Duration = Duration::from_secs(182 * 86_400);

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

/// E07, case 60: the second offer fails.
pub async fn core_tknint_204_a_code_is_fresh_once_e07_peers_60<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let first = store.take_code(&code, &redeem(binding)).await.expect("take");
    assert!(
        matches!(first, TakenCode::Fresh(grant) if grant.client_id == client("pgo.example.nl") && grant.body == b"sealed")
    );
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Replayed
    );
    assert_eq!(
        store.take_code(&fresh_hash(), &redeem(binding)).await.expect("take"),
        TakenCode::Unknown
    );
}

/// E08, A3: an offer with another client or redirect_uri burns the code.
pub async fn core_tknint_204_a_mismatch_burns_the_code_e08_a3<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let wrong = redeem(fresh_hash());
    assert_eq!(store.take_code(&code, &wrong).await.expect("take"), TakenCode::Mismatch);
    assert!(store.access(&wrong.access).await.expect("access").is_none());
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Replayed
    );
}

/// A1: a replay, at once or later, ends the tokens of the first use.
pub async fn core_tknint_203_replay_ends_the_tokens_a1<S: DangerShiftClock>(store: Arc<S>) {
    for after in [0, 1, 30] {
        let (code, binding) = granted(&*store, true).await;
        let tokens = redeem(binding);
        assert!(matches!(
            store.take_code(&code, &tokens).await.expect("take"),
            TakenCode::Fresh(_)
        ));
        let access = store.access(&tokens.access).await.expect("access").expect("live");
        assert_eq!(access.names, [host("pgo.example.nl")]);
        store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .expect("shift");
        assert_eq!(
            store.take_code(&code, &redeem(binding)).await.expect("take"),
            TakenCode::Replayed
        );
        assert!(store.access(&tokens.access).await.expect("access").is_none());
        let refresh = tokens.refresh.expect("refresh").0;
        assert_eq!(
            store.rotate_refresh(&refresh, &rotate()).await.expect("rotate"),
            Rotated::Unknown
        );
    }
}

/// D02, D03, A2: 899 s works, 900 s does not.
pub async fn core_autorisatie_204_a_code_lives_900_s_d02_d03_a2<S: DangerShiftClock>(store: Arc<S>) {
    // one second of slack: a real clock goes on while this runs
    for (after, works) in [(898, true), (900, false), (901, false)] {
        let (code, binding) = granted(&*store, false).await;
        store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .expect("shift");
        let taken = store.take_code(&code, &redeem(binding)).await.expect("take");
        assert_eq!(matches!(taken, TakenCode::Fresh(_)), works, "{after} s: {taken:?}");
        assert_eq!(taken == TakenCode::Expired, !works, "{after} s");
    }
}

/// D04: a code that exists is not issued again, and nothing else is written.
pub async fn core_autorisatie_208_no_code_twice_d04<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let flow = open(&*store).await;
    let mut again = new_grant(flow.clone(), false);
    again.code = code;
    assert_eq!(store.grant(again).await.expect("grant"), Granted::Collision);
    assert!(store.flow(&flow).await.expect("flow").is_some());
    assert!(matches!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Fresh(_)
    ));
}

/// F13: a token that exists is not issued again, and the code stays.
pub async fn core_autorisatie_208_no_token_twice_f13<S: DangerShiftClock>(store: Arc<S>) {
    let (first, binding) = granted(&*store, true).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&first, &tokens).await.expect("take"),
        TakenCode::Fresh(_)
    ));
    let (second, binding) = granted(&*store, true).await;
    let mut same_access = redeem(binding);
    same_access.access = tokens.access;
    assert_eq!(
        store.take_code(&second, &same_access).await.expect("take"),
        TakenCode::Collision
    );
    let mut same_refresh = redeem(binding);
    same_refresh.refresh = tokens.refresh;
    assert_eq!(
        store.take_code(&second, &same_refresh).await.expect("take"),
        TakenCode::Collision
    );
    assert!(matches!(
        store.take_code(&second, &redeem(binding)).await.expect("take"),
        TakenCode::Fresh(_)
    ));
}

/// H12: an access token is over after 900 s.
pub async fn core_autorisatie_204_access_lives_900_s_h12<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.expect("take"),
        TakenCode::Fresh(_)
    ));
    store.danger_shift_clock(Duration::from_secs(898)).await.expect("shift");
    assert!(store.access(&tokens.access).await.expect("access").is_some());
    store.danger_shift_clock(Duration::from_secs(2)).await.expect("shift");
    assert!(store.access(&tokens.access).await.expect("access").is_none());
}

/// A code in a request that could not be read is burnt.
pub async fn burnt_code_is_gone<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    store.burn_code(&code).await.expect("burn");
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Replayed
    );
    store
        .burn_code(&fresh_hash())
        .await
        .expect("burning what is not there does nothing");
}

/// A withdrawal between consent and exchange wins.
pub async fn a_withdrawn_grant_has_no_working_code<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, true).await;
    let (index, aanbieder, dvp) = (persoon(), naam(), client("pgo.example.nl"));
    assert!(
        store
            .withdraw(&index, Some(&aanbieder), &dvp, audit(AuditKind::Ingetrokken))
            .await
            .expect("withdraw")
            >= 1
    );
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Unknown
    );
}

/// Of two callers with one version one wins.
pub async fn flow_is_advanced_by_one_caller<S: DangerShiftClock>(store: Arc<S>) {
    let id = open(&*store).await;
    let advance = |version| Advance::new(id.clone(), version, session(9), b"next".to_vec(), true);
    assert_eq!(store.advance_flow(advance(1)).await.expect("advance"), Advanced::Done);
    assert_eq!(store.advance_flow(advance(1)).await.expect("advance"), Advanced::Stale);
    let flow = store.flow(&id).await.expect("flow").expect("there");
    assert_eq!(
        (flow.version, flow.session, flow.body.as_slice()),
        (2, session(9), &b"next"[..])
    );
    assert_eq!(store.close_flow(&id, 1, None).await.expect("close"), Advanced::Stale);
    assert_eq!(
        store
            .close_flow(&id, 2, Some(audit(AuditKind::Geweigerd)))
            .await
            .expect("close"),
        Advanced::Done
    );
    assert_eq!(store.close_flow(&id, 2, None).await.expect("close"), Advanced::Stale);
    assert!(store.flow(&id).await.expect("flow").is_none());
    assert!(
        store
            .danger_audit()
            .await
            .expect("audit")
            .iter()
            .any(|entry| entry.kind == AuditKind::Geweigerd)
    );
}

/// C22: after its lifetime a flow cannot grant anything.
pub async fn flow_expires_c22<S: DangerShiftClock>(store: Arc<S>) {
    let id = open(&*store).await;
    store.danger_shift_clock(QUARTER).await.expect("shift");
    assert!(store.flow(&id).await.expect("flow").is_none());
    assert_eq!(
        store.grant(new_grant(id.clone(), false)).await.expect("grant"),
        Granted::Stale
    );
    let advance = Advance::new(id, 1, session(1), vec![], true);
    assert_eq!(store.advance_flow(advance).await.expect("advance"), Advanced::Stale);
}

/// Case 56: consent answered twice gives one code; the audit entry commits with the grant.
pub async fn consent_twice_grants_once_peers_56<S: DangerShiftClock>(store: Arc<S>) {
    let id = open(&*store).await;
    let (first, second) = (new_grant(id.clone(), false), new_grant(id.clone(), false));
    let (code, binding, written) = (second.code, second.binding, first.grant.id.clone());
    let not_written = second.grant.id.clone();
    assert_eq!(store.grant(first).await.expect("grant"), Granted::Done);
    assert_eq!(store.grant(second).await.expect("grant"), Granted::Stale);
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Unknown
    );
    let entries = store.danger_audit().await.expect("audit");
    assert!(entries.iter().any(|entry| entry.grant.as_ref() == Some(&written)));
    assert!(entries.iter().all(|entry| entry.grant.as_ref() != Some(&not_written)));
}

/// G04, G05, G06: each refresh gives a new token with again half a year.
pub async fn refresh_rotates_g04_g05_g06<S: DangerShiftClock>(store: Arc<S>) {
    let mut token = langdurig(&*store).await;
    for _ in 0..3 {
        store
            .danger_shift_clock(HALF_YEAR - Duration::from_secs(2))
            .await
            .expect("shift");
        let next = rotate();
        assert!(matches!(
            store.rotate_refresh(&token, &next).await.expect("rotate"),
            Rotated::Fresh(_)
        ));
        assert!(store.access(&next.access).await.expect("access").is_some());
        token = next.next;
    }
    store.danger_shift_clock(HALF_YEAR).await.expect("shift");
    let late = store.rotate_refresh(&token, &rotate()).await.expect("rotate");
    assert!(matches!(late, Rotated::Expired | Rotated::Unknown), "{late:?}");
}

/// G08, A15: a token whose successor was used ends the family.
pub async fn refresh_reuse_ends_the_family_g08_a15<S: DangerShiftClock>(store: Arc<S>) {
    let first = langdurig(&*store).await;
    let (second, third) = (rotate(), rotate());
    assert!(matches!(
        store.rotate_refresh(&first, &second).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    assert!(matches!(
        store.rotate_refresh(&second.next, &third).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    assert_eq!(
        store.rotate_refresh(&first, &rotate()).await.expect("rotate"),
        Rotated::Reused
    );
    assert_eq!(
        store.rotate_refresh(&third.next, &rotate()).await.expect("rotate"),
        Rotated::Unknown
    );
    assert!(store.access(&third.access).await.expect("access").is_none());
}

/// A lost answer: the successor that nobody used is replaced, and does not work any more.
pub async fn refresh_lost_answer_is_survivable<S: DangerShiftClock>(store: Arc<S>) {
    let first = langdurig(&*store).await;
    let (lost, kept) = (rotate(), rotate());
    assert!(matches!(
        store.rotate_refresh(&first, &lost).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    store.danger_shift_clock(Duration::from_secs(6)).await.expect("shift");
    assert!(matches!(
        store.rotate_refresh(&first, &kept).await.expect("rotate"),
        Rotated::Replaced(_)
    ));
    assert!(matches!(
        store.rotate_refresh(&kept.next, &rotate()).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    // the answer that was lost turns up after all: somebody else had it
    assert_eq!(
        store.rotate_refresh(&lost.next, &rotate()).await.expect("rotate"),
        Rotated::Reused
    );
}

/// R6: of racing refreshes with one token exactly one succeeds, and the family lives.
pub async fn refresh_race_has_one_winner_r6<S: DangerShiftClock>(store: Arc<S>) {
    for _ in 0..20 {
        let token = langdurig(&*store).await;
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let store = Arc::clone(&store);
            tasks.push(tokio::spawn(async move {
                let next = rotate();
                (store.rotate_refresh(&token, &next).await.expect("rotate"), next.next)
            }));
        }
        let mut winner = None;
        for task in tasks {
            match task.await.expect("task") {
                (Rotated::Fresh(_), next) => assert!(winner.replace(next).is_none(), "two winners"),
                (Rotated::Race, _) => {}
                (other, _) => panic!("{other:?}"),
            }
        }
        let next = winner.expect("one winner");
        assert!(matches!(
            store.rotate_refresh(&next, &rotate()).await.expect("rotate"),
            Rotated::Fresh(_)
        ));
    }
}

/// G11: the token of another client.
pub async fn refresh_of_another_client_g11<S: DangerShiftClock>(store: Arc<S>) {
    let token = langdurig(&*store).await;
    let mut other = rotate();
    other.client_id = client("ander.example.nl");
    assert_eq!(
        store.rotate_refresh(&token, &other).await.expect("rotate"),
        Rotated::Mismatch
    );
    assert!(matches!(
        store.rotate_refresh(&token, &rotate()).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
}

/// F01: without langdurige toestemming no refresh token is written.
pub async fn no_refresh_without_langdurige_toestemming_f01<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let tokens = redeem(binding);
    assert!(
        matches!(store.take_code(&code, &tokens).await.expect("take"), TakenCode::Fresh(grant) if !grant.langdurig)
    );
    let refresh = tokens.refresh.expect("refresh").0;
    assert_eq!(
        store.rotate_refresh(&refresh, &rotate()).await.expect("rotate"),
        Rotated::Unknown
    );
    assert!(store.grants_of(&persoon()).await.expect("grants").is_empty());
}

/// G09, G13: withdrawal ends every token of Persoon × Aanbieder × DVP, and of nobody else.
pub async fn withdrawal_ends_everything_g09_g13<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, true).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.expect("take"),
        TakenCode::Fresh(_)
    ));
    let index = persoon();
    assert_eq!(store.grants_of(&index).await.expect("grants").len(), 1);
    let (aanbieder, dvp) = (naam(), client("pgo.example.nl"));
    let withdraw = |who, what: Option<Aanbiedernaam>, by| {
        let store = Arc::clone(&store);
        async move {
            store
                .withdraw(&who, what.as_ref(), &by, audit(AuditKind::Ingetrokken))
                .await
                .expect("withdraw")
        }
    };
    assert_eq!(
        withdraw(PersoonIndex::from_bytes([8; 32]), Some(aanbieder.clone()), dvp.clone()).await,
        0
    );
    assert_eq!(
        withdraw(index, Some(Aanbiedernaam::parse("ander").expect("naam")), dvp.clone()).await,
        0
    );
    assert_eq!(
        withdraw(index, Some(aanbieder.clone()), client("ander.example.nl")).await,
        0
    );
    assert!(store.access(&tokens.access).await.expect("access").is_some());
    assert_eq!(withdraw(index, Some(aanbieder), dvp).await, 1);
    assert!(store.access(&tokens.access).await.expect("access").is_none());
    let refresh = tokens.refresh.expect("refresh").0;
    assert_eq!(
        store.rotate_refresh(&refresh, &rotate()).await.expect("rotate"),
        Rotated::Unknown
    );
    assert!(store.grants_of(&index).await.expect("grants").is_empty());
    assert!(
        store
            .danger_audit()
            .await
            .expect("audit")
            .iter()
            .any(|entry| entry.kind == AuditKind::Ingetrokken)
    );
}

/// R5: 250 codes × 2 and 25 codes × 16 at once; exactly one success each, none lost. Larger numbers are for load tests.
pub async fn racing_redeemers_r5<S: DangerShiftClock>(store: Arc<S>) {
    race(&store, 250, 2).await;
    race(&store, 25, 16).await;
}

/// One code, many redeemers: exactly one success for each of `codes` codes.
pub async fn race<S: DangerShiftClock>(store: &Arc<S>, codes: usize, redeemers: usize) {
    for _ in 0..codes {
        let (code, binding) = granted(&**store, false).await;
        let fresh = Arc::new(AtomicUsize::new(0));
        let barrier = Arc::new(tokio::sync::Barrier::new(redeemers));
        let mut tasks = Vec::with_capacity(redeemers);
        for _ in 0..redeemers {
            let (store, fresh, barrier) = (Arc::clone(store), Arc::clone(&fresh), Arc::clone(&barrier));
            tasks.push(tokio::spawn(async move {
                barrier.wait().await;
                match store.take_code(&code, &redeem(binding)).await.expect("take") {
                    TakenCode::Fresh(_) => {
                        fresh.fetch_add(1, Ordering::SeqCst);
                    }
                    TakenCode::Replayed => {}
                    other => panic!("{other:?}"),
                }
            }));
        }
        for task in tasks {
            task.await.expect("task");
        }
        assert_eq!(fresh.load(Ordering::SeqCst), 1);
    }
}

async fn open<S: DangerShiftClock>(store: &S) -> FlowId {
    let flow = new_flow();
    let id = flow.id.clone();
    store.open_flow(flow).await.expect("open");
    id
}

async fn langdurig<S: DangerShiftClock>(store: &S) -> SecretHash {
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

fn rotate() -> RotateRefresh {
    RotateRefresh::new(
        client("pgo.example.nl"),
        (fresh_hash(), HALF_YEAR),
        (fresh_hash(), QUARTER),
        Duration::from_secs(5),
        vec![host("pgo.example.nl")],
    )
}

fn audit(kind: AuditKind) -> AuditEntry {
    AuditEntry::new(
        kind,
        persoon(),
        Some(naam()),
        client("pgo.example.nl"),
        "eenofanderezorgaanbieder",
        "test",
    )
}

fn persoon() -> PersoonIndex {
    PersoonIndex::from_bytes([7; 32])
}

fn naam() -> Aanbiedernaam {
    Aanbiedernaam::parse("eenofanderezorgaanbieder").expect("naam")
}

fn client(name: &str) -> ClientId {
    ClientId::parse(name).expect("client")
}

fn host(name: &str) -> Hostname {
    Hostname::parse(name).expect("host")
}
