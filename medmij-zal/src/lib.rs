// SPDX-License-Identifier: AGPL-3.0-or-later
//! The MedMij Zorgaanbiederslijst (core.alst.100 to core.alst.202), called Aanbiederslijst since release 2.0: which
//! Aanbieder offers which Gegevensdienst, and at which addresses.
//!
//! ```
//! use medmij_types::{Aanbiedernaam, GegevensdienstId, InterfaceversieId};
//! use medmij_zal::{ReadOptions, Snapshot, Zorgaanbiederslijst};
//!
//! # let xml = medmij_zal::doc_example().into_bytes();
//! // xml: the bytes of the list; of a file of one's own: std::fs::read("MedMij_Zorgaanbiederslijst.xml")?
//! let list = Snapshot::<Zorgaanbiederslijst>::read(xml, &ReadOptions::files())?;
//! let service = list
//!     .gegevensdienst(
//!         &Aanbiedernaam::parse("umcharderwijk")?,
//!         &InterfaceversieId::parse("2")?,
//!         &GegevensdienstId::parse("48")?,
//!     )
//!     .ok_or("not offered")?;
//! assert_eq!(service.authorization_endpoint()?.as_str(), "https://login.example.nl/authorize");
//! assert_eq!(service.token_endpoint()?.as_str(), "https://dvza.example.nl/token");
//! for systeemrol in service.systeemrollen() {
//!     println!("{} at {}", systeemrol.code()?, systeemrol.resource_endpoint()?);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The Interfaceversie is part of the question and compared exactly; [`Zorgaanbieder::interfaceversies`] says which
//! there are. A release2 list does not tell them apart, and any id meets what is there.
//!
//! `release2` is judged by the facts of its official schema. `release3` is known from an official example only: its
//! structure and its keys can refuse a list, inferred forms and counts only mark an entry (see
//! [`Document::remarks`](medmij_list::Document::remarks)).
//!
//! The Zorgaanbiederskoppellijst is in [`koppellijst`].
#![forbid(unsafe_code)]

mod aanbiedertype;
mod collector;
mod draft;
mod gegevensdienst;
pub mod koppellijst;
mod tables;
mod unusable;
mod write;
mod zorgaanbieder;
mod zorgaanbiederslijst;

pub use crate::{
    aanbiedertype::Aanbiedertype,
    collector::ZorgaanbiederslijstCollector,
    draft::{
        AbonnerenDraft, DraftError, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft, ZorgaanbiederDraft,
        ZorgaanbiederslijstDraft,
    },
    gegevensdienst::{Abonneren, OfferedGegevensdienst, Systeemrol},
    unusable::Unusable,
    zorgaanbieder::{Interfaceversie, Zorgaanbieder},
    zorgaanbiederslijst::Zorgaanbiederslijst,
};
pub use medmij_list::{List, ListCache, ListError, ReadOptions, RefreshPolicy, Snapshot};

/// A small list for the examples in these pages.
#[doc(hidden)]
#[must_use]
pub fn doc_example() -> String {
    let value = |name: &str, text: &str| format!("<{name}>{text}</{name}>");
    let service = value("GegevensdienstId", "48")
        + &value(
            "AuthorizationEndpoint",
            &value("AuthorizationEndpointuri", "https://login.example.nl/authorize"),
        )
        + &value(
            "TokenEndpoint",
            &value("TokenEndpointuri", "https://dvza.example.nl/token"),
        )
        + &value(
            "Systeemrollen",
            &value(
                "Systeemrol",
                &(value("Systeemrolcode", "MM-3.0-BZB-FHIR")
                    + &value(
                        "ResourceEndpoint",
                        &value("ResourceEndpointuri", "https://dvza.example.nl/fhir"),
                    )),
            ),
        );
    let version = value("InterfaceversieId", "2") + &value("Gegevensdiensten", &value("Gegevensdienst", &service));
    let aanbieder = value("Zorgaanbiedernaam", "umcharderwijk@medmij")
        + &value("Aanbiedertype", "ZA")
        + &value("Interfaceversies", &value("Interfaceversie", &version));
    format!(
        "<Zorgaanbiederslijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release3/\">{}{}{}</Zorgaanbiederslijst>",
        value("Tijdstempel", "2026-03-29T12:00:00Z"),
        value("Volgnummer", "7"),
        value("Zorgaanbieders", &value("Zorgaanbieder", &aanbieder)),
    )
}
