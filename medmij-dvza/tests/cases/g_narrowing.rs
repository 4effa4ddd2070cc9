// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC0054, core.ocl.300, ext.vert.authint.204 — what was judged at the login is judged at each refresh, and what narrows,
//! narrows the token and never the consent.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use medmij_dvp::{FlowRequest, Renewal};
use medmij_dvza::{
    Represented, Server, ToetsOutcome,
    store::{DangerShiftClock as _, RefreshRate},
};
use medmij_oauth::{Vertegenwoordiging, seal::LocalKeyRing};
use medmij_test::ManualClock;
use medmij_types::{OsEntropy, PeerNames, Release};

use crate::cases::{
    dvza::{Login, Setup, setup, setup_2_2},
    whole_flow::{code_for, dvp, flow_request, id, json, peer, tokens_for},
};

async fn langdurig(setup: &Setup) -> Renewal {
    let asked = flow_request(Release::V2_2, &["42", "48"]);
    let tokens = tokens_for(setup, &dvp(), asked, "answer=yes&langdurig=yes").await;
    tokens.renewal.unwrap()
}

/// The scope of the answer, what the guard admits of 42 and 48, and the next refresh token; or the refusal.
async fn refresh(setup: &Setup, token: &str) -> Result<(String, [bool; 2], String), (u16, String)> {
    let response = ask(setup, token).await;
    let body = json(&response);
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    if response.status() != 200 {
        return Err((response.status().as_u16(), text("error")));
    }
    let bearer = HeaderValue::from_str(&format!("Bearer {}", text("access_token"))).unwrap();
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, bearer)]);
    let mut admitted = [false; 2];
    for (admitted, gegevensdienst) in admitted.iter_mut().zip(["42", "48"]) {
        let judged = setup
            .server
            .guard(
                &headers,
                None,
                &peer(),
                (&crate::cases::whole_flow::name(), &id(gegevensdienst)),
            )
            .await;
        *admitted = judged.is_ok();
    }
    Ok((text("scope"), admitted, text("refresh_token")))
}

