// SPDX-License-Identifier: AGPL-3.0-or-later
//! C. Authentication, test and consent; O7, O8, O10 of the threat model.

use std::time::Duration;

use medmij_dvza::{
    ToetsOutcome,
    store::{AuditKind, DangerShiftClock as _},
};
use medmij_log::EventType;
use medmij_oauth::Vertegenwoordiging;
use medmij_types::{CalendarDate, Release};

use crate::cases::{
    dvza::{Login, Setup, setup, setup_2_2},
    whole_flow::{SESSION, browser, dvp, flow_request, id, land, log_in},
};

fn start(release: Release) -> String {
    dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(release, &["42"]),
            SESSION,
        )
        .unwrap()
        .location
}

/// Where the button of the last page leads.
async fn leave(setup: &Setup, release: Release) -> String {
    let mut browser = browser(setup);
    let (flow, page) = log_in(&mut browser, &start(release)).await;
    browser.answer(&flow, &page, "answer=back").await.location().to_owned()
}

#[tokio::test]
async fn core_usrint_100_c01_landingspagina_before_authentication() {
    let setup = setup_2_2();
    let (_, landing) = land(&mut browser(&setup), &start(Release::V2_2)).await;
    assert_eq!(landing.status, 200);
    assert!(landing.body.contains("Huisartsenpraktijk De Linde"));
    assert!(setup.dvza.logins.lock().unwrap().is_empty());
    assert_eq!(setup.log.types().last(), Some(&EventType::ShowLandingPage));
}

#[tokio::test]
async fn core_authint_204_205_c02_consent_only_after_authentication() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let (flow, landing) = land(&mut browser, &start(Release::V2_2)).await;
    assert!(!landing.body.contains("value=\"yes\""));
    let early = browser.answer(&flow, &landing, "answer=yes").await;
    assert_eq!(early.status, 403);
    let (_, page) = log_in(&mut browser, &start(Release::V2_2)).await;
    assert!(page.body.contains("Toestemming geven"));
}

#[tokio::test]
async fn core_usrint_101_c03_annulering_and_failed_login() {
    for (login, event, text) in [
        (
            Login::Cancelled,
            EventType::ReceiveAuthorizationCancellation,
            "Je bent gestopt",
        ),
        (
            Login::Failed,
            EventType::ReceiveAuthenticationError,
            "Inloggen is niet gelukt",
        ),
    ] {
        let setup = setup_2_2();
        *setup.dvza.login.lock().unwrap() = login;
        let mut browser = browser(&setup);
        let (flow, page) = log_in(&mut browser, &start(Release::V2_2)).await;
        assert!(
            page.body.contains(text) && page.body.contains("Huisartsenpraktijk De Linde"),
            "{}",
            page.body
        );
        assert!(!page.body.contains("value=\"yes\""));
        assert!(setup.log.types().contains(&event));
        let back = browser.answer(&flow, &page, "answer=back").await;
        assert_eq!(back.status, 303);
        assert!(
            back.location()
                .starts_with("https://pgo.example.nl/cb?error=access_denied&state=")
        );
        // spent
        assert_eq!(browser.answer(&flow, &page, "answer=back").await.status, 403);
    }
}

#[tokio::test]
async fn before_the_login_the_persoon_can_stop() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let (flow, landing) = land(&mut browser, &start(Release::V2_2)).await;
    browser.answer(&flow, &landing, "answer=cancel").await;
    let page = browser.get(&flow).await;
    assert!(page.body.contains("Je bent gestopt"));
    assert!(!setup.log.types().contains(&EventType::SendAuthorizationCancellation));
    // the DVP is told when the browser goes back to it
    browser.answer(&flow, &page, "answer=back").await;
    assert_eq!(
        setup.log.types().last(),
        Some(&EventType::SendAuthorizationCancellation)
    );
}

