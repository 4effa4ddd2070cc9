// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gnl.100 — what is this gegevensdienst called?

#![allow(clippy::unwrap_used, clippy::panic)] // also in the helpers

use medmij_gnl::{Gegevensdienstnamenlijst, ReadOptions, Snapshot};
use medmij_types::GegevensdienstId;

fn list(services: &[(&str, &str)]) -> Snapshot<Gegevensdienstnamenlijst> {
    let services: String = services
        .iter()
        .map(|(id, name)| {
            format!(
                "<Gegevensdienst><GegevensdienstId>{id}</GegevensdienstId><Weergavenaam>{name}</Weergavenaam>\
                 </Gegevensdienst>"
            )
        })
        .collect();
    let xml = format!(
        "<Gegevensdienstnamenlijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/gegevensdienstnamenlijst/release1/\">\
         <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>7</Volgnummer><Gegevensdiensten>{services}\
         </Gegevensdiensten></Gegevensdienstnamenlijst>"
    );
    Snapshot::read(xml.into_bytes(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn name(list: &Gegevensdienstnamenlijst, id: &str) -> Option<String> {
    list.weergavenaam(&GegevensdienstId::parse(id).ok()?).map(str::to_owned)
}

#[test]
fn core_gnl_100_peers_29_ids_are_text() {
    let list = list(&[
        ("1", "Basisgegevens Zorg"),
        ("abc", "Een &lt;nieuwe&gt; dienst"),
        ("007", "Met nullen"),
    ]);
    assert_eq!(name(&list, "1").as_deref(), Some("Basisgegevens Zorg"));
    assert_eq!(name(&list, "abc").as_deref(), Some("Een <nieuwe> dienst"));
    assert_eq!(name(&list, "007").as_deref(), Some("Met nullen"));
    for other in ["7", "01", "NaN", "-1", "", "ABC"] {
        assert_eq!(name(&list, other), None, "{other:?}");
    }
}

#[test]
fn core_gnl_100_peers_29_two_ids_may_have_one_name() {
    let list = list(&[("48", "Documenten"), ("51", "Documenten")]);
    assert_eq!(name(&list, "48"), name(&list, "51"));
    assert_eq!(list.gegevensdiensten().len(), 2);
}
