// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 6749 sections 4 – 6, RFC 6750, core.tknint.203 – core.tknint.205 — checks that others ask of every authorization
//! server, as far as they turn on the store: codes and refresh tokens offered again, late, by others or with another
//! request; certificates; withdrawal.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use medmij_dvp::{Renewal, Tokens};
use medmij_dvza::{
    Next, Server,
    store::{AuditKind, DangerShiftClock},
};
use medmij_oauth::{
    form,
    policy::{ClientBinding, Lifetime},
};
use medmij_types::{OsEntropy, PeerNames};

use super::{
    dvza::{
        Bundle, at_consent, bgz, code, config, error_of, is_covered, peer, refresh, server, server_with, start,
        start_beheren, submit,
    },
    fixtures::HALF_YEAR,
};

const PGO: &str = "pgo.example.nl";
const OTHER: &str = "ander.example.nl";

/// A1: a code that is offered again at once, after one second or after thirty, gives nothing and ends the token of the
/// first use.
pub async fn server_core_tknint_203_204_code_again_after_0_1_30_s_suite_1<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    for after in [0, 1, 30] {
        let (request, tokens) = redeemed(&server, false).await;
        assert!(is_covered(&server, &tokens, PGO).await);
        shift(&*store, Duration::from_secs(after)).await;
        assert_eq!(ask(&server, &request, PGO).await, (400, "invalid_grant".to_owned()));
        assert!(!is_covered(&server, &tokens, PGO).await, "after {after} s");
    }
}

/// A2, D02, D03: a code works at 899 seconds, and neither at 900 nor at 901.
pub async fn server_core_autorisatie_204_code_at_899_900_901_s_suite_2_d02_d03<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    for after in [900, 901] {
        let request = offered(&server).await;
        shift(&*store, Duration::from_secs(after)).await;
        assert_eq!(ask(&server, &request, PGO).await.1, "invalid_grant", "{after} s");
    }
    // the clock of a store runs on by itself: a round that took a second of it says nothing about 899
    for _ in 0..20 {
        let started = Instant::now();
        let request = offered(&server).await;
        shift(&*store, Duration::from_secs(899)).await;
        let status = ask(&server, &request, PGO).await.0;
        if started.elapsed() < Duration::from_secs(1) {
            assert_eq!(status, 200, "899 s");
            return;
        }
    }
    panic!("twenty rounds took more than a second each");
}

/// A4, E12: `client_id` missing, twice, or of another than the certificate; the code counts as offered each time.
pub async fn server_core_tknint_200_204_client_id_suite_4_e12<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    for (change, node, expected) in [
        (&[("client_id", None)][..], PGO, (400, "invalid_request")),
        (
            &[("", Some("client_id=ander.example.nl"))],
            PGO,
            (400, "invalid_request"),
        ),
        (&[("", Some("client_id=pgo.example.nl"))], PGO, (400, "invalid_request")),
        (&[("client_id", Some(OTHER))], PGO, (401, "invalid_client")),
        (&[("client_id", Some(OTHER))], OTHER, (400, "invalid_grant")),
        (&[], OTHER, (401, "invalid_client")),
    ] {
        let request = offered(&server).await;
        let (status, error) = ask(&server, &with(&request, change), node).await;
        assert_eq!((status, error.as_str()), expected, "{change:?} from {node}");
        assert_eq!(
            ask(&server, &request, PGO).await.1,
            "invalid_grant",
            "core.tknint.204: {change:?}"
        );
    }
}

