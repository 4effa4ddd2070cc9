// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.202 – core.authint.207 — the front channel, step by step.

use std::sync::Arc;

use http::HeaderMap;
use medmij_log::{ErrorInfo, EventType, RequestInfo};
use medmij_types::{AuthorizationCode, CorrelationId, Entropy, EntropyError, GegevensdienstId, MedMijRequestId};

use super::{
    Aanbieder, Aanbieders as _, Authentication as _, Clients as _, DienstScreen, Dvza, EindeScreen, JudgedRequest,
    LoginCallback, LoginOutcome, LoginRequest, Namen, Page, Persoon, Screen, Server, SessionSecret, StepError,
    StoringScreen, ToestemmingScreen, Toets as _, ToetsUitslag, ToetsVraag, Uitzondering1a, UnprovenRequest, Visitor,
    authorization::RefusedRequest,
    flow::{Flow, GrantBody, Stap},
};
use crate::{
    Functie, Scope, Vertegenwoordiging,
    policy::{Gedrag, Uitzondering, release_rules},
    store::{
        Advance, Advanced, AuditEntry, AuditKind, FlowId, Grant, GrantId, Granted, NewFlow, NewGrant, SecretHash,
        Store as _, StoredFlow,
    },
    wire::{AuthorizationResponse, ErrorCode, Geboortedatum, RequestIds, form::Form},
};

/// What became of an authorization request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Arrived {
    /// A flow has started: give the browser the secret as a cookie and send it to the page of the flow.
    Flow(Visitor),
    /// Uitzondering 1b: redirect to the DVP.
    Redirect(String),
    /// Uitzondering 1a, or a disturbance: a page, and no redirect.
    Page(Box<Page>),
}

/// Where the browser goes next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Next {
    /// To the page of the flow, with another cookie where a secret is given.
    Flow(Visitor),
    /// Away: to the login, or back to the DVP.
    Away(String),
    /// Nowhere: this page.
    Page(Box<Page>),
}

/// What a form brought, with its token.
#[derive(Debug)]
#[non_exhaustive]
pub struct Submitted<'a> {
    /// The fields of the form: `csrf`, `antwoord`, `langdurig`, `nummer`.
    pub form: &'a Form,
    /// The absolute address to which the login sends the browser back.
    pub login_callback: &'a str,
}

impl<'a> Submitted<'a> {
    /// A form.
    #[must_use]
    pub fn new(form: &'a Form, login_callback: &'a str) -> Self {
        Self { form, login_callback }
    }
}

impl<D: Dvza> Server<D> {
    /// Judges an authorization request (core.authint.202, then core.authint.203) and starts a flow.
    pub async fn authorize(&self, query: &str, headers: &HeaderMap) -> Arrived {
        self.arrive(query, headers, false).await
    }

    pub(super) async fn arrive(&self, query: &str, headers: &HeaderMap, beheren: bool) -> Arrived {
        match self.judge(query, headers, beheren).await {
            Ok(arrived) => arrived,
            Err(error) => Arrived::Page(Box::new(self.storing(&error, None))),
        }
    }

    /// The page of a flow, at the step where it is.
    pub async fn page(&self, visitor: &Visitor) -> Page {
        match self.show(visitor).await {
            Ok(page) => page,
            Err((error, flow)) => self.failed(&error, flow.as_deref()),
        }
    }

    /// Takes the answer of a page.
    pub async fn submit(&self, visitor: &Visitor, submitted: &Submitted<'_>) -> Next {
        match self.take_answer(visitor, submitted).await {
            Ok(next) => next,
            Err((error, flow)) => Next::Page(Box::new(self.failed(&error, flow.as_deref()))),
        }
    }

    /// The page for a browser that holds no secret of the flow.
    #[must_use]
    pub fn verlopen(&self) -> Page {
        self.failed(&StepError::Verlopen, None)
    }

    /// Which flow a login callback is for; the browser has to hold its secret too.
    #[must_use]
    pub fn login_flow(&self, query: &str) -> Option<FlowId> {
        self.dvza.authentication().relay(&Form::parse(query.as_bytes()).ok()?)
    }

    /// Second leg of the login: authentication, test, and on to the question of consent (core.authint.205).
    pub async fn login(&self, visitor: &Visitor, query: &str) -> Next {
        match self.finish_login(visitor, query).await {
            Ok(next) => next,
            Err((error, flow)) => Next::Page(Box::new(self.failed(&error, flow.as_deref()))),
        }
    }

