// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sections of a dossier, and which kind of resource is where.

/// A part of a dossier, in the order in which they are shown.
///
/// ```
/// use medmij_fhir::show::Section;
///
/// assert_eq!((Section::Medication.title(), Section::Medication.slug()), ("Medicijnen", "medicijnen"));
/// assert_eq!(Section::ALL.iter().find(|section| section.slug() == "afspraken"), Some(&Section::Appointments));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Section {
    /// Medicines.
    Medication,
    /// Allergies and intolerances.
    Allergies,
    /// Problems, diagnoses and points of attention.
    Problems,
    /// Measurements of the body.
    Measurements,
    /// Results of labs and other examinations.
    Results,
    /// Vaccinations.
    Vaccinations,
    /// Appointments and visits.
    Appointments,
    /// Letters and documents.
    Documents,
    /// Procedures and medical devices.
    Procedures,
    /// How somebody lives: habits, functioning, help.
    Living,
    /// Wishes about treatment.
    Wishes,
    /// Zorgverleners, organizations and others around.
    Contacts,
    /// The Persoon and the insurance.
    Person,
    /// Everything else.
    #[default]
    Other,
}

impl Section {
    /// All of them, in order.
    pub const ALL: [Self; 14] = [
        Self::Medication,
        Self::Allergies,
        Self::Problems,
        Self::Measurements,
        Self::Results,
        Self::Vaccinations,
        Self::Appointments,
        Self::Documents,
        Self::Procedures,
        Self::Living,
        Self::Wishes,
        Self::Contacts,
        Self::Person,
        Self::Other,
    ];

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Medication => "Medicijnen",
            Self::Allergies => "Allergieën",
            Self::Problems => "Aandoeningen en diagnoses",
            Self::Measurements => "Metingen",
            Self::Results => "Uitslagen",
            Self::Vaccinations => "Vaccinaties",
            Self::Appointments => "Afspraken en bezoeken",
            Self::Documents => "Brieven en documenten",
            Self::Procedures => "Ingrepen en hulpmiddelen",
            Self::Living => "Leven en gewoonten",
            Self::Wishes => "Wensen over je zorg",
            Self::Contacts => "Zorgverleners en contacten",
            Self::Person => "Persoonsgegevens",
            Self::Other => "Overig",
        }
    }

    /// Its name in an address.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Medication => "medicijnen",
            Self::Allergies => "allergieen",
            Self::Problems => "aandoeningen",
            Self::Measurements => "metingen",
            Self::Results => "uitslagen",
            Self::Vaccinations => "vaccinaties",
            Self::Appointments => "afspraken",
            Self::Documents => "documenten",
            Self::Procedures => "ingrepen",
            Self::Living => "leven",
            Self::Wishes => "wensen",
            Self::Contacts => "contacten",
            Self::Person => "persoonsgegevens",
            Self::Other => "overig",
        }
    }

    /// Where an entry without a title stands, what is it called.
    pub(super) const fn nameless(self) -> &'static str {
        match self {
            Self::Medication => "Medicijn",
            Self::Allergies => "Allergie",
            Self::Problems => "Aandoening",
            Self::Measurements => "Meting",
            Self::Results => "Uitslag",
            Self::Vaccinations => "Vaccinatie",
            Self::Appointments => "Afspraak of bezoek",
            Self::Documents => "Document",
            Self::Procedures => "Ingreep of hulpmiddel",
            Self::Living => "Leven en gewoonten",
            Self::Wishes => "Wens over je zorg",
            Self::Contacts => "Contact",
            Self::Person => "Persoonsgegevens",
            Self::Other => "Onderdeel zonder naam",
        }
    }

    /// Where a type without a view of its own stands.
    pub(super) fn of_type(resource_type: &str) -> Self {
        match resource_type {
            "EpisodeOfCare" => Self::Problems,
            "ClinicalImpression" | "ImagingStudy" | "Media" | "RiskAssessment" => Self::Results,
            "AppointmentResponse" | "Schedule" | "Slot" => Self::Appointments,
            "NutritionOrder" | "CarePlan" | "Goal" | "FamilyMemberHistory" => Self::Living,
            "ReferralRequest" | "DeviceRequest" | "DeviceComponent" | "DeviceMetric" | "BodySite" => Self::Procedures,
            "Endpoint" | "Person" => Self::Contacts,
            "Account" | "Claim" | "ExplanationOfBenefit" => Self::Person,
            _ => Self::Other,
        }
    }
}
