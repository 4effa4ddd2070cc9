// SPDX-License-Identifier: AGPL-3.0-or-later
//! The MedMij Gegevensdienstnamenlijst (core.gnl.100 to core.gnl.202): a name for people for every Gegevensdienst.
//!
//! ```
//! use medmij_gnl::{Gegevensdienstnamenlijst, ReadOptions, Snapshot};
//! use medmij_types::GegevensdienstId;
//!
//! let xml = br#"<Gegevensdienstnamenlijst xmlns="xmlns://afsprakenstelsel.medmij.nl/gegevensdienstnamenlijst/release1/">
//!   <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>
//!   <Volgnummer>7</Volgnummer>
//!   <Gegevensdiensten>
//!     <Gegevensdienst><GegevensdienstId>48</GegevensdienstId><Weergavenaam>Basisgegevens Zorg</Weergavenaam></Gegevensdienst>
//!   </Gegevensdiensten>
//! </Gegevensdienstnamenlijst>"#;
//! let list = Snapshot::<Gegevensdienstnamenlijst>::read(xml.to_vec(), &ReadOptions::default())?;
//! assert_eq!(list.weergavenaam(&GegevensdienstId::parse("48")?), Some("Basisgegevens Zorg"));
//! assert_eq!(list.weergavenaam(&GegevensdienstId::parse("49")?), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod draft;
mod gegevensdienstnamenlijst;

pub use crate::{
    draft::GegevensdienstnamenlijstDraft,
    gegevensdienstnamenlijst::{Gegevensdienstnamenlijst, GegevensdienstnamenlijstCollector, NamedGegevensdienst},
};
pub use medmij_list::{List, ListCache, ListError, ReadOptions, RefreshPolicy, Snapshot};
