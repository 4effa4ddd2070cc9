// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij audit` — core.logging.101, NEN 7513: the audit log of a DVZA is read, proven, and destroyed after its term.

use std::{
    fs,
    io::Write as _,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use medmij_dvza::{
    audit::{self, AuditKey, AuditPublicKeys, CheckpointFolder},
    store::{Acting, AuditEntry, AuditKind, AuditObject, AuditQuery, AuditRecord, AuditTerm, Store},
};
use medmij_oauth::seal::{KeyRing as _, LocalKeyRing, PersoonIndex};
use medmij_types::{Bsn, Clock as _, OsEntropy, SystemClock};
use serde::Serialize;

use crate::{
    Exit,
    arguments::{AuditCommand, Export, Signing, StorePlace},
    cli_error::CliError,
    input::Input,
    output::Output,
};

/// Where the store of a command is; `new-key` and `roles` open none.
pub(crate) fn place(command: &AuditCommand) -> Option<&StorePlace> {
    match command {
        AuditCommand::Export(export) => Some(&export.place),
        AuditCommand::Checkpoint(signing) | AuditCommand::Destroy { signing, .. } => Some(&signing.place),
        AuditCommand::Verify { place, .. } => Some(place),
        AuditCommand::Roles { .. } | AuditCommand::NewKey { .. } => None,
    }
}

pub(crate) async fn run<S: Store>(store: &S, command: &AuditCommand, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        AuditCommand::Export(arguments) => export(store, arguments, output).await,
        AuditCommand::Checkpoint(signing) => {
            let (key, outside) = opened(signing)?;
            let made = audit::checkpoint(store, &key, &outside, now()).await.map_err(failed)?;
            output.line(format_args!("checkpoint {}", made.number));
            Ok(Exit::Good)
        }
        AuditCommand::Verify { outside, public, .. } => {
            let keys = AuditPublicKeys::from_text(Input::small(public)?.text()?).map_err(failed)?;
            let outside = CheckpointFolder::open(outside).map_err(failed)?;
            verify(store, &outside, &keys, output).await
        }
        AuditCommand::Destroy {
            signing,
            months,
            operator,
        } => {
            let (key, outside) = opened(signing)?;
            let term = AuditTerm::months(*months).unwrap_or_default();
            let entry = AuditEntry::of(
                AuditKind::Administered,
                AuditObject::AuditLog,
                Acting::operator(operator.as_str()),
            );
            write(store, entry).await?;
            let gone = audit::destroy(store, &key, &outside, (term, now())).await;
            output.line(format_args!("{} entries are destroyed", gone.map_err(failed)?));
            Ok(Exit::Good)
        }
        AuditCommand::Roles { .. } | AuditCommand::NewKey { .. } => Ok(Exit::Good),
    }
}

