// SPDX-License-Identifier: AGPL-3.0-or-later
//! Delen: a Bundle of the Persoon, or a new version of one resource.
//!
//! The Ontvankelijkheidstoets comes first. References between entries are made relative, inside a batch too:
//! the Observations of 53 refer to the Patient beside them, although base FHIR lets batch entries stand alone.
//! A transaction is stored whole or not at all; of a batch every entry has its own answer.

mod condition;
mod entries;
mod patch;

use http::{HeaderMap, StatusCode};

use super::bronsysteem::{Bronsysteem, Context, Delivery, DeliveryEntry, Stored};
use super::bundle_out::BundleOut;
use super::negotiate::{self, Format};
use super::refusal::Refusal;
use super::reply::{Body, Reply};
use super::served::Delen;
use crate::bsn::redact_bsn;
use crate::bundle::BundleType;
use crate::limits::Limits;
use crate::name::{ResourceId, ResourceType};
use crate::outcome::{Issue, IssueCode, OperationOutcome, Severity};
use crate::resource::Resource;
use crate::version::FhirVersion;
use entries::Posted;
use medmij_types::Entropy;

/// What a write needs besides its body.
pub(super) struct Writing<'a> {
    pub(super) delen: &'a Delen,
    pub(super) version: FhirVersion,
    pub(super) base: &'a str,
    pub(super) limits: &'a Limits,
    pub(super) entropy: &'a dyn Entropy,
}

