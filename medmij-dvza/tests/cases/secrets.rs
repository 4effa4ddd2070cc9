// SPDX-License-Identifier: AGPL-3.0-or-later
//! O3, O9, J06 — every secret of a full run is searched for in all logs, events, debug texts and the store: none is found.

use std::{
    io,
    sync::{Arc, Mutex},
};

use medmij_dvp::{Callback, PendingFlows};
use medmij_dvza::store::DangerShiftClock as _;
use medmij_log::MemoryObserver;
use medmij_types::Release;

use crate::cases::{
    dvza::{BSN, setup_2_2},
    whole_flow::{SESSION, browser, dvp, flow_request, log_in, path, peer, query},
};

/// What was logged.
#[derive(Clone, Default)]
pub(crate) struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn o3_o9_j06_no_secret_of_a_full_run_is_found_anywhere() {
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let setup = setup_2_2();
    let client_log = Arc::new(MemoryObserver::new());
    let dvp = dvp().with_observer(Arc::clone(&client_log) as _);
    let flows = PendingFlows::default();
    let mut secrets = vec![BSN.to_owned(), SESSION.to_owned()];
    let mut shown = String::new();

    let started = dvp
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42", "48"]),
            SESSION,
        )
        .unwrap();
    secrets.push(started.flow.state().expose().to_owned());
    shown += &format!("{:?}", started.flow);
    flows.insert(started.flow);
    let mut browser = browser(&setup);
    let (flow, page) = log_in(&mut browser, &started.location).await;
    secrets.push(page.csrf().to_owned());
    secrets.extend(browser.cookies.values().cloned());
    let back = browser.answer(&flow, &page, "answer=yes&langdurig=yes").await;
    let callback = Callback::new(SESSION, "/cb", query(back.location()));
    shown += &format!("{callback:?}");
    let received = dvp.finish(&flows, &callback).unwrap();
    shown += &format!("{received:?}");
    let (request, exchange) = dvp.token_request(received).unwrap();
    let form = medmij_oauth::form::Form::parse(request.body()).unwrap();
    secrets.push(form.one("code").unwrap().unwrap().to_owned());
    shown += &format!("{form:?}");
    let response = setup.server.token(&request, &peer()).await;
    let tokens = dvp.tokens(exchange, &response).unwrap();
    shown += &format!("{tokens:?}");
    secrets.push(tokens.access_token.expose().to_owned());
    let headers = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
    let granted_access = setup.server.danger_token_of(&headers, None, &peer()).await.unwrap();
    shown += &format!("{granted_access:?} {headers:?}");
    let renewal = tokens.renewal.clone().unwrap();
    secrets.push(renewal.refresh_token.expose().to_owned());
    let (request, exchange) = dvp
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            renewal,
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    let next = dvp
        .tokens(exchange, &setup.server.token(&request, &peer()).await)
        .unwrap();
    secrets.push(next.access_token.expose().to_owned());
    // and what goes wrong: a replay, a refusal, an unknown token
    shown += &format!("{:?}", setup.server.token(&request, &peer()).await.headers());
    let wrong =
        medmij_oauth::wire::TokenRequest::parse(&request.clone().map(|_| bytes::Bytes::from_static(b"code=geheim-x")));
    secrets.push("geheim-x".to_owned());
    shown += &format!("{wrong:?}");
    // a supplier whose errors hold a BSN, wherever it is asked
    *setup.dvza.broken.lock().unwrap() = true;
    let broken = browser.get(path(&started.location)).await;
    assert!(broken.status.is_server_error() && !broken.body.contains(BSN));
    let token = setup.server.token(&request, &peer()).await;
    assert!(token.status().is_server_error());
    let refused = setup.server.danger_token_of(&headers, None, &peer()).await.unwrap_err();
    shown += &format!("{:?} {:?}", token.body(), refused.to_http());
    shown += &format!("{:?} {:?}", setup.log.events(), client_log.events());
    shown += &format!(
        "{:?} {:?}",
        setup.dvza.store,
        setup.dvza.store.danger_audit().await.unwrap()
    );
    shown += &format!("{:?} {flows:?}", setup.server);
    shown += &sink.text();

    assert!(shown.len() > 2_000 && secrets.len() >= 10);
    for secret in secrets {
        assert!(
            !shown.contains(&secret),
            "a secret of {} characters is shown",
            secret.len()
        );
        // the store shows its rows as numbers
        let numbers: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
        assert!(
            !shown.contains(&numbers.join(", ")),
            "a secret rests unsealed in the store"
        );
    }
}
