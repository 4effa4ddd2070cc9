// SPDX-License-Identifier: AGPL-3.0-or-later
//! G. Refresh and langdurige toestemming.

use std::time::Duration;

use medmij_dvp::{Renewal, Tokens};
use medmij_dvza::store::DangerShiftClock as _;
use medmij_oauth::form::Form;
use medmij_types::{PeerNames, Release};

use crate::cases::{
    dvza::{Setup, setup, setup_2_2},
    whole_flow::{dvp, flow_request, json, peer, tokens_for},
};

const HALF_YEAR: Duration = Duration::from_secs(182 * 86_400);

async fn langdurig(setup: &Setup) -> Renewal {
    let tokens = tokens_for(
        setup,
        &dvp(),
        flow_request(Release::V2_2, &["42", "48"]),
        "answer=yes&langdurig=yes",
    )
    .await;
    tokens.renewal.unwrap()
}

async fn refresh(setup: &Setup, renewal: Renewal) -> Result<Tokens, String> {
    let (request, exchange) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            renewal,
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    let response = setup.server.token(&request, &peer()).await;
    dvp().tokens(exchange, &response).map_err(|error| error.to_string())
}

#[tokio::test]
async fn core_tknint_200_205_208_g01_g02_the_refresh_request() {
    let setup = setup_2_2();
    let tokens = tokens_for(
        &setup,
        &dvp(),
        flow_request(Release::V2_2, &["42"]),
        "answer=yes&langdurig=yes",
    )
    .await;
    let (request, exchange) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            tokens.renewal.unwrap(),
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    let form = Form::parse(request.body()).unwrap();
    let names: Vec<_> = form.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["grant_type", "refresh_token", "client_id"]);
    assert_ne!(
        Some(&exchange.ids().unwrap().correlation_id),
        tokens.correlation_id.as_ref()
    );
}

#[tokio::test]
async fn autoriseren_g03_g04_g07_h03_a_refresh_gives_both_tokens_anew() {
    let setup = setup_2_2();
    let mut renewal = langdurig(&setup).await;
    for _ in 0..5 {
        setup
            .dvza
            .store
            .danger_shift_clock(HALF_YEAR - Duration::from_secs(2))
            .await
            .unwrap();
        let old = renewal.refresh_token.clone();
        let tokens = refresh(&setup, renewal).await.unwrap();
        assert_eq!(tokens.granted.gegevensdiensten.len(), 2);
        let headers = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
        assert_eq!(
            headers["x-correlation-id"],
            tokens.correlation_id.as_ref().unwrap().as_str()
        );
        assert!(setup.server.danger_token_of(&headers, None, &peer()).await.is_ok());
        renewal = tokens.renewal.unwrap();
        assert_ne!(renewal.refresh_token, old);
    }
}

#[tokio::test]
async fn toestemmingsverklaring_g06_lapses_after_half_a_year() {
    let setup = setup_2_2();
    let renewal = langdurig(&setup).await;
    setup.dvza.store.danger_shift_clock(HALF_YEAR).await.unwrap();
    assert!(refresh(&setup, renewal).await.unwrap_err().contains("invalid_grant"));
}

#[tokio::test]
async fn g08_suite_15_reuse_ends_the_family() {
    let setup = setup_2_2();
    let first = langdurig(&setup).await;
    let second = refresh(&setup, first.clone()).await.unwrap().renewal.unwrap();
    let third = refresh(&setup, second).await.unwrap().renewal.unwrap();
    assert!(refresh(&setup, first).await.unwrap_err().contains("invalid_grant"));
    assert!(refresh(&setup, third).await.unwrap_err().contains("invalid_grant"));
}

#[tokio::test]
async fn a_lost_answer_is_survived() {
    let setup = setup_2_2();
    let first = langdurig(&setup).await;
    let (request, _) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            first.clone(),
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    assert_eq!(setup.server.token(&request, &peer()).await.status(), 200);
    // at once: put off; the token is not lost
    let (request, _) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            first.clone(),
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    let response = setup.server.token(&request, &peer()).await;
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers().contains_key("retry-after")
        ),
        (503, true)
    );
    setup
        .dvza
        .store
        .danger_shift_clock(Duration::from_secs(6))
        .await
        .unwrap();
    assert!(refresh(&setup, first).await.is_ok());
}

