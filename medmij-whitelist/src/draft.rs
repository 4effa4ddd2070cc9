// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Whitelist to publish.

use medmij_list::{Header, ListError, ReadOptions, Snapshot};
use medmij_types::{Hostname, Tijdstempel, Volgnummer};

use crate::{Whitelist, whitelist::write};

/// A Whitelist that a publisher makes.
///
/// ```
/// use medmij_types::{Hostname, Tijdstempel, Volgnummer};
/// use medmij_whitelist::WhitelistDraft;
///
/// let mut draft = WhitelistDraft::new(Tijdstempel::parse("2026-03-29T12:00:00Z")?, Volgnummer::FIRST);
/// draft.hosts.push(Hostname::parse("node.example.nl")?);
/// assert!(draft.to_xml()?.contains("<Hostname>node.example.nl</Hostname>"));
///
/// // a host that is there twice is no Whitelist
/// draft.hosts.push(Hostname::parse("node.example.nl")?);
/// assert!(draft.to_xml().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WhitelistDraft {
    /// The moment of publication.
    pub tijdstempel: Tijdstempel,
    /// The number of the publication.
    pub volgnummer: Volgnummer,
    /// The hosts; each once.
    pub hosts: Vec<Hostname>,
}

impl WhitelistDraft {
    /// A draft without hosts.
    #[must_use]
    pub const fn new(tijdstempel: Tijdstempel, volgnummer: Volgnummer) -> Self {
        Self {
            tijdstempel,
            volgnummer,
            hosts: Vec::new(),
        }
    }

    /// The document, release2 in its present shape. It was read back before it is handed over.
    ///
    /// # Errors
    ///
    /// [`ListError`] where a host is there twice ([`Rule::Unique`](medmij_list::Rule::Unique)), or the document is larger
    /// than readers take.
    pub fn to_xml(&self) -> Result<String, ListError> {
        let header = Header::new(self.tijdstempel.clone(), self.volgnummer);
        let xml = write(&header, self.hosts.iter().map(Hostname::as_str));
        Snapshot::<Whitelist>::read(xml.clone().into_bytes(), &ReadOptions::default())?;
        Ok(xml)
    }
}
