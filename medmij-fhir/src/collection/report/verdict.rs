// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether a collection is the whole: nobody takes a part for it unawares.

use super::{Collected, Report};
use crate::collection::gap::Gap;

/// Whether a collection is the whole.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::exhaustive_enums, reason = "it is the whole or it is not")]
pub enum Verdict<'a> {
    /// Every query ended with its last page.
    Whole(Whole<'a>),
    /// Something is missing, or may be. Never to be kept, shown or shared as the whole.
    Partial(Partial<'a>),
}

/// A collection in which every query ended with its last page.
#[derive(Debug, Clone, Copy)]
pub struct Whole<'a>(pub(super) &'a Report);

/// A collection in which something is missing, or may be.
#[derive(Debug, Clone, Copy)]
pub struct Partial<'a>(pub(super) &'a Report);

impl<'a> Whole<'a> {
    /// All resources of all queries, in order, then those that references led to. A resource that two
    /// queries include comes twice.
    pub fn resources(&self) -> impl Iterator<Item = &'a Collected> + use<'a> {
        self.0.all()
    }

    /// The resources of one query, by its label.
    pub fn of<'b>(&self, label: &'b str) -> impl Iterator<Item = &'a Collected> + use<'a, 'b> {
        of(self.0, label)
    }

    /// The lines.
    #[must_use]
    pub fn report(&self) -> &'a Report {
        self.0
    }
}

impl<'a> Partial<'a> {
    /// What came, as [`Whole::resources`]: a part.
    pub fn resources(&self) -> impl Iterator<Item = &'a Collected> + use<'a> {
        self.0.all()
    }

    /// What came of one query, by its label.
    pub fn of<'b>(&self, label: &'b str) -> impl Iterator<Item = &'a Collected> + use<'a, 'b> {
        of(self.0, label)
    }

    /// What is missing, or may be.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        self.0.gaps()
    }

    /// The lines.
    #[must_use]
    pub fn report(&self) -> &'a Report {
        self.0
    }
}

impl<'a> Verdict<'a> {
    /// What came, whole or not; look at the variant before it is kept, shown or shared.
    pub fn resources(&self) -> impl Iterator<Item = &'a Collected> + use<'a> {
        match self {
            Self::Whole(Whole(report)) | Self::Partial(Partial(report)) => report.all(),
        }
    }

    /// What came of one query, by its label.
    pub fn of<'b>(&self, label: &'b str) -> impl Iterator<Item = &'a Collected> + use<'a, 'b> {
        match self {
            Self::Whole(Whole(report)) | Self::Partial(Partial(report)) => of(report, label),
        }
    }
}

fn of<'a, 'b>(report: &'a Report, label: &'b str) -> impl Iterator<Item = &'a Collected> + use<'a, 'b> {
    let lines = report.queries.iter().filter(move |line| line.label == label);
    lines.flat_map(|line| &line.resources)
}
