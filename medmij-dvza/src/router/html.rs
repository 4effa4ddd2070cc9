// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint — the screens as HTML: no script, no third party, WCAG 2.2 AA.
//!
//! Each page is a template of its own in `templates/`, around it `page.html`. Names are escaped by askama and set apart by
//! directional isolates, so that a name cannot turn the text around it (O12).

mod pages;

use self::pages::Frame;
use crate::server::{
    AccessLogScreen, EndScreen, LandingScreen, LoginAnswerScreen, OutageScreen, OverviewScreen, Page, Screen,
    ServiceScreen, ToestemmingScreen, Uitzondering1a, WithdrawScreen,
};

/// Turns pages into HTML, each by a method of its own. A supplier with a house style writes the pages that differ and keeps
/// the others; the mandatory elements of each screen are the fields of its value, and [`Page::sentence`] fills the names into a
/// sentence of the pack.
///
/// The form of a page posts `csrf` and `answer` to the action of its [`RenderContext`]: `login` or `cancel` before the login,
/// `yes` or `no` to a question (with `langdurig=yes` where that is offered and chosen), `back` at an end, and in the overview
/// `stop` with the `number` of a row, `log` or `back`; `overview` leads back from the log.
///
/// ```
/// use medmij_dvza::{LandingScreen, Page, router::{RenderContext, RouterOptions, Screens}};
/// use std::sync::Arc;
///
/// struct HouseStyle;
///
/// impl Screens for HouseStyle {
///     fn landing(&self, screen: &LandingScreen, page: &Page, context: &RenderContext<'_>) -> String {
///         let title = page.sentence(&screen.names, &page.texts.landing_title);
///         // escape what you fill in: a template engine does
///         my_template(&title, context.action, page.csrf.as_deref().unwrap_or_default())
///     }
/// }
/// # fn my_template(_: &str, _: &str, _: &str) -> String { String::new() }
///
/// let options = RouterOptions::at("/oauth").with_screens(Arc::new(HouseStyle));
/// ```
pub trait Screens: Send + Sync + 'static {
    /// The whole document of any page: by the method of its screen.
    fn render(&self, page: &Page, context: &RenderContext<'_>) -> String {
        match &page.screen {
            Screen::Landing(screen) => self.landing(screen, page, context),
            Screen::Toestemming(screen) => self.toestemming(screen, page, context),
            Screen::Bevestiging(screen) => self.bevestiging(screen, page, context),
            Screen::Abonneren(screen) => self.abonneren(screen, page, context),
            Screen::EndAbonnement(screen) => self.end_abonnement(screen, page, context),
            Screen::End(screen) => self.end_page(screen, page, context),
            Screen::Overview(screen) => self.overview(screen, page, context),
            Screen::AccessLog(screen) => self.access_log(screen, page, context),
            Screen::Withdraw(screen) => self.withdraw(screen, page, context),
            Screen::LoginAnswer(screen) => self.login_answer(screen, page, context),
            Screen::Fault(screen) => self.fault(screen, page, context),
            Screen::Expired => self.expired(page, context),
            Screen::NotFound => self.not_found(page, context),
            Screen::Outage(screen) => self.outage(screen, page, context),
        }
    }

    /// core.usrint.100: before the login; of Beheren toestemmingen too.
    fn landing(&self, screen: &LandingScreen, page: &Page, context: &RenderContext<'_>) -> String {
        let frame = Frame::new(page, context);
        if screen.beheren {
            pages::LandingBeheren::html(frame)
        } else {
            pages::Landing::html(frame)
        }
    }

    /// core.usrint.102: the Toestemmingsverklaring, which asks whether what the DVP asked for may be shared.
    fn toestemming(&self, screen: &ToestemmingScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::Toestemming::html(Frame::new(page, context), screen)
    }

    /// core.authint.205: the Bevestigingsverklaring, which asks to confirm a Delen.
    fn bevestiging(&self, screen: &ServiceScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::Bevestiging::html(Frame::new(page, context).with_service(screen))
    }

    /// ext.abo: the Toestemmingsverklaring Abonneren, which asks for a subscription.
    fn abonneren(&self, screen: &ServiceScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::Abonneren::html(Frame::new(page, context).with_service(screen))
    }

    /// ext.abo: the Beëindigingsverklaring, which asks to confirm the end of an Abonnement.
    fn end_abonnement(&self, screen: &ServiceScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::EndAbonnement::html(Frame::new(page, context).with_service(screen))
    }

    /// core.usrint.101: Annuleringspagina, and the other ends without a code.
    fn end_page(&self, screen: &EndScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::end_page(Frame::new(page, context), screen)
    }

    /// Beheren toestemmingen: Toestemmingsoverzichtspagina.
    fn overview(&self, screen: &OverviewScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::Overview::html(Frame::new(page, context), screen)
    }

    /// Who did what with the data of the Persoon (NEN 7513).
    fn access_log(&self, screen: &AccessLogScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::AccessLog::html(Frame::new(page, context), screen)
    }

    /// Beheren toestemmingen: Beëindigingsverklaring Toestemming.
    fn withdraw(&self, _screen: &WithdrawScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::Withdraw::html(Frame::new(page, context))
    }

    /// The form of a login, to be sent once more.
    fn login_answer(&self, screen: &LoginAnswerScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::LoginAnswer::html(Frame::new(page, context), screen)
    }

    /// Technische storing.
    fn outage(&self, screen: &OutageScreen, page: &Page, context: &RenderContext<'_>) -> String {
        pages::outage(Frame::new(page, context), screen)
    }

    /// Uitzondering 1a.
    fn fault(&self, _screen: &Uitzondering1a, page: &Page, context: &RenderContext<'_>) -> String {
        pages::Fault::html(Frame::new(page, context))
    }

    /// The flow is not of this browser, spent or too old.
    fn expired(&self, page: &Page, context: &RenderContext<'_>) -> String {
        pages::Expired::html(Frame::new(page, context))
    }

    /// There is no page at this address.
    fn not_found(&self, page: &Page, context: &RenderContext<'_>) -> String {
        pages::NotFound::html(Frame::new(page, context))
    }
}

/// What a page needs to know of the router.
#[non_exhaustive]
pub struct RenderContext<'a> {
    /// Where the form goes, by POST.
    pub action: &'a str,
    /// The address of the style sheet.
    pub stylesheet: &'a str,
    /// Has to be called on every address of another host that the page links to.
    pub rewrite: &'a (dyn Fn(&str) -> String + Sync),
}

impl<'a> RenderContext<'a> {
    /// What a page needs to know.
    #[must_use]
    pub fn new(action: &'a str, stylesheet: &'a str, rewrite: &'a (dyn Fn(&str) -> String + Sync)) -> Self {
        Self {
            action,
            stylesheet,
            rewrite,
        }
    }
}

impl std::fmt::Debug for RenderContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderContext")
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

/// The screens of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExampleScreens;

impl Screens for ExampleScreens {}
