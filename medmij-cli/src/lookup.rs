// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij lookup` — core.alst.100: the endpoints per Aanbieder, Interfaceversie and Gegevensdienst.

use medmij_list::List as _;
use medmij_types::Aanbiedernaam;
use medmij_zal::{Gegevensdienst, Interfaceversie, Zorgaanbieder, Zorgaanbiederslijst};
use serde::Serialize;

use crate::{
    Exit, any_list,
    arguments::Lookup,
    input::{self, Input},
    nearest::nearest,
    output::{Output, Paint, error_line, printable},
    screen::Screen,
    trouble::Trouble,
};

pub(crate) fn run(arguments: &Lookup, output: &mut Output) -> Result<Exit, Trouble> {
    let options = input::options(arguments.dialect.as_deref())?;
    let screen = Screen::new(arguments.json);
    let input = Input::read(&arguments.list, options.limits.size, screen)?;
    let judging = screen.judging(input.bytes.len());
    let list = any_list::needed::<Zorgaanbiederslijst>(input, &options)?;
    drop(judging);

    let naam = Aanbiedernaam::parse(&arguments.naam);
    let Some(aanbieder) = naam.ok().and_then(|naam| list.zorgaanbieder(&naam)) else {
        return Ok(not_found(arguments, &list, output));
    };
    let found: Vec<Versie<'_>> = aanbieder
        .interfaceversies()
        .filter(|versie| {
            arguments
                .interfaceversie
                .as_deref()
                .is_none_or(|wanted| is_version(*versie, wanted))
        })
        .map(|versie| Versie::of(versie, arguments.gegevensdienst.as_deref()))
        .filter(|versie| !versie.gegevensdiensten.is_empty())
        .collect();
    if found.is_empty() {
        return Ok(nothing_of(aanbieder, arguments, output));
    }
    if arguments.interfaceversie.is_some() && !list.has_interfaceversies() {
        let release = list.document().release();
        error_line(&format!(
            "medmij: note: a list of {release} has no interfaceversies, so --interfaceversie leaves nothing out"
        ));
    }
    if arguments.json {
        output.json(&Answer {
            found: true,
            zorgaanbiedernaam: aanbieder.naam_str(),
            aanbiedertype: aanbieder.aanbiedertype().map(|soort| soort.to_string()),
            interfaceversies: found,
        });
    } else {
        show(aanbieder, &found, output);
    }
    Ok(Exit::Good)
}

/// The versions are opaque; a list of release 2 has one without a name.
fn is_version(versie: Interfaceversie<'_>, wanted: &str) -> bool {
    versie.id_str().is_none_or(|id| id == wanted)
}

fn not_found(arguments: &Lookup, list: &Zorgaanbiederslijst, output: &mut Output) -> Exit {
    let wanted = arguments.naam.strip_suffix("@medmij").unwrap_or(&arguments.naam);
    let nearest = nearest(wanted, list.zorgaanbieders().map(Zorgaanbieder::naam_str));
    if arguments.json {
        output.json(&Missing {
            found: false,
            wanted: &arguments.naam,
            nearest,
        });
    } else {
        let what = format!(
            "medmij: there is no zorgaanbieder {:?} in the list",
            printable(&arguments.naam)
        );
        say(&what, "did you mean", &nearest);
    }
    Exit::Not
}

fn nothing_of(aanbieder: Zorgaanbieder<'_>, arguments: &Lookup, output: &mut Output) -> Exit {
    let mut there: Vec<String> = Vec::new();
    for versie in aanbieder.interfaceversies() {
        let ids: Vec<_> = versie
            .gegevensdiensten()
            .map(Gegevensdienst::id_str)
            .map(printable)
            .collect();
        let of = versie
            .id_str()
            .map_or_else(String::new, |id| format!("interfaceversie {}: ", printable(id)));
        there.push(format!("{of}gegevensdienst {}", ids.join(", ")));
    }
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    if arguments.json {
        output.json(&Missing {
            found: false,
            wanted: &arguments.naam,
            nearest: vec![aanbieder.naam_str()],
        });
    } else {
        let what = format!("medmij: {} does not offer that", printable(aanbieder.naam_str()));
        say(&what, "it offers", &there);
    }
    Exit::Not
}

