// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint.100 – core.usrint.102 — what the screens show, as plain values. How they look is for who renders them.

use std::{fmt, sync::Arc};

use super::{TextPack, Uitzondering1a};
use medmij_oauth::{form, policy::Uitzondering};

/// A page to show, with what every page has. `Debug` does not show the form token.
#[derive(Clone)]
#[non_exhaustive]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// What it shows.
    pub screen: Screen,
    /// The texts.
    pub texts: Arc<TextPack>,
    /// The form token, where the page has a form.
    pub csrf: Option<String>,
    /// The origin to which the answer of the form leads in the end, for the `form-action` of the page (O11).
    pub form_origin: Option<String>,
}

/// The names that fill the texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Namen {
    /// The Aanbieder as the Persoon knows it.
    pub aanbieder: String,
    /// The DVP, from the OCL.
    pub pgo: String,
}

/// A screen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Screen {
    /// core.usrint.100: before the login.
    Landing(Namen),
    /// core.usrint.102: Toestemmingsverklaring.
    Toestemming(ToestemmingScreen),
    /// core.authint.205: Bevestigingsverklaring, for Delen.
    Bevestiging(DienstScreen),
    /// ext.abo: Toestemmingsverklaring Abonneren.
    Abonneren(DienstScreen),
    /// ext.abo: Beëindigingsverklaring Abonnement.
    AbonnementBeeindigen(DienstScreen),
    /// core.usrint.101 and the ends without a code: a page with one button that leads back.
    Einde(EindeScreen),
    /// Beheren toestemmingen: the overview.
    Overzicht(OverzichtScreen),
    /// Beheren toestemmingen: Beëindigingsverklaring Toestemming.
    Intrekken(IntrekkenScreen),
    /// The login came back with a form from another site, to which browsers send no cookie: the Persoon sends it once more,
    /// from here.
    LoginAnswer(LoginAnswerScreen),
    /// Uitzondering 1a.
    Fout(Uitzondering1a),
    /// The flow is not of this browser, spent or too old.
    Verlopen,
    /// Technische storing.
    Storing(StoringScreen),
}

/// Toestemmingsverklaring.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToestemmingScreen {
    /// Names.
    pub namen: Namen,
    /// The names of the gegevensdiensten.
    pub diensten: Vec<String>,
    /// The privacyverklaring of the Aanbieder.
    pub privacyverklaring: String,
    /// Whether onbepaalde tijd may be chosen. It is never selected beforehand.
    pub onbepaald: bool,
}

/// A question about one gegevensdienst.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DienstScreen {
    /// Names.
    pub namen: Namen,
    /// The name of the gegevensdienst, from the GNL.
    pub dienst: String,
    /// The duration of an Abonnement, in days.
    pub dagen: u32,
}

/// An end without a code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EindeScreen {
    /// Names.
    pub namen: Namen,
    /// Why. The DVP does not see it.
    pub reden: Uitzondering,
    /// Whether there is a button that leads back to the DVP.
    pub terug: bool,
}

/// The consents of a Persoon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverzichtScreen {
    /// Names.
    pub namen: Namen,
    /// One row for each Aanbieder and DVP.
    pub toestemmingen: Vec<ToestemmingRow>,
}

/// A row of the overview.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToestemmingRow {
    /// Names.
    pub namen: Namen,
    /// The number by which the form names it.
    pub nummer: usize,
}

/// Beëindigingsverklaring Toestemming.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntrekkenScreen {
    /// Names.
    pub namen: Namen,
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
pub struct StoringScreen {
    /// Names; empty where they are not known yet.
    pub namen: Namen,
    /// The DVZA.
    pub dvza: String,
    /// Its telephone number.
    pub telefoon: String,
    /// The id of the chain: `X-Correlation-ID`.
    pub trace_id: String,
    /// The id of the session.
    pub session_id: String,
    /// Where the link back leads; only with a proven redirect (core.authint.202).
    pub terug: Option<String>,
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

impl fmt::Debug for StoringScreen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoringScreen")
            .field("trace_id", &self.trace_id)
            .field("session_id", &self.session_id)
            .field("terug", &self.terug.as_deref().map(form::without_query))
            .finish_non_exhaustive()
    }
}

impl Page {
    pub(super) fn new(status: u16, screen: Screen, texts: Arc<TextPack>) -> Self {
        Self {
            status,
            screen,
            texts,
            csrf: None,
            form_origin: None,
        }
    }
}

impl Namen {
    pub(super) fn new(aanbieder: &str, pgo: &str) -> Self {
        Self {
            aanbieder: aanbieder.to_owned(),
            pgo: pgo.to_owned(),
        }
    }
}
