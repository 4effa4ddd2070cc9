// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij policy` — what the framework leaves open or could not be read, as policy values: all of them, what a supplier
//! overruled, and what still rests on inference.

use std::{collections::BTreeMap, path::Path};

use medmij_oauth::policy::{Mark, PolicyRow, Stelsel};
use serde::Serialize;

use crate::{
    Exit,
    arguments::PolicyCommand,
    input::Input,
    output::{Output, Paint, error_line, printable},
    trouble::Trouble,
};

pub(crate) fn run(command: &PolicyCommand, output: &mut Output) -> Result<Exit, Trouble> {
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
            Err(Trouble::Usage(wrong)) => {
                error_line(&format!("medmij: {wrong}"));
                Ok(Exit::Not)
            }
            Err(trouble) => Err(trouble),
        },
    }
}

fn read(file: Option<&Path>) -> Result<Stelsel, Trouble> {
    let Some(file) = file else {
        return Ok(Stelsel::default());
    };
    let input = Input::small(file)?;
    Stelsel::from_toml(input.text()?)
        .map_err(|cause| Trouble::Usage(format!("{}: {}", input.name, cause.to_string().trim_end())))
}

fn show(stelsel: &Stelsel, json: bool, output: &mut Output) {
    let rows = stelsel.rows();
    if json {
        for row in &rows {
            output.json(&Value::of(&stelsel.versie, row));
        }
        return;
    }
    table(&rows, output);
    let overruled = rows.iter().filter(|row| row.overruled).count();
    let open = stelsel.open().len();
    output.line(format_args!(
        "\npolicy \"{}\": {} values; {overruled} overruled (*); {open} rest on inference or on nothing",
        printable(&stelsel.versie),
        rows.len()
    ));
}

fn check(stelsel: &Stelsel, json: bool, output: &mut Output) {
    let open = stelsel.open();
    if json {
        for row in &open {
            output.json(&Value::of(&stelsel.versie, row));
        }
    } else if open.is_empty() {
        let versie = printable(&stelsel.versie);
        output.line(format_args!("policy \"{versie}\": every value is confirmed"));
    } else {
        table(&open, output);
        output.line(format_args!(
            "\npolicy \"{}\": {} of {} values rest on inference or on nothing. Look each up in the Afsprakenstelsel, and \
             put it into the policy file with its source and merk = \"confirmed\".",
            printable(&stelsel.versie),
            open.len(),
            stelsel.rows().len()
        ));
    }
}

/// Whether they differ.
fn diff(old: &Stelsel, new: &Stelsel, json: bool, output: &mut Output) -> bool {
    let by_name = |stelsel: &Stelsel| -> BTreeMap<String, PolicyRow> {
        let rows = stelsel.rows().into_iter();
        rows.map(|row| (row.naam.clone(), row)).collect()
    };
    let (before, after) = (by_name(old), by_name(new));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let (mut values, mut grounds) = (0_usize, 0_usize);
    for naam in names {
        let (old_row, new_row) = (before.get(naam), after.get(naam));
        if old_row.map(ground) == new_row.map(ground) {
            continue;
        }
        let is_same = old_row.map(|row| &row.waarde) == new_row.map(|row| &row.waarde);
        if is_same {
            grounds += 1;
        } else {
            values += 1;
        }
        if json {
            output.json(&Change {
                naam,
                old: old_row.map(|row| Value::of(&old.versie, row)),
                new: new_row.map(|row| Value::of(&new.versie, row)),
            });
            continue;
        }
        let line = output.paint(Paint::Yellow, format_args!("~ {}", printable(naam)));
        output.line(line);
        for (sign, paint, row) in [("-", Paint::Red, old_row), ("+", Paint::Green, new_row)] {
            let Some(row) = row else { continue };
            let text = format!("    {sign} {} ({}{})", row.waarde, row.mark, because(row));
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
    (&row.waarde, &row.code, &row.bron, row.mark)
}

fn because(row: &PolicyRow) -> String {
    let mut text = String::new();
    for part in [&row.code, &row.bron].into_iter().filter(|part| !part.is_empty()) {
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
                &row.naam,
                &row.waarde,
                &row.mark.to_string(),
                &row.code,
                &row.bron,
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
    versie: &'a str,
    naam: &'a str,
    waarde: &'a str,
    code: &'a str,
    bron: &'a str,
    merk: String,
    overruled: bool,
}

impl<'a> Value<'a> {
    fn of(versie: &'a str, row: &'a PolicyRow) -> Self {
        Self {
            versie,
            naam: &row.naam,
            waarde: &row.waarde,
            code: &row.code,
            bron: &row.bron,
            merk: row.mark.to_string(),
            overruled: row.overruled,
        }
    }
}

#[derive(Serialize)]
struct Change<'a> {
    naam: &'a str,
    old: Option<Value<'a>>,
    new: Option<Value<'a>>,
}
