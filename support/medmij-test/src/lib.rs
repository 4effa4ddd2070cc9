// SPDX-License-Identifier: AGPL-3.0-or-later
//! Test support for MedMij software: test PKI, steered clock, counted entropy
//!
//! Nothing in this crate belongs in a program that handles real data. It exists so that a supplier can
//! test against the same certificates, clocks and randomness as the crates themselves do:
//!
//! * [`TestPki`] makes a root, an intermediate and leaf certificates at run time, good ones and every
//!   kind of bad one ([`LeafVariant`]), with CRLs. No key or certificate is stored in the repository.
//! * [`ManualClock`] is a [`medmij_types::Clock`] that stands still until it is moved.
//! * [`skip`] says visibly that a test cannot run here.
//! * [`SeededEntropy`] is a [`medmij_types::Entropy`] that gives the same bytes in every run.
//!
//! ```
//! use medmij_test::{LeafSpec, TestPki};
//!
//! let pki = TestPki::new("A")?;
//! let node = pki.issue(&LeafSpec::node("dvza-een.localhost"))?;
//! assert!(node.chain_pem().contains("BEGIN CERTIFICATE"));
//! assert!(pki.roots_pem().contains("BEGIN CERTIFICATE"));
//! # Ok::<(), medmij_test::PkiError>(())
//! ```
#![forbid(unsafe_code)]

mod clock;
mod entropy;
mod pki;
mod skip;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use pki::leaf::{KeyKind, LeafSpec, Purpose, Validity};
pub use pki::variant::{LeafVariant, Role};
pub use pki::{PkiError, TEST_ORGANISATION, TestIdentity, TestPki};
pub use skip::skip;
