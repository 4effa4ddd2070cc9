// SPDX-License-Identifier: AGPL-3.0-or-later
//! Help, completions, man pages.

use crate::bench::Bench;

#[test]
fn help_names_all_commands() {
    let run = Bench::new().medmij(&["--help"]);
    assert_eq!(run.exit, 0);
    for command in [
        "validate",
        "lookup",
        "diff",
        "whitelist",
        "schema",
        "cache",
        "completions",
        "man",
        "Exit codes",
    ] {
        assert!(run.out.contains(command), "{command}");
    }
    for command in ["validate", "lookup", "diff", "cache"] {
        let run = Bench::new().medmij(&[command, "--help"]);
        assert!(run.exit == 0 && run.out.contains("Usage: medmij"), "{command}");
    }
    assert_eq!(Bench::new().medmij(&[]).exit, 2);
}

#[test]
fn completions_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = Bench::new().medmij(&["completions", shell]);
        assert!(run.exit == 0 && run.out.contains("validate"), "{shell}");
    }
    assert_eq!(Bench::new().medmij(&["completions", "onbekend"]).exit, 2);
}

#[test]
fn man_pages() {
    let bench = Bench::new();
    let run = bench.medmij(&["man"]);
    assert!(run.exit == 0 && run.out.contains(".TH medmij 1"), "{}", run.out);
    assert_eq!(bench.medmij(&["man", "pages"]).exit, 0);
    for page in ["medmij.1", "medmij-validate.1", "medmij-cache-refresh.1"] {
        assert!(bench.path().join("pages").join(page).is_file(), "{page}");
    }
}
