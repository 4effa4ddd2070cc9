// SPDX-License-Identifier: AGPL-3.0-or-later
//! I.5: a sealed body of a version that this program does not know was written by another, which can read it: "later" (503), and
//! never that a consent is over (`invalid_grant`). Nothing of it is used up.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderMap;
use medmij_dvp::{FlowRequest, person::ActiveAccount};
use medmij_dvza::{
    Arrived, SessionSecret, Visitor,
    store::{Advance, GrantId, Resealed, Store as _},
};
use medmij_log::InitiatedBy;
use medmij_oauth::{
    seal::{KeyRing as _, LocalKeyRing, SealingKey},
    storage::Advanced,
};
use medmij_types::{Bsn, OsEntropy, Release};

use crate::cases::{
    dvza::{BSN, Setup, setup},
    whole_flow::{SESSION, code_for, dvp, flow_request, id, name, peer, query, tokens_for},
};

fn keys() -> LocalKeyRing {
    LocalKeyRing::new(1, SealingKey::from_bytes([1; 32]), SealingKey::from_bytes([2; 32]))
}

fn with_keys() -> Setup {
    setup(|config| config.keys = Arc::new(keys()))
}

fn asked() -> FlowRequest {
    flow_request(Release::V2_2, &["42"])
}

/// The same sealed bytes, as a later version would have written them; or, done again, as they were.
fn of_version(sealed: &[u8], context: &[u8], from: u32, to: u32) -> Vec<u8> {
    let plain = keys().open(sealed, context).unwrap();
    let (from, to) = (format!("{{\"v\":{from},"), format!("{{\"v\":{to},"));
    let at = plain.windows(from.len()).position(|part| part == from.as_bytes());
    let at = at.expect("a body says its version first");
    let changed = [&plain[..at], to.as_bytes(), &plain[at + from.len()..]].concat();
    keys().seal(&changed, context, &OsEntropy).unwrap()
}

/// Brings the body of the only grant to another version.
async fn bring_grant(setup: &Setup, from: u32, to: u32) -> GrantId {
    let persoon = keys().indexes(&Bsn::parse(BSN).unwrap()).unwrap();
    let grant = setup.dvza.store.grants_of(&persoon).await.unwrap().remove(0);
    let body = of_version(&grant.body, grant.id.as_str().as_bytes(), from, to);
    let new = Resealed::new(grant.persoon, body);
    assert!(setup.dvza.store.reseal(&grant.id, &grant.body, &new).await.unwrap());
    grant.id
}

#[tokio::test]
async fn a_grant_of_another_version_is_503_at_refresh_and_guard_and_works_again_where_it_is_known() {
    let setup = with_keys();
    let tokens = tokens_for(&setup, &dvp(), asked(), "answer=yes&langdurig=yes").await;
    let headers = tokens.resource_headers(&OsEntropy).unwrap();
    let renewal = tokens.renewal.clone().unwrap();
    let request = || {
        let renewal = renewal.clone();
        dvp().refresh_request(ActiveAccount::danger_unchecked(), renewal, InitiatedBy::Machine)
    };
    bring_grant(&setup, 2, 99).await;
    for _ in 0..3 {
        let (request, _) = request().unwrap();
        let answer = setup.server.token(&request, &peer()).await;
        assert_eq!(answer.status(), 503);
        assert!(!String::from_utf8_lossy(answer.body()).contains("invalid_grant"));
    }
    let guarded = setup.server.guard(&headers, None, &peer(), (&name(), &id("42"))).await;
    assert_eq!(guarded.unwrap_err().status(), 503);
    bring_grant(&setup, 99, 2).await;
    assert!(
        setup
            .server
            .guard(&headers, None, &peer(), (&name(), &id("42")))
            .await
            .is_ok()
    );
    let (request, _) = request().unwrap();
    assert_eq!(setup.server.token(&request, &peer()).await.status(), 200);
}

#[tokio::test]
async fn a_code_whose_grant_is_of_another_version_is_503() {
    let setup = with_keys();
    let received = code_for(&setup, &dvp(), asked(), "answer=yes&langdurig=yes").await;
    let (request, _) = dvp().token_request(received).unwrap();
    bring_grant(&setup, 2, 99).await;
    let answer = setup.server.token(&request, &peer()).await;
    assert_eq!(answer.status(), 503);
    assert!(!String::from_utf8_lossy(answer.body()).contains("invalid_grant"));
}