#[tokio::test]
async fn uci_verzamelen_c04_c05_c15_c21_peers_54_55_release_1_0_explains() {
    let at_1_0 = || {
        setup(|config| {
            config.release = Release::V1_0;
            config.aanbieder = Some(crate::cases::whole_flow::name());
        })
    };
    let setup = at_1_0();
    *setup.dvza.login.lock().unwrap() = Login::Failed;
    assert!(leave(&setup, Release::V1_0).await.contains("error=unauthorized_client"));

    for (outcome, text) in [
        (ToetsOutcome::Unavailable, "No%20such%20resources."),
        (ToetsOutcome::NotEstablished, "Authorization%20failed."),
    ] {
        let setup = at_1_0();
        *setup.dvza.outcome.lock().unwrap() = Some(outcome);
        let mut browser = browser(&setup);
        let (flow, landing) = land(&mut browser, &start(Release::V1_0)).await;
        let away = browser.answer(&flow, &landing, "answer=login").await;
        let relay = away.location().split_once("RelayState=").unwrap().1.to_owned();
        let back = browser.get(&format!("/oauth/login?RelayState={relay}")).await;
        assert!(
            back.location()
                .contains(&format!("error=access_denied&error_description={text}&state=")),
            "{}",
            back.location()
        );
    }

    let setup = at_1_0();
    let mut browser = browser(&setup);
    let (flow, page) = log_in(&mut browser, &start(Release::V1_0)).await;
    let back = browser.answer(&flow, &page, "answer=no").await;
    assert!(
        back.location()
            .contains("error_description=Authorization%20denied.&state=")
    );
}

#[tokio::test]
async fn autoriseren_3_c21_differs() {
    let setup = setup_2_2();
    *setup.dvza.outcome.lock().unwrap() = Some(ToetsOutcome::NotEstablished);
    let policy = setup
        .server
        .config()
        .exceptions
        .rule(Release::V2_2, medmij_oauth::policy::Uitzondering::NotEstablished);
    let location = leave(&setup, Release::V2_2).await;
    assert!(location.contains(&format!("error={}&", policy.error)), "{location}");
}

#[tokio::test]
async fn autoriseren_3_c22_a_closed_browser_gets_no_code() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let (flow, page) = log_in(&mut browser, &start(Release::V2_2)).await;
    setup
        .dvza
        .store
        .danger_shift_clock(Duration::from_secs(900))
        .await
        .unwrap();
    let late = browser.answer(&flow, &page, "answer=yes").await;
    assert_eq!(late.status, 403);
    assert!(!late.headers.contains_key("location"));
}

struct At(medmij_types::Tijdstempel);

