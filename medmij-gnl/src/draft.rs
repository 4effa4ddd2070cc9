// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Gegevensdienstnamenlijst to publish.

use medmij_list::{Header, ListError, ReadOptions, Snapshot};
use medmij_types::{GegevensdienstId, Tijdstempel, Volgnummer, Weergavenaam};

use crate::{Gegevensdienstnamenlijst, gegevensdienstnamenlijst::write};

/// A Gegevensdienstnamenlijst that a publisher makes.
///
/// ```
/// use medmij_gnl::GegevensdienstnamenlijstDraft;
/// use medmij_types::{GegevensdienstId, Tijdstempel, Volgnummer, Weergavenaam};
///
/// let mut draft = GegevensdienstnamenlijstDraft::new(Tijdstempel::parse("2026-03-29T12:00:00Z")?, Volgnummer::FIRST);
/// draft.gegevensdiensten.push((GegevensdienstId::parse("48")?, Weergavenaam::parse("Basisgegevens Zorg")?));
/// assert!(draft.to_xml()?.contains("<Weergavenaam>Basisgegevens Zorg</Weergavenaam>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GegevensdienstnamenlijstDraft {
    /// The moment of publication.
    pub tijdstempel: Tijdstempel,
    /// The number of the publication.
    pub volgnummer: Volgnummer,
    /// The entries.
    pub gegevensdiensten: Vec<(GegevensdienstId, Weergavenaam)>,
}

impl GegevensdienstnamenlijstDraft {
    /// A draft without entries.
    #[must_use]
    pub const fn new(tijdstempel: Tijdstempel, volgnummer: Volgnummer) -> Self {
        Self {
            tijdstempel,
            volgnummer,
            gegevensdiensten: Vec::new(),
        }
    }

    /// The document, release1. It was read back before it is handed over.
    ///
    /// # Errors
    ///
    /// [`ListError`] where an id is there twice ([`Rule::Unique`](medmij_list::Rule::Unique)), or the document is larger
    /// than readers take.
    pub fn to_xml(&self) -> Result<String, ListError> {
        let header = Header::new(self.tijdstempel.clone(), self.volgnummer);
        let xml = write(
            &header,
            self.gegevensdiensten
                .iter()
                .map(|(id, name)| (id.as_str(), name.as_str())),
        );
        Snapshot::<Gegevensdienstnamenlijst>::read(xml.clone().into_bytes(), &ReadOptions::default())?;
        Ok(xml)
    }
}
