// SPDX-License-Identifier: AGPL-3.0-or-later
//! The environment of the process changes nothing: no proxy, no key log
//!
//! A test cannot change its own environment safely, so another one is run in a process that has it.

use std::process::Command;

#[test]
fn w6_no_proxy_and_no_key_log_is_taken_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("keys.log");
    let dead = "http://127.0.0.1:1";
    let mut child = Command::new(std::env::current_exe().unwrap());
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ] {
        child.env(name, dead);
    }
    let test = "client::core_whl_306_a_listed_host_is_asked_and_the_connection_is_kept";
    let ran = child
        .env_remove("NO_PROXY")
        .env("SSLKEYLOGFILE", &log)
        .args(["--exact", test])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    assert!(!log.exists());
}
