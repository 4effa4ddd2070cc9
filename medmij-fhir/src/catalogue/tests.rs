// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files of a supplier, good and bad.

use super::Catalogue;
use crate::gegevensdienst::{Gegevensdienst, ServiceFunction, ServiceQuery};
use crate::query::Choices;
use crate::version::FhirVersion;

#[test]
fn the_file_of_the_crate_is_read() {
    let read = Catalogue::parse(include_str!("medmij.toml")).unwrap();
    assert_eq!(&read, Catalogue::builtin());
}

#[test]
fn a_bad_file_names_the_entry_and_what_is_wrong() {
    for (text, expected) in [
        ("[[gegevensdienst]]\nid = ", "catalogue: line 2: "),
        ("x = 1", "catalogue: line 1: unknown field `x`"),
        (
            "[[gegevensdienst]]\nname = \"a\"\nfunction = \"delen\"\nfhir = \"4.0\"",
            "gegevensdienst number 1: neither id nor key",
        ),
        (
            "[[gegevensdienst]]\nid = \"7 8\"\nname = \"a\"\nfunction = \"delen\"\nfhir = \"4.0\"",
            "gegevensdienst 7 8: GegevensdienstId holds",
        ),
        (
            "[[gegevensdienst]]\nid = \"7\"\nname = \"a\"\nfunction = \"lezen\"\nfhir = \"4.0\"",
            "unknown variant `lezen`",
        ),
        (
            "[[gegevensdienst]]\nid = \"7\"\nname = \"a\"\nfunction = \"delen\"\nfhir = \"5.0\"",
            "fhir is neither 3.0 nor 4.0",
        ),
        (
            "[[gegevensdienst]]\nid = \"48\"\nquery = [{ label = \"a\", target = \"patient\" }]",
            "gegevensdienst 48: target \"patient\"",
        ),
        (
            "[[gegevensdienst]]\nid = \"48\"\nquery = [{ label = \"a\", target = \"Flag\", pagina = 1 }]",
            "unknown field `pagina`",
        ),
        (
            "[[gegevensdienst]]\nid = \"30\"\nqueries_of = \"999\"",
            "30: queries_of names no service",
        ),
    ] {
        let error = Catalogue::builtin().clone().extended(text).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_supplier_overrides_in_a_file_and_in_rust() {
    let text = "[[gegevensdienst]]\nid = \"54\"\nsysteemrollen = [\"AI-3.0-AIB-FHIR\"]\nmark_systeemrollen = \"seen\"";
    let mut catalogue = Catalogue::builtin().clone().extended(text).unwrap();
    let service = catalogue.find("54").next().unwrap();
    assert_eq!(service.systeemrollen()[0].as_str(), "AI-3.0-AIB-FHIR");
    assert_eq!(service.queries().len(), 1, "what the file does not name stays");

    let id = medmij_types::GegevensdienstId::parse("2.16.840.1.1").unwrap();
    let own = Gegevensdienst::new(id.clone(), "Eigen", ServiceFunction::Verzamelen, FhirVersion::R4)
        .with_query(ServiceQuery::new("Taken", "Task?_tag={search_tag}").unwrap())
        .with_search_tag("urn:x|y");
    catalogue.insert(own.clone());
    catalogue.insert(own);
    assert_eq!(catalogue.all().count(), 57);
    let requests = catalogue.lookup(&id).unwrap().requests(&Choices::default()).unwrap();
    assert_eq!(requests[0].path_and_query(), "Task?_tag=urn:x%7Cy");
}

#[test]
fn thirty_and_thirty_five_ask_the_building_blocks_of_thirty_one() {
    let of = |key| Catalogue::builtin().find(key).next().unwrap().queries().len();
    assert_eq!((of("30"), of("35")), (of("31"), of("31")));
}