#[tokio::test]
async fn a_flow_of_another_version_is_503_in_the_browser_and_in_the_store() {
    let setup = with_keys();
    let started = dvp()
        .start(ActiveAccount::danger_unchecked(), asked(), SESSION)
        .unwrap();
    let arrived = setup
        .server
        .authorize(query(&started.location), &HeaderMap::new())
        .await;
    let Arrived::Flow(visitor) = arrived else {
        panic!("{arrived:?}")
    };
    assert_eq!(setup.server.page(&visitor).await.status, 200);
    // in the cookie, before the login
    let context = [b"flow in a browser ".as_slice(), visitor.flow.as_str().as_bytes()].concat();
    let (mark, sealed) = visitor.session.expose().split_at(2);
    let sealed = URL_SAFE_NO_PAD.decode(sealed).unwrap();
    let later = format!("{mark}{}", URL_SAFE_NO_PAD.encode(of_version(&sealed, &context, 2, 99)));
    let later = Visitor::new(visitor.flow.clone(), SessionSecret::parse(&later).unwrap());
    assert_eq!(setup.server.page(&later).await.status, 503);
    assert_eq!(setup.server.page(&visitor).await.status, 200);

    // in the store, after it
    let visitor = logged_in(&setup, visitor).await;
    assert_eq!(setup.server.page(&visitor).await.status, 200);
    for (from, to, status) in [(2, 99, 503), (99, 2, 200)] {
        let stored = setup.dvza.store.flow(&visitor.flow).await.unwrap().unwrap();
        let body = of_version(&stored.body, visitor.flow.as_str().as_bytes(), from, to);
        let advance = Advance::new(visitor.flow.clone(), stored.version, stored.session, body, true);
        assert_eq!(setup.dvza.store.advance_flow(advance).await.unwrap(), Advanced::Done);
        assert_eq!(setup.server.page(&visitor).await.status, status);
    }
}

async fn logged_in(setup: &Setup, visitor: Visitor) -> Visitor {
    use medmij_dvza::{Next, Submitted};
    use medmij_oauth::form::Form;

    let csrf = setup.server.page(&visitor).await.csrf.unwrap();
    let form = format!("csrf={csrf}&answer=login");
    let form = Form::parse(form.as_bytes()).unwrap();
    let submitted = Submitted::new(&form, "https://dvza.example.nl/login");
    let Next::Login { visitor, location, .. } = setup.server.submit(&visitor, &submitted).await else {
        panic!("no login")
    };
    match setup.server.login(&visitor, location.as_str()).await {
        Next::Flow(visitor) => visitor,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_a_dvp_keeps_of_another_version_is_left_as_it_is() {
    use medmij_dvp::{
        PendingFlow, Renewal,
        dossier::StoredEntry,
        vault::{MemoryVault, RefreshError, RefreshStart, RefreshTokens, TokenVault as _, VaultKey},
    };

    let later = |text: &str| {
        let (before, rest) = text.split_once("\"v\":").expect("a version");
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{before}\"v\":99{rest}")
    };
    // a flow that waits for its answer
    let started = dvp()
        .start(ActiveAccount::danger_unchecked(), asked(), SESSION)
        .unwrap();
    let flow = started.flow.expose_json();
    assert!(PendingFlow::from_json(&flow).is_some() && PendingFlow::from_json(&later(&flow)).is_none());

    // a refresh token: nothing is sent, and it stays
    let setup = with_keys();
    let tokens = tokens_for(&setup, &dvp(), asked(), "answer=yes&langdurig=yes").await;
    let renewal = tokens.renewal.unwrap();
    let json = renewal.expose_json();
    assert!(Renewal::from_json(&later(&json)).is_none());
    let vault = Arc::new(MemoryVault::new());
    let kept = RefreshTokens::new(Arc::clone(&vault), Arc::new(keys()), Arc::new(OsEntropy));
    let key = VaultKey::of("rekening-7", &renewal);
    kept.keep(&key, &renewal).await.unwrap();
    // under the name and for the context that the tokens have themselves
    let row = {
        let names = keys().fingerprints("vault", key.as_str().as_bytes()).unwrap();
        VaultKey::from_text(&URL_SAFE_NO_PAD.encode(names[0].as_bytes()))
    };
    let sealed = keys()
        .seal(later(&json).as_bytes(), key.as_str().as_bytes(), &OsEntropy)
        .unwrap();
    assert_ne!(
        vault.begin(&row, Duration::ZERO).await.unwrap(),
        RefreshStart::Unknown,
        "the name"
    );
    vault.keep(&row, sealed).await.unwrap();
    for _ in 0..2 {
        let refused = kept
            .refresh(
                ActiveAccount::danger_unchecked(),
                &dvp(),
                &key,
                InitiatedBy::Machine,
                async |_| Err::<http::Response<bytes::Bytes>, _>(std::io::Error::other("it was sent")),
            )
            .await;
        assert!(matches!(refused, Err(RefreshError::NoToken)), "{refused:?}");
    }
    assert_ne!(vault.begin(&row, Duration::ZERO).await.unwrap(), RefreshStart::Unknown);

    // an item of a dossier
    let item = StoredEntry::own(b"{}".to_vec()).to_stored();
    assert!(StoredEntry::from_stored(&item).is_ok());
    let item = later(std::str::from_utf8(&item).unwrap());
    assert!(StoredEntry::from_stored(item.as_bytes()).is_err());
}
