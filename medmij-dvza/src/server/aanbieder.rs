// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — an Aanbieder as a DVZA registers it: what is offered, from which Bronsystemen, within which
//! limits, with which texts of its own.

use std::time::SystemTime;

use medmij_oauth::{Function, Vertegenwoordiging};
use medmij_types::{Aanbiedernaam, GegevensdienstId};

/// An Aanbieder that this DVZA serves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Aanbieder {
    /// The name in the network.
    pub name: Aanbiedernaam,
    /// The name that a Persoon knows, for the screens (core.usrint.100).
    pub weergavenaam: String,
    /// The address of its privacyverklaring, `https` (core.usrint.102).
    pub privacy_statement: String,
    /// What it offers here.
    pub services: Vec<OfferedService>,
    /// Which kinds of representation it takes (ext.vert.authint.200): none where it says nothing, whatever the release knows.
    pub vertegenwoordiging: Vec<Vertegenwoordiging>,
    /// Where its data is. What the addresses mean is for the application that asks them.
    pub bronsystemen: Vec<RegisteredBronsysteem>,
    /// What may be asked of it.
    pub limits: AanbiederLimits,
    /// Its own sentences on the screens, beside those of the [`TextPack`](super::TextPack).
    pub texts: Option<AanbiederTexts>,
}

impl Aanbieder {
    /// An Aanbieder.
    #[must_use]
    pub fn new(
        name: Aanbiedernaam,
        weergavenaam: impl Into<String>,
        privacy_statement: impl Into<String>,
        services: Vec<OfferedService>,
    ) -> Self {
        Self {
            name,
            weergavenaam: weergavenaam.into(),
            privacy_statement: privacy_statement.into(),
            services,
            vertegenwoordiging: Vec::new(),
            bronsystemen: Vec::new(),
            limits: AanbiederLimits::default(),
            texts: None,
        }
    }

    /// With a kind of representation that it takes.
    #[must_use]
    pub fn with_vertegenwoordiging(mut self, kind: Vertegenwoordiging) -> Self {
        self.vertegenwoordiging.push(kind);
        self
    }

    /// With a Bronsysteem.
    #[must_use]
    pub fn with_bronsysteem(mut self, bronsysteem: RegisteredBronsysteem) -> Self {
        self.bronsystemen.push(bronsysteem);
        self
    }

    /// With limits of its own.
    #[must_use]
    pub fn with_limits(mut self, limits: AanbiederLimits) -> Self {
        self.limits = limits;
        self
    }

    /// With sentences of its own.
    #[must_use]
    pub fn with_texts(mut self, texts: AanbiederTexts) -> Self {
        self.texts = Some(texts);
        self
    }

    /// Whether it takes this kind of representation.
    #[must_use]
    pub fn takes(&self, kind: Vertegenwoordiging) -> bool {
        self.vertegenwoordiging.contains(&kind)
    }

    /// The Bronsystemen that hold what a gegevensdienst delivers: those that it names, or all of the Aanbieder.
    pub fn bronsystemen_of<'a>(
        &'a self,
        service: &'a OfferedService,
    ) -> impl Iterator<Item = &'a RegisteredBronsysteem> {
        let named = |source: &&RegisteredBronsysteem| {
            service.bronsystemen.is_empty() || service.bronsystemen.contains(&source.name)
        };
        self.bronsystemen.iter().filter(named)
    }

    /// A gegevensdienst that is offered for a function.
    #[must_use]
    pub fn service(&self, function: Function, id: &GegevensdienstId) -> Option<&OfferedService> {
        self.services
            .iter()
            .find(|service| service.function == function && service.id == *id)
    }

    /// The ids that are offered for a function.
    #[must_use]
    pub fn ids(&self, function: Function) -> Vec<GegevensdienstId> {
        self.services
            .iter()
            .filter(|service| service.function == function)
            .map(|service| service.id.clone())
            .collect()
    }
}

/// A source system of an Aanbieder, as its registration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredBronsysteem {
    /// What the gegevensdiensten of the Aanbieder call it.
    pub name: String,
    /// Where it is, in words of the application: `folder:/data/delinde`, `https://bron.delinde.intern/fhir`. No secrets.
    pub address: String,
}

impl RegisteredBronsysteem {
    /// A source system.
    #[must_use]
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
        }
    }
}

/// What may be asked of an Aanbieder. The limits are the same for every DVP (core.gegevensdiensten.103).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AanbiederLimits {
    /// How many resource requests are in hand at once in a process, so that a busy Aanbieder takes no others along; without,
    /// there is no limit. What comes on top is answered 503 with `Retry-After` by the guard.
    pub at_once: Option<u32>,
}

impl AanbiederLimits {
    /// At most so many resource requests at once.
    #[must_use]
    pub fn at_once(most: u32) -> Self {
        Self { at_once: Some(most) }
    }
}

/// What an Aanbieder says itself on the screens. The mandatory sentences stay those of the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AanbiederTexts {
    /// The version; a grant records it behind that of the pack, as `pack+version`.
    pub version: String,
    /// Where a Persoon gets help, on every page of this Aanbieder: `Vragen? Bel 0500 123 456.`
    pub help: Option<String>,
    /// A sentence of its own beside the question of consent.
    pub explanation: Option<String>,
}

impl AanbiederTexts {
    /// No sentences yet, under a version.
    #[must_use]
    pub fn new(version: impl Into<String>) -> Self {
        Self {
            version: version.into(),
            help: None,
            explanation: None,
        }
    }

    /// With a line that says where to get help.
    #[must_use]
    pub fn with_help(mut self, line: impl Into<String>) -> Self {
        self.help = Some(line.into());
        self
    }

    /// With a sentence beside the question of consent.
    #[must_use]
    pub fn with_explanation(mut self, sentence: impl Into<String>) -> Self {
        self.explanation = Some(sentence.into());
        self
    }
}

/// A gegevensdienst of an Aanbieder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfferedService {
    /// Its id.
    pub id: GegevensdienstId,
    /// For which function.
    pub function: Function,
    /// Its name on the screens, from the Gegevensdienstnamenlijst.
    pub name: String,
    /// Abonneren: the longest duration, in days.
    pub max_duration: Option<u32>,
    /// When its entry lapses, where that is known; it is served for 3600 seconds more (core.gegevensdiensten.104).
    pub ends_at: Option<SystemTime>,
    /// The names of the Bronsystemen that deliver it; where it names none, all of the Aanbieder do.
    pub bronsystemen: Vec<String>,
}

impl OfferedService {
    /// A gegevensdienst.
    #[must_use]
    pub fn new(id: GegevensdienstId, function: Function, name: impl Into<String>) -> Self {
        Self {
            id,
            function,
            name: name.into(),
            max_duration: None,
            ends_at: None,
            bronsystemen: Vec::new(),
        }
    }

    /// A gegevensdienst that is collected.
    #[must_use]
    pub fn verzamelen(id: GegevensdienstId, name: impl Into<String>) -> Self {
        Self::new(id, Function::Verzamelen, name)
    }

    /// With the moment at which its entry lapses.
    #[must_use]
    pub fn until(mut self, ends_at: SystemTime) -> Self {
        self.ends_at = Some(ends_at);
        self
    }

    /// Delivered by this Bronsysteem of the Aanbieder.
    #[must_use]
    pub fn from_bronsysteem(mut self, name: impl Into<String>) -> Self {
        self.bronsystemen.push(name.into());
        self
    }

    /// With the longest duration of an Abonnement, in days.
    #[must_use]
    pub fn with_max_duration(mut self, days: u32) -> Self {
        self.max_duration = Some(days);
        self
    }
}