#[tokio::test]
async fn g11_the_token_of_another_client() {
    let setup = setup_2_2();
    let renewal = langdurig(&setup).await;
    let other = medmij_dvp::Dvp::new(medmij_oauth::ClientId::parse("ander.example.nl").unwrap());
    let (request, _) = other
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            renewal.clone(),
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    let response = setup
        .server
        .token(&request, &PeerNames::new(None, ["ander.example.nl"]))
        .await;
    assert_eq!(json(&response)["error"], "invalid_grant");
    assert!(refresh(&setup, renewal).await.is_ok());
}

#[tokio::test]
async fn rfc0054_g12_nothing_available_gives_no_token_and_loses_none() {
    use medmij_dvza::ToetsOutcome;

    let setup = setup_2_2();
    let renewal = langdurig(&setup).await;
    *setup.dvza.outcome.lock().unwrap() = Some(ToetsOutcome::Unavailable);
    let refused = refresh(&setup, renewal.clone()).await.unwrap_err();
    assert!(refused.contains("invalid_scope"), "{refused}");
    *setup.dvza.outcome.lock().unwrap() = Some(ToetsOutcome::Available(vec![crate::cases::whole_flow::id("48")]));
    setup
        .dvza
        .store
        .danger_shift_clock(Duration::from_secs(6))
        .await
        .unwrap();
    let tokens = refresh(&setup, renewal).await.unwrap();
    assert_eq!(tokens.granted.gegevensdiensten, [crate::cases::whole_flow::id("48")]);
}

#[tokio::test]
async fn f03_releases_before_2_0_have_no_refresh() {
    let at_2_2 = setup_2_2();
    let (request, _) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            langdurig(&at_2_2).await,
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    let at_1_6 = setup(|config| config.release = Release::V1_6);
    assert_eq!(
        json(&at_1_6.server.token(&request, &peer()).await)["error"],
        "unsupported_grant_type"
    );
}

#[tokio::test]
async fn the_vault_keeps_the_next_token_before_use_and_ends_with_the_consent() {
    use medmij_dvp::vault::{MemoryVault, RefreshError, RefreshTokens, VaultKey};
    use medmij_dvza::store::Store as _;
    use medmij_oauth::seal::LocalKeyRing;
    use std::sync::Arc;

    let setup = setup_2_2();
    let renewal = langdurig(&setup).await;
    let keys = Arc::new(LocalKeyRing::ephemeral(&medmij_types::OsEntropy).unwrap());
    let refresh_tokens = RefreshTokens::new(MemoryVault::new(), keys, Arc::new(medmij_types::OsEntropy));
    let key = VaultKey::of("rekening-7", &renewal);
    refresh_tokens.keep(&key, &renewal).await.unwrap();
    let server = &setup.server;
    for _ in 0..3 {
        let tokens = refresh_tokens
            .refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp(),
                &key,
                medmij_log::InitiatedBy::Machine,
                |request| async move { Ok::<_, std::io::Error>(server.token(&request, &peer()).await) },
            )
            .await
            .unwrap();
        assert_eq!(tokens.granted.gegevensdiensten.len(), 2);
    }
    // an answer that is lost: the same token goes again
    let lost = refresh_tokens
        .refresh(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            &dvp(),
            &key,
            medmij_log::InitiatedBy::Machine,
            |request| async move {
                server.token(&request, &peer()).await;
                Err::<http::Response<bytes::Bytes>, _>(std::io::Error::other("cut"))
            },
        )
        .await;
    assert!(matches!(lost, Err(RefreshError::Send(_))));
    setup
        .dvza
        .store
        .danger_shift_clock(Duration::from_secs(6))
        .await
        .unwrap();
    let send = |request| async move { Ok::<_, std::io::Error>(server.token(&request, &peer()).await) };
    let tokens = refresh_tokens
        .refresh(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            &dvp(),
            &key,
            medmij_log::InitiatedBy::Machine,
            send,
        )
        .await
        .unwrap();
    let headers = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
    let grant = server.danger_token_of(&headers, None, &peer()).await.unwrap().grant;
    setup
        .dvza
        .store
        .revoke_grant(&grant, &medmij_dvza::store::Acting::system())
        .await
        .unwrap();
    let send = |request| async move { Ok::<_, std::io::Error>(server.token(&request, &peer()).await) };
    assert!(matches!(
        refresh_tokens
            .refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp(),
                &key,
                medmij_log::InitiatedBy::Machine,
                send
            )
            .await,
        Err(RefreshError::Exchange(_))
    ));
    let send = |request| async move { Ok::<_, std::io::Error>(server.token(&request, &peer()).await) };
    assert!(matches!(
        refresh_tokens
            .refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp(),
                &key,
                medmij_log::InitiatedBy::Machine,
                send
            )
            .await,
        Err(RefreshError::Unknown)
    ));
}

