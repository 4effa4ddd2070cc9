// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij policy` — what the framework leaves open or could not be read, as policy values: all of them, what a supplier
//! overruled, and what still rests on inference.

use std::{collections::BTreeMap, path::Path};

use medmij_oauth::policy::{Mark, PolicyRow, Stelsel};
use serde::Serialize;

use crate::{
    Exit,
    arguments::PolicyCommand,
    cli_error::CliError,
    input::Input,
    output::{Output, Paint, error_line, printable},
};

pub(crate) fn run(command: &PolicyCommand, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        PolicyCommand::Show { file, json } => {
            show(&read(file.as_deref())?, *json, output);
            Ok(Exit::Good)
        }
        PolicyCommand::Diff {
            file,
            other,
            exit_code,
            json,
        } => {
            let (old, new) = match other {
                Some(other) => (read(Some(file))?, read(Some(other))?),
                None => (Stelsel::default(), read(Some(file))?),
            };
            let differs = diff(&old, &new, *json, output);
            Ok(if differs && *exit_code { Exit::Not } else { Exit::Good })
        }
        PolicyCommand::Check { file, json } => match read(file.as_deref()) {
            Ok(stelsel) => {
                check(&stelsel, *json, output);
                Ok(Exit::Good)
            }
            // the file is there and says something wrong
            Err(CliError::Usage(wrong)) => {
                error_line(&format!("medmij: {wrong}"));
                Ok(Exit::Not)
            }
            Err(fault) => Err(fault),
        },
    }
}

fn read(file: Option<&Path>) -> Result<Stelsel, CliError> {
    let Some(file) = file else {
        return Ok(Stelsel::default());
    };
    let input = Input::small(file)?;
    Stelsel::from_toml(input.text()?)
        .map_err(|cause| CliError::Usage(format!("{}: {}", input.name, cause.to_string().trim_end())))
}

fn show(stelsel: &Stelsel, json: bool, output: &mut Output) {
    let rows = stelsel.rows();
    if json {
        for row in &rows {
            output.json(&Value::of(&stelsel.version, row));
        }
        return;
    }
    table(&rows, output);
    let overruled = rows.iter().filter(|row| row.overruled).count();
    let open = stelsel.open().len();
    output.line(format_args!(
        "\npolicy \"{}\": {} values; {overruled} overruled (*); {open} rest on inference or on nothing",
        printable(&stelsel.version),
        rows.len()
    ));
}

fn check(stelsel: &Stelsel, json: bool, output: &mut Output) {
    let open = stelsel.open();
    if json {
        for row in &open {
            output.json(&Value::of(&stelsel.version, row));
        }
    } else if open.is_empty() {
        let version = printable(&stelsel.version);
        output.line(format_args!("policy \"{version}\": every value is confirmed"));
    } else {
        table(&open, output);
        output.line(format_args!(
            "\npolicy \"{}\": {} of {} values rest on inference or on nothing. Look each up in the Afsprakenstelsel, and \
             put it into the policy file with its source and mark = \"confirmed\".",
            printable(&stelsel.version),
            open.len(),
            stelsel.rows().len()
        ));
    }
}

/// Whether they differ.
fn diff(old: &Stelsel, new: &Stelsel, json: bool, output: &mut Output) -> bool {
    let by_name = |stelsel: &Stelsel| -> BTreeMap<String, PolicyRow> {
        let rows = stelsel.rows().into_iter();
        rows.map(|row| (row.name.clone(), row)).collect()
    };
    let (before, after) = (by_name(old), by_name(new));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let (mut values, mut grounds) = (0_usize, 0_usize);
    for name in names {
        let (old_row, new_row) = (before.get(name), after.get(name));
        if old_row.map(ground) == new_row.map(ground) {
            continue;
        }
        let is_same = old_row.map(|row| &row.value) == new_row.map(|row| &row.value);
        if is_same {
            grounds += 1;
        } else {
            values += 1;
        }
        if json {
            output.json(&Change {
                name,
                old: old_row.map(|row| Value::of(&old.version, row)),
                new: new_row.map(|row| Value::of(&new.version, row)),
            });
            continue;
        }
        let line = output.paint(Paint::Yellow, format_args!("~ {}", printable(name)));
        output.line(line);
        for (sign, paint, row) in [("-", Paint::Red, old_row), ("+", Paint::Green, new_row)] {
            let Some(row) = row else { continue };
            let text = format!("    {sign} {} ({}{})", row.value, row.mark, because(row));
            let line = output.paint(paint, printable(&text));
            output.line(line);
        }
    }
    if !json {
        output.line(format_args!(
            "{values} values differ, {grounds} more differ in their ground only"
        ));
    }
    values + grounds > 0
}

/// What makes a value what it is.
fn ground(row: &PolicyRow) -> (&str, &str, &str, Mark) {
    (&row.value, &row.code, &row.source, row.mark)
}

fn because(row: &PolicyRow) -> String {
    let mut text = String::new();
    for part in [&row.code, &row.source].into_iter().filter(|part| !part.is_empty()) {
        text.push_str(", ");
        text.push_str(part);
    }
    text
}

fn table(rows: &[PolicyRow], output: &mut Output) {
    let mut cells = vec![["", "NAAM", "WAARDE", "MERK", "CODE", "BRON"].map(str::to_owned)];
    for row in rows {
        let sign = if row.overruled { "*" } else { "" };
        cells.push(
            [
                sign,
                &row.name,
                &row.value,
                &row.mark.to_string(),
                &row.code,
                &row.source,
            ]
            .map(printable),
        );
    }
    let width = |column: usize| {
        let column = cells.iter().filter_map(|row| row.get(column));
        column.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    for row in &cells {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        output.line(line.trim_end());
    }
}

/// One value; the fields are those of the policy file.
#[derive(Serialize)]
struct Value<'a> {
    version: &'a str,
    name: &'a str,
    value: &'a str,
    code: &'a str,
    source: &'a str,
    mark: String,
    overruled: bool,
}

impl<'a> Value<'a> {
    fn of(version: &'a str, row: &'a PolicyRow) -> Self {
        Self {
            version,
            name: &row.name,
            value: &row.value,
            code: &row.code,
            source: &row.source,
            mark: row.mark.to_string(),
            overruled: row.overruled,
        }
    }
}

#[derive(Serialize)]
struct Change<'a> {
    name: &'a str,
    old: Option<Value<'a>>,
    new: Option<Value<'a>>,
}
