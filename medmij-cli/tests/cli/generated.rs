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
        "policy",
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

/// Help can be read without knowing the code: every command says what it does, and every one that answers says with what
/// it exits.
#[test]
fn every_command_has_help_that_says_its_exit_codes() {
    let bench = Bench::new();
    for command in [
        "validate",
        "lookup",
        "diff",
        "whitelist check",
        "schema import",
        "cache inspect",
        "cache journal",
        "cache lower",
        "cache refresh",
        "policy show",
        "policy diff",
        "policy check",
    ] {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let run = bench.medmij(&arguments);
        assert_eq!((run.exit, run.err.as_str()), (0, ""), "{command}");
        assert!(
            run.out.contains(&format!("Usage: medmij {command}")),
            "{command}: {}",
            run.out
        );
        assert!(run.out.contains("Exit codes: 0 "), "{command}: {}", run.out);
        for line in run.out.lines().filter(|line| line.starts_with("Exit codes")) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

#[test]
fn the_man_page_has_its_sections() {
    let bench = Bench::new();
    let run = bench.medmij(&["man"]);
    assert!(run.exit == 0 && run.out.contains(".TH medmij 1"), "{}", run.out);
    for section in [
        "EXIT STATUS",
        "WARNINGS",
        "FILES",
        "ENVIRONMENT",
        "EXAMPLES",
        "medmij\\-policy",
    ] {
        assert!(run.out.contains(section), "{section}: {}", run.out);
    }
    assert_eq!(bench.medmij(&["man", "pages"]).exit, 0);
    for page in [
        "medmij.1",
        "medmij-validate.1",
        "medmij-cache-refresh.1",
        "medmij-policy-check.1",
    ] {
        assert!(bench.path().join("pages").join(page).is_file(), "{page}");
    }
}
