// SPDX-License-Identifier: AGPL-3.0-or-later
//! Beheren toestemmingen — a Persoon sees and withdraws langdurige toestemmingen at the DVA.
//!
//! The business steps are known; how the DVP's request looks is not. It is taken here to be an authorization request on an
//! endpoint of its own: `client_id`, `redirect_uri`, `state` and the Aanbieder as `scope`.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderMap;
use medmij_oauth::{ClientId, Functie, storage::Advanced};
use medmij_types::{Aanbiedernaam, Datum, GegevensdienstId};

use super::{
    Aanbieders as _, Arrived, Clients as _, Dvza, IntrekkenScreen, Namen, Next, OverzichtScreen, Persoon, Screen,
    Server, StepError, ToestemmingRow, flow::Stap, reseal::open, steps::At,
};
use crate::store::{AuditEntry, AuditKind, Store as _};

impl<D: Dvza> Server<D> {
    /// Judges a request to manage consents and starts a flow that ends in the Toestemmingsoverzicht.
    pub async fn beheren(&self, query: &str, headers: &HeaderMap) -> Arrived {
        self.arrive(query, headers, None, true).await
    }

    pub(super) async fn overzicht(
        &self,
        namen: Namen,
        persoon: &Persoon,
        stopped: Option<&(ClientId, Aanbiedernaam)>,
    ) -> Result<Screen, StepError> {
        let mut toestemmingen = Vec::new();
        for (nummer, ((client_id, aanbieder), given)) in self.toestemmingen(persoon).await?.iter().enumerate() {
            toestemmingen.push(ToestemmingRow {
                namen: self.namen_of(client_id, aanbieder).await?,
                nummer,
                since: given.since,
                diensten: self.names_of(aanbieder, &given.gegevensdiensten).await?,
            });
        }
        let stopped = match stopped {
            Some((client_id, aanbieder)) => Some(self.namen_of(client_id, aanbieder).await?),
            None => None,
        };
        Ok(Screen::Overzicht(OverzichtScreen {
            namen,
            toestemmingen,
            stopped,
        }))
    }

    pub(super) async fn intrekken(&self, client_id: &ClientId, aanbieder: &Aanbiedernaam) -> Result<Screen, StepError> {
        Ok(Screen::Intrekken(IntrekkenScreen {
            namen: self.namen_of(client_id, aanbieder).await?,
        }))
    }

    pub(super) async fn manage(&self, at: &At<'_>, answer: &str, nummer: &str) -> Result<Next, StepError> {
        match (&at.flow.stap, answer) {
            (Stap::Overzicht { persoon, .. }, "stop") => {
                let chosen = nummer.parse::<usize>().ok();
                let list = self.toestemmingen(persoon).await?;
                let ((client_id, aanbieder), _) = chosen
                    .and_then(|nummer| list.into_iter().nth(nummer))
                    .ok_or(StepError::Formulier)?;
                let stap = Stap::Intrekken {
                    persoon: persoon.clone(),
                    client_id,
                    aanbieder,
                };
                self.advance(at, &at.flow.at(stap), true).await
            }
            (Stap::Overzicht { persoon, .. }, "log") => {
                let persoon = persoon.clone();
                self.advance(at, &at.flow.at(Stap::AccessLog { persoon }), true).await
            }
            (Stap::Overzicht { .. }, "terug") => {
                match self.dvza.store().close_flow(&at.visitor.flow, at.version, None).await? {
                    Advanced::Done => Ok(Next::Away(at.flow.redirect().plain())),
                    Advanced::Stale => Err(StepError::Verlopen),
                }
            }
            (
                Stap::Intrekken {
                    persoon,
                    client_id,
                    aanbieder,
                },
                "ja",
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
                self.advance(
                    at,
                    &at.flow.at(Stap::Overzicht {
                        persoon: persoon.clone(),
                        stopped: Some((client_id.clone(), aanbieder.clone())),
                    }),
                    true,
                )
                .await
            }
            (Stap::Intrekken { persoon, .. }, "nee") => {
                self.advance(
                    at,
                    &at.flow.at(Stap::Overzicht {
                        persoon: persoon.clone(),
                        stopped: None,
                    }),
                    true,
                )
                .await
            }
            _ => Err(StepError::Formulier),
        }
    }

    /// The langdurige toestemmingen, one for each DVP and Aanbieder, in a stable order.
    async fn toestemmingen(&self, persoon: &Persoon) -> Result<BTreeMap<(ClientId, Aanbiedernaam), Given>, StepError> {
        // under every version of the index key
        let indexes = self.config.keys.indexes(&persoon.bsn)?;
        let mut list: BTreeMap<_, Given> = BTreeMap::new();
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
            let dienst = known.as_ref().and_then(|known| known.dienst(Functie::Verzamelen, id));
            dienst.map_or_else(|| id.as_str().to_owned(), |dienst| dienst.naam.clone())
        };
        Ok(ids.iter().map(name).collect())
    }

    pub(super) async fn namen_of(&self, client_id: &ClientId, aanbieder: &Aanbiedernaam) -> Result<Namen, StepError> {
        let client = self.dvza.clients().client(client_id).await?;
        let known = self.dvza.aanbieders().aanbieder(aanbieder).await?;
        Ok(Namen {
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
struct Given {
    since: Option<Datum>,
    gegevensdiensten: BTreeSet<GegevensdienstId>,
}
