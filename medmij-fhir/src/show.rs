// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Persoon reads of the resources in a dossier: facts in plain Dutch.
//!
//! [`DossierView::of`] takes the bytes of resources, STU3 and R4 together, of one or more Aanbieders, and gives entries by
//! [`Section`]. It shows and does not judge: a value stands as its sender wrote it, with the range of the lab itself where
//! there is one. A text comes from the resource, or from a table of Dutch words for the codes of FHIR. What no table knows
//! is shown by the text that is beside the code, and every readable text of a resource is in its entry. A code, an
//! address, a reference or a BSN never is.
//!
//! ```
//! use medmij_fhir::show::{DossierView, StoredResource, Section};
//! use medmij_types::CalendarDate;
//!
//! let agreed = br#"{"resourceType":"MedicationRequest","id":"1","status":"active","authoredOn":"2026-09-14",
//!   "medicationCodeableConcept":{"text":"Amlodipine 5 mg"},"dosageInstruction":[{"text":"1 maal per dag 1 tablet"}]}"#;
//! let used = br#"{"resourceType":"MedicationStatement","id":"2","status":"active","taken":"y",
//!   "medicationCodeableConcept":{"text":"Amlodipine 5 mg"},"dosage":[{"text":"1 maal per dag 1 tablet"}]}"#;
//! let stored = [StoredResource::new(agreed, "Huisarts De Wilg"), StoredResource::new(used, "Huisarts De Wilg")];
//! let view = DossierView::of(&stored, CalendarDate::parse("2026-12-01")?);
//!
//! let medicines: Vec<_> = view.section(Section::Medication).collect();
//! assert_eq!(medicines.len(), 1);
//! assert_eq!((medicines[0].title(), medicines[0].summary()), ("Amlodipine 5 mg", Some("1 maal per dag 1 tablet")));
//! assert_eq!(medicines[0].resources(), [0, 1]);
//! # Ok::<(), medmij_types::ValueError>(())
//! ```

mod assemble;
mod care;
mod chart;
mod day;
mod documents;
mod dosage;
mod draft;
mod medication;
mod observation;
mod people;
mod procedures;
mod read;
mod rest;
mod section;
mod series;
#[cfg(test)]
mod tests;
mod text;
mod visits;
mod words;

pub use day::Day;
pub use section::Section;
pub use series::{Series, SeriesRow};

use std::fmt;

use medmij_types::CalendarDate;

/// A resource that a DVP keeps: its bytes, and the Aanbieder that it came from as a person calls it.
#[derive(Clone, Copy)]
pub struct StoredResource<'a> {
    bytes: &'a [u8],
    source: &'a str,
}

impl<'a> StoredResource<'a> {
    /// The bytes as they are kept, and a name for the source.
    #[must_use]
    pub const fn new(bytes: &'a [u8], source: &'a str) -> Self {
        Self { bytes, source }
    }
}

impl fmt::Debug for StoredResource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredResource({} bytes)", self.bytes.len())
    }
}

/// The entries of a dossier.
pub struct DossierView {
    entries: Vec<Entry>,
}

impl DossierView {
    /// Makes entries of resources, newest first in each section. What was collected more than once is one entry: its text
    /// is that of the last one. Bytes that are no resource are an entry too, so that nothing disappears.
    ///
    /// A diagnosis is new for half a year before `today`.
    #[must_use]
    pub fn of(stored: &[StoredResource<'_>], today: CalendarDate) -> Self {
        Self {
            entries: assemble::entries(stored, today),
        }
    }

    /// All entries, by section, newest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries of a section, newest first.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.section == section)
    }

    /// The measurements or results of a section that have a number, by what was measured and in which unit.
    #[must_use]
    pub fn series(&self, section: Section) -> Vec<Series> {
        series::of(self.section(section))
    }

    /// The entry that a resource is in.
    #[must_use]
    pub fn entry_of(&self, resource: usize) -> Option<&Entry> {
        let main = self.entries.iter().find(|entry| entry.resources.contains(&resource));
        main.or_else(|| self.entries.iter().find(|entry| entry.also.contains(&resource)))
    }
}

impl fmt::Debug for DossierView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DossierView({} entries)", self.entries.len())
    }
}

