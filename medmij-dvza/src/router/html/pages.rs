// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint — one template for each page, in `templates/`; askama escapes what they fill in.

mod access_log;

use askama::Template;
use medmij_oauth::policy::Uitzondering;

use super::RenderContext;
use crate::server::{
    AccessLogScreen, EndScreen, Fill, LoginAnswerScreen, OutageScreen, OverviewScreen, Page, ScreenNames,
    ServiceScreen, TextPack, ToestemmingRow, ToestemmingScreen, isolate,
};

/// What every page has around its own content.
pub(super) struct Frame<'a> {
    page: &'a Page,
    context: &'a RenderContext<'a>,
    fill: Fill,
}

impl<'a> Frame<'a> {
    pub(super) fn new(page: &'a Page, context: &'a RenderContext<'a>) -> Self {
        let fill = page.fill(page.screen.names());
        Self { page, context, fill }
    }

    pub(super) fn with_service(mut self, screen: &ServiceScreen) -> Self {
        self.fill = self
            .fill
            .name("{service}", &screen.service)
            .plain("{days}", screen.days.to_string());
        self
    }

    fn texts(&self) -> &'a TextPack {
        &self.page.texts
    }

    fn text(&self, sentence: &str) -> String {
        self.fill.text(sentence)
    }

    fn text_for(&self, names: &ScreenNames, sentence: &str) -> String {
        self.page.fill(Some(names)).text(sentence)
    }

    fn name(&self, name: &str) -> String {
        isolate(name)
    }

    fn stylesheet(&self) -> &str {
        self.context.stylesheet
    }

    fn action(&self) -> &str {
        self.context.action
    }

    fn csrf(&self) -> &str {
        self.page.csrf.as_deref().unwrap_or_default()
    }

    /// Who shows this page, and for whom.
    fn sender(&self) -> String {
        let extra = &self.texts().extra;
        let known = self
            .page
            .screen
            .names()
            .is_some_and(|names| !names.aanbieder.is_empty());
        self.text(if known {
            &extra.sender_text_for
        } else {
            &extra.sender_text
        })
    }

    fn step(&self) -> Option<String> {
        let (step, of) = self.page.step?;
        let fill = self
            .fill
            .clone()
            .plain("{step}", step.to_string())
            .plain("{steps}", of.to_string());
        Some(fill.text(&self.texts().extra.step))
    }

    /// Where to get help: what the Aanbieder says, or the telephone of the DVZA.
    fn help(&self) -> String {
        let own = self.page.own.as_ref().and_then(|own| own.help.clone());
        own.unwrap_or_else(|| self.text(&self.texts().extra.help_text))
    }

    /// Where the source code of this version can be had (AGPL section 13).
    fn source_code(&self) -> Option<&str> {
        let address = self.page.source_code.as_deref()?;
        address.starts_with("https://").then_some(address)
    }

    fn explanation(&self) -> Option<&str> {
        self.page.own.as_ref()?.explanation.as_deref()
    }

    /// An address of another host, where it is one that a page may link to.
    fn link(&self, address: &str) -> Option<String> {
        address.starts_with("https://").then(|| (self.context.rewrite)(address))
    }

    fn since(&self, row: &ToestemmingRow) -> Option<String> {
        let words = row.since?.in_dutch();
        Some(
            self.fill
                .clone()
                .plain("{date}", words)
                .text(&self.texts().extra.overview_since),
        )
    }
}

/// A page of a value: the template, and the type that it is filled from.
macro_rules! page {
    ($name:ident, $template:literal, $screen:ty) => {
        #[derive(Template)]
        #[template(path = $template)]
        pub(super) struct $name<'a> {
            f: Frame<'a>,
            t: &'a TextPack,
            screen: &'a $screen,
        }

        impl<'a> $name<'a> {
            pub(super) fn html(f: Frame<'a>, screen: &'a $screen) -> String {
                let t = f.texts();
                write(&Self { f, t, screen })
            }
        }
    };
}

/// A page without a value of its own.
macro_rules! plain {
    ($name:ident, $template:literal) => {
        #[derive(Template)]
        #[template(path = $template)]
        pub(super) struct $name<'a> {
            f: Frame<'a>,
            t: &'a TextPack,
        }

        impl<'a> $name<'a> {
            pub(super) fn html(f: Frame<'a>) -> String {
                let t = f.texts();
                write(&Self { f, t })
            }
        }
    };
}

plain!(Landing, "landing.html");
plain!(LandingBeheren, "landing-beheren.html");
page!(Toestemming, "toestemming.html", ToestemmingScreen);
plain!(Bevestiging, "bevestiging.html");
plain!(Abonneren, "abonneren.html");
plain!(EndAbonnement, "end-abonnement.html");
page!(Overview, "overview.html", OverviewScreen);
page!(AccessLog, "access-log.html", AccessLogScreen);
plain!(Withdraw, "withdraw.html");
page!(LoginAnswer, "login-answer.html", LoginAnswerScreen);
plain!(Fault, "fault.html");
plain!(Expired, "expired.html");
plain!(NotFound, "not-found.html");

#[derive(Template)]
#[template(path = "end.html")]
struct End<'a> {
    f: Frame<'a>,
    t: &'a TextPack,
    screen: &'a EndScreen,
    title: &'a str,
    sentence: &'a str,
    answer: &'static str,
}

#[derive(Template)]
#[template(path = "outage.html")]
struct Outage<'a> {
    f: Frame<'a>,
    t: &'a TextPack,
    screen: &'a OutageScreen,
    back: Option<String>,
}

pub(super) fn end_page(f: Frame<'_>, screen: &EndScreen) -> String {
    let t = f.texts();
    let (title, sentence) = reason(t, screen);
    // after the login the answer of the button is that of a refusal (autoriseren 1 and 2)
    let answer = match screen.reason {
        Uitzondering::NoData => "no",
        _ => "back",
    };
    write(&End {
        f,
        t,
        screen,
        title,
        sentence,
        answer,
    })
}

pub(super) fn outage(f: Frame<'_>, screen: &OutageScreen) -> String {
    let t = f.texts();
    let back = screen.back.as_deref().and_then(|address| f.link(address));
    write(&Outage { f, t, screen, back })
}

fn reason<'a>(t: &'a TextPack, screen: &EndScreen) -> (&'a str, &'a str) {
    use Uitzondering as U;
    match screen.reason {
        U::Cancelled if screen.beheren => (&t.cancelled_title, &t.extra.beheren_stopped),
        U::Cancelled => (&t.cancelled_title, &t.cancelled_text),
        U::NoData => (&t.no_data_title, &t.no_data_text),
        U::Refused => (&t.refused_title, &t.refused_text),
        U::IdentityNotEstablished if screen.beheren => (&t.identity_title, &t.extra.beheren_failed),
        U::IdentityNotEstablished => (&t.identity_title, &t.identity_text),
        U::VertegenwoordigingMissing => (&t.vertegenwoordiging_title, &t.vertegenwoordiging_missing),
        U::VertegenwoordigingUnexpected => (&t.vertegenwoordiging_title, &t.vertegenwoordiging_unexpected),
        U::GeboortedatumDiffers => (&t.vertegenwoordiging_title, &t.geboortedatum_differs),
        _ => (&t.not_established_title, &t.not_established_text),
    }
}

/// Writing into a String cannot fail.
fn write(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}
