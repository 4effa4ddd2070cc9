// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.202, core.authint.203 — an authorization request comes in: refused with a page (1a), refused with a
//! redirect (1b), or a flow.

use std::net::IpAddr;

use http::{HeaderMap, Method};
use medmij_log::{ErrorInfo, EventType};
use medmij_oauth::{
    Function, Scope,
    policy::{ExceptionRule, Handling, Mark, Uitzondering},
    wire::{ErrorCode, RequestIds},
};
use medmij_types::{CorrelationId, MedMijRequestId};

use super::Arrived;
use crate::server::{
    Aanbieder, Aanbieders as _, Clients as _, Dvza, JudgeOptions, JudgedRequest, Page, Screen, Server, StepError,
    Uitzondering1a, UnprovenRequest,
    authorization::RefusedRequest,
    flow::{Flow, Step},
};

/// How an authorization request came.
#[derive(Clone, Copy, Default)]
pub(crate) struct Arrival<'a> {
    /// Of who asks, where it is known.
    pub(crate) address: Option<IpAddr>,
    /// On which path.
    pub(crate) path: &'a str,
    /// Whether it is for Beheren toestemmingen.
    pub(crate) beheren: bool,
}

impl<D: Dvza> Server<D> {
    pub(super) async fn judge(
        &self,
        query: &str,
        headers: &HeaderMap,
        arrival: Arrival<'_>,
    ) -> Result<Arrived, StepError> {
        let entropy = &*self.config.entropy;
        let session_id = CorrelationId::random(entropy)?;
        let fresh = RequestIds::new(MedMijRequestId::random(entropy)?, CorrelationId::random(entropy)?);
        let unproven = UnprovenRequest::parse(query).and_then(|unproven| {
            if self.config.redirect_query {
                Ok(unproven)
            } else {
                unproven.without_redirect_query()
            }
        });
        let unproven = match unproven {
            Ok(unproven) => unproven,
            Err(error) => return Ok(self.fault(error, &session_id)),
        };
        let client = self.dvza.clients().client(unproven.client_id()).await?;
        let proven = match unproven.prove(client) {
            Ok(proven) => proven,
            Err(error) => return Ok(self.fault(error, &session_id)),
        };
        let redirect = proven.redirect().clone();
        let mut options = JudgeOptions::new(self.config.release);
        options.ids = self.config.ids;
        options.state_maximum = self.config.state_maximum;
        options.state_minimum = self.config.state_minimum;
        let judged = match proven.judge(&options, headers, fresh) {
            Ok(judged) => judged,
            Err(refused) => return Ok(self.refuse(&refused, None, &session_id)),
        };
        // from here on a disturbance may offer the way back (C16)
        match self.open(judged, session_id, arrival).await {
            Ok(arrived) => Ok(arrived),
            Err(error) => {
                let rule = ExceptionRule::new(Handling::Page, ErrorCode::ServerError, Mark::Inferred);
                let mut page = self.outage(&error, None);
                if let Screen::Outage(screen) = &mut page.screen {
                    screen.back = Some(redirect.error(&rule));
                }
                Ok(Arrived::Page(Box::new(page)))
            }
        }
    }

    async fn open(
        &self,
        judged: JudgedRequest,
        session_id: CorrelationId,
        arrival: Arrival<'_>,
    ) -> Result<Arrived, StepError> {
        let trace_id = judged.request.ids.as_ref().map(|ids| ids.correlation_id.clone());
        if judged.ids_replaced {
            tracing::warn!(rule = "core.authint.208", client_id = %judged.request.client_id, "request ids missing or malformed, replaced");
        }
        let mut event = self.event(
            EventType::ReceiveAuthorizationRequest,
            trace_id.as_ref(),
            Some(&session_id),
        );
        let mut info = self.called(&Method::GET, arrival.path);
        info.id = judged.request.ids.as_ref().map(|ids| ids.request_id.clone());
        info.client_id = Some(judged.request.client_id.hostname().clone());
        event.request = Some(info);
        self.config.observer.observe(event);

        let (aanbieder, scope) = match self.serve(&judged).await? {
            Ok(served) => served,
            Err(refused) => return Ok(self.refuse(&refused, trace_id.as_ref(), &session_id)),
        };
        let request = judged.request;
        let flow = Flow {
            client_id: request.client_id,
            redirect_uri: request.redirect_uri,
            state: request.state,
            scope,
            aanbieder: aanbieder.name,
            ids: request.ids,
            geboortedatum: request.geboortedatum,
            session_id,
            beheren: arrival.beheren,
            step: Step::Landing,
        };
        Ok(Arrived::Flow(self.start(&flow, arrival.address).await?))
    }

