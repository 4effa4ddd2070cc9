// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.ocl.100, core.ocl.300 — the list of the DVPs and their gegevensdiensten.

use medmij_list::{Document, Header, KeyIndex};

use crate::tables::{Client, Service};

/// The OAuth Client List. Two lists are equal if their headers and their entries, in order, are.
#[derive(Debug)]
pub struct OAuthclientlist {
    pub(crate) document: Document,
    pub(crate) clients: Vec<Client>,
    pub(crate) services: Vec<Service>,
    pub(crate) index: KeyIndex,
}

impl OAuthclientlist {
    /// Tijdstempel and Volgnummer.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.document.header()
    }
}
