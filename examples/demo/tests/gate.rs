// SPDX-License-Identifier: AGPL-3.0-or-later
//! A.9.4.1 — the gate of the PGO over every route, with real accounts: nobody without two factors, nobody at another's.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // also in the helpers

use demo::{
    browser::{Browser, Page},
    network::Network,
    persoon,
    roles::Roles,
};
use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const PASSWORD: &str = "vier gele fietsen";

/// What the app of a Persoon shows for this key, as the page writes it.
pub(crate) fn code_for(key: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(key.replace(' ', "")).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret.as_bytes().to_vec());
    let totp = totp.with_account_name("pgo").build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    totp.generate(now.as_secs()).to_string()
}

/// One answer, not followed.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        found.next().map_or("", |(_, value)| value)
    }
}

pub(crate) struct Pgo {
    pub(crate) network: Network,
    pub(crate) roles: Roles,
    _folder: tempfile::TempDir,
}

impl Pgo {
    pub(crate) async fn start() -> Self {
        for _ in 0..10 {
            let folder = tempfile::tempdir().unwrap();
            let network = Network::build(folder.path()).unwrap();
            // a connection of somebody else may have got one of its ports since
            if let Ok(roles) = Roles::start(&network).await {
                return Self {
                    network,
                    roles,
                    _folder: folder,
                };
            }
        }
        panic!("the network does not start")
    }

