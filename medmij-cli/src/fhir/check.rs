// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir check` — core.rscint.203: what the qualification would say of an answer.

use std::path::PathBuf;

use clap::Args;
use medmij_fhir::{FhirVersion, check};
use serde::Serialize;

use super::document;
use crate::{
    Exit,
    cli_error::CliError,
    output::{Output, Paint, error_line, printable},
};

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 no error in any, 1 errors in some, or one that is no FHIR, 2 wrong usage or a file that cannot\n\
be read. A warning changes none of them.\n\
\n\
An error is a hard assertion of the qualification scripts, a warning a soft one. Files may be JSON or\n\
XML: pages of search results, single resources, what is shared, and the answers to it. Without --fhir the\n\
version is the one in which the file comes through whole.\n\
\n\
With --json there is one object a line for each file: file, accepted, fhir, errors and warnings (counts),\n\
findings (severity, rule, path, message) and error; a file that cannot be read has its line too.")]
pub(crate) struct Check {
    /// Files with FHIR JSON or XML, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The FHIR version: 3.0 or 4.0.
    #[arg(long, value_name = "VERSION", value_parser = document::version)]
    fhir: Option<FhirVersion>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct FileReport {
    file: String,
    accepted: bool,
    /// Not there where the file could not be read.
    fhir: Option<&'static str>,
    errors: usize,
    warnings: usize,
    findings: Vec<Finding>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Finding {
    severity: &'static str,
    rule: &'static str,
    path: String,
    message: String,
}

pub(crate) fn run(arguments: &Check, output: &mut Output) -> Result<Exit, CliError> {
    let mut exit = Exit::Good;
    for file in &arguments.files {
        let input = match document::read(file) {
            Ok(input) => input,
            Err(fault) => {
                error_line(&format!("medmij: {fault}"));
                if arguments.json {
                    output.json(&file_report(
                        &document::name(file),
                        arguments.fhir,
                        Err(fault.to_string()),
                    ));
                }
                exit = Exit::Failed;
                continue;
            }
        };
        let version = arguments.fhir.unwrap_or_else(|| document::version_of(&input.bytes));
        let checked = match document::too_large(&input) {
            Some(error) => Err(error),
            None => check::document(&input.bytes, version, &document::limits()).map_err(|error| error.to_string()),
        };
        let file_report = file_report(&input.name, Some(version), checked);
        if !file_report.accepted {
            exit = exit.max(Exit::Not);
        }
        if arguments.json {
            output.json(&file_report);
            continue;
        }
        if let Some(error) = &file_report.error {
            document::refused(&input, error, output);
            continue;
        }
        show(&file_report, output);
    }
    Ok(exit)
}

fn file_report(name: &str, version: Option<FhirVersion>, checked: Result<Vec<check::Finding>, String>) -> FileReport {
    let (found, error) = match checked {
        Ok(found) => (found, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let errors = found.iter().filter(|finding| finding.rule.is_error()).count();
    FileReport {
        file: name.to_owned(),
        accepted: errors == 0 && error.is_none(),
        fhir: version.map(FhirVersion::parameter),
        errors,
        warnings: found.len() - errors,
        findings: found
            .into_iter()
            .map(|finding| Finding {
                severity: if finding.rule.is_error() { "error" } else { "warning" },
                rule: finding.rule.code(),
                message: finding.rule.to_string(),
                path: finding.path,
            })
            .collect(),
        error,
    }
}

fn show(file_report: &FileReport, output: &mut Output) {
    let name = printable(&file_report.file);
    for finding in &file_report.findings {
        let severity = match finding.severity {
            "error" => output.paint(Paint::Red, "error"),
            _ => output.paint(Paint::Yellow, "warning"),
        };
        output.line(format_args!(
            "{name}: {severity}: {}: {} [{}]",
            finding.path, finding.message, finding.rule
        ));
    }
    let verdict = if file_report.accepted {
        output.paint(Paint::Green, "passes")
    } else {
        output.paint(Paint::Red, "does not pass")
    };
    output.line(format_args!(
        "{name}: {verdict} (FHIR {}, {} errors, {} warnings)",
        file_report.fhir.unwrap_or_default(),
        file_report.errors,
        file_report.warnings
    ));
}
