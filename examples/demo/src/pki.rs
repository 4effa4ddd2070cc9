// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.314 — whose certificates the Nodes of the demo show: a small PKI, or one in the shape of PKIoverheid's generation 4.

use clap::ValueEnum;
use medmij_test::{G4Leaf, G4Pki, LeafSpec, PkiError, TestIdentity, TestPki};

/// The shape of the test PKI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Pki {
    /// Three levels, ECDSA.
    #[default]
    Small,
    /// Four levels, RSASSA-PSS, the host name in the SAN only.
    G4,
}

/// The authorities of a demo.
pub(crate) enum Authorities {
    Small(Box<TestPki>),
    G4(Box<G4Pki>),
}

impl Authorities {
    pub(crate) fn new(pki: Pki) -> Result<Self, PkiError> {
        Ok(match pki {
            Pki::Small => Self::Small(Box::new(TestPki::new("demo")?)),
            Pki::G4 => Self::G4(Box::new(G4Pki::new("demo")?)),
        })
    }

    pub(crate) fn roots_pem(&self) -> String {
        match self {
            Self::Small(pki) => pki.roots_pem(),
            Self::G4(pki) => pki.roots_pem(),
        }
    }

    /// The CRL of each authority, with nothing on it.
    pub(crate) fn crls(&self) -> Result<Vec<Vec<u8>>, PkiError> {
        match self {
            Self::Small(pki) => pki.crls(&[]),
            Self::G4(pki) => pki.crls(&[]),
        }
    }

    /// A certificate for a Node of this name and these more.
    pub(crate) fn issue(&self, name: &str, more: &[&str]) -> Result<TestIdentity, PkiError> {
        match self {
            Self::Small(pki) => pki.issue(&more.iter().fold(LeafSpec::node(name), |leaf, name| leaf.dns(name))),
            Self::G4(pki) => pki.issue(&more.iter().fold(G4Leaf::system(name), |leaf, name| leaf.dns(name))),
        }
    }
}
