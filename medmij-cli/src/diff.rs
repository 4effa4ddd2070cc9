// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij diff`: what appeared, disappeared and changed between two lists of one kind, per entry.

mod entries;

use std::collections::BTreeMap;

use serde::Serialize;

use self::entries::Fields;
use crate::{
    Exit,
    any_list::AnyList,
    arguments::Diff,
    cli_error::CliError,
    input::{self, Input},
    output::{self, Output, Paint, printable},
    screen::Screen,
};

pub(crate) fn run(arguments: &Diff, output: &mut Output) -> Result<Exit, CliError> {
    if arguments.old == arguments.new && arguments.old.as_os_str() == "-" {
        return Err(CliError::Usage(
            "standard input can be one of the two lists only".to_owned(),
        ));
    }
    let options = input::options(arguments.dialect.as_deref())?;
    let screen = Screen::new(arguments.json);
    let read = |path| {
        let mut input = Input::read(path, options.limits.size, screen)?;
        let _judging = screen.judging(input.bytes.len());
        AnyList::read(&mut input, None, &options)
            .map(|list| (input.name.clone(), list))
            .map_err(|complaint| CliError::Refused {
                name: input.name,
                complaint: Box::new(complaint),
            })
    };
    let (old_name, old) = read(&arguments.old)?;
    let (new_name, new) = read(&arguments.new)?;
    let Some(entries) = entries::compare_lists(&old, &new) else {
        let what = format!(
            "{old_name} is the list {} and {new_name} the list {}; two lists of one kind can be compared",
            old.kind(),
            new.kind()
        );
        return Err(CliError::Usage(what));
    };
    let difference = Difference {
        kind: old.kind().short(),
        old: Side::of(&old_name, &old),
        new: Side::of(&new_name, &new),
        entries,
    };
    let differs = !difference.entries.is_empty();
    if arguments.json {
        output.json(&difference);
    } else {
        show(&difference, output);
    }
    Ok(if differs && arguments.exit_code {
        Exit::Not
    } else {
        Exit::Good
    })
}

/// Compares entries by their key. Order plays no role: a list is a set. Fields are worked out for entries that differ.
fn compare<'a, E: Copy>(
    old: impl Iterator<Item = (&'a str, E)>,
    new: impl Iterator<Item = (&'a str, E)>,
    same: impl Fn(E, E) -> bool,
    fields: impl Fn(E) -> Fields,
) -> Compared {
    let (old, new): (BTreeMap<&str, E>, BTreeMap<&str, E>) = (old.collect(), new.collect());
    let only_in = |this: &BTreeMap<&str, E>, other: &BTreeMap<&str, E>| {
        let names = this.keys().filter(|key| !other.contains_key(*key));
        names.map(|key| (*key).to_owned()).collect()
    };
    let changed = old.iter().filter_map(|(entry, before)| {
        let after = new.get(entry).filter(|after| !same(*before, **after))?;
        let changes = changes(&fields(*before), &fields(*after));
        (!changes.is_empty()).then(|| Changed {
            entry: (*entry).to_owned(),
            changes,
        })
    });
    Compared {
        appeared: only_in(&new, &old),
        disappeared: only_in(&old, &new),
        changed: changed.collect(),
    }
}

fn changes(before: &Fields, after: &Fields) -> Vec<Change> {
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    let change = |field: &String| {
        let (old, new) = (before.get(field).cloned(), after.get(field).cloned());
        (old != new).then(|| Change {
            field: field.clone(),
            old,
            new,
        })
    };
    fields.into_iter().filter_map(change).collect()
}

fn show(difference: &Difference<'_>, output: &mut Output) {
    for (mark, paint, side) in [
        ("---", Paint::Red, &difference.old),
        ("+++", Paint::Green, &difference.new),
    ] {
        let mark = output.paint(paint, mark);
        output.line(format_args!(
            "{mark} {}: {} Volgnummer {}, {}, {}",
            side.file,
            difference.kind,
            side.volgnummer,
            printable(side.tijdstempel),
            output::entries(side.entries)
        ));
    }
    let Compared {
        appeared,
        disappeared,
        changed,
    } = &difference.entries;
    for (mark, paint, names) in [("-", Paint::Red, disappeared), ("+", Paint::Green, appeared)] {
        for name in names {
            let line = output.paint(paint, format_args!("{mark} {}", printable(name)));
            output.line(line);
        }
    }
    for Changed { entry, changes } in changed {
        let line = output.paint(Paint::Yellow, format_args!("~ {}", printable(entry)));
        output.line(line);
        for Change { field, old, new } in changes {
            let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "(none)".to_owned(), printable);
            output.line(format_args!(
                "    {}: {} -> {}",
                printable(field),
                shown(old),
                shown(new)
            ));
        }
    }
    output.line(format_args!(
        "{} appeared, {} disappeared, {} changed",
        appeared.len(),
        disappeared.len(),
        changed.len()
    ));
}

#[derive(Serialize)]
struct Difference<'a> {
    kind: &'static str,
    old: Side<'a>,
    new: Side<'a>,
    #[serde(flatten)]
    entries: Compared,
}

#[derive(Serialize)]
struct Side<'a> {
    file: &'a str,
    release: &'a str,
    volgnummer: u64,
    tijdstempel: &'a str,
    entries: usize,
}

impl<'a> Side<'a> {
    fn of(file: &'a str, list: &'a AnyList) -> Self {
        let document = list.document();
        Self {
            file,
            release: document.release(),
            volgnummer: document.header().volgnummer().value(),
            tijdstempel: document.header().tijdstempel().as_str(),
            entries: list.len(),
        }
    }
}

#[derive(Serialize)]
struct Compared {
    appeared: Vec<String>,
    disappeared: Vec<String>,
    changed: Vec<Changed>,
}

impl Compared {
    const fn is_empty(&self) -> bool {
        self.appeared.is_empty() && self.disappeared.is_empty() && self.changed.is_empty()
    }
}

#[derive(Serialize)]
struct Changed {
    entry: String,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    field: String,
    old: Option<String>,
    new: Option<String>,
}
