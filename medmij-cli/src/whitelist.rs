// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij whitelist check` — core.whl.306: is the host on the Whitelist, exactly.

use std::path::Path;

use medmij_types::Hostname;
use medmij_whitelist::{MedMijNode, Whitelist};
use serde::Serialize;

use crate::{
    Exit, any_list,
    arguments::WhitelistCheck,
    cli_error::CliError,
    input::{self, Input},
    nearest::nearest,
    output::{Output, Paint, printable},
    screen::Screen,
};

pub(crate) fn run(arguments: &WhitelistCheck, output: &mut Output) -> Result<Exit, CliError> {
    let hosts = hosts(arguments)?;
    let options = input::options(arguments.dialect.as_deref())?;
    let screen = Screen::new(arguments.json);
    let input = Input::read(&arguments.list, options.limits.size, screen)?;
    let judging = screen.judging(input.bytes.len());
    let list = any_list::needed::<Whitelist>(input, &options)?;
    drop(judging);
    let mut exit = Exit::Good;
    for host in &hosts {
        let parsed = Hostname::parse(host);
        let listed = parsed.as_ref().is_ok_and(|host| list.contains(host));
        if !listed {
            exit = Exit::Not;
        }
        let nearest = if listed {
            Vec::new()
        } else {
            nearest(host, list.nodes().map(MedMijNode::as_str))
        };
        let reason = parsed
            .err()
            .map(|error| format!("it cannot be used as a host name: {error}"));
        if arguments.json {
            output.json(&Answer {
                host,
                listed,
                reason,
                nearest,
            });
            continue;
        }
        let verdict = if listed {
            output.paint(Paint::Green, "listed")
        } else {
            output.paint(Paint::Red, "not listed")
        };
        let mut line = format!("{}: {verdict}", printable(host));
        for extra in [reason, did_you_mean(&nearest)].into_iter().flatten() {
            line.push_str(&format!(" ({extra})"));
        }
        output.line(line);
    }
    Ok(exit)
}

/// The hosts of the command line; for `-` those of standard input, one a line.
fn hosts(arguments: &WhitelistCheck) -> Result<Vec<String>, CliError> {
    let mut hosts = Vec::new();
    for host in &arguments.hosts {
        if host != "-" {
            hosts.push(host.clone());
            continue;
        }
        if arguments.list == Path::new("-") {
            return Err(CliError::Usage(
                "the list and the hosts cannot both be standard input".to_owned(),
            ));
        }
        let input = Input::small(Path::new("-"))?;
        let lines = input.text()?.lines().map(str::trim);
        hosts.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    // nothing asked is no yes
    if hosts.is_empty() {
        return Err(CliError::Usage("standard input holds no host".to_owned()));
    }
    Ok(hosts)
}

fn did_you_mean(nearest: &[&str]) -> Option<String> {
    let names: Vec<String> = nearest.iter().map(|name| printable(name)).collect();
    (!names.is_empty()).then(|| format!("did you mean {}?", names.join(", ")))
}

#[derive(Serialize)]
struct Answer<'a> {
    host: &'a str,
    listed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    nearest: Vec<&'a str>,
}
