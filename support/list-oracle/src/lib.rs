// SPDX-License-Identifier: AGPL-3.0-or-later
//! Mutants of MedMij lists, and oracles to judge them by. For the tests and benchmarks of the list crates only.
//!
//! The schemas in `schemas/` were written for this project from published facts; they are not the official ones. Where
//! the environment variable `MEDMIJ_DATA` names a folder with the official schemas, these are the oracle.
#![forbid(unsafe_code)]
#![allow(missing_docs, unused_parens, reason = "a crate for tests of this workspace")]

pub mod build;
pub mod case;
pub mod corners;
pub mod differences;
pub mod family;
pub mod grammar;
pub mod lexeme;
pub mod mutate;
pub mod oracle;
pub mod rng;
pub mod tree;
