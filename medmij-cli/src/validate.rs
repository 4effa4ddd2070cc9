// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij validate` — core.alst.202, core.ocl.202, core.gnl.202, core.whl.304: is the list good, and if not, why.

use std::fmt;

use medmij_list::ListKind;

use crate::{
    Exit,
    any_list::{AnyList, all_complaints},
    arguments::Validate,
    cli_error::CliError,
    complaint::Complaint,
    input::{self, Input},
    list_set::{Judge, Judged, ListSet},
    output::{self, Output, Paint, error_line, printable},
    screen::Screen,
    verdict::Verdict,
    warning::Warnings,
};

pub(crate) fn run(arguments: &Validate, output: &mut Output) -> Result<Exit, CliError> {
    let mut options = input::options(arguments.dialect.as_deref())?;
    options.old_shapes |= arguments.old_shapes;
    let judge = Judge {
        kind: arguments.kind.map(ListKind::from),
        options: &options,
        screen: Screen::new(arguments.json),
    };
    let mut list_set = ListSet::of(&arguments.files, &judge);
    let mut exit = Exit::Good;
    let mut counts = Counts::default();
    for (number, path) in arguments.files.iter().enumerate() {
        let file = path.display().to_string();
        if let Some(judged) = list_set.judged(number) {
            exit = exit.max(counts.add(tell(&file, judged, &list_set, &judge, arguments, output)));
            continue;
        }
        match list_set.take(number, path, &judge) {
            Ok(input) => {
                let judged = judge.judge(input);
                exit = exit.max(counts.add(tell(&file, &judged, &list_set, &judge, arguments, output)));
            }
            Err(fault) => {
                output.flush();
                error_line(&format!("medmij: {fault}"));
                if arguments.json {
                    output.json(&Verdict::unreadable(&file, &fault));
                }
                exit = counts.add(Exit::Failed);
            }
        }
    }
    if arguments.files.len() > 1 && !arguments.json {
        output.line(counts);
    }
    Ok(exit)
}

/// How many files ended how.
#[derive(Default)]
struct Counts {
    accepted: usize,
    refused: usize,
    unreadable: usize,
}

impl Counts {
    fn add(&mut self, exit: Exit) -> Exit {
        match exit {
            Exit::Good => self.accepted += 1,
            Exit::Not => self.refused += 1,
            Exit::Failed => self.unreadable += 1,
        }
        exit
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.accepted + self.refused + self.unreadable;
        write!(f, "{total} files: {} accepted, {} refused", self.accepted, self.refused)?;
        match self.unreadable {
            0 => Ok(()),
            count => write!(f, ", {count} not read"),
        }
    }
}

/// Says what was found of one file.
fn tell(
    file: &str,
    judged: &Judged,
    list_set: &ListSet,
    judge: &Judge<'_>,
    arguments: &Validate,
    output: &mut Output,
) -> Exit {
    let Judged { input, result } = judged;
    match result {
        Ok(list) => {
            let judging = judge.screen.judging(list.document().bytes().len());
            let findings = list_set.lint(list);
            let most = if arguments.json { LISTED } else { SHOWN };
            let warnings = Warnings::of(list.document(), findings, most);
            drop(judging);
            if arguments.json {
                output.json(&Verdict::accepted(file, list, warnings));
            } else {
                show_accepted(input, list, &warnings, output);
            }
            Exit::Good
        }
        Err(complaint) => {
            let source = if arguments.json && arguments.all.is_none() {
                Vec::new()
            } else if input.bytes.is_empty() {
                input.again()
            } else {
                input.bytes.clone()
            };
            let all = arguments.all.map(|most| match complaint.kind {
                Some(kind) => all_complaints(&source, kind, judge.options, most.get()),
                None => Vec::new(),
            });
            if arguments.json {
                let first = std::slice::from_ref(complaint);
                let all = all.as_deref().map(|all| if all.is_empty() { first } else { all });
                output.json(&Verdict::refused(file, complaint, all));
            } else {
                show_refused(input, &source, complaint, all.as_deref(), arguments, output);
            }
            Exit::Not
        }
    }
}

fn show_accepted(input: &Input, list: &AnyList, warnings: &Warnings, output: &mut Output) {
    let document = list.document();
    for warning in &warnings.first {
        warning.show(&input.name, document.bytes(), output);
    }
    let more = warnings.total.saturating_sub(warnings.first.len());
    if more > 0 {
        output.line(format_args!("… and {more} more warnings; --json shows {LISTED}\n"));
    }
    let accepted = output.paint(Paint::Green, "accepted");
    let (header, kind) = (document.header(), list.kind());
    let warned = match warnings.total {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        total => format!(", {total} warnings"),
    };
    output.line(format_args!(
        "{}: {accepted}: {kind} {} ({}), Volgnummer {}, {}, {}{warned}",
        input.name,
        document.release(),
        document.basis(),
        header.volgnummer(),
        printable(header.tijdstempel().as_str()),
        output::entries(list.len()),
    ));
}

fn show_refused(
    input: &Input,
    source: &[u8],
    first: &Complaint,
    all: Option<&[Complaint]>,
    arguments: &Validate,
    output: &mut Output,
) {
    match all {
        Some(all @ [_, ..]) => {
            for complaint in all {
                complaint.show(&input.name, source, output);
            }
            let count = all.len();
            let says = match arguments.all {
                Some(most) if count >= most.get() => format!("the first {count} errors; there may be more"),
                _ if count == 1 => "1 error".to_owned(),
                _ => format!("{count} errors"),
            };
            let refused = output.paint(Paint::Red, "refused");
            output.line(format_args!("{}: {refused}: {says}", input.name));
        }
        _ => first.show(&input.name, source, output),
    }
}

/// Warnings that people see, and that JSON lists.
const SHOWN: usize = 20;
const LISTED: usize = 100;
