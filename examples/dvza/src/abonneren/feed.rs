// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is new in the source systems, by the moment at which it came: a folder knows it of its files, a database keeps it in
//! a table of its own by triggers. A position is such a moment, so that replicas with one clock read one feed.

use medmij_abonneren::{Change, ChangeFeed, Changes, FeedError};
use medmij_oauth::seal::PersoonIndex;
use medmij_types::{Aanbiedernaam, Clock as _, GegevensdienstId, SystemClock};
use rusqlite::{Connection, OpenFlags, params};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What came within the last second is read the next time: by then everything of that moment is there.
const SETTLES: Duration = Duration::from_secs(1);

/// The feed of one source system.
#[derive(Clone)]
pub(crate) enum Feed {
    Folder(Arc<FolderFeed>),
    Sql(Arc<SqlFeed>),
}

/// Folders `<persoon>/<gegevensdienst>` with files.
pub(crate) struct FolderFeed {
    pub(crate) aanbieder: Aanbiedernaam,
    pub(crate) root: PathBuf,
    /// What the source system calls a person, with the index of that person.
    pub(crate) personen: Vec<(String, PersoonIndex)>,
    pub(crate) gegevensdiensten: Vec<GegevensdienstId>,
}

/// A database that writes down its changes.
pub(crate) struct SqlFeed {
    pub(crate) aanbieder: Aanbiedernaam,
    pub(crate) database: PathBuf,
    pub(crate) personen: Vec<(String, PersoonIndex)>,
}

impl SqlFeed {
    /// The table of changes, which the triggers of [`START`](Self::START) fill.
    pub(crate) const SCHEMA: &'static str = "
CREATE TABLE IF NOT EXISTS fhir_change (at INTEGER NOT NULL, persoon TEXT NOT NULL, gegevensdienst TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS fhir_change_at ON fhir_change (at);
DROP TRIGGER IF EXISTS fhir_added;
DROP TRIGGER IF EXISTS fhir_changed;";
    /// From now on changes count.
    pub(crate) const START: &'static str = "
CREATE TRIGGER fhir_added AFTER INSERT ON fhir_resource BEGIN
    INSERT INTO fhir_change VALUES
        (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.persoon, NEW.gegevensdienst);
END;
CREATE TRIGGER fhir_changed AFTER UPDATE ON fhir_resource BEGIN
    INSERT INTO fhir_change VALUES
        (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.persoon, NEW.gegevensdienst);
END;";
}

/// Something new: since when, of whom, for which gegevensdienst.
type Found = (u64, PersoonIndex, GegevensdienstId);

impl Feed {
    /// What the store calls it.
    pub(crate) fn name(&self) -> String {
        let (kind, aanbieder) = match self {
            Self::Folder(feed) => ("map", &feed.aanbieder),
            Self::Sql(feed) => ("sql", &feed.aanbieder),
        };
        format!("{kind} {aanbieder}")
    }

    /// The position of a moment: everything after it is new.
    pub(crate) fn position(at: SystemTime) -> String {
        millis(at).to_string()
    }

    fn aanbieder(&self) -> &Aanbiedernaam {
        match self {
            Self::Folder(feed) => &feed.aanbieder,
            Self::Sql(feed) => &feed.aanbieder,
        }
    }

    fn read(&self, after: u64, until: u64) -> Result<Vec<Found>, FeedError> {
        match self {
            Self::Folder(feed) => feed.read(after, until),
            Self::Sql(feed) => feed.read(after, until).map_err(|error| FeedError(error.to_string())),
        }
    }
}

impl ChangeFeed for Feed {
    async fn after(&self, position: Option<&str>, most: usize) -> Result<Changes, FeedError> {
        let position = position.unwrap_or_default().to_owned();
        let after: u64 = position.parse().unwrap_or_default();
        let until = millis(SystemClock::default().now() - SETTLES);
        let feed = self.clone();
        let read = tokio::task::spawn_blocking(move || feed.read(after, until)).await;
        let mut found = read.map_err(|error| FeedError(error.to_string()))??;
        found.sort_by_key(|found| found.0);
        // a moment is read whole
        if let Some((last, ..)) = found.get(most) {
            let last = *last;
            let first = found.first().map_or(last, |first| first.0);
            found.retain(|(at, ..)| *at < last || first == last);
        }
        let position = found.last().map_or(position, |last| last.0.to_string());
        // several files of one person are one piece of news, since the first of them
        let mut news: BTreeMap<(Vec<u8>, GegevensdienstId), Change> = BTreeMap::new();
        for (at, persoon, id) in found {
            let since = UNIX_EPOCH + Duration::from_millis(at);
            let key = (persoon.as_bytes().to_vec(), id.clone());
            news.entry(key)
                .or_insert_with(|| Change::new(persoon, self.aanbieder().clone(), id, since));
        }
        let mut changes: Vec<Change> = news.into_values().collect();
        changes.sort_by_key(|change| change.available);
        Ok(Changes::new(changes, position))
    }
}

impl FolderFeed {
    fn read(&self, after: u64, until: u64) -> Result<Vec<Found>, FeedError> {
        let mut found = Vec::new();
        for (map, persoon) in &self.personen {
            for id in &self.gegevensdiensten {
                let folder = self.root.join(map).join(id.as_str());
                if !folder.is_dir() {
                    continue;
                }
                let failed = |error: std::io::Error| FeedError(error.to_string());
                for entry in std::fs::read_dir(&folder).map_err(failed)? {
                    let path = entry.map_err(failed)?.path();
                    if path.extension().is_none_or(|extension| extension != "json") {
                        continue;
                    }
                    let at = changed(&path).map_err(failed)?;
                    if at > after && at <= until {
                        found.push((at, *persoon, id.clone()));
                    }
                }
            }
        }
        Ok(found)
    }
}

impl SqlFeed {
    fn read(&self, after: u64, until: u64) -> rusqlite::Result<Vec<Found>> {
        let connection = Connection::open_with_flags(&self.database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let sql = "SELECT at, persoon, gegevensdienst FROM fhir_change WHERE at > ?1 AND at <= ?2 ORDER BY at";
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query(params![signed(after), signed(until)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (at, map, id): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let persoon = self.personen.iter().find(|(known, _)| *known == map);
            // of whom it has no number, nobody has an Abonnement
            if let (Some((_, persoon)), Ok(id), Ok(at)) = (persoon, GegevensdienstId::parse(&id), u64::try_from(at)) {
                found.push((at, *persoon, id));
            }
        }
        Ok(found)
    }
}

/// When a file came to be as it is here: also where it was moved in with an older date.
fn changed(path: &Path) -> std::io::Result<u64> {
    let metadata = std::fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let millis = metadata.ctime().saturating_mul(1000) + metadata.ctime_nsec() / 1_000_000;
        Ok(u64::try_from(millis).unwrap_or_default())
    }
    #[cfg(not(unix))]
    Ok(millis(metadata.modified()?))
}

fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn persoon(number: u8) -> PersoonIndex {
        PersoonIndex::from_bytes([number; 32])
    }