impl Writing<'_> {
    /// `POST [base]`.
    pub(super) async fn bundle<B: Bronsysteem>(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        context: &Context,
        bronsysteem: &B,
    ) -> Result<Reply, Refusal> {
        self.admit(context, bronsysteem).await?;
        let text = self.read(headers, body)?;
        let mut posted = Vec::new();
        for entry in Posted::read(&text, self)? {
            posted.push(match entry {
                Ok((entry, None)) => Ok(entry),
                Ok((entry, condition)) => Self::judge(entry, condition, context, bronsysteem).await,
                Err(refusal) => Err(refusal),
            });
        }
        let atomic = self.delen.bundle != BundleType::Batch;
        let mut delivery = Delivery {
            atomic,
            entries: Vec::new(),
        };
        for entry in &posted {
            match entry {
                Ok(entry) => delivery.entries.push(entry.clone()),
                Err(refusal) if atomic => return Err(refusal.clone()),
                Err(_) => {}
            }
        }
        for required in &self.delen.required {
            let is = |entry: &DeliveryEntry| entry.resource.resource_type().as_str() == *required;
            if !delivery.entries.iter().any(is) && (atomic || posted.iter().all(Result::is_ok)) {
                return Err(Refusal::Rule(format!("Bundle holds no {required}")));
            }
        }
        let stored = if delivery.entries.is_empty() {
            Vec::new()
        } else {
            bronsysteem.store(context, &delivery).await?
        };
        if stored.len() != delivery.entries.len() {
            return Err(Refusal::Internal);
        }
        let whole = negotiate::prefers(headers, "return=representation");
        self.answer(&posted, stored, atomic, whole)
    }

    /// Judges `ifMatch` of an entry.
    async fn judge<B: Bronsysteem>(
        entry: DeliveryEntry,
        condition: Option<String>,
        context: &Context,
        bronsysteem: &B,
    ) -> Result<DeliveryEntry, Refusal> {
        let id = entry.resource.id().ok_or(Refusal::Internal)?;
        let place = (entry.resource.resource_type(), id);
        condition::check(condition.as_deref(), place, context, bronsysteem).await?;
        Ok(entry)
    }

    fn answer(
        &self,
        posted: &[Result<DeliveryEntry, Refusal>],
        stored: Vec<Stored>,
        atomic: bool,
        whole: bool,
    ) -> Result<Reply, Refusal> {
        let mut out = BundleOut::new(if atomic {
            "transaction-response"
        } else {
            "batch-response"
        });
        let mut stored = stored.into_iter();
        for (at, entry) in posted.iter().enumerate() {
            let result = match entry {
                Ok(entry) => match stored.next() {
                    Some(Stored::Created) => Ok((entry, StatusCode::CREATED)),
                    Some(Stored::Updated) => Ok((entry, StatusCode::OK)),
                    Some(Stored::Unknown) => Err(Refusal::NotFound),
                    Some(Stored::Refused(text)) => Err(Refusal::Rule(format!("entry[{at}]: {text}"))),
                    None => return Err(Refusal::Internal),
                },
                Err(refusal) => Err(refusal.clone()),
            };
            match result {
                Ok((entry, status)) => out.stored(self.base, &entry.resource, status, whole),
                Err(refusal) if atomic => return Err(refusal),
                Err(refusal) => out.refused(refusal.status(), &outcome(&refusal)),
            }
        }
        if let Some(text) = &self.delen.acknowledgement {
            let issue = Issue::new(Severity::Information, IssueCode::Informational, text.clone());
            out.message(&OperationOutcome::new(issue));
        }
        Ok(Reply::ok(out.finish()))
    }

    /// `PUT [base]/Type/id`: the whole resource comes back.
    pub(super) async fn update<B: Bronsysteem>(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        place: (&ResourceType, &ResourceId),
        context: &Context,
        bronsysteem: &B,
    ) -> Result<Reply, Refusal> {
        self.admit(context, bronsysteem).await?;
        let text = self.read(headers, body)?;
        let resource =
            Resource::parse(text.as_bytes(), self.limits).map_err(|error| Refusal::Body(error.to_string()))?;
        if resource.resource_type() != place.0 {
            return Err(Refusal::Body("resource is not of the type of the path".to_owned()));
        }
        if resource.id() != Some(place.1) {
            return Err(Refusal::Body("id of the resource is not that of the path".to_owned()));
        }
        condition::check(condition::of_headers(headers).as_deref(), place, context, bronsysteem).await?;
        Self::replace(resource, context, bronsysteem).await
    }

    /// Stores a new version of one resource, which comes back.
    async fn replace<B: Bronsysteem>(resource: Resource, context: &Context, bronsysteem: &B) -> Result<Reply, Refusal> {
        let delivery = Delivery {
            atomic: true,
            entries: vec![DeliveryEntry {
                create: false,
                resource: resource.clone(),
            }],
        };
        match bronsysteem.store(context, &delivery).await?.into_iter().next() {
            Some(Stored::Updated | Stored::Created) => Ok(Reply {
                status: StatusCode::OK,
                body: Body::Resource(resource.as_bytes().to_vec()),
                location: None,
            }),
            Some(Stored::Unknown) => Err(Refusal::NotFound),
            Some(Stored::Refused(text)) => Err(Refusal::Rule(text)),
            None => Err(Refusal::Internal),
        }
    }

    /// The Ontvankelijkheidstoets: whether the Aanbieder can receive what is shared (core.delen).
    async fn admit<B: Bronsysteem>(&self, context: &Context, bronsysteem: &B) -> Result<(), Refusal> {
        if bronsysteem.receives(context).await? {
            Ok(())
        } else {
            Err(Refusal::NotReceived)
        }
    }

    /// The body as JSON, a BSN masked (core.rscint.203).
    fn read(&self, headers: &HeaderMap, body: &[u8]) -> Result<String, Refusal> {
        let format = negotiate::body_format(headers, self.version)?;
        if body.len() > self.limits.body {
            return Err(Refusal::TooLarge);
        }
        let from_xml;
        let json = if format == Format::Xml {
            from_xml = super::form::from_xml(self.version, body, self.limits)?;
            &from_xml
        } else {
            body
        };
        let redacted = redact_bsn(json, self.limits).map_err(|error| Refusal::Body(error.to_string()))?;
        Ok(redacted.text.into_owned())
    }
}

fn outcome(refusal: &Refusal) -> OperationOutcome {
    OperationOutcome::new(Issue::new(Severity::Error, refusal.code(), refusal.to_string()))
}