/// Makes a key; nothing that is there is replaced.
pub(crate) fn new_key(path: &Path, output: &mut Output) -> Result<Exit, CliError> {
    let key = AuditKey::random(&OsEntropy).map_err(failed)?;
    let mut open = fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let write = || {
        let mut file = open.open(path)?;
        file.write_all(key.to_text().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    };
    write().map_err(|cause| CliError::Write {
        name: path.display().to_string(),
        cause,
    })?;
    output.line(format_args!("{}", key.public().to_string().trim_end()));
    Ok(Exit::Good)
}

/// An operator did something to the store.
pub(crate) async fn administered<S: Store>(store: &S, object: AuditObject, operator: &str) -> Result<(), CliError> {
    write(
        store,
        AuditEntry::of(AuditKind::Administered, object, Acting::operator(operator)),
    )
    .await
}

async fn write<S: Store>(store: &S, entry: AuditEntry) -> Result<(), CliError> {
    store.audit(vec![entry]).await.map_err(failed)
}

async fn export<S: Store>(store: &S, arguments: &Export, output: &mut Output) -> Result<Exit, CliError> {
    let mut query = AuditQuery::default();
    query.from = arguments.from.as_deref().map(moment).transpose()?;
    query.until = arguments.until.as_deref().map(moment).transpose()?;
    if let (Some(bsn), Some(keys)) = (&arguments.bsn, &arguments.keys) {
        query.persoon = Some(persoon(bsn, keys)?);
    }
    // first: nothing is read without its entry
    let mut entry = AuditEntry::of(
        AuditKind::Read,
        AuditObject::AuditLog,
        Acting::operator(arguments.operator.as_str()),
    );
    entry.persoon = query.persoon.as_ref().and_then(|persoon| persoon.first().copied());
    write(store, entry).await?;
    loop {
        let page = store.audit_entries(&query, BATCH).await.map_err(failed)?;
        let Some(last) = page.last() else { return Ok(Exit::Good) };
        query = query.after(last.number);
        for record in &page {
            output.json(&Shown::of(record));
        }
    }
}

async fn verify<S: Store>(
    store: &S,
    outside: &CheckpointFolder,
    keys: &AuditPublicKeys,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let report = audit::verify(store, outside, keys).await.map_err(failed)?;
    for fault in &report.faults {
        output.line(format_args!("{fault}"));
    }
    output.line(format_args!(
        "{} entries in {} chains, {} checkpoints; {} entries after the last checkpoint",
        report.entries, report.chains, report.checkpoints, report.after_checkpoint
    ));
    output.line(format_args!(
        "of {} entries the persoon is that of the chain, of {} it was erased or came under another key",
        report.persons, report.replaced
    ));
    if report.cut_off > 0 || report.lost > 0 {
        output.line(format_args!(
            "{} processes were cut off; {} access entries that processes took in are missing",
            report.cut_off, report.lost
        ));
    }
    if report.uncounted > 0 {
        output.line(format_args!(
            "of {} processes that were cut off it is not known how many entries are missing: the machine lost power",
            report.uncounted
        ));
    }
    if report.not_stopped > 0 {
        output.line(format_args!(
            "{} processes did not say that they stopped: each runs, or was cut off and is not counted yet",
            report.not_stopped
        ));
    }
    Ok(if report.faults.is_empty() {
        Exit::Good
    } else {
        Exit::Not
    })
}

fn opened(signing: &Signing) -> Result<(AuditKey, CheckpointFolder), CliError> {
    let key = AuditKey::from_text(Input::small(&signing.signing_key)?.text()?).map_err(failed)?;
    let outside = CheckpointFolder::open(&signing.outside).map_err(failed)?;
    Ok((key, outside))
}

/// A Persoon by every version of the index key.
pub(crate) fn persoon(bsn: &Path, keys: &Path) -> Result<Vec<PersoonIndex>, CliError> {
    let (bsn, keys) = (Input::small(bsn)?, Input::small(keys)?);
    let ring = LocalKeyRing::from_text(keys.text()?);
    let ring = ring.map_err(|error| CliError::Usage(format!("{}: {error}", keys.name)))?;
    // the text is not in the message
    let bsn = Bsn::parse(bsn.text()?.trim()).map_err(|_| CliError::Usage(format!("{} holds no BSN", bsn.name)))?;
    ring.indexes(&bsn).map_err(failed)
}

fn moment(text: &str) -> Result<SystemTime, CliError> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let day = day.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|day| day.and_utc());
    let at = day.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc)));
    let micros = at.and_then(|at| u64::try_from(at.timestamp_micros()).ok());
    micros
        .map(|micros| UNIX_EPOCH + Duration::from_micros(micros))
        .ok_or_else(|| {
            CliError::Usage(format!(
                "{text:?} is no day or moment: 2026-11-30, or 2026-11-30T12:00:00Z"
            ))
        })
}

fn now() -> SystemTime {
    SystemClock::default().now()
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CliError {
    CliError::failed("the audit log", cause)
}

#[derive(Serialize)]
struct Shown<'a> {
    number: u64,
    at: Option<String>,
    kind: &'a str,
    actor: &'a str,
    actor_id: Option<&'a str>,
    persoon: Option<String>,
    aanbieder: Option<&'a str>,
    gegevensdiensten: Vec<&'a str>,
    client_id: Option<&'a str>,
    scope: &'a str,
    outcome: &'a str,
    trace_id: Option<&'a str>,
    object: &'a str,
    source: Option<&'a str>,
    grant: Option<&'a str>,
    texts: &'a str,
    chain: u32,
    position: u64,
    hash: String,
}

impl<'a> Shown<'a> {
    fn of(record: &'a AuditRecord) -> Self {
        let entry = &record.entry;
        let at = i64::try_from(record.micros)
            .ok()
            .and_then(DateTime::from_timestamp_micros);
        let hex = |index: PersoonIndex| index.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            number: record.number,
            at: at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true)),
            kind: entry.kind.as_str(),
            actor: entry.by.actor.kind(),
            actor_id: entry.by.actor.id(),
            persoon: entry.persoon.map(hex),
            aanbieder: entry.aanbieder.as_ref().map(AsRef::as_ref),
            gegevensdiensten: entry.gegevensdiensten.iter().map(AsRef::as_ref).collect(),
            client_id: entry.client_id.as_ref().map(AsRef::as_ref),
            scope: &entry.scope,
            outcome: entry.outcome.as_str(),
            trace_id: entry.by.trace_id.as_ref().map(AsRef::as_ref),
            object: entry.object.as_str(),
            source: entry.by.source.as_ref().map(AsRef::as_ref),
            grant: entry.grant.as_ref().map(medmij_dvza::store::GrantId::as_str),
            texts: &entry.texts,
            chain: record.chain,
            position: record.position,
            hash: record.hash.to_string(),
        }
    }
}

const BATCH: usize = 500;
