// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint — one template for each page, in `templates/`; askama escapes what they fill in.

mod access_log;

use askama::Template;
use medmij_oauth::policy::Uitzondering;

use super::RenderContext;
use crate::server::{
    AccessLogScreen, DienstScreen, EindeScreen, Fill, LoginAnswerScreen, Namen, OverzichtScreen, Page, StoringScreen,
    TextPack, ToestemmingRow, ToestemmingScreen, isolate,
};

/// What every page has around its own content.
pub(super) struct Frame<'a> {
    page: &'a Page,
    context: &'a RenderContext<'a>,
    fill: Fill,
}

impl<'a> Frame<'a> {
    pub(super) fn new(page: &'a Page, context: &'a RenderContext<'a>) -> Self {
        let fill = page.fill(page.screen.namen());
        Self { page, context, fill }
    }

    pub(super) fn with_dienst(mut self, screen: &DienstScreen) -> Self {
        self.fill = self
            .fill
            .name("{dienst}", &screen.dienst)
            .plain("{dagen}", screen.dagen.to_string());
        self
    }

    fn texts(&self) -> &'a TextPack {
        &self.page.texts
    }

    fn text(&self, sentence: &str) -> String {
        self.fill.text(sentence)
    }

    fn text_for(&self, namen: &Namen, sentence: &str) -> String {
        self.page.fill(Some(namen)).text(sentence)
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
            .namen()
            .is_some_and(|namen| !namen.aanbieder.is_empty());
        self.text(if known { &extra.afzender_voor } else { &extra.afzender })
    }

    fn step(&self) -> Option<String> {
        let (step, of) = self.page.step?;
        let fill = self
            .fill
            .clone()
            .plain("{stap}", step.to_string())
            .plain("{stappen}", of.to_string());
        Some(fill.text(&self.texts().extra.stap))
    }

    /// Where to get help: what the Aanbieder says, or the telephone of the DVZA.
    fn help(&self) -> String {
        let own = self.page.own.as_ref().and_then(|own| own.help.clone());
        own.unwrap_or_else(|| self.text(&self.texts().extra.hulp))
    }

    fn explanation(&self) -> Option<&str> {
        self.page.own.as_ref()?.explanation.as_deref()
    }

    /// An address of another host, where it is one that a page may link to.
    fn link(&self, address: &str) -> Option<String> {
        address.starts_with("https://").then(|| (self.context.rewrite)(address))
    }

    fn since(&self, row: &ToestemmingRow) -> Option<String> {
        let day = row.since?;
        let month = MONTHS.get(usize::from(day.month()).checked_sub(1)?)?;
        let words = format!("{} {month} {}", day.day(), day.year());
        Some(
            self.fill
                .clone()
                .plain("{datum}", words)
                .text(&self.texts().extra.overzicht_sinds),
        )
    }
}

/// The months as a page names them.
const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];

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
plain!(AbonnementBeeindigen, "abonnement-beeindigen.html");
page!(Overzicht, "overzicht.html", OverzichtScreen);
page!(AccessLog, "access-log.html", AccessLogScreen);
plain!(Intrekken, "intrekken.html");
page!(LoginAnswer, "login-answer.html", LoginAnswerScreen);
plain!(Fout, "fout.html");
plain!(Verlopen, "verlopen.html");
plain!(NietGevonden, "niet-gevonden.html");

#[derive(Template)]
#[template(path = "einde.html")]
struct Einde<'a> {
    f: Frame<'a>,
    t: &'a TextPack,
    screen: &'a EindeScreen,
    title: &'a str,
    sentence: &'a str,
    answer: &'static str,
}

#[derive(Template)]
#[template(path = "storing.html")]
struct Storing<'a> {
    f: Frame<'a>,
    t: &'a TextPack,
    screen: &'a StoringScreen,
    back: Option<String>,
}

pub(super) fn einde(f: Frame<'_>, screen: &EindeScreen) -> String {
    let t = f.texts();
    let (title, sentence) = reason(t, screen);
    // after the login the answer of the button is that of a refusal (autoriseren 1 and 2)
    let answer = match screen.reden {
        Uitzondering::GeenGegevens => "nee",
        _ => "terug",
    };
    write(&Einde {
        f,
        t,
        screen,
        title,
        sentence,
        answer,
    })
}

pub(super) fn storing(f: Frame<'_>, screen: &StoringScreen) -> String {
    let t = f.texts();
    let back = screen.terug.as_deref().and_then(|address| f.link(address));
    write(&Storing { f, t, screen, back })
}

fn reason<'a>(t: &'a TextPack, screen: &EindeScreen) -> (&'a str, &'a str) {
    use Uitzondering as U;
    match screen.reden {
        U::Geannuleerd if screen.beheren => (&t.annulering_titel, &t.extra.beheren_gestopt),
        U::Geannuleerd => (&t.annulering_titel, &t.annulering_tekst),
        U::GeenGegevens => (&t.geen_gegevens_titel, &t.geen_gegevens_tekst),
        U::Geweigerd => (&t.geweigerd_titel, &t.geweigerd_tekst),
        U::IdentiteitNietVastgesteld if screen.beheren => (&t.identiteit_titel, &t.extra.beheren_mislukt),
        U::IdentiteitNietVastgesteld => (&t.identiteit_titel, &t.identiteit_tekst),
        U::VertegenwoordigingOntbreekt => (&t.vertegenwoordiging_titel, &t.vertegenwoordiging_ontbreekt),
        U::VertegenwoordigingOnverwacht => (&t.vertegenwoordiging_titel, &t.vertegenwoordiging_onverwacht),
        U::GeboortedatumAnders => (&t.vertegenwoordiging_titel, &t.geboortedatum_anders),
        _ => (&t.niet_vast_titel, &t.niet_vast_tekst),
    }
}

/// Writing into a String cannot fail.
fn write(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}
