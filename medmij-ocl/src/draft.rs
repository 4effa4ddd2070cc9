// SPDX-License-Identifier: AGPL-3.0-or-later
//! An OAuth Client List to publish.

use std::collections::BTreeMap;

use medmij_list::{Header, ListError, ReadOptions, Snapshot};
use medmij_types::{BackchannelUri, Hostname, Organisatienaam, Tijdstempel, Volgnummer};

use crate::{OAuthclientlist, write};

/// An OAuth Client List that a publisher makes.
///
/// ```
/// use medmij_ocl::OAuthclientlistDraft;
/// use medmij_types::{Hostname, Organisatienaam, Tijdstempel, Volgnummer};
///
/// let mut draft = OAuthclientlistDraft::new(Tijdstempel::parse("2026-03-29T12:00:00Z")?, Volgnummer::FIRST);
/// draft.clients.push((Hostname::parse("pgo.example.nl")?, Organisatienaam::parse("Mijn Dossier")?));
/// assert!(draft.to_xml()?.contains("<OAuthclientOrganisatienaam>Mijn Dossier</OAuthclientOrganisatienaam>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthclientlistDraft {
    /// The moment of publication.
    pub tijdstempel: Tijdstempel,
    /// The number of the publication.
    pub volgnummer: Volgnummer,
    /// The clients; each host once.
    pub clients: Vec<(Hostname, Organisatienaam)>,
    /// Where a client of the list takes notifications of either kind (ext.abo.subnotint.201); release2 cannot say it.
    pub notifications: BTreeMap<Hostname, BackchannelUri>,
}

impl OAuthclientlistDraft {
    /// A draft without clients.
    #[must_use]
    pub const fn new(tijdstempel: Tijdstempel, volgnummer: Volgnummer) -> Self {
        Self {
            tijdstempel,
            volgnummer,
            clients: Vec::new(),
            notifications: BTreeMap::new(),
        }
    }

    /// The document, release3, whose elements are inferred: with where clients take notifications. It was read back before it
    /// is handed over.
    ///
    /// # Errors
    ///
    /// As [`to_xml`](Self::to_xml): [`ListError`].
    pub fn to_xml_release3(&self) -> Result<String, ListError> {
        let header = Header::new(self.tijdstempel.clone(), self.volgnummer);
        let clients = self.clients.iter().map(|(host, name)| {
            let notifications = self.notifications.get(host).map(BackchannelUri::as_str);
            (host.as_str(), name.as_str(), notifications)
        });
        let xml = write::release3(&header, clients);
        Snapshot::<OAuthclientlist>::read(xml.clone().into_bytes(), &ReadOptions::default())?;
        Ok(xml)
    }

    /// The document, release2, without [`notifications`](Self::notifications). It was read back before it is handed over.
    ///
    /// # Errors
    ///
    /// [`ListError`] where a host is there twice ([`Rule::Unique`](medmij_list::Rule::Unique)), or the document is larger
    /// than readers take.
    pub fn to_xml(&self) -> Result<String, ListError> {
        let header = Header::new(self.tijdstempel.clone(), self.volgnummer);
        let xml = write::release2(
            &header,
            self.clients.iter().map(|(host, name)| (host.as_str(), name.as_str())),
        );
        Snapshot::<OAuthclientlist>::read(xml.clone().into_bytes(), &ReadOptions::default())?;
        Ok(xml)
    }
}
