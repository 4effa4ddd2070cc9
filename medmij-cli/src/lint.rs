// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the schemas of the MedMij lists do not say: invariants per list and across lists.
//!
//! A lint never refuses a list. It finds what a publisher should not have published, or what cannot be used; the lists are
//! fetched at different moments, so a finding across lists may be gone after the next refresh.
//!
//! # The invariants, and where each is looked at
//!
//! | | what has to hold | code | how |
//! | --- | --- | --- | --- |
//! | V1 | ZAL and OCL hold the current entries only (core.alst.100, core.ocl.100) | | cannot be seen: a list has no history and no dates of validity |
//! | V2 | the Aanbiedersnaam is unique and has its form (core.alst.101) | `V2` | unique: a key of the schema, which refuses the list; form: the schema of release2, and this lint, for inferred dialects let other names load |
//! | V3 | endpoints are per Aanbieder, Gegevensdienst and Interfaceversie (core.alst.100) | | always so: it is the shape of the model |
//! | V4 | the endpoints of one AanbiederGegevensdienst belong to one DVA (core.rollen.300) | | cannot be seen: no list says which node is whose |
//! | V5 | a resource endpoint serves one Gegevensdienst (core.gegevensdiensten.201) | `V5` | the same ResourceEndpointuri under two GegevensdienstIds, anywhere in the ZAL |
//! | V6 | an entry is there after qualification only (core.gegevensdiensten.102, .105) | | cannot be seen: it is a process of MedMij Beheer |
//! | V7 | one OCL entry per DVP Server (core.ocl.300) | | a key of the schema: the same Hostname twice refuses the list |
//! | V8 | the client's name is a trade name of 3 to 50 characters, not traceable to a natural person | `USE` | the length and the characters; whose name it is cannot be seen |
//! | V9 | every host is an FQDN by RFC 3696 (core.whl.304) | `V9` | Whitelist and OCL |
//! | V10 | there is exactly one Stelselnode (core.rollen.300) | | cannot be seen: it is configuration |
//! | V11 | at most one source per Zorgaanbieder and Gegevensdienst (1.0) | | a key of the schema: the same GegevensdienstId twice refuses the list |
//! | V12 | every GegevensdienstId has a name | `V12` | ZAL and OCL against the GNL |
//! | V13 | hosts of the back channel are on the Whitelist (core.whl.306) | `V13` | token, resource and subscription endpoints of the ZAL and notification endpoints of the OCL, against the Whitelist |
//! | V14 | hosts of AuthorizationEndpointuris need not be on the Whitelist (core.whl.306) | | must not be looked at, and is not |
//! | V15 | hosts of OAuth clients need not be on the Whitelist (core.ocl.300) | | must not be looked at, and is not |
//! | V16 | host names are signed with DNSSEC (1.0) | | cannot be seen: it belongs to the resolver |
//! | | a value that the schema lets pass and that cannot be used: port 99999, an IP address as host, an id with a space | `USE` | all lists |
//! | | the Tijdstempel has a time zone (the schema lets some without pass) | `TZ` | all lists |
//!
//! V12 and V13 are reported once for each id and host that is missing, at its first place, with how often it occurs.

mod alone;
mod findings;
mod together;
mod zal;

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_ocl::OAuthclientlist;
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;

use findings::Sink;
pub(crate) use findings::{Code, Finding};

/// What one list is held against; what is not there is left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Against<'a> {
    /// The Whitelist, for hosts of the back channel.
    pub(crate) whitelist: Option<&'a Whitelist>,
    /// The Gegevensdienstnamenlijst, for ids.
    pub(crate) gnl: Option<&'a Gegevensdienstnamenlijst>,
}

/// The findings of a Zorgaanbiederslijst, in the order of the document. A list of 10,000 entries or more is looked at by
/// three threads.
pub(crate) fn lint_zal(list: &Zorgaanbiederslijst, against: &Against<'_>) -> Vec<Finding> {
    let mut sink = Sink::of(list);
    zal::lint(list, &mut sink);
    together::zal(list, against, &mut sink);
    sink.finish()
}

/// The findings of an OAuth Client List, in the order of the document.
pub(crate) fn lint_ocl(list: &OAuthclientlist, against: &Against<'_>) -> Vec<Finding> {
    let mut sink = Sink::of(list);
    alone::ocl(list, &mut sink);
    together::ocl(list, against, &mut sink);
    sink.finish()
}

/// The findings of a Whitelist, in the order of the document.
pub(crate) fn lint_whitelist(list: &Whitelist) -> Vec<Finding> {
    let mut sink = Sink::of(list);
    alone::whitelist(list, &mut sink);
    sink.finish()
}

/// The findings of a Gegevensdienstnamenlijst, in the order of the document.
pub(crate) fn lint_gnl(list: &Gegevensdienstnamenlijst) -> Vec<Finding> {
    let mut sink = Sink::of(list);
    alone::gnl(list, &mut sink);
    sink.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]
mod tests;
