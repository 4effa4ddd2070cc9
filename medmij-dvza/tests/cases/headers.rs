// SPDX-License-Identifier: AGPL-3.0-or-later
//! O7, O9, O11, O12 and the mandatory elements of the screens, on the rendered HTML.

use axum::body::Body;
use medmij_dvp::FlowRequest;
use medmij_dvza::router::{RouterOptions, front_channel};
use medmij_oauth::Scope;
use medmij_types::Release;
use tower::ServiceExt as _;

use crate::cases::{
    browser::{Browser, Seen},
    dvza::{Login, Setup, setup, setup_2_2},
    whole_flow::{SESSION, browser, dvp, flow_request, group, id, land, log_in, name, redirect},
};

async fn page(setup: &Setup, scope: Option<Scope>) -> Seen {
    let mut request = flow_request(Release::V2_2, &["42", "48"]);
    if let Some(scope) = scope {
        request = FlowRequest::new(name(), scope, &group(&["42", "53"]), redirect());
    }
    let started = dvp()
        .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, SESSION)
        .unwrap();
    log_in(&mut browser(setup), &started.location).await.1
}

fn header<'a>(seen: &'a Seen, name: &str) -> &'a str {
    seen.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn core_usrint_102_c11_c12_verzamelen_asks_with_the_toestemmingsverklaring() {
    let seen = page(&setup_2_2(), None).await;
    for (element, text) in [
        ("title", "<h1>Toestemming geven</h1>"),
        ("Naam Aanbieder", "Huisartsenpraktijk De Linde"),
        ("Naam PGO", "De Enige Echte PGO"),
        ("gegevensdiensten", "Basisgegevens Zorg"),
        (
            "not without consent",
            "mag jouw gegevens niet delen zonder jouw toestemming",
        ),
        ("privacyverklaring", "href=\"https://ziekenhuis.example.nl/privacy\""),
        ("onbepaalde tijd", "onbepaalde tijd"),
        (
            "explanation of onbepaalde tijd",
            "geldt je toestemming tot je ermee stopt",
        ),
        ("six months", "meer dan zes maanden"),
        ("how to adjust", "Je kunt je toestemming altijd aanpassen"),
        (
            "MedMij and safe connection",
            "veilige verbinding, volgens de regels van MedMij",
        ),
    ] {
        assert!(seen.body.contains(text), "{element}");
    }
    let checkbox = seen
        .body
        .split("type=\"checkbox\"")
        .nth(1)
        .unwrap()
        .split('>')
        .next()
        .unwrap();
    assert!(!checkbox.contains("checked"), "never selected beforehand");
}

#[tokio::test]
async fn core_authint_205_c13_delen_asks_with_the_bevestigingsverklaring() {
    let scope = Scope::delen(Release::V2_2, name(), id("53")).unwrap();
    let seen = page(&setup_2_2(), Some(scope)).await;
    for text in [
        "De Enige Echte PGO",
        "Meetwaarden vitale functies",
        "Huisartsenpraktijk De Linde",
        "bekijkt zelf",
    ] {
        assert!(seen.body.contains(text), "{text}");
    }
    assert!(!seen.body.contains("Toestemming geven") && !seen.body.contains("checkbox"));
}

#[tokio::test]
async fn ext_abo_abonneren_and_ending() {
    let scope = Scope::abonneren(Release::V2_2, 180, name(), id("42")).unwrap();
    let seen = page(&setup_2_2(), Some(scope)).await;
    for text in [
        "90 dagen",
        "Huisartsgegevens",
        "Voor de gegevens zelf geef je apart toestemming",
    ] {
        assert!(seen.body.contains(text), "{text}");
    }
    let scope = Scope::abonneren(Release::V2_2, 0, name(), id("42")).unwrap();
    assert!(
        page(&setup_2_2(), Some(scope))
            .await
            .body
            .contains("Stoppen met berichten")
    );
}

#[tokio::test]
async fn core_usrint_100_101_landing_and_annulering_name_the_aanbieder() {
    let setup = setup_2_2();
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let (_, landing) = land(&mut browser(&setup), &started.location).await;
    assert!(landing.body.contains("Huisartsenpraktijk De Linde"));
    *setup.dvza.login.lock().unwrap() = Login::Cancelled;
    assert!(page(&setup, None).await.body.contains("Huisartsenpraktijk De Linde"));
}

