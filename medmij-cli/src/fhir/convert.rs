// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir convert`: FHIR JSON to XML and back, digit for digit.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use medmij_fhir::{FhirVersion, Format, xml};
use serde::Serialize;

use super::document::{self, Remark};
use crate::{
    Exit,
    cli_error::CliError,
    input::Input,
    output::{Output, error_line, printable},
};

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 all converted, 1 some are refused or have something that the other form, or this version of\n\
FHIR, does not have, 2 wrong usage or a file that cannot be read or written.\n\
\n\
What FHIR does not have is printed on standard error; what the other form has a place for is converted\n\
nevertheless. A file that is in the wanted form already is copied as it is. Nothing is redacted.\n\
\n\
With --into each file keeps its name, with .json or .xml at its end. With --json, which needs --into, there is\n\
one object a line for each file: file, converted, into, lossless, oddities (path and message) and error.")]
pub(crate) struct Convert {
    /// Files with FHIR JSON or XML, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The form to write.
    #[arg(long, value_enum)]
    to: To,
    /// The FHIR version: 3.0 or 4.0.
    #[arg(long, value_name = "VERSION", value_parser = document::version)]
    fhir: FhirVersion,
    /// Write into this folder instead of to standard output.
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long, requires = "into")]
    json: bool,
}

/// The form to write.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum To {
    Json,
    Xml,
}

#[derive(Serialize, Default)]
struct FileReport {
    file: String,
    converted: bool,
    into: Option<String>,
    lossless: bool,
    oddities: Vec<Remark>,
    error: Option<String>,
}

pub(crate) fn run(arguments: &Convert, output: &mut Output) -> Result<Exit, CliError> {
    let mut exit = Exit::Good;
    let mut written = BTreeSet::new();
    if let Some(folder) = &arguments.into {
        fs::create_dir_all(folder).map_err(|cause| cannot_write(folder, cause))?;
    }
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
        let mut file_report = FileReport {
            file: input.name.clone(),
            converted: false,
            into: None,
            lossless: false,
            oddities: Vec::new(),
            error: None,
        };
        match convert(&input, arguments, &mut file_report.oddities) {
            Err(error) => file_report.error = Some(error),
            Ok(text) => {
                file_report.converted = true;
                file_report.lossless = file_report.oddities.is_empty();
                match &arguments.into {
                    None => {
                        output.bytes(&text);
                        output.bytes(if text.ends_with(b"\n") { b"" } else { b"\n" });
                    }
                    Some(folder) => {
                        let target = target(folder, file, arguments.to)?;
                        if !written.insert(target.clone()) || is_same(&target, file) {
                            let what = format!("{} would be written twice, or over its source", target.display());
                            return Err(CliError::Usage(what));
                        }
                        fs::write(&target, &text).map_err(|cause| cannot_write(&target, cause))?;
                        file_report.into = Some(target.display().to_string());
                    }
                }
            }
        }
        if !file_report.lossless {
            exit = exit.max(Exit::Not);
        }
        if arguments.json {
            output.json(&file_report);
        } else {
            show(&file_report, output);
        }
    }
    Ok(exit)
}

fn convert<'a>(input: &'a Input, arguments: &Convert, oddities: &mut Vec<Remark>) -> Result<Cow<'a, [u8]>, String> {
    if let Some(error) = document::too_large(input) {
        return Err(error);
    }
    let limits = document::limits();
    let converted = match (Format::of(&input.bytes), arguments.to) {
        (Format::Xml, To::Json) => xml::to_json(&input.bytes, arguments.fhir, &limits),
        (Format::Json, To::Xml) => xml::from_json(&input.bytes, arguments.fhir, &limits),
        _ => {
            // it is in that form already, but it has to be FHIR
            let found = xml::round_trip(&input.bytes, arguments.fhir, &limits).map_err(|error| error.to_string())?;
            oddities.extend(found.into_iter().map(remark));
            return Ok(Cow::Borrowed(&input.bytes));
        }
    };
    let converted = converted.map_err(|error| error.to_string())?;
    oddities.extend(converted.oddities.into_iter().map(remark));
    Ok(Cow::Owned(converted.text.into_bytes()))
}

fn remark(oddity: xml::Oddity) -> Remark {
    Remark {
        message: oddity.kind.to_string(),
        path: oddity.path,
    }
}

fn show(file_report: &FileReport, output: &mut Output) {
    let name = printable(&file_report.file);
    if let Some(error) = &file_report.error {
        error_line(&format!("{name}: refused: {error}"));
    }
    for remark in &file_report.oddities {
        error_line(&format!("{name}: {}: {}", remark.path, remark.message));
    }
    if let Some(into) = &file_report.into {
        output.line(format_args!("{name}: {}", printable(into)));
    }
}

/// The name of a file with the other end, in another folder.
fn target(folder: &Path, file: &Path, to: To) -> Result<PathBuf, CliError> {
    let end = match to {
        To::Json => "json",
        To::Xml => "xml",
    };
    let stem = match file.file_stem() {
        Some(stem) if file != Path::new("-") => stem.to_owned(),
        Some(_) => "stdin".into(),
        None => return Err(CliError::Usage(format!("{} has no file name", file.display()))),
    };
    let mut name = stem;
    name.push(".");
    name.push(end);
    Ok(folder.join(name))
}

fn is_same(target: &Path, source: &Path) -> bool {
    match (target.canonicalize(), source.canonicalize()) {
        (Ok(target), Ok(source)) => target == source,
        _ => false,
    }
}

fn cannot_write(path: &Path, cause: std::io::Error) -> CliError {
    CliError::Write {
        name: path.display().to_string(),
        cause,
    }
}
