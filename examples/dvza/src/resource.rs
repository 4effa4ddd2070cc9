// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.200, core.rscint.201 — the resource server: the guard of medmij-dvza first, then the source system.

use crate::STEP;
use crate::{bronsysteem::Bronsysteem, supplier::ExampleSupplier};
use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::Response,
    routing::any,
};
use bytes::Bytes;
use http::StatusCode;
use medmij_dvza::{Server, registratie::Registratie};
use medmij_fhir::{
    FhirVersion, Gegevensdienst, Issue, IssueCode, OperationOutcome, ResourceEndpoint, ServiceFunction, Severity,
    server::{Context, Masked, PageSeal, Responder, outcome_response},
};
use medmij_net::Peer;
use medmij_oauth::{
    Function,
    seal::{KeyRing as _, LocalKeyRing},
};
use medmij_types::{Aanbiedernaam, BackchannelUri, GegevensdienstId, Hostname, OsEntropy};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Small, so that the demo has pages to turn.
const PAGE_SIZE: usize = 4;
/// Of a request.
const MOST_BYTES: usize = 16 << 20;

/// The path of a ResourceEndpoint of this DVZA.
#[must_use]
pub fn resource_path(aanbieder: &str, gegevensdienst: &GegevensdienstId) -> String {
    format!("/fhir/{aanbieder}/{gegevensdienst}")
}

/// The keys of the store seal the links to next pages too: any replica that has them answers such a link.
struct PageKeys(Arc<LocalKeyRing>);

impl PageSeal for PageKeys {
    fn seal(&self, plain: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        self.0.seal(plain, context, &OsEntropy).ok()
    }

    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        self.0.open(sealed, context).ok().map(|plain| plain.to_vec())
    }
}

/// Answers resource requests.
pub(crate) struct Resources {
    role: String,
    server: Server<ExampleSupplier>,
    bronsysteem: Arc<Bronsysteem>,
    registratie: Arc<Registratie>,
    hostname: Hostname,
    pages: Arc<dyn PageSeal>,
    /// One for each service that was asked; the registration says which are served.
    responders: Mutex<BTreeMap<(Aanbiedernaam, GegevensdienstId), Arc<Responder>>>,
}

impl Resources {
    /// A resource server for what is served here, under the back-channel name of this Node.
    pub(crate) fn new(
        role: &str,
        hostname: &Hostname,
        server: Server<ExampleSupplier>,
        bronsysteem: Arc<Bronsysteem>,
        registratie: Arc<Registratie>,
        keys: Arc<LocalKeyRing>,
    ) -> Self {
        Self {
            role: role.to_owned(),
            server,
            bronsysteem,
            registratie,
            hostname: hostname.clone(),
            pages: Arc::new(PageKeys(keys)),
            responders: Mutex::default(),
        }
    }

    /// Answers for one service, from the first time that it is asked.
    fn responder(&self, aanbieder: &Aanbiedernaam, id: &GegevensdienstId) -> Option<Arc<Responder>> {
        let mut responders = self.responders.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (aanbieder.clone(), id.clone());
        if let Some(responder) = responders.get(&key) {
            return Some(Arc::clone(responder));
        }
        let uri = format!("https://{}{}", self.hostname, resource_path(aanbieder.short(), id));
        let endpoint = ResourceEndpoint::new(BackchannelUri::parse(&uri).ok()?).ok()?;
        let responder = Responder::new(endpoint, Gegevensdienst::lookup(id)?).with_page_size(PAGE_SIZE);
        let responder = Arc::new(responder.with_page_seal(Arc::clone(&self.pages)));
        responders.insert(key, Arc::clone(&responder));
        Some(responder)
    }

    /// The routes, to be mounted on the back channel.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/fhir/{aanbieder}/{gegevensdienst}", any(base))
            .route("/fhir/{aanbieder}/{gegevensdienst}/{*query}", any(below))
            .with_state(Arc::new(self))
    }

    async fn answer(
        &self,
        aanbieder: &str,
        gegevensdienst: &str,
        peer: &Peer,
        request: &http::Request<Bytes>,
    ) -> http::Response<Bytes> {
        let key = Aanbiedernaam::parse(aanbieder)
            .ok()
            .zip(GegevensdienstId::parse(gegevensdienst).ok());
        // core.gegevensdiensten.104: until 3600 seconds after the entry lapsed
        let function = |id: &GegevensdienstId| match Gegevensdienst::lookup(id).map(Gegevensdienst::function) {
            Some(ServiceFunction::Delen) => Function::Delen,
            _ => Function::Verzamelen,
        };
        let served = key.filter(|(aanbieder, id)| self.registratie.serves(aanbieder, function(id), id));
        let found = served.and_then(|(aanbieder, id)| Some((self.responder(&aanbieder, &id)?, aanbieder, id)));
        let Some((responder, aanbieder, id)) = found else {
            return refuse(
                FhirVersion::Stu3,
                StatusCode::NOT_FOUND,
                IssueCode::NotFound,
                "er is hier geen resource server voor",
            );
        };
        let judged = self
            .server
            .guard_request(&[function(&id)], request, peer.names(), (&aanbieder, &id))
            .await;
        // who saw what is on record within a second
        self.server.flush_audit_soon();
        let granted_access = match judged {
            Ok(granted_access) => granted_access,
            Err(error) => {
                tracing::info!(target: STEP, role = self.role, rule = "core.rscint.200", "weigert een resourceverzoek: {error}");
                let mut response = refuse(responder.version(), error.status(), IssueCode::Security, "geen toegang");
                response.headers_mut().extend(error.to_http().headers().clone());
                return response;
            }
        };
        let context = Context::new(granted_access.persoon.bsn.clone(), id.clone());
        let response = match self.bronsysteem.bronsysteem(&aanbieder, &id) {
            Some(bronsysteem) => responder.respond(request, &context, bronsysteem).await,
            None => refuse(
                responder.version(),
                StatusCode::NOT_FOUND,
                IssueCode::NotFound,
                "er is hier geen bronsysteem voor",
            ),
        };
        self.server.answered(&granted_access, response.status());
        let masked = response.extensions().get::<Masked>().map_or(0, |masked| masked.places);
        if masked > 0 {
            tracing::warn!(aanbieder = %aanbieder, masked, "core.rscint.203: a source gave a BSN, which was masked");
        }
        response
    }
}

