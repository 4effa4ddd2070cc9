// SPDX-License-Identifier: AGPL-3.0-or-later
//! The head that all lists share: `Tijdstempel` and `Volgnummer`.

use medmij_types::{Tijdstempel, Volgnummer};

/// Publication time and sequence number of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    tijdstempel: Tijdstempel,
    volgnummer: Volgnummer,
}

impl Header {
    /// A header of these two.
    #[must_use]
    pub const fn new(tijdstempel: Tijdstempel, volgnummer: Volgnummer) -> Self {
        Self {
            tijdstempel,
            volgnummer,
        }
    }

    /// The moment of publication.
    #[must_use]
    pub const fn tijdstempel(&self) -> &Tijdstempel {
        &self.tijdstempel
    }

    /// The number of the publication: plus one at each change, counted per list.
    #[must_use]
    pub const fn volgnummer(&self) -> Volgnummer {
        self.volgnummer
    }
}