    async fn judge(&self, query: &str, headers: &HeaderMap, beheren: bool) -> Result<Arrived, StepError> {
        let entropy = &*self.config.entropy;
        let session_id = CorrelationId::random(entropy)?;
        let fresh = RequestIds::new(MedMijRequestId::random(entropy)?, CorrelationId::random(entropy)?);
        let unproven = match UnprovenRequest::parse(query) {
            Ok(unproven) => unproven,
            Err(error) => return Ok(self.fout(error, &session_id)),
        };
        let client = self.dvza.clients().client(unproven.client_id()).await?;
        let proven = match unproven.prove(client) {
            Ok(proven) => proven,
            Err(error) => return Ok(self.fout(error, &session_id)),
        };
        let redirect = proven.redirect().clone();
        let judged = match proven.judge(self.config.release, headers, self.config.ids, fresh) {
            Ok(judged) => judged,
            Err(refused) => return Ok(self.refuse(&refused, None, &session_id)),
        };
        // from here on a disturbance may offer the way back (C16)
        match self.open(judged, session_id, beheren).await {
            Ok(arrived) => Ok(arrived),
            Err(error) => {
                let rule = crate::policy::ExceptionRule::new(
                    Gedrag::Pagina,
                    ErrorCode::ServerError,
                    crate::policy::Mark::Inferred,
                );
                let mut page = self.storing(&error, None);
                if let Screen::Storing(screen) = &mut page.screen {
                    screen.terug = Some(redirect.error(&rule));
                }
                Ok(Arrived::Page(Box::new(page)))
            }
        }
    }

    async fn open(
        &self,
        judged: JudgedRequest,
        session_id: CorrelationId,
        beheren: bool,
    ) -> Result<Arrived, StepError> {
        let trace_id = judged.request.ids.as_ref().map(|ids| ids.correlation_id.clone());
        if judged.ids_replaced {
            tracing::warn!(rule = "core.authint.208", client_id = %judged.request.client_id, "request ids missing or malformed, replaced");
        }
        let mut event = self.event(
            EventType::ReceiveAuthorizationRequest,
            trace_id.as_ref(),
            Some(&session_id),
        );
        let mut info = RequestInfo::default();
        info.id = judged.request.ids.as_ref().map(|ids| ids.request_id.clone());
        info.client_id = Some(judged.request.client_id.hostname().clone());
        info.method = Some("GET");
        event.request = Some(info);
        self.config.observer.observe(event);

        let (aanbieder, scope) = match self.serve(&judged).await? {
            Ok(served) => served,
            Err(refused) => return Ok(self.refuse(&refused, trace_id.as_ref(), &session_id)),
        };
        let request = judged.request;
        let flow = Flow {
            client_id: request.client_id,
            redirect_uri: request.redirect_uri,
            state: request.state,
            scope,
            aanbieder: aanbieder.naam,
            ids: request.ids,
            geboortedatum: request.geboortedatum,
            session_id,
            beheren,
            stap: Stap::Landing,
        };
        Ok(Arrived::Flow(self.start(&flow).await?))
    }

    /// Keeps a new flow.
    pub(super) async fn start(&self, flow: &Flow) -> Result<Visitor, StepError> {
        let visitor = Visitor::new(
            FlowId::random(&*self.config.entropy)?,
            SessionSecret::random(&*self.config.entropy)?,
        );
        let body = self.seal(&visitor.flow, flow)?;
        let new = NewFlow::new(
            visitor.flow.clone(),
            visitor.session.hash(),
            body,
            self.config.lifetimes.flow,
        );
        self.dvza.store().open_flow(new).await?;
        Ok(visitor)
    }