async fn ask(setup: &Setup, token: &str) -> Response<Bytes> {
    let form = format!("grant_type=refresh_token&refresh_token={token}&client_id=pgo.example.nl");
    let request = Request::post("https://dvza.example.nl/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form))
        .unwrap();
    setup.server.token(&request, &peer()).await
}

#[tokio::test]
async fn core_ocl_300_what_the_ocl_takes_away_the_next_token_lacks_and_what_returns_it_has() {
    let setup = setup_2_2();
    let mut token = langdurig(&setup).await.refresh_token.expose().to_owned();
    for (listed, scope, admitted) in [
        (vec!["42", "48"], "42 48", [true, true]),
        (vec!["42"], "42", [true, false]),
        (vec!["48"], "48", [false, true]),
        (vec!["42", "48"], "42 48", [true, true]),
    ] {
        *setup.dvza.listed.lock().unwrap() = listed.clone();
        let (found, guard, next) = refresh(&setup, &token).await.unwrap();
        assert_eq!((found.as_str(), guard), (scope, admitted), "{listed:?}");
        // a token that was narrower stays so when the list is wider again
        *setup.dvza.listed.lock().unwrap() = vec!["42", "48"];
        token = next;
    }
    // nothing of it is left: no token, and the consent and its token stay
    *setup.dvza.listed.lock().unwrap() = vec!["53"];
    assert_eq!(refresh(&setup, &token).await, Err((400, "invalid_scope".to_owned())));
    *setup.dvza.listed.lock().unwrap() = vec!["42", "48"];
    assert_eq!(refresh(&setup, &token).await.unwrap().1, [true, true]);
}

#[tokio::test]
async fn rfc0054_what_is_not_available_the_token_lacks_as_long_as_it_lives() {
    let setup = setup_2_2();
    let mut token = langdurig(&setup).await.refresh_token.expose().to_owned();
    let available = |ids: &[&str]| Some(ToetsOutcome::Available(ids.iter().map(|each| id(each)).collect()));
    for (outcome, scope, admitted) in [
        (available(&["42"]), "42", [true, false]),
        (available(&["42", "48", "61"]), "42 48", [true, true]),
        (Some(ToetsOutcome::Later), "42 48", [true, true]),
        (available(&["48"]), "48", [false, true]),
        (available(&["42", "48"]), "42 48", [true, true]),
    ] {
        *setup.dvza.outcome.lock().unwrap() = outcome.clone();
        let (found, guard, next) = refresh(&setup, &token).await.unwrap();
        assert_eq!((found.as_str(), guard), (scope, admitted), "{outcome:?}");
        token = next;
    }
}

#[tokio::test]
async fn core_tknint_207_what_cannot_be_established_narrows_nothing_and_costs_nothing() {
    let setup = setup_2_2();
    let token = langdurig(&setup).await.refresh_token.expose().to_owned();
    let put_off = Err((503, "temporarily_unavailable".to_owned()));
    *setup.dvza.outcome.lock().unwrap() = Some(ToetsOutcome::NotEstablished);
    assert_eq!(refresh(&setup, &token).await, put_off);
    *setup.dvza.outcome.lock().unwrap() = None;
    *setup.dvza.broken.lock().unwrap() = true;
    assert_eq!(refresh(&setup, &token).await, put_off);
    assert!(ask(&setup, &token).await.headers().contains_key("retry-after"));
    *setup.dvza.broken.lock().unwrap() = false;
    assert_eq!(refresh(&setup, &token).await.unwrap().1, [true, true]);
}

#[tokio::test]
async fn core_ocl_300_a_client_off_the_list_is_an_invalid_client_and_keeps_its_consents() {
    let setup = setup_2_2();
    let token = langdurig(&setup).await.refresh_token.expose().to_owned();
    setup
        .dvza
        .clients
        .lock()
        .unwrap()
        .retain(|client| *client != "pgo.example.nl");
    for _ in 0..2 {
        assert_eq!(refresh(&setup, &token).await, Err((401, "invalid_client".to_owned())));
    }
    setup.dvza.clients.lock().unwrap().push("pgo.example.nl");
    assert_eq!(refresh(&setup, &token).await.unwrap().1, [true, true]);
}

/// A consent under representation, of a child born on this day.
async fn of_a_child(setup: &Setup, born: &'static str) -> (Option<String>, Response<Bytes>) {
    *setup.dvza.login.lock().unwrap() = Login::Succeeded(Some(Vertegenwoordiging::ParentalAuthority));
    *setup.dvza.born.lock().unwrap() = Some(born);
    let asked: FlowRequest = flow_request(Release::V2_2, &["42", "48"])
        .on_behalf_of(
            Vertegenwoordiging::ParentalAuthority,
            medmij_oauth::wire::Geboortedatum::parse(born).unwrap(),
        )
        .unwrap();
    let code = code_for(setup, &dvp(), asked, "answer=yes&langdurig=yes").await;
    let response = setup.server.token(&dvp().token_request(code).unwrap().0, &peer()).await;
    assert_eq!(response.status(), 200);
    let token = json(&response)["refresh_token"].as_str().map(str::to_owned);
    (token, response)
}

/// Noon of 1 June 2026.
fn june() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_308_000),
    ))
}

#[tokio::test]
async fn ext_vert_authint_204_parental_authority_ends_at_twelve() {
    let clock = june();
    let setup = setup(|config| config.clock = clock.clone());
    *setup.dvza.represented.lock().unwrap() = Some(Represented::Yes);
    let (token, _) = of_a_child(&setup, "20150101").await;
    let mut token = token.unwrap();
    let day = Duration::from_secs(86_400);
    // eleven until the last day of 2026
    for (days, granted) in [
        (30, true),
        (150, true),
        (32, true),
        (2, false),
        (120, false),
        (170, false),
    ] {
        clock.advance(days * day);
        setup.dvza.store.danger_shift_clock(days * day).await.unwrap();
        match refresh(&setup, &token).await {
            Ok((_, admitted, next)) => {
                assert!(granted && admitted == [true, true], "after {days} days more");
                token = next;
            }
            Err(refused) => {
                assert!(!granted, "{refused:?} after {days} days more");
                assert!(matches!(refused.0, 400), "{refused:?}");
            }
        }
    }
}

