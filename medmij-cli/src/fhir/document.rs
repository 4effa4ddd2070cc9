// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that hold FHIR, and what all the subcommands say of them.

use std::path::Path;

use medmij_fhir::{FhirVersion, Format, Limits, xml};
use serde::Serialize;

use crate::{
    cli_error::CliError,
    input::Input,
    output::{Output, Paint, printable},
    screen::Screen,
};

/// Reads the value of `--fhir`.
pub(super) fn version(text: &str) -> Result<FhirVersion, String> {
    FhirVersion::from_parameter(text).ok_or_else(|| "it is 3.0 or 4.0".to_owned())
}

/// How much is read: a file may be larger than an answer over the network.
pub(super) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.body = 256 << 20;
    limits
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Input, CliError> {
    Input::read(path, limits().body, Screen::none())
}

/// What a file is called that could not be read.
pub(super) fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "(standard input)".to_owned()
    } else {
        path.display().to_string()
    }
}

/// The FHIR version in which a document comes through whole; the first where it does in neither.
pub(super) fn version_of(document: &[u8]) -> FhirVersion {
    let fits = |version: &FhirVersion| {
        xml::round_trip(document, *version, &limits()).is_ok_and(|oddities| oddities.is_empty())
    };
    [FhirVersion::Stu3, FhirVersion::R4]
        .into_iter()
        .find(fits)
        .unwrap_or(FhirVersion::Stu3)
}

pub(super) const fn form(format: Format) -> &'static str {
    match format {
        Format::Xml => "XML",
        _ => "JSON",
    }
}

/// A place and what is said of it, for `--json`.
#[derive(Serialize)]
pub(super) struct Remark {
    pub(super) path: String,
    pub(super) message: String,
}

/// Why a file is no FHIR.
pub(super) fn refused(input: &Input, error: &dyn std::fmt::Display, output: &mut Output) {
    let word = output.paint(Paint::Red, "refused");
    output.line(format_args!("{}: {word}: {error}", printable(&input.name)));
}

/// A file that cannot be read is no reason to leave the others out.
pub(super) fn too_large(input: &Input) -> Option<String> {
    let size = input.too_large?;
    Some(format!("{size} bytes are more than {} are read", limits().body))
}
