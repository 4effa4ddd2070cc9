// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij validate` — core.alst.202, core.ocl.202, core.gnl.202, core.whl.304: is the list good, and if not, why.

use medmij_list::{ListKind, Remark};
use serde::Serialize;

use crate::{
    Exit,
    any_list::AnyList,
    arguments::Validate,
    complaint::{self, Complaint},
    input::{self, Input},
    output::{self, Output, Paint, error_line, printable},
    trouble::Trouble,
};

pub(crate) fn run(arguments: &Validate, output: &mut Output) -> Result<Exit, Trouble> {
    let mut options = input::options(arguments.dialect.as_deref())?;
    options.old_shapes |= arguments.old_shapes;
    let kind = arguments.kind.map(ListKind::from);
    let mut exit = Exit::Good;
    for path in &arguments.files {
        let mut input = match Input::read(path, options.limits.size) {
            Ok(input) => input,
            Err(trouble) => {
                output.flush();
                error_line(&format!("medmij: {trouble}"));
                if arguments.json {
                    output.json(&unreadable(&path.display().to_string(), &trouble));
                }
                exit = Exit::Trouble;
                continue;
            }
        };
        match AnyList::read(&mut input, kind, &options) {
            Ok(list) if arguments.json => output.json(&accepted(&path.display().to_string(), &list)),
            Ok(list) => show_accepted(&input, &list, output),
            Err(complaint) => {
                exit = exit.max(Exit::Not);
                if arguments.json {
                    output.json(&refused(&path.display().to_string(), &complaint));
                } else {
                    let source = if input.bytes.is_empty() {
                        input.again()
                    } else {
                        input.take()
                    };
                    complaint.show(&input.name, &source, output);
                }
            }
        }
    }
    Ok(exit)
}

fn show_accepted(input: &Input, list: &AnyList, output: &mut Output) {
    let document = list.document();
    let mut more = 0_usize;
    for (number, remark) in document.remarks().enumerate() {
        if number < SHOWN {
            complaint::show_warning(&remark, &input.name, document.bytes(), output);
        } else {
            more += 1;
        }
    }
    if more > 0 {
        output.line(format_args!("… and {more} more warnings\n"));
    }
    let accepted = output.paint(Paint::Green, "accepted");
    let (header, kind) = (document.header(), list.kind());
    output.line(format_args!(
        "{}: {accepted}: {kind} {} ({}), Volgnummer {}, {}, {}",
        input.name,
        document.release(),
        document.basis(),
        header.volgnummer(),
        printable(header.tijdstempel().as_str()),
        output::entries(list.len()),
    ));
}

fn accepted<'a>(file: &'a str, list: &'a AnyList) -> Verdict<'a> {
    let document = list.document();
    Verdict {
        file,
        accepted: true,
        kind: Some(list.kind().short()),
        release: Some(document.release()),
        basis: Some(document.basis().to_string()),
        volgnummer: Some(document.header().volgnummer().value()),
        tijdstempel: Some(document.header().tijdstempel().as_str()),
        entries: Some(list.len()),
        warnings: document
            .remarks()
            .take(LISTED)
            .map(|remark| Warning::from(&remark))
            .collect(),
        warnings_total: document.remarks().count(),
        error: None,
    }
}

fn refused<'a>(file: &'a str, complaint: &'a Complaint) -> Verdict<'a> {
    Verdict {
        kind: complaint.kind.map(ListKind::short),
        error: Some(Problem::Complaint(complaint)),
        ..nothing(file)
    }
}

fn unreadable<'a>(file: &'a str, trouble: &Trouble) -> Verdict<'a> {
    let message = trouble.to_string();
    Verdict {
        error: Some(Problem::Unreadable {
            line: None,
            column: None,
            path: "",
            rule: "io",
            message,
        }),
        ..nothing(file)
    }
}

const fn nothing(file: &str) -> Verdict<'_> {
    Verdict {
        file,
        accepted: false,
        kind: None,
        release: None,
        basis: None,
        volgnummer: None,
        tijdstempel: None,
        entries: None,
        warnings: Vec::new(),
        warnings_total: 0,
        error: None,
    }
}

#[derive(Serialize)]
struct Verdict<'a> {
    file: &'a str,
    accepted: bool,
    kind: Option<&'static str>,
    release: Option<&'a str>,
    basis: Option<String>,
    volgnummer: Option<u64>,
    tijdstempel: Option<&'a str>,
    entries: Option<usize>,
    warnings: Vec<Warning>,
    warnings_total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Problem<'a> {
    Complaint(&'a Complaint),
    Unreadable {
        line: Option<u32>,
        column: Option<u32>,
        path: &'static str,
        rule: &'static str,
        message: String,
    },
}

#[derive(Serialize)]
struct Warning {
    line: u32,
    column: u32,
    path: String,
    rule: &'static str,
    message: String,
}

impl From<&Remark<'_>> for Warning {
    fn from(remark: &Remark<'_>) -> Self {
        let place = remark.place();
        Self {
            line: place.line,
            column: place.column,
            path: remark.path().to_owned(),
            rule: remark.rule().code(),
            message: remark.message().to_owned(),
        }
    }
}

/// Warnings that people see, and that JSON lists.
const SHOWN: usize = 20;
const LISTED: usize = 100;
