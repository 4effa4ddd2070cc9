// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint.100 – core.usrint.102 — what the screens show, as plain values. How they look is for who renders them.

use std::{fmt, sync::Arc, time::SystemTime};

use crate::store::{AuditKind, AuditObject, AuditOutcome};
use medmij_oauth::{form, policy::Uitzondering};
use medmij_types::CalendarDate;

use super::{AanbiederTexts, ServerConfig, TextPack, Uitzondering1a, fill::Fill};

/// A page to show, with what every page has. `Debug` does not show the CSRF token.
#[derive(Clone)]
#[non_exhaustive]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// What it shows.
    pub screen: Screen,
    /// The texts.
    pub texts: Arc<TextPack>,
    /// The CSRF token, where the page has a form.
    pub csrf: Option<String>,
    /// The origin to which the answer of the form leads in the end, for the `form-action` of the page (O11).
    pub form_origin: Option<String>,
    /// The DVZA, who shows the page.
    pub dvza: String,
    /// Its telephone number.
    pub phone: String,
    /// Where the source code can be had.
    pub source_code: Option<String>,
    /// Which step of how many this is; the login is one of them.
    pub step: Option<(u8, u8)>,
    /// What the Aanbieder says itself.
    pub own: Option<AanbiederTexts>,
}

/// The names that fill the texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScreenNames {
    /// The Aanbieder as the Persoon knows it.
    pub aanbieder: String,
    /// The DVP, from the OCL.
    pub pgo: String,
}

/// A screen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Screen {
    /// core.usrint.100: the Landingspagina, which says who asks for what before the login.
    Landing(LandingScreen),
    /// core.usrint.102: the Toestemmingsverklaring, with who gets what from whom until when.
    Toestemming(ToestemmingScreen),
    /// core.authint.205: the Bevestigingsverklaring, which asks to confirm a Delen.
    Bevestiging(ServiceScreen),
    /// ext.abo: the Toestemmingsverklaring Abonneren, which asks for a subscription.
    Abonneren(ServiceScreen),
    /// ext.abo: the Beëindigingsverklaring, which asks to confirm the end of an Abonnement.
    EndAbonnement(ServiceScreen),
    /// core.usrint.101 and the ends without a code: a page with one button that leads back.
    End(EndScreen),
    /// Beheren toestemmingen: the overview.
    Overview(OverviewScreen),
    /// Beheren toestemmingen: Beëindigingsverklaring Toestemming.
    Withdraw(WithdrawScreen),
    /// Who did what with the data of the Persoon (NEN 7513).
    AccessLog(AccessLogScreen),
    /// The login came back with a form from another site, to which browsers send no cookie: the Persoon sends it once more,
    /// from here.
    LoginAnswer(LoginAnswerScreen),
    /// Uitzondering 1a.
    Fault(Uitzondering1a),
    /// The flow is not of this browser, spent or too old.
    Expired,
    /// There is no page at this address.
    NotFound,
    /// Technische storing.
    Outage(OutageScreen),
}

/// Before the login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LandingScreen {
    /// Names.
    pub names: ScreenNames,
    /// Whether the Persoon comes to look at consents, not to give one.
    pub beheren: bool,
}

/// Toestemmingsverklaring.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToestemmingScreen {
    /// Names.
    pub names: ScreenNames,
    /// The names of the gegevensdiensten.
    pub services: Vec<String>,
    /// The privacyverklaring of the Aanbieder.
    pub privacy_statement: String,
    /// Whether onbepaalde tijd may be chosen. It is never selected beforehand.
    pub indefinite: bool,
}

/// A question about one gegevensdienst.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceScreen {
    /// Names.
    pub names: ScreenNames,
    /// The name of the gegevensdienst, from the GNL.
    pub service: String,
    /// The duration of an Abonnement, in days.
    pub days: u32,
}

/// An end without a code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndScreen {
    /// Names.
    pub names: ScreenNames,
    /// Why. The DVP does not see it.
    pub reason: Uitzondering,
    /// Whether there is a button that leads back to the DVP.
    pub back: bool,
    /// Whether the Persoon came to look at consents.
    pub beheren: bool,
}

/// The consents of a Persoon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverviewScreen {
    /// Names.
    pub names: ScreenNames,
    /// One row for each Aanbieder and DVP.
    pub toestemmingen: Vec<ToestemmingRow>,
    /// What was withdrawn just now.
    pub stopped: Option<ScreenNames>,
}

/// A row of the overview.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToestemmingRow {
    /// Names.
    pub names: ScreenNames,
    /// The number by which the form names it.
    pub number: usize,
    /// The day on which it was given last, in the Netherlands; `None` for a consent that was given before this was recorded.
    pub since: Option<CalendarDate>,
    /// The names of the gegevensdiensten.
    pub services: Vec<String>,
}

