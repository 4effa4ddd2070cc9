// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir dekking`: which zibs of a gegevensdienst are filled, over all folders together.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use medmij_fhir::{Catalogue, Mark, coverage::Coverage};
use serde::Serialize;

use super::document;
use crate::{
    Exit,
    cli_error::CliError,
    output::{Output, Paint, error_line, printable},
};

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 as many zibs are filled as the rule of the gegevensdienst asks (50: 21), or all of them where\n\
there is no such rule; 1 fewer; 2 wrong usage, also an unknown gegevensdienst, or something that cannot be read.\n\
\n\
All .json and .xml files of the folders, and of the folders in them, count together; a file that is no FHIR\n\
is printed on standard error and left out. A zib is recognised by meta.profile.\n\
\n\
With --json there is one object: gegevensdienst, filled, zibs_total, threshold, enough, documents, resources,\n\
refused, zibs (name, mark, count, recognisable) and other_profiles.")]
pub(crate) struct Dekking {
    /// Folders, or files, with the answers of one or more sets.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// The gegevensdienst: an id, or a key of the catalogue.
    #[arg(long, value_name = "ID")]
    gegevensdienst: String,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct CoverageReport<'a> {
    gegevensdienst: &'a str,
    filled: usize,
    zibs_total: usize,
    threshold: Option<u16>,
    enough: bool,
    documents: usize,
    resources: usize,
    refused: usize,
    zibs: Vec<Zib<'a>>,
    other_profiles: &'a [String],
}

#[derive(Serialize)]
struct Zib<'a> {
    name: &'a str,
    mark: Option<&'static str>,
    count: usize,
    recognisable: bool,
}

pub(crate) fn run(arguments: &Dekking, output: &mut Output) -> Result<Exit, CliError> {
    let key = &arguments.gegevensdienst;
    let service = Catalogue::builtin().find(key).next();
    let service = service.ok_or_else(|| CliError::Usage(format!("there is no gegevensdienst {}", printable(key))))?;
    let mut files = Vec::new();
    for folder in &arguments.folders {
        collect(folder, &mut files, 0)?;
    }
    files.sort();
    let mut coverage = Coverage::of(service);
    let mut refused = 0;
    for file in files {
        let input = document::read(&file)?;
        let added = match document::too_large(&input) {
            Some(error) => Err(error),
            None => coverage
                .add(&input.bytes, service.version(), &document::limits())
                .map_err(|error| error.to_string()),
        };
        if let Err(error) = added {
            refused += 1;
            error_line(&format!("{}: refused: {error}", printable(&input.name)));
        }
    }
    let (documents, resources) = coverage.read();
    let total = coverage.zibs().len();
    let enough = coverage.is_enough().unwrap_or_else(|| coverage.filled() == total);
    let said = CoverageReport {
        gegevensdienst: service.key(),
        filled: coverage.filled(),
        zibs_total: total,
        threshold: coverage.threshold(),
        enough,
        documents,
        resources,
        refused,
        zibs: coverage
            .zibs()
            .iter()
            .map(|zib| Zib {
                name: &zib.name,
                mark: zib.mark.map(mark),
                count: zib.count,
                recognisable: zib.is_recognisable,
            })
            .collect(),
        other_profiles: coverage.other_profiles(),
    };
    if arguments.json {
        output.json(&said);
    } else {
        show(&said, output);
    }
    Ok(if enough { Exit::Good } else { Exit::Not })
}

fn show(said: &CoverageReport<'_>, output: &mut Output) {
    for zib in &said.zibs {
        let count = match zib.count {
            0 if !zib.recognisable => output.paint(Paint::Yellow, "cannot be recognised"),
            0 => output.paint(Paint::Red, "missing"),
            count => output.paint(Paint::Green, count),
        };
        let mark = zib.mark.filter(|mark| *mark != "confirmed");
        let mark = mark.map_or_else(String::new, |mark| format!(" ({mark})"));
        output.line(format_args!("{}{mark}: {count}", zib.name));
    }
    let rule = match said.threshold {
        Some(threshold) => format!("; the rule is {threshold}"),
        None => String::new(),
    };
    let enough = if said.enough {
        output.paint(Paint::Green, "enough")
    } else {
        output.paint(Paint::Red, "not enough")
    };
    output.line(format_args!(
        "{} of {} zibs filled in {} resources of {} files{rule}: {enough}",
        said.filled, said.zibs_total, said.resources, said.documents
    ));
}

fn collect(path: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<(), CliError> {
    let cannot_read = |cause| CliError::Read {
        name: path.display().to_string(),
        cause,
    };
    if !fs::metadata(path).map_err(cannot_read)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth > DEEPEST {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(cannot_read)? {
        let entry = entry.map_err(cannot_read)?;
        let kind = entry.file_type().map_err(cannot_read)?;
        let inside = entry.path();
        // a link may lead in a circle
        let is_fhir = inside.extension().is_some_and(|end| end == "json" || end == "xml");
        if kind.is_dir() || (kind.is_file() && is_fhir) {
            collect(&inside, files, depth + 1)?;
        }
    }
    Ok(())
}

const fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Confirmed => "confirmed",
        Mark::Seen => "seen",
        Mark::Inferred => "inferred",
        _ => "unknown",
    }
}

const DEEPEST: usize = 32;
