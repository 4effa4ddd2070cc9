// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names of files and folders, and what they say.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use medmij_types::Volgnummer;

use crate::{
    ListKind,
    supply::{CopyToStore, Sha256Sum, SourceName, StorageKey},
};

/// The name of a copy: `<number>-<second of fetching>-<checksum>.xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CopyName {
    pub(super) volgnummer: Volgnummer,
    pub(super) at: SystemTime,
    pub(super) sha256: Sha256Sum,
}

impl CopyName {
    pub(super) fn of(copy: &CopyToStore<'_>) -> Self {
        let since = copy.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
        Self {
            volgnummer: copy.volgnummer,
            at,
            sha256: copy.sha256,
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".xml")?.split('-');
        let (number, second, sum) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(second.parse().ok()?))?;
        let sha256 = Sha256Sum::parse(sum)?;
        Some(Self {
            volgnummer: Volgnummer::new(number.parse().ok()?)?,
            at,
            sha256,
        })
    }
}

impl fmt::Display for CopyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self
            .at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        write!(f, "{}-{second}-{}.xml", self.volgnummer, self.sha256)
    }
}

/// The folder of an api.
pub(super) fn api(key: &StorageKey) -> String {
    format!("api{}", key.api())
}

/// The key that a source folder, an api folder and a name in it say.
pub(super) fn key(source: &str, api: &str, list: &str) -> Option<StorageKey> {
    let source = SourceName::parse(source).ok()?;
    let api = api.strip_prefix("api")?.parse().ok()?;
    let list = ListKind::from_short(list.strip_suffix(".json").unwrap_or(list))?;
    Some(StorageKey::new(source, api, list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_copy_says_all_and_reads_back() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
        let name = CopyName::of(&CopyToStore::new(b"<a/>", Volgnummer::new(42).unwrap(), at));
        let text = name.to_string();
        assert!(text.starts_with("42-1700000000-") && text.ends_with(".xml"), "{text}");
        assert_eq!(CopyName::parse(&text), Some(name));
        for bad in [
            "42.xml",
            "confirmed.json",
            "0-1-00.xml",
            &text.replace(".xml", ".xml.part"),
            &format!("1-{text}"),
        ] {
            assert_eq!(CopyName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn folders_say_the_key() {
        let key = StorageKey::new(SourceName::parse("a.nl").unwrap(), 2, ListKind::Whitelist);
        assert_eq!(super::key("a.nl", &api(&key), "whitelist.json"), Some(key.clone()));
        assert_eq!(super::key("a.nl", "api2", "whitelist"), Some(key));
        assert_eq!(super::key("a.nl", "2", "whitelist"), None);
        assert_eq!(super::key("a.nl", "api2", "telefoonboek"), None);
    }
}
