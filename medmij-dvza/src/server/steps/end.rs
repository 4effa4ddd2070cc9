// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.205, core.authint.207 — how a flow ends without a code.

use medmij_log::{ErrorInfo, EventType};
use medmij_oauth::{
    policy::{ExceptionRule, Handling, Uitzondering},
    storage::Advanced,
};

use super::{At, Next};
use crate::{
    server::{
        Dvza, EndScreen, Screen, ScreenNames, Server, StepError,
        flow::{Flow, Step},
    },
    store::{AuditEntry, Store as _},
};

impl<D: Dvza> Server<D> {
    pub(super) fn end_page(&self, flow: &Flow, names: ScreenNames, reason: Uitzondering) -> Screen {
        let rule = self.config.exceptions.rule(flow.release(), reason);
        Screen::End(EndScreen {
            names,
            reason,
            back: rule.handling != Handling::PageOnly,
            beheren: flow.beheren,
        })
    }

    /// Ends in the way of the exception: by a page whose button leads back, or at once.
    pub(super) async fn end(&self, at: &At<'_>, reason: Uitzondering) -> Result<Next, StepError> {
        let rule = self.config.exceptions.rule(at.flow.release(), reason);
        if let Some(kind) = &rule.event {
            self.observe(kind.clone(), at.flow);
        }
        match rule.handling {
            Handling::Redirect => self.close(at, EventType::SendAuthorizationResponse, &rule, None).await,
            // a page is what is safe, also for a behaviour that is not known here
            _ => self.advance(at, &at.flow.at(Step::End { reason }), true).await,
        }
    }

    /// The button of the last page: closes the flow and goes back to the DVP.
    pub(super) async fn leave(&self, at: &At<'_>, reason: Uitzondering) -> Result<Next, StepError> {
        let rule = self.config.exceptions.rule(at.flow.release(), reason);
        if rule.handling == Handling::PageOnly {
            return Err(StepError::Form);
        }
        let kind = match reason {
            Uitzondering::Cancelled => EventType::SendAuthorizationCancellation,
            _ => EventType::SendAuthorizationResponse,
        };
        self.close(at, kind, &rule, None).await
    }

    /// Closes the flow with an answer without a code.
    pub(in crate::server) async fn close(
        &self,
        at: &At<'_>,
        kind: EventType,
        rule: &ExceptionRule,
        audit: Option<AuditEntry>,
    ) -> Result<Next, StepError> {
        let away = Next::Away(at.flow.redirect().error(rule));
        if let Some(since) = at.sealed {
            // in the browser only: there is nothing to close, and an answer of the login to spend
            if at.after_login {
                self.spend(&at.visitor.flow, since).await?;
            } else {
                self.end_in_browser(&at.visitor.flow, since);
            }
        } else {
            let closed = self.dvza.store().close_flow(&at.visitor.flow, at.version, audit);
            if closed.await? == Advanced::Stale {
                return Err(StepError::Expired);
            }
            self.long.give_back(&at.visitor.flow);
        }
        // one text whatever the reason was
        let error = ErrorInfo::new(rule.error.known(), "authorization is not given");
        self.observe_end(kind, at.flow, Some(error));
        Ok(away)
    }
}
