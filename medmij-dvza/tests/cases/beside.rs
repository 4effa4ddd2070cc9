// SPDX-License-Identifier: AGPL-3.0-or-later
//! What others put beside ours costs only them: cookies of other applications, parameters that nobody knows, and methods that
//! only look.

use axum::body::Body;
use http::{HeaderValue, Request, header};
use medmij_types::Release;

use crate::cases::{
    dvza::setup_2_2,
    whole_flow::{SESSION, browser, dvp, flow_request, land, path},
};

fn start() -> String {
    dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap()
        .location
}

#[tokio::test]
async fn o8_a_cookie_of_another_application_that_is_no_ascii_costs_only_itself() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let (flow, _) = land(&mut browser, &start()).await;
    let (name, value) = browser.cookies.iter().next().unwrap();
    let own = format!("{name}={value}");
    for beside in [
        "naam=José; ".as_bytes(),
        b"naam=Jos\xe9; ",
        b"=; ; naam; \xff\xfe; a=\"b; c\"; ",
    ] {
        let line = [beside, own.as_bytes(), b"; x=\xe9"].concat();
        let mut request = Request::get(&flow).body(Body::empty()).unwrap();
        let headers = request.headers_mut();
        headers.append(header::COOKIE, HeaderValue::from_bytes(b"eerst=\xe9").unwrap());
        headers.append(header::COOKIE, HeaderValue::from_bytes(&line).unwrap());
        let mut bare = crate::cases::browser::Browser::new(browser.app.clone());
        assert_eq!(bare.send(request).await.status, 200, "{beside:?}");
    }
}

#[tokio::test]
async fn core_authint_200_a_foreign_parameter_that_is_encoded_wrongly_is_ignored() {
    let setup = setup_2_2();
    for beside in ["gclid=%zz", "%ff=1", "naam=Jos%E9", "x=%", "x=%zz&x=%zz"] {
        let at = format!("{}&{beside}", path(&start()));
        let arrived = browser(&setup).get(&at).await;
        assert!(arrived.location().starts_with("/oauth/flow/"), "{beside}");
    }
    // what is ours and encoded wrongly is refused, and says which exception it is
    for (ours, error) in [
        ("state=%zz", "error=invalid_request"),
        ("scope=%ff", "error=invalid_scope"),
        ("response_type=%ff", "error=unsupported_response_type"),
    ] {
        let name = ours.split('=').next().unwrap();
        let query: Vec<_> = path(&start())
            .split('&')
            .map(|pair| pair.split_once('?').map_or(pair, |(_, pair)| pair).to_owned())
            .filter(|pair| !pair.starts_with(&format!("{name}=")))
            .collect();
        let at = format!("/oauth/authorize?{}&{ours}", query.join("&"));
        let arrived = browser(&setup).get(&at).await;
        let location = arrived.location();
        assert!(
            location.starts_with("https://pgo.example.nl/cb?") && location.contains(error),
            "{location}"
        );
    }
}

#[tokio::test]
async fn rfc9110_9_2_1_a_method_that_only_looks_uses_nothing_up() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let location = start();
    let (flow, landing) = land(&mut browser, &location).await;
    let away = browser.answer(&flow, &landing, "answer=login").await;
    let relay = away.location().split_once("RelayState=").unwrap().1.to_owned();
    let back = format!("/oauth/login?RelayState={relay}");
    let seen = setup.log.types().len();
    for method in ["HEAD", "OPTIONS", "TRACE", "PUT"] {
        for at in [&back, &flow, path(&location)] {
            let request = Request::builder().method(method).uri(at).body(Body::empty()).unwrap();
            let looked = browser.send(request).await;
            assert!(looked.body.is_empty(), "{method} {at}");
            assert!(!looked.headers.contains_key(header::SET_COOKIE) && looked.location().is_empty());
        }
    }
    assert_eq!(setup.log.types().len(), seen, "nothing happened");
    assert_eq!(browser.get(&back).await.location(), flow);
    assert!(browser.get(&flow).await.body.contains("Toestemming geven"));
}
