// SPDX-License-Identifier: AGPL-3.0-or-later
//! Running other commands.

use std::{process::Command, time::Instant};

/// Why a command of ours failed.
pub(crate) struct Failed(pub(crate) String);

/// The proofs with large numbers, in the order in which they run.
pub(crate) const PROOFS: &[(&str, &[&str])] = &[
    (
        "FHIR R4 through fhirbolt and back",
        &[
            "run",
            "--quiet",
            "--locked",
            "--manifest-path",
            "support/r4-oracle/Cargo.toml",
        ],
    ),
    (
        "full handshakes with the chain of G4, and what revocation costs",
        &[
            "run",
            "--release",
            "--quiet",
            "-p",
            "medmij-load",
            "--",
            "handshakes",
            "--promise",
        ],
    ),
    (
        "a list of the real size, from fetched to usable",
        &[
            "run",
            "--release",
            "--quiet",
            "-p",
            "medmij-load",
            "--",
            "usable",
            "--promise",
        ],
    ),
    (
        "a thousand kills while log lines are spooled",
        &[
            "test",
            "--quiet",
            "-p",
            "medmij-log",
            "--features",
            "spool",
            "--test",
            "kill",
            "--",
            "--nocapture",
        ],
    ),
    (
        "ninety nights of automatic collecting, a hundred thousand operations on kept resources",
        &[
            "test",
            "--release",
            "--quiet",
            "-p",
            "medmij-dvp",
            "--lib",
            "--test",
            "integration",
            "--",
            "--nocapture",
            "what_is_due_is_done",
            "loses_or_invents",
        ],
    ),
    (
        "three thousand pairs of a refusal and \"no data\", told apart by nobody's clock",
        &[
            "test",
            "--release",
            "--quiet",
            "-p",
            "medmij-dvza",
            "--all-features",
            "--test",
            "integration",
            "--",
            "--ignored",
            "--nocapture",
            "rank_test_of_the_press",
        ],
    ),
    (
        "a thousand Aanbieders of which one is added, changed and ended under load",
        &[
            "test",
            "--release",
            "--quiet",
            "-p",
            "medmij-dvza",
            "--all-features",
            "--test",
            "integration",
            "--",
            "--nocapture",
            "tenants::",
        ],
    ),
    (
        "a thousand kills while lists are refreshed",
        &["run", "--release", "--quiet", "-p", "kill-lists"],
    ),
    (
        "seven nights of automatic collecting by two schedulers, one killed every night",
        &["run", "--release", "--quiet", "-p", "kill-schedulers"],
    ),
    (
        "ten thousand refresh answers cut at a random byte while PostgreSQL restarts",
        &[
            "test",
            "--release",
            "--quiet",
            "-p",
            "medmij-store-postgres",
            "--all-features",
            "--test",
            "integration",
            "--",
            "--nocapture",
            "refresh_cuts::",
        ],
    ),
    (
        "versions of a DVZA that change places under load",
        &[
            "test",
            "--quiet",
            "-p",
            "demo",
            "--all-features",
            "--test",
            "integration",
            "--",
            "--nocapture",
            "upgrade::",
        ],
    ),
    (
        "five primaries of a synchronous pair of PostgreSQL killed",
        &[
            "run",
            "--release",
            "--quiet",
            "-p",
            "medmij-load",
            "--",
            "failover",
            "--times",
            "5",
        ],
    ),
    (
        "five million grants and two million orders on PostgreSQL",
        &["run", "--release", "--quiet", "-p", "medmij-load", "--", "scale"],
    ),
    (
        "a million look-ups a second while lists are swapped",
        &["bench", "--quiet", "-p", "medmij-whitelist"],
    ),
    (
        "thousands of dripping connections",
        &["bench", "--quiet", "-p", "medmij-net"],
    ),
    (
        "a hundred thousand mutants against xmllint",
        &[
            "test",
            "--release",
            "--quiet",
            "-p",
            "medmij-list-oracle",
            "--",
            "--include-ignored",
        ],
    ),
];

/// Announces a step and says how long it took.
pub(crate) fn step(name: &str, perform: impl FnOnce() -> Result<(), Failed>) -> Result<(), Failed> {
    println!("==> {name}");
    let begin = Instant::now();
    let result = perform();
    println!("    {name}: {} s", begin.elapsed().as_secs());
    result
}

/// Runs cargo.
pub(crate) fn cargo(arguments: &[&str]) -> Result<(), Failed> {
    program(
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
        arguments,
    )
}

/// Runs cargo with one more variable in its environment.
pub(crate) fn with_environment(name: &str, value: &str, arguments: &[&str]) -> Result<(), Failed> {
    finish(
        Command::new("cargo").args(arguments).env(name, value),
        "cargo",
        arguments,
    )
}

/// Runs a program.
pub(crate) fn program(program: &str, arguments: &[&str]) -> Result<(), Failed> {
    finish(Command::new(program).args(arguments), program, arguments)
}

/// The large numbers of the proofs; what the caller set already stays.
pub(crate) fn large_numbers() -> Vec<(&'static str, &'static str)> {
    const LARGE: &[(&str, &str)] = &[
        ("MEDMIJ_TENANTS", "1000"),
        ("MEDMIJ_SERVICES", "10"),
        ("MEDMIJ_KILLS", "1000"),
        ("MEDMIJ_NIGHTS", "90"),
        ("MEDMIJ_PERSONS", "10000"),
        ("MEDMIJ_OPERATIONS", "100000"),
        ("MEDMIJ_CUTS", "10000"),
    ];
    LARGE
        .iter()
        .copied()
        .filter(|(name, _)| std::env::var_os(name).is_none())
        .collect()
}

/// Runs cargo with the large numbers of the proofs.
pub(crate) fn proof(arguments: &[&str]) -> Result<(), Failed> {
    finish(
        Command::new("cargo").args(arguments).envs(large_numbers()),
        "cargo",
        arguments,
    )
}

fn finish(command: &mut Command, program: &str, arguments: &[&str]) -> Result<(), Failed> {
    let status = command
        .status()
        .map_err(|error| Failed(format!("{program}: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failed(format!("{program} {}: {status}", arguments.join(" "))))
    }
}

/// Whether a subcommand of cargo is installed.
pub(crate) fn cargo_tool(name: &str) -> bool {
    Command::new("cargo")
        .args([name, "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// What `cargo tree` prints of what a crate is built from and by, one crate a line.
pub(crate) fn tree(arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new("cargo")
        .args(["tree", "--quiet", "-e", "normal,build", "--prefix", "none"])
        .args(arguments)
        .output()
        .map_err(|error| Failed(format!("cargo tree: {error}")))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Failed(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}