#[tokio::test]
async fn ext_vert_autorisatie_201_representation_is_judged_at_each_refresh() {
    let clock = june();
    let setup = setup(|config| config.clock = clock.clone());
    *setup.dvza.represented.lock().unwrap() = Some(Represented::Yes);
    let (token, _) = of_a_child(&setup, "20200101").await;
    let mut token = token.unwrap();
    for (represented, born, refused) in [
        (Some(Represented::Yes), Some("20200101"), None),
        (Some(Represented::No), Some("20200101"), Some(400)),
        (Some(Represented::Unknown), Some("20200101"), Some(503)),
        (None, Some("20200101"), Some(503)),
        // no date: the age of the child cannot be established
        (Some(Represented::Yes), None, Some(503)),
        (Some(Represented::Yes), Some("20200101"), None),
    ] {
        *setup.dvza.represented.lock().unwrap() = represented;
        *setup.dvza.born.lock().unwrap() = born;
        match refresh(&setup, &token).await {
            Ok((_, _, next)) => {
                assert_eq!(refused, None, "{represented:?} {born:?}");
                token = next;
            }
            Err((status, error)) => assert_eq!(Some(status), refused, "{represented:?} {born:?}: {error}"),
        }
    }
}

#[tokio::test]
async fn ext_vert_autorisatie_201_by_default_representation_gives_no_refresh_token() {
    let clock = june();
    for represented in [None, Some(Represented::Unknown), Some(Represented::No)] {
        let setup = setup(|config| config.clock = clock.clone());
        *setup.dvza.represented.lock().unwrap() = represented;
        let (token, _) = of_a_child(&setup, "20200101").await;
        assert_eq!(token, None, "{represented:?}");
    }
}

#[tokio::test]
async fn core_tknint_208_any_older_refresh_token_ends_the_grant_whatever_is_available() {
    for rounds in [2, 20] {
        let setup = setup_2_2();
        let first = langdurig(&setup).await.refresh_token.expose().to_owned();
        let mut last = first.clone();
        for _ in 0..rounds {
            last = refresh(&setup, &last).await.unwrap().2;
        }
        // a guess at another generation is none of ours, and ends nothing
        let forged = first.replacen(".1.", ".2.", 1);
        assert_ne!(forged, first);
        assert_eq!(refresh(&setup, &forged).await, Err((400, "invalid_grant".to_owned())));
        last = refresh(&setup, &last).await.unwrap().2;
        *setup.dvza.outcome.lock().unwrap() = Some(ToetsOutcome::NotEstablished);
        assert_eq!(refresh(&setup, &first).await, Err((400, "invalid_grant".to_owned())));
        *setup.dvza.outcome.lock().unwrap() = None;
        assert_eq!(refresh(&setup, &last).await, Err((400, "invalid_grant".to_owned())));
        let raised = setup.log.events().into_iter().map(|event| event.event_type);
        assert!(raised.into_iter().any(|kind| kind.as_str() == "refresh_token_reused"));
    }
}

#[tokio::test]
async fn o13_the_refresh_tokens_of_one_grant_are_exchanged_so_often_and_no_more() {
    let rate = RefreshRate::new(5, Duration::from_secs(900));
    let setup = setup(|config| config.refresh_rate = rate);
    let (mut token, other) = (
        langdurig(&setup).await.refresh_token.expose().to_owned(),
        langdurig(&setup).await,
    );
    for _ in 0..5 {
        token = refresh(&setup, &token).await.unwrap().2;
    }
    let response = ask(&setup, &token).await;
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    assert!(
        refresh(&setup, other.refresh_token.expose()).await.is_ok(),
        "another grant has its own"
    );
    let later = Duration::from_secs(900);
    setup.dvza.store.danger_shift_clock(later).await.unwrap();
    assert!(refresh(&setup, &token).await.is_ok(), "the token was not lost");
}

/// A replica that has other keys, or is older than what was written, says that it cannot, and spends nothing.
#[tokio::test]
async fn a_grant_that_cannot_be_opened_here_is_503_and_neither_code_nor_refresh_token_is_lost() {
    let setup = setup_2_2();
    let token = langdurig(&setup).await.refresh_token.expose().to_owned();
    let mut config = setup.server.config().clone();
    config.keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
    let other = Setup {
        server: Server::danger_example(Arc::clone(&setup.dvza), config),
        dvza: Arc::clone(&setup.dvza),
        log: Arc::clone(&setup.log),
    };
    let code = code_for(&setup, &dvp(), flow_request(Release::V2_2, &["42"]), "answer=yes").await;
    let request = dvp().token_request(code).unwrap().0;
    for _ in 0..2 {
        assert_eq!(other.server.token(&request, &peer()).await.status(), 503);
        assert_eq!(
            refresh(&other, &token).await,
            Err((503, "temporarily_unavailable".to_owned()))
        );
    }
    assert_eq!(setup.server.token(&request, &peer()).await.status(), 200);
    assert!(refresh(&setup, &token).await.is_ok());
}

