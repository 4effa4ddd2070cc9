// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.202 – core.authint.207 — the front channel, step by step.

mod arrive;
mod consent;
mod end;
mod login;
mod long;
mod outcome;
mod pages;
mod sealed;

use std::{net::IpAddr, time::SystemTime};

use http::HeaderMap;
use medmij_log::EventType;
use medmij_oauth::{form::Form, policy::Uitzondering, storage::Advanced};

pub(crate) use self::arrive::Arrival;
pub use self::outcome::{Arrived, Next, Submitted};
pub(super) use self::{long::LongFlows, sealed::Passed};

use self::{consent::question, sealed::Loaded};
use super::{
    Aanbieder, AanbiederTexts, Aanbieders as _, Authentication as _, Clients as _, Dvza, LandingScreen, LoginAnswer,
    LoginAnswerScreen, Page, Screen, ScreenNames, Server, SessionSecret, StepError, Visitor,
    flow::{Asked, Flow, Step},
};
use crate::store::{Advance, AuditEntry, FlowId, Store as _};

impl<D: Dvza> Server<D> {
    /// Judges an authorization request (core.authint.202, then core.authint.203) and starts a flow.
    pub async fn authorize(&self, query: &str, headers: &HeaderMap) -> Arrived {
        self.arrive(query, headers, Arrival::default()).await
    }

    pub(crate) async fn arrive(&self, query: &str, headers: &HeaderMap, arrival: Arrival<'_>) -> Arrived {
        match self.judge(query, headers, arrival).await {
            Ok(arrived) => arrived,
            Err(error) => Arrived::Page(Box::new(self.outage(&error, None))),
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

    /// Which flow a login callback is for; the browser has to hold its secret too.
    ///
    /// # Errors
    ///
    /// [`StepError::LoginAnswerTooLong`].
    pub fn login_flow<'a>(&self, answer: impl Into<LoginAnswer<'a>>) -> Result<Option<FlowId>, StepError> {
        let answer = answer.into();
        for (part, text, most) in [
            ("query", answer.query, self.config.login_query),
            ("form", answer.form, self.config.login_form),
        ] {
            let length = text.len();
            if length > most {
                return Err(StepError::LoginAnswerTooLong { part, length, most });
            }
            let flow = Form::parse_up_to(text.as_bytes(), most)
                .ok()
                .and_then(|form| self.dvza.authentication().relay(&form));
            if flow.is_some() {
                return Ok(flow);
            }
        }
        Ok(None)
    }

    /// The page on which a Persoon sends the form of a login once more: browsers send no cookie with a POST from another site,
    /// and they do with one from here. `None` where this form came from that page already, or cannot be read.
    #[must_use]
    pub fn login_again(&self, form: &str) -> Option<Page> {
        let form = Form::parse_up_to(form.as_bytes(), self.config.login_form).ok()?;
        if form.has(AGAIN) {
            return None;
        }
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut fields: Vec<_> = form.iter().map(owned).collect();
        fields.push((AGAIN.to_owned(), "yes".to_owned()));
        let screen = Screen::LoginAnswer(LoginAnswerScreen { fields });
        Some(Page::new(200, screen, &self.config))
    }

    /// Second leg of the login: authentication, test, and on to the question of consent (core.authint.205).
    pub async fn login<'a>(&self, visitor: &Visitor, answer: impl Into<LoginAnswer<'a>>) -> Next {
        match self.finish_login(visitor, answer.into()).await {
            Ok(next) => next,
            Err((error, flow)) => Next::Page(Box::new(self.failed(&error, flow.as_deref()))),
        }
    }

