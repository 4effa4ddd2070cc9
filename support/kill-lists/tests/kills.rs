// SPDX-License-Identifier: AGPL-3.0-or-later
//! Security R3, with a number of kills that is fit for every run of the tests.

use std::process::Command;

#[test]
fn r3_no_kill_leaves_an_unreadable_copy_or_a_rollback() {
    let run = Command::new(env!("CARGO_BIN_EXE_kill-lists"))
        .args(["--kills", "60"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}");
    for line in [
        "unreadable copies               0",
        "rollbacks                       0",
        "mixes                           0",
    ] {
        assert!(said.contains(line), "{said}");
    }
}
