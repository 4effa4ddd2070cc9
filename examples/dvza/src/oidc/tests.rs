// SPDX-License-Identifier: AGPL-3.0-or-later
//! The whole login by OpenID Connect, against npm's oidc-provider: from the landingspagina to the question of consent.

use super::{Oidc, OidcConfig};
use axum::{Router, body::Body};
use http::{Request, header};
use medmij_dvza::{
    Aanbieder, Client, Clients, Dvza, OfferedService, Server, ServerConfig, SourceBirthDate, SupplierError, Toets,
    ToetsOutcome, ToetsQuery,
    registratie::Registratie,
    router::{RouterOptions, front_channel},
    store::MemoryStore,
};
use medmij_oauth::{ClientId, seal::LocalKeyRing};
use medmij_types::{Bsn, OsEntropy};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};
use tempfile::TempDir;
use tower::ServiceExt as _;

const BSN: &str = "999990019";

struct Practice {
    store: MemoryStore,
    registratie: Registratie,
    login: Oidc,
}

impl Dvza for Practice {
    type Store = MemoryStore;
    type Clients = Self;
    type Aanbieders = Registratie;
    type Authentication = Oidc;
    type Toets = Self;

    fn store(&self) -> &MemoryStore {
        &self.store
    }
    fn clients(&self) -> &Self {
        self
    }
    fn aanbieders(&self) -> &Registratie {
        &self.registratie
    }
    fn authentication(&self) -> &Oidc {
        &self.login
    }
    fn toets(&self) -> &Self {
        self
    }
}

impl Clients for Practice {
    async fn client(&self, _: &ClientId) -> Result<Option<Client>, SupplierError> {
        Ok(Some(Client::new(None, None)))
    }
}

impl Toets for Practice {
    async fn toets(&self, query: &ToetsQuery<'_>) -> Result<ToetsOutcome, SupplierError> {
        assert_eq!(query.persoon.bsn.expose(), BSN, "who logged in");
        assert!(query.persoon.assurance_level.is_some());
        Ok(ToetsOutcome::Available(query.gegevensdiensten.to_vec()))
    }
    async fn geboortedatum(&self, _: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
        Ok(SourceBirthDate::parse("19700901").ok())
    }
}

/// A running oidc-provider; it ends with this value.
struct Provider {
    issuer: String,
    _child: Child,
    _folder: TempDir,
}

impl Provider {
    /// Starts it, or says why not: the second of the programs whose absence fails no build.
    fn start() -> Option<Self> {
        let folder = installed()?;
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.starts_with("http://127.0.0.1:"))
            .expect("oidc-provider says its issuer");
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            issuer,
            _child: child,
            _folder: folder,
        })
    }
}

/// A folder with the provider and its packages, which npm installs.
fn installed() -> Option<TempDir> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
    let folder = tempfile::tempdir().unwrap();
    let skip = |why: &str| {
        eprintln!("SKIPPED: {why}, no login by OpenID Connect was tried");
        None
    };
    if Command::new("node").arg("--version").output().is_err() {
        return skip("node is not installed");
    }
    for name in ["package.json", "package-lock.json", "provider.mjs"] {
        std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder.path())
        .status();
    match npm {
        Ok(status) if status.success() => Some(folder),
        _ => skip("npm cannot install oidc-provider"),
    }
}