    /// V2: the Aanbieder and the gegevensdiensten are served here, and the client may have them.
    async fn serve(&self, judged: &JudgedRequest) -> Result<Result<(Aanbieder, Scope), RefusedRequest>, StepError> {
        let mut scope = judged.request.scope.clone();
        let naam = scope.aanbieder().or(self.config.aanbieder.as_ref());
        let aanbieder = match naam {
            Some(naam) => self.dvza.aanbieders().aanbieder(naam).await?,
            None => None,
        };
        let Some(aanbieder) = aanbieder else {
            return Ok(Err(
                judged.refuse(Uitzondering::AanbiederNietHier, "aanbieder is not served here")
            ));
        };
        // in 1.x Verzamelen and Delen are written alike; the gegevensdienst tells
        if let (Functie::Verzamelen, [id]) = (scope.functie(), scope.gegevensdiensten())
            && aanbieder.dienst(Functie::Verzamelen, id).is_none()
            && aanbieder.dienst(Functie::Delen, id).is_some()
            && let Ok(delen) = Scope::delen(scope.release(), aanbieder.naam.clone(), id.clone())
        {
            scope = match scope.vertegenwoordiging() {
                Some(soort) => delen.clone().with_vertegenwoordiging(soort).unwrap_or(delen),
                None => delen,
            };
        }
        let served = match scope.gegevensdiensten() {
            [] => !aanbieder.ids(scope.functie()).is_empty(),
            ids => ids.iter().all(|id| aanbieder.dienst(scope.functie(), id).is_some()),
        };
        if !served {
            return Ok(Err(judged.refuse(
                Uitzondering::GegevensdienstNietHier,
                "gegevensdienst is not served here",
            )));
        }
        Ok(judged.allow(scope.gegevensdiensten()).map(|()| (aanbieder, scope)))
    }

    fn fout(&self, error: Uitzondering1a, session_id: &CorrelationId) -> Arrived {
        tracing::info!(rule = "core.authint.207", uitzondering = "1a", reason = %error, "authorization request refused with a page");
        for kind in [
            EventType::AuthorizationRequestError,
            EventType::ShowAuthorizationRequestErrorPage,
        ] {
            let mut event = self.event(kind, None, Some(session_id));
            event.error = Some(ErrorInfo::new("invalid_request", error.to_string()));
            self.config.observer.observe(event);
        }
        Arrived::Page(Box::new(Page::new(
            400,
            Screen::Fout(error),
            Arc::clone(&self.config.texts),
        )))
    }

    fn refuse(
        &self,
        refused: &RefusedRequest,
        trace_id: Option<&CorrelationId>,
        session_id: &CorrelationId,
    ) -> Arrived {
        let rule = self.config.exceptions.rule(self.config.release, refused.uitzondering);
        tracing::info!(
            rule = "core.authint.207",
            uitzondering = refused.uitzondering.as_str(),
            reason = refused.what,
            "authorization request refused with a redirect"
        );
        if let Some(kind) = &rule.event {
            let mut event = self.event(kind.clone(), trace_id, Some(session_id));
            event.error = Some(ErrorInfo::new(rule.error.as_str(), refused.what));
            self.config.observer.observe(event);
        }
        Arrived::Redirect(refused.redirect.error(&rule))
    }

    async fn show(&self, visitor: &Visitor) -> Result<Page, Failed> {
        let (stored, flow) = self.load(visitor).await?;
        let page = self.screen(&flow).await.map_err(|error| failed(error, &flow))?;
        let mut page = Page::new(200, page, Arc::clone(&self.config.texts));
        page.csrf = Some(visitor.session.csrf(&visitor.flow, stored.version));
        page.form_origin = match flow.stap {
            // the login is elsewhere, and where is not known yet
            Stap::Landing | Stap::Inloggen { .. } => None,
            _ => Some(format!("https://{}", flow.redirect_uri.hostname())),
        };
        if matches!(flow.stap, Stap::Landing) {
            self.observe(EventType::ShowLandingPage, &flow);
        }
        Ok(page)
    }

    async fn screen(&self, flow: &Flow) -> Result<Screen, StepError> {
        let aanbieder = self.aanbieder(flow).await?;
        let namen = self.namen(flow, &aanbieder).await?;
        Ok(match &flow.stap {
            // whoever comes back from the login with the back button sees the start again
            Stap::Landing | Stap::Inloggen { .. } => Screen::Landing(namen),
            Stap::Einde { reden } => {
                let rule = self.config.exceptions.rule(flow.release(), *reden);
                Screen::Einde(EindeScreen {
                    namen,
                    reden: *reden,
                    terug: rule.gedrag != Gedrag::AlleenPagina,
                })
            }
            Stap::Toestemming { gegevensdiensten, .. } => vraag(flow, &aanbieder, namen, gegevensdiensten),
            Stap::Overzicht { persoon } => self.overzicht(namen, persoon).await?,
            Stap::Intrekken {
                client_id, aanbieder, ..
            } => self.intrekken(client_id, aanbieder).await?,
        })
    }

