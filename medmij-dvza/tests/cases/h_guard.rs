// SPDX-License-Identifier: AGPL-3.0-or-later
//! H. Resource requests: the guard and the headers.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use medmij_dvp::Tokens;
use medmij_dvza::{TokenBinding, store::DangerShiftClock as _};
use medmij_types::{OsEntropy, PeerNames, Release};

use crate::{
    dvza::{Setup, setup, setup_2_2},
    whole_flow::{aanvraag, dvp, id, peer, tokens_for},
};

async fn tokens(setup: &Setup) -> Tokens {
    *setup.dvza.uitslag.lock().unwrap() = Some(medmij_dvza::ToetsUitslag::Beschikbaar(vec![id("48")]));
    tokens_for(setup, &dvp(), aanvraag(Release::V2_2, &["42", "48"]), "antwoord=ja").await
}

fn bearer(text: &str) -> HeaderMap {
    HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_str(text).unwrap())])
}

#[tokio::test]
async fn core_rscint_200_201_h01_h02_h04_headers() {
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
async fn rfc_6750_h06_h07_h08_h09_h12_h17_a13_answers() {
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
        match setup.server.guard(&headers, query, &peer(), &id(gegevensdienst)).await {
            Ok(verleend) => assert_eq!((status, verleend.gegevensdiensten), (200, vec![id("48")])),
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
            .guard(&good, None, &peer(), &id("48"))
            .await
            .unwrap_err()
            .status(),
        401
    );
}

#[tokio::test]
async fn o14_a5_a_stolen_token_with_another_certificate() {
    let other = PeerNames::new(None, ["ander.example.nl"]);
    for (binding, refused) in [
        (TokenBinding::Off, false),
        (TokenBinding::Observe, false),
        (TokenBinding::Require, true),
    ] {
        let setup = setup(|config| config.token_binding = binding);
        let headers = tokens(&setup).await.resource_headers(&OsEntropy).unwrap();
        assert_eq!(
            setup.server.guard(&headers, None, &other, &id("48")).await.is_err(),
            refused,
            "{binding:?}"
        );
        assert!(
            setup.server.guard(&headers, None, &peer(), &id("48")).await.is_ok(),
            "the token itself stays valid"
        );
    }
}

#[tokio::test]
async fn w4_a_client_off_the_list_has_no_token() {
    let setup = setup_2_2();
    let headers = tokens(&setup).await.resource_headers(&OsEntropy).unwrap();
    setup.dvza.clients.lock().unwrap().clear();
    assert_eq!(
        setup
            .server
            .guard(&headers, None, &peer(), &id("48"))
            .await
            .unwrap_err()
            .status(),
        401
    );
}

#[tokio::test]
async fn f14_c4_expiry_is_at_most_900_seconds_from_sending() {
    let setup = setup(|config| config.lifetimes.access_token = Duration::from_secs(5_000));
    let before = std::time::SystemTime::now();
    let tokens = tokens(&setup).await;
    let lifetime = tokens.expires_at.duration_since(before).unwrap();
    assert!(lifetime <= Duration::from_secs(901), "{lifetime:?}");
}

#[tokio::test]
async fn core_rscint_201_h05_release_1_6_has_one_id_of_any_form() {
    let setup = setup(|config| config.release = Release::V1_6);
    let tokens = tokens_for(&setup, &dvp(), aanvraag(Release::V1_6, &["42", "48"]), "antwoord=ja").await;
    let mut headers = tokens.resource_headers(&OsEntropy).unwrap();
    assert!(headers.contains_key("medmij-request-id") && !headers.contains_key("x-correlation-id"));
    for any in ["12345", "vraag-7", "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a"] {
        headers.insert("medmij-request-id", HeaderValue::from_static(any));
        assert!(
            setup.server.guard(&headers, None, &peer(), &id("48")).await.is_ok(),
            "{any}"
        );
    }
}