impl medmij_types::Clock for At {
    fn now(&self) -> std::time::SystemTime {
        self.0.to_system_time().unwrap()
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// The page after a login: who is born when, by which representation, with which `MedMij_geboortedatum`.
async fn page_of_birth(
    now: &str,
    born: Option<&'static str>,
    asked: Option<(Vertegenwoordiging, &str)>,
    danger: bool,
) -> String {
    let setup = setup(|config| {
        config.clock = std::sync::Arc::new(At(medmij_types::Tijdstempel::parse(now).unwrap()));
        config.danger_without_birth_date = danger;
    });
    *setup.dvza.login.lock().unwrap() = Login::Succeeded(asked.map(|(kind, _)| kind));
    *setup.dvza.born.lock().unwrap() = born;
    let mut request = flow_request(Release::V2_2, &["42"]);
    if let Some((kind, stated)) = asked {
        let stated = medmij_oauth::wire::Geboortedatum::parse(stated).unwrap();
        request = request.on_behalf_of(kind, stated).unwrap();
    }
    let started = dvp()
        .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, SESSION)
        .unwrap();
    let (_, page) = log_in(&mut browser(&setup), &started.location).await;
    let titles = [
        "Toestemming geven",
        "Er is niets gedeeld",
        "Je antwoord is niet verwerkt",
        "Inloggen voor een ander",
    ];
    let title = titles
        .iter()
        .find(|title| page.body.contains(&format!("<h1>{title}</h1>")));
    (*title.unwrap_or(&"another page")).to_owned()
}

#[tokio::test]
async fn beschikbaarheidstoets_c07_c08_c09_age_by_the_day_in_the_netherlands() {
    use Vertegenwoordiging::{ParentalAuthority, Voluntary};
    let (yes, no) = ("Toestemming geven", "Er is niets gedeeld");
    for (now, born, kind, seen) in [
        // 16 today, 15 still
        ("2026-06-15T12:00:00Z", "20100615", None, yes),
        ("2026-06-15T12:00:00Z", "20100616", None, no),
        ("2026-06-15T22:30:00Z", "20100616", None, yes),
        ("2026-01-15T23:30:00Z", "20100116", None, yes),
        ("2026-06-15T21:59:59Z", "20100616", None, no),
        ("2026-01-15T22:59:59Z", "20100116", None, no),
        ("2026-06-15T12:00:00Z", "20100616", Some(Voluntary), no),
        ("2026-06-15T12:00:00Z", "20100615", Some(Voluntary), yes),
        // 11 still, 12 today
        ("2026-06-15T12:00:00Z", "20140616", Some(ParentalAuthority), yes),
        ("2026-06-15T12:00:00Z", "20140615", Some(ParentalAuthority), no),
        ("2026-06-15T22:30:00Z", "20140616", Some(ParentalAuthority), no),
        ("2026-06-15T21:59:59Z", "20140616", Some(ParentalAuthority), yes),
        ("2026-06-15T12:00:00Z", "20150101", Some(ParentalAuthority), yes),
        // an incomplete date of the source, by the reading that grants least
        ("2026-06-15T12:00:00Z", "19700000", None, yes),
        ("2026-12-30T12:00:00Z", "20100000", None, no),
        ("2026-12-31T12:00:00Z", "20100000", None, yes),
        ("2026-06-15T12:00:00Z", "00000000", None, no),
    ] {
        let asked = kind.map(|kind| (kind, born));
        assert_eq!(page_of_birth(now, Some(born), asked, false).await, seen, "{born} {now}");
    }
}

#[tokio::test]
async fn ext_vert_autorisatie_201_a_birth_date_that_is_not_known_stops() {
    use Vertegenwoordiging::{ParentalAuthority, Voluntary};
    let now = "2026-06-15T12:00:00Z";
    let (yes, no, unknown) = (
        "Toestemming geven",
        "Er is niets gedeeld",
        "Je antwoord is niet verwerkt",
    );
    let other = "Inloggen voor een ander";
    for (born, asked, danger, seen) in [
        (None, None, false, no),
        (None, None, true, yes),
        (None, Some((Voluntary, "19700901")), false, unknown),
        (None, Some((Voluntary, "19700901")), true, unknown),
        (Some("00000000"), Some((Voluntary, "19700901")), false, unknown),
        (Some("00000000"), Some((ParentalAuthority, "20200901")), true, unknown),
        // known parts are compared
        (Some("19700000"), Some((Voluntary, "19700901")), false, yes),
        (Some("19700900"), Some((Voluntary, "19700901")), false, yes),
        (Some("19700000"), Some((Voluntary, "19710901")), false, other),
        (Some("19700900"), Some((Voluntary, "19701001")), false, other),
        (Some("19700901"), Some((Voluntary, "19700902")), false, other),
        (Some("20200000"), Some((ParentalAuthority, "20200901")), false, yes),
        (Some("20140000"), Some((ParentalAuthority, "20140901")), false, no),
    ] {
        assert_eq!(
            page_of_birth(now, born, asked, danger).await,
            seen,
            "{born:?} {asked:?}"
        );
    }
}

#[tokio::test]
async fn care_responsibilities_c10_late_variant() {
    let setup = setup_2_2();
    *setup.dvza.outcome.lock().unwrap() = Some(ToetsOutcome::Later);
    let tokens =
        crate::cases::whole_flow::tokens_for(&setup, &dvp(), flow_request(Release::V2_2, &["42", "48"]), "answer=yes")
            .await;
    assert_eq!(tokens.granted.gegevensdiensten, [id("42"), id("48")]);
}

#[tokio::test]
async fn autoriseren_c14_consent_is_logged_with_the_code() {
    let setup = setup_2_2();
    crate::cases::whole_flow::token_request(&setup).await;
    let audit = setup.dvza.store.danger_audit().await.unwrap();
    assert_eq!(audit.len(), 1);
    assert_eq!(
        (audit[0].kind, audit[0].texts.as_str()),
        (AuditKind::Consented, "voorbeeld-2")
    );
    assert!(audit[0].grant.is_some());
    // what the Aanbieder says itself is on record too
    *setup.dvza.texts.lock().unwrap() = Some(medmij_dvza::AanbiederTexts::new("linde-7"));
    crate::cases::whole_flow::token_request(&setup).await;
    let audit = setup.dvza.store.danger_audit().await.unwrap();
    assert_eq!(audit[1].texts, "voorbeeld-2+linde-7");
}

#[tokio::test]
async fn outage_c16_c17() {
    // C16: after V1, the way back is visible
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let (flow, _) = land(&mut browser, &start(Release::V2_2)).await;
    *setup.dvza.broken.lock().unwrap() = true;
    let page = browser.get(&flow).await;
    assert_eq!(page.status, 503);
    let event = setup.log.events().remove(0);
    let (trace, session) = (event.trace_id.unwrap(), event.session_id.unwrap());
    for (element, text) in [
        ("title", "<h1>Technische storing</h1>"),
        ("apology", "Het spijt ons"),
        ("not possible now", "Je kunt nu geen toestemming geven of aanpassen"),
        ("worked on", "Wij werken aan een oplossing"),
        ("later", "Probeer het later nog eens"),
        ("Naam DVA", "DVZA Test BV"),
        ("telefoonnummer DVA", "088 123 45 67"),
        ("supplier", "de leverancier van het computersysteem van"),
        ("Naam Aanbieder", "eenofanderezorgaanbieder"),
        ("Trace ID", &format!("Trace ID: <code>{}</code>", trace.as_str())),
        ("Session ID", &format!("Session ID: <code>{}</code>", session.as_str())),
    ] {
        assert!(page.body.contains(text), "{element}: {}", page.body);
    }
    assert!(
        page.body
            .contains("href=\"https://pgo.example.nl/cb?error=server_error&#38;state="),
        "{}",
        page.body
    );
    // C17: before V1 it is hidden
    let page = browser.get(crate::cases::whole_flow::path(&start(Release::V2_2))).await;
    assert!(page.body.contains("Technische storing") && page.body.contains("Trace ID"));
    assert!(!page.body.contains("pgo.example.nl"));
}

#[tokio::test]
async fn ext_vert_authint_202_vertegenwoordiging_1_2_c18_c19_c20() {
    use Vertegenwoordiging::Voluntary;
    for (asked, used, text) in [
        (Some(Voluntary), None, "Je wilde inloggen voor een ander"),
        (None, Some(Voluntary), "Je logde in voor een ander"),
        (
            Some(Voluntary),
            Some(Vertegenwoordiging::ParentalAuthority),
            "Je wilde inloggen voor een ander",
        ),
        (Some(Voluntary), Some(Voluntary), "Toestemming geven"),
    ] {
        let setup = setup_2_2();
        *setup.dvza.login.lock().unwrap() = Login::Succeeded(used);
        let mut request = flow_request(Release::V2_2, &["42"]);
        if let Some(kind) = asked {
            request = request
                .on_behalf_of(kind, medmij_oauth::wire::Geboortedatum::parse("19700901").unwrap())
                .unwrap();
        }
        let started = dvp()
            .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, SESSION)
            .unwrap();
        let (_, page) = log_in(&mut browser(&setup), &started.location).await;
        assert!(page.body.contains(text), "{asked:?} {used:?}: {}", page.body);
    }
}