/// A5, O14, E14, E16 under the policy `Require`: without a certificate, or with that of another, there is neither a token
/// nor a resource.
pub async fn server_core_tknint_200_certificate_suite_5_o14_e14_e16<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::require());
    let nobody = PeerNames::new(None, []);
    for wrong in [&nobody, &peer(OTHER)] {
        let request = offered(&server).await;
        let response = server.token(&request, wrong).await;
        assert_eq!(
            (response.status().as_u16(), error_of(&response).as_str()),
            (401, "invalid_client")
        );
        let (_, tokens) = redeemed(&server, true).await;
        let headers = tokens.resource_headers(&OsEntropy).expect("headers");
        let refused = server
            .guard(&headers, None, wrong, (&super::fixtures::name(), &bgz()))
            .await
            .expect_err("another certificate");
        assert_eq!(refused.status().as_u16(), 401);
        assert_eq!(refused.challenge(), "Bearer error=\"invalid_token\"");
        assert!(
            is_covered(&server, &tokens, PGO).await,
            "the token stays valid for its own client"
        );
        // the refresh token is no more use than the access token, and is not lost either
        let renewal = tokens.renewal.expect("langdurig");
        let (request, _) = super::dvza::dvp()
            .refresh_request(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                renewal.clone(),
                medmij_log::InitiatedBy::Machine,
            )
            .expect("request");
        assert_eq!(error_of(&server.token(&request, wrong).await), "invalid_client");
        assert!(refresh(&server, &super::dvza::dvp(), renewal).await.is_some());
    }
}

/// A6, E08 – E11: `redirect_uri` absent or another than that of the authorization request.
pub async fn server_core_tknint_205_redirect_uri_suite_6_e08_to_e11<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    for (redirect, error) in [
        (None, "invalid_request"),
        (Some(""), "invalid_request"),
        (Some("https://pgo.example.nl/ander"), "invalid_grant"),
        (Some("https://pgo.example.nl/cb/"), "invalid_grant"),
        (Some("https://pgo.example.nl/cb?x=1"), "invalid_grant"),
        (Some("https://pgo.example.nl/cb#x"), "invalid_grant"),
        (Some("https://PGO.example.nl/cb"), "invalid_grant"),
        (Some("https://ander.example.nl/cb"), "invalid_grant"),
        (Some("https%3A%2F%2Fpgo.example.nl%2Fcb"), "invalid_grant"),
    ] {
        let request = offered(&server).await;
        let (status, found) = ask(&server, &with(&request, &[("redirect_uri", redirect)]), PGO).await;
        assert_eq!((status, found.as_str()), (400, error), "{redirect:?}");
        assert_eq!(
            ask(&server, &request, PGO).await.1,
            "invalid_grant",
            "core.tknint.204: {redirect:?}"
        );
    }
}

/// A10, F10: a scope in a refresh request enlarges nothing; the token covers what was granted.
pub async fn server_core_tknint_200_scope_of_a_refresh_suite_10<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (_, tokens) = redeemed(&server, true).await;
    let dvp = super::dvza::dvp();
    let (request, exchange) = dvp
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            tokens.renewal.expect("langdurig"),
            medmij_log::InitiatedBy::Machine,
        )
        .expect("request");
    let larger = with(&request, &[("", Some("scope=48 51 anderezorgaanbieder"))]);
    let next = dvp
        .tokens(exchange, &server.token(&larger, &peer(PGO)).await)
        .expect("tokens");
    assert_eq!(next.granted.gegevensdiensten, [bgz()]);
    let headers = next.resource_headers(&OsEntropy).expect("headers");
    let granted_access = server
        .danger_token_of(&headers, None, &peer(PGO))
        .await
        .expect("covered");
    assert_eq!(granted_access.gegevensdiensten, [bgz()]);
}

/// A11, autoriseren 2: a refusal goes back as `access_denied` with the state, is on record, and leaves no code behind.
pub async fn server_autoriseren_2_refusal_suite_11<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (flow, location) = start();
    let (visitor, csrf) = at_consent(&server, &location).await;
    let next = submit(&server, &visitor, &format!("csrf={csrf}&answer=no")).await;
    let Next::Away(back) = next else {
        panic!("not back: {next:?}")
    };
    let state = flow.state().expose();
    assert_eq!(
        back,
        format!("https://pgo.example.nl/cb?error=access_denied&state={state}")
    );
    let audit = store.danger_audit().await.expect("audit");
    assert_eq!(audit.last().map(|entry| entry.kind), Some(AuditKind::Refused));
    for answer in ["yes", "no", "back"] {
        let form = format!("csrf={csrf}&answer={answer}");
        let Next::Page(page) = submit(&server, &visitor, &form).await else {
            panic!("{answer} after a refusal")
        };
        assert_eq!(page.status, 403);
    }
}

