// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij cache refresh` — core.lijsten.300: fetches lists once, judges them, keeps what may be taken.

#[cfg(feature = "stelselnode")]
mod stelselnode;

use std::{path::Path, sync::Arc};

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{
    List, ListCache, ListKind, ReadOptions, RefreshPolicy, SourceError,
    supply::{FileStorage, ListSupply, SourceName, Step, SupplyError, SupplyEvent},
};
use medmij_ocl::OAuthclientlist;
use medmij_types::{Clock, SystemClock};
use medmij_whitelist::Whitelist;
use medmij_zal::{Zorgaanbiederslijst, koppellijst::Zorgaanbiederskoppellijst};
use serde::Serialize;

use crate::{
    Exit,
    arguments::CacheRefresh,
    cli_error::{Causes, CliError},
    input::Input,
    output::{Output, Paint, printable},
    screen::Screen,
};

pub(super) fn run(arguments: &CacheRefresh, output: &mut Output) -> Result<Exit, CliError> {
    let mut from = From::open(arguments)?;
    let storage = Arc::new(FileStorage::open(&arguments.folder)?);
    let kinds: Vec<ListKind> = match arguments.list.as_slice() {
        [] => vec![
            ListKind::Zorgaanbiederslijst,
            ListKind::OAuthclientlist,
            ListKind::Whitelist,
            ListKind::Gegevensdienstnamenlijst,
        ],
        some => some.iter().copied().map(ListKind::from).collect(),
    };
    let mut exit = Exit::Good;
    for kind in kinds {
        let once = Once {
            storage: Arc::clone(&storage),
            api: arguments.api,
            json: arguments.json,
            from: &mut from,
            output,
        };
        exit = exit.max(match kind {
            ListKind::Zorgaanbiederslijst => once.refresh::<Zorgaanbiederslijst>(),
            ListKind::OAuthclientlist => once.refresh::<OAuthclientlist>(),
            ListKind::Whitelist => once.refresh::<Whitelist>(),
            ListKind::Gegevensdienstnamenlijst => once.refresh::<Gegevensdienstnamenlijst>(),
            _ => once.refresh::<Zorgaanbiederskoppellijst>(),
        });
    }
    Ok(exit)
}

/// Where the lists come from.
enum From {
    Folder {
        folder: std::path::PathBuf,
        name: SourceName,
    },
    #[cfg(feature = "stelselnode")]
    Stelselnode(stelselnode::Stelselnode),
}

impl From {
    fn open(arguments: &CacheRefresh) -> Result<Self, CliError> {
        if let Some(folder) = &arguments.from {
            return Ok(Self::Folder {
                folder: folder.clone(),
                name: arguments.source.clone(),
            });
        }
        #[cfg(feature = "stelselnode")]
        return stelselnode::Stelselnode::open(arguments).map(Self::Stelselnode);
        #[cfg(not(feature = "stelselnode"))]
        Err(CliError::Usage(
            "this medmij was built without the feature stelselnode".to_owned(),
        ))
    }

    fn name(&self) -> SourceName {
        match self {
            Self::Folder { name, .. } => name.clone(),
            #[cfg(feature = "stelselnode")]
            Self::Stelselnode(node) => node.name(),
        }
    }

    fn fetch(&mut self, kind: ListKind) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::Folder { folder, .. } => read(&folder.join(kind.file_name())),
            #[cfg(feature = "stelselnode")]
            Self::Stelselnode(node) => node.fetch(kind),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SourceError> {
    let mut input = Input::read(path, ReadOptions::files().limits.size, Screen::none()).map_err(SourceError::new)?;
    match input.too_large {
        Some(size) => Err(SourceError::new(format!("{}: {size} bytes are too many", input.name))),
        None => Ok(input.take()),
    }
}

/// One refresh of one list.
struct Once<'a> {
    storage: Arc<FileStorage>,
    api: u16,
    json: bool,
    from: &'a mut From,
    output: &'a mut Output,
}

