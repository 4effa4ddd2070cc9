// SPDX-License-Identifier: AGPL-3.0-or-later
//! The one form of what a [`FileStorage`](super::FileStorage) writes beside the copies (security L12): a record a line, as JSON
//! that carries its own checksum. The journal has many of them, the memory and the confirmation one each.
//!
//! ```text
//! {"sum":"<SHA-256 of the record>","record":{"is":"memory","volgnummer":8,"content":"…","lowered":0}}
//! ```

use std::{str, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::{
    ListKind,
    supply::{JournalEntry, RollbackMemory, Sha256Sum, SourceName, StorageError},
};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Record {
    Journal(JournalEntry),
    Memory(RollbackMemory),
    /// When the copy with this checksum was confirmed last, and the last moment that a process saw.
    Confirmed {
        sha256: Sha256Sum,
        #[serde(with = "moment")]
        at: SystemTime,
        #[serde(with = "moment")]
        seen: SystemTime,
    },
}

impl Record {
    /// The record as a line, with its line feed.
    pub(super) fn line(&self) -> Result<String, StorageError> {
        let json = serde_json::to_string(self).map_err(|e| StorageError::new("cannot write as JSON", e))?;
        let sum = Sha256Sum::of(json.as_bytes());
        Ok(format!("{SUM}{sum}{RECORD}{json}}}\n"))
    }

    /// The whole records of a file; lines that are cut off or damaged are left out.
    ///
    /// # Errors
    ///
    /// [`StorageError`], where an earlier build of this crate wrote the file.
    pub(super) fn read(file: &[u8]) -> Result<Vec<Self>, StorageError> {
        if is_earlier(file) {
            return Err(StorageError::plain(
                "an earlier build wrote this in a form that is not read any more: begin with an empty folder",
            ));
        }
        Ok(file.split(|b| *b == b'\n').filter_map(Self::of).collect())
    }

    fn of(line: &[u8]) -> Option<Self> {
        let (sum, json) = str::from_utf8(line).ok()?.strip_prefix(SUM)?.split_once(RECORD)?;
        let json = json.strip_suffix('}')?;
        let whole = Sha256Sum::parse(sum)? == Sha256Sum::of(json.as_bytes());
        whole.then(|| serde_json::from_str(json).ok())?
    }
}

/// Whether an earlier build wrote the file: a journal without checksums, or a whole file of three lines.
fn is_earlier(file: &[u8]) -> bool {
    let sealed = || {
        let file = file.strip_suffix(b"\n")?;
        let (body, sum) = file.split_at(file.iter().rposition(|b| *b == b'\n')? + 1);
        Some(Sha256Sum::parse(str::from_utf8(sum).ok()?)? == Sha256Sum::of(body))
    };
    file.starts_with(br#"{"time":"#) || (file.starts_with(b"medmij-") && sealed() == Some(true))
}

/// A moment in UTC, in whole seconds, as a Tijdstempel.
pub(crate) mod moment {
    use std::time::SystemTime;

    use medmij_types::Tijdstempel;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de, ser};

    pub(crate) fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        let stamp = Tijdstempel::from_system_time(*at).map_err(ser::Error::custom)?;
        stamp.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let moment = Tijdstempel::deserialize(deserializer)?.to_system_time();
        moment.ok_or_else(|| de::Error::custom("moment is out of range"))
    }
}

/// Lets a type travel as the text that it shows.
macro_rules! as_text {
    ($type:ty, $read:expr) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $read(&text).ok_or_else(|| serde::de::Error::custom(concat!("no ", stringify!($type))))
            }
        }
    };
}

as_text!(ListKind, ListKind::from_root);
as_text!(SourceName, |text| SourceName::parse(text).ok());
as_text!(Sha256Sum, Sha256Sum::parse);

const SUM: &str = r#"{"sum":""#;
const RECORD: &str = r#"","record":"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supply::{Journalled, StorageKey};
    use medmij_types::{Tijdstempel, Volgnummer};
    use std::time::Duration;

    fn records() -> Vec<Record> {
        let source = SourceName::parse("stelselnode.localhost").unwrap();
        let key = StorageKey::new(source, 2, ListKind::Whitelist);
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let sha256 = Sha256Sum::of(b"x");
        let accepted = Journalled::Accepted {
            volgnummer: Volgnummer::new(u64::MAX).unwrap(),
            tijdstempel: Tijdstempel::parse("2026-11-22T07:00:00.5+01:00").unwrap(),
            sha256,
        };
        let lowered = Journalled::MemoryLowered {
            from: Volgnummer::new(9),
            to: None,
            reason: "\"fout\"\n".to_owned(),
        };
        let memory = RollbackMemory::default().after(Volgnummer::new(8).unwrap(), sha256);
        vec![
            Record::Journal(JournalEntry::new(at, key.clone(), accepted)),
            Record::Journal(JournalEntry::new(at, key, lowered)),
            Record::Memory(memory.after_lowering(None)),
            Record::Confirmed { sha256, at, seen: at },
        ]
    }

    #[test]
    fn each_record_is_one_line_of_json_and_reads_back() {
        let text: String = records().iter().map(|record| record.line().unwrap()).collect();
        assert_eq!(text.lines().count(), 4);
        for line in text.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
        assert_eq!(Record::read(text.as_bytes()).unwrap(), records());
    }

    #[test]
    fn l12_each_changed_or_missing_byte_is_noticed() {
        for record in records() {
            let file = record.line().unwrap().into_bytes();
            for at in 0..file.len() - 1 {
                let mut changed = file.clone();
                changed[at] ^= 1;
                assert_eq!(Record::read(&changed).unwrap(), [], "byte {at}");
                assert_eq!(Record::read(&file[..at]).unwrap(), [], "cut at {at}");
            }
        }
    }

    #[test]
    fn l12_a_line_that_a_crash_cut_off_is_left_out() {
        let whole = records()[0].line().unwrap();
        for cut in 0..whole.len() - 1 {
            let text = format!("{}\n{whole}", &whole[..cut]);
            assert_eq!(Record::read(text.as_bytes()).unwrap().len(), 1, "{cut}");
        }
    }

    #[test]
    fn l12_a_file_of_an_earlier_build_is_refused_and_not_read() {
        let body = "medmij-memory 1\n{\"volgnummer\":8,\"content\":null,\"lowered\":0}\n";
        let sealed = format!("{body}{}\n", Sha256Sum::of(body.as_bytes()));
        let journal = "{\"time\":\"2026-09-21T13:33:20Z\",\"list\":\"Whitelist\",\"source\":\"a.nl\",\"api\":2}\n";
        for earlier in [sealed.as_str(), journal] {
            let error = Record::read(earlier.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("earlier build"), "{error}");
        }
        // a damaged one is damaged, whoever wrote it
        assert_eq!(Record::read(format!("{body}0000\n").as_bytes()).unwrap(), []);
    }
}
