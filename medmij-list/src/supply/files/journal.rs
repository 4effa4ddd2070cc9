// SPDX-License-Identifier: AGPL-3.0-or-later
//! The journal of accepted lists as JSON lines (security section 1.3: it makes a targeted bad list provable).

use std::time::SystemTime;

use medmij_types::{Tijdstempel, Volgnummer};
use serde::{Deserialize, Serialize};

use crate::{
    ListKind,
    supply::{JournalEntry, Journalled, Sha256Sum, SourceName, StorageError, StorageKey},
};

/// One line, with its line feed.
pub(super) fn line(entry: &JournalEntry) -> Result<String, StorageError> {
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
    };
    let line = Line {
        time: stamp(entry.at)?,
        list: entry.key.list().root().to_owned(),
        source: entry.key.source().as_str().to_owned(),
        api: entry.key.api(),
        what,
    };
    let mut text = serde_json::to_string(&line).map_err(|e| StorageError::new("cannot write as JSON", e))?;
    text.push('\n');
    Ok(text)
}

/// All whole lines.
pub(super) fn read(bytes: &[u8]) -> Vec<JournalEntry> {
    bytes.split(|b| *b == b'\n').filter_map(entry).collect()
}

/// A moment in UTC, in whole seconds.
pub(super) fn stamp(at: SystemTime) -> Result<String, StorageError> {
    let stamp = Tijdstempel::from_system_time(at).map_err(|e| StorageError::new("the clock is out of range", e))?;
    Ok(stamp.as_str().to_owned())
}

fn entry(line: &[u8]) -> Option<JournalEntry> {
    let line: Line = serde_json::from_slice(line).ok()?;
    let key = StorageKey::new(
        SourceName::parse(&line.source).ok()?,
        line.api,
        ListKind::from_root(&line.list)?,
    );
    let what = match line.what {
        What::Accepted {
            volgnummer,
            tijdstempel,
            sha256,
        } => Journalled::Accepted {
            volgnummer: Volgnummer::new(volgnummer)?,
            tijdstempel: Tijdstempel::parse(&tijdstempel).ok()?,
            sha256: Sha256Sum::parse(&sha256).ok()?,
        },
        What::MemoryLowered { from, to, reason } => Journalled::MemoryLowered {
            from: from.and_then(Volgnummer::new),
            to: to.and_then(Volgnummer::new),
            reason,
        },
    };
    Some(JournalEntry::new(
        Tijdstempel::parse(&line.time).ok()?.to_system_time()?,
        key,
        what,
    ))
}

#[derive(Serialize, Deserialize)]
struct Line {
    time: String,
    list: String,
    source: String,
    api: u16,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize, Deserialize)]
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn entries() -> Vec<JournalEntry> {
        let key = StorageKey::new(
            SourceName::parse("stelselnode.localhost").unwrap(),
            2,
            ListKind::Whitelist,
        );
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let accepted = Journalled::Accepted {
            volgnummer: Volgnummer::new(u64::MAX).unwrap(),
            tijdstempel: Tijdstempel::parse("2026-11-22T07:00:00.5+01:00").unwrap(),
            sha256: Sha256Sum::of(b"x"),
        };
        let lowered = Journalled::MemoryLowered {
            from: Volgnummer::new(9),
            to: None,
            reason: "\"fout\"\n".to_owned(),
        };
        vec![
            JournalEntry::new(at, key.clone(), accepted),
            JournalEntry::new(at, key, lowered),
        ]
    }

    #[test]
    fn entries_read_back() {
        let text: String = entries().iter().map(|entry| line(entry).unwrap()).collect();
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with(r#"{"time":"2026-09-21T"#), "{text}");
        assert_eq!(read(text.as_bytes()), entries());
    }

    #[test]
    fn l12_a_line_that_a_crash_cut_off_is_left_out() {
        let whole = line(&entries()[0]).unwrap();
        for cut in 0..whole.len() - 1 {
            let text = format!("{}\n{whole}", &whole[..cut]);
            assert_eq!(read(text.as_bytes()).len(), 1, "{cut}");
        }
    }
}