    fn address(&self) -> SocketAddr {
        self.network.dvp.address
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.network.start)
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, cookie: &[u8], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        let host = self.network.dvp.client_id.as_str();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n").into_bytes();
        if !cookie.is_empty() {
            request.extend_from_slice(b"Cookie: ");
            request.extend_from_slice(cookie);
            request.extend_from_slice(b"\r\n");
        }
        let form = "Content-Type: application/x-www-form-urlencoded";
        request.extend_from_slice(format!("{form}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        stream.write_all(&request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.get(9..12).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Step 1 of an account: a session that is not complete.
    async fn half_an_account(&self, browser: &mut Browser, name: &str, email: &str) -> Page {
        let page = browser.open(&self.at("account-maken")).await.unwrap();
        let form = page.form().unwrap();
        let fields = [
            ("name", name),
            ("email", email),
            ("password", PASSWORD),
            ("agreement", "yes"),
        ];
        browser.submit(&page, &form, None, &fields).await.unwrap()
    }

    pub(crate) async fn account(&self, name: &str, email: &str) -> Browser {
        let mut browser = Browser::default();
        let page = self.half_an_account(&mut browser, name, email).await;
        let key = page.html().split("class=\"key\">").nth(1).unwrap();
        let code = code_for(key.split('<').next().unwrap());
        let form = page.form().unwrap();
        let page = browser.submit(&page, &form, None, &[("code", &code)]).await.unwrap();
        assert!(page.html().contains("Bewaar je herstelcodes"), "{}", page.html());
        browser
    }

    pub(crate) fn cookie(&self, browser: &Browser) -> String {
        browser.cookies_of(self.network.dvp.client_id.as_str())
    }

    /// Every route, with something in the places of its parameters.
    pub(crate) fn paths() -> Vec<String> {
        let filled = |path: &str| {
            path.replace("{server}", "dvza-een.localhost")
                .replace("{provider}", "huisartsdewilg")
        };
        let filled = |path: &&str| {
            let parts: Vec<String> = filled(path)
                .split('/')
                .map(|part| {
                    if part.starts_with('{') {
                        "x".to_owned()
                    } else {
                        part.to_owned()
                    }
                })
                .collect();
            parts.join("/")
        };
        dvp::paths().iter().map(filled).collect()
    }
}

/// What anybody may see: whoever adds to it does it here as well, with a reason.
const OPEN: [&str; 18] = [
    "/",
    "/hulp",
    "/toegankelijkheid",
    "/inloggen",
    "/inloggen/zonder-app",
    "/inloggen/nieuwe-app",
    "/inloggen/nieuw-wachtwoord",
    // not there unless the configuration allows codes by e-mail
    "/inloggen/per-mail",
    "/inloggen/per-mail/code",
    "/account-maken",
    "/account-maken/app",
    "/voorbeeldpersoon",
    "/uitgelogd",
    "/sessie/einde",
    "/stijl.css",
    "/sessie.css",
    "/pgo.js",
    "/icoon.svg",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_9_4_1_without_two_factors_every_route_leads_to_the_sign_in_page() {
    let pgo = Pgo::start().await;
    assert_eq!(dvp::PUBLIC, OPEN);
    let mut half = Browser::default();
    pgo.half_an_account(&mut half, "Half", "half@example.nl").await;
    let half = pgo.cookie(&half);
    assert!(half.starts_with("pgo="), "{half}");
    let guessed = format!("pgo={}", "A".repeat(43));
    let mut paths = Pgo::paths();
    assert!(paths.len() > 25);
    // ways around: none of them is a route, and none is open
    let around = [
        "/overzicht/",
        "//overzicht",
        "/OVERZICHT",
        "/inloggen/../overzicht",
        "/inloggen%2F..%2Foverzicht",
        "/%6fverzicht",
        "/stijl.css/../overzicht",
        "/inloggen/",
        "/bestaat-niet",
        "/.",
        "/overzicht;x=1",
    ];
    paths.extend(around.map(str::to_owned));
    let mut closed = 0;
    for path in paths.iter().filter(|path| !OPEN.contains(&path.as_str())) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
            for cookie in ["", "pgo=", guessed.as_str(), half.as_str()] {
                let answer = pgo.ask(method, path, cookie.as_bytes(), "csrf=x").await;
                let (status, body) = (answer.status, answer.body.as_str());
                assert_eq!((status, body), (303, ""), "{method} {path} {cookie}: {}", answer.head);
                assert_eq!(answer.header("location"), "/inloggen", "{method} {path}");
            }
            closed += 1;
        }
    }
    assert!(closed > 100, "{closed}");
    // and what is open shows nothing of anybody
    for path in OPEN {
        let answer = pgo.ask("GET", path, half.as_bytes(), "").await;
        assert!(answer.status < 500, "{path}: {}", answer.head);
        assert!(!answer.body.contains("Uitloggen"), "{path}");
    }
    pgo.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_personen_on_every_route_see_and_change_nothing_of_each_other() {
    let pgo = Pgo::start().await;
    let mut anna = pgo.account("Annagreet", "annagreet@example.nl").await;
    let start = &pgo.network.start;
    let landing = persoon::chooses(&mut anna, start, "huisartsdewilg").await.unwrap();
    let page = persoon::gives_toestemming(&mut anna, landing).await.unwrap();
    let page = persoon::waits(&mut anna, page).await.unwrap();
    assert_eq!(page.text_of("h1").as_deref(), Some("Alles is opgehaald"));
    let copy = anna.open(&pgo.at("dossier/kopie")).await.unwrap();
    assert!(copy.html().len() > 10_000);

    let bram = pgo.account("Bramdert", "bramdert@example.nl").await;
    let cookie = pgo.cookie(&bram);
    let mut seen = 0;
    for path in Pgo::paths() {
        let answer = pgo.ask("GET", &path, cookie.as_bytes(), "").await;
        assert!(answer.status < 500, "{path}");
        for of_anna in [
            "Annagreet",
            "annagreet",
            "Basisgegevens Zorg:",
            "Alles is opgehaald",
            "resourceType",
        ] {
            assert!(!answer.body.contains(of_anna), "{path} shows {of_anna}");
        }
        seen += 1;
    }
    assert!(seen > 25);
    assert_eq!(pgo.ask("GET", "/dossier/kopie", cookie.as_bytes(), "").await.body, "");
    // what Bram does everywhere with forms of his own does not reach Anna
    let page = pgo.ask("GET", "/account", cookie.as_bytes(), "").await.body;
    let csrf = page
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for path in Pgo::paths().iter().filter(|path| *path != "/uitloggen") {
        let body = format!("csrf={csrf}&sure=yes&automatic=on");
        pgo.ask("POST", path, cookie.as_bytes(), &body).await;
    }
    let after = anna.open(&pgo.at("dossier/kopie")).await.unwrap();
    assert_eq!(after.html(), copy.html());
    let account = anna.open(&pgo.at("account")).await.unwrap();
    assert!(
        account.html().contains("We halen niets vanzelf op"),
        "{}",
        account.html()
    );
    // and Bram is gone, as he asked
    let gone = pgo.ask("GET", "/overzicht", cookie.as_bytes(), "").await;
    assert_eq!((gone.status, gone.header("location")), (303, "/inloggen"));
    pgo.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u_pw_03_every_form_needs_the_token_of_its_session_and_no_page_has_inline_code() {
    let pgo = Pgo::start().await;
    let anna = pgo.account("Anna", "anna@example.nl").await;
    let bram = pgo.account("Bram", "bram@example.nl").await;
    let (anna, bram) = (pgo.cookie(&anna), pgo.cookie(&bram));
    let page = pgo.ask("GET", "/account", bram.as_bytes(), "").await.body;
    let of_bram = page
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let mut forms = 0;
    for path in Pgo::paths() {
        for token in ["", "x", of_bram] {
            let answer = pgo
                .ask("POST", &path, anna.as_bytes(), &format!("csrf={token}&sure=yes"))
                .await;
            assert!([403, 405].contains(&answer.status), "{path}: {}", answer.head);
            forms += usize::from(answer.status == 403);
        }
        let answer = pgo.ask("GET", &path, anna.as_bytes(), "").await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.header(header), value, "{path}");
        }
        for inline in [" style=", "<style", "<script>", " onclick=", "javascript:"] {
            assert!(!answer.body.contains(inline), "{path} has {inline}");
        }
    }
    assert!(forms >= 3 * 12, "{forms}");
    // nothing of it did anything
    assert_eq!(pgo.ask("GET", "/overzicht", anna.as_bytes(), "").await.status, 200);
    pgo.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_of_others_do_no_harm_and_a_planted_one_opens_nothing() {
    let pgo = Pgo::start().await;
    let anna = pgo.account("Anna", "anna@example.nl").await;
    let own = pgo.cookie(&anna);
    let mut beside = "voorkeur=\u{eb}\u{2713}; ".as_bytes().to_vec();
    beside.extend_from_slice(b"latin=\xe9\xff; ");
    beside.extend_from_slice(own.as_bytes());
    assert_eq!(pgo.ask("GET", "/overzicht", &beside, "").await.status, 200);
    // ours twice: one of them was planted
    let twice = format!("pgo={}; {own}", "B".repeat(43));
    assert_eq!(pgo.ask("GET", "/overzicht", twice.as_bytes(), "").await.status, 303);
    // the cookie from before signing in is not the one after it
    let mut browser = Browser::default();
    browser.open(&pgo.network.start).await.unwrap();
    let before = pgo.cookie(&browser);
    persoon::signs_in(&mut browser, &pgo.network.start).await.unwrap();
    let after = pgo.cookie(&browser);
    assert!(before != after && before.len() == after.len());
    assert_eq!(pgo.ask("GET", "/overzicht", before.as_bytes(), "").await.status, 303);
    assert_eq!(pgo.ask("GET", "/overzicht", after.as_bytes(), "").await.status, 200);
    // signed out is out, whatever the browser still sends
    let page = browser.open(&pgo.at("overzicht")).await.unwrap();
    let form = page.form().unwrap();
    let page = browser.submit(&page, &form, None, &[]).await.unwrap();
    assert_eq!(page.text_of("h1").as_deref(), Some("Je bent uitgelogd"));
    assert_eq!(pgo.ask("GET", "/overzicht", after.as_bytes(), "").await.status, 303);
    pgo.roles.stop().await;
}
