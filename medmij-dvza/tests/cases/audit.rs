// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.204, NEN 7513 — accesses through the guard, and what the Persoon sees of it all.

use http::{HeaderMap, HeaderValue};
use medmij_dvp::Tokens;
use medmij_dvza::{
    Arrived, GuardError, Next, Page, Screen, Submitted, Visitor,
    router::{ExampleScreens, RenderContext, Screens as _},
    store::{Actor, AuditKind, AuditObject, AuditOutcome, AuditQuery, DangerShiftClock as _, Store as _},
};
use medmij_oauth::form::Form;
use medmij_types::Release;

use crate::cases::{
    dvza::{Setup, setup, setup_2_2},
    whole_flow::{dvp, flow_request, id, name, peer, tokens_for},
};

async fn token(setup: &Setup) -> HeaderMap {
    *setup.dvza.outcome.lock().unwrap() = Some(medmij_dvza::ToetsOutcome::Available(vec![id("48")]));
    let tokens: Tokens = tokens_for(
        setup,
        &dvp(),
        flow_request(Release::V2_2, &["48"]),
        "answer=yes&langdurig=yes",
    )
    .await;
    let bearer = format!("Bearer {}", tokens.access_token.expose());
    HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_str(&bearer).unwrap())])
}

async fn ask(setup: &Setup, headers: &HeaderMap, gegevensdienst: &str) -> Result<(), GuardError> {
    let to = (&name(), &id(gegevensdienst));
    setup.server.guard(headers, None, &peer(), to).await.map(drop)
}

#[tokio::test]
async fn core_logging_204_every_access_is_an_entry_and_none_is_dropped() {
    let setup = setup_2_2();
    let headers = token(&setup).await;
    setup.dvza.store.take();
    for _ in 0..1_000 {
        ask(&setup, &headers, "48").await.unwrap();
    }
    assert!(ask(&setup, &headers, "42").await.is_err());
    // the guard waits for no writing
    assert!(!setup.dvza.store.take().contains(&"audit"));
    assert_eq!(setup.server.audit_waiting(), 1_001);
    assert_eq!(setup.server.flush_audit().await.unwrap(), 1_001);
    assert_eq!(setup.dvza.store.take(), ["audit", "audit", "audit"], "many at once");
    assert_eq!(setup.server.flush_audit().await.unwrap(), 0);
    setup.server.stop_audit().await.unwrap();

    let entries = setup.dvza.store.danger_audit().await.unwrap();
    let of = |kind| {
        entries
            .iter()
            .filter(move |entry| entry.kind == kind)
            .collect::<Vec<_>>()
    };
    let accessed = of(AuditKind::Accessed);
    assert_eq!(accessed.len(), 1_001);
    let (consent, first, last) = (of(AuditKind::Consented)[0], accessed[0], accessed[1_000]);
    assert_eq!(
        (first.outcome, last.outcome),
        (AuditOutcome::Done, AuditOutcome::Refused)
    );
    assert_eq!(
        (first.gegevensdiensten.as_slice(), last.gegevensdiensten.as_slice()),
        ([id("48")].as_slice(), [id("42")].as_slice())
    );
    assert_eq!(
        (first.object, &first.aanbieder),
        (AuditObject::HealthData, &Some(name()))
    );
    assert_eq!((&first.persoon, &first.grant), (&consent.persoon, &consent.grant));
    assert_eq!(first.by.actor, Actor::Client(peer().iter().next().cloned()));
    assert_eq!(first.by.source.as_ref(), Some(&setup.server.config().hostname));
    assert_eq!(
        (&consent.by.actor, consent.by.trace_id.is_some()),
        (&Actor::Persoon, true)
    );
    assert_eq!((of(AuditKind::Started).len(), of(AuditKind::Stopped).len()), (1, 1));
    let records = setup.dvza.store.audit_entries(&AuditQuery::default(), 5).await.unwrap();
    assert!(records.iter().all(|record| record.is_of_persoon() != Some(false)));
}

#[tokio::test]
async fn nothing_is_served_where_its_entry_cannot_wait() {
    let setup = setup(|config| config.audit_waiting = 3);
    let headers = token(&setup).await;
    for _ in 0..3 {
        ask(&setup, &headers, "48").await.unwrap();
    }
    for _ in 0..2 {
        let refused = ask(&setup, &headers, "48").await.unwrap_err();
        assert_eq!(refused.status(), 503);
    }
    let alarms = setup.log.types();
    let late = alarms.iter().filter(|kind| kind.as_str() == "audit_late");
    assert_eq!(late.count(), 1);
    setup.server.flush_audit().await.unwrap();
    ask(&setup, &headers, "48").await.unwrap();
    setup.server.stop_audit().await.unwrap();
}

async fn submit(setup: &Setup, visitor: &Visitor, answer: &str) -> Visitor {
    let csrf = setup.server.page(visitor).await.csrf.unwrap();
    let form = Form::parse(format!("csrf={csrf}&{answer}").as_bytes()).unwrap();
    let submitted = Submitted::new(&form, "https://dvza.example.nl/oauth/login");
    match setup.server.submit(visitor, &submitted).await {
        Next::Flow(on) | Next::Login { visitor: on, .. } => on,
        other => panic!("{other:?}"),
    }
}

fn html(page: &Page) -> String {
    let context = RenderContext::new("/flow", "/stijl.css", &|address| address.to_owned());
    ExampleScreens.render(page, &context)
}

#[tokio::test]
async fn nen_7513_a_persoon_sees_who_did_what_and_looking_is_an_entry() {
    let setup = setup_2_2();
    let headers = token(&setup).await;
    ask(&setup, &headers, "48").await.unwrap();
    let query = "response_type=code&client_id=pgo.example.nl&redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb\
                 &scope=eenofanderezorgaanbieder&state=s";
    let Arrived::Flow(visitor) = setup.server.beheren(query, &HeaderMap::new()).await else {
        panic!("no flow")
    };
    let visitor = submit(&setup, &visitor, "answer=login").await;
    let login = format!("RelayState={}", visitor.flow);
    let Next::Flow(visitor) = setup.server.login(&visitor, login.as_str()).await else {
        panic!("no login")
    };
    assert!(html(&setup.server.page(&visitor).await).contains("Bekijken wie je gegevens zag"));
    let visitor = submit(&setup, &visitor, "answer=log").await;
    let page = setup.server.page(&visitor).await;
    let Screen::AccessLog(screen) = &page.screen else {
        panic!("{:?}", page.screen)
    };
    let kinds: Vec<_> = screen.rows.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [AuditKind::Read, AuditKind::Accessed, AuditKind::Consented]);
    let shown = html(&page);
    for sentence in [
        "haalde gegevens op bij",
        "Je gaf toestemming.",
        "Je bekeek deze lijst.",
        "Wie zag je gegevens?",
    ] {
        assert!(shown.contains(sentence), "{sentence}: {shown}");
    }
    assert!(!shown.contains(crate::cases::dvza::BSN));
    // and back to the consents, and to the DVP
    let visitor = submit(&setup, &visitor, "answer=overview").await;
    assert!(matches!(setup.server.page(&visitor).await.screen, Screen::Overview(_)));
    let read = setup.dvza.store.danger_audit().await.unwrap();
    assert_eq!(
        read.iter().filter(|entry| entry.kind == AuditKind::Read).count(),
        2,
        "one a look"
    );
}
