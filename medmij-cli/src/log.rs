// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij log` — core.logging.102, core.logging.103: whether log lines are whole, which chains they tell, what was
//! rejected, and the Ketennormen of a period.

mod lines;

use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use clap::{Args, Subcommand, builder::NonEmptyStringValueParser};
use medmij_log::{Chain, Finding, ReadLine, check_lines, report, svg};
use medmij_types::{Clock as _, SystemClock};
use serde::Serialize;

use crate::{
    Exit,
    cli_error::CliError,
    output::{Output, Paint, error_line},
};
use lines::{Line, Lines};

#[derive(Subcommand)]
pub(crate) enum LogCommand {
    /// Check log lines: which event lacks which field, by line.
    Check(CheckLog),
    /// Show the chains (ketens) in log files of both sides as sequence diagrams.
    Chain(ChainLog),
    /// Measure the Ketennormen over log files.
    Report(ReportLog),
    /// Show the lines of the batches that the other side rejected, from the folder of a spool.
    #[command(after_help = "Exit codes: 0 there is none, 1 there is one, 2 the folder cannot be read.")]
    Rejected {
        /// The folder of the spool.
        folder: PathBuf,
    },
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 every line is whole, 1 a line would be rejected, 2 a file cannot be read. An event that\n\
this version does not know and the id of a request that an earlier line of that event has are remarks,\n\
and change none of them.")]
pub(crate) struct CheckLog {
    /// Log files, a JSON object a line or a delivered batch (an array), or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// One JSON object for each finding: file, line, event, error, message.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Files may come in any order, and one that is given twice counts once. What is no log line is passed over\n\
and counted on standard error.\n\
Exit codes: 0 every message was logged by both sides, 1 one was not, or there is no chain, 2 trouble.")]
pub(crate) struct ChainLog {
    /// Log files of all sides.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only the chain of this trace_id.
    #[arg(long, value_name = "ID")]
    trace: Option<String>,
    /// Write each chain as a picture, TRACE_ID.svg, into this folder.
    #[arg(long, value_name = "FOLDER")]
    svg: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "\
Files may come in any order. What is no log line is passed over and counted on standard error.\n\
Exit codes: 0 every norm is met (a norm of which there is no request, too), 1 one is not, 2 trouble.")]
pub(crate) struct ReportLog {
    /// Log files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The month, by UTC.
    #[arg(long, value_name = "YYYY-MM")]
    month: String,
    /// Measure the answers of a DVA instead of the requests of a DVP.
    #[arg(long)]
    dva: bool,
    /// Write the Beheerrapport of this deelnemer as XML.
    #[arg(long, value_name = "DEELNEMER", value_parser = NonEmptyStringValueParser::new())]
    beheerrapport: Option<String>,
    /// Accounts of different Personen, for the Beheerrapport of a DVP.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "beheerrapport")]
    persons: u64,
}

pub(crate) fn run(command: &LogCommand, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        LogCommand::Check(arguments) => check_files(arguments, output),
        LogCommand::Chain(arguments) => chains(arguments, output),
        LogCommand::Report(arguments) => measure(arguments, output),
        LogCommand::Rejected { folder } => rejected(folder, output),
    }
}

/// Lines of files, one after the other, until one cannot be read.
struct Files<'a> {
    paths: std::slice::Iter<'a, PathBuf>,
    open: Option<Lines>,
    /// Lines of the open file, and those of them that are no log lines.
    counts: (usize, usize),
    /// The same of all files before it.
    before: (usize, usize),
    failed: Option<CliError>,
}

impl<'a> Files<'a> {
    fn new(paths: &'a [PathBuf]) -> Self {
        Self {
            paths: paths.iter(),
            open: None,
            counts: (0, 0),
            before: (0, 0),
            failed: None,
        }
    }

    /// Whether every file could be read, and a log line was among them.
    fn ended(self) -> Result<(), CliError> {
        let (all, odd) = self.before;
        match self.failed {
            Some(error) => Err(error),
            None if all > 0 && all == odd => Err(CliError::Usage("there is no log line in what was given".to_owned())),
            None => Ok(()),
        }
    }

    fn next_line(&mut self) -> Result<Option<String>, CliError> {
        loop {
            let Some(lines) = &mut self.open else {
                let Some(path) = self.paths.next() else { return Ok(None) };
                self.open = Some(Lines::open(path)?);
                continue;
            };
            let Some((_, line)) = lines.next()? else {
                let (all, odd) = self.counts;
                if odd > 0 {
                    error_line(&format!(
                        "medmij: {}: {odd} of {all} lines are no log lines, and are left out: see `medmij log check`",
                        lines.name
                    ));
                }
                self.before = (self.before.0 + all, self.before.1 + odd);
                (self.open, self.counts) = (None, (0, 0));
                continue;
            };
            self.counts.0 += usize::from(is_there(&line));
            match line {
                Ok(line) if ReadLine::parse(&line).is_ok() => return Ok(Some(line)),
                line => self.counts.1 += usize::from(is_there(&line)),
            }
        }
    }
}

impl Iterator for Files<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.failed.is_some() {
            return None;
        }
        match self.next_line() {
            Ok(line) => line,
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }
}

