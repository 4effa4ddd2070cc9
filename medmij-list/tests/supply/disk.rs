// SPDX-License-Identifier: AGPL-3.0-or-later
//! R4: disk full and read-only. The new list is in use in memory, the old copy is whole, an event tells, and as soon as
//! there is room the copy is stored.

use std::sync::Arc;

use medmij_list::supply::FileStorage;

use crate::supply::{
    bench::{Node, minutes, names, whitelist},
    faulty_files::FaultyFiles,
};

#[test]
fn r4_disk_full_or_read_only() {
    for fault in [FaultyFiles::set_full, FaultyFiles::set_read_only] {
        let folder = tempfile::tempdir().unwrap();
        let files = FaultyFiles::default();
        let mut node = Node::with_storage(Arc::new(FileStorage::with_layer(
            folder.path(),
            Arc::new(files.clone()),
        )));
        node.takes(whitelist(7, &["a.nl"]));

        fault(&files, true);
        let events = node.takes(whitelist(8, &["a.nl", "b.nl"]));
        assert_eq!(names(&events), ["keep failed", "accepted"]);
        assert_eq!(node.number(), Some(8), "in force all the same");
        let kept = node.storage.load(&node.key()).unwrap();
        assert_eq!(
            kept.copy.unwrap().bytes,
            whitelist(7, &["a.nl"]),
            "the old copy is whole"
        );
        assert_eq!(kept.memory.volgnummer.unwrap().value(), 7);
        // still full: said again at each refresh
        assert!(names(&node.takes(whitelist(8, &["a.nl", "b.nl"]))).contains(&"keep failed"));

        fault(&files, false);
        assert_eq!(names(&node.takes(whitelist(8, &["a.nl", "b.nl"]))), ["unchanged"]);
        assert_eq!(names(&node.takes(whitelist(8, &["a.nl", "b.nl"]))), ["unchanged"]);
        let node = node.restart(minutes(1));
        assert_eq!((node.number(), node.remembered()), (Some(8), Some(8)));
        assert_eq!(node.storage.journal().unwrap().len(), 2, "the half line is not read");
    }
}

#[test]
fn r4_a_keep_that_cannot_be_read_at_all_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // a file where a folder is expected
    std::fs::write(folder.path().join("memory"), "x").unwrap();
    std::fs::write(folder.path().join("copies"), "x").unwrap();
    let mut node = Node::with_storage(Arc::new(FileStorage::open(folder.path()).unwrap()));
    let completed = node.fetch(Ok(whitelist(7, &["a.nl"])));
    assert!(completed.result.is_ok());
    assert!(
        names(&completed.events).contains(&"keep failed"),
        "{:?}",
        completed.events
    );
    assert_eq!(node.number(), Some(7));
    assert!(
        node.refuses(whitelist(6, &["a.nl"])).contains("LowerVolgnummer"),
        "the process itself still knows"
    );
}

#[test]
fn r4_a_list_that_could_not_be_stored_leaves_the_previous_one_for_the_next_start() {
    for fault in [FaultyFiles::set_full, FaultyFiles::set_read_only] {
        let folder = tempfile::tempdir().unwrap();
        let files = FaultyFiles::default();
        let mut node = Node::with_storage(Arc::new(FileStorage::with_layer(
            folder.path(),
            Arc::new(files.clone()),
        )));
        node.takes(whitelist(7, &["a.nl"]));
        fault(&files, true);
        node.takes(whitelist(8, &["a.nl", "b.nl"]));
        assert_eq!((node.number(), node.remembered()), (Some(8), Some(7)));
        // the disk is still full at the next start
        let mut node = node.restart(minutes(1));
        assert_eq!((names(&node.restored), node.number()), (vec!["kept"], Some(7)));
        fault(&files, false);
        node.takes(whitelist(8, &["a.nl", "b.nl"]));
        let node = node.restart(minutes(1));
        assert_eq!((node.number(), node.remembered()), (Some(8), Some(8)));
    }
}