/// Wherever an unused code is in a request that gives no token, it is burnt; a method that only looks burns nothing.
#[tokio::test]
async fn core_tknint_204_a_request_that_cannot_be_read_burns_the_code_that_it_names() {
    let setup = setup_2_2();
    for (method, uri, content_type, form, burnt) in [
        ("POST", "?code={code}", FORM, "grant_type=authorization_code", true),
        ("POST", "", "application/json", "{\"code\":\"{code}\"}", true),
        ("POST", "", FORM, "code={code}&x=%zz&redirect_uri=%ff", true),
        ("POST", "", FORM, "code={code}&code={code}", true),
        ("POST", "", "text/plain", "code={code}", true),
        ("PUT", "", FORM, "code={code}", true),
        ("GET", "?code={code}", FORM, "", false),
        ("HEAD", "?code={code}", FORM, "", false),
        ("POST", "", FORM, "kode={code}", false),
    ] {
        let code = code_for(&setup, &dvp(), flow_request(Release::V2_2, &["42"]), "answer=yes").await;
        let good = dvp().token_request(code).unwrap().0;
        let body = String::from_utf8(good.body().to_vec()).unwrap();
        let code = body.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
        let request = Request::builder()
            .method(method)
            .uri(format!(
                "https://dvza.example.nl/oauth/token{}",
                uri.replace("{code}", code)
            ))
            .header("content-type", content_type)
            .body(Bytes::from(form.replace("{code}", code)))
            .unwrap();
        assert!(setup.server.token(&request, &peer()).await.status().is_client_error());
        let status = setup.server.token(&good, &peer()).await.status();
        assert_eq!(
            status,
            if burnt { 400 } else { 200 },
            "{method} {uri} {content_type} {form}"
        );
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn core_tknint_203_204_only_the_client_of_the_grant_ends_it_by_a_replay() {
    let setup = setup_2_2();
    let code = code_for(
        &setup,
        &dvp(),
        flow_request(Release::V2_2, &["42", "48"]),
        "answer=yes&langdurig=yes",
    )
    .await;
    let (request, exchange) = dvp().token_request(code).unwrap();
    let tokens = dvp()
        .tokens(exchange, &setup.server.token(&request, &peer()).await)
        .unwrap();
    let headers = tokens.resource_headers(&OsEntropy).unwrap();
    let lives = async || setup.server.danger_token_of(&headers, None, &peer()).await.is_ok();
    let raised = |name: &str| {
        let events = setup.log.events();
        events.iter().filter(|event| event.event_type.as_str() == name).count()
    };
    let other = PeerNames::new(None, ["ander.example.nl"]);
    let unknown = PeerNames::new(None, ["onbekend.example.nl"]);
    let body = |change: (&str, &str)| {
        let text = String::from_utf8(request.body().to_vec())
            .unwrap()
            .replace(change.0, change.1);
        request.clone().map(|_| Bytes::from(text))
    };
    for (request, peer, status) in [
        // another client with its own certificate
        (body(("client_id=pgo.", "client_id=ander.")), &other, 400),
        // the client of the grant with the certificate of another, with none, with one that nobody knows
        (request.clone(), &other, 401),
        (request.clone(), &PeerNames::new(None, []), 401),
        (request.clone(), &unknown, 400),
        // a request that cannot be read
        (
            body(("grant_type=authorization_code", "grant_type=password")),
            &other,
            400,
        ),
        (body(("client_id=pgo.example.nl", "client_id=PGO")), &peer(), 401),
    ] {
        let before = raised("code_of_another");
        let response = setup.server.token(&request, peer).await;
        assert_eq!(response.status().as_u16(), status, "{request:?}");
        assert_eq!(raised("code_of_another"), before + 1, "{request:?}");
        assert!(lives().await, "ended by {request:?}");
    }
    // half a year later, the code is long gone and the grant is not
    let token = tokens.renewal.unwrap().refresh_token.expose().to_owned();
    let later = Duration::from_secs(100 * 86_400);
    setup.dvza.store.danger_shift_clock(later).await.unwrap();
    let next = refresh(&setup, &token).await.unwrap().2;
    let replay = setup.server.token(&request, &peer()).await;
    assert_eq!(json(&replay)["error"], "invalid_grant");
    assert_eq!(raised("code_replayed"), 1);
    assert_eq!(refresh(&setup, &next).await, Err((400, "invalid_grant".to_owned())));
}
