// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which queries are asked, and what the second step of a service waits for.

use super::{Collection, Line, Outcome, QueryReport};
use crate::error::FhirError;
use crate::gegevensdienst::ServiceQuery;
use crate::name::ResourceId;

impl Collection {
    /// Plans every query that needs nothing of an earlier answer; the others get a line.
    pub(super) fn plan_first_step(&mut self) -> Result<(), FhirError> {
        let service = self.service.clone();
        for (index, query) in service.plan(&self.choices)?.into_iter().enumerate() {
            let systeemrol = query.systeemrol().or_else(|| service.systeemrollen().first());
            let systeemrol = systeemrol.map_or("", |code| code.as_str());
            let endpoint = self.endpoint(systeemrol)?;
            self.report.queries.push(QueryReport::new(query.label(), systeemrol));
            if query.after().is_some() && self.choices.ids.is_empty() {
                continue;
            }
            let built = service.query(query, &self.choices)?;
            let step = self.add(endpoint.target(&built), Line::Query(index));
            self.waiting.push_back(step);
            if let Some(line) = self.report.queries.get_mut(index) {
                line.query = Some(built);
            }
        }
        Ok(())
    }

    /// Plans the queries whose first step has just ended.
    pub(super) fn plan_second_step(&mut self) {
        let service = self.service.clone();
        let Ok(planned) = service.plan(&self.choices) else {
            return;
        };
        for (index, query) in planned.iter().enumerate() {
            let Some(after) = query.after() else { continue };
            let waits = self
                .report
                .queries
                .get(index)
                .is_some_and(|line| line.outcome == Outcome::NotAsked && line.query.is_none());
            let first =
                |other: &&(usize, &&ServiceQuery)| other.1.after().is_none() && other.1.resource_type() == Some(after);
            let firsts: Vec<(usize, &&ServiceQuery)> = planned.iter().enumerate().collect();
            let mut ids: Vec<ResourceId> = Vec::new();
            let mut open = false;
            let mut all_good = true;
            for (at, _) in firsts.iter().filter(first) {
                let Some(line) = self.report.queries.get(*at) else {
                    continue;
                };
                open |= line.open > 0;
                all_good &= matches!(line.outcome, Outcome::Answered | Outcome::Absent);
                let found = line
                    .resources
                    .iter()
                    .filter(|found| found.resource.resource_type() == after);
                ids.extend(found.filter_map(|found| found.resource.id().cloned()));
            }
            if !waits || open {
                continue;
            }
            self.ask_second_step(index, query, ids, all_good);
        }
    }

    fn ask_second_step(&mut self, index: usize, query: &ServiceQuery, mut ids: Vec<ResourceId>, all_good: bool) {
        ids.dedup();
        let systeemrol = match self.report.queries.get(index) {
            Some(line) => line.systeemrol.clone(),
            None => return,
        };
        if ids.is_empty() {
            // without an answer to the first step nobody knows whether there was anything to ask
            if all_good && let Some(line) = self.report.queries.get_mut(index) {
                line.outcome = Outcome::NotNeeded;
            }
            return;
        }
        if let Some(line) = self.report.queries.get_mut(index) {
            line.parts = ids.chunks(IDS_AT_ONCE).len();
        }
        for part in ids.chunks(IDS_AT_ONCE) {
            let mut choices = self.choices.clone();
            choices.ids = part.to_vec();
            let planned = self.service.query(query, &choices).map_err(FhirError::from);
            match planned.and_then(|built| Ok((self.endpoint(&systeemrol)?.target(&built), built))) {
                Ok((target, built)) => {
                    let step = self.add(target, Line::Query(index));
                    self.waiting.push_back(step);
                    if let Some(line) = self.report.queries.get_mut(index) {
                        line.query.get_or_insert(built);
                    }
                }
                Err(error) => self.record(Line::Query(index), &error),
            }
        }
    }
}

/// Ids in one value: 50 of 64 characters stay well below the length of URL that servers take.
const IDS_AT_ONCE: usize = 50;
