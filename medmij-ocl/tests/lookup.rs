// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.ocl.100, core.ocl.300 — who is this client?

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // also in the helpers

use medmij_ocl::{OAuthclientlist, OAuthclientlistDraft, ReadOptions, Snapshot};
use medmij_types::{BackchannelUri, GegevensdienstId, Hostname, Organisatienaam, Tijdstempel, Volgnummer};

fn list(clients: &[(&str, &str)]) -> Snapshot<OAuthclientlist> {
    let clients: String = clients
        .iter()
        .map(|(host, name)| {
            format!(
                "<OAuthclient><Hostname>{host}</Hostname><OAuthclientOrganisatienaam>{name}</OAuthclientOrganisatienaam>\
                 </OAuthclient>"
            )
        })
        .collect();
    let xml = format!(
        "<OAuthclientlist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release2/\"><Tijdstempel>\
         2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>7</Volgnummer><OAuthclients>{clients}</OAuthclients>\
         </OAuthclientlist>"
    );
    Snapshot::read(xml.into_bytes(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn name(list: &OAuthclientlist, host: &str) -> Option<String> {
    let client = list.client(&Hostname::parse(host).ok()?)?;
    Some(
        client
            .organisatienaam()
            .unwrap_or_else(|error| panic!("{error}"))
            .to_string(),
    )
}

#[test]
fn core_ocl_100_peers_24_a_client_is_found_by_its_host_name() {
    let list = list(&[
        ("pgo.example.nl", "Mijn &amp; Dossier"),
        ("ander.example.nl", "Gezond BV"),
    ]);
    assert_eq!(name(&list, "pgo.example.nl").as_deref(), Some("Mijn & Dossier"));
    for other in ["PGO.example.nl", "pgo.example.nl ", "example.nl", ""] {
        assert_eq!(name(&list, other), None, "{other:?}");
    }
}

#[test]
fn core_ocl_100_peers_23_two_clients_may_have_one_name() {
    let list = list(&[("een.example.nl", "Zelfde Naam"), ("twee.example.nl", "Zelfde Naam")]);
    assert_eq!(name(&list, "een.example.nl"), name(&list, "twee.example.nl"));
    assert_eq!(list.clients().len(), 2);
}

#[test]
fn core_ocl_300_a_list_that_does_not_say_is_not_a_no() {
    let list = list(&[("pgo.example.nl", "Mijn Dossier")]);
    let client = list.client(&Hostname::parse("pgo.example.nl").unwrap()).unwrap();
    assert!(client.gegevensdiensten().is_none());
    assert_eq!(client.may_request(&GegevensdienstId::parse("48").unwrap()), None);
}

#[test]
fn ext_abo_subnotint_201_a_draft_of_release3_says_where_a_client_takes_notifications() {
    let stamp = Tijdstempel::parse("2026-03-29T12:00:00Z").unwrap();
    let mut draft = OAuthclientlistDraft::new(stamp, Volgnummer::FIRST);
    let hosts = ["pgo.example.nl", "ander.example.nl"].map(|host| Hostname::parse(host).unwrap());
    for host in &hosts {
        let name = Organisatienaam::parse("Mijn Dossier").unwrap();
        draft.clients.push((host.clone(), name));
    }
    let uri = BackchannelUri::parse("https://node.pgo.example.nl/berichten").unwrap();
    draft.notifications.insert(hosts[0].clone(), uri.clone());
    let read = |xml: String| Snapshot::<OAuthclientlist>::read(xml.into_bytes(), &ReadOptions::default()).unwrap();
    let list = read(draft.to_xml_release3().unwrap());
    let endpoints = |list: &OAuthclientlist, host: &Hostname| {
        let client = list.client(host).unwrap();
        let both = [
            client.subscription_notification_endpoint(),
            client.resource_notification_endpoint(),
        ];
        both.map(|endpoint| endpoint.map(|endpoint| endpoint.uri().unwrap()))
    };
    assert_eq!(endpoints(&list, &hosts[0]), [Some(uri.clone()), Some(uri)]);
    assert_eq!(endpoints(&list, &hosts[1]), [None, None]);
    // release2 has no place for it
    let list = read(draft.to_xml().unwrap());
    assert_eq!(endpoints(&list, &hosts[0]), [None, None]);
}