fn say(what: &str, instead: &str, choices: &[&str]) {
    error_line(what);
    for (number, choice) in choices.iter().enumerate() {
        let start = if number == 0 { instead } else { "" };
        error_line(&format!(
            "  {start:width$} {}",
            printable(choice),
            width = instead.len()
        ));
    }
}

fn show(aanbieder: Zorgaanbieder<'_>, found: &[Versie<'_>], output: &mut Output) {
    let soort = aanbieder
        .aanbiedertype()
        .map_or_else(String::new, |soort| format!(" ({soort})"));
    let naam = output.paint(Paint::Bold, printable(aanbieder.naam_str()));
    output.line(format_args!("{naam}{}\n", printable(&soort)));

    let mut rows = vec![["INTERFACEVERSIE", "GEGEVENSDIENST", "ENDPOINT", "SYSTEEMROL", "URI"].map(str::to_owned)];
    for versie in found {
        for dienst in &versie.gegevensdiensten {
            let start = [versie.id.unwrap_or("-"), dienst.id].map(printable);
            let mut row = |endpoint: &str, rol: &str, uri: Option<&str>| {
                let [versie, dienst] = start.clone();
                rows.push([
                    versie,
                    dienst,
                    endpoint.to_owned(),
                    printable(rol),
                    printable(uri.unwrap_or("-")),
                ]);
            };
            row("authorization", "", dienst.authorization_endpoint);
            row("token", "", dienst.token_endpoint);
            if let Some(abonneren) = &dienst.abonneren {
                let endpoint = match abonneren.maximale_duur {
                    Some(days) => format!("subscription (at most {} days)", printable(days)),
                    None => "subscription".to_owned(),
                };
                row(&endpoint, "", abonneren.subscription_endpoint);
            }
            for rol in &dienst.systeemrollen {
                row("resource", rol.code, rol.resource_endpoint);
            }
        }
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    for [versie, dienst, endpoint, rol, uri] in &rows {
        let cells = [versie, dienst, endpoint, rol];
        let mut line = String::new();
        for (cell, width) in cells.into_iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        output.line(format_args!("{line}{uri}"));
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    found: bool,
    zorgaanbiedernaam: &'a str,
    aanbiedertype: Option<String>,
    interfaceversies: Vec<Versie<'a>>,
}

#[derive(Serialize)]
struct Missing<'a> {
    found: bool,
    wanted: &'a str,
    nearest: Vec<&'a str>,
}

#[derive(Serialize)]
struct Versie<'a> {
    id: Option<&'a str>,
    gegevensdiensten: Vec<Dienst<'a>>,
}

#[derive(Serialize)]
struct Dienst<'a> {
    id: &'a str,
    authorization_endpoint: Option<&'a str>,
    token_endpoint: Option<&'a str>,
    abonneren: Option<Abonneren<'a>>,
    systeemrollen: Vec<Rol<'a>>,
}

#[derive(Serialize)]
struct Abonneren<'a> {
    maximale_duur: Option<&'a str>,
    subscription_endpoint: Option<&'a str>,
}

#[derive(Serialize)]
struct Rol<'a> {
    code: &'a str,
    resource_endpoint: Option<&'a str>,
}

impl<'a> Versie<'a> {
    fn of(versie: Interfaceversie<'a>, dienst: Option<&str>) -> Self {
        let wanted = |found: &Gegevensdienst<'_>| dienst.is_none_or(|id| id == found.id_str());
        Self {
            id: versie.id_str(),
            gegevensdiensten: versie.gegevensdiensten().filter(wanted).map(Dienst::of).collect(),
        }
    }
}

impl<'a> Dienst<'a> {
    fn of(dienst: Gegevensdienst<'a>) -> Self {
        let abonneren = dienst.abonneren().map(|abonneren| Abonneren {
            maximale_duur: abonneren.maximale_duur_str(),
            subscription_endpoint: abonneren.subscription_endpoint_str(),
        });
        let rollen = dienst.systeemrollen();
        Self {
            id: dienst.id_str(),
            authorization_endpoint: dienst.authorization_endpoint_str(),
            token_endpoint: dienst.token_endpoint_str(),
            abonneren,
            systeemrollen: rollen
                .map(|rol| Rol {
                    code: rol.code_str(),
                    resource_endpoint: rol.resource_endpoint_str(),
                })
                .collect(),
        }
    }
}
