// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.205, core.usrint.102 — the question of consent and its answer.

use medmij_log::EventType;
use medmij_oauth::{
    Function, Scope,
    policy::{Handling, Uitzondering, release_rules},
    storage::SecretHash,
    wire::AuthorizationResponse,
};
use medmij_types::{AuthorizationCode, CalendarDate, Entropy, EntropyError, GegevensdienstId, MedMijRequestId};

use super::{At, MAX_COLLISIONS, Next};
use crate::{
    server::{
        Aanbieder, Aanbieders as _, Dvza, Persoon, Represented, Screen, ScreenNames, Server, ServiceScreen, StepError,
        ToestemmingScreen, Toets as _,
        audit::actor_for,
        flow::{Asked, FamilyKey, Flow, GrantBody, Step},
    },
    store::{Acting, AuditEntry, AuditKind, Grant, GrantId, Granted, NewGrant, Store as _},
};

impl<D: Dvza> Server<D> {
    /// Consent: audit entry, grant and code commit with the end of the flow, or there is no code.
    pub(super) async fn grant(
        &self,
        at: &At<'_>,
        persoon: &Persoon,
        gegevensdiensten: &[GegevensdienstId],
        langdurig: bool,
    ) -> Result<Next, StepError> {
        let flow = at.flow;
        let function = flow.scope.function();
        let langdurig = langdurig && self.may_last(flow, persoon).await?;
        let mut scope = flow.scope.clone();
        if function == Function::Abonneren {
            let aanbieder = self.aanbieder(flow).await?;
            let maximum = gegevensdiensten
                .iter()
                .filter_map(|id| aanbieder.service(function, id)?.max_duration)
                .min()
                .unwrap_or(u32::MAX);
            scope = scope.with_granted_days(maximum);
        } else if !scope.gegevensdiensten().is_empty() {
            scope = scope.narrowed_to(gegevensdiensten).unwrap_or(scope);
        }
        let body = GrantBody {
            scope,
            aanbieder: flow.aanbieder.clone(),
            gegevensdiensten: gegevensdiensten.to_vec(),
            persoon: persoon.clone(),
            correlation_id: flow.ids.as_ref().map(|ids| ids.correlation_id.clone()),
            family: if langdurig {
                Some(FamilyKey::random(&*self.config.entropy)?)
            } else {
                None
            },
            given: Some(CalendarDate::in_amsterdam(self.config.clock.now())),
        };
        let index = self.config.keys.index(&persoon.bsn)?;
        for _ in 0..MAX_COLLISIONS {
            let id = GrantId::random(&*self.config.entropy)?;
            let code = new_code(&flow.scope, &*self.config.entropy)?;
            let sealed = self
                .config
                .keys
                .seal(&body.to_bytes(), id.as_str().as_bytes(), &*self.config.entropy)?;
            let grant = Grant::new(
                id.clone(),
                index,
                Some(flow.aanbieder.clone()),
                flow.client_id.clone(),
                langdurig,
                sealed,
            );
            let audit = self.audit_entry(AuditKind::Consented, at, persoon).await?;
            let audit = audit.of_grant(id).about(gegevensdiensten);
            let binding = SecretHash::of_parts(&[flow.client_id.as_str(), flow.redirect_uri.as_str()]);
            let new = NewGrant::new(
                grant,
                SecretHash::of(code.expose()),
                binding,
                self.config.lifetimes.code.get(),
                (at.visitor.flow.clone(), at.version),
                audit,
            );
            match self.dvza.store().grant(new).await? {
                Granted::Done => {
                    self.observe(EventType::SendAuthorizationResponse, flow);
                    let response = AuthorizationResponse::new(Some(flow.state.clone()), Ok(code));
                    return Ok(Next::Away(response.to_url(&flow.redirect_uri)));
                }
                Granted::Stale => return Err(StepError::Expired),
                // core.autorisatie.208: a value that was issued before never leaves the server
                Granted::Collision => {}
            }
        }
        Err(StepError::NotUnique)
    }

    /// The way back from the page after the login: a refusal where there was something to consent to, and "no data" where not.
    ///
    /// One press on one page in both, and from the press on one path: bytes of one length are opened, both rules are looked up,
    /// and the two differ in which kind is in the audit entry. A page of its own after a refusal would be one more entry in
    /// the history of the browser, and a script of the DVP reads how many there are (autoriseren 1 and 2).
    pub(super) async fn decline(&self, at: &At<'_>, persoon: &Persoon, asked: &[Asked]) -> Result<Next, StepError> {
        let exceptions = &self.config.exceptions;
        let refused = exceptions.rule(at.flow.release(), Uitzondering::Refused);
        let nothing = exceptions.rule(at.flow.release(), Uitzondering::NoData);
        // every one is looked at, also after one that is available
        let available = asked.iter().fold(false, |any, asked| any | asked.available);
        let (rule, kind) = if available {
            (refused, AuditKind::Refused)
        } else {
            (nothing, AuditKind::NothingToShare)
        };
        // with the step, so that only the answer that counted is on record when two tabs answer at once
        let audit = Some(self.audit_entry(kind, at, persoon).await?);
        let next = match (&rule.handling, available) {
            (Handling::PageOnly, true) => {
                let reason = Uitzondering::Refused;
                self.advance_with(at, &at.flow.at(Step::End { reason }), true, audit)
                    .await?
            }
            (Handling::PageOnly, false) => return Err(StepError::Form),
            _ => {
                let kind = EventType::SendAuthorizationResponse;
                self.close(at, kind, &rule, audit).await?
            }
        };
        if let Some(kind) = rule.event {
            self.observe(kind, at.flow);
        }
        Ok(next)
    }

