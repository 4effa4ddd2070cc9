// SPDX-License-Identifier: AGPL-3.0-or-later
//! R3: the process ends between any two file operations; the next start finds a whole copy and no older list.

use std::sync::Arc;

use medmij_list::supply::{FileStorage, Journalled, ListStorage as _, StorageStep, SupplyEvent};

use crate::supply::{
    bench::{Node, names, whitelist},
    faulty_files::FaultyFiles,
};

#[test]
fn r3_a_crash_at_each_file_operation_of_a_refresh() {
    let hosts: Vec<String> = (0..4000).map(|n| format!("node{n}.voorbeeld.nl")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let (old, new) = (whitelist(7, &hosts), whitelist(8, &hosts));
    assert!(new.len() > 3 * 64 * 1024, "several writes");

    let operations = {
        let folder = tempfile::tempdir().unwrap();
        let files = FaultyFiles::default();
        let mut node = Node::with_storage(Arc::new(FileStorage::with_layer(
            folder.path(),
            Arc::new(files.clone()),
        )));
        node.takes(old.clone());
        let before = files.operations();
        node.takes(new.clone());
        files.operations() - before
    };
    assert!(operations > 15, "{operations}");

    let (mut came_back, mut not_remembered) = ([0, 0], 0);
    for at in 0..=operations {
        let folder = tempfile::tempdir().unwrap();
        let files = FaultyFiles::default();
        let mut node = Node::with_storage(Arc::new(FileStorage::with_layer(
            folder.path(),
            Arc::new(files.clone()),
        )));
        node.takes(old.clone());
        files.die_after(at);
        let events = node.takes(new.clone());
        // its copy was stored, whatever became of journal and memory
        let in_force_before_the_end = !events
            .iter()
            .any(|event| matches!(event, SupplyEvent::StorageFailed { step, .. } if *step == StorageStep::Copy));

        not_remembered += u32::from(in_force_before_the_end && node.remembered() == Some(7));
        let storage = Arc::new(FileStorage::open(folder.path()).unwrap());
        let mut node = Node::with_storage(Arc::clone(&storage) as _);
        assert_eq!(names(&node.restored), ["kept"], "operation {at}");
        let number = node.number().unwrap();
        assert!(number == 7 || number == 8, "operation {at}");
        assert!(number == 8 || !in_force_before_the_end, "operation {at}: rollback");
        assert_eq!(node.remembered(), Some(number), "operation {at}");
        let journal = storage.journal().unwrap();
        let last = journal.iter().filter_map(|entry| match &entry.what {
            Journalled::Accepted { volgnummer, .. } => Some(volgnummer.value()),
            _ => None,
        });
        assert_eq!(last.max(), Some(number), "operation {at}");
        came_back[usize::from(number == 8)] += 1;
        node.takes(new.clone());
        let left = std::fs::read_dir(folder.path().join("copies/stelselnode.localhost/api2/whitelist"))
            .unwrap()
            .count();
        assert!(left <= 2, "operation {at}: {left} files");
    }
    assert!(
        came_back.iter().all(|count| *count > 3),
        "both sides of the rename: {came_back:?}"
    );
    assert!(not_remembered > 3, "in force and not yet remembered: {not_remembered}");
}