    async fn take_answer(&self, visitor: &Visitor, submitted: &Submitted<'_>) -> Result<Next, Failed> {
        let (stored, flow) = self.load(visitor).await?;
        let field = |name| submitted.form.one(name).ok().flatten().unwrap_or_default();
        if !visitor.session.accepts(&visitor.flow, stored.version, field("csrf")) {
            return Err((StepError::Formulier, None));
        }
        let at = At {
            visitor,
            version: stored.version,
            flow: &flow,
        };
        let next = match (&flow.stap, field("antwoord")) {
            (Stap::Landing | Stap::Inloggen { .. }, "inloggen") => {
                self.begin_login(&at, submitted.login_callback).await
            }
            (Stap::Landing | Stap::Inloggen { .. }, "stoppen") => {
                self.observe(EventType::SendAuthorizationCancellation, &flow);
                self.end(&at, Uitzondering::Geannuleerd).await
            }
            (
                Stap::Toestemming {
                    persoon,
                    gegevensdiensten,
                },
                "ja",
            ) => {
                let langdurig = field("langdurig") == "ja";
                self.grant(&at, persoon, gegevensdiensten, langdurig).await
            }
            (Stap::Toestemming { persoon, .. }, "nee") => self.decline(&at, persoon).await,
            (Stap::Einde { reden }, "terug") => self.leave(&at, *reden).await,
            (Stap::Overzicht { .. } | Stap::Intrekken { .. }, answer) => {
                self.manage(&at, answer, field("nummer")).await
            }
            _ => Err(StepError::Formulier),
        };
        next.map_err(|error| failed(error, &flow))
    }

    async fn begin_login(&self, at: &At<'_>, callback: &str) -> Result<Next, StepError> {
        let login = LoginRequest {
            flow: at.visitor.flow.clone(),
            callback: callback.to_owned(),
            vertegenwoordiging: at.flow.scope.vertegenwoordiging(),
        };
        let start = self.dvza.authentication().begin(&login).await?;
        if start.remember.len() > MAX_REMEMBER {
            return Err(StepError::LoginTeGroot);
        }
        self.advance(
            at,
            &at.flow.at(Stap::Inloggen {
                remember: start.remember,
            }),
            false,
        )
        .await?;
        self.observe(EventType::SendAuthenticationRequest, at.flow);
        Ok(Next::Away(start.location))
    }

    async fn finish_login(&self, visitor: &Visitor, query: &str) -> Result<Next, Failed> {
        let (stored, flow) = self.load(visitor).await?;
        let Stap::Inloggen { remember } = &flow.stap else {
            return Err((StepError::Verlopen, None));
        };
        let at = At {
            visitor,
            version: stored.version,
            flow: &flow,
        };
        let callback = LoginCallback {
            flow: &visitor.flow,
            query,
            remember,
        };
        let next = async {
            match self.dvza.authentication().finish(&callback).await? {
                LoginOutcome::Ingelogd(persoon) => {
                    self.observe(EventType::ReceiveAuthenticationResponse, &flow);
                    self.logged_in(&at, persoon).await
                }
                LoginOutcome::Geannuleerd => self.end(&at, Uitzondering::Geannuleerd).await,
                LoginOutcome::Mislukt => self.end(&at, Uitzondering::IdentiteitNietVastgesteld).await,
            }
        };
        next.await.map_err(|error| failed(error, &flow))
    }