#[tokio::test]
async fn example_texts_say_so_and_production_refuses_them() {
    let setup = setup_2_2();
    assert!(page(&setup, None).await.body.contains("voorbeeldteksten"));
    assert!(setup.server.config().check_production().is_err());
}

#[tokio::test]
async fn o7_o9_every_page_and_redirect_has_its_headers() {
    let setup = setup_2_2();
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let mut browser = browser(&setup);
    let arrived = browser.get(crate::cases::whole_flow::path(&started.location)).await;
    let cookie = header(&arrived, "set-cookie").to_owned();
    for part in [
        "__Host-medmij-",
        "; Path=/",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Max-Age=900",
    ] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Domain"));
    let (flow, consent) = log_in(&mut browser, &started.location).await;
    let error = browser.get("/oauth/authorize").await;
    let back = browser.answer(&flow, &consent, "answer=yes").await;
    for seen in [&arrived, &consent, &error, &back] {
        assert_eq!(header(seen, "cache-control"), "no-store");
        assert_eq!(header(seen, "referrer-policy"), "no-referrer");
        assert_eq!(header(seen, "x-frame-options"), "DENY");
        assert_eq!(header(seen, "x-content-type-options"), "nosniff");
        assert!(header(seen, "content-security-policy").contains("frame-ancestors 'none'"));
        assert!(header(seen, "strict-transport-security").starts_with("max-age="));
    }
    assert_eq!((arrived.status.as_u16(), back.status.as_u16()), (302, 303));
    // O11: the form may lead to the DVP in the end; without a form, nowhere
    assert!(header(&consent, "content-security-policy").ends_with("form-action 'self' https://pgo.example.nl"));
    assert!(header(&error, "content-security-policy").ends_with("form-action 'none'"));
    assert!(!consent.body.contains("<script") && !consent.body.contains("style="));
    assert!(consent.body.contains("<html lang=\"nl\">") && consent.body.contains("<main>"));
}

