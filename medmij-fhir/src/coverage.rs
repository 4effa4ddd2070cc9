// SPDX-License-Identifier: AGPL-3.0-or-later
//! Coverage: which zibs of a gegevensdienst are filled, over one or more sets of answers together.
//!
//! A zib is recognised by `meta.profile`, which the qualification makes obligatory; `tables/zibs.txt` says which
//! profiles mean which zib. The lists of zibs, their marks and the threshold are in the catalogue: for Basisgegevens
//! GGZ the rule is 21 zibs, not a percentage.
//!
//! ```
//! use medmij_fhir::coverage::Coverage;
//! use medmij_fhir::{FhirVersion, Gegevensdienst, Limits};
//! use medmij_types::GegevensdienstId;
//!
//! let ggz = Gegevensdienst::lookup(&GegevensdienstId::parse("50")?).ok_or("unknown")?;
//! let mut coverage = Coverage::of(ggz);
//! coverage.add(br#"{"resourceType":"Condition","meta":{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-Problem"]}}"#, FhirVersion::Stu3, &Limits::default())?;
//! let filled: Vec<&str> = coverage.zibs().iter().filter(|zib| zib.count > 0).map(|zib| zib.name.as_str()).collect();
//! assert_eq!(filled, ["Probleem"]);
//! assert_eq!((coverage.filled(), coverage.threshold()), (1, Some(21)));
//! assert_eq!(coverage.is_enough(), Some(false));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod profile;

use medmij_types::json::{Document, Kind, Value};

use crate::check::CheckError;
use crate::format::Format;
use crate::gegevensdienst::{Gegevensdienst, Mark};
use crate::limits::Limits;
use crate::version::FhirVersion;
use crate::xml;

/// Which zibs of a gegevensdienst are filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    zibs: Vec<Zib>,
    threshold: Option<u16>,
    documents: usize,
    resources: usize,
    other_profiles: Vec<String>,
}

/// A zib of the list of a gegevensdienst.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Zib {
    /// Its name, as the information standard has it.
    pub name: String,
    /// How well it is known that the service has it.
    pub mark: Option<Mark>,
    /// How many resources, or elements of one, fill it.
    pub count: usize,
    /// Whether this crate knows by which profile to recognise it.
    pub is_recognisable: bool,
}

impl Coverage {
    /// Nothing is filled yet.
    #[must_use]
    pub fn of(service: &Gegevensdienst) -> Self {
        let list = service.zibs();
        let named = list.names.iter().map(|name| (name, list.mark));
        let seen = list.seen.iter().map(|name| (name, Some(Mark::Seen)));
        let inferred = list.inferred.iter().map(|name| (name, Some(Mark::Inferred)));
        let zibs = named.chain(seen).chain(inferred).map(|(name, mark)| Zib {
            name: name.clone(),
            mark,
            count: 0,
            is_recognisable: profile::is_known(name),
        });
        Self {
            zibs: zibs.collect(),
            threshold: list.threshold,
            documents: 0,
            resources: 0,
            other_profiles: Vec::new(),
        }
    }

    /// Adds a document, JSON or XML: a Bundle or one resource.
    ///
    /// # Errors
    /// [`CheckError`] when it cannot be read; then nothing is added.
    pub fn add(&mut self, document: &[u8], version: FhirVersion, limits: &Limits) -> Result<(), CheckError> {
        let converted;
        let json = match Format::of(document) {
            Format::Json => document,
            Format::Xml => {
                converted = xml::to_json(document, version, limits)?.text;
                converted.as_bytes()
            }
        };
        let parsed = Document::parse(json, &limits.json())?;
        self.documents += 1;
        self.resource(parsed.root());
        Ok(())
    }

    /// The zibs of the list, in its order, with how often each is filled.
    #[must_use]
    pub fn zibs(&self) -> &[Zib] {
        &self.zibs
    }

    /// How many zibs of the list are filled.
    #[must_use]
    pub fn filled(&self) -> usize {
        self.zibs.iter().filter(|zib| zib.count > 0).count()
    }

    /// How many must be filled to qualify, where that is a rule.
    #[must_use]
    pub const fn threshold(&self) -> Option<u16> {
        self.threshold
    }

    /// Whether as many are filled as the rule asks; none where there is no rule.
    #[must_use]
    pub fn is_enough(&self) -> Option<bool> {
        self.threshold.map(|threshold| self.filled() >= usize::from(threshold))
    }

    /// How many documents were read, and how many resources they hold.
    #[must_use]
    pub const fn read(&self) -> (usize, usize) {
        (self.documents, self.resources)
    }

    /// Profiles that mean no zib of the list, each once, by their last part.
    #[must_use]
    pub fn other_profiles(&self) -> &[String] {
        &self.other_profiles
    }

    fn resource(&mut self, resource: Value<'_>) {
        let kind = resource.member("resourceType").and_then(|kind| kind.as_str());
        if kind.as_deref() == Some("Bundle") {
            let entries = resource.member("entry");
            for entry in entries.iter().flat_map(Value::items) {
                if let Some(resource) = entry.member("resource") {
                    self.resource(resource);
                }
            }
            return;
        }
        if kind.is_none() {
            return;
        }
        self.resources += 1;
        let profiles = resource.member("meta").and_then(|meta| meta.member("profile"));
        let mut filled: Vec<&'static str> = Vec::new();
        for url in profiles
            .iter()
            .flat_map(Value::items)
            .filter_map(|profile| profile.as_str())
        {
            let zibs = profile::zibs_of(&url);
            if !zibs.iter().any(|zib| self.zibs.iter().any(|known| known.name == *zib)) {
                self.other(&url);
            }
            filled.extend(zibs);
        }
        // what is an element of another resource
        if kind.as_deref() == Some("Patient") {
            let has = |name| resource.member(name).is_some_and(|value| !is_empty(value));
            filled.extend(has("contact").then_some("Contactpersoon"));
            filled.extend(has("maritalStatus").then_some("BurgerlijkeStaat"));
        }
        filled.sort_unstable();
        filled.dedup();
        for zib in self.zibs.iter_mut().filter(|zib| filled.contains(&zib.name.as_str())) {
            zib.count += 1;
        }
        let contained = resource.member("contained");
        for contained in contained.iter().flat_map(Value::items) {
            self.resource(contained);
        }
    }

    fn other(&mut self, url: &str) {
        let name = profile::last_part(url);
        let shown = crate::outcome::printable(name, 80);
        if self.other_profiles.len() < MOST_OTHERS && !self.other_profiles.contains(&shown) {
            self.other_profiles.push(shown);
        }
    }
}

fn is_empty(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Array => value.items().next().is_none(),
        Kind::Object => value.members().next().is_none(),
        kind => kind == Kind::Null,
    }
}

const MOST_OTHERS: usize = 200;

#[cfg(test)]
mod tests;
