// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint — the screens as HTML: no script, no third party, WCAG 2.2 AA.
//!
//! Names are escaped by type and set apart by directional isolates, so that a name cannot turn the text around it (O12).

use askama::Template;
use medmij_oauth::policy::Uitzondering;

use crate::server::{Namen, Page, Screen, TextPack};

/// Turns a page into HTML. A supplier with a house style writes its own; the mandatory elements of each screen are the
/// fields of its value.
pub trait Screens: Send + Sync + 'static {
    /// The whole document.
    fn render(&self, page: &Page, context: &RenderContext<'_>) -> String;
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
pub struct VoorbeeldSchermen;

impl Screens for VoorbeeldSchermen {
    fn render(&self, page: &Page, context: &RenderContext<'_>) -> String {
        let mut scherm = Scherm::new(page, context);
        scherm.fill(page, context);
        // writing into a String cannot fail
        scherm.render().unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "scherm.html")]
struct Scherm {
    titel: String,
    stijl: String,
    voorbeeld: bool,
    actie: String,
    csrf: String,
    blokken: Vec<Blok>,
    formulieren: Vec<Formulier>,
    uitleg_titel: &'static str,
    uitleg: Vec<Blok>,
}

enum Blok {
    Alinea(String),
    Lijst(Vec<String>),
    Link { adres: String, tekst: String },
    Kenmerk { naam: &'static str, waarde: String },
}

#[derive(Default)]
struct Formulier {
    nummer: Option<usize>,
    kop: String,
    keuze: Option<Keuze>,
    velden: Vec<(String, String)>,
    knoppen: Vec<Knop>,
}

struct Keuze {
    label: String,
    uitleg: String,
}

struct Knop {
    waarde: &'static str,
    tekst: String,
    hoofd: bool,
}

impl Scherm {
    fn new(page: &Page, context: &RenderContext<'_>) -> Self {
        Self {
            titel: String::new(),
            stijl: context.stylesheet.to_owned(),
            voorbeeld: page.texts.voorbeeld,
            actie: context.action.to_owned(),
            csrf: page.csrf.clone().unwrap_or_default(),
            blokken: Vec::new(),
            formulieren: Vec::new(),
            uitleg_titel: "Uitleg",
            uitleg: Vec::new(),
        }
    }

    fn fill(&mut self, page: &Page, context: &RenderContext<'_>) {
        let t = &*page.texts;
        match &page.screen {
            Screen::Landing(namen) => {
                let vul = Vul::new(namen);
                self.say(vul.text(&t.landing_titel), [vul.text(&t.landing_tekst)]);
                self.ask([
                    ("inloggen", vul.text(&t.landing_inloggen)),
                    ("stoppen", vul.text(&t.landing_annuleren)),
                ]);
            }
            Screen::Toestemming(screen) => {
                let vul = Vul::new(&screen.namen);
                self.say(
                    vul.text(&t.toestemming_titel),
                    [vul.text(&t.toestemming_vraag), vul.text(&t.toestemming_diensten)],
                );
                self.blokken
                    .push(Blok::Lijst(screen.diensten.iter().map(|naam| isolate(naam)).collect()));
                self.ask([
                    ("ja", vul.text(&t.toestemming_ja)),
                    ("nee", vul.text(&t.toestemming_nee)),
                ]);
                let keuze = Keuze {
                    label: vul.text(&t.toestemming_onbepaald),
                    uitleg: vul.text(&t.toestemming_onbepaald_uitleg),
                };
                if let (true, Some(formulier)) = (screen.onbepaald, self.formulieren.first_mut()) {
                    formulier.keuze = Some(keuze);
                }
                self.explain(vul.text(&t.toestemming_niet_zonder));
                if screen.privacyverklaring.starts_with("https://") {
                    let adres = (context.rewrite)(&screen.privacyverklaring);
                    self.uitleg.push(Blok::Link {
                        adres,
                        tekst: vul.text(&t.toestemming_privacy),
                    });
                }
                if screen.onbepaald {
                    self.explain(vul.text(&t.toestemming_vervalt));
                }
                self.explain(vul.text(&t.toestemming_aanpassen));
                self.explain(vul.text(&t.toestemming_veilig));
            }
            Screen::Bevestiging(screen) => {
                let vul = Vul::new(&screen.namen).dienst(&screen.dienst, screen.dagen);
                self.say(
                    vul.text(&t.bevestiging_titel),
                    [vul.text(&t.bevestiging_vraag), vul.text(&t.bevestiging_beoordeelt)],
                );
                self.ask([
                    ("ja", vul.text(&t.bevestiging_ja)),
                    ("nee", vul.text(&t.bevestiging_nee)),
                ]);
            }
            Screen::Abonneren(screen) => {
                let vul = Vul::new(&screen.namen).dienst(&screen.dienst, screen.dagen);
                self.say(
                    vul.text(&t.abonneren_titel),
                    [vul.text(&t.abonneren_vraag), vul.text(&t.abonneren_apart)],
                );
                self.ask([("ja", vul.text(&t.abonneren_ja)), ("nee", vul.text(&t.toestemming_nee))]);
            }
            Screen::AbonnementBeeindigen(screen) => {
                let vul = Vul::new(&screen.namen).dienst(&screen.dienst, screen.dagen);
                self.say(vul.text(&t.beeindigen_titel), [vul.text(&t.beeindigen_vraag)]);
                self.ask([("ja", vul.text(&t.beeindigen_ja)), ("nee", vul.text(&t.intrekken_nee))]);
            }
            Screen::Einde(screen) => {
                let vul = Vul::new(&screen.namen);
                let (titel, tekst) = einde(t, screen.reden);
                self.say(vul.text(titel), [vul.text(tekst)]);
                if screen.terug {
                    // after the login the answer of the button is that of a refusal (autoriseren 1 and 2)
                    let waarde = match screen.reden {
                        Uitzondering::GeenGegevens => "nee",
                        _ => "terug",
                    };
                    self.ask([(waarde, vul.text(&t.terug))]);
                }
            }
            Screen::Overzicht(screen) => {
                let vul = Vul::new(&screen.namen);
                let tekst = if screen.toestemmingen.is_empty() {
                    &t.overzicht_leeg
                } else {
                    &t.overzicht_tekst
                };
                self.say(vul.text(&t.overzicht_titel), [vul.text(tekst)]);
                for row in &screen.toestemmingen {
                    self.ask([("stop", t.overzicht_stop.clone())]);
                    if let Some(formulier) = self.formulieren.last_mut() {
                        formulier.nummer = Some(row.nummer);
                        formulier.kop = Vul::new(&row.namen).text(&t.overzicht_rij);
                        // stopping is no more what this page is for than going back
                        formulier.knoppen.iter_mut().for_each(|knop| knop.hoofd = false);
                    }
                }
                self.ask([("terug", vul.text(&t.terug))]);
            }
            Screen::Intrekken(screen) => {
                let vul = Vul::new(&screen.namen);
                self.say(vul.text(&t.intrekken_titel), [vul.text(&t.intrekken_vraag)]);
                self.ask([("ja", vul.text(&t.intrekken_ja)), ("nee", vul.text(&t.intrekken_nee))]);
            }
            Screen::LoginAnswer(screen) => {
                self.say(t.doorgaan_titel.clone(), [t.doorgaan_tekst.clone()]);
                self.ask([("doorgaan", t.doorgaan.clone())]);
                if let Some(formulier) = self.formulieren.last_mut() {
                    formulier.velden.clone_from(&screen.fields);
                }
            }
            Screen::Fout(_) => self.say(t.fout_titel.clone(), [t.fout_tekst.clone()]),
            Screen::Verlopen => self.say(t.verlopen_titel.clone(), [t.verlopen_tekst.clone()]),
            Screen::Storing(screen) => {
                let mut vul = Vul::new(&screen.namen);
                vul.pairs.push(("{dvza}", isolate(&screen.dvza)));
                vul.pairs.push(("{telefoon}", isolate(&screen.telefoon)));
                self.say(
                    t.storing_titel.clone(),
                    [vul.text(&t.storing_tekst), vul.text(&t.storing_later)],
                );
                self.blokken.push(Blok::Kenmerk {
                    naam: "Trace ID",
                    waarde: screen.trace_id.clone(),
                });
                self.blokken.push(Blok::Kenmerk {
                    naam: "Session ID",
                    waarde: screen.session_id.clone(),
                });
                if let Some(terug) = &screen.terug {
                    self.blokken.push(Blok::Link {
                        adres: (context.rewrite)(terug),
                        tekst: vul.text(&t.terug),
                    });
                }
            }
        }
    }

    fn say(&mut self, titel: String, alineas: impl IntoIterator<Item = String>) {
        self.titel = titel;
        self.blokken.extend(alineas.into_iter().map(Blok::Alinea));
    }

    fn explain(&mut self, tekst: String) {
        self.uitleg.push(Blok::Alinea(tekst));
    }

    fn ask(&mut self, knoppen: impl IntoIterator<Item = (&'static str, String)>) {
        let knoppen = knoppen
            .into_iter()
            .enumerate()
            .map(|(i, (waarde, tekst))| Knop {
                waarde,
                tekst,
                hoofd: i == 0,
            })
            .collect();
        self.formulieren.push(Formulier {
            knoppen,
            ..Formulier::default()
        });
    }
}

/// Fills the names into a sentence.
struct Vul {
    pairs: Vec<(&'static str, String)>,
}

impl Vul {
    fn new(namen: &Namen) -> Self {
        let or = |name: &str, other: &str| {
            if name.is_empty() {
                other.to_owned()
            } else {
                isolate(name)
            }
        };
        let pairs = vec![
            ("{aanbieder}", or(&namen.aanbieder, "de zorgaanbieder")),
            ("{pgo}", or(&namen.pgo, "uw app")),
        ];
        Self { pairs }
    }

    fn dienst(mut self, naam: &str, dagen: u32) -> Self {
        self.pairs.push(("{dienst}", isolate(naam)));
        self.pairs.push(("{dagen}", dagen.to_string()));
        self
    }

    /// One pass over the sentence: a name that holds a placeholder is not filled in again.
    fn text(&self, sentence: &str) -> String {
        let mut out = String::new();
        let mut rest = sentence;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            match self.pairs.iter().find(|(name, _)| from.starts_with(name)) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = from.get(name.len()..).unwrap_or_default();
                }
                None => {
                    out.push('{');
                    rest = from.get(1..).unwrap_or_default();
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// A name between directional isolates, without control characters of its own.
fn isolate(name: &str) -> String {
    let clean: String = name
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect();
    format!("\u{2068}{clean}\u{2069}")
}

fn einde(t: &TextPack, reden: Uitzondering) -> (&str, &str) {
    use Uitzondering as U;
    match reden {
        U::Geannuleerd => (&t.annulering_titel, &t.annulering_tekst),
        U::GeenGegevens => (&t.geen_gegevens_titel, &t.geen_gegevens_tekst),
        U::Geweigerd => (&t.geweigerd_titel, &t.geweigerd_tekst),
        U::IdentiteitNietVastgesteld => (&t.identiteit_titel, &t.identiteit_tekst),
        U::VertegenwoordigingOntbreekt => (&t.vertegenwoordiging_titel, &t.vertegenwoordiging_ontbreekt),
        U::VertegenwoordigingOnverwacht => (&t.vertegenwoordiging_titel, &t.vertegenwoordiging_onverwacht),
        U::GeboortedatumAnders => (&t.vertegenwoordiging_titel, &t.geboortedatum_anders),
        _ => (&t.niet_vast_titel, &t.niet_vast_tekst),
    }
}
