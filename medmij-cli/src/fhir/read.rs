// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir read` — core.rscint.203: what a file holds, what is cut out of it, and whether it comes through whole.

use std::path::PathBuf;

use clap::Args;
use medmij_fhir::{Bundle, FhirVersion, Format, Resource, redact_bsn, xml};
use serde::Serialize;

use super::document::{self, Remark};
use crate::{
    Exit,
    cli_error::CliError,
    input::Input,
    output::{Output, Paint, error_line, printable},
};

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 all are FHIR and come through whole, 1 some are not, 2 wrong usage or a file that cannot be\n\
read. A BSN that is cut out changes none of them.\n\
\n\
Whole means: converted to the other form, XML or JSON, and back, nothing is lost or changed. Without\n\
--fhir each version is tried.\n\
\n\
With --json there is one object a line for each file: file, accepted, format, type, fhir (the versions in\n\
which it comes through whole), bytes, entries (of a Bundle), masked and suspected (paths where a BSN was\n\
cut out, or may stand), lossless, oddities (path and message), faults (of a Bundle) and error.")]
pub(crate) struct Read {
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

/// What is said of one file.
#[derive(Serialize, Default)]
struct FileReport {
    file: String,
    accepted: bool,
    format: Option<&'static str>,
    #[serde(rename = "type")]
    kind: Option<String>,
    fhir: Vec<&'static str>,
    bytes: usize,
    entries: Option<usize>,
    masked: Vec<String>,
    suspected: Vec<String>,
    lossless: bool,
    oddities: Vec<Remark>,
    faults: Vec<Remark>,
    error: Option<String>,
}

pub(crate) fn run(arguments: &Read, output: &mut Output) -> Result<Exit, CliError> {
    let mut exit = Exit::Good;
    for file in &arguments.files {
        let input = match document::read(file) {
            Ok(input) => input,
            Err(fault) => {
                error_line(&format!("medmij: {fault}"));
                if arguments.json {
                    output.json(&FileReport {
                        file: document::name(file),
                        error: Some(fault.to_string()),
                        ..FileReport::default()
                    });
                }
                exit = Exit::Failed;
                continue;
            }
        };
        let file_report = judge(&input, arguments.fhir);
        if !file_report.accepted || !file_report.lossless {
            exit = exit.max(Exit::Not);
        }
        if arguments.json {
            output.json(&file_report);
        } else {
            show(&input, &file_report, output);
        }
    }
    Ok(exit)
}

fn judge(input: &Input, asked: Option<FhirVersion>) -> FileReport {
    let format = Format::of(&input.bytes);
    let mut file_report = FileReport {
        file: input.name.clone(),
        format: Some(document::form(format)),
        bytes: input.bytes.len(),
        ..FileReport::default()
    };
    if let Some(error) = document::too_large(input) {
        file_report.error = Some(error);
        return file_report;
    }
    if let Err(error) = read(input, format, asked, &mut file_report) {
        file_report.error = Some(error);
    }
    file_report
}

fn read(input: &Input, format: Format, asked: Option<FhirVersion>, file_report: &mut FileReport) -> Result<(), String> {
    let limits = document::limits();
    let tried = asked.map_or_else(|| vec![FhirVersion::Stu3, FhirVersion::R4], |asked| vec![asked]);
    // the version in which it is whole; else the first one in which it can be read
    let mut best = None;
    for version in tried {
        let result = xml::round_trip(&input.bytes, version, &limits);
        let is_whole = result.as_ref().is_ok_and(Vec::is_empty);
        if is_whole {
            file_report.fhir.push(version.parameter());
        }
        let rank = |result: &Result<Vec<xml::Oddity>, xml::XmlError>| match result {
            Ok(oddities) if oddities.is_empty() => 2,
            Ok(_) => 1,
            Err(_) => 0,
        };
        if best.as_ref().is_none_or(|(_, other)| rank(&result) > rank(other)) {
            best = Some((version, result));
        }
    }
    let (version, result) = best.ok_or("no version was tried")?;
    let oddities = result.map_err(|error| error.to_string())?;
    file_report.lossless = !file_report.fhir.is_empty();
    if !file_report.lossless {
        file_report.oddities = oddities
            .into_iter()
            .map(|oddity| Remark {
                message: oddity.kind.to_string(),
                path: oddity.path,
            })
            .collect();
    }
    let converted;
    let json = if format == Format::Xml {
        converted = xml::to_json(&input.bytes, version, &limits).map_err(|error| error.to_string())?;
        converted.text.as_bytes()
    } else {
        &input.bytes
    };
    let redacted = redact_bsn(json, &limits).map_err(|error| error.to_string())?;
    file_report.masked = redacted.report.masked.iter().map(ToString::to_string).collect();
    file_report.suspected = redacted.report.suspected.iter().map(ToString::to_string).collect();
    let resource = Resource::parse(redacted.text.as_bytes(), &limits).map_err(|error| error.to_string())?;
    if resource.resource_type().as_str() == "Bundle" {
        let bundle = Bundle::parse(redacted.text.as_bytes(), &limits).map_err(|error| error.to_string())?;
        file_report.entries = Some(bundle.entries().len());
        file_report.faults = bundle
            .faults()
            .iter()
            .map(|fault| Remark {
                path: fault.path.clone(),
                message: fault.rule.to_string(),
            })
            .collect();
    }
    file_report.kind = Some(resource.resource_type().to_string());
    file_report.accepted = true;
    Ok(())
}

fn show(input: &Input, file_report: &FileReport, output: &mut Output) {
    if let Some(error) = &file_report.error {
        document::refused(input, error, output);
        return;
    }
    let versions = match file_report.fhir.as_slice() {
        [] => "no version of FHIR".to_owned(),
        versions => format!("FHIR {}", versions.join(" or ")),
    };
    let whole = if file_report.lossless {
        output.paint(Paint::Green, "lossless")
    } else {
        output.paint(Paint::Red, "not lossless")
    };
    let entries = file_report
        .entries
        .map_or_else(String::new, |count| format!(" of {}", crate::output::entries(count)));
    output.line(format_args!(
        "{}: {}{entries}, {versions}, {}, {} bytes, {whole}",
        printable(&file_report.file),
        file_report.kind.as_deref().unwrap_or_default(),
        file_report.format.unwrap_or_default(),
        file_report.bytes,
    ));
    for path in &file_report.masked {
        output.line(format_args!("  {path}: a BSN is cut out"));
    }
    for path in &file_report.suspected {
        output.line(format_args!("  {path}: a number that may be a BSN is here"));
    }
    for remark in file_report.faults.iter().chain(&file_report.oddities) {
        output.line(format_args!("  {}: {}", remark.path, remark.message));
    }
}
