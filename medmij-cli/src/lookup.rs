// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij lookup` — core.alst.100: the endpoints per Aanbieder, Interfaceversie and Gegevensdienst.

use medmij_list::List as _;
use medmij_types::Aanbiedernaam;
use medmij_zal::{Interfaceversie, OfferedGegevensdienst, Zorgaanbieder, Zorgaanbiederslijst};
use serde::Serialize;

use crate::{
    Exit, any_list,
    arguments::Lookup,
    cli_error::CliError,
    input::{self, Input},
    nearest::nearest,
    output::{Output, Paint, error_line, printable},
    screen::Screen,
};

pub(crate) fn run(arguments: &Lookup, output: &mut Output) -> Result<Exit, CliError> {
    let options = input::options(arguments.dialect.as_deref())?;
    let screen = Screen::new(arguments.json);
    let input = Input::read(&arguments.list, options.limits.size, screen)?;
    let judging = screen.judging(input.bytes.len());
    let list = any_list::needed::<Zorgaanbiederslijst>(input, &options)?;
    drop(judging);

    let name = Aanbiedernaam::parse(&arguments.name);
    let Some(aanbieder) = name.ok().and_then(|name| list.zorgaanbieder(&name)) else {
        return Ok(not_found(arguments, &list, output));
    };
    let found: Vec<Version<'_>> = aanbieder
        .interfaceversies()
        .filter(|version| {
            arguments
                .interfaceversie
                .as_deref()
                .is_none_or(|wanted| is_version(*version, wanted))
        })
        .map(|version| Version::of(version, arguments.gegevensdienst.as_deref()))
        .filter(|version| !version.gegevensdiensten.is_empty())
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
            zorgaanbiedernaam: aanbieder.name_str(),
            aanbiedertype: aanbieder.aanbiedertype().map(|kind| kind.to_string()),
            interfaceversies: found,
        });
    } else {
        show(aanbieder, &found, output);
    }
    Ok(Exit::Good)
}

/// The versions are opaque; a list of release 2 has one without a name.
fn is_version(version: Interfaceversie<'_>, wanted: &str) -> bool {
    version.id_str().is_none_or(|id| id == wanted)
}

fn not_found(arguments: &Lookup, list: &Zorgaanbiederslijst, output: &mut Output) -> Exit {
    let wanted = arguments.name.strip_suffix("@medmij").unwrap_or(&arguments.name);
    let nearest = nearest(wanted, list.zorgaanbieders().map(Zorgaanbieder::name_str));
    if arguments.json {
        output.json(&Missing {
            found: false,
            wanted: &arguments.name,
            nearest,
        });
    } else {
        let what = format!(
            "medmij: there is no zorgaanbieder {:?} in the list",
            printable(&arguments.name)
        );
        say(&what, "did you mean", &nearest);
    }
    Exit::Not
}

fn nothing_of(aanbieder: Zorgaanbieder<'_>, arguments: &Lookup, output: &mut Output) -> Exit {
    let mut there: Vec<String> = Vec::new();
    for version in aanbieder.interfaceversies() {
        let ids: Vec<_> = version
            .gegevensdiensten()
            .map(OfferedGegevensdienst::id_str)
            .map(printable)
            .collect();
        let of = version
            .id_str()
            .map_or_else(String::new, |id| format!("interfaceversie {}: ", printable(id)));
        there.push(format!("{of}gegevensdienst {}", ids.join(", ")));
    }
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    if arguments.json {
        output.json(&Missing {
            found: false,
            wanted: &arguments.name,
            nearest: vec![aanbieder.name_str()],
        });
    } else {
        let what = format!("medmij: {} does not offer that", printable(aanbieder.name_str()));
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

fn show(aanbieder: Zorgaanbieder<'_>, found: &[Version<'_>], output: &mut Output) {
    let kind = aanbieder
        .aanbiedertype()
        .map_or_else(String::new, |kind| format!(" ({kind})"));
    let name = output.paint(Paint::Bold, printable(aanbieder.name_str()));
    output.line(format_args!("{name}{}\n", printable(&kind)));

    let mut rows = vec![["INTERFACEVERSIE", "GEGEVENSDIENST", "ENDPOINT", "SYSTEEMROL", "URI"].map(str::to_owned)];
    for version in found {
        for service in &version.gegevensdiensten {
            let start = [version.id.unwrap_or("-"), service.id].map(printable);
            let mut row = |endpoint: &str, role: &str, uri: Option<&str>| {
                let [version, service] = start.clone();
                rows.push([
                    version,
                    service,
                    endpoint.to_owned(),
                    printable(role),
                    printable(uri.unwrap_or("-")),
                ]);
            };
            row("authorization", "", service.authorization_endpoint);
            row("token", "", service.token_endpoint);
            if let Some(abonneren) = &service.abonneren {
                let endpoint = match abonneren.max_duration {
                    Some(days) => format!("subscription (at most {} days)", printable(days)),
                    None => "subscription".to_owned(),
                };
                row(&endpoint, "", abonneren.subscription_endpoint);
            }
            for role in &service.systeemrollen {
                row("resource", role.code, role.resource_endpoint);
            }
        }
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    for [version, service, endpoint, role, uri] in &rows {
        let cells = [version, service, endpoint, role];
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
    interfaceversies: Vec<Version<'a>>,
}

#[derive(Serialize)]
struct Missing<'a> {
    found: bool,
    wanted: &'a str,
    nearest: Vec<&'a str>,
}

#[derive(Serialize)]
struct Version<'a> {
    id: Option<&'a str>,
    gegevensdiensten: Vec<Service<'a>>,
}

#[derive(Serialize)]
struct Service<'a> {
    id: &'a str,
    authorization_endpoint: Option<&'a str>,
    token_endpoint: Option<&'a str>,
    abonneren: Option<Abonneren<'a>>,
    systeemrollen: Vec<Role<'a>>,
}

#[derive(Serialize)]
struct Abonneren<'a> {
    max_duration: Option<&'a str>,
    subscription_endpoint: Option<&'a str>,
}

#[derive(Serialize)]
struct Role<'a> {
    code: &'a str,
    resource_endpoint: Option<&'a str>,
}

impl<'a> Version<'a> {
    fn of(version: Interfaceversie<'a>, service: Option<&str>) -> Self {
        let wanted = |found: &OfferedGegevensdienst<'_>| service.is_none_or(|id| id == found.id_str());
        Self {
            id: version.id_str(),
            gegevensdiensten: version.gegevensdiensten().filter(wanted).map(Service::of).collect(),
        }
    }
}

impl<'a> Service<'a> {
    fn of(service: OfferedGegevensdienst<'a>) -> Self {
        let abonneren = service.abonneren().map(|abonneren| Abonneren {
            max_duration: abonneren.max_duration_str(),
            subscription_endpoint: abonneren.subscription_endpoint_str(),
        });
        let roles = service.systeemrollen();
        Self {
            id: service.id_str(),
            authorization_endpoint: service.authorization_endpoint_str(),
            token_endpoint: service.token_endpoint_str(),
            abonneren,
            systeemrollen: roles
                .map(|role| Role {
                    code: role.code_str(),
                    resource_endpoint: role.resource_endpoint_str(),
                })
                .collect(),
        }
    }
}
