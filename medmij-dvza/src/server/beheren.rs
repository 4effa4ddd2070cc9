// SPDX-License-Identifier: AGPL-3.0-or-later
//! Beheren toestemmingen — a Persoon sees and withdraws langdurige toestemmingen at the DVA.
//!
//! The business steps are known; how the DVP's request looks is not. It is taken here to be an authorization request on an
//! endpoint of its own: `client_id`, `redirect_uri`, `state` and the Aanbieder as `scope`.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderMap;
use medmij_log::{EventType, InitiatedBy, RequestInfo};
use medmij_oauth::{ClientId, Function, storage::Advanced};
use medmij_types::{Aanbiedernaam, CalendarDate, GegevensdienstId};

use super::{
    Aanbieders as _, Arrived, Clients as _, Dvza, Next, OverviewScreen, Persoon, Screen, ScreenNames, Server,
    StepError, ToestemmingRow, WithdrawScreen,
    flow::Step,
    reseal::open,
    steps::{Arrival, At},
};
use crate::store::{AuditEntry, AuditKind, Store as _};

impl<D: Dvza> Server<D> {
    /// Judges a request to manage consents and starts a flow that ends in the Toestemmingsoverzicht.
    pub async fn beheren(&self, query: &str, headers: &HeaderMap) -> Arrived {
        let arrival = Arrival {
            beheren: true,
            ..Arrival::default()
        };
        self.arrive(query, headers, arrival).await
    }

    pub(super) async fn overview(
        &self,
        names: ScreenNames,
        persoon: &Persoon,
        stopped: Option<&(ClientId, Aanbiedernaam)>,
    ) -> Result<Screen, StepError> {
        let mut toestemmingen = Vec::new();
        for (number, ((client_id, aanbieder), given)) in self.toestemmingen(persoon).await?.iter().enumerate() {
            toestemmingen.push(ToestemmingRow {
                names: self.screen_names(client_id, aanbieder).await?,
                number,
                since: given.since,
                services: self.names_of(aanbieder, &given.gegevensdiensten).await?,
            });
        }
        let stopped = match stopped {
            Some((client_id, aanbieder)) => Some(self.screen_names(client_id, aanbieder).await?),
            None => None,
        };
        Ok(Screen::Overview(OverviewScreen {
            names,
            toestemmingen,
            stopped,
        }))
    }

    pub(super) async fn withdraw(&self, client_id: &ClientId, aanbieder: &Aanbiedernaam) -> Result<Screen, StepError> {
        Ok(Screen::Withdraw(WithdrawScreen {
            names: self.screen_names(client_id, aanbieder).await?,
        }))
    }

    pub(super) async fn manage(&self, at: &At<'_>, answer: &str, number: &str) -> Result<Next, StepError> {
        match (&at.flow.step, answer) {
            (Step::Overview { persoon, .. }, "stop") => {
                let chosen = number.parse::<usize>().ok();
                let list = self.toestemmingen(persoon).await?;
                let ((client_id, aanbieder), _) = chosen
                    .and_then(|number| list.into_iter().nth(number))
                    .ok_or(StepError::Form)?;
                let step = Step::Withdraw {
                    persoon: persoon.clone(),
                    client_id,
                    aanbieder,
                };
                self.advance(at, &at.flow.at(step), true).await
            }
            (Step::Overview { persoon, .. }, "log") => {
                let persoon = persoon.clone();
                self.advance(at, &at.flow.at(Step::AccessLog { persoon }), true).await
            }
            (Step::Overview { .. }, "back") => {
                match self.dvza.store().close_flow(&at.visitor.flow, at.version, None).await? {
                    Advanced::Done => {
                        self.observe(EventType::SendAuthorizationResponse, at.flow);
                        Ok(Next::Away(at.flow.redirect().plain()))
                    }
                    Advanced::Stale => Err(StepError::Expired),
                }
            }
            (
                Step::Withdraw {
                    persoon,
                    client_id,
                    aanbieder,
                },
                "yes",
            ) => {
                let indexes = self.config.keys.indexes(&persoon.bsn)?;
                let index = self.config.keys.index(&persoon.bsn)?;
                let audit = AuditEntry::new(
                    AuditKind::Withdrawn,
                    index,
                    Some(aanbieder.clone()),
                    client_id.clone(),
                    "*",
                    self.config.texts.version.clone(),
                )
                .by(self.acting_for(at.flow, persoon));
                self.dvza
                    .store()
                    .withdraw(&indexes, Some(aanbieder), client_id, audit)
                    .await?;
                self.observe_withdrawal(at, client_id, aanbieder);
                self.advance(
                    at,
                    &at.flow.at(Step::Overview {
                        persoon: persoon.clone(),
                        stopped: Some((client_id.clone(), aanbieder.clone())),
                    }),
                    true,
                )
                .await
            }
            (Step::Withdraw { persoon, .. }, "no") => {
                self.advance(
                    at,
                    &at.flow.at(Step::Overview {
                        persoon: persoon.clone(),
                        stopped: None,
                    }),
                    true,
                )
                .await
            }
            _ => Err(StepError::Form),
        }
    }

