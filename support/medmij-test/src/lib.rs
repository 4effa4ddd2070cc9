// SPDX-License-Identifier: AGPL-3.0-or-later
//! Test support for MedMij software: test PKI, steered clock, counted entropy
//!
//! Nothing in this crate belongs in a program that handles real data. It exists so that a supplier can
//! test against the same certificates, clocks and randomness as the crates themselves do:
//!
//! * [`TestPki`] makes a root, an intermediate and leaf certificates at run time, good ones and every
//!   kind of bad one ([`LeafVariant`]), with CRLs.
//! * `G4Pki` (feature `g4`) does the same in the shape of PKIoverheid's generation 4, with RSA keys that are in `keys/`.
//! * [`ManualClock`] is a [`medmij_types::Clock`] that stands still until it is moved.
//! * [`skip`] says visibly that a test cannot run here.
//! * `postgres` (feature) is a private PostgreSQL, `stelselnode` (feature) a scripted Stelselnode over real mutual TLS.
//! * `dns` (feature) is a small Internet of names, signed, unsigned and bogus.
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
#[cfg(feature = "dns")]
pub mod dns;
mod entropy;
mod pki;
#[cfg(feature = "postgres")]
pub mod postgres;
mod skip;
#[cfg(feature = "stelselnode")]
pub mod stelselnode;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
#[cfg(feature = "g4")]
pub use pki::g4::{G4Crl, G4Leaf, G4Level, G4Pki, G4Signature};
pub use pki::leaf::{KeyKind, LeafSpec, Purpose, Validity};
pub use pki::variant::{LeafVariant, Role};
pub use pki::{PkiError, TEST_ORGANISATION, TestIdentity, TestPki};
pub use skip::skip;
