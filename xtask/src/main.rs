// SPDX-License-Identifier: AGPL-3.0-or-later
//! The commands of this project, as `cargo xtask COMMAND`.
//!
//! | command | what it does |
//! | --- | --- |
//! | `fast` | formatting, clippy, unit tests: what to run before each commit |
//! | `check` | the gates that read the sources: words, manifests, clocks, rings of modules, boundaries of crates, case ids, `# Errors`, sentences beside codes of rules, lengths of files, names of tests, names that a guide takes |
//! | `surface` | public types and errors of each crate, which may only become fewer |
//! | `features` | each feature of each library crate alone |
//! | `package` | what the registry would get |
//! | `advisories` | notices about crates anywhere in the tree |
//! | `api` | foreign types in public signatures (needs a nightly compiler) |
//! | `full` | `.ci/run`: everything, with small numbers of each proof |
//! | `prove` | the proofs with large numbers: kills, cuts, load |
//! | `bless` | accepts the snapshots as they are now |
//! | `bench` | the benchmarks |
//! | `readme` | writes the README of each library crate from what it says itself |
//! | `docs` | the documentation of every crate, with warnings as errors |
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line

mod advisories;
mod boundaries;
mod cases;
mod clocks;
mod cycles;
mod errors;
mod guides;
mod manifests;
mod readme;
mod rule_docs;
mod run;
mod sizes;
mod sources;
mod surface;
mod test_names;
mod words;

use clap::{Parser, Subcommand};
use run::{Failed, cargo, cargo_tool, step};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "The commands of this project")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Formatting, clippy, unit tests
    Fast,
    /// Words, manifests, clocks, rings of modules, boundaries between crates, case ids, `# Errors` sections, sentences beside codes of rules, lengths of files, names of tests
    Check,
    /// Public types and errors of each crate, which may only become fewer
    Surface {
        /// Writes down what became less
        #[arg(long)]
        lower: bool,
    },
    /// Each feature of each library crate alone
    Features,
    /// Packages every crate that is published
    Package,
    /// Advisories about crates anywhere in the tree
    Advisories,
    /// Foreign types in public signatures (needs a nightly compiler)
    Api,
    /// Everything that CI does
    Full,
    /// The proofs with large numbers
    Prove,
    /// Accepts the snapshots as they are now
    Bless,
    /// The benchmarks
    Bench,
    /// The documentation of every crate
    Docs,
    /// Writes the README of each library crate from what it says itself
    Readme,
}

fn main() -> ExitCode {
    if let Err(error) = std::env::set_current_dir(sources::root()) {
        eprintln!("the root of the project: {error}");
        return ExitCode::FAILURE;
    }
    match perform(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(reason)) => {
            eprintln!("xtask: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: &Command) -> Result<(), Failed> {
    match command {
        Command::Fast => {
            step("formatting", || cargo(&["fmt", "--all", "--check"]))?;
            step("sources", check)?;
            step("clippy", || {
                cargo(&[
                    "clippy",
                    "--quiet",
                    "--workspace",
                    "--all-targets",
                    "--all-features",
                    "--",
                    "-D",
                    "warnings",
                ])
            })?;
            step("unit tests", || {
                cargo(&["test", "--quiet", "--workspace", "--all-features", "--lib", "--bins"])
            })
        }
        Command::Check => check(),
        Command::Surface { lower } => surface::check(*lower),
        Command::Features => each_feature(),
        Command::Package => package(),
        Command::Advisories => advisories::check(),
        Command::Api => api(),
        Command::Full => run::program("bash", &[".ci/run"]),
        Command::Prove => prove(),
        Command::Bless => run::with_environment("INSTA_UPDATE", "always", &["test", "--workspace", "--all-features"]),
        Command::Bench => cargo(&["bench", "--workspace", "--all-features"]),
        Command::Readme => readme::write(),
        Command::Docs => run::with_environment(
            "RUSTDOCFLAGS",
            "-D warnings",
            &["doc", "--workspace", "--all-features", "--no-deps"],
        ),
    }
}

/// The gates that read sources and manifests; all of them run, so that one failure does not hide another.
fn check() -> Result<(), Failed> {
    let mut faults = words::check();
    faults.extend(manifests::check());
    faults.extend(readme::check());
    faults.extend(clocks::check());
    faults.extend(cycles::check());
    faults.extend(boundaries::check());
    faults.extend(cases::check());
    faults.extend(errors::check());
    faults.extend(rule_docs::check());
    faults.extend(sizes::check());
    faults.extend(test_names::check());
    faults.extend(guides::check());
    for fault in &faults {
        eprintln!("{fault}");
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failed(format!("{} faults in the sources", faults.len())))
    }
}

fn each_feature() -> Result<(), Failed> {
    let packages = manifests::published();
    let mut arguments = vec!["hack", "check", "--quiet", "--each-feature", "--no-dev-deps"];
    for package in &packages {
        arguments.extend(["-p", package]);
    }
    cargo(&arguments)
}

fn package() -> Result<(), Failed> {
    let packages = manifests::published();
    let mut arguments = vec!["package", "--quiet", "--no-verify", "--allow-dirty"];
    for package in &packages {
        arguments.extend(["-p", package]);
    }
    cargo(&arguments)
}

/// The one gate beside the advisories that is skipped where its tool cannot run: it needs a nightly compiler.
fn api() -> Result<(), Failed> {
    if !cargo_tool("check-external-types") || run::program("rustc", &["+nightly", "--version"]).is_err() {
        println!("SKIPPED: foreign types in public signatures, no nightly compiler with cargo-check-external-types");
        return Ok(());
    }
    for package in manifests::published() {
        let manifest = format!("{}/Cargo.toml", sources::folder_of(&package));
        cargo(&[
            "+nightly",
            "check-external-types",
            "--all-features",
            "--manifest-path",
            &manifest,
        ])?;
    }
    Ok(())
}

/// The proofs whose numbers are too large for CI. Each prints its figures and fails when its promise is not kept.
fn prove() -> Result<(), Failed> {
    for (name, arguments) in run::PROOFS {
        step(name, || run::proof(arguments))?;
    }
    Ok(())
}