impl Once<'_> {
    fn refresh<L: List>(self) -> Exit {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let cache = Arc::new(ListCache::<L>::new(
            RefreshPolicy::for_list(L::KIND),
            Arc::clone(&clock),
        ));
        let mut supply = ListSupply::new(self.from.name(), self.api, cache, self.storage, clock);
        let mut events: Vec<SupplyEvent> = supply.restore();
        // What was restored is no news.
        events.retain(|event| !matches!(event, SupplyEvent::Accepted { .. }));
        let mut exit = Exit::Failed;
        if let Step::Fetch(ticket) = supply.step() {
            let completed = supply.arrived(ticket, self.from.fetch(L::KIND), 0.5);
            exit = match completed.result {
                Ok(_) => Exit::Good,
                Err(SupplyError::Source(_) | SupplyError::Stopped) => Exit::Failed,
                Err(_) => Exit::Not,
            };
            events.extend(completed.events);
        }
        if events
            .iter()
            .any(|event| matches!(event, SupplyEvent::StorageFailed { .. }))
        {
            exit = Exit::Failed;
        }
        let words: Vec<_> = events.iter().filter_map(in_words).collect();
        if self.json {
            self.output.json(&Line {
                list: L::KIND.short(),
                source: self.from.name().as_str(),
                api: self.api,
                ok: exit == Exit::Good,
                volgnummer: supply
                    .cache()
                    .last_known()
                    .map(|list| list.header().volgnummer().value()),
                events: words.iter().map(|(_, event, what)| Event { event, what }).collect(),
            });
            return exit;
        }
        for (paint, word, what) in words {
            let word = self.output.paint(paint, word);
            self.output
                .line(format_args!("{}: {word}: {}", L::KIND, printable(&what)));
        }
        exit
    }
}

/// What `--json` says of one list.
#[derive(Serialize)]
struct Line<'a> {
    list: &'static str,
    source: &'a str,
    api: u16,
    ok: bool,
    /// Of the list in force after this.
    volgnummer: Option<u64>,
    events: Vec<Event<'a>>,
}

#[derive(Serialize)]
struct Event<'a> {
    event: &'a str,
    what: &'a str,
}

/// An event in a word and a line; `None` for one that says nothing about a single refresh.
fn in_words(event: &SupplyEvent) -> Option<(Paint, &'static str, String)> {
    Some(match event {
        SupplyEvent::Accepted {
            volgnummer, previous, ..
        } => {
            let before = previous.map_or_else(String::new, |number| format!(", before it was {number}"));
            (Paint::Green, "taken", format!("Volgnummer {volgnummer}{before}"))
        }
        SupplyEvent::Unchanged { volgnummer, .. } => (Paint::Green, "unchanged", format!("Volgnummer {volgnummer}")),
        SupplyEvent::Refused {
            refusal: SupplyError::Source(cause),
            ..
        } => {
            let causes = Causes(&**cause).to_string();
            let causes = causes
                .strip_prefix("the list could not be fetched: ")
                .unwrap_or(&causes);
            (Paint::Red, "not fetched", causes.to_owned())
        }
        SupplyEvent::Refused { refusal, .. } => (Paint::Red, "refused", Causes(refusal).to_string()),
        SupplyEvent::Implausible { oddity, .. } => (Paint::Yellow, "implausible", oddity.to_string()),
        SupplyEvent::Large { bytes, limit, .. } => (
            Paint::Yellow,
            "large",
            format!("{bytes} bytes are more than half of the limit of {limit}"),
        ),
        SupplyEvent::StateRolledBack { kept, journal, .. } => {
            let kept = kept.map_or_else(|| "nothing".to_owned(), |number| number.to_string());
            (
                Paint::Red,
                "put back",
                format!("the kept state knows {kept}, the journal Volgnummer {journal}"),
            )
        }
        SupplyEvent::StorageFailed { step, error, .. } => (Paint::Red, "not kept", format!("{step}: {error}")),
        SupplyEvent::CopyNotUsed { fault, .. } => (Paint::Yellow, "copy not used", fault.to_string()),
        SupplyEvent::OldStamp { tijdstempel, age, .. } => {
            let days = age.as_secs() / 86_400;
            let what = format!("the source offers a list of {}, {days} days ago", tijdstempel.as_str());
            (Paint::Yellow, "old stamp", what)
        }
        SupplyEvent::MemoryLowered { .. } => (Paint::Yellow, "memory lowered", String::new()),
        _ => return None,
    })
}