    async fn logged_in(&self, at: &At<'_>, persoon: Persoon) -> Result<Next, StepError> {
        // ext.vert.authint.201 - 204: used exactly as asked
        match (at.flow.scope.vertegenwoordiging(), persoon.vertegenwoordiging) {
            (asked, used) if asked == used => {}
            (Some(_), _) => return self.end(at, Uitzondering::VertegenwoordigingOntbreekt).await,
            (None, _) => return self.end(at, Uitzondering::VertegenwoordigingOnverwacht).await,
        }
        if at.flow.beheren {
            return self.advance(at, &at.flow.at(Stap::Overzicht { persoon }), true).await;
        }
        let aanbieder = self.aanbieder(at.flow).await?;
        if let Some(geboren) = self.dvza.toets().geboortedatum(&persoon.bsn, &aanbieder).await? {
            if at
                .flow
                .geboortedatum
                .as_ref()
                .is_some_and(|opgegeven| *opgegeven != geboren)
            {
                return self.end(at, Uitzondering::GeboortedatumAnders).await;
            }
            if !self.has_age(&geboren, persoon.vertegenwoordiging) {
                return self.end(at, Uitzondering::GeenGegevens).await;
            }
        }
        let functie = at.flow.scope.functie();
        let asked = match at.flow.scope.gegevensdiensten() {
            [] => aanbieder.ids(functie),
            ids => ids.to_vec(),
        };
        let vraag = ToetsVraag {
            aanbieder: &aanbieder,
            persoon: &persoon,
            functie,
            gegevensdiensten: &asked,
        };
        let gegevensdiensten: Vec<GegevensdienstId> = match self.dvza.toets().toets(&vraag).await? {
            ToetsUitslag::Later => asked,
            ToetsUitslag::Beschikbaar(ids) => asked.into_iter().filter(|id| ids.contains(id)).collect(),
            ToetsUitslag::NietBeschikbaar => Vec::new(),
            ToetsUitslag::NietVastTeStellen => return self.end(at, Uitzondering::NietVastTeStellen).await,
        };
        if gegevensdiensten.is_empty() {
            return self.end(at, Uitzondering::GeenGegevens).await;
        }
        self.advance(
            at,
            &at.flow.at(Stap::Toestemming {
                persoon,
                gegevensdiensten,
            }),
            true,
        )
        .await
    }

    /// Consent: audit entry, grant and code commit with the end of the flow, or there is no code.
    async fn grant(
        &self,
        at: &At<'_>,
        persoon: &Persoon,
        gegevensdiensten: &[GegevensdienstId],
        langdurig: bool,
    ) -> Result<Next, StepError> {
        let flow = at.flow;
        let functie = flow.scope.functie();
        let langdurig = langdurig && kan_langdurig(&flow.scope);
        let mut scope = flow.scope.clone();
        if functie == Functie::Abonneren {
            let aanbieder = self.aanbieder(flow).await?;
            let maximum = gegevensdiensten
                .iter()
                .filter_map(|id| aanbieder.dienst(functie, id)?.maximale_duur)
                .min()
                .unwrap_or(u32::MAX);
            scope = scope.with_granted_dagen(maximum);
        } else if !scope.gegevensdiensten().is_empty() {
            scope = scope.narrowed_to(gegevensdiensten).unwrap_or(scope);
        }
        let body = GrantBody {
            scope,
            aanbieder: flow.aanbieder.clone(),
            gegevensdiensten: gegevensdiensten.to_vec(),
            persoon: persoon.clone(),
            correlation_id: flow.ids.as_ref().map(|ids| ids.correlation_id.clone()),
        };
        let index = self.config.keys.index(&persoon.bsn)?;
        for _ in 0..DRAWS {
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
            let audit = self.audit_entry(AuditKind::Gegeven, at, persoon)?.of_grant(id);
            let binding = SecretHash::of_parts(&[flow.client_id.as_str(), flow.redirect_uri.as_str()]);
            let new = NewGrant::new(
                grant,
                SecretHash::of(code.expose()),
                binding,
                self.config.lifetimes.code,
                (at.visitor.flow.clone(), at.version),
                audit,
            );
            match self.dvza.store().grant(new).await? {
                Granted::Done => {
                    self.observe(EventType::SendAuthorizationResponse, flow);
                    let response = AuthorizationResponse::new(Some(flow.state.clone()), Ok(code));
                    return Ok(Next::Away(response.to_url(&flow.redirect_uri)));
                }
                Granted::Stale => return Err(StepError::Verlopen),
                // core.autorisatie.208: a value that was issued before never leaves the server
                Granted::Collision => {}
            }
        }
        Err(StepError::Uniek)
    }

    async fn decline(&self, at: &At<'_>, persoon: &Persoon) -> Result<Next, StepError> {
        let audit = self.audit_entry(AuditKind::Geweigerd, at, persoon)?;
        self.dvza.store().audit(audit).await?;
        self.end(at, Uitzondering::Geweigerd).await
    }

    /// Ends in the way of the exception: by a page whose button leads back, or at once.
    async fn end(&self, at: &At<'_>, reden: Uitzondering) -> Result<Next, StepError> {
        let rule = self.config.exceptions.rule(at.flow.release(), reden);
        if let Some(kind) = rule.event.clone() {
            self.observe(kind, at.flow);
        }
        match rule.gedrag {
            Gedrag::Redirect => self.leave(at, reden).await,
            Gedrag::Pagina | Gedrag::AlleenPagina => self.advance(at, &at.flow.at(Stap::Einde { reden }), true).await,
        }
    }

