// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij pki` — core.tls.314: what is in a bundle of certificates, and whether it is fit for MedMij today.

pub(crate) mod certificate;
mod finding;
mod generation;
mod judge;
mod thumbprints;
mod usage;
mod workdays;

use std::{path::PathBuf, time::SystemTime};

use clap::{Args, Subcommand};
use medmij_types::{CalendarDate, Printable};
use serde::Serialize;

use crate::{
    Exit,
    cli_error::CliError,
    input::Input,
    output::{Output, Paint},
};
use certificate::CertificateView;
use finding::{Finding, Severity};

#[derive(Subcommand)]
pub(crate) enum PkiCommand {
    /// Show the certificates in files: names, generation, purpose, dates, thumbprint.
    Show(ShowPki),
    /// Check a bundle of certificates of authorities and of your own.
    Check(CheckPki),
}

#[derive(Args)]
pub(crate) struct ShowPki {
    /// PEM or DER files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// One JSON object for each certificate.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 nothing or warnings only, 1 an error, 2 a file cannot be read.\n\
\n\
Which authorities there are changes: PKIoverheid publishes them, and changes are to be taken over within\n\
ten working days. --checked FILE keeps the day of the last check; compare the thumbprints with what\n\
PKIoverheid publishes, keep them in a file, and give it with --thumbprints.")]
pub(crate) struct CheckPki {
    /// PEM or DER files: the roots and authorities that you trust, and your own certificates.
    #[arg(required = true, value_name = "BUNDLE")]
    files: Vec<PathBuf>,
    /// SHA-256 thumbprints that you compared with what PKIoverheid publishes: one in hexadecimal a line, with a remark
    /// behind it. An authority that is not among them is an error.
    #[arg(long, value_name = "FILE")]
    thumbprints: Option<PathBuf>,
    /// Revocation lists of the authorities (DER or PEM). Their signatures are not verified here, but where they are used.
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// A file with the day of the last check: a warning if that is more than ten working days ago. It is written anew
    /// when nothing is wrong.
    #[arg(long, value_name = "FILE")]
    checked: Option<PathBuf>,
    /// Judge as of this day instead of today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<CalendarDate>,
    /// One JSON object for each finding: severity, code, certificate, message, remedy.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &PkiCommand, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        PkiCommand::Show(arguments) => show(arguments, output),
        PkiCommand::Check(arguments) => check(arguments, output),
    }
}

/// A file of certificates.
struct Bundle {
    name: String,
    certificates: Vec<CertificateView>,
    holds_private_key: bool,
}

fn read(files: &[PathBuf]) -> Result<Vec<Bundle>, CliError> {
    let bundle = |path: &PathBuf| {
        let input = Input::small(path)?;
        let certificates =
            certificate::read(&input.bytes).map_err(|cause| CliError::Usage(format!("{}: {cause}", input.name)))?;
        Ok(Bundle {
            holds_private_key: certificate::holds_private_key(&input.bytes),
            name: input.name,
            certificates,
        })
    };
    files.iter().map(bundle).collect()
}

fn show(arguments: &ShowPki, output: &mut Output) -> Result<Exit, CliError> {
    for certificate in read(&arguments.files)?.into_iter().flat_map(|file| file.certificates) {
        if arguments.json {
            output.json(&certificate);
            continue;
        }
        let text = |text: &str| Printable::new(text).to_string();
        output.line(output.paint(Paint::Bold, text(&certificate.subject)));
        let mut row = |name: &str, value: String| output.line(format!("  {name:12} {value}"));
        row("issuer", text(&certificate.issuer));
        row("serial", certificate.serial.clone());
        row(
            "generation",
            certificate
                .generation
                .map_or("not known", |generation| generation.name)
                .to_owned(),
        );
        row("kind", certificate.kind().to_owned());
        if !certificate.purposes.is_empty() {
            row("purpose", certificate.purposes.join(", "));
        }
        if !certificate.hosts.is_empty() {
            row(
                "hosts",
                certificate
                    .hosts
                    .iter()
                    .map(|host| text(host))
                    .collect::<Vec<_>>()
                    .join(", "),
            );
        }
        if let Some(oin) = &certificate.oin {
            row("OIN", text(oin));
        }
        row(
            "valid",
            format!("{} to {}", certificate.not_before, certificate.not_after),
        );
        row("signature", certificate.signature.clone());
        row("sha256", certificate.thumbprint.clone());
    }
    Ok(Exit::Good)
}

