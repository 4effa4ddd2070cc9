// SPDX-License-Identifier: AGPL-3.0-or-later
//! L12, R4: a copy that is damaged, half, swapped or gone is never used, and the memory survives it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use medmij_list::{
    ListKind,
    supply::{FileStorage, ListStorage as _, SourceName, StorageKey},
};

use crate::supply::bench::{Node, minutes, names, whitelist};

struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn boot(&self) -> Node {
        Node::with_storage(Arc::new(FileStorage::open(self.folder.path()).unwrap()))
    }

    fn copies(&self) -> PathBuf {
        self.folder.path().join("copies/stelselnode.localhost/api2/whitelist")
    }

    fn memory(&self) -> PathBuf {
        self.folder
            .path()
            .join("memory/stelselnode.localhost/api2/whitelist.json")
    }

    fn copy(&self) -> PathBuf {
        let mut names = files(&self.copies());
        names.retain(|name| name.extension().is_some_and(|e| e == "xml"));
        assert_eq!(names.len(), 1, "{names:?}");
        names.remove(0)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn what_is_kept_comes_back() {
    let disk = Disk::new();
    let mut node = disk.boot();
    node.takes(whitelist(7, &["a.nl"]));
    node.takes(whitelist(8, &["a.nl"]));
    node.takes(whitelist(8, &["a.nl"]));
    assert_eq!(
        fs::read(disk.copy()).unwrap(),
        whitelist(8, &["a.nl"]),
        "the exact bytes, and only the last"
    );
    let mut names_there: Vec<_> = files(&disk.copies())
        .iter()
        .map(|f| f.extension().unwrap().to_owned())
        .collect();
    names_there.sort();
    assert_eq!(names_there, ["json", "xml"]);
    let node = node.restart(minutes(3));
    assert_eq!(
        (names(&node.restored), node.number(), node.cache.age()),
        (vec!["kept"], Some(8), Some(minutes(3)))
    );
    let key = StorageKey::new(
        SourceName::parse("stelselnode.localhost").unwrap(),
        2,
        ListKind::Whitelist,
    );
    assert_eq!(FileStorage::open(disk.folder.path()).unwrap().keys().unwrap(), [key]);
}

#[test]
fn l12_a_damaged_copy_is_never_used_and_the_memory_survives() {
    let flip = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        bytes
    };
    let good = whitelist(8, &["a.nl"]);
    let mut damages: Vec<Vec<u8>> = (0..good.len()).step_by(7).map(|at| flip(&good, at)).collect();
    damages.extend((0..good.len()).step_by(11).map(|cut| good[..cut].to_vec()));
    damages.push(whitelist(8, &["kwaad.nl"]));
    damages.push(whitelist(6, &["a.nl"]));
    damages.push([good.clone(), good.clone()].concat());
    for damage in damages {
        let disk = Disk::new();
        let mut node = disk.boot();
        node.takes(good.clone());
        fs::write(disk.copy(), &damage).unwrap();
        let mut node = disk.boot();
        assert_eq!((names(&node.restored), node.number()), (vec!["copy not used"], None));
        assert!(node.refuses(whitelist(7, &["a.nl"])).contains("LowerVolgnummer"));
        assert!(node.refuses(whitelist(8, &["kwaad.nl"])).contains("OtherContent"));
        assert_eq!(names(&node.takes(good.clone())), ["accepted"]);
        assert_eq!(names(&disk.boot().restored), ["kept"], "whole again");
    }
}

#[test]
fn l12_a_whole_copy_of_an_older_list_is_not_used() {
    let disk = Disk::new();
    let mut node = disk.boot();
    node.takes(whitelist(7, &["a.nl"]));
    let (old_name, old) = (disk.copy(), fs::read(disk.copy()).unwrap());
    node.takes(whitelist(8, &["a.nl"]));
    fs::remove_file(disk.copy()).unwrap();
    fs::write(old_name, old).unwrap();
    let node = disk.boot();
    assert_eq!(
        (names(&node.restored), node.number(), node.remembered()),
        (vec!["copy not used"], None, Some(8))
    );
}