#[tokio::test]
async fn o7_forms_need_the_token_of_their_step_and_their_own_site() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let (flow, page) = log_in(&mut browser, &start(Release::V2_2)).await;
    for form in [
        "answer=yes".to_owned(),
        "csrf=&answer=yes".to_owned(),
        format!("csrf={}x&answer=yes", page.csrf()),
    ] {
        assert_eq!(browser.post(&flow, &form).await.status, 403, "{form}");
    }
    for (name, value) in [
        ("origin", "https://evil.nl"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = http::Request::post(&flow)
            .header("content-type", "application/x-www-form-urlencoded")
            .header(name, value)
            .body(axum::body::Body::from(format!("csrf={}&answer=yes", page.csrf())))
            .unwrap();
        assert_eq!(browser.send(request).await.status, 403, "{name}: {value}");
    }
    // the form of one flow does not work at another
    let (other, _) = log_in(&mut browser, &start(Release::V2_2)).await;
    assert_eq!(browser.answer(&other, &page, "answer=yes").await.status, 403);
    assert_eq!(browser.answer(&flow, &page, "answer=yes").await.status, 303);
}

#[tokio::test]
async fn o8_peers_56_a_flow_is_of_one_browser_and_answered_once() {
    let setup = setup_2_2();
    let mut mine = browser(&setup);
    let (flow, page) = log_in(&mut mine, &start(Release::V2_2)).await;
    // another browser, with the address and the form
    let mut other = browser(&setup);
    assert_eq!(other.get(&flow).await.status, 403);
    assert_eq!(other.answer(&flow, &page, "answer=yes").await.status, 403);
    // the secret from before the login does not work after it
    let mut fixed = browser(&setup);
    let (flow_fixed, landing) = land(&mut fixed, &start(Release::V2_2)).await;
    let before = fixed.cookies.clone();
    let away = fixed.answer(&flow_fixed, &landing, "answer=login").await;
    let relay = away.location().split_once("RelayState=").unwrap().1.to_owned();
    // the login comes back in a browser that has no part in the flow
    assert_eq!(other.get(&format!("/oauth/login?RelayState={relay}")).await.status, 403);
    fixed.get(&format!("/oauth/login?RelayState={relay}")).await;
    assert_ne!(fixed.cookies, before);
    fixed.cookies = before;
    assert_eq!(fixed.get(&flow_fixed).await.status, 403);
    // answered once
    let back = mine.answer(&flow, &page, "answer=yes").await;
    assert!(back.location().contains("code="));
    for answer in ["answer=yes", "answer=no"] {
        assert_eq!(mine.answer(&flow, &page, answer).await.status, 403);
    }
}

