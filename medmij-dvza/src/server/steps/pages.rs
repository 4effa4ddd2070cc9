// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.207 — the pages of a step that failed, and of Technische storing.

use medmij_oauth::{
    policy::{ExceptionRule, Handling, Mark},
    wire::ErrorCode,
};
use medmij_types::CorrelationId;

use crate::server::{Dvza, OutageScreen, Page, Screen, ScreenNames, Server, StepError, flow::Flow};

impl<D: Dvza> Server<D> {
    /// The page for a browser that holds no secret of the flow.
    #[must_use]
    pub fn expired(&self) -> Page {
        self.failed(&StepError::Expired, None)
    }

    /// The page for a step that failed before a flow was known.
    #[must_use]
    pub fn failure(&self, error: &StepError) -> Page {
        self.failed(error, None)
    }

    pub(super) fn failed(&self, error: &StepError, flow: Option<&Flow>) -> Page {
        match error {
            StepError::Expired | StepError::Form => {
                tracing::info!(reason = %error, "step refused");
                Page::new(403, Screen::Expired, &self.config)
            }
            StepError::LoginAnswerTooLong { part, .. } => {
                tracing::warn!(reason = %error, "step refused");
                let status = if *part == "query" { 414 } else { 413 };
                Page::new(status, Screen::Outage(self.outage_screen(flow)), &self.config)
            }
            _ => self.outage(error, flow),
        }
    }

    /// The page for somebody who asks too often (O13): as Technische storing, with the advice to try later.
    #[must_use]
    pub fn too_busy(&self) -> Page {
        let screen = Screen::Outage(self.outage_screen(None));
        Page::new(429, screen, &self.config)
    }

    /// The page for an address at which there is none.
    #[must_use]
    pub fn not_found(&self) -> Page {
        Page::new(404, Screen::NotFound, &self.config)
    }

    /// Technische storing: with a way back only where the redirect is proven.
    pub(super) fn outage(&self, error: &StepError, flow: Option<&Flow>) -> Page {
        let screen = self.outage_screen(flow);
        // of a supplier part and kind only: its text can hold what was asked
        let source = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(trace_id = screen.trace_id, reason = %error, source, "technische storing");
        let unavailable = matches!(
            error,
            StepError::Store(_)
                | StepError::Supplier(_)
                | StepError::Entropy(_)
                | StepError::Seal(_)
                | StepError::OtherVersion(..)
        );
        let status = match error {
            StepError::NoPlace => 429,
            _ if unavailable => 503,
            _ => 500,
        };
        Page::new(status, Screen::Outage(screen), &self.config)
    }

    fn outage_screen(&self, flow: Option<&Flow>) -> OutageScreen {
        let mut screen = OutageScreen::default();
        if let Some(flow) = flow {
            let rule = ExceptionRule::new(Handling::Page, ErrorCode::ServerError, Mark::Inferred);
            screen.names = ScreenNames::new(flow.aanbieder.short(), flow.client_id.as_str());
            screen.back = Some(flow.redirect().error(&rule));
            screen.trace_id = flow.trace_id().as_str().to_owned();
            screen.session_id = flow.session_id.as_str().to_owned();
        } else if let Ok(id) = CorrelationId::random(&*self.config.entropy) {
            screen.trace_id = id.as_str().to_owned();
            screen.session_id = id.as_str().to_owned();
        }
        screen
    }
}