#[test]
fn l12_the_copies_may_be_thrown_away() {
    let disk = Disk::new();
    disk.boot().takes(whitelist(8, &["a.nl"]));
    fs::remove_dir_all(disk.folder.path().join("copies")).unwrap();
    let mut node = disk.boot();
    assert_eq!((names(&node.restored), node.number()), (vec![], None));
    assert!(node.refuses(whitelist(7, &["a.nl"])).contains("LowerVolgnummer"));
    node.takes(whitelist(8, &["a.nl"]));
}

#[test]
fn l12_a_damaged_memory_is_made_again_from_the_journal() {
    for damage in [
        "",
        "{}",
        "medmij-memory 1\n{\"volgnummer\":1,\"content\":null,\"lowered\":0}\n0000\n",
    ] {
        let disk = Disk::new();
        let mut node = disk.boot();
        node.takes(whitelist(7, &["a.nl"]));
        node.takes(whitelist(9, &["a.nl"]));
        fs::write(disk.memory(), damage).unwrap();
        fs::remove_dir_all(disk.folder.path().join("copies")).unwrap();
        let mut node = disk.boot();
        assert_eq!(names(&node.restored), ["copy not used"], "the damage is told");
        assert!(
            node.refuses(whitelist(8, &["a.nl"])).contains("LowerVolgnummer"),
            "{damage:?}"
        );
        node.takes(whitelist(9, &["a.nl"]));
        assert_eq!(names(&disk.boot().restored), ["kept"], "and repaired");
    }
}

#[test]
fn l12_a_memory_that_is_gone_is_made_again_from_the_journal() {
    let disk = Disk::new();
    let mut node = disk.boot();
    node.takes(whitelist(7, &["a.nl"]));
    node.takes(whitelist(9, &["a.nl"]));
    fs::remove_file(disk.memory()).unwrap();
    let node = disk.boot();
    assert_eq!((names(&node.restored), node.number()), (vec!["kept"], Some(9)));
    fs::remove_file(disk.memory()).unwrap();
    fs::remove_dir_all(disk.folder.path().join("copies")).unwrap();
    let mut node = disk.boot();
    assert!(node.refuses(whitelist(8, &["a.nl"])).contains("LowerVolgnummer"));
    node.takes(whitelist(9, &["a.nl"]));
    assert!(disk.memory().exists());
}

#[test]
fn l12_odd_things_in_the_folder_harm_nothing() {
    let disk = Disk::new();
    disk.boot().takes(whitelist(8, &["a.nl"]));
    let name = disk
        .copy()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .replacen('8', "99", 1);
    fs::create_dir(disk.copies().join(name)).unwrap();
    fs::write(disk.copies().join("9-1-00.xml"), "x").unwrap();
    fs::write(disk.copies().join("10-1.xml.part"), "x").unwrap();
    fs::write(disk.copies().join("confirmed.json"), "x").unwrap();
    let node = disk.boot();
    assert_eq!(
        (node.number(), names(&node.restored)),
        (Some(8), vec!["copy not used", "kept"])
    );
}

#[test]
fn l9_a_lowering_in_the_folder_is_followed_and_removes_higher_copies() {
    use medmij_types::{Clock as _, Volgnummer};
    let disk = Disk::new();
    let mut node = disk.boot();
    node.takes(whitelist(900, &["kwaad.nl"]));
    let storage = FileStorage::open(disk.folder.path()).unwrap();
    let lowering = medmij_list::supply::Lowering::new(Volgnummer::new(7), "fout", node.clock.now());
    storage.danger_lower(&node.key(), &lowering).unwrap();
    assert_eq!(disk.boot().number(), None);
    assert_eq!(
        names(&node.takes(whitelist(8, &["a.nl"]))),
        ["memory lowered", "accepted"]
    );
    assert_eq!((disk.boot().number(), storage.journal().unwrap().len()), (Some(8), 3));
}

#[test]
fn l12_a_folder_that_an_earlier_build_wrote_is_refused_with_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let earlier = "{\"time\":\"2026-09-21T13:33:20Z\",\"list\":\"Whitelist\",\"source\":\"a.nl\",\"api\":2}\n";
    fs::write(folder.path().join("journal.jsonl"), earlier).unwrap();
    let error = FileStorage::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("earlier build"), "{error}");
}