#[test]
fn l9_kept_state_that_was_put_back_while_the_journal_knows_better_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = Node::with_storage(Arc::new(FileStorage::open(folder.path()).unwrap()));
    node.takes(whitelist(7, &["a.nl"]));
    let backup = tempfile::tempdir().unwrap();
    for part in ["memory", "copies"] {
        copy_all(&folder.path().join(part), &backup.path().join(part));
    }
    node.takes(whitelist(8, &["a.nl", "b.nl"]));
    for part in ["memory", "copies"] {
        std::fs::remove_dir_all(folder.path().join(part)).unwrap();
        copy_all(&backup.path().join(part), &folder.path().join(part));
    }
    let mut node = node.restart(minutes(1));
    assert_eq!(names(&node.restored), ["rolled back", "copy not used"]);
    assert!(
        node.restored
            .iter()
            .all(medmij_list::supply::SupplyEvent::needs_attention)
    );
    assert_eq!(node.number(), None);
    assert!(node.refuses(whitelist(7, &["a.nl"])).contains("LowerVolgnummer"));
    node.takes(whitelist(8, &["a.nl", "b.nl"]));
    assert_eq!(names(&node.restart(minutes(1)).restored), ["kept"]);
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &there);
        } else {
            std::fs::copy(entry.path(), there).unwrap();
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
        path::{Path, PathBuf},
    };

    use super::*;

    fn everything(folder: &Path) -> Vec<PathBuf> {
        let mut found = vec![folder.to_owned()];
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(everything(&path));
            } else {
                found.push(path);
            }
        }
        found
    }

    fn open_to_others(folder: &Path) -> Vec<PathBuf> {
        let mut open = everything(folder);
        open.retain(|path| fs::metadata(path).unwrap().permissions().mode() & 0o077 != 0);
        open
    }

    #[test]
    fn l12_what_is_kept_belongs_to_one_user_and_open_permissions_are_taken_away() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("lijsten");
        let mut node = Node::with_storage(Arc::new(FileStorage::open(&folder).unwrap()));
        node.takes(whitelist(7, &["a.nl"]));
        node.takes(whitelist(7, &["a.nl"]));
        assert_eq!(open_to_others(&folder), [] as [PathBuf; 0]);
        for path in everything(&folder) {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        }
        let mut node = Node::with_storage(Arc::new(FileStorage::open(&folder).unwrap()));
        assert_eq!(node.number(), Some(7));
        node.takes(whitelist(8, &["a.nl"]));
        assert_eq!(open_to_others(&folder), [] as [PathBuf; 0]);
    }

    #[test]
    fn l12_no_symbolic_link_is_followed() {
        let outer = tempfile::tempdir().unwrap();
        let real = outer.path().join("elders");
        fs::create_dir(&real).unwrap();
        fs::write(real.join("bestand"), "niet aanraken").unwrap();
        let link = outer.path().join("link");
        symlink(&real, &link).unwrap();
        let error = FileStorage::open(&link).unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");

        let at = "stelselnode.localhost/api2/whitelist";
        for linked in [
            "journal.jsonl".to_owned(),
            "lock".to_owned(),
            "memory".to_owned(),
            "copies".to_owned(),
            format!("memory/{at}.json"),
            format!("memory/{at}.json.part"),
            format!("copies/{at}"),
            format!("copies/{at}/confirmed.json"),
        ] {
            let folder = outer.path().join("lijsten");
            fs::create_dir(&folder).unwrap();
            let path = folder.join(&linked);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let target = if linked.contains('.') && !linked.ends_with("whitelist") || linked == "lock" {
                real.join("bestand")
            } else {
                real.clone()
            };
            symlink(&target, &path).unwrap();
            let mut node = Node::with_storage(Arc::new(FileStorage::open(&folder).unwrap()));
            node.takes(whitelist(7, &["a.nl"]));
            node.takes(whitelist(7, &["a.nl"]));
            assert_eq!(
                fs::read_to_string(real.join("bestand")).unwrap(),
                "niet aanraken",
                "{linked}"
            );
            assert_eq!(fs::read_dir(&real).unwrap().count(), 1, "{linked}");
            fs::remove_dir_all(&folder).unwrap();
        }
    }
}
