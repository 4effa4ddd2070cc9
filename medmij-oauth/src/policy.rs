// SPDX-License-Identifier: AGPL-3.0-or-later
//! What differs between releases, and what the framework leaves open or we could not read, as data.
//!
//! Every value carries a [`Mark`]: whether it was read in the text of the Afsprakenstelsel, follows from it, or is unknown
//! there and a default of ours. Safety floors are not in this data and cannot be changed: no redirect for uitzondering 1a
//! (it has no [`Uitzondering`]), a code that is spent once, refusal and "no data" alike.

mod client_binding;
mod lifetimes;
mod limits;
mod release_rules;
mod stelsel;
mod uitzondering;

use std::fmt;

pub use self::{
    client_binding::{BindingFault, BindingRefused, BoundBy, ClientBinding},
    lifetimes::{Lifetime, Lifetimes},
    limits::{LimitPolicy, Rate},
    release_rules::{EmptyScope, ReleaseRules, TokenScope, VerzamelenGrammar, release_rules},
    stelsel::{PolicyRow, Stelsel, StelselError},
    uitzondering::{ExceptionPolicy, ExceptionRule, Handling, InvalidClient, TokenUitzondering, Uitzondering},
};

/// On what a value of the policy rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mark {
    /// Read in the text of the framework, of this or of an older release.
    Confirmed,
    /// Follows from confirmed facts, or from the RFC that the framework points at.
    Inferred,
    /// Not readable for us; the value is a safe default.
    Unknown,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confirmed => "confirmed",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        })
    }
}

/// What a server does with the two request ids of core.authint.208 and core.tknint.208.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdStrictness {
    /// A missing or malformed id is replaced and logged; headers are taken where the query has none (case B26).
    #[default]
    Lenient,
    /// A missing or malformed id is uitzondering 1b, or `invalid_request` at the token endpoint.
    Strict,
}
