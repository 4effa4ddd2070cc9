// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a list holds: four flat tables of values.

use medmij_list::ValueRange;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aanbieder {
    pub(crate) name: ValueRange,
    pub(crate) aanbiedertype: ValueRange,
    pub(crate) versions_end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Version {
    /// Absent in release2, which has one version that is not named.
    pub(crate) id: ValueRange,
    pub(crate) services_end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Service {
    pub(crate) id: ValueRange,
    pub(crate) authorization: ValueRange,
    pub(crate) token: ValueRange,
    pub(crate) duration: ValueRange,
    pub(crate) subscription: ValueRange,
    pub(crate) roles_end: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Role {
    pub(crate) code: ValueRange,
    pub(crate) resource: ValueRange,
}

/// The four flat tables, each entry saying where its children end.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) aanbieders: Vec<Aanbieder>,
    pub(crate) versions: Vec<Version>,
    pub(crate) services: Vec<Service>,
    pub(crate) roles: Vec<Role>,
}
