// SPDX-License-Identifier: AGPL-3.0-or-later
//! R4: disk full and read-only. The new list is in use in memory, the old copy is whole, an event tells, and as soon as
//! there is room the copy is stored.

use std::sync::Arc;

use medmij_list::supply::FileKeep;

use crate::{
    bench::{Node, minutes, names, whitelist},
    faulty_files::FaultyFiles,
};

#[test]
fn r4_disk_full_or_read_only() {
    for fault in [FaultyFiles::set_full, FaultyFiles::set_read_only] {
        let folder = tempfile::tempdir().unwrap();
        let files = FaultyFiles::default();
        let mut node = Node::with_keep(Arc::new(FileKeep::with_layer(folder.path(), Arc::new(files.clone()))));
        node.takes(whitelist(7, &["a.nl"]));

        fault(&files, true);
        let events = node.takes(whitelist(8, &["a.nl", "b.nl"]));
        assert_eq!(
            names(&events),
            ["keep failed", "keep failed", "keep failed", "accepted"]
        );
        assert_eq!(node.number(), Some(8), "in force all the same");
        let kept = node.keep.load(&node.key()).unwrap();
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
        assert_eq!(node.keep.journal().unwrap().len(), 2, "the half line is not read");
    }
}

#[test]
fn r4_a_keep_that_cannot_be_read_at_all_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // a file where a folder is expected
    std::fs::write(folder.path().join("memory"), "x").unwrap();
    std::fs::write(folder.path().join("copies"), "x").unwrap();
    let mut node = Node::with_keep(Arc::new(FileKeep::open(folder.path()).unwrap()));
    let landed = node.fetch(Ok(whitelist(7, &["a.nl"])));
    assert!(landed.result.is_ok());
    assert!(names(&landed.events).contains(&"keep failed"), "{:?}", landed.events);
    assert_eq!(node.number(), Some(7));
    assert!(
        node.refuses(whitelist(6, &["a.nl"])).contains("LowerVolgnummer"),
        "the process itself still knows"
    );
}
