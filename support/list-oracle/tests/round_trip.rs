// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reading what was written gives what was read, for every list; and the schemas accept what we write.
#![allow(clippy::print_stderr, reason = "a test")]

use std::num::NonZeroU32;

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{List, ReadOptions, Snapshot};
use medmij_list_oracle::{build, family::Family, oracle, rng::Rng, tree};
use medmij_ocl::OAuthclientlist;
use medmij_whitelist::Whitelist;
use medmij_zal::{
    Aanbiedertype, AbonnerenDraft, DraftError, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft,
    ZorgaanbiederDraft, Zorgaanbiederslijst, ZorgaanbiederslijstDraft,
};

fn again<L: List + PartialEq>(xml: String, write: fn(&L) -> String) -> String {
    let first = Snapshot::<L>::read(xml.into_bytes(), &ReadOptions::default()).unwrap();
    let written = write(first.list());
    let second = Snapshot::<L>::read(written.clone().into_bytes(), &ReadOptions::default()).unwrap();
    assert!(first.list() == second.list(), "{written}");
    assert_eq!(write(second.list()), written);
    assert!(written.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<") && !written.contains('\r'));
    written
}

#[test]
fn what_is_written_reads_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for family in [Family::Zal, Family::Ocl, Family::Whitelist, Family::Gnl] {
        let mut written = Vec::new();
        for seed in 0..400 {
            let mut rng = Rng::new(seed);
            let list = build::list(family, &mut rng);
            let xml = tree::write(&list, family.namespace(), &tree::Style::random(&mut rng));
            written.push(match family {
                Family::Zal => again::<Zorgaanbiederslijst>(xml, Zorgaanbiederslijst::to_xml),
                Family::Ocl => again::<OAuthclientlist>(xml, OAuthclientlist::to_xml),
                Family::Whitelist => again::<Whitelist>(xml, Whitelist::to_xml),
                _ => again::<Gegevensdienstnamenlijst>(xml, Gegevensdienstnamenlijst::to_xml),
            });
        }
        if oracle::has_xmllint() {
            let documents: Vec<&[u8]> = written.iter().map(String::as_bytes).collect();
            let schema = family.official_schema().unwrap_or_else(|| family.own_schema());
            let verdicts = oracle::xmllint(&schema, &documents, folder.path());
            assert!(verdicts.iter().all(|accepted| *accepted), "{family:?}");
        } else {
            medmij_test::skip("xmllint is not installed, what was written was not judged by it");
        }
    }
}

fn draft() -> ZorgaanbiederslijstDraft {
    let mut service = GegevensdienstDraft::new(
        "48".parse().unwrap(),
        "https://login.example.nl/authorize".parse().unwrap(),
        "https://dvza.example.nl/token".parse().unwrap(),
    );
    service.systeemrollen.push(SysteemrolDraft::new(
        "MM-3.0-BZB-FHIR".parse().unwrap(),
        "https://dvza.example.nl/fhir".parse().unwrap(),
    ));
    let mut version = InterfaceversieDraft::new("2".parse().unwrap());
    version.gegevensdiensten.push(service);
    let mut aanbieder = ZorgaanbiederDraft::new("umcharderwijk".parse().unwrap(), Aanbiedertype::Zorgaanbieder);
    aanbieder.interfaceversies.push(version);
    let mut draft =
        ZorgaanbiederslijstDraft::new("2026-03-29T12:00:00Z".parse().unwrap(), medmij_types::Volgnummer::FIRST);
    draft.zorgaanbieders.push(aanbieder);
    draft
}

#[test]
fn core_alst_100_a_draft_of_release3_has_interfaceversies_and_abonneren() {
    let mut draft = draft();
    let duration = NonZeroU32::new(365).unwrap();
    let abonneren = AbonnerenDraft::new(duration, "https://dvza.example.nl/subscription".parse().unwrap());
    draft.zorgaanbieders[0].interfaceversies[0].gegevensdiensten[0].abonneren = Some(abonneren);
    let xml = again::<Zorgaanbiederslijst>(draft.to_xml_release3().unwrap(), Zorgaanbiederslijst::to_xml);
    assert_eq!(xml, draft.to_xml_release3().unwrap());
    let list = Snapshot::<Zorgaanbiederslijst>::read(xml.into_bytes(), &ReadOptions::default()).unwrap();
    assert_eq!(list.document().remarks().count(), 0);
    let service = list
        .gegevensdienst(
            &"umcharderwijk".parse().unwrap(),
            &"2".parse().unwrap(),
            &"48".parse().unwrap(),
        )
        .unwrap();
    assert!(service.abonneren().unwrap().allows(365).unwrap() && !service.abonneren().unwrap().allows(366).unwrap());
    assert_eq!(list.zorgaanbieders_with(&"48".parse().unwrap()).len(), 1);
    assert_eq!(list.zorgaanbieders_with(&"49".parse().unwrap()).len(), 0);
    assert!(
        list.gegevensdienst(
            &"umcharderwijk".parse().unwrap(),
            &"1.4.0".parse().unwrap(),
            &"48".parse().unwrap()
        )
        .is_none()
    );
    assert!(matches!(draft.to_xml_release2(), Err(DraftError::Abonneren { .. })));
}

#[test]
fn what_a_release_cannot_say_is_no_draft_of_it() {
    let mut two = draft();
    let mut version = two.zorgaanbieders[0].interfaceversies[0].clone();
    version.id = "1.6.0".parse().unwrap();
    two.zorgaanbieders[0].interfaceversies.push(version);
    assert!(two.to_xml_release3().is_ok());
    assert!(matches!(
        two.to_xml_release2(),
        Err(DraftError::Interfaceversies { count: 2, .. })
    ));
    let mut none = draft();
    none.zorgaanbieders[0].interfaceversies[0].gegevensdiensten.clear();
    assert!(matches!(none.to_xml_release2(), Err(DraftError::Refused(_))));
    assert!(matches!(none.to_xml_release3(), Err(DraftError::Incomplete(_))));
    let mut twice = draft();
    twice.zorgaanbieders.push(twice.zorgaanbieders[0].clone());
    assert!(matches!(twice.to_xml_release3(), Err(DraftError::Refused(_))));
}
