// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tells the events of the Logging interface as steps that a person can read, and passes them on.

use crate::STEP;
use medmij_log::{Event, EventType, Observer};
use std::sync::Arc;

/// An observer that tells and passes on.
pub(crate) struct Narrator {
    /// Who it speaks for.
    pub(crate) role: String,
    /// Where the events go on.
    pub(crate) next: Arc<dyn Observer>,
}

impl Observer for Narrator {
    fn observe(&self, event: Event) {
        self.tell(&event);
        self.next.observe(event);
    }
}

impl Narrator {
    fn tell(&self, event: &Event) {
        let (rule, text) = match &event.event_type {
            EventType::ReceiveAuthorizationRequest => (
                "core.authint.202, core.authint.203",
                "ontvangt het autorisatieverzoek: client en redirect_uri horen bij elkaar",
            ),
            EventType::ShowLandingPage => ("core.usrint.100", "toont de landingspagina"),
            EventType::AuthorizationRequestError => (
                "core.authint.202",
                "client_id of redirect_uri klopt niet (uitzondering 1a)",
            ),
            EventType::ShowAuthorizationRequestErrorPage => {
                ("core.authint.207", "toont een foutpagina, zonder terug te sturen")
            }
            EventType::SendAuthorizationRequestError => (
                "core.authint.203, core.authint.207",
                "stuurt een fout terug (uitzondering 1b)",
            ),
            EventType::SendAuthenticationRequest => (
                "core.authint.204",
                "stuurt de Persoon naar het inloggen (hier een stub)",
            ),
            EventType::ReceiveAuthenticationResponse => ("core.authint.204", "weet wie de Persoon is"),
            EventType::ReceiveAuthorizationCancellation => ("core.usrint.101", "de Persoon annuleert het inloggen"),
            EventType::SendAuthorizationResponse if event.error.is_some() => (
                "core.authint.205, core.authint.207",
                "stuurt de Persoon terug zonder code",
            ),
            EventType::SendAuthorizationResponse => (
                "core.authint.205",
                "legt de Toestemming vast en geeft een code uit (900 s, eenmalig)",
            ),
            EventType::SendTokenResponse => (
                "core.tknint.204, core.tknint.205",
                "neemt de code in en geeft een access token (900 s)",
            ),
            EventType::SendTokenRequestError => ("core.tknint.207", "weigert het tokenverzoek"),
            other => {
                tracing::debug!(role = self.role, event = %other, "event");
                return;
            }
        };
        tracing::info!(target: STEP, role = self.role, rule, "{text}");
    }
}
