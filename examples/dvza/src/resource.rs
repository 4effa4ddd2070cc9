// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.200, core.rscint.201 — the resource server: the guard of medmij-oauth first, then the source system.

use crate::{bronsysteem::Bronsysteem, leverancier::Leverancier, registratie::EigenRegistratie};
use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::Response,
    routing::get,
};
use bytes::Bytes;
use http::StatusCode;
use medmij_dvza::Server;
use medmij_fhir::{
    FhirVersion, Gegevensdienst, Issue, IssueCode, OperationOutcome, ResourceEndpoint, Severity,
    server::{ResourceSet, Responder, outcome_response},
};
use medmij_net::Peer;
use medmij_types::{Aanbiedernaam, BackchannelUri, GegevensdienstId, Hostname};
use node::STAP;
use std::{collections::BTreeMap, sync::Arc};

/// Small, so that the demo has pages to turn.
const PAGE_SIZE: usize = 4;

/// The path of a ResourceEndpoint of this DVZA.
#[must_use]
pub fn resource_path(aanbieder: &str, gegevensdienst: &GegevensdienstId) -> String {
    format!("/fhir/{aanbieder}/{gegevensdienst}")
}

/// Answers resource requests.
pub(crate) struct Resources {
    rol: String,
    server: Server<Leverancier>,
    bron: Arc<Bronsysteem>,
    registratie: EigenRegistratie,
    responders: BTreeMap<(Aanbiedernaam, GegevensdienstId), Responder>,
}

impl Resources {
    /// A resource server for what is served here, under the back-channel name of this Node.
    pub(crate) fn new(
        rol: &str,
        hostname: &Hostname,
        server: Server<Leverancier>,
        bron: Arc<Bronsysteem>,
        registratie: EigenRegistratie,
    ) -> Self {
        let mut responders = BTreeMap::new();
        for entry in registratie.registraties() {
            let (aanbieder, id) = (entry.aanbieder, entry.gegevensdienst);
            let uri = format!("https://{hostname}{}", resource_path(aanbieder.short(), &id));
            let endpoint = BackchannelUri::parse(&uri)
                .ok()
                .and_then(|uri| ResourceEndpoint::new(uri).ok());
            if let (Some(endpoint), Some(gegevensdienst)) = (endpoint, Gegevensdienst::lookup(&id)) {
                let responder = Responder::new(endpoint, gegevensdienst).with_page_size(PAGE_SIZE);
                responders.insert((aanbieder, id), responder);
            }
        }
        Self {
            rol: rol.to_owned(),
            server,
            bron,
            registratie,
            responders,
        }
    }

    /// The routes, to be mounted on the back channel.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/fhir/{aanbieder}/{gegevensdienst}/{*query}", get(resource))
            .with_state(Arc::new(self))
    }

    async fn answer(
        &self,
        aanbieder: &str,
        gegevensdienst: &str,
        peer: &Peer,
        request: &http::Request<()>,
    ) -> http::Response<Bytes> {
        let key = Aanbiedernaam::parse(aanbieder)
            .ok()
            .zip(GegevensdienstId::parse(gegevensdienst).ok());
        // core.gegevensdiensten.104: until 3600 seconds after the entry lapsed
        let served = key.filter(|(aanbieder, id)| self.registratie.serves(aanbieder, id));
        let Some((responder, (aanbieder, id))) = served.and_then(|key| Some((self.responders.get(&key)?, key))) else {
            return refuse(
                FhirVersion::Stu3,
                StatusCode::NOT_FOUND,
                IssueCode::NotFound,
                "er is hier geen resource server voor",
            );
        };
        let verleend = match self
            .server
            .guard(request.headers(), request.uri().query(), peer.names(), &id)
            .await
        {
            Ok(verleend) => verleend,
            Err(error) => {
                tracing::info!(target: STAP, rol = self.rol, regel = "core.rscint.200", "weigert een resourceverzoek: {error}");
                let mut response = refuse(responder.version(), error.status(), IssueCode::Security, "geen toegang");
                response.headers_mut().extend(error.to_http().headers().clone());
                return response;
            }
        };
        if verleend.aanbieder != aanbieder {
            // a token of one Aanbieder says nothing about another
            return refuse(
                responder.version(),
                StatusCode::FORBIDDEN,
                IssueCode::Security,
                "geen toegang",
            );
        }
        let dossier = self.bron.dossier(&aanbieder, &verleend.persoon.bsn, &id);
        data(responder, request, dossier)
    }
}

/// H16 — whoever has no dossier gets what somebody with an empty one gets: the answer does not tell of a behandelrelatie.
fn data(responder: &Responder, request: &http::Request<()>, dossier: Option<&ResourceSet>) -> http::Response<Bytes> {
    match dossier {
        Some(dossier) => responder.answer(request, dossier),
        None => responder.answer(request, &ResourceSet::new()),
    }
}

async fn resource(
    State(resources): State<Arc<Resources>>,
    Path((aanbieder, gegevensdienst, _)): Path<(String, String, String)>,
    peer: Peer,
    request: Request,
) -> Response {
    // reading has no body to look at
    let request = request.map(|_| ());
    resources
        .answer(&aanbieder, &gegevensdienst, &peer, &request)
        .await
        .map(Body::from)
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

    #[test]
    fn h16_who_has_no_dossier_cannot_be_told_from_who_has_nothing_that_is_asked() {
        let uri = "https://dvza-een.localhost/fhir/ziekenhuisdelinde/48";
        let endpoint = ResourceEndpoint::new(BackchannelUri::parse(uri).unwrap()).unwrap();
        let gegevensdienst = Gegevensdienst::lookup(&GegevensdienstId::parse("48").unwrap()).unwrap();
        let responder = Responder::new(endpoint, gegevensdienst);
        let mut dossier = ResourceSet::new();
        dossier
            .insert_json(br#"{"resourceType":"Patient","id":"een"}"#)
            .unwrap();
        let request = http::Request::get(format!("{uri}/Condition")).body(()).unwrap();

        let (without, nothing_asked) = (
            data(&responder, &request, None),
            data(&responder, &request, Some(&dossier)),
        );

        assert_eq!(without.status(), StatusCode::OK);
        assert_eq!(without.headers(), nothing_asked.headers());
        assert_eq!(without.body(), nothing_asked.body());
    }
}