    async fn show(&self, visitor: &Visitor) -> Result<Page, Failed> {
        let loaded = self.load(visitor).await?;
        let flow = &loaded.flow;
        let (screen, own) = self.screen(flow).await.map_err(|error| failed(error, flow))?;
        let mut page = Page::new(200, screen, &self.config);
        page.own = own;
        page.csrf = Some(loaded.secret.csrf(&visitor.flow, form_version(&loaded)));
        page.form_origin = match flow.step {
            // the login is elsewhere, and where is not known yet
            Step::Landing | Step::Login { .. } => None,
            _ => Some(format!("https://{}", flow.redirect_uri.hostname())),
        };
        if matches!(flow.step, Step::Landing) {
            self.observe(EventType::ShowLandingPage, flow);
        }
        Ok(page)
    }

    async fn screen(&self, flow: &Flow) -> Result<(Screen, Option<AanbiederTexts>), StepError> {
        let aanbieder = self.aanbieder(flow).await?;
        let names = self.names(flow, &aanbieder).await?;
        let beheren = flow.beheren;
        let screen = match &flow.step {
            // whoever comes back from the login with the back button sees the start again
            Step::Landing | Step::Login { .. } => Screen::Landing(LandingScreen { names, beheren }),
            Step::End { reason } => self.end_page(flow, names, *reason),
            Step::Toestemming { persoon, asked } => {
                // asked of the supplier whether there is a question or not: the same work for either page
                let indefinite = self.may_last(flow, persoon).await?;
                match Asked::available(asked).as_slice() {
                    [] => self.end_page(flow, names, Uitzondering::NoData),
                    available => question(flow, &aanbieder, names, available, indefinite),
                }
            }
            Step::Overview { persoon, stopped } => self.overview(names, persoon, stopped.as_ref()).await?,
            Step::AccessLog { persoon } => self.access_log(names, flow, persoon).await?,
            Step::Withdraw {
                client_id, aanbieder, ..
            } => self.withdraw(client_id, aanbieder).await?,
        };
        Ok((screen, aanbieder.texts))
    }

    async fn take_answer(&self, visitor: &Visitor, submitted: &Submitted<'_>) -> Result<Next, Failed> {
        let loaded = self.load(visitor).await?;
        let flow = &loaded.flow;
        let field = |name| submitted.form.one(name).ok().flatten().unwrap_or_default();
        let version = form_version(&loaded);
        if !loaded.secret.accepts(&visitor.flow, version, field("csrf")) {
            return Err((StepError::Form, None));
        }
        let at = At::new(visitor, &loaded, false).from(submitted.address);
        let next = match (&flow.step, field("answer")) {
            (Step::Landing | Step::Login { .. }, "login") => self.begin_login(&at, submitted.login_callback).await,
            (Step::Landing | Step::Login { .. }, "cancel") => {
                let reason = Uitzondering::Cancelled;
                self.advance(&at, &flow.at(Step::End { reason }), true).await
            }
            // of the question and of the page "no data" alike
            (Step::Toestemming { persoon, asked }, "no" | "back") => self.decline(&at, persoon, asked).await,
            (Step::Toestemming { persoon, asked }, "yes") => match Asked::available(asked).as_slice() {
                [] => Err(StepError::Form),
                available => {
                    let langdurig = field("langdurig") == "yes";
                    self.grant(&at, persoon, available, langdurig).await
                }
            },
            (Step::End { reason }, "back") => self.leave(&at, *reason).await,
            (Step::AccessLog { persoon }, answer) => self.leave_access_log(&at, persoon, answer).await,
            (Step::Overview { .. } | Step::Withdraw { .. }, answer) => self.manage(&at, answer, field("number")).await,
            _ => Err(StepError::Form),
        };
        next.map_err(|error| failed(error, flow))
    }

    /// Replaces the flow; after a login the browser gets a new secret (O8).
    pub(super) async fn advance(&self, at: &At<'_>, flow: &Flow, authenticated: bool) -> Result<Next, StepError> {
        self.advance_with(at, flow, authenticated, None).await
    }

