// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a list holds: four flat tables of values.

use medmij_list::Value;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aanbieder {
    pub(crate) naam: Value,
    pub(crate) aanbiedertype: Value,
    pub(crate) versies_end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Versie {
    /// Absent in release2, which has one version that is not named.
    pub(crate) id: Value,
    pub(crate) diensten_end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dienst {
    pub(crate) id: Value,
    pub(crate) authorization: Value,
    pub(crate) token: Value,
    pub(crate) duur: Value,
    pub(crate) subscription: Value,
    pub(crate) rollen_end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rol {
    pub(crate) code: Value,
    pub(crate) resource: Value,
}

/// The four flat tables, each entry saying where its children end.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) aanbieders: Vec<Aanbieder>,
    pub(crate) versies: Vec<Versie>,
    pub(crate) diensten: Vec<Dienst>,
    pub(crate) rollen: Vec<Rol>,
}