/// A15, G05, G06, G11: the refresh token of another client, at its last second and after it.
pub async fn server_toestemmingsverklaring_refresh_token_suite_15_g05_g06_g11<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (_, tokens) = redeemed(&server, true).await;
    let first = tokens.renewal.expect("langdurig");
    let other = medmij_dvp::Dvp::new(medmij_oauth::ClientId::parse(OTHER).expect("client"));
    let (request, _) = other
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            first.clone(),
            medmij_log::InitiatedBy::Machine,
        )
        .expect("request");
    assert_eq!(ask(&server, &request, OTHER).await.1, "invalid_grant");
    // what another client offered is neither used nor lost; each rotation gives half a year anew
    shift(&*store, HALF_YEAR - Duration::from_secs(60)).await;
    let second = refresh(&server, &super::dvza::dvp(), first)
        .await
        .expect("within half a year");
    shift(&*store, HALF_YEAR - Duration::from_secs(60)).await;
    let third = refresh(&server, &super::dvza::dvp(), second.renewal.expect("next"))
        .await
        .expect("half a year anew");
    shift(&*store, HALF_YEAR).await;
    assert!(
        refresh(&server, &super::dvza::dvp(), third.renewal.expect("next"))
            .await
            .is_none()
    );
}

/// A15, R6: of many who offer one refresh token at once, on two replicas, one gets tokens; they work, and the family lives
/// on.
pub async fn server_refresh_token_at_two_replicas_suite_15_r6<S: DangerShiftClock>(store: Arc<S>) {
    // with the time in which a second use is put off, as it is by default
    let mut settings = config();
    settings.lifetimes.refresh_race = Lifetime::new(Duration::from_secs(600)).expect("lifetime");
    let replicas = [server_with(&store, settings.clone()), server_with(&store, settings)];
    for _ in 0..5 {
        let (_, tokens) = redeemed(&replicas[0], true).await;
        let renewal = tokens.renewal.expect("langdurig");
        let mut tasks = Vec::new();
        for i in 0..8 {
            let (server, renewal): (Server<Bundle<S>>, Renewal) = (replicas[i % 2].clone(), renewal.clone());
            tasks.push(tokio::spawn(async move {
                let dvp = super::dvza::dvp();
                let (request, exchange) = dvp
                    .refresh_request(
                        medmij_dvp::person::ActiveAccount::danger_unchecked(),
                        renewal,
                        medmij_log::InitiatedBy::Machine,
                    )
                    .expect("request");
                let response = server.token(&request, &peer(PGO)).await;
                let status = response.status().as_u16();
                (status, dvp.tokens(exchange, &response).ok())
            }));
        }
        let mut won = Vec::new();
        for task in tasks {
            match task.await.expect("task") {
                (200, Some(tokens)) => won.push(tokens),
                (503, None) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(won.len(), 1);
        let won = won.remove(0);
        assert!(is_covered(&replicas[1], &won, PGO).await);
        let next = refresh(&replicas[1], &super::dvza::dvp(), won.renewal.expect("next")).await;
        assert!(next.is_some(), "the family lives on");
    }
}

/// G09, G10, G13: withdrawal ends refresh tokens and live access tokens at once, and is on record.
pub async fn server_beheren_toestemmingen_withdrawal_g09_g10_g13<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (_, tokens) = redeemed(&server, true).await;
    assert!(is_covered(&server, &tokens, PGO).await);
    let (visitor, csrf) = start_beheren(&server).await;
    submit(&server, &visitor, &format!("csrf={csrf}&answer=stop&number=0")).await;
    let csrf = server.page(&visitor).await.csrf.expect("question");
    assert!(is_covered(&server, &tokens, PGO).await, "asked, not answered");
    submit(&server, &visitor, &format!("csrf={csrf}&answer=yes")).await;
    assert!(!is_covered(&server, &tokens, PGO).await);
    assert!(
        refresh(&server, &super::dvza::dvp(), tokens.renewal.expect("langdurig"))
            .await
            .is_none()
    );
    let audit = store.danger_audit().await.expect("audit");
    assert_eq!(audit.last().map(|entry| entry.kind), Some(AuditKind::Withdrawn));
}

/// C22: a flow that is left alone gives no code, whatever the browser sends later.
pub async fn server_autoriseren_3_flow_expires_c22<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (visitor, csrf) = at_consent(&server, &start().1).await;
    shift(&*store, Duration::from_secs(900)).await;
    let Next::Page(page) = submit(&server, &visitor, &format!("csrf={csrf}&answer=yes")).await else {
        panic!("an earlier flow")
    };
    assert_eq!(page.status, 403);
}

