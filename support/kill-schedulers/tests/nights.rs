// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.102, with numbers that are fit for every run of the tests.

use std::process::Command;

#[test]
fn core_gegevensuitwisseling_102_a_kill_every_night_loses_and_repeats_nothing() {
    let run = Command::new(env!("CARGO_BIN_EXE_kill-schedulers"))
        .args(["--accounts", "30", "--nights", "3", "--plan", "0"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}");
    for line in [
        "lost                              0",
        "repeated within 24 hours          0",
        "outside the window                0",
        "orders gone                       0",
    ] {
        assert!(said.contains(line), "{said}");
    }
}