/// One thing in a dossier: a medicine, a measurement, a letter.
#[derive(Clone)]
pub struct Entry {
    section: Section,
    title: String,
    summary: Option<String>,
    facts: Vec<Fact>,
    date: Option<Day>,
    source: String,
    serious: Option<Serious>,
    calm: Option<String>,
    explanation: Option<&'static str>,
    attachments: Vec<Attachment>,
    resources: Vec<usize>,
    also: Vec<usize>,
    is_generic: bool,
    /// Name of the line, number, unit.
    numbers: Vec<(String, String, Option<String>)>,
}

impl Entry {
    /// The section where it stands.
    #[must_use]
    pub const fn section(&self) -> Section {
        self.section
    }

    /// What it is called.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// A title that gives nothing away, for content that opens after a sentence: of a letter its kind; else the title.
    #[must_use]
    pub fn calm_title(&self) -> &str {
        match self.serious {
            None => &self.title,
            Some(Serious::Diagnosis) => "Nieuwe diagnose",
            Some(Serious::Pathology) => "Uitslag van een onderzoek",
            Some(Serious::Letter) => self.calm.as_deref().unwrap_or("Brief of verslag"),
        }
    }

    /// One line that says the most: the dosage of a medicine, the value of a measurement.
    #[must_use]
    pub fn summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    /// Everything that is known.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The day by which it is put in order.
    #[must_use]
    pub const fn date(&self) -> Option<&Day> {
        self.date.as_ref()
    }

    /// The Aanbieder that it came from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it opens only after a calm sentence, and why.
    #[must_use]
    pub const fn serious(&self) -> Option<Serious> {
        self.serious
    }

    /// What the word in the title means, where it is known; never what a value means.
    #[must_use]
    pub const fn explanation(&self) -> Option<&'static str> {
        self.explanation
    }

    /// Documents that can be opened.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// The resources that it shows, by their place in what [`DossierView::of`] was given; the first is the main one.
    #[must_use]
    pub fn resources(&self) -> &[usize] {
        &self.resources
    }

    /// Resources that it draws on and that other entries can draw on too: the product of a medicine, a document.
    #[must_use]
    pub fn drawn_from(&self) -> &[usize] {
        &self.also
    }

    /// Whether its type has no view of its own: then it shows every readable text.
    #[must_use]
    pub const fn is_generic(&self) -> bool {
        self.is_generic
    }

    /// Whether all words of a search are in it, in any order; upper and lower case are the same.
    #[must_use]
    pub fn matches(&self, search: &str) -> bool {
        let mut all = format!("{} {}", self.title, self.source);
        all.extend(self.summary.iter().flat_map(|text| [" ", text]));
        all.extend(self.facts.iter().flat_map(|fact| [" ", &fact.label, " ", &fact.value]));
        all.extend(self.attachments.iter().flat_map(|attachment| [" ", &attachment.title]));
        let all = all.to_lowercase();
        search.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("section", &self.section)
            .finish_non_exhaustive()
    }
}

/// A label and what is beside it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// What it is about.
    pub label: String,
    /// What is known.
    pub value: String,
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fact(***)")
    }
}

/// Why something opens only after a calm sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Serious {
    /// A diagnosis of the last half year, or of an unknown day.
    Diagnosis,
    /// A result about tissue, cells or genes.
    Pathology,
    /// A letter or a report.
    Letter,
}

/// A document that can be opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Where its bytes are, by their place in what [`DossierView::of`] was given.
    resource: usize,
    /// Which of several in that resource; `None` where the resource is a Binary.
    nth: Option<usize>,
    title: String,
    kind: &'static str,
}

impl Attachment {
    /// The resource that holds its bytes.
    #[must_use]
    pub const fn resource(&self) -> usize {
        self.resource
    }

    /// What it is called.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What kind of file it is, for a person: `pdf`, `tekst`, `afbeelding`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Its media type as its sender declared it, and its bytes, out of the bytes of [`Attachment::resource`].
    #[must_use]
    pub fn open(&self, stored: &[u8]) -> Option<(String, Vec<u8>)> {
        documents::open(stored, self.nth)
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({})", self.kind)
    }
}
