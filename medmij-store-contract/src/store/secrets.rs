// SPDX-License-Identifier: AGPL-3.0-or-later
//! O3 — a whole flow whose secrets are known, for searching what a store wrote.

use std::time::Duration;

use medmij_dvza::store::{
    Advance, AuditEntry, AuditKind, FlowId, Grant, GrantId, Granted, NewAccess, NewFlow, NewGrant, NewRefresh, Redeem,
    RedeemedCode, RotateRefresh, Rotated, Store,
};
use medmij_oauth::{
    ClientId,
    seal::KeyRing,
    storage::{Advanced, SecretHash},
};
use medmij_types::{
    Aanbiedernaam, AccessToken, AuthorizationCode, Bsn, GegevensdienstId, Hostname, OsEntropy, RefreshToken, State,
};

/// A whole flow with a refresh, for this Persoon; every secret that was drawn. Search the store, its log and its copies for
/// them and for the BSN: O3 says that none is there.
pub async fn whole_flow<S: Store>(store: &S, ring: &impl KeyRing, bsn: &Bsn) -> Vec<String> {
    let entropy = &OsEntropy;
    let session = [(); 2].map(|()| State::random(entropy).expect("works"));
    let code = AuthorizationCode::random(entropy).expect("works");
    let access = [(); 2].map(|()| AccessToken::random(entropy).expect("works"));
    let refresh = [(); 2].map(|()| RefreshToken::random(entropy).expect("works"));
    let (client, aanbieder) = (
        ClientId::parse("pgo.example.nl").expect("works"),
        Aanbiedernaam::parse("eenofanderezorgaanbieder").expect("works"),
    );
    let sealed = |context: &[u8]| ring.seal(bsn.expose().as_bytes(), context, entropy).expect("works");

    let id = FlowId::random(entropy).expect("works");
    let flow = NewFlow::new(
        id.clone(),
        SecretHash::of(session[0].expose()),
        sealed(b"flow"),
        QUARTER,
    );
    store.open_flow(flow).await.expect("works");
    let advance = Advance::new(
        id.clone(),
        1,
        SecretHash::of(session[1].expose()),
        sealed(b"flow"),
        true,
    );
    assert_eq!(store.advance_flow(advance).await.expect("works"), Advanced::Done);

    let grant = Grant::new(
        GrantId::random(entropy).expect("works"),
        ring.index(bsn).expect("works"),
        Some(aanbieder.clone()),
        client.clone(),
        true,
        sealed(b"grant"),
    );
    let audit = AuditEntry::new(
        AuditKind::Consented,
        ring.index(bsn).expect("works"),
        Some(aanbieder),
        client.clone(),
        "48",
        "test",
    )
    .of_grant(grant.id.clone());
    let binding = SecretHash::of("binding");
    let new = NewGrant::new(grant, SecretHash::of(code.expose()), binding, QUARTER, (id, 2), audit);
    assert_eq!(store.grant(new).await.expect("works"), Granted::Done);

    let names = vec![Hostname::parse("pgo.example.nl").expect("works")];
    let admitted = || vec![GegevensdienstId::parse("48").expect("works")];
    let hash = |secret: &str| SecretHash::of(secret);
    let redeem = Redeem::new(
        client.clone(),
        binding,
        names.clone(),
        NewAccess::new(hash(access[0].expose()), QUARTER, admitted()),
    )
    .with_refresh(NewRefresh::new(hash(refresh[0].expose()), 1, 4 * QUARTER));
    let taken = store.take_code(&hash(code.expose()), &redeem).await.expect("works");
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    let mut rotate = RotateRefresh::new(
        grant.id,
        client,
        (hash(refresh[0].expose()), 1),
        NewRefresh::new(hash(refresh[1].expose()), 2, 4 * QUARTER),
        NewAccess::new(hash(access[1].expose()), QUARTER, admitted()),
        names,
    );
    rotate.race = Duration::ZERO;
    let rotated = store.rotate_refresh(&rotate).await;
    assert!(matches!(rotated.expect("works"), Rotated::Fresh(_)));

    let mut secrets = vec![code.expose().to_owned()];
    secrets.extend(session.iter().map(|secret| secret.expose().to_owned()));
    secrets.extend(access.iter().map(|secret| secret.expose().to_owned()));
    secrets.extend(refresh.iter().map(|secret| secret.expose().to_owned()));
    secrets
}

const QUARTER: Duration = Duration::from_secs(900);