    fn id(text: &str) -> GegevensdienstId {
        GegevensdienstId::parse(text).unwrap()
    }

    /// Reads until there is something: what came within the last second is not there yet.
    async fn news(feed: &Feed, position: &str) -> Changes {
        loop {
            let changes = feed.after(Some(position), 500).await.unwrap();
            if !changes.changes.is_empty() {
                return changes;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn folder_feed(root: &Path) -> Feed {
        Feed::Folder(Arc::new(FolderFeed {
            aanbieder: Aanbiedernaam::parse("ziekenhuisdelinde").unwrap(),
            root: root.to_owned(),
            personen: vec![("een".to_owned(), persoon(1)), ("twee".to_owned(), persoon(2))],
            gegevensdiensten: vec![id("48"), id("51")],
        }))
    }

    #[tokio::test]
    async fn ext_abo_rscnotint_206_a_file_that_comes_is_news_once_and_two_of_one_person_are_one() {
        let root = tempfile::tempdir().unwrap();
        for place in ["een/48", "een/51", "twee/48"] {
            std::fs::create_dir_all(root.path().join(place)).unwrap();
        }
        let feed = folder_feed(root.path());
        // the clock of a file system is some milliseconds behind
        let began = Feed::position(SystemClock::default().now() - SETTLES);
        std::fs::write(root.path().join("een/48/a.json"), "{}").unwrap();
        std::fs::write(root.path().join("een/48/b.json"), "{}").unwrap();
        std::fs::write(root.path().join("een/48/.aside"), "{}").unwrap();
        let first = news(&feed, &began).await;
        let of = |changes: &Changes| -> Vec<(PersoonIndex, GegevensdienstId)> {
            let each = changes.changes.iter();
            each.map(|change| (change.persoon, change.gegevensdienst.clone()))
                .collect()
        };
        assert_eq!(of(&first), [(persoon(1), id("48"))]);
        assert!(feed.after(Some(&first.position), 500).await.unwrap().changes.is_empty());
        // moved in with an old date
        let old = root.path().join("old");
        let file = std::fs::File::create(&old).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(86_400)).unwrap();
        std::fs::rename(&old, root.path().join("twee/48/c.json")).unwrap();
        let second = news(&feed, &first.position).await;
        assert_eq!(of(&second), [(persoon(2), id("48"))]);
        // a part that is full ends before the moment that does not fit
        std::fs::write(root.path().join("een/51/d.json"), "{}").unwrap();
        news(&feed, &second.position).await;
        let mut position = began;
        let mut seen = 0;
        loop {
            let part = feed.after(Some(&position), 1).await.unwrap();
            if part.changes.is_empty() {
                break;
            }
            seen += part.changes.len();
            position = part.position;
        }
        assert!(seen >= 3, "{seen}");
    }

    #[tokio::test]
    async fn ext_abo_rscnotint_206_a_row_that_is_added_or_changed_in_a_database_is_news() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("bron.db");
        let connection = Connection::open(&database).unwrap();
        let schema = medmij_fhir::server::SqlStatements::SCHEMA;
        connection.execute_batch(schema).unwrap();
        connection.execute_batch(SqlFeed::SCHEMA).unwrap();
        let add = "INSERT INTO fhir_resource VALUES (?1, '48', 'Patient', ?2, '{}')";
        connection.execute(add, ["een", "before"]).unwrap();
        connection.execute_batch(SqlFeed::START).unwrap();
        let feed = Feed::Sql(Arc::new(SqlFeed {
            aanbieder: Aanbiedernaam::parse("huisartsdewilg").unwrap(),
            database,
            personen: vec![("een".to_owned(), persoon(1))],
        }));
        connection.execute(add, ["een", "after"]).unwrap();
        connection.execute(add, ["niemand", "after"]).unwrap();
        let first = news(&feed, "0").await;
        assert_eq!(first.changes.len(), 1);
        connection
            .execute("UPDATE fhir_resource SET body = '{ }' WHERE id = 'before'", [])
            .unwrap();
        let second = news(&feed, &first.position).await;
        assert_eq!(second.changes.len(), 1);
        assert!(
            feed.after(Some(&second.position), 500)
                .await
                .unwrap()
                .changes
                .is_empty()
        );
    }
}
