// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.201 — the answer to a token request is judged before anything of it is taken.
#![allow(clippy::unwrap_used)] // also in the helpers

use bytes::Bytes;
use http::Response;
use medmij_dvp::{Callback, Dvp, Exchange, FlowRequest, group_by_endpoints};
use medmij_oauth::{ClientId, RedirectUri};
use medmij_types::{Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Release};

fn sent() -> (Dvp, Exchange) {
    let dvp = Dvp::new(ClientId::parse("pgo.example.nl").unwrap());
    let group = group_by_endpoints([(
        GegevensdienstId::parse("48").unwrap(),
        FrontchannelUri::parse("https://dvza.example.nl/authorize").unwrap(),
        BackchannelUri::parse("https://dvza.example.nl/token").unwrap(),
    )])
    .remove(0);
    let name = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
    let redirect = RedirectUri::parse("https://pgo.example.nl/cb").unwrap();
    let flow_request = FlowRequest::verzamelen(Release::V2_2, name, &group, redirect).unwrap();
    let flow = dvp
        .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), flow_request, "s")
        .unwrap()
        .flow;
    let query = format!("code=c&state={}", flow.state().expose());
    let callback = Callback::new("s", "/cb", &query);
    let received = flow.finish(&callback, std::time::SystemTime::now()).unwrap();
    let (_, exchange) = dvp.token_request(received).unwrap();
    (dvp, exchange)
}

fn json(status: u16, body: &str) -> Response<Bytes> {
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    response.body(Bytes::from(body.to_owned())).unwrap()
}

#[test]
fn c4_an_answer_that_is_none_gives_no_tokens() {
    for body in [
        r#"{"access_token":"a","access_token":"b","token_type":"bearer"}"#,
        r#"{"access_token":"a","token_type":"mac"}"#,
        r#"{"access_token":"a","token_type":"bearer","expires_in":0}"#,
        "[]",
    ] {
        let (dvp, exchange) = sent();
        assert!(dvp.tokens(exchange, &json(200, body)).is_err(), "{body}");
    }
    // what is understood with a remark is taken
    for body in [
        r#"{"access_token":"a","token_type":"bearer","expires_in":900.0,"refresh_token":"","scope":""}"#,
        "\u{feff}{\"access_token\":\"a\",\"token_type\":\"bearer\",\"expires_in\":\"900\"}",
    ] {
        let (dvp, exchange) = sent();
        let found = dvp.tokens(exchange, &json(200, body));
        assert!(found.is_ok_and(|tokens| tokens.renewal.is_none()), "{body}");
    }
    // a rotated token comes back with the refusal
    let (dvp, exchange) = sent();
    let answer = json(200, r#"{"access_token":"a","token_type":"mac","refresh_token":"r2"}"#);
    assert_eq!(exchange.rotated(&answer).unwrap().refresh_token.expose(), "r2");
    assert!(dvp.tokens(exchange, &answer).is_err());
}

#[test]
fn c5_the_message_of_a_refusal_holds_the_code_only() {
    let (dvp, exchange) = sent();
    let refused = json(400, r#"{"error":"invalid_grant","error_description":"secret token"}"#);
    let refused = dvp.tokens(exchange, &refused).unwrap_err();
    assert_eq!(refused.to_string(), "token request was refused: invalid_grant");
}