/// The entries of the audit log about a Persoon, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessLogScreen {
    /// Names.
    pub names: ScreenNames,
    /// The DVZA.
    pub dvza: String,
    /// What happened.
    pub rows: Vec<AccessLogRow>,
    /// Whether there is more than is shown.
    pub more: bool,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessLogRow {
    /// When.
    pub at: SystemTime,
    /// What.
    pub kind: AuditKind,
    /// With what.
    pub object: AuditObject,
    /// With what outcome.
    pub outcome: AuditOutcome,
    /// Whether somebody who represents the Persoon did it.
    pub represented: bool,
    /// Whether somebody of the DVZA did it.
    pub by_operator: bool,
    /// The names of the gegevensdiensten.
    pub services: Vec<String>,
    /// Names; empty where no DVP or Aanbieder took part.
    pub names: ScreenNames,
}

/// Beëindigingsverklaring Toestemming.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WithdrawScreen {
    /// Names.
    pub names: ScreenNames,
}

/// The form of a login, to be sent once more. `Debug` shows no value of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginAnswerScreen {
    /// Its fields, in hidden inputs.
    pub fields: Vec<(String, String)>,
}

impl fmt::Debug for LoginAnswerScreen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginAnswerScreen").finish_non_exhaustive()
    }
}

/// Technische storing. `Debug` shows no query of the way back.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutageScreen {
    /// Names; empty where they are not known yet.
    pub names: ScreenNames,
    /// The id of the chain: `X-Correlation-ID`.
    pub trace_id: String,
    /// The id of the session.
    pub session_id: String,
    /// Where the link back leads; only with a proven redirect (core.authint.202).
    pub back: Option<String>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("status", &self.status)
            .field("screen", &self.screen)
            .field("texts", &self.texts.version)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OutageScreen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoringScreen")
            .field("trace_id", &self.trace_id)
            .field("session_id", &self.session_id)
            .field("back", &self.back.as_deref().map(form::without_query))
            .finish_non_exhaustive()
    }
}

impl Page {
    pub(super) fn new(status: u16, screen: Screen, config: &ServerConfig) -> Self {
        let step = match &screen {
            Screen::Landing(_) => Some((1, STEPS)),
            Screen::Toestemming(_)
            | Screen::Bevestiging(_)
            | Screen::Abonneren(_)
            | Screen::EndAbonnement(_)
            | Screen::Overview(_)
            | Screen::AccessLog(_) => Some((STEPS, STEPS)),
            _ => None,
        };
        Self {
            status,
            screen,
            texts: Arc::clone(&config.texts),
            csrf: None,
            form_origin: None,
            dvza: config.dvza_name.clone(),
            phone: config.dvza_phone.clone(),
            source_code: config.source_code.clone(),
            step,
            own: None,
        }
    }

    /// A sentence of the pack with these names in it, between directional isolates and without control characters: plain text,
    /// to be escaped by whoever puts it into HTML.
    #[must_use]
    pub fn sentence(&self, names: &ScreenNames, sentence: &str) -> String {
        self.fill(Some(names)).text(sentence)
    }

    pub(crate) fn fill(&self, names: Option<&ScreenNames>) -> Fill {
        let (aanbieder, pgo) = names.map_or(("", ""), |names| (&*names.aanbieder, &*names.pgo));
        Fill::new(aanbieder, pgo, &self.texts)
            .name("{dvza}", &self.dvza)
            .name("{phone}", &self.phone)
    }
}

#[cfg(feature = "axum")]
impl Screen {
    /// The names on it, where it has some.
    pub(crate) fn names(&self) -> Option<&ScreenNames> {
        match self {
            Self::Landing(screen) => Some(&screen.names),
            Self::Toestemming(screen) => Some(&screen.names),
            Self::Bevestiging(screen) | Self::Abonneren(screen) | Self::EndAbonnement(screen) => Some(&screen.names),
            Self::End(screen) => Some(&screen.names),
            Self::Overview(screen) => Some(&screen.names),
            Self::AccessLog(screen) => Some(&screen.names),
            Self::Withdraw(screen) => Some(&screen.names),
            Self::Outage(screen) => Some(&screen.names),
            Self::LoginAnswer(_) | Self::Fault(_) | Self::Expired | Self::NotFound => None,
        }
    }
}

/// The first page, the login, and what it was for.
const STEPS: u8 = 3;

impl ScreenNames {
    pub(super) fn new(aanbieder: &str, pgo: &str) -> Self {
        Self {
            aanbieder: aanbieder.to_owned(),
            pgo: pgo.to_owned(),
        }
    }
}