/// A browser that follows redirects at the provider and at the DVZA.
struct Browser {
    dvza: Router,
    http: reqwest::Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

struct Seen {
    location: Option<String>,
    body: String,
}

impl Browser {
    async fn go(&mut self, method: &str, address: &str, form: Option<String>) -> Seen {
        let (origin, path) = address.split_at(address.find('/').map_or(0, |_| address[8..].find('/').unwrap() + 8));
        let held = self.cookies.entry(origin.to_owned()).or_default();
        let cookies: Vec<_> = held.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .header(header::COOKIE, cookies.join("; "));
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form = form.unwrap_or_default();
        let (headers, body) = if origin == "https://dvza.example.nl" {
            let request = request.uri(path).body(Body::from(form)).unwrap();
            let (parts, body) = self.dvza.clone().oneshot(request).await.unwrap().into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            (parts.headers, body)
        } else {
            let request = request.uri(address).body(form).unwrap();
            let answer = self.http.execute(request.try_into().unwrap()).await.unwrap();
            (answer.headers().clone(), answer.bytes().await.unwrap())
        };
        for cookie in headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            held.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        let location = headers.get(header::LOCATION).map(|value| value.to_str().unwrap());
        Seen {
            location: location.map(|to| {
                if to.starts_with('/') {
                    format!("{origin}{to}")
                } else {
                    to.to_owned()
                }
            }),
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Follows redirects to a page; also says where the provider was asked to log in, and with what it sent back.
    async fn follow(&mut self, mut seen: Seen) -> (Seen, Vec<String>) {
        let mut on_the_way = Vec::new();
        while let Some(to) = seen.location.clone() {
            on_the_way.push(to.clone());
            seen = self.go("GET", &to, None).await;
            assert!(on_the_way.len() < 20, "{on_the_way:?}");
        }
        (seen, on_the_way)
    }
}

async fn world(provider: &Provider, change: impl FnOnce(&mut OidcConfig)) -> Browser {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a secret of the test\n").unwrap();
    let json = serde_json::json!({
        "issuer": provider.issuer, "client_id": "dvza", "client_secret": secret.path(), "roots": null,
    });
    let mut config: OidcConfig = serde_json::from_value(json).unwrap();
    change(&mut config);
    let login = Oidc::danger_plain_http(config).unwrap();
    let service = OfferedService::verzamelen("48".parse().unwrap(), "Basisgegevens Zorg");
    let linde = Aanbieder::new(
        "huisartsdelinde".parse().unwrap(),
        "De Linde",
        "https://linde.example/",
        vec![service],
    );
    let dvza = Practice {
        store: MemoryStore::default(),
        registratie: Registratie::new([linde]),
        login,
    };
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
    let config = ServerConfig::new("dvza.example.nl".parse().unwrap(), "DVZA", "088", keys);
    let server = Server::danger_example(Arc::new(dvza), config);
    Browser {
        dvza: front_channel(server, RouterOptions::at("/oauth").danger_without_limits()),
        http: super::http::client(rustls::RootCertStore::empty()).unwrap(),
        cookies: BTreeMap::new(),
    }
}

/// From the authorization request to the page after the login.
async fn log_in(browser: &mut Browser, provider: &Provider, next: &str) -> (Seen, Vec<String>) {
    // nobody is still logged in there
    browser.cookies.clear();
    browser
        .go("POST", &format!("{}/next?{next}", provider.issuer), None)
        .await;
    let request = "https://dvza.example.nl/oauth/authorize?response_type=code&client_id=pgo.example.nl\
                   &redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb&scope=huisartsdelinde&state=abcdefghijklmnop";
    let seen = browser.go("GET", request, None).await;
    let flow = seen.location.clone().unwrap();
    let (landing, _) = browser.follow(seen).await;
    let (_, csrf) = landing.body.split_once("name=\"csrf\" value=\"").unwrap();
    let form = format!("csrf={}&answer=login", csrf.split('"').next().unwrap());
    let seen = browser.go("POST", &flow, Some(form)).await;
    browser.follow(seen).await
}

#[tokio::test]
async fn core_authint_204_a_login_by_openid_connect_against_oidc_provider() {
    let Some(provider) = Provider::start() else { return };
    let mut browser = world(&provider, |_| {}).await;
    let (page, on_the_way) = log_in(&mut browser, &provider, &format!("bsn={BSN}")).await;
    assert!(
        page.body.contains("<h1>Toestemming geven</h1>"),
        "{on_the_way:?}: {}",
        page.body
    );
    let asked = on_the_way.first().unwrap();
    for parameter in [
        "response_type=code",
        "code_challenge_method=S256",
        "nonce=",
        "state=",
        "acr_values=http%3A%2F%2Feidas.europa.eu%2FLoA%2Fsubstantial",
        "claims=%7B%22id_token%22%3A%7B%22acr%22",
    ] {
        assert!(asked.contains(parameter), "{parameter}: {asked}");
    }

    // too low: the Annuleringspagina, whatever was demanded
    let low = format!("bsn={BSN}&acr=http%3A%2F%2Feidas.europa.eu%2FLoA%2Flow");
    let (page, _) = log_in(&mut browser, &provider, &low).await;
    assert!(page.body.contains("<h1>Je bent gestopt</h1>"), "{}", page.body);
    // cancelled there
    let (page, _) = log_in(&mut browser, &provider, "cancel=1").await;
    assert!(page.body.contains("<h1>Je bent gestopt</h1>"), "{}", page.body);
    // no BSN
    let (page, _) = log_in(&mut browser, &provider, "bsn=123456789").await;
    assert!(page.body.contains("<h1>Inloggen is niet gelukt</h1>"), "{}", page.body);

    // an answer of another provider, and a code that was used
    let (_, on_the_way) = log_in(&mut browser, &provider, &format!("bsn={BSN}")).await;
    let back = on_the_way.iter().find(|to| to.contains("/oauth/login?")).unwrap();
    let again = browser.go("GET", back, None).await;
    assert!(
        again.body.contains("<h1>Deze pagina werkt niet meer</h1>"),
        "{}",
        again.body
    );

    // a client that the provider does not know
    let mut other = world(&provider, |config| config.client_id = "ander".to_owned()).await;
    let (page, _) = log_in(&mut other, &provider, &format!("bsn={BSN}")).await;
    assert!(!page.body.contains("Toestemming geven"));
}
