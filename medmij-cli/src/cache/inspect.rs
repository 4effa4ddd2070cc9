// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij cache inspect` and `medmij cache journal`.

use std::time::{Duration, SystemTime};

use medmij_list::{
    Freshness, RefreshPolicy,
    supply::{FileStorage, JournalEntry, Journalled, ListStorage as _, Sha256Sum, StorageKey},
};
use medmij_types::{Tijdstempel, Volgnummer};
use serde::Serialize;

use crate::{
    Exit,
    any_list::AnyList,
    cli_error::CliError,
    input::Input,
    output::{self, Output, Paint, printable},
};

pub(super) fn inspect(storage: &FileStorage, json: bool, output: &mut Output) -> Result<Exit, CliError> {
    for key in storage.keys()? {
        let stored = look(storage, &key)?;
        if json {
            output.json(&stored);
        } else {
            show(&key, &stored, output);
        }
    }
    Ok(Exit::Good)
}

pub(super) fn journal(storage: &FileStorage, json: bool, output: &mut Output) -> Result<Exit, CliError> {
    for entry in storage.journal()? {
        let line = Line::of(&entry);
        if json {
            output.json(&line);
            continue;
        }
        let what = match &entry.what {
            Journalled::Accepted {
                volgnummer,
                tijdstempel,
                sha256,
            } => {
                format!(
                    "accepted Volgnummer {volgnummer} of {tijdstempel}, {sha256:.16}…",
                    tijdstempel = tijdstempel.as_str()
                )
            }
            Journalled::MemoryLowered { from, to, reason } => {
                let shown =
                    |number: &Option<Volgnummer>| number.map_or_else(|| "nothing".to_owned(), |n| n.to_string());
                format!("memory lowered from {} to {}: {reason}", shown(from), shown(to))
            }
            _ => String::new(),
        };
        output.line(format_args!(
            "{} {}: {}",
            line.time.as_deref().unwrap_or("-"),
            entry.key,
            printable(&what)
        ));
    }
    Ok(Exit::Good)
}

fn look(storage: &FileStorage, key: &StorageKey) -> Result<StoredListView, CliError> {
    let stored = storage.load(key)?;
    let mut found = StoredListView {
        list: key.list().short(),
        source: key.source().to_string(),
        api: key.api(),
        memory: stored.memory.volgnummer.map(Volgnummer::value),
        lowered: stored.memory.lowered,
        volgnummer: None,
        tijdstempel: None,
        entries: None,
        sha256: None,
        confirmed: None,
        age_seconds: None,
        freshness: "absent",
        usable: false,
        troubles: stored.troubles,
    };
    let Some(copy) = stored.copy else { return Ok(found) };
    let age = SystemTime::now()
        .duration_since(copy.confirmed_at)
        .unwrap_or(Duration::ZERO);
    let policy = RefreshPolicy::for_list(key.list());
    let freshness = policy.freshness(age);
    found.sha256 = Some(Sha256Sum::of(&copy.bytes).to_string());
    found.confirmed = stamp(copy.confirmed_at);
    found.age_seconds = Some(age.as_secs());
    found.freshness = match freshness {
        Freshness::Fresh => "fresh",
        Freshness::Stale => "stale",
        Freshness::Alarm => "alarm",
        Freshness::Expired => "expired",
        _ => "absent",
    };
    let mut input = Input::of(key.to_string(), copy.bytes);
    match AnyList::read(&mut input, Some(key.list()), &medmij_list::ReadOptions::files()) {
        Ok(list) => {
            let header = list.document().header();
            let below = stored
                .memory
                .volgnummer
                .is_some_and(|memory| header.volgnummer() < memory);
            if below {
                found.troubles.push("the copy is below the memory".to_owned());
            }
            found.usable = !below && (freshness != Freshness::Expired || policy.use_past_limit);
            found.volgnummer = Some(header.volgnummer().value());
            found.tijdstempel = Some(header.tijdstempel().as_str().to_owned());
            found.entries = Some(list.len());
        }
        Err(complaint) => found
            .troubles
            .push(format!("the copy is refused: {}", complaint.message)),
    }
    Ok(found)
}

fn show(key: &StorageKey, stored: &StoredListView, output: &mut Output) {
    let head = output.paint(Paint::Bold, key);
    output.line(head);
    match (stored.volgnummer, stored.entries, &stored.confirmed) {
        (Some(number), Some(entries), Some(confirmed)) => {
            let paint = if stored.usable { Paint::Green } else { Paint::Red };
            let freshness = output.paint(paint, stored.freshness);
            let age = age(stored.age_seconds.unwrap_or(0));
            output.line(format_args!(
                "  copy    Volgnummer {number}, {}",
                output::entries(entries)
            ));
            output.line(format_args!("  age     {age}, {freshness}, confirmed {confirmed}"));
        }
        _ => output.line("  copy    none that can be used"),
    }
    match stored.memory {
        Some(number) => output.line(format_args!("  memory  nothing below Volgnummer {number} is taken")),
        None => output.line("  memory  nothing"),
    }
    if stored.lowered > 0 {
        output.line(format_args!(
            "          lowered by an operator {} times",
            stored.lowered
        ));
    }
    for fault in &stored.troubles {
        let word = output.paint(Paint::Red, "trouble");
        output.line(format_args!("  {word} {}", printable(fault)));
    }
}

fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

fn stamp(at: SystemTime) -> Option<String> {
    Tijdstempel::from_system_time(at)
        .ok()
        .map(|stamp| stamp.as_str().to_owned())
}

#[derive(Serialize)]
struct StoredListView {
    list: &'static str,
    source: String,
    api: u16,
    memory: Option<u64>,
    lowered: u32,
    volgnummer: Option<u64>,
    tijdstempel: Option<String>,
    entries: Option<usize>,
    sha256: Option<String>,
    confirmed: Option<String>,
    age_seconds: Option<u64>,
    freshness: &'static str,
    usable: bool,
    troubles: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    time: Option<String>,
    list: &'static str,
    source: String,
    api: u16,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum What {
    Accepted {
        volgnummer: u64,
        tijdstempel: String,
        sha256: String,
    },
    MemoryLowered {
        from: Option<u64>,
        to: Option<u64>,
        reason: String,
    },
    Other,
}

impl Line {
    fn of(entry: &JournalEntry) -> Self {
        let what = match &entry.what {
            Journalled::Accepted {
                volgnummer,
                tijdstempel,
                sha256,
            } => What::Accepted {
                volgnummer: volgnummer.value(),
                tijdstempel: tijdstempel.as_str().to_owned(),
                sha256: sha256.to_string(),
            },
            Journalled::MemoryLowered { from, to, reason } => What::MemoryLowered {
                from: from.map(Volgnummer::value),
                to: to.map(Volgnummer::value),
                reason: reason.clone(),
            },
            _ => What::Other,
        };
        let key = &entry.key;
        Self {
            time: stamp(entry.at),
            list: key.list().short(),
            source: key.source().to_string(),
            api: key.api(),
            what,
        }
    }
}