#[tokio::test]
async fn beheren_toestemmingen_g09_g10_g13_g14_withdrawal() {
    let setup = setup_2_2();
    let dvp = dvp();
    let tokens = crate::cases::whole_flow::tokens_for(
        &setup,
        &dvp,
        flow_request(Release::V2_2, &["42"]),
        "answer=yes&langdurig=yes",
    )
    .await;
    let headers = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
    let peer = crate::cases::whole_flow::peer();
    assert!(
        setup
            .server
            .guard(&headers, None, &peer, (&crate::cases::whole_flow::name(), &id("42")))
            .await
            .is_ok()
    );

    let flows = medmij_dvp::PendingFlows::default();
    let mut request = flow_request(Release::V2_2, &["42"]);
    let endpoint = "https://dvza.example.nl/oauth/toestemmingen";
    request.authorization_endpoint = medmij_types::FrontchannelUri::parse(endpoint).unwrap();
    let started = dvp
        .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, SESSION)
        .unwrap();
    flows.insert(started.flow);
    let location = started.location;
    let mut browser = browser(&setup);
    let (_, landing) = land(&mut browser, &location).await;
    let own = "Je wilt zien welke toestemmingen je gaf";
    assert!(
        landing.body.contains(own) && !landing.body.contains("vraagt namens jou"),
        "{}",
        landing.body
    );
    let (flow, page) = log_in(&mut browser, &location).await;
    let today = CalendarDate::in_amsterdam(std::time::SystemTime::now());
    let since = format!("Je gaf deze toestemming op {} ", today.day());
    assert!(
        page.body.contains(&since) && page.body.contains(&format!(" {}.</p>", today.year())),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("<li>\u{2068}Huisartsgegevens\u{2069}</li>"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("toestemming is gestopt"));
    assert!(
        page.body.contains("<h1>Jouw toestemmingen</h1>")
            && page
                .body
                .contains("Huisartsenpraktijk De Linde\u{2069} mag jouw gegevens delen met \u{2068}De Enige Echte PGO"),
        "{}",
        page.body
    );
    // G14: cancelled, nothing withdrawn
    browser.answer(&flow, &page, "answer=stop&number=0").await;
    let question = browser.get(&flow).await;
    for (element, text) in [
        ("title", "<h1>Toestemming stoppen</h1>"),
        ("question", "geen gegevens meer deelt"),
        ("Naam Aanbieder", "Huisartsenpraktijk De Linde"),
        ("Naam PGO", "De Enige Echte PGO"),
        ("cancel", "Nee, ga terug naar het overzicht"),
    ] {
        assert!(question.body.contains(text), "{element}");
    }
    browser.answer(&flow, &question, "answer=no").await;
    assert!(
        setup
            .server
            .guard(&headers, None, &peer, (&crate::cases::whole_flow::name(), &id("42")))
            .await
            .is_ok()
    );
    // G13, G09, G10: withdrawn, and the overview again
    let page = browser.get(&flow).await;
    assert_eq!(browser.answer(&flow, &page, "answer=stop&number=7").await.status, 403);
    browser.answer(&flow, &page, "answer=stop&number=0").await;
    let question = browser.get(&flow).await;
    browser.answer(&flow, &question, "answer=yes").await;
    let page = browser.get(&flow).await;
    assert!(page.body.contains("Je hebt geen toestemmingen"));
    let done = "Je toestemming is gestopt. \u{2068}Huisartsenpraktijk De Linde\u{2069} deelt geen gegevens meer";
    assert!(page.body.contains(done), "{}", page.body);
    let to = (&crate::cases::whole_flow::name(), &id("42"));
    assert!(setup.server.guard(&headers, None, &peer, to).await.is_err());
    let (request, exchange) = dvp
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            tokens.renewal.unwrap(),
            medmij_log::InitiatedBy::Machine,
        )
        .unwrap();
    let response = setup.server.token(&request, &peer).await;
    assert_eq!(crate::cases::whole_flow::json(&response)["error"], "invalid_grant");
    assert!(dvp.tokens(exchange, &response).is_err());
    let back = browser.answer(&flow, &page, "answer=back").await;
    assert!(back.location().starts_with("https://pgo.example.nl/cb?state="));
    let query = crate::cases::whole_flow::query(back.location());
    let callback = medmij_dvp::Callback::new(SESSION, "/cb", query);
    assert_eq!(
        dvp.returned(&flows, &callback).unwrap().aanbieder(),
        &crate::cases::whole_flow::name()
    );
    assert!(dvp.returned(&flows, &callback).is_err());
}