    /// As [`advance`](Self::advance), with the audit entry that commits with it.
    pub(super) async fn advance_with(
        &self,
        at: &At<'_>,
        flow: &Flow,
        authenticated: bool,
        audit: Option<AuditEntry>,
    ) -> Result<Next, StepError> {
        if let Some(since) = at.sealed {
            return if at.after_login {
                self.promote(at, since, flow, audit).await
            } else {
                self.reseal(at, since, flow).await.map(Next::Flow)
            };
        }
        let before_login = matches!(at.flow.step, Step::Landing | Step::Login { .. });
        let session = if authenticated && before_login {
            SessionSecret::random(&*self.config.entropy)?
        } else {
            at.visitor.session.clone()
        };
        let body = self.seal(&at.visitor.flow, flow)?;
        let mut advance = Advance::new(at.visitor.flow.clone(), at.version, session.hash(), body, authenticated);
        advance.audit = audit;
        match self.dvza.store().advance_flow(advance).await? {
            Advanced::Done => {
                if authenticated {
                    self.long.give_back(&at.visitor.flow);
                }
                Ok(Next::Flow(Visitor::new(at.visitor.flow.clone(), session)))
            }
            Advanced::Stale => Err(StepError::Expired),
        }
    }

    async fn load(&self, visitor: &Visitor) -> Result<Loaded, Failed> {
        if visitor.session.sealed().is_some() {
            return self.open_cookie(visitor);
        }
        let stored = self
            .dvza
            .store()
            .flow(&visitor.flow)
            .await
            .map_err(|error| (error.into(), None))?;
        let stored = stored
            .filter(|stored| stored.session == visitor.session.hash())
            .ok_or((StepError::Expired, None))?;
        let plain = self
            .config
            .keys
            .open(&stored.body, visitor.flow.as_str().as_bytes())
            .map_err(|error| (error.into(), None))?;
        let flow = Flow::from_bytes(&plain).map_err(|error| (error, None))?;
        Ok(Loaded {
            flow,
            version: stored.version,
            secret: visitor.session.clone(),
            sealed: None,
        })
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
            .ok_or(StepError::Expired)
    }

    async fn names(&self, flow: &Flow, aanbieder: &Aanbieder) -> Result<ScreenNames, StepError> {
        let client = self.dvza.clients().client(&flow.client_id).await?;
        let pgo = client
            .as_ref()
            .map_or_else(|| flow.client_id.as_str(), |client| client.name(&flow.client_id));
        Ok(ScreenNames::new(&aanbieder.weergavenaam, pgo))
    }
}

/// A step at which a browser is.
pub(super) struct At<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) version: u32,
    pub(super) flow: &'a Flow,
    secret: &'a SessionSecret,
    /// Since when, where the flow is in the browser.
    sealed: Option<SystemTime>,
    /// Whether the login has just come back.
    after_login: bool,
    /// Of who asks, where it is known.
    address: Option<IpAddr>,
}

impl<'a> At<'a> {
    fn new(visitor: &'a Visitor, loaded: &'a Loaded, after_login: bool) -> Self {
        Self {
            visitor,
            version: loaded.version,
            flow: &loaded.flow,
            secret: &loaded.secret,
            sealed: loaded.sealed,
            after_login,
            address: None,
        }
    }

    fn from(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }
}

/// The step that a CSRF token is of. Until the login has come back it is one step: whoever turns back from the login sees
/// the first page as the browser kept it, and its buttons still work.
fn form_version(loaded: &Loaded) -> u32 {
    match loaded.flow.step {
        Step::Landing | Step::Login { .. } => 0,
        // a page from before the login that is in the browser too
        _ if loaded.sealed.is_some() => 1,
        _ => loaded.version,
    }
}

type Failed = (StepError, Option<Box<Flow>>);

fn failed(error: StepError, flow: &Flow) -> Failed {
    (error, Some(Box::new(flow.clone())))
}

/// The field of a form that was sent once more.
const AGAIN: &str = "medmij-doorgaan";

pub(super) const MAX_COLLISIONS: usize = 4;
