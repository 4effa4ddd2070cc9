// SPDX-License-Identifier: AGPL-3.0-or-later
//! H. Resource requests: the guard and the headers.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use medmij_dvp::Tokens;
use medmij_dvza::store::{DangerShiftClock as _, Store as _};
use medmij_oauth::policy::{ClientBinding, Lifetime};
use medmij_types::{OsEntropy, PeerNames, Release};

use crate::cases::{
    dvza::{Setup, setup, setup_2_2},
    whole_flow::{dvp, flow_request, id, peer, tokens_for},
};

async fn tokens(setup: &Setup) -> Tokens {
    *setup.dvza.outcome.lock().unwrap() = Some(medmij_dvza::ToetsOutcome::Available(vec![id("48")]));
    tokens_for(setup, &dvp(), flow_request(Release::V2_2, &["42", "48"]), "answer=yes").await
}

fn bearer(text: &str) -> HeaderMap {
    HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_str(text).unwrap())])
}

#[tokio::test]
async fn core_rscint_200_201_h01_h02_h04_headers_of_a_resource_request_are_judged() {
    let setup = setup_2_2();
    let tokens = tokens(&setup).await;
    let (one, two) = (
        tokens.resource_headers(&OsEntropy).unwrap(),
        tokens.resource_headers(&OsEntropy).unwrap(),
    );
    assert_eq!(one["authorization"], format!("Bearer {}", tokens.access_token.expose()));
    assert!(one["authorization"].is_sensitive());
    assert_ne!(one["medmij-request-id"], two["medmij-request-id"]);
    assert_eq!(one["x-correlation-id"], two["x-correlation-id"]);
}

#[tokio::test]
async fn rfc_6750_h06_h07_h08_h09_h12_h17_suite_13_answers() {
    let setup = setup_2_2();
    let token = tokens(&setup).await.access_token.expose().to_owned();
    let good = bearer(&format!("Bearer {token}"));
    let mut twice = good.clone();
    twice.append("authorization", HeaderValue::from_static("Bearer x"));
    for (headers, query, gegevensdienst, status, challenge) in [
        (good.clone(), None, "48", 200, ""),
        (bearer(&format!("bearer {token}")), None, "48", 200, ""),
        (bearer(&format!("BEARER  {token}")), None, "48", 200, ""),
        (HeaderMap::new(), None, "48", 401, "Bearer"),
        (bearer("Basic abc"), None, "48", 401, "Bearer"),
        (
            bearer("Bearer onbekend"),
            None,
            "48",
            401,
            "Bearer error=\"invalid_token\"",
        ),
        (bearer("Bearer a b"), None, "48", 401, "Bearer error=\"invalid_token\""),
        (good.clone(), None, "42", 403, "Bearer error=\"insufficient_scope\""),
        (
            good.clone(),
            Some("access_token=x"),
            "48",
            400,
            "Bearer error=\"invalid_request\"",
        ),
        (twice, None, "48", 400, "Bearer error=\"invalid_request\""),
    ] {
        match setup
            .server
            .guard(
                &headers,
                query,
                &peer(),
                (&crate::cases::whole_flow::name(), &id(gegevensdienst)),
            )
            .await
        {
            Ok(granted_access) => assert_eq!((status, granted_access.gegevensdiensten), (200, vec![id("48")])),
            Err(error) => {
                let answer = error.to_http();
                assert_eq!(answer.status(), status, "{headers:?}");
                assert_eq!(answer.headers()["www-authenticate"], challenge);
            }
        }
    }
    setup
        .dvza
        .store
        .danger_shift_clock(Duration::from_secs(900))
        .await
        .unwrap();
    assert_eq!(
        setup
            .server
            .guard(&good, None, &peer(), (&crate::cases::whole_flow::name(), &id("48")))
            .await
            .unwrap_err()
            .status(),
        401
    );
}