    /// The button of the last page: closes the flow and goes back to the DVP.
    async fn leave(&self, at: &At<'_>, reden: Uitzondering) -> Result<Next, StepError> {
        match self.dvza.store().close_flow(&at.visitor.flow, at.version, None).await? {
            Advanced::Stale => Err(StepError::Verlopen),
            Advanced::Done => {
                let rule = self.config.exceptions.rule(at.flow.release(), reden);
                Ok(Next::Away(at.flow.redirect().error(&rule)))
            }
        }
    }

    /// Replaces the flow; after a login the browser gets a new secret (O8).
    pub(super) async fn advance(&self, at: &At<'_>, flow: &Flow, authenticated: bool) -> Result<Next, StepError> {
        let before_login = matches!(at.flow.stap, Stap::Landing | Stap::Inloggen { .. });
        let session = if authenticated && before_login {
            SessionSecret::random(&*self.config.entropy)?
        } else {
            at.visitor.session.clone()
        };
        let body = self.seal(&at.visitor.flow, flow)?;
        let advance = Advance::new(at.visitor.flow.clone(), at.version, session.hash(), body, authenticated);
        match self.dvza.store().advance_flow(advance).await? {
            Advanced::Done => Ok(Next::Flow(Visitor::new(at.visitor.flow.clone(), session))),
            Advanced::Stale => Err(StepError::Verlopen),
        }
    }

    async fn load(&self, visitor: &Visitor) -> Result<(StoredFlow, Flow), Failed> {
        let stored = self
            .dvza
            .store()
            .flow(&visitor.flow)
            .await
            .map_err(|error| (error.into(), None))?;
        let stored = stored
            .filter(|stored| stored.session == visitor.session.hash())
            .ok_or((StepError::Verlopen, None))?;
        let plain = self
            .config
            .keys
            .open(&stored.body, visitor.flow.as_str().as_bytes())
            .map_err(|error| (error.into(), None))?;
        let flow = Flow::from_bytes(&plain).map_err(|error| (error, None))?;
        Ok((stored, flow))
    }

    fn seal(&self, id: &FlowId, flow: &Flow) -> Result<Vec<u8>, StepError> {
        Ok(self
            .config
            .keys
            .seal(&flow.to_bytes(), id.as_str().as_bytes(), &*self.config.entropy)?)
    }

    async fn aanbieder(&self, flow: &Flow) -> Result<Aanbieder, StepError> {
        self.dvza
            .aanbieders()
            .aanbieder(&flow.aanbieder)
            .await?
            .ok_or(StepError::Verlopen)
    }

    async fn namen(&self, flow: &Flow, aanbieder: &Aanbieder) -> Result<Namen, StepError> {
        let client = self.dvza.clients().client(&flow.client_id).await?;
        let pgo = client.map(|client| client.organisatienaam.as_str().to_owned());
        Ok(Namen {
            aanbieder: aanbieder.weergavenaam.clone(),
            pgo: pgo.unwrap_or_else(|| flow.client_id.as_str().to_owned()),
        })
    }

    fn audit_entry(&self, kind: AuditKind, at: &At<'_>, persoon: &Persoon) -> Result<AuditEntry, StepError> {
        Ok(AuditEntry::new(
            kind,
            self.config.keys.index(&persoon.bsn)?,
            Some(at.flow.aanbieder.clone()),
            at.flow.client_id.clone(),
            at.flow.scope.to_string(),
            self.config.texts.version.clone(),
        ))
    }

    /// Sixteen or older; a child of 0 up to and including 11 by parental authority.
    fn has_age(&self, geboren: &Geboortedatum, vertegenwoordiging: Option<Vertegenwoordiging>) -> bool {
        let Some(today) = today(self.config.clock.now()) else {
            return false;
        };
        let age = geboren.age_on(&today);
        match vertegenwoordiging {
            Some(Vertegenwoordiging::OuderlijkGezag) => age <= 11,
            _ => age >= 16,
        }
    }

    fn failed(&self, error: &StepError, flow: Option<&Flow>) -> Page {
        match error {
            StepError::Verlopen | StepError::Formulier => {
                tracing::info!(reason = %error, "step refused");
                Page::new(403, Screen::Verlopen, Arc::clone(&self.config.texts))
            }
            _ => self.storing(error, flow),
        }
    }

