// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the schemas of the MedMij lists do not say: invariants per list and across lists.
//!
//! A lint never refuses a list. It finds what a publisher should not have published, or what cannot be used; the lists are
//! fetched at different moments, so a finding across lists may be gone after the next refresh.
//!
//! ```
//! use medmij_lint::{Lists, lint};
//! use medmij_whitelist::{ReadOptions, Snapshot, Whitelist};
//!
//! let xml = br#"<Whitelist xmlns="xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/">
//!   <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>7</Volgnummer>
//!   <MedMijNodes><MedMijNode><Hostname>10.0.0.10</Hostname></MedMijNode></MedMijNodes>
//! </Whitelist>"#;
//! let whitelist = Snapshot::<Whitelist>::read(xml.to_vec(), &ReadOptions::default())?;
//! let findings = lint(&Lists { whitelist: Some(&whitelist), ..Lists::default() });
//! assert_eq!(findings[0].code().as_str(), "V9");
//! assert_eq!(findings[0].entry(), "10.0.0.10");
//! # Ok::<(), medmij_list::ListError>(())
//! ```
//!
//! # Which invariants are looked at
//!
//! | invariant | code | where |
//! | --- | --- | --- |
//! | V2: the Aanbiedersnaam has its form (inferred dialects let others load) | `V2` | ZAL |
//! | V5: a resource endpoint serves one Gegevensdienst (core.gegevensdiensten.201) | `V5` | ZAL |
//! | V9: every host is a usable FQDN (core.whl.304) | `V9` | Whitelist, OCL |
//! | V12: every GegevensdienstId has a name | `V12` | ZAL and OCL against GNL |
//! | V13: hosts of the back channel are on the Whitelist (core.whl.306) | `V13` | ZAL and OCL against Whitelist |
//! | a value that loads and cannot be used | `USE` | all |
//! | a Tijdstempel without a time zone | `TZ` | all |
//!
//! V7 and V11 (uniqueness) are keys of the schemas and refuse a list; V3 is the shape of the model. V1, V4, V6, V8 and V10
//! speak of what no list holds: history, DVAs, qualification, natural persons, the one Stelselnode. V14 and V15 say what
//! must *not* be checked: the hosts of AuthorizationEndpointuris and of OAuth clients need not be on the Whitelist. V16
//! (DNSSEC) belongs to the resolver.
#![forbid(unsafe_code)]

mod findings;
mod together;
mod zal;

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{List, ListKind};
use medmij_ocl::OAuthclientlist;
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;

pub use findings::{Code, Finding};

/// The lists to look at; those that are not there are left out.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by hand, with ..Default::default()")]
pub struct Lists<'a> {
    /// The Zorgaanbiederslijst.
    pub zal: Option<&'a Zorgaanbiederslijst>,
    /// The OAuth Client List.
    pub ocl: Option<&'a OAuthclientlist>,
    /// The Whitelist.
    pub whitelist: Option<&'a Whitelist>,
    /// The Gegevensdienstnamenlijst.
    pub gnl: Option<&'a Gegevensdienstnamenlijst>,
}

/// All findings, list by list and then across lists, in the order of the documents.
#[must_use]
pub fn lint(lists: &Lists<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    if let Some(zal) = lists.zal {
        head(zal, &mut out);
        zal::lint(zal, &mut out);
    }
    if let Some(ocl) = lists.ocl {
        head(ocl, &mut out);
        for client in ocl.clients() {
            if let Err(why) = client.hostname() {
                out.push(Finding::new(
                    Code::V9,
                    ListKind::OAuthclientlist,
                    client.hostname_str(),
                    why.to_string(),
                ));
            }
            if let Err(why) = client.organisatienaam() {
                out.push(Finding::new(
                    Code::Use,
                    ListKind::OAuthclientlist,
                    client.hostname_str(),
                    why.to_string(),
                ));
            }
        }
    }
    if let Some(whitelist) = lists.whitelist {
        head(whitelist, &mut out);
        for node in whitelist.nodes() {
            if let Err(why) = node.hostname() {
                out.push(Finding::new(
                    Code::V9,
                    ListKind::Whitelist,
                    node.as_str(),
                    why.to_string(),
                ));
            }
        }
    }
    if let Some(gnl) = lists.gnl {
        head(gnl, &mut out);
        for dienst in gnl.gegevensdiensten() {
            let kind = ListKind::Gegevensdienstnamenlijst;
            if let Err(why) = dienst.id() {
                out.push(Finding::new(Code::Use, kind, dienst.id_str(), why.to_string()));
            }
            if let Err(why) = dienst.weergavenaam() {
                out.push(Finding::new(Code::Use, kind, dienst.id_str(), why.to_string()));
            }
        }
    }
    together::lint(lists, &mut out);
    out
}

fn head<L: List>(list: &L, out: &mut Vec<Finding>) {
    let tijdstempel = list.header().tijdstempel();
    if tijdstempel.offset_minutes().is_none() {
        let message = "the Tijdstempel has no time zone, so it names no moment";
        out.push(Finding::new(Code::Tz, L::KIND, tijdstempel.as_str(), message));
    }
}
