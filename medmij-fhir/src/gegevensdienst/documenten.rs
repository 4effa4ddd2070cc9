// SPDX-License-Identifier: AGPL-3.0-or-later
//! Gegevensdienst 51, Documenten (PDF/A 3.x), FHIR STU3, after IHE MHD.
//!
//! Two systeemrollen: one answers the lists, one gives the documents. A DocumentManifest is optional
//! for the Aanbieder: a server without it refuses that query and the documents are still collected.

use super::{Functie, Gegevensdienst, Row, search};
use crate::version::FhirVersion;

pub(super) const DOCUMENTEN: Gegevensdienst = Gegevensdienst {
    id: "51",
    naam: "Documenten",
    functie: Functie::Verzamelen,
    version: FhirVersion::Stu3,
    systeemrollen: &[PLB, "MM-3.0-PDB-FHIR"],
    rows: ROWS,
    reads_documents: true,
};

const PLB: &str = "MM-3.0-PLB-FHIR";

const ROWS: &[Row] = &[
    search(
        "Verzamelingen van documenten",
        PLB,
        "DocumentManifest",
        &[("status", "current")],
    ),
    search("Documenten", PLB, "DocumentReference", &[("status", "current")]),
];