/// A certificate that belongs to another client is refused under every policy, one that belongs to nobody by policy, and
/// without a certificate nothing is served.
#[tokio::test]
async fn o14_suite_5_a_stolen_token_with_another_certificate() {
    let client = |name: &str| medmij_oauth::ClientId::parse(name).unwrap();
    let host = |name: &str| medmij_types::Hostname::parse(name).unwrap();
    // `other` is a client on the OCL, `tabel` is in the table of another, `confirmed` was confirmed for another
    for (binding, unknown) in [
        (ClientBinding::learn(), true),
        (ClientBinding::require(), false),
        (ClientBinding::danger_off(), true),
    ] {
        let binding = binding.allow(client("ander.example.nl"), host("tabel.example.nl"));
        let setup = setup(|config| config.binding = binding.clone());
        let headers = tokens(&setup).await.resource_headers(&OsEntropy).unwrap();
        let store = &setup.dvza.store;
        let confirmed = host("bevestigd.example.nl");
        store
            .confirm_binding(&client("ander.example.nl"), &confirmed)
            .await
            .unwrap();
        for (names, served) in [
            (&["pgo.example.nl"][..], true),
            (&["ander.example.nl"], false),
            (&["tabel.example.nl"], false),
            (&["bevestigd.example.nl"], false),
            (&["nieuw.example.nl", "bevestigd.example.nl"], false),
            // one certificate of a supplier with two clients
            (&["ander.example.nl", "pgo.example.nl"], true),
            (&["nieuw.example.nl"], unknown),
            (&[], false),
        ] {
            let peer = PeerNames::new(None, names.iter().copied());
            let judged = setup
                .server
                .guard(&headers, None, &peer, (&crate::cases::whole_flow::name(), &id("48")))
                .await;
            assert_eq!(judged.is_ok(), served, "{binding:?}: {names:?}");
            // and the token endpoint says the same
            let request = crate::cases::whole_flow::token_request(&setup).await;
            let status = setup.server.token(&request, &peer).await.status();
            assert_eq!(status, if served { 200 } else { 401 }, "{binding:?}: {names:?}");
        }
        assert!(
            setup
                .server
                .guard(&headers, None, &peer(), (&crate::cases::whole_flow::name(), &id("48")))
                .await
                .is_ok(),
            "the token itself stays valid"
        );
    }
}

