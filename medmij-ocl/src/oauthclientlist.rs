// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.ocl.100, core.ocl.300 — the list itself.

use std::sync::Arc;

use medmij_list::{BuiltInDialects, Dialect, DialectError, Document, Header, KeyIndex, List, ListKind};
use medmij_types::Hostname;

use crate::{
    OAuthclient, OAuthclientlistCollector,
    collector::{Client, Dienst},
    write,
};

/// The OAuth Client List. Two lists are equal if their headers and their entries, in order, are.
#[derive(Debug)]
pub struct OAuthclientlist {
    pub(crate) document: Document,
    pub(crate) clients: Vec<Client>,
    pub(crate) diensten: Vec<Dienst>,
    pub(crate) index: KeyIndex,
}

impl OAuthclientlist {
    /// The client with this `client_id`, which is the host name of its front-channel node, exactly.
    #[must_use]
    pub fn client(&self, client_id: &Hostname) -> Option<OAuthclient<'_>> {
        let hostname = |at: u32| self.document.text(self.clients.get(at as usize)?.hostname);
        let at = self.index.find(client_id.as_str(), hostname)? as usize;
        self.clients.get(at).map(|client| OAuthclient::new(self, client, at))
    }

    /// The clients, in the order of the document.
    pub fn clients(&self) -> impl ExactSizeIterator<Item = OAuthclient<'_>> {
        self.clients
            .iter()
            .enumerate()
            .map(|(at, client)| OAuthclient::new(self, client, at))
    }

    /// Tijdstempel and Volgnummer.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.document.header()
    }

    /// The list as the framework publishes it, in the release in which it was read, with the entries as they were read.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write::list(self)
    }
}

impl PartialEq for OAuthclientlist {
    fn eq(&self, other: &Self) -> bool {
        self.header() == other.header() && self.clients().eq(other.clients())
    }
}

impl Eq for OAuthclientlist {}

impl List for OAuthclientlist {
    const KIND: ListKind = ListKind::OAuthclientlist;
    type Collector = OAuthclientlistCollector;

    fn dialects() -> Result<&'static [Arc<Dialect>], &'static DialectError> {
        static DIALECTS: BuiltInDialects = BuiltInDialects::new(&[
            include_str!("../dialects/release2-file-version-5.dialect"),
            include_str!("../dialects/release3-inferred.dialect"),
        ]);
        DIALECTS.all()
    }

    fn document(&self) -> &Document {
        &self.document
    }

    fn len(&self) -> usize {
        self.clients.len()
    }
}
