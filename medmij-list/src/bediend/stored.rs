// SPDX-License-Identifier: AGPL-3.0-or-later
//! `bediend.json` in the folder of a [`FileKeep`]: the end times outlive the process (core.gegevensdiensten.104).

use medmij_types::{Aanbiedernaam, GegevensdienstId, Tijdstempel};
use serde::{Deserialize, Serialize};

use super::{BediendKeep, BediendeAanbieders, Registratie};
use crate::supply::{FileKeep, KeepError, files::sealed};

impl BediendKeep for FileKeep {
    fn load_bediend(&self) -> Result<Option<BediendeAanbieders>, KeepError> {
        let Some(bytes) = self.read_whole(FILE)? else {
            return Ok(None);
        };
        let damaged = || KeepError::plain(format!("{FILE} in {} is damaged", self.folder().display()));
        let file: File = sealed::open(&bytes).ok_or_else(damaged)?;
        let entries: Option<Vec<_>> = file.0.into_iter().map(Entry::read).collect();
        Ok(Some(entries.ok_or_else(damaged)?.into_iter().collect()))
    }

    fn store_bediend(&self, bediend: &BediendeAanbieders) -> Result<(), KeepError> {
        let entries: Result<_, _> = bediend.registraties().map(Entry::of).collect();
        self.replace_whole(FILE, &sealed::seal(&File(entries?))?)
    }
}

#[derive(Serialize, Deserialize)]
struct File(Vec<Entry>);

impl sealed::Sealed for File {
    const MARK: &'static str = "medmij-bediend 1";
}

#[derive(Serialize, Deserialize)]
struct Entry {
    aanbieder: String,
    gegevensdienst: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    vervalt: Option<String>,
}

impl Entry {
    fn of(entry: Registratie) -> Result<Self, KeepError> {
        let vervalt = entry.vervalt.map(Tijdstempel::from_system_time).transpose();
        let vervalt = vervalt.map_err(|e| KeepError::new("the moment of a lapse is out of range", e))?;
        Ok(Self {
            aanbieder: entry.aanbieder.as_str().to_owned(),
            gegevensdienst: entry.gegevensdienst.as_str().to_owned(),
            vervalt: vervalt.map(|stamp| stamp.as_str().to_owned()),
        })
    }

    fn read(self) -> Option<Registratie> {
        let mut entry = Registratie::new(
            Aanbiedernaam::parse(&self.aanbieder).ok()?,
            GegevensdienstId::parse(&self.gegevensdienst).ok()?,
        );
        if let Some(stamp) = self.vervalt {
            entry.vervalt = Some(Tijdstempel::parse(&stamp).ok()?.to_system_time()?);
        }
        Some(entry)
    }
}

const FILE: &str = "bediend.json";

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn core_gegevensdiensten_104_end_times_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let keep = FileKeep::open(folder.path()).unwrap();
        assert_eq!(keep.load_bediend().unwrap(), None);
        let entry = |naam: &str, id: &str| {
            Registratie::new(
                Aanbiedernaam::parse(naam).unwrap(),
                GegevensdienstId::parse(id).unwrap(),
            )
        };
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_500);
        let bediend: BediendeAanbieders = [
            entry("umcharderwijk", "48"),
            entry("umcharderwijk", "51").until(at),
            entry("test.huisarts", "48"),
        ]
        .into_iter()
        .collect();
        keep.store_bediend(&bediend).unwrap();
        assert_eq!(keep.load_bediend().unwrap(), Some(bediend));
        std::fs::write(folder.path().join(FILE), "x").unwrap();
        assert!(keep.load_bediend().unwrap_err().to_string().contains("bediend.json"));
    }
}