    /// Whether the consent may be langdurig. Under representation only where the supplier can establish at each refresh
    /// whether that still stands ([`Toets::represented`](crate::server::Toets::represented)).
    pub(super) async fn may_last(&self, flow: &Flow, persoon: &Persoon) -> Result<bool, StepError> {
        if !may_be_langdurig(&flow.scope) {
            return Ok(false);
        }
        if persoon.vertegenwoordiging.is_none() {
            return Ok(true);
        }
        let aanbieder = self.aanbieder(flow).await?;
        if persoon.vertegenwoordiging.is_some_and(|kind| !aanbieder.takes(kind)) {
            return Ok(false);
        }
        let represented = self.dvza.toets().represented(persoon, &aanbieder).await?;
        Ok(represented == Some(Represented::Yes))
    }

    pub(super) async fn audit_entry(
        &self,
        kind: AuditKind,
        at: &At<'_>,
        persoon: &Persoon,
    ) -> Result<AuditEntry, StepError> {
        Ok(AuditEntry::new(
            kind,
            self.config.keys.index(&persoon.bsn)?,
            Some(at.flow.aanbieder.clone()),
            at.flow.client_id.clone(),
            at.flow.scope.to_string(),
            self.texts_shown(at.flow).await?,
        )
        .by(self.acting_for(at.flow, persoon)))
    }

    /// Who acts in a flow: the Persoon, or who represents it.
    pub(in crate::server) fn acting_for(&self, flow: &Flow, persoon: &Persoon) -> Acting {
        Acting::new(actor_for(persoon)).at(&self.config.hostname, Some(flow.trace_id()))
    }

    /// The version of the texts on the screens of a flow: of the pack, and of what the Aanbieder says itself.
    async fn texts_shown(&self, flow: &Flow) -> Result<String, StepError> {
        let aanbieder = self.dvza.aanbieders().aanbieder(&flow.aanbieder).await?;
        let pack = &self.config.texts.version;
        Ok(match aanbieder.and_then(|aanbieder| aanbieder.texts) {
            Some(own) => format!("{pack}+{}", own.version),
            None => pack.clone(),
        })
    }
}

pub(super) fn question(
    flow: &Flow,
    aanbieder: &Aanbieder,
    names: ScreenNames,
    gegevensdiensten: &[GegevensdienstId],
    indefinite: bool,
) -> Screen {
    let function = flow.scope.function();
    let service_names: Vec<String> = gegevensdiensten
        .iter()
        .filter_map(|id| aanbieder.service(function, id))
        .map(|service| service.name.clone())
        .collect();
    let service = |days| ServiceScreen {
        names: names.clone(),
        service: service_names.join(", "),
        days,
    };
    match (function, flow.scope.days()) {
        (Function::Delen, _) => Screen::Bevestiging(service(0)),
        (Function::Abonneren, Some(0)) => Screen::EndAbonnement(service(0)),
        (Function::Abonneren, days) => {
            let maximum = gegevensdiensten
                .iter()
                .filter_map(|id| aanbieder.service(function, id)?.max_duration)
                .min()
                .unwrap_or(u32::MAX);
            Screen::Abonneren(service(days.unwrap_or_default().min(maximum)))
        }
        (Function::Verzamelen, _) => Screen::Toestemming(ToestemmingScreen {
            names: names.clone(),
            privacy_statement: aanbieder.privacy_statement.clone(),
            indefinite,
            services: service_names,
        }),
    }
}

/// Only Verzamelen, and only from 2.0 on: a Bevestiging holds for one run (G16), an Abonnement gives no data (I12).
fn may_be_langdurig(scope: &Scope) -> bool {
    scope.function() == Function::Verzamelen && release_rules(scope.release()).langdurige_toestemming
}

fn new_code(scope: &Scope, entropy: &dyn Entropy) -> Result<AuthorizationCode, EntropyError> {
    if release_rules(scope.release()).uuid_codes {
        let uuid = MedMijRequestId::random(entropy)?;
        if let Ok(code) = AuthorizationCode::from_wire(uuid.as_str()) {
            return Ok(code);
        }
    }
    AuthorizationCode::random(entropy)
}
