// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an audit by tables and by the model found, so that it stays mended.

use http::{HeaderMap, HeaderValue, Request};
use medmij_dvp::PendingFlows;
use medmij_dvza::{Arrived, Next, Submitted};
use medmij_oauth::{
    form::Form,
    policy::{IdStrictness, Stelsel},
};
use medmij_types::{OsEntropy, Release};

use crate::cases::{
    dvza::{setup, setup_2_2},
    whole_flow::{SESSION, dvp, flow_request, id, json, peer, query, token_request, tokens_for},
};

#[tokio::test]
async fn core_tknint_204_a_code_without_request_ids_is_retired_too() {
    let setup = setup(|config| {
        config.release = Release::V2_2;
        config.ids = IdStrictness::Strict;
    });
    let good = token_request(&setup).await;
    let mut bare = Request::new(good.body().clone());
    *bare.method_mut() = good.method().clone();
    bare.headers_mut()
        .insert("content-type", good.headers()["content-type"].clone());
    for request in [bare, good] {
        let response = setup.server.token(&request, &peer()).await;
        assert_eq!(response.status(), 400);
    }
}

#[tokio::test]
async fn core_rscint_200_h09_a_token_in_a_query_that_is_no_form() {
    let setup = setup_2_2();
    let tokens = tokens_for(&setup, &dvp(), flow_request(Release::V2_2, &["48"]), "answer=yes").await;
    let headers = tokens.resource_headers(&OsEntropy).unwrap();
    let long = format!("x={}&access_token=t", "a".repeat(Form::MAX_LEN));
    for query in ["x=%zz&access_token=t", "x=%ff&access%5Ftoken=t", &long] {
        let refused = setup
            .server
            .guard(
                &headers,
                Some(query),
                &peer(),
                (&crate::cases::whole_flow::name(), &id("48")),
            )
            .await;
        assert_eq!(refused.unwrap_err().status(), 400);
    }
    // a query of FHIR that is no form is for the FHIR server to judge
    assert!(
        setup
            .server
            .guard(
                &headers,
                Some("x=%zz"),
                &peer(),
                (&crate::cases::whole_flow::name(), &id("48"))
            )
            .await
            .is_ok()
    );
}

/// In 2.2 the scope of Verzamelen names no gegevensdienst. The Aanbieder offers 42, 48 and 61; the OCL knows the client for
/// 42, 48 and 53.
#[tokio::test]
async fn core_ocl_300_no_gegevensdienst_that_the_client_is_not_listed_for() {
    let setup = setup_2_2();
    let request = token_request(&setup).await;
    let response = setup.server.token(&request, &peer()).await;
    let json = json(&response);
    assert_eq!(json["scope"], "42 48");
    let bearer = format!("Bearer {}", json["access_token"].as_str().unwrap());
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_str(&bearer).unwrap())]);
    let refused = setup
        .server
        .guard(&headers, None, &peer(), (&crate::cases::whole_flow::name(), &id("61")))
        .await;
    assert_eq!(refused.unwrap_err().status(), 403);
}

#[tokio::test]
async fn core_ocl_300_a_refresh_follows_the_list_of_now() {
    let setup = setup_2_2();
    let flow_request = flow_request(Release::V2_2, &["42", "48"]);
    let tokens = tokens_for(&setup, &dvp(), flow_request, "answer=yes&langdurig=yes").await;
    *setup.dvza.listed.lock().unwrap() = vec!["48"];
    let (request, exchange) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            tokens.renewal.unwrap(),
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    let response = setup.server.token(&request, &peer()).await;
    let tokens = dvp().tokens(exchange, &response).unwrap();
    assert_eq!(tokens.granted.gegevensdiensten, [id("48")]);
}

#[tokio::test]
async fn core_ocl_300_b17_a_client_that_is_listed_for_nothing_of_the_aanbieder() {
    let setup = setup_2_2();
    *setup.dvza.listed.lock().unwrap() = vec!["53"];
    let query = "response_type=code&client_id=pgo.example.nl&redirect_uri=https://pgo.example.nl/cb\
                 &scope=eenofanderezorgaanbieder&state=x";
    let Arrived::Redirect(url) = setup.server.authorize(query, &HeaderMap::new()).await else {
        panic!("uitzondering 1b");
    };
    assert_eq!(url, "https://pgo.example.nl/cb?error=unauthorized_client&state=x");
}

#[tokio::test]
async fn o9_j06_debug_shows_no_state_code_or_form_token() {
    let setup = setup_2_2();
    let flows = PendingFlows::default();
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["48"]),
            SESSION,
        )
        .unwrap();
    let state = started.flow.state().expose().to_owned();
    let mut shown = format!("{started:?}");
    let arrived = setup
        .server
        .authorize(query(&started.location), &HeaderMap::new())
        .await;
    shown += &format!("{arrived:?}");
    let Arrived::Flow(visitor) = arrived else {
        panic!("a flow");
    };
    let page = setup.server.page(&visitor).await;
    let csrf = page.csrf.clone().unwrap();
    shown += &format!("{page:?}");
    flows.insert(started.flow);

    let refused = query(&started.location).replace("response_type=code", "response_type=token");
    let refused = setup.server.authorize(&refused, &HeaderMap::new()).await;
    assert!(matches!(&refused, Arrived::Redirect(url) if url.contains(&state)));
    shown += &format!("{refused:?}");
    let form = Form::parse(format!("csrf={csrf}&answer=cancel").as_bytes()).unwrap();
    let next = setup
        .server
        .submit(&visitor, &Submitted::new(&form, "https://dvza.example.nl/login"))
        .await;
    let Next::Flow(visitor) = next else {
        panic!("the page Annuleren");
    };
    let csrf = setup.server.page(&visitor).await.csrf.unwrap();
    let form = Form::parse(format!("csrf={csrf}&answer=back").as_bytes()).unwrap();
    let next = setup.server.submit(&visitor, &Submitted::new(&form, "")).await;
    assert!(matches!(&next, Next::Away(url) if url.contains(&state)));
    shown += &format!("{next:?} {flows:?}");
    assert!(shown.contains("https://pgo.example.nl/cb"));
    assert!(!shown.contains(&state) && !shown.contains(&csrf), "{shown}");
}

#[tokio::test]
async fn core_authint_200_a_query_in_the_redirect_is_policy() {
    let query = "response_type=code&client_id=pgo.example.nl&redirect_uri=https://pgo.example.nl/cb?x=1\
                 &scope=eenofanderezorgaanbieder&state=x";
    for taken in [true, false] {
        let mut stelsel = Stelsel::default();
        stelsel.redirect_query = taken;
        let setup = setup(|config| *config = config.clone().with_policy(&stelsel));
        let arrived = setup.server.authorize(query, &HeaderMap::new()).await;
        match arrived {
            Arrived::Flow(_) => assert!(taken),
            Arrived::Page(page) => assert!(!taken && page.status == 400),
            other => panic!("{other:?}"),
        }
    }
}
