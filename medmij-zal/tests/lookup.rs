// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — which endpoints has this Aanbieder?

#![allow(clippy::unwrap_used, clippy::panic)] // also in the helpers

use medmij_types::{Aanbiedernaam, GegevensdienstId, InterfaceversieId, Systeemrolcode};
use medmij_zal::{ReadOptions, Snapshot, Zorgaanbiederslijst};

fn service(id: &str, host: &str, role: &str) -> String {
    format!(
        "<Gegevensdienst><GegevensdienstId>{id}</GegevensdienstId>\
         <AuthorizationEndpoint><AuthorizationEndpointuri>https://{host}/authorize</AuthorizationEndpointuri>\
         </AuthorizationEndpoint><TokenEndpoint><TokenEndpointuri>https://{host}:8099/token</TokenEndpointuri>\
         </TokenEndpoint><Systeemrollen><Systeemrol><Systeemrolcode>{role}</Systeemrolcode><ResourceEndpoint>\
         <ResourceEndpointuri>https://{host}/fhir</ResourceEndpointuri></ResourceEndpoint></Systeemrol></Systeemrollen>\
         </Gegevensdienst>"
    )
}

fn read(release: u8, aanbieders: &str) -> Snapshot<Zorgaanbiederslijst> {
    let xml = format!(
        "<Zorgaanbiederslijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release{release}/\">\
         <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>7</Volgnummer><Zorgaanbieders>{aanbieders}\
         </Zorgaanbieders></Zorgaanbiederslijst>"
    );
    Snapshot::read(xml.into_bytes(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn release2() -> Snapshot<Zorgaanbiederslijst> {
    let aanbieder = |name: &str, services: &str| {
        format!(
            "<Zorgaanbieder><Zorgaanbiedernaam>{name}@medmij</Zorgaanbiedernaam><Gegevensdiensten>{services}\
             </Gegevensdiensten></Zorgaanbieder>"
        )
    };
    let hospital =
        service("4", "een.example.nl", "LAB-1.0.0-LRB-FHIR") + &service("6", "twee.example.nl", "MM-1.2-PLB-FHIR");
    let harmful = service("9", "drie.example.nl", "MM-1.2-PLB-FHIR").replace(":8099", ":99999");
    read(
        2,
        &(aanbieder("ziekenhuisdelinde", &hospital) + &aanbieder("huisartsdewilg", &harmful)),
    )
}

fn id(text: &str) -> GegevensdienstId {
    GegevensdienstId::parse(text).unwrap()
}

#[test]
fn core_alst_100_peers_25_an_aanbieder_is_found_by_name_with_and_without_suffix() {
    let list = release2();
    for name in ["ziekenhuisdelinde", "ziekenhuisdelinde@medmij"] {
        let name = Aanbiedernaam::parse(name).unwrap();
        assert_eq!(
            list.zorgaanbieder(&name).unwrap().name_str(),
            "ziekenhuisdelinde@medmij"
        );
    }
    assert!(
        list.zorgaanbieder(&Aanbiedernaam::parse("ziekenhuisdeberk").unwrap())
            .is_none()
    );
    assert_eq!(list.zorgaanbieders().len(), 2);
}

#[test]
fn core_alst_100_peers_26_27_28_endpoints_of_a_gegevensdienst() {
    let list = release2();
    let name = Aanbiedernaam::parse("ziekenhuisdelinde").unwrap();
    // release2 has no Interfaceversies: the same for each
    let version = InterfaceversieId::parse("2").unwrap();
    let found = list.gegevensdienst(&name, &version, &id("6")).unwrap();
    assert_eq!(
        found.authorization_endpoint().unwrap().as_str(),
        "https://twee.example.nl/authorize"
    );
    assert_eq!(found.token_endpoint().unwrap().port(), Some(8099));
    let role = found
        .systeemrol(&Systeemrolcode::parse("MM-1.2-PLB-FHIR").unwrap())
        .unwrap();
    assert_eq!(
        role.resource_endpoint().unwrap().as_str(),
        "https://twee.example.nl/fhir"
    );
    assert!(
        found
            .systeemrol(&Systeemrolcode::parse("LAB-1.0.0-LRB-FHIR").unwrap())
            .is_none()
    );
    for other in ["1", "9", "04"] {
        assert!(list.gegevensdienst(&name, &version, &id(other)).is_none(), "{other}");
    }
}

#[test]
fn core_alst_100_peers_37_a_port_that_does_not_exist_sinks_no_list_and_is_not_used() {
    let list = release2();
    let name = Aanbiedernaam::parse("huisartsdewilg").unwrap();
    let found = list
        .gegevensdienst(&name, &InterfaceversieId::parse("2").unwrap(), &id("9"))
        .unwrap();
    let error = found.token_endpoint().unwrap_err().to_string();
    assert!(error.contains("99999") || error.contains("port"), "{error}");
    assert!(found.authorization_endpoint().is_ok());
}

#[test]
fn core_alst_100_release3_has_endpoints_per_interfaceversie() {
    let version = |id: &str, services: &str| {
        format!(
            "<Interfaceversie><InterfaceversieId>{id}</InterfaceversieId><Gegevensdiensten>{services}</Gegevensdiensten>\
             </Interfaceversie>"
        )
    };
    let versions = version("1.6.0", &service("48", "oud.example.nl", "MM-3.0-BZB-FHIR"))
        + &version("2", &service("48", "nieuw.example.nl", "MM-3.0-BZB-FHIR"));
    let list = read(
        3,
        &format!(
            "<Zorgaanbieder><Zorgaanbiedernaam>test.huisarts@medmij</Zorgaanbiedernaam><Aanbiedertype>ZA</Aanbiedertype>\
             <Interfaceversies>{versions}</Interfaceversies></Zorgaanbieder>"
        ),
    );
    assert!(list.has_interfaceversies());
    let name = Aanbiedernaam::parse("test.huisarts").unwrap();
    let host = |version: &str| {
        let version = InterfaceversieId::parse(version).unwrap();
        let found = list.gegevensdienst(&name, &version, &id("48"))?;
        Some(found.token_endpoint().unwrap().hostname().to_string())
    };
    assert_eq!(host("2").as_deref(), Some("nieuw.example.nl"));
    assert_eq!(host("1.6.0").as_deref(), Some("oud.example.nl"));
    assert_eq!(host("1.5.0"), None);
    assert_eq!(list.zorgaanbieders_with(&id("48")).count(), 1);
}
