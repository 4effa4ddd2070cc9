// SPDX-License-Identifier: AGPL-3.0-or-later
//! The steps of a collection: issued, postponed, recorded, closed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::step::{Ask, Line, Step, Ticket};
use super::{Collection, DOCUMENT, MAX_REFUSALS, Outcome, REFERENCE};
use crate::endpoint::{ResourceEndpoint, Target};
use crate::error::FhirError;

impl Collection {
    pub(super) fn issue(&mut self, step: Step, request: http::Request<Bytes>) -> Ask {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let (label, page) = self.label_of(step.line);
        self.asked.insert(ticket, step);
        Ask {
            ticket,
            label,
            page,
            request,
        }
    }

    /// What a line asks, and its page.
    pub(super) fn label_of(&self, line: Line) -> (String, usize) {
        match line {
            Line::Query(index) => self
                .report
                .queries
                .get(index)
                .map_or((String::new(), 1), |line| (line.label.clone(), line.pages + 1)),
            Line::Document(_) => (DOCUMENT.to_owned(), 1),
            Line::Reference(_) => (REFERENCE.to_owned(), 1),
        }
    }

    /// Moves what may be asked again to the front.
    pub(super) fn wake(&mut self, now: SystemTime) {
        let (ready, later) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(time, _)| *time <= now);
        self.later = later;
        let ready: Vec<(SystemTime, Step)> = ready;
        for (_, step) in ready.into_iter().rev() {
            self.waiting.push_front(step);
        }
    }

    /// The token is not accepted: the step waits for another one, once.
    pub(super) fn unauthorized(&mut self, mut step: Step) -> FhirError {
        if step.unauthorized {
            self.record(step.line, &FhirError::Unauthorized);
            self.close(step.line);
        } else {
            step.unauthorized = true;
            self.waiting.push_front(step);
        }
        self.token_ended = true;
        self.report.ended = Some(FhirError::Unauthorized);
        FhirError::Unauthorized
    }

    /// Plans a step again that was refused for the time being; a read may be asked again (RFC 9110 section 10.2.3).
    pub(super) fn postpone(&mut self, step: &Step, retry_after: Option<Duration>, now: SystemTime) -> bool {
        let Some(at) = retry_after.and_then(|time| now.checked_add(time)) else {
            return false;
        };
        if step.refused >= MAX_REFUSALS {
            return false;
        }
        let mut step = step.clone();
        step.refused += 1;
        self.later.push((at, step));
        true
    }

    pub(super) fn add(&mut self, target: Target, line: Line) -> Step {
        self.visited.insert(target.clone());
        if let Line::Query(index) = line
            && let Some(line) = self.report.queries.get_mut(index)
        {
            line.open += 1;
        }
        Step {
            target,
            line,
            format: self.access.format(),
            turned: false,
            refused: 0,
            sent_again: false,
            unauthorized: false,
        }
    }

    pub(super) fn endpoint(&self, systeemrol: &str) -> Result<ResourceEndpoint, FhirError> {
        let endpoint = self.access.endpoint(systeemrol);
        endpoint
            .cloned()
            .ok_or_else(|| FhirError::NoEndpoint(systeemrol.to_owned()))
    }

    /// The endpoint from which the answer of a line came.
    pub(super) fn endpoint_of(&self, line: Line) -> Option<ResourceEndpoint> {
        let systeemrol = match line {
            Line::Query(index) => self
                .report
                .queries
                .get(index)
                .map_or("", |line| line.systeemrol.as_str()),
            Line::Document(_) | Line::Reference(_) => "",
        };
        self.access.endpoint(systeemrol).cloned()
    }

    pub(super) fn record(&mut self, line: Line, error: &FhirError) {
        let outcome = match line {
            Line::Query(index) => self.report.queries.get_mut(index).map(|line| &mut line.outcome),
            Line::Document(index) => self.report.documents.get_mut(index).map(|line| &mut line.outcome),
            Line::Reference(index) => self.report.references.get_mut(index).map(|line| &mut line.outcome),
        };
        if let Some(outcome) = outcome {
            *outcome = Outcome::Failed(error.clone());
        }
        if error.ends_collection() {
            self.waiting.clear();
            self.later.clear();
            self.report.ended = Some(error.clone());
        }
    }

    /// A step of a line is over; what waits for the line can be planned.
    pub(super) fn close(&mut self, line: Line) {
        let Line::Query(index) = line else { return };
        let Some(line) = self.report.queries.get_mut(index) else {
            return;
        };
        line.open = line.open.saturating_sub(1);
        if line.open == 0 {
            self.plan_second_step();
        }
    }
}
