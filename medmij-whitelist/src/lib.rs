// SPDX-License-Identifier: AGPL-3.0-or-later
//! The MedMij Whitelist (core.whl.100 to core.whl.309): which hosts may take part in back-channel traffic.
//!
//! ```
//! use medmij_types::Hostname;
//! use medmij_whitelist::{ReadOptions, Snapshot, Whitelist};
//!
//! let xml = br#"<Whitelist xmlns="xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/">
//!   <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>
//!   <Volgnummer>7</Volgnummer>
//!   <MedMijNodes>
//!     <MedMijNode><Hostname>node.example.nl</Hostname></MedMijNode>
//!   </MedMijNodes>
//! </Whitelist>"#;
//! let list = Snapshot::<Whitelist>::read(xml.to_vec(), &ReadOptions::default())?;
//! assert!(list.contains(&Hostname::parse("node.example.nl")?));
//! assert!(!list.contains(&Hostname::parse("other.example.nl")?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A back-channel client does not ask the list but a [`HostPolicy`], which hands out an [`AllowedHost`]: proof that the
//! check of core.whl.307 was made. There is no other way to get one.
#![forbid(unsafe_code)]

mod allowed_host;
mod draft;
mod host_policy;
mod whitelist;

pub use crate::{
    allowed_host::{AllowedHost, Basis},
    draft::WhitelistDraft,
    host_policy::{HostPolicy, NotAllowed},
    whitelist::{MedMijNode, Whitelist, WhitelistCollector},
};
pub use medmij_list::{List, ListCache, ListError, ReadOptions, RefreshPolicy, Snapshot};
