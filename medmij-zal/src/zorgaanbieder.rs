// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100, core.alst.101 — a Zorgaanbieder, with what it offers per Interfaceversie.

use std::fmt;

use medmij_types::{Aanbiedernaam, GegevensdienstId, InterfaceversieId};

use crate::{Aanbiedertype, Unusable, Zorgaanbiederslijst};

impl Zorgaanbiederslijst {
    /// The Zorgaanbieder of this name.
    #[must_use]
    pub fn zorgaanbieder(&self, name: &Aanbiedernaam) -> Option<Zorgaanbieder<'_>> {
        self.position(name).map(|at| Zorgaanbieder { list: self, at })
    }

    /// The Zorgaanbieders, in the order of the document.
    pub fn zorgaanbieders(&self) -> impl ExactSizeIterator<Item = Zorgaanbieder<'_>> {
        (0..self.entries()).map(|at| Zorgaanbieder {
            list: self,
            at: u32::try_from(at).unwrap_or(u32::MAX),
        })
    }

    /// The Zorgaanbieders that offer a Gegevensdienst under any Interfaceversie. The index for it is made at the first
    /// call.
    pub fn zorgaanbieders_with(
        &self,
        gegevensdienst: &GegevensdienstId,
    ) -> impl ExactSizeIterator<Item = Zorgaanbieder<'_>> {
        let found = self.positions_with(gegevensdienst);
        found.iter().map(|at| Zorgaanbieder { list: self, at: *at })
    }
}

/// An entry of the Zorgaanbiederslijst.
#[derive(Clone, Copy)]
pub struct Zorgaanbieder<'a> {
    pub(crate) list: &'a Zorgaanbiederslijst,
    at: u32,
}

impl<'a> Zorgaanbieder<'a> {
    /// The name as it is in the list, with `@medmij`.
    #[must_use]
    pub fn name_str(self) -> &'a str {
        self.list.text(self.list.aanbieder(self.at).name).unwrap_or_default()
    }

    /// The name for use.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the name is no [`Aanbiedernaam`]: an inferred dialect only marks it.
    pub fn name(self) -> Result<Aanbiedernaam, Unusable> {
        let text = self.name_str();
        Aanbiedernaam::parse(text)
            .map_err(|cause| Unusable::new("Zorgaanbiedernaam", text, format!("number {}", self.at + 1), cause))
    }

    /// What kind of Aanbieder it is; `None` where the list does not say.
    #[must_use]
    pub fn aanbiedertype(self) -> Option<Aanbiedertype> {
        self.aanbiedertype_str().map(Aanbiedertype::from_code)
    }

    /// The Aanbiedertype as it is in the list.
    #[must_use]
    pub fn aanbiedertype_str(self) -> Option<&'a str> {
        self.list.text(self.list.aanbieder(self.at).aanbiedertype)
    }

    /// The Interfaceversies; release2 has one that is not named.
    pub fn interfaceversies(self) -> impl ExactSizeIterator<Item = Interfaceversie<'a>> {
        let range = self.list.versions_of(self.at);
        // a range of u32 has no exact size on all machines
        (range.start as usize..range.end as usize).map(move |at| Interfaceversie {
            aanbieder: self,
            at: u32::try_from(at).unwrap_or(u32::MAX),
        })
    }

    /// What it offers under an Interfaceversie, compared exactly. In release2 the one that is there meets any.
    #[must_use]
    pub fn interfaceversie(self, id: &InterfaceversieId) -> Option<Interfaceversie<'a>> {
        self.interfaceversies()
            .find(|version| version.id_str().is_none_or(|known| known == id.as_str()))
    }
}

impl fmt::Debug for Zorgaanbieder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zorgaanbieder")
            .field("name", &self.name_str())
            .finish_non_exhaustive()
    }
}

/// An Interfaceversie of a Zorgaanbieder: the Gegevensdiensten that it offers under one version of the framework.
#[derive(Clone, Copy)]
pub struct Interfaceversie<'a> {
    pub(crate) aanbieder: Zorgaanbieder<'a>,
    pub(crate) at: u32,
}

impl<'a> Interfaceversie<'a> {
    /// The id as it is in the list; `None` in release2.
    #[must_use]
    pub fn id_str(self) -> Option<&'a str> {
        self.aanbieder.list.text(self.aanbieder.list.version(self.at).id)
    }

    /// The id for use; `None` in release2.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the id is no [`InterfaceversieId`].
    pub fn id(self) -> Option<Result<InterfaceversieId, Unusable>> {
        let text = self.id_str()?;
        let of = || self.aanbieder.name_str().to_owned();
        Some(InterfaceversieId::parse(text).map_err(|cause| Unusable::new("InterfaceversieId", text, of(), cause)))
    }

    /// The Zorgaanbieder.
    #[must_use]
    pub const fn zorgaanbieder(self) -> Zorgaanbieder<'a> {
        self.aanbieder
    }
}

impl fmt::Debug for Interfaceversie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interfaceversie")
            .field("id", &self.id_str())
            .finish_non_exhaustive()
    }
}