#[derive(Serialize)]
struct FindingRow<'a> {
    file: &'a str,
    line: usize,
    event: Option<&'a str>,
    error: bool,
    message: String,
}

fn check_files(arguments: &CheckLog, output: &mut Output) -> Result<Exit, CliError> {
    let (mut errors, mut lines) = (0_usize, 0_usize);
    for path in &arguments.files {
        let mut file = Lines::open(path)?;
        let name = file.name.clone();
        let mut failed = None;
        let read = std::iter::from_fn(|| {
            let line = file.next().unwrap_or_else(|error| {
                failed = Some(error);
                None
            })?;
            lines += usize::from(is_there(&line.1));
            Some(line)
        });
        for Finding { line, event, fault, .. } in check_lines(read) {
            errors += usize::from(fault.is_error());
            let row = FindingRow {
                file: &name,
                line,
                event: event.as_deref(),
                error: fault.is_error(),
                message: fault.to_string(),
            };
            if arguments.json {
                output.json(&row);
            } else {
                let kind = match row.error {
                    true => output.paint(Paint::Red, "error"),
                    false => output.paint(Paint::Yellow, "remark"),
                };
                let event = row
                    .event
                    .map(|event| format!(" {}", medmij_types::Printable::new(event)));
                output.line(format!(
                    "{name}:{line}: {kind}:{} {}",
                    event.unwrap_or_default(),
                    row.message
                ));
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
    if !arguments.json {
        output.line(format!("{lines} lines, {errors} errors"));
    }
    Ok(if errors == 0 { Exit::Good } else { Exit::Not })
}

/// Whether a line counts; empty ones are passed over.
fn is_there(line: &Line) -> bool {
    line.as_ref().map_or(true, |line| !line.trim().is_empty())
}

fn chains(arguments: &ChainLog, output: &mut Output) -> Result<Exit, CliError> {
    let mut files = Files::new(&arguments.files);
    let wanted = |chain: &Chain| arguments.trace.as_ref().is_none_or(|trace| *trace == chain.trace_id);
    let mut chains = Chain::read(&mut files);
    files.ended()?;
    chains.retain(wanted);
    let mut exit = if chains.is_empty() { Exit::Not } else { Exit::Good };
    if chains.is_empty() {
        error_line("medmij: there is no such chain");
    }
    for chain in &chains {
        output.line(chain.to_string().trim_end());
        if !chain.one_sided().is_empty() {
            exit = Exit::Not;
        }
        if let Some(folder) = &arguments.svg {
            let path = folder.join(format!("{}.svg", file_name(&chain.trace_id)));
            std::fs::write(&path, svg(chain)).map_err(|cause| CliError::Write {
                name: path.display().to_string(),
                cause,
            })?;
        }
    }
    Ok(exit)
}

/// A trace_id as the name of a file: what another party wrote chooses no folder.
fn file_name(trace_id: &str) -> String {
    let safe: String = trace_id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    safe.chars().take(80).collect()
}

fn measure(arguments: &ReportLog, output: &mut Output) -> Result<Exit, CliError> {
    let (from, until) = month(&arguments.month)
        .ok_or_else(|| CliError::Usage(format!("--month {}: is no month of the form YYYY-MM", arguments.month)))?;
    let norms = match arguments.dva {
        true => report::Ketennorm::OF_DVA,
        false => report::Ketennorm::OF_DVP,
    };
    let mut files = Files::new(&arguments.files);
    let measured = report::KetennormReport::measure(&mut files, &norms, from, until);
    files.ended()?;
    if let Some(deelnemer) = &arguments.beheerrapport {
        let created = DateTime::<Utc>::from(SystemClock::default().now()).fixed_offset();
        let report = report::Beheerrapport::new(deelnemer, (from, until), created, arguments.persons);
        output.line(report.with_norms(&measured).to_xml().trim_end());
    } else {
        output.line(measured.to_string().trim_end());
    }
    Ok(if measured.rows.iter().all(report::Measured::is_met) {
        Exit::Good
    } else {
        Exit::Not
    })
}

fn month(text: &str) -> Option<(DateTime<FixedOffset>, DateTime<FixedOffset>)> {
    let (year, number) = text
        .split_once('-')
        .filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
    let first = NaiveDate::from_ymd_opt(year.parse().ok()?, number.parse().ok()?, 1)?;
    let next = first.checked_add_months(chrono::Months::new(1))?;
    let start = |day: NaiveDate| Some(day.and_hms_opt(0, 0, 0)?.and_utc().fixed_offset());
    Some((start(first)?, start(next)?))
}

fn rejected(folder: &Path, output: &mut Output) -> Result<Exit, CliError> {
    let folder = folder.join("rejected");
    let fault = |cause| CliError::Read {
        name: folder.display().to_string(),
        cause,
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map_err(fault)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(fault)?;
    files.sort();
    for path in &files {
        let mut lines = Lines::open(path)?;
        output.line(format!("{}:", lines.name));
        while let Some((number, line)) = lines.next()? {
            match line {
                Ok(line) => output.line(line),
                Err(error) => error_line(&format!("{}:{number}: {error}", lines.name)),
            }
        }
    }
    Ok(if files.is_empty() { Exit::Good } else { Exit::Not })
}