/// H12: a token works at 899 seconds at most.
pub async fn server_rfc_6750_access_token_900_s_h12<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (_, tokens) = redeemed(&server, false).await;
    let headers = tokens.resource_headers(&OsEntropy).expect("headers");
    shift(&*store, Duration::from_secs(890)).await;
    assert!(
        server
            .guard(&headers, None, &peer(PGO), (&super::fixtures::name(), &bgz()))
            .await
            .is_ok()
    );
    shift(&*store, Duration::from_secs(10)).await;
    let refused = server
        .guard(&headers, None, &peer(PGO), (&super::fixtures::name(), &bgz()))
        .await
        .expect_err("too old");
    assert_eq!(
        (refused.status().as_u16(), refused.challenge()),
        (401, "Bearer error=\"invalid_token\"".parse().expect("value"))
    );
}

/// A token request with a fresh code.
async fn offered<S: DangerShiftClock>(server: &Server<Bundle<S>>) -> Request<Bytes> {
    let (dvp, received) = code(server, false).await;
    dvp.token_request(received).expect("request").0
}

/// A token request that was answered, and its tokens.
async fn redeemed<S: DangerShiftClock>(server: &Server<Bundle<S>>, langdurig: bool) -> (Request<Bytes>, Tokens) {
    let (dvp, received) = code(server, langdurig).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let tokens = dvp
        .tokens(exchange, &server.token(&request, &peer(PGO)).await)
        .expect("tokens");
    (request, tokens)
}

async fn ask<S: DangerShiftClock>(server: &Server<Bundle<S>>, request: &Request<Bytes>, node: &str) -> (u16, String) {
    let response = server.token(request, &peer(node)).await;
    (response.status().as_u16(), error_of(&response))
}

/// A request with fields replaced or left out; the empty name adds a field as it stands.
fn with(request: &Request<Bytes>, changes: &[(&str, Option<&str>)]) -> Request<Bytes> {
    let read = form::Form::parse(request.body()).expect("form");
    let mut pairs: Vec<(String, String)> = read.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    for (name, value) in changes {
        pairs.retain(|(each, _)| each != name);
        match (*name, value) {
            ("", Some(field)) => {
                let (name, value) = field.split_once('=').expect("a field");
                pairs.push((name.to_owned(), value.to_owned()));
            }
            (name, Some(value)) => pairs.push((name.to_owned(), (*value).to_owned())),
            (_, None) => {}
        }
    }
    let body = form::encode(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    request.clone().map(|_| Bytes::from(body))
}

async fn shift<S: DangerShiftClock>(store: &S, by: Duration) {
    store.danger_shift_clock(by).await.expect("shift");
}