    /// Technische storing: with a way back only where the redirect is proven.
    fn storing(&self, error: &StepError, flow: Option<&Flow>) -> Page {
        let mut screen = StoringScreen {
            dvza: self.config.naam_dvza.clone(),
            telefoon: self.config.telefoon_dvza.clone(),
            ..StoringScreen::default()
        };
        if let Some(flow) = flow {
            let rule = crate::policy::ExceptionRule::new(
                Gedrag::Pagina,
                ErrorCode::ServerError,
                crate::policy::Mark::Inferred,
            );
            screen.namen = Namen::new(flow.aanbieder.short(), flow.client_id.as_str());
            screen.terug = Some(flow.redirect().error(&rule));
            screen.trace_id = flow.trace_id().as_str().to_owned();
            screen.session_id = flow.session_id.as_str().to_owned();
        } else if let Ok(id) = CorrelationId::random(&*self.config.entropy) {
            screen.trace_id = id.as_str().to_owned();
            screen.session_id = id.as_str().to_owned();
        }
        let source = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(trace_id = screen.trace_id, reason = %error, source, "technische storing");
        let unavailable = matches!(error, StepError::Store(_) | StepError::Supplier(_));
        Page::new(
            if unavailable { 503 } else { 500 },
            Screen::Storing(screen),
            Arc::clone(&self.config.texts),
        )
    }
}

/// A step at which a browser is.
pub(super) struct At<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) version: u32,
    pub(super) flow: &'a Flow,
}

type Failed = (StepError, Option<Box<Flow>>);

fn failed(error: StepError, flow: &Flow) -> Failed {
    (error, Some(Box::new(flow.clone())))
}

fn vraag(flow: &Flow, aanbieder: &Aanbieder, namen: Namen, gegevensdiensten: &[GegevensdienstId]) -> Screen {
    let functie = flow.scope.functie();
    let names: Vec<String> = gegevensdiensten
        .iter()
        .filter_map(|id| aanbieder.dienst(functie, id))
        .map(|dienst| dienst.naam.clone())
        .collect();
    let dienst = |dagen| DienstScreen {
        namen: namen.clone(),
        dienst: names.join(", "),
        dagen,
    };
    match (functie, flow.scope.dagen()) {
        (Functie::Delen, _) => Screen::Bevestiging(dienst(0)),
        (Functie::Abonneren, Some(0)) => Screen::AbonnementBeeindigen(dienst(0)),
        (Functie::Abonneren, dagen) => {
            let maximum = gegevensdiensten
                .iter()
                .filter_map(|id| aanbieder.dienst(functie, id)?.maximale_duur)
                .min()
                .unwrap_or(u32::MAX);
            Screen::Abonneren(dienst(dagen.unwrap_or_default().min(maximum)))
        }
        (Functie::Verzamelen, _) => Screen::Toestemming(ToestemmingScreen {
            namen: namen.clone(),
            privacyverklaring: aanbieder.privacyverklaring.clone(),
            onbepaald: kan_langdurig(&flow.scope),
            diensten: names,
        }),
    }
}

/// Only Verzamelen, and only from 2.0 on: a Bevestiging holds for one run (G16), an Abonnement gives no data (I12).
pub(super) fn kan_langdurig(scope: &Scope) -> bool {
    scope.functie() == Functie::Verzamelen && release_rules(scope.release()).langdurige_toestemming
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

/// The calendar day in the Netherlands is within an hour or two of this one; the age rule does not turn on that.
fn today(now: std::time::SystemTime) -> Option<Geboortedatum> {
    let days = now.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs() / 86_400;
    // civil date of a day number, for years after 1970
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 {
        month_shifted + 3
    } else {
        month_shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    Geboortedatum::parse(&format!("{year:04}{month:02}{day:02}")).ok()
}

const MAX_REMEMBER: usize = 4 * 1024;
pub(super) const DRAWS: usize = 4;

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn today_is_the_civil_date() {
        for (seconds, expected) in [
            (0, "19700101"),
            (951_782_400, "20000229"),
            (951_868_800, "20000301"),
            (1_704_067_199, "20231231"),
            (1_795_219_200, "20261121"),
        ] {
            assert_eq!(
                today(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap().as_str(),
                expected
            );
        }
    }
}
