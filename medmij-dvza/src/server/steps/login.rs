// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.204, ext.vert.authint.201 — 204 — the two legs of the login, the age rule and the Beschikbaarheidstoets.

use medmij_log::EventType;
use medmij_oauth::{
    Vertegenwoordiging,
    policy::{Gedrag, Uitzondering},
    wire::Geboortedatum,
};
use medmij_types::{Datum, GegevensdienstId};

use super::{At, Failed, Next, failed};
use crate::server::{
    Authentication as _, Clients as _, Dvza, LoginAnswer, LoginCallback, LoginOutcome, LoginRequest, Persoon, Server,
    SourceBirthDate, StepError, Toets as _, ToetsUitslag, ToetsVraag, Visitor,
    flow::{Asked, Stap},
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
            return Err(StepError::LoginTeGroot);
        }
        let stap = Stap::Inloggen {
            remember: start.remember,
        };
        let location = start.location;
        match self.advance(at, &at.flow.at(stap), false).await? {
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
        let Stap::Inloggen { remember } = &flow.stap else {
            return Err((StepError::Verlopen, None));
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
                LoginOutcome::Ingelogd(persoon) => {
                    self.observe(EventType::ReceiveAuthenticationResponse, flow);
                    self.logged_in(&at, persoon).await
                }
                LoginOutcome::Geannuleerd => self.end(&at, Uitzondering::Geannuleerd).await,
                LoginOutcome::Mislukt => self.end(&at, Uitzondering::IdentiteitNietVastgesteld).await,
            }
        };
        next.await.map_err(|error| failed(error, flow))
    }

    async fn logged_in(&self, at: &At<'_>, persoon: Persoon) -> Result<Next, StepError> {
        // ext.vert.authint.201 - 204: used exactly as asked
        match (at.flow.scope.vertegenwoordiging(), persoon.vertegenwoordiging) {
            (asked, used) if asked == used => {}
            (Some(_), _) => return self.end(at, Uitzondering::VertegenwoordigingOntbreekt).await,
            (None, _) => return self.end(at, Uitzondering::VertegenwoordigingOnverwacht).await,
        }
        if at.flow.beheren {
            let stap = Stap::Overzicht { persoon, stopped: None };
            return self.advance(at, &at.flow.at(stap), true).await;
        }
        let aanbieder = self.aanbieder(at.flow).await?;
        let functie = at.flow.scope.functie();
        let asked = match at.flow.scope.gegevensdiensten() {
            [] => {
                // what the Aanbieder offers, as far as the OCL knows the client for it (core.ocl.300)
                let client = self.dvza.clients().client(&at.flow.client_id).await?;
                let mut offered = aanbieder.ids(functie);
                offered.retain(|id| client.as_ref().is_none_or(|client| client.has(id)));
                offered
            }
            ids => ids.to_vec(),
        };
        let geboren = self.dvza.toets().geboortedatum(&persoon.bsn, &aanbieder).await?;
        match self.birth_date_forbids(geboren, at.flow.geboortedatum.as_ref(), &persoon) {
            None => {}
            Some(Uitzondering::GeenGegevens) => return self.ask(at, persoon, asked, &[]).await,
            Some(reden) => return self.end(at, reden).await,
        }
        if asked.is_empty() {
            return self.ask(at, persoon, asked, &[]).await;
        }
        let vraag = ToetsVraag {
            aanbieder: &aanbieder,
            persoon: &persoon,
            functie,
            gegevensdiensten: &asked,
        };
        let available = match self.dvza.toets().toets(&vraag).await? {
            ToetsUitslag::Later => asked.clone(),
            ToetsUitslag::Beschikbaar(ids) => ids,
            ToetsUitslag::NietBeschikbaar => Vec::new(),
            ToetsUitslag::NietVastTeStellen => return self.end(at, Uitzondering::NietVastTeStellen).await,
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
        let reden = Uitzondering::GeenGegevens;
        let rule = self.config.exceptions.rule(at.flow.release(), reden);
        if rule.gedrag == Gedrag::Redirect && asked.iter().all(|asked| !asked.available) {
            // releases 1.0 and 1.1: at once, and not alike
            return self.end(at, reden).await;
        }
        self.advance(at, &at.flow.at(Stap::Toestemming { persoon, asked }), true)
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
            (Some(None), _) => Some(Uitzondering::NietVastTeStellen),
            (Some(Some(false)), _) => Some(Uitzondering::GeboortedatumAnders),
            (_, None) if persoon.vertegenwoordiging.is_some() => Some(Uitzondering::NietVastTeStellen),
            (_, None) if self.config.danger_without_birth_date => None,
            (_, Some(source)) if self.has_age(&source, persoon.vertegenwoordiging) => None,
            _ => Some(Uitzondering::GeenGegevens),
        }
    }

    /// Sixteen or older; a child of 0 up to and including 11 by parental authority: on the calendar day in the Netherlands, and
    /// by the reading of an incomplete date that grants least.
    pub(in crate::server) fn has_age(&self, geboren: &SourceBirthDate, soort: Option<Vertegenwoordiging>) -> bool {
        geboren.has_age(Datum::in_amsterdam(self.config.clock.now()), soort)
    }
}

const MAX_REMEMBER: usize = 1024;