    /// The withdrawal, in the chain of the request to manage consents.
    fn observe_withdrawal(&self, at: &At<'_>, client_id: &ClientId, aanbieder: &Aanbiedernaam) {
        let mut event = self.event(
            EventType::ConsentWithdrawn,
            Some(at.flow.trace_id()),
            Some(&at.flow.session_id),
        );
        let mut info = RequestInfo::default();
        info.client_id = Some(client_id.hostname().clone());
        info.provider_id = Some(aanbieder.clone());
        info.initiated_by = Some(InitiatedBy::Person);
        event.request = Some(info);
        self.config.observer.observe(event);
    }

    /// The langdurige toestemmingen, one for each DVP and Aanbieder, in a stable order.
    async fn toestemmingen(
        &self,
        persoon: &Persoon,
    ) -> Result<BTreeMap<(ClientId, Aanbiedernaam), Consents>, StepError> {
        // under every version of the index key
        let indexes = self.config.keys.indexes(&persoon.bsn)?;
        let mut list: BTreeMap<_, Consents> = BTreeMap::new();
        for grant in self.dvza.store().grants_of(&indexes).await? {
            // what cannot be read can still be withdrawn
            let body = open(&*self.config.keys, &grant).ok();
            let Some(aanbieder) = grant.aanbieder else { continue };
            let given = list.entry((grant.client_id, aanbieder)).or_default();
            if let Some(body) = body {
                given.since = given.since.max(body.given);
                given.gegevensdiensten.extend(body.gegevensdiensten);
            }
        }
        Ok(list)
    }

    /// What gegevensdiensten are called at an Aanbieder; one that it does not offer any more by its id.
    async fn names_of(
        &self,
        aanbieder: &Aanbiedernaam,
        ids: &BTreeSet<GegevensdienstId>,
    ) -> Result<Vec<String>, StepError> {
        let known = self.dvza.aanbieders().aanbieder(aanbieder).await?;
        let name = |id: &GegevensdienstId| {
            let service = known.as_ref().and_then(|known| known.service(Function::Verzamelen, id));
            service.map_or_else(|| id.as_str().to_owned(), |service| service.name.clone())
        };
        Ok(ids.iter().map(name).collect())
    }

    pub(super) async fn screen_names(
        &self,
        client_id: &ClientId,
        aanbieder: &Aanbiedernaam,
    ) -> Result<ScreenNames, StepError> {
        let client = self.dvza.clients().client(client_id).await?;
        let known = self.dvza.aanbieders().aanbieder(aanbieder).await?;
        Ok(ScreenNames {
            aanbieder: known.map_or_else(|| aanbieder.short().to_owned(), |known| known.weergavenaam),
            pgo: client
                .as_ref()
                .map_or_else(|| client_id.as_str(), |client| client.name(client_id))
                .to_owned(),
        })
    }
}

/// What the langdurige toestemmingen of a DVP at an Aanbieder say together.
#[derive(Default)]
struct Consents {
    since: Option<CalendarDate>,
    gegevensdiensten: BTreeSet<GegevensdienstId>,
}
