// SPDX-License-Identifier: AGPL-3.0-or-later
//! Several bronsystemen of one Aanbieder as one: a laboratory beside a record system.
//!
//! All are asked at the same time, and their resources form one answer. If one does not answer, there is no
//! answer: a part must not pass for the whole. Two systems that number their resources alike are told apart by
//! a prefix, which goes before every id of that system and into the references between its own resources.

mod erased;
mod prefix;

use std::collections::HashMap;

use super::bronsysteem::{Bronsysteem, BronsysteemError, Context, Delivery, Found, Stored, Wanted};
use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;
use crate::value_error::FhirValueError;
use erased::{Erased, all};
use prefix::Prefix;

/// Sources that answer together.
///
/// ```
/// use medmij_fhir::server::{Bronsystemen, ResourceSet};
///
/// let mut record = ResourceSet::new();
/// record.insert_json(br#"{"resourceType":"Flag","id":"1"}"#)?;
/// let mut laboratory = ResourceSet::new();
/// laboratory.insert_json(br#"{"resourceType":"Flag","id":"1"}"#)?;
///
/// let both = Bronsystemen::new().with(record).with_prefixed("lab", laboratory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Bronsystemen(Vec<Source>);

struct Source {
    prefix: Option<Prefix>,
    bronsysteem: Box<dyn Erased>,
}

impl std::fmt::Debug for Bronsystemen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bronsystemen({})", self.0.len())
    }
}

impl Bronsystemen {
    /// No source yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source whose ids are its own: no other source gives the same type and id for other content.
    #[must_use]
    pub fn with(mut self, bronsysteem: impl Bronsysteem + 'static) -> Self {
        self.0.push(Source {
            prefix: None,
            bronsysteem: Box::new(bronsysteem),
        });
        self
    }

    /// Adds a source whose ids get this prefix and a dot: `lab.1`.
    ///
    /// # Errors
    /// [`FhirValueError::Prefix`].
    pub fn with_prefixed(
        mut self,
        prefix: &str,
        bronsysteem: impl Bronsysteem + 'static,
    ) -> Result<Self, FhirValueError> {
        let prefix = Prefix::parse(prefix).ok_or(FhirValueError::Prefix)?;
        if self.0.iter().any(|source| source.prefix.as_ref() == Some(&prefix)) {
            return Err(FhirValueError::Prefix);
        }
        self.0.push(Source {
            prefix: Some(prefix),
            bronsysteem: Box::new(bronsysteem),
        });
        Ok(self)
    }
}

impl Bronsysteem for Bronsystemen {
    async fn find(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        // what a source is asked: ids without the prefix that it does not know
        let asked: Vec<Wanted> = self.0.iter().map(|source| source.wanted(wanted)).collect();
        let answers = self
            .0
            .iter()
            .zip(&asked)
            .map(|(source, wanted)| source.bronsysteem.find(context, wanted));
        let answers = all(answers.collect()).await;
        let mut resources = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (source, answer) in self.0.iter().zip(answers) {
            for resource in answer? {
                let resource = source.given(resource)?;
                let id = resource
                    .id()
                    .ok_or_else(|| BronsysteemError::Failed("resource without an id".to_owned()))?;
                let place = format!("{}/{id}", resource.resource_type());
                match seen.get(&place).and_then(|at| resources.get(*at)) {
                    None => {
                        seen.insert(place, resources.len());
                        resources.push(resource);
                    }
                    Some(same) if *same == resource => {}
                    Some(_) => {
                        return Err(BronsysteemError::Failed(format!(
                            "two sources give {place}: give one a prefix"
                        )));
                    }
                }
            }
        }
        Ok(resources)
    }

    async fn read(
        &self,
        context: &Context,
        resource_type: &ResourceType,
        id: &ResourceId,
    ) -> Result<Found, BronsysteemError> {
        // a prefix leads to one source; without, the first that has it
        for source in &self.0 {
            if let Some(prefix) = &source.prefix
                && let Some(own) = prefix.without(id)
            {
                return match source.bronsysteem.read(context, resource_type, &own).await? {
                    Found::Resource(resource) => Ok(Found::Resource(source.given(resource)?)),
                    other => Ok(other),
                };
            }
        }
        let mut answer = Found::Unknown;
        for source in self.0.iter().filter(|source| source.prefix.is_none()) {
            match source.bronsysteem.read(context, resource_type, id).await? {
                Found::Resource(resource) => return Ok(Found::Resource(resource)),
                Found::Gone => answer = Found::Gone,
                Found::Unknown => {}
            }
        }
        Ok(answer)
    }

    async fn receives(&self, context: &Context) -> Result<bool, BronsysteemError> {
        for source in &self.0 {
            if source.bronsysteem.receives(context).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first source that receives stores; it must be one without a prefix, for updates name its ids.
    async fn store(&self, context: &Context, delivery: &Delivery) -> Result<Vec<Stored>, BronsysteemError> {
        for source in self.0.iter().filter(|source| source.prefix.is_none()) {
            if source.bronsysteem.receives(context).await? {
                return source.bronsysteem.store(context, delivery).await;
            }
        }
        Err(BronsysteemError::NotSupported)
    }
}

impl Source {
    fn wanted(&self, wanted: &Wanted) -> Wanted {
        match &self.prefix {
            Some(prefix) => prefix.wanted(wanted),
            None => wanted.clone(),
        }
    }

    fn given(&self, resource: Resource) -> Result<Resource, BronsysteemError> {
        match &self.prefix {
            Some(prefix) => prefix.given(&resource),
            None => Ok(resource),
        }
    }
}

#[cfg(test)]
mod tests;
