// SPDX-License-Identifier: AGPL-3.0-or-later
//! NEN 7513 — a Persoon sees, after the login at Beheren toestemmingen, who did what with the data. Looking is an entry too.

use std::collections::BTreeMap;

use medmij_oauth::{ClientId, Function, storage::Advanced};
use medmij_types::{Aanbiedernaam, GegevensdienstId};

use super::{
    Aanbieders as _, AccessLogRow, AccessLogScreen, Dvza, Next, Persoon, Screen, ScreenNames, Server, StepError,
    flow::{Flow, Step},
    steps::At,
};
use crate::store::{Actor, AuditEntry, AuditKind, AuditObject, AuditQuery, AuditRecord, Store as _};

impl<D: Dvza> Server<D> {
    pub(super) async fn access_log(
        &self,
        names: ScreenNames,
        flow: &Flow,
        persoon: &Persoon,
    ) -> Result<Screen, StepError> {
        // what this process gathered, so that the latest access is there too
        self.flush_audit().await?;
        let indexes = self.config.keys.indexes(&persoon.bsn)?;
        let mut entry = AuditEntry::of(AuditKind::Read, AuditObject::AuditLog, self.acting_for(flow, persoon));
        entry.persoon = indexes.first().copied();
        self.dvza.store().audit(vec![entry]).await?;
        let query = AuditQuery::of_persoon(indexes).newest_first();
        let mut records = self.dvza.store().audit_entries(&query, MOST + 1).await?;
        let more = records.len() > MOST;
        records.truncate(MOST);
        let (mut rows, mut known) = (Vec::with_capacity(records.len()), BTreeMap::new());
        for record in &records {
            rows.push(self.row(record, &mut known).await?);
        }
        let dvza = self.config.dvza_name.clone();
        Ok(Screen::AccessLog(AccessLogScreen {
            names,
            dvza,
            rows,
            more,
        }))
    }

    pub(super) async fn leave_access_log(
        &self,
        at: &At<'_>,
        persoon: &Persoon,
        answer: &str,
    ) -> Result<Next, StepError> {
        match answer {
            "overview" => {
                let persoon = persoon.clone();
                let step = Step::Overview { persoon, stopped: None };
                self.advance(at, &at.flow.at(step), true).await
            }
            "back" => match self.dvza.store().close_flow(&at.visitor.flow, at.version, None).await? {
                Advanced::Done => Ok(Next::Away(at.flow.redirect().plain())),
                Advanced::Stale => Err(StepError::Expired),
            },
            _ => Err(StepError::Form),
        }
    }

    /// One row; names are looked up once.
    async fn row(&self, record: &AuditRecord, known: &mut Known) -> Result<AccessLogRow, StepError> {
        let entry = &record.entry;
        let names = match (&entry.client_id, &entry.aanbieder) {
            (Some(client), Some(aanbieder)) => {
                let key = (client.clone(), aanbieder.clone());
                if let Some(names) = known.get(&key) {
                    names.clone()
                } else {
                    let names = self.screen_names(client, aanbieder).await?;
                    known.insert(key, names.clone());
                    names
                }
            }
            _ => ScreenNames::default(),
        };
        Ok(AccessLogRow {
            at: record.at(),
            kind: entry.kind,
            object: entry.object,
            outcome: entry.outcome,
            represented: matches!(entry.by.actor, Actor::Representative(_)),
            by_operator: matches!(entry.by.actor, Actor::Operator(_)),
            services: self.services_of(entry).await?,
            names,
        })
    }

    /// The names of the gegevensdiensten of an entry, or their ids where they have none here.
    async fn services_of(&self, entry: &AuditEntry) -> Result<Vec<String>, StepError> {
        let (Some(aanbieder), false) = (&entry.aanbieder, entry.gegevensdiensten.is_empty()) else {
            return Ok(Vec::new());
        };
        let function = match entry.object {
            AuditObject::SharedData => Function::Delen,
            AuditObject::Subscription => Function::Abonneren,
            _ => Function::Verzamelen,
        };
        let known = self.dvza.aanbieders().aanbieder(aanbieder).await?;
        let name = |id: &GegevensdienstId| {
            let service = known.as_ref().and_then(|known| known.service(function, id));
            service.map_or_else(|| id.as_str().to_owned(), |service| service.name.clone())
        };
        Ok(entry.gegevensdiensten.iter().map(name).collect())
    }
}

type Known = BTreeMap<(ClientId, Aanbiedernaam), ScreenNames>;

/// The newest; what is older is for a request to the Aanbieder.
const MOST: usize = 200;