#[tokio::test]
async fn core_tknint_200_an_unknown_certificate_is_learned_once_reported_and_confirmed() {
    let setup = setup_2_2();
    let headers = tokens(&setup).await.resource_headers(&OsEntropy).unwrap();
    let back = PeerNames::new(None, ["back.example.nl"]);
    let learned = |setup: &Setup| {
        let events = setup.log.events();
        let named = events
            .iter()
            .filter(|event| event.event_type.as_str() == "client_certificate_learned");
        named.count()
    };
    for _ in 0..3 {
        assert!(
            setup
                .server
                .guard(&headers, None, &back, (&crate::cases::whole_flow::name(), &id("48")))
                .await
                .is_ok()
        );
        assert_eq!(learned(&setup), 1);
    }
    let request = crate::cases::whole_flow::token_request(&setup).await;
    assert_eq!(setup.server.token(&request, &back).await.status(), 200);
    assert_eq!(learned(&setup), 1, "token endpoint and guard share what is known");
    let bindings = setup.dvza.store.bindings().await.unwrap();
    assert_eq!((bindings.len(), bindings[0].confirmed), (1, false));
    let (client, name) = (&bindings[0].client_id, &bindings[0].name);
    assert_eq!((client.as_str(), name.as_str()), ("pgo.example.nl", "back.example.nl"));
    setup.dvza.store.confirm_binding(client, name).await.unwrap();
    assert!(
        setup
            .server
            .guard(&headers, None, &back, (&crate::cases::whole_flow::name(), &id("48")))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn core_ocl_300_what_the_ocl_takes_away_no_token_admits() {
    let setup = setup_2_2();
    *setup.dvza.outcome.lock().unwrap() = None;
    let both = flow_request(Release::V2_2, &["42", "48"]);
    let headers = tokens_for(&setup, &dvp(), both, "answer=yes").await;
    let headers = headers.resource_headers(&OsEntropy).unwrap();
    let guard = async |gegevensdienst: &str| {
        let judged = setup
            .server
            .guard(
                &headers,
                None,
                &peer(),
                (&crate::cases::whole_flow::name(), &id(gegevensdienst)),
            )
            .await;
        judged.map_or_else(|error| error.status().as_u16(), |_| 200)
    };
    assert_eq!((guard("42").await, guard("48").await), (200, 200));
    setup.dvza.listed.lock().unwrap().retain(|id| *id != "48");
    assert_eq!((guard("42").await, guard("48").await), (200, 403));
    let seen = setup.server.danger_token_of(&headers, None, &peer()).await.unwrap();
    assert_eq!(seen.gegevensdiensten, [id("42")]);
    setup.dvza.listed.lock().unwrap().clear();
    assert_eq!(
        setup
            .server
            .danger_token_of(&headers, None, &peer())
            .await
            .unwrap_err()
            .status(),
        403
    );
    // what returns is admitted again
    *setup.dvza.listed.lock().unwrap() = vec!["42", "48"];
    assert_eq!((guard("42").await, guard("48").await), (200, 200));
}

#[tokio::test]
async fn w4_a_client_off_the_list_has_no_token() {
    let setup = setup_2_2();
    let headers = tokens(&setup).await.resource_headers(&OsEntropy).unwrap();
    setup.dvza.clients.lock().unwrap().clear();
    assert_eq!(
        setup
            .server
            .guard(&headers, None, &peer(), (&crate::cases::whole_flow::name(), &id("48")))
            .await
            .unwrap_err()
            .status(),
        401
    );
}

#[tokio::test]
async fn f14_c4_expiry_is_at_most_900_seconds_from_sending() {
    let setup = setup(|config| config.lifetimes.access_token = Lifetime::new(Duration::from_secs(3_600)).unwrap());
    let before = std::time::SystemTime::now();
    let tokens = tokens(&setup).await;
    let lifetime = tokens.expires_at.duration_since(before).unwrap();
    assert!(lifetime <= Duration::from_secs(901), "{lifetime:?}");
}

#[tokio::test]
async fn core_rscint_201_h05_release_1_6_has_one_id_of_any_form() {
    let setup = setup(|config| config.release = Release::V1_6);
    let tokens = tokens_for(&setup, &dvp(), flow_request(Release::V1_6, &["42", "48"]), "answer=yes").await;
    let mut headers = tokens.resource_headers(&OsEntropy).unwrap();
    assert!(headers.contains_key("medmij-request-id") && !headers.contains_key("x-correlation-id"));
    for any in ["12345", "vraag-7", "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a"] {
        headers.insert("medmij-request-id", HeaderValue::from_static(any));
        assert!(
            setup
                .server
                .guard(&headers, None, &peer(), (&crate::cases::whole_flow::name(), &id("48")))
                .await
                .is_ok(),
            "{any}"
        );
    }
}

#[tokio::test]
async fn core_rscint_200_a_token_of_one_aanbieder_is_refused_at_the_route_of_another() {
    let setup = setup_2_2();
    let headers = tokens(&setup).await.resource_headers(&OsEntropy).unwrap();
    let other = medmij_types::Aanbiedernaam::parse("anderezorgaanbieder").unwrap();
    let own = crate::cases::whole_flow::name();
    for (aanbieder, status) in [(&own, 200), (&other, 403)] {
        let judged = setup
            .server
            .guard(&headers, None, &peer(), (aanbieder, &id("48")))
            .await;
        let found = judged.map_or_else(|error| error.status().as_u16(), |_| 200);
        assert_eq!(found, status, "{aanbieder}");
    }
}
