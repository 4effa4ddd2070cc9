// SPDX-License-Identifier: AGPL-3.0-or-later
//! The MedMij OAuth Client List (core.ocl.100 to core.ocl.300): who may ask an authorization server for what.
//!
//! ```
//! use medmij_ocl::{OAuthclientlist, ReadOptions, Snapshot};
//! use medmij_types::{GegevensdienstId, Hostname};
//!
//! let xml = br#"<OAuthclientlist xmlns="xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release2/">
//!   <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>
//!   <Volgnummer>7</Volgnummer>
//!   <OAuthclients>
//!     <OAuthclient>
//!       <Hostname>pgo.example.nl</Hostname>
//!       <OAuthclientOrganisatienaam>Mijn Dossier</OAuthclientOrganisatienaam>
//!     </OAuthclient>
//!   </OAuthclients>
//! </OAuthclientlist>"#;
//! let list = Snapshot::<OAuthclientlist>::read(xml.to_vec(), &ReadOptions::default())?;
//! let client = list.client(&Hostname::parse("pgo.example.nl")?).ok_or("not on the list")?;
//! assert_eq!(client.organisatienaam_str(), Some("Mijn Dossier"));
//! // release2 does not say for which Gegevensdiensten: that is not "none"
//! assert_eq!(client.may_request(&GegevensdienstId::parse("48")?), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod client;
mod collector;
mod draft;
mod oauthclientlist;
mod tables;
mod write;

pub use crate::{
    client::{NotificationEndpoint, OAuthclient, OAuthclientGegevensdienst},
    collector::OAuthclientlistCollector,
    draft::OAuthclientlistDraft,
    oauthclientlist::OAuthclientlist,
};
pub use medmij_list::{List, ListCache, ListError, ReadOptions, RefreshPolicy, Snapshot};
