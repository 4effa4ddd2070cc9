// SPDX-License-Identifier: AGPL-3.0-or-later
//! What one ResourceEndpoint serves: which types are searched, in which FHIR version, and what is received.

use crate::bundle::BundleType;
use crate::gegevensdienst::Gegevensdienst;
use crate::name::ResourceType;
use crate::version::FhirVersion;

/// The types that are searched at an endpoint, and what may be delivered there.
///
/// A resource that a searched one points at (a Practitioner, a Medication, a Binary) is read by its id
/// and needs no place here.
///
/// ```
/// use medmij_fhir::{FhirVersion, Gegevensdienst, ResourceType};
/// use medmij_fhir::server::{Delen, Served};
/// use medmij_types::GegevensdienstId;
///
/// // 51 at a DVA without manifests
/// let documents = Gegevensdienst::lookup(&GegevensdienstId::parse("51")?).ok_or("unknown")?;
/// let served = Served::of(documents).without(&ResourceType::parse("DocumentManifest")?);
/// assert!(served.searches(&ResourceType::parse("DocumentReference")?));
///
/// // 52 and 53 on one endpoint
/// let meetwaarden = Served::new(FhirVersion::Stu3)
///     .with_type(ResourceType::parse("Observation")?)
///     .with_delen(Delen::lookup("53").ok_or("unknown")?);
/// assert!(meetwaarden.delen().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    version: FhirVersion,
    types: Vec<ResourceType>,
    delen: Option<Delen>,
}

impl Served {
    /// Nothing yet, in this FHIR version.
    #[must_use]
    pub fn new(version: FhirVersion) -> Self {
        Self {
            version,
            types: Vec::new(),
            delen: None,
        }
    }

    /// What the queries of a gegevensdienst ask, and what is delivered for it.
    #[must_use]
    pub fn of(gegevensdienst: &Gegevensdienst) -> Self {
        let mut served = Self::new(gegevensdienst.version());
        for query in gegevensdienst.queries() {
            if let Some(resource_type) = query.resource_type() {
                served = served.with_type(resource_type.clone());
            }
        }
        for resource_type in &gegevensdienst.also_serves {
            served = served.with_type(resource_type.clone());
        }
        served.delen = Delen::lookup(gegevensdienst.key());
        served
    }

    /// Adds a type that is searched.
    #[must_use]
    pub fn with_type(mut self, resource_type: ResourceType) -> Self {
        if !self.types.contains(&resource_type) {
            self.types.push(resource_type);
        }
        self
    }

    /// Takes a type away: a DVA without manifests answers a search for DocumentManifest with 404 and `not-supported`.
    #[must_use]
    pub fn without(mut self, resource_type: &ResourceType) -> Self {
        self.types.retain(|known| known != resource_type);
        self
    }

    /// Says what may be delivered.
    #[must_use]
    pub fn with_delen(mut self, delen: Delen) -> Self {
        self.delen = Some(delen);
        self
    }

    /// The FHIR version; an endpoint has one.
    #[must_use]
    pub fn version(&self) -> FhirVersion {
        self.version
    }

    /// The types that are searched, in the order in which they were added.
    #[must_use]
    pub fn types(&self) -> &[ResourceType] {
        &self.types
    }

    /// Whether a type is searched.
    #[must_use]
    pub fn searches(&self, resource_type: &ResourceType) -> bool {
        self.types.contains(resource_type)
    }

    /// What may be delivered.
    #[must_use]
    pub fn delen(&self) -> Option<&Delen> {
        self.delen.as_ref()
    }
}

/// What a gegevensdienst of the functie Delen receives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delen {
    /// `batch` for 53, otherwise `transaction`.
    pub bundle: BundleType,
    /// Types that may occur in the Bundle.
    pub types: Vec<&'static str>,
    /// Types of which there must be at least one.
    pub required: Vec<&'static str>,
    /// Types that may be updated (`PUT`), in the Bundle and by themselves.
    pub updates: Vec<&'static str>,
    /// Types that may be patched (`PATCH`, JSON Patch).
    pub patches: Vec<&'static str>,
    /// The acknowledgement that is shown to the Persoon, as an OperationOutcome in the answer.
    pub acknowledgement: Option<String>,
}

impl Delen {
    /// What the system of a module does with a Task of Aanbiedertaken: `PATCH` its progress, or `PUT` it. Not for the
    /// endpoint of a DVP, which reads tasks only: serve it at an endpoint of its own.
    ///
    /// ```
    /// use medmij_fhir::FhirVersion;
    /// use medmij_fhir::server::{Delen, Served};
    ///
    /// let modules = Served::new(FhirVersion::R4).with_delen(Delen::module_system());
    /// assert_eq!(modules.delen().unwrap().patches, ["Task"]);
    /// ```
    #[must_use]
    pub fn module_system() -> Self {
        Self {
            bundle: BundleType::Transaction,
            types: Vec::new(),
            required: Vec::new(),
            updates: vec!["Task"],
            patches: vec!["Task"],
            acknowledgement: None,
        }
    }

    /// The built-in rules: `53`, `55`, `57`, `60` and `U:Patientcorrecties`.
    #[must_use]
    pub fn lookup(key: &str) -> Option<Self> {
        let who = [
            "Patient",
            "Practitioner",
            "PractitionerRole",
            "Organization",
            "RelatedPerson",
        ];
        let rules = |bundle, required: &[&'static str], others: &[&'static str]| Self {
            bundle,
            types: required.iter().chain(others).chain(&who).copied().collect(),
            required: required.to_vec(),
            updates: Vec::new(),
            patches: Vec::new(),
            acknowledgement: None,
        };
        match key {
            "53" => Some(rules(
                BundleType::Batch,
                &["Observation"],
                &["Device", "DeviceUseStatement"],
            )),
            "55" => Some(rules(BundleType::Transaction, &["List", "Media"], &["Binary"])),
            "57" => Some(rules(
                BundleType::Transaction,
                &["DocumentReference", "Binary"],
                &["DocumentManifest", "List"],
            )),
            "60" => Some(Self {
                updates: vec!["Task"],
                ..rules(BundleType::Transaction, &["QuestionnaireResponse"], &["Task"])
            }),
            "U:Patientcorrecties" => Some(Self {
                acknowledgement: Some("Uw verzoek is ontvangen.".to_owned()),
                ..rules(
                    BundleType::Transaction,
                    &["Communication"],
                    &["Binary", "DocumentReference", "Task"],
                )
            }),
            _ => None,
        }
    }
}
