// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.204, ext.vert.authint.201 — 204 — the two legs of the login, the age rule and the Beschikbaarheidstoets.

use medmij_log::EventType;
use medmij_oauth::{
    Vertegenwoordiging,
    policy::{Handling, Uitzondering},
    wire::Geboortedatum,
};
use medmij_types::{CalendarDate, GegevensdienstId};

use super::{At, Failed, Next, failed};
use crate::server::{
    Authentication as _, Clients as _, Dvza, LoginAnswer, LoginCallback, LoginOutcome, LoginRequest, Persoon, Server,
    SourceBirthDate, StepError, Toets as _, ToetsOutcome, ToetsQuery, Visitor,
    flow::{Asked, Step},
};

impl<D: Dvza> Server<D> {
    pub(super) async fn begin_login(&self, at: &At<'_>, callback: &str) -> Result<Next, StepError> {
        let login = LoginRequest {
            flow: at.visitor.flow.clone(),
            callback: callback.to_owned(),
            vertegenwoordiging: at.flow.scope.vertegenwoordiging(),
        };
        let start = self.dvza.authentication().begin(&login).await?;
        if start.remember.len() > MAX_REMEMBER {
            return Err(StepError::LoginTooLarge);
        }
        let step = Step::Login {
            remember: start.remember,
        };
        let location = start.location;
        match self.advance(at, &at.flow.at(step), false).await? {
            Next::Flow(visitor) => {
                self.observe(EventType::SendAuthenticationRequest, at.flow);
                Ok(Next::Login { visitor, location })
            }
            other => Ok(other),
        }
    }

    pub(super) async fn finish_login(&self, visitor: &Visitor, answer: LoginAnswer<'_>) -> Result<Next, Failed> {
        let loaded = self.load(visitor).await?;
        let flow = &loaded.flow;
        let Step::Login { remember } = &flow.step else {
            return Err((StepError::Expired, None));
        };
        let at = At::new(visitor, &loaded, true);
        let callback = LoginCallback {
            flow: &visitor.flow,
            query: answer.query,
            form: answer.form,
            remember,
        };
        let next = async {
            match self.dvza.authentication().finish(&callback).await? {
                LoginOutcome::LoggedIn(persoon) => {
                    self.observe(EventType::ReceiveAuthenticationResponse, flow);
                    self.logged_in(&at, persoon).await
                }
                LoginOutcome::Cancelled => self.end(&at, Uitzondering::Cancelled).await,
                LoginOutcome::Failed => self.end(&at, Uitzondering::IdentityNotEstablished).await,
            }
        };
        next.await.map_err(|error| failed(error, flow))
    }

    async fn logged_in(&self, at: &At<'_>, persoon: Persoon) -> Result<Next, StepError> {
        // ext.vert.authint.201 - 204: used exactly as asked
        match (at.flow.scope.vertegenwoordiging(), persoon.vertegenwoordiging) {
            (asked, used) if asked == used => {}
            (Some(_), _) => return self.end(at, Uitzondering::VertegenwoordigingMissing).await,
            (None, _) => return self.end(at, Uitzondering::VertegenwoordigingUnexpected).await,
        }
        if at.flow.beheren {
            let step = Step::Overview { persoon, stopped: None };
            return self.advance(at, &at.flow.at(step), true).await;
        }
        let aanbieder = self.aanbieder(at.flow).await?;
        let function = at.flow.scope.function();
        let asked = match at.flow.scope.gegevensdiensten() {
            [] => {
                // what the Aanbieder offers, as far as the OCL knows the client for it (core.ocl.300)
                let client = self.dvza.clients().client(&at.flow.client_id).await?;
                let mut offered = aanbieder.ids(function);
                offered.retain(|id| client.as_ref().is_none_or(|client| client.has(id)));
                offered
            }
            ids => ids.to_vec(),
        };
        let born = self.dvza.toets().geboortedatum(&persoon.bsn, &aanbieder).await?;
        match self.birth_date_forbids(born, at.flow.geboortedatum.as_ref(), &persoon) {
            None => {}
            Some(Uitzondering::NoData) => return self.ask(at, persoon, asked, &[]).await,
            Some(reason) => return self.end(at, reason).await,
        }
        if asked.is_empty() {
            return self.ask(at, persoon, asked, &[]).await;
        }
        let query = ToetsQuery {
            aanbieder: &aanbieder,
            persoon: &persoon,
            function,
            gegevensdiensten: &asked,
        };
        let available = match self.dvza.toets().toets(&query).await? {
            ToetsOutcome::Later => asked.clone(),
            ToetsOutcome::Available(ids) => ids,
            ToetsOutcome::Unavailable => Vec::new(),
            ToetsOutcome::NotEstablished => return self.end(at, Uitzondering::NotEstablished).await,
        };
        self.ask(at, persoon, asked, &available).await
    }

    /// On to the page after the login: the question or, where nothing of what was asked is available, that there is nothing.
    async fn ask(
        &self,
        at: &At<'_>,
        persoon: Persoon,
        asked: Vec<GegevensdienstId>,
        available: &[GegevensdienstId],
    ) -> Result<Next, StepError> {
        let mark = |id: GegevensdienstId| Asked {
            available: available.contains(&id),
            id,
        };
        let asked: Vec<Asked> = asked.into_iter().map(mark).collect();
        let reason = Uitzondering::NoData;
        let rule = self.config.exceptions.rule(at.flow.release(), reason);
        if rule.handling == Handling::Redirect && asked.iter().all(|asked| !asked.available) {
            // releases 1.0 and 1.1: at once, and not alike
            return self.end(at, reason).await;
        }
        self.advance(at, &at.flow.at(Step::Toestemming { persoon, asked }), true)
            .await
    }

    /// Why a birth date ends the flow, if it does. What is not established grants nothing.
    fn birth_date_forbids(
        &self,
        source: Option<SourceBirthDate>,
        given: Option<&Geboortedatum>,
        persoon: &Persoon,
    ) -> Option<Uitzondering> {
        let compared = given.map(|given| source.and_then(|source| source.agrees_with(given)));
        match (compared, source) {
            (Some(None), _) => Some(Uitzondering::NotEstablished),
            (Some(Some(false)), _) => Some(Uitzondering::GeboortedatumDiffers),
            (_, None) if persoon.vertegenwoordiging.is_some() => Some(Uitzondering::NotEstablished),
            (_, None) if self.config.danger_without_birth_date => None,
            (_, Some(source)) if self.has_age(&source, persoon.vertegenwoordiging) => None,
            _ => Some(Uitzondering::NoData),
        }
    }

    /// Sixteen or older; a child of 0 up to and including 11 by parental authority: on the calendar day in the Netherlands, and
    /// by the reading of an incomplete date that grants least.
    pub(in crate::server) fn has_age(&self, born: &SourceBirthDate, kind: Option<Vertegenwoordiging>) -> bool {
        born.has_age(CalendarDate::in_amsterdam(self.config.clock.now()), kind)
    }
}

const MAX_REMEMBER: usize = 1024;