    /// V2: the Aanbieder and the gegevensdiensten are served here, and the client may have them.
    async fn serve(&self, judged: &JudgedRequest) -> Result<Result<(Aanbieder, Scope), RefusedRequest>, StepError> {
        let mut scope = judged.request.scope.clone();
        let name = scope.aanbieder().or(self.config.aanbieder.as_ref());
        let aanbieder = match name {
            Some(name) => self.dvza.aanbieders().aanbieder(name).await?,
            None => None,
        };
        let Some(aanbieder) = aanbieder else {
            return Ok(Err(
                judged.refuse(Uitzondering::AanbiederNotServed, "aanbieder is not served here")
            ));
        };
        // offered by what is registered, not by what the release knows
        if scope.vertegenwoordiging().is_some_and(|kind| !aanbieder.takes(kind)) {
            return Ok(Err(judged.refuse(
                Uitzondering::GegevensdienstNotServed,
                "representation is not offered here",
            )));
        }
        // in 1.x Verzamelen and Delen are written alike; the gegevensdienst tells
        if let (Function::Verzamelen, [id]) = (scope.function(), scope.gegevensdiensten())
            && aanbieder.service(Function::Verzamelen, id).is_none()
            && aanbieder.service(Function::Delen, id).is_some()
            && let Ok(delen) = Scope::delen(scope.release(), aanbieder.name.clone(), id.clone())
        {
            scope = match scope.vertegenwoordiging() {
                Some(kind) => delen.clone().with_vertegenwoordiging(kind).unwrap_or(delen),
                None => delen,
            };
        }
        let served = match scope.gegevensdiensten() {
            [] => !aanbieder.ids(scope.function()).is_empty(),
            ids => ids.iter().all(|id| aanbieder.service(scope.function(), id).is_some()),
        };
        if !served {
            return Ok(Err(judged.refuse(
                Uitzondering::GegevensdienstNotServed,
                "gegevensdienst is not served here",
            )));
        }
        let allowed = match scope.gegevensdiensten() {
            // no id in the scope: the OCL has to know the client for one of those that are offered, and no others are granted
            [] => judged.allow_one_of(&aanbieder.ids(scope.function())),
            ids => judged.allow(ids),
        };
        Ok(allowed.map(|()| (aanbieder, scope)))
    }

    fn fault(&self, error: Uitzondering1a, session_id: &CorrelationId) -> Arrived {
        tracing::info!(rule = "core.authint.207", uitzondering = "1a", reason = %error, "authorization request refused with a page");
        for kind in [
            EventType::AuthorizationRequestError,
            EventType::ShowAuthorizationRequestErrorPage,
        ] {
            let mut event = self.event(kind, None, Some(session_id));
            event.error = Some(ErrorInfo::new("invalid_request", error.for_log()));
            self.config.observer.observe(event);
        }
        Arrived::Page(Box::new(Page::new(400, Screen::Fault(error), &self.config)))
    }

    fn refuse(
        &self,
        refused: &RefusedRequest,
        trace_id: Option<&CorrelationId>,
        session_id: &CorrelationId,
    ) -> Arrived {
        let rule = self.config.exceptions.rule(self.config.release, refused.uitzondering);
        tracing::info!(
            rule = "core.authint.207",
            uitzondering = refused.uitzondering.as_str(),
            reason = refused.what,
            "authorization request refused with a redirect"
        );
        if let Some(kind) = &rule.event {
            let mut event = self.event(kind.clone(), trace_id, Some(session_id));
            event.error = Some(ErrorInfo::new(rule.error.known(), refused.what));
            self.config.observer.observe(event);
        }
        Arrived::Redirect(refused.redirect.error(&rule))
    }
}