#[derive(Serialize)]
struct FindingRow<'a> {
    severity: &'a str,
    code: &'a str,
    certificate: Option<&'a str>,
    message: &'a str,
    remedy: &'a str,
}

fn check(arguments: &CheckPki, output: &mut Output) -> Result<Exit, CliError> {
    let (mut certificates, mut of_files) = (Vec::new(), Vec::new());
    for file in read(&arguments.files)? {
        of_files.extend(usage::order(&file.certificates));
        if file.holds_private_key {
            of_files.push(Finding {
                severity: Severity::Error,
                code: "private-key",
                certificate: None,
                message: format!("{} holds a private key beside the certificates", file.name),
                remedy: "Keep the key in a file of its own, for the user of the Node only; a bundle is handed around.",
            });
        }
        certificates.extend(file.certificates);
    }
    let today = arguments.on.unwrap_or_else(|| CalendarDate::in_amsterdam(now()));
    let known = match &arguments.thumbprints {
        None => None,
        Some(path) => {
            let input = Input::small(path)?;
            let parsed = thumbprints::parse(input.text()?)
                .map_err(|line| CliError::Usage(format!("{}:{line}: is no SHA-256 thumbprint", input.name)))?;
            Some(parsed)
        }
    };
    let mut revoked = Vec::new();
    for path in &arguments.crl {
        let input = Input::small(path)?;
        let list =
            certificate::read_crl(&input.bytes).map_err(|cause| CliError::Usage(format!("{}: {cause}", input.name)))?;
        revoked.extend(list);
    }
    let mut findings = judge::judge(&certificates, today, known.as_ref(), &revoked);
    findings.extend(of_files);
    if let Some(path) = &arguments.checked {
        findings.extend(workdays::judge(path, today)?);
    }
    findings.sort_by_key(|finding| finding.severity);
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    for finding in &findings {
        print(finding, arguments.json, output);
    }
    if !arguments.json {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        output.line(format!(
            "{} certificates, {} errors, {} warnings",
            certificates.len(),
            count(Severity::Error),
            count(Severity::Warning)
        ));
    }
    if let Some(path) = arguments.checked.as_ref().filter(|_| !wrong) {
        std::fs::write(path, format!("{today}\n")).map_err(|cause| CliError::Write {
            name: path.display().to_string(),
            cause,
        })?;
    }
    Ok(if wrong { Exit::Not } else { Exit::Good })
}

fn print(finding: &Finding, json: bool, output: &mut Output) {
    let severity = finding.severity.as_str();
    let row = FindingRow {
        severity,
        code: finding.code,
        certificate: finding.certificate.as_deref(),
        message: &finding.message,
        remedy: finding.remedy,
    };
    if json {
        output.json(&row);
        return;
    }
    let paint = match finding.severity {
        Severity::Error => Paint::Red,
        Severity::Warning => Paint::Yellow,
        Severity::Note => Paint::Blue,
    };
    let about = row
        .certificate
        .map_or_else(String::new, |name| format!("{}: ", Printable::new(name)));
    let severity = output.paint(paint, severity);
    output.line(format!(
        "{severity}: {about}{} [{}]",
        Printable::new(row.message),
        row.code
    ));
    output.line(format!("  {}", row.remedy));
}

fn now() -> SystemTime {
    use medmij_types::Clock as _;
    medmij_types::SystemClock::default().now()
}
