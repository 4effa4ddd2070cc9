// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij doctor` — core.tls.314, core.whl.302, core.ocl.201, core.alst.201: what an operator looks at before going live and
//! every morning. It changes nothing.

mod application;
mod authorities;
mod config;
mod credentials;
mod dns;
mod finding;
mod journal;
mod lists;
mod network;
mod places;
mod store;
mod stranger;
mod texts;

use std::path::PathBuf;

use clap::Args;
use medmij_types::Printable;

use crate::{
    Exit,
    cli_error::CliError,
    output::{Output, Paint},
};
use config::Config;
use finding::{Finding, Severity};

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 nothing, notes or warnings only, 1 an error, 2 the configuration cannot be read.\n\
\n\
The configuration is that of a Node, or a larger one with a part `node`. Beside it are looked at, where they are there:\n\
`client_id` (the OAuth Client List), `hostname` (the front channel of a DVZA, by the Zorgaanbiederslijst), `back`, `front`,\n\
`address` and `operator` (addresses that are listened on), `log`, `registration`, `storage`, `dossier`, `database_url` and\n\
`journal` (as the example applications have them), and in a part `doctor`: `store` (a file of SQLite) or `database` (a\n\
connection string of PostgreSQL) of a DVZA, `vault` or `vault_database` of a DVP, `journal` (the folder of its journal of\n\
ends), `keys` (the key file of the store), `texts` (the screen texts, TOML) and `spool`.")]
pub(crate) struct Doctor {
    /// The configuration (TOML, or JSON where its name ends on .json).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON object for each finding: severity, code, message, remedy.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Doctor, output: &mut Output) -> Result<Exit, CliError> {
    let config = Config::read(&arguments.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed("a runtime", error))?;
    let mut findings: Vec<_> = credentials::of_development(&config).into_iter().collect();
    match credentials::load(&config) {
        Ok(credentials) => {
            findings.extend(credentials::judge(&config, &credentials));
            findings.extend(runtime.block_on(authorities::judge(&config, &credentials)));
            findings.extend(runtime.block_on(lists::judge(&config, credentials)));
        }
        Err(finding) => findings.push(finding),
    }
    findings.extend(runtime.block_on(dns::judge(&config)));
    findings.extend(runtime.block_on(network::judge(&config)));
    findings.extend(places::judge(&config));
    findings.extend(application::judge(&config));
    findings.extend(runtime.block_on(store::judge(&config)));
    if let Some(path) = &config.doctor.texts {
        findings.extend(texts::judge(path));
    }
    findings.sort_by_key(|finding| finding.severity);
    print(arguments, &findings, output);
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { Exit::Not } else { Exit::Good })
}

fn print(arguments: &Doctor, findings: &[Finding], output: &mut Output) {
    for finding in findings {
        if arguments.json {
            output.json(finding);
            continue;
        }
        let (word, paint) = match finding.severity {
            Severity::Error => ("error", Paint::Red),
            Severity::Warning => ("warning", Paint::Yellow),
            Severity::Note => ("note", Paint::Blue),
        };
        let word = output.paint(paint, word);
        output.line(format_args!(
            "{word}: {} [{}]",
            Printable::new(&finding.message),
            finding.code
        ));
        output.line(format_args!("  {}", finding.remedy));
    }
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    if !arguments.json && errors == 0 {
        output.line(output.paint(Paint::Green, "nothing stands in the way"));
    }
}