#[tokio::test]
async fn rfc6749_6_a_rotated_token_is_kept_before_the_rest_of_the_answer_is_judged() {
    use medmij_dvp::vault::{MemoryVault, RefreshError, RefreshTokens, VaultKey};
    use medmij_oauth::seal::LocalKeyRing;
    use std::sync::{Arc, Mutex};

    let setup = setup_2_2();
    let renewal = langdurig(&setup).await;
    let first = renewal.refresh_token.expose().to_owned();
    for (answer, taken, next) in [
        // nothing of it was asked
        (
            r#"{"access_token":"b","token_type":"Bearer","refresh_token":"r2","scope":"61"}"#,
            false,
            "r2",
        ),
        (
            r#"{"access_token":"b","token_type":"mac","refresh_token":"r2"}"#,
            false,
            "r2",
        ),
        (
            r#"{"access_token":"b","token_type":"Bearer","refresh_token":"r2","expires_in":"900"}"#,
            true,
            "r2",
        ),
        (r#"{"error":"server_error","refresh_token":"r2"}"#, false, "r2"),
        (r#"{"error":"invalid_grant","refresh_token":"r2"}"#, false, "r2"),
        // without a new one the old one stays
        (
            r#"{"access_token":"b","token_type":"Bearer","refresh_token":""}"#,
            true,
            &first,
        ),
        (r#"{"access_token":"b","token_type":"Bearer"}"#, true, &first),
        (r#"{"error":"temporarily_unavailable"}"#, false, &first),
        ("<html>", false, &first),
    ] {
        let keys = Arc::new(LocalKeyRing::ephemeral(&medmij_types::OsEntropy).unwrap());
        let refresh_tokens = RefreshTokens::new(MemoryVault::new(), keys, Arc::new(medmij_types::OsEntropy));
        let key = VaultKey::of("rekening-7", &renewal);
        refresh_tokens.keep(&key, &renewal).await.unwrap();
        let sent = Mutex::new(Vec::new());
        let ask = async || {
            let send = |request: http::Request<bytes::Bytes>| {
                let form = Form::parse(request.body()).unwrap();
                sent.lock()
                    .unwrap()
                    .push(form.one("refresh_token").unwrap().unwrap().to_owned());
                let response = http::Response::builder()
                    .header("content-type", "application/json")
                    .body(bytes::Bytes::from(answer));
                async { Ok::<_, std::io::Error>(response.unwrap()) }
            };
            refresh_tokens
                .refresh(
                    medmij_dvp::person::ActiveAccount::danger_unchecked(),
                    &dvp(),
                    &key,
                    medmij_log::InitiatedBy::Machine,
                    send,
                )
                .await
        };
        let found = ask().await;
        match &found {
            Ok(tokens) => {
                let renewal = tokens.renewal.as_ref().unwrap();
                assert!(taken && renewal.refresh_token.expose() == next, "{answer}");
            }
            Err(RefreshError::Exchange(_)) => {
                assert!(!taken, "{answer}");
            }
            Err(other) => panic!("{answer}: {other}"),
        }
        let _ = ask().await;
        assert_eq!(*sent.lock().unwrap(), [first.as_str(), next], "{answer}");
    }
}