async fn base(
    State(resources): State<Arc<Resources>>,
    Path((aanbieder, gegevensdienst)): Path<(String, String)>,
    peer: Peer,
    request: Request,
) -> Response {
    answer(&resources, &aanbieder, &gegevensdienst, &peer, request).await
}

async fn below(
    State(resources): State<Arc<Resources>>,
    Path((aanbieder, gegevensdienst, _)): Path<(String, String, String)>,
    peer: Peer,
    request: Request,
) -> Response {
    answer(&resources, &aanbieder, &gegevensdienst, &peer, request).await
}

async fn answer(
    resources: &Resources,
    aanbieder: &str,
    gegevensdienst: &str,
    peer: &Peer,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    // what is delivered is read whole; more than this is not
    let response = match axum::body::to_bytes(body, MOST_BYTES).await {
        Ok(body) => {
            let request = http::Request::from_parts(head, body);
            resources.answer(aanbieder, gegevensdienst, peer, &request).await
        }
        Err(_) => refuse(
            FhirVersion::Stu3,
            StatusCode::PAYLOAD_TOO_LARGE,
            IssueCode::TooLong,
            "het verzoek is te groot",
        ),
    };
    response.map(Body::from)
}

fn refuse(version: FhirVersion, status: StatusCode, code: IssueCode, text: &str) -> http::Response<Bytes> {
    outcome_response(
        version,
        status,
        &OperationOutcome::new(Issue::new(Severity::Error, code, text)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_types::Bsn;

    #[tokio::test]
    async fn h16_who_has_no_dossier_cannot_be_told_from_who_has_nothing_that_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let sources = Bronsysteem::open(&data, folder.path()).unwrap();
        for (aanbieder, id, asked) in [
            ("ziekenhuisdelinde", "51", "DocumentReference?status=entered-in-error"),
            ("huisartsdewilg", "51", "DocumentReference?status=entered-in-error"),
            ("huisartsdewilg", "63", "Immunization?status=not-done"),
        ] {
            let uri = format!("https://dvza-een.localhost/fhir/{aanbieder}/{id}");
            let endpoint = ResourceEndpoint::new(BackchannelUri::parse(&uri).unwrap()).unwrap();
            let service = GegevensdienstId::parse(id).unwrap();
            let responder = Responder::new(endpoint, Gegevensdienst::lookup(&service).unwrap());
            let bronsysteem = sources
                .bronsysteem(&Aanbiedernaam::parse(aanbieder).unwrap(), &service)
                .unwrap();
            let request = http::Request::get(format!("{uri}/{asked}")).body(Bytes::new()).unwrap();
            let ask = async |bsn: &str| {
                let context = Context::new(Bsn::parse(bsn).unwrap(), service.clone());
                responder.respond(&request, &context, bronsysteem).await
            };
            let (nobody, nothing) = (ask("999990019").await, ask("999910024").await);
            assert_eq!(nobody.status(), StatusCode::OK, "{aanbieder} {id}");
            assert_eq!(nobody.headers(), nothing.headers());
            assert_eq!(nobody.body(), nothing.body());
        }
    }

    #[tokio::test]
    async fn each_source_system_gives_what_it_has_of_one_person() {
        let folder = tempfile::tempdir().unwrap();
        let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let sources = Bronsysteem::open(&data, folder.path()).unwrap();
        for (aanbieder, id, asked, found) in [
            ("ziekenhuisdelinde", "48", "Patient", 1),
            ("ziekenhuisdelinde", "50", "CareTeam", 1),
            ("huisartsdewilg", "48", "Patient", 1),
            ("huisartsdewilg", "63", "Immunization", 3),
        ] {
            let uri = format!("https://dvza-een.localhost/fhir/{aanbieder}/{id}");
            let endpoint = ResourceEndpoint::new(BackchannelUri::parse(&uri).unwrap()).unwrap();
            let service = GegevensdienstId::parse(id).unwrap();
            let responder = Responder::new(endpoint, Gegevensdienst::lookup(&service).unwrap());
            let bronsysteem = sources
                .bronsysteem(&Aanbiedernaam::parse(aanbieder).unwrap(), &service)
                .unwrap();
            let context = Context::new(Bsn::parse("999910024").unwrap(), service);
            let request = http::Request::get(format!("{uri}/{asked}")).body(Bytes::new()).unwrap();
            let response = responder.respond(&request, &context, bronsysteem).await;
            let text = String::from_utf8_lossy(response.body()).into_owned();
            assert!(text.contains(&format!("\"total\":{found}")), "{aanbieder} {id}: {text}");
            assert!(!text.contains("vaccinaties.intern"), "its address stays inside");
        }
    }
}