#[tokio::test]
async fn o11_a_dvp_may_redirect_on_where_the_supplier_allows_it() {
    let setup = setup_2_2();
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let options = RouterOptions::at("/oauth")
        .danger_without_limits()
        .with_further_redirects();
    let mut browser = Browser::new(front_channel(setup.server.clone(), options));
    let (_, consent) = log_in(&mut browser, &started.location).await;
    let policy = header(&consent, "content-security-policy");
    assert!(
        !policy.contains("form-action") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let error = browser.get("/oauth/authorize").await;
    assert!(header(&error, "content-security-policy").ends_with("form-action 'none'"));
}

#[tokio::test]
async fn o12_names_are_escaped_and_set_apart() {
    use medmij_dvza::router::{ExampleScreens, RenderContext, Screens as _};
    // a page of which the name is an attack; through the types, as a hostile list would bring it
    let setup = setup_2_2();
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let arrived = setup
        .server
        .authorize(
            crate::cases::whole_flow::query(&started.location),
            &http::HeaderMap::new(),
        )
        .await;
    let medmij_dvza::Arrived::Flow(visitor) = arrived else {
        panic!("no flow")
    };
    let mut page = setup.server.page(&visitor).await;
    if let medmij_dvza::Screen::Landing(screen) = &mut page.screen {
        screen.names.pgo = "<script>alert(1)</script>\u{202e}{aanbieder}".to_owned();
    }
    let rewrite = |address: &str| address.to_owned();
    let context = RenderContext::new("/x", "/style.css", &rewrite);
    let html = ExampleScreens.render(&page, &context);
    assert!(!html.contains("<script>") && html.contains("&#60;script&#62;"));
    assert!(!html.contains('\u{202e}'));
    assert!(html.contains("{aanbieder}\u{2069}"), "a name is not filled in again");
}

#[tokio::test]
async fn a_supplier_replaces_one_page_and_keeps_the_others() {
    use medmij_dvza::{
        LandingScreen, Page,
        router::{RenderContext, Screens},
    };
    struct HouseStyle;
    impl Screens for HouseStyle {
        fn landing(&self, screen: &LandingScreen, page: &Page, _: &RenderContext<'_>) -> String {
            page.sentence(&screen.names, "Welkom bij {aanbieder}")
        }
    }
    let setup = setup_2_2();
    let options = RouterOptions::at("/oauth")
        .danger_without_limits()
        .with_screens(std::sync::Arc::new(HouseStyle));
    let mut browser = Browser::new(front_channel(setup.server.clone(), options));
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let (_, landing) = land(&mut browser, &started.location).await;
    assert_eq!(landing.body, "Welkom bij \u{2068}Huisartsenpraktijk De Linde\u{2069}");
    let other = browser.get("/oauth/flow/x").await;
    assert!(other.body.contains("<h1>Deze pagina werkt niet meer</h1>"));
}

#[tokio::test]
async fn every_page_says_who_shows_it_which_step_it_is_and_where_to_get_help() {
    let setup = setup_2_2();
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let (_, landing) = land(&mut browser(&setup), &started.location).await;
    let question = page(&setup, None).await;
    for (seen, step) in [(&landing, "Stap 1 van 3"), (&question, "Stap 3 van 3")] {
        for text in [
            step,
            "Deze pagina is van \u{2068}DVZA Test BV\u{2069}, namens \u{2068}Huisartsenpraktijk De Linde\u{2069}",
            "Lukt het niet? Bel \u{2068}DVZA Test BV\u{2069}, telefoon \u{2068}088 123 45 67\u{2069}",
        ] {
            assert!(seen.body.contains(text), "{text}: {}", seen.body);
        }
    }
    // what the Aanbieder registered comes in place of the line, and beside the question
    let own = medmij_dvza::AanbiederTexts::new("linde-1");
    let own = own
        .with_help("Bel <b>ons</b>.")
        .with_explanation("Wij zijn er voor je.");
    *setup.dvza.texts.lock().unwrap() = Some(own);
    let question = page(&setup, None).await;
    assert!(question.body.contains("Bel &#60;b&#62;ons&#60;/b&#62;.") && !question.body.contains("Lukt het niet?"));
    assert!(question.body.contains("<p>Wij zijn er voor je.</p>"));
}

#[tokio::test]
async fn an_address_without_a_page_is_answered_in_words() {
    let setup = setup_2_2();
    for base in ["/oauth", ""] {
        let mut browser = Browser::new(front_channel(
            setup.server.clone(),
            RouterOptions::at(base).danger_without_limits(),
        ));
        let seen = browser.get(&format!("{base}/nergens")).await;
        assert_eq!(seen.status, 404);
        assert!(
            seen.body.contains("<h1>Deze pagina is er niet</h1>"),
            "{base}: {}",
            seen.body
        );
    }
}

#[tokio::test]
async fn danger_loopback_rewrites_what_the_browser_follows_and_nothing_else() {
    let setup = setup_2_2();
    let options = RouterOptions::at("/oauth")
        .danger_without_limits()
        .danger_loopback(|address| address.replace("https://", "http://lokaal."));
    let mut browser = Browser::new(front_channel(setup.server.clone(), options));
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let (flow, landing) = land(&mut browser, &started.location).await;
    assert!(browser.cookies.keys().all(|name| name.starts_with("medmij-")));
    let away = browser.answer(&flow, &landing, "answer=login").await;
    assert!(away.location().starts_with("http://lokaal.login.example.nl/"));
    assert_eq!(
        setup.dvza.logins.lock().unwrap()[0].callback,
        "https://dvza.example.nl/oauth/login"
    );
}

#[tokio::test]
async fn o13_a_browser_does_not_collect_cookies_without_end() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    for _ in 0..20 {
        let started = dvp()
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                flow_request(Release::V2_2, &["42"]),
                SESSION,
            )
            .unwrap();
        browser.get(crate::cases::whole_flow::path(&started.location)).await;
    }
    assert!(browser.cookies.len() <= 9, "{}", browser.cookies.len());
}

#[tokio::test]
async fn each_page_says_where_the_source_code_of_this_version_is_and_links_nowhere_else() {
    for (address, shown) in [
        (Some("https://www.example.nl/broncode"), true),
        (Some("javascript:alert(1)"), false),
        (None, false),
    ] {
        let setup = setup(|config| config.source_code = address.map(str::to_owned));
        let response = front_channel(setup.server, RouterOptions::at("/oauth").danger_without_limits())
            .oneshot(http::Request::get("/oauth/authorize").body(Body::empty()).unwrap())
            .await
            .unwrap();
        let page = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let page = String::from_utf8(page.to_vec()).unwrap();
        let link = "<a href=\"https://www.example.nl/broncode\" rel=\"noreferrer\">Broncode van deze versie</a>";
        assert_eq!(page.contains(link), shown, "{page}");
        assert!(!page.contains("javascript:"));
    }
}
