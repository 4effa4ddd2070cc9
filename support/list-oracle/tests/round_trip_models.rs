// SPDX-License-Identifier: AGPL-3.0-or-later
//! `read(write(x)) == x` for every list and every release of it, over models made at random: names with everything that
//! must be escaped, parts that are absent beside parts that are empty; and the schemas accept what we write.
#![allow(clippy::print_stderr, reason = "a test")]

use std::fmt::Debug;

use medmij_gnl::{Gegevensdienstnamenlijst, GegevensdienstnamenlijstDraft};
use medmij_list::{Header, List, ListWriter, ReadOptions, Snapshot};
use medmij_list_oracle::{family::Family, oracle};
use medmij_ocl::{OAuthclientlist, OAuthclientlistDraft};
use medmij_types::{Hostname, Tijdstempel, Volgnummer};
use medmij_whitelist::{Whitelist, WhitelistDraft};
use medmij_zal::{
    Aanbiedertype, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft, ZorgaanbiederDraft, Zorgaanbiederslijst,
    ZorgaanbiederslijstDraft,
    koppellijst::{Kind, Zorgaanbiederskoppellijst},
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::select,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};

/// A name with what XML treats in a special way.
const NAME: &str = "[ -~é😀]{3,50}";
/// The same, with what the schema allows and our own types do not.
const WILD: &str = "[ -~\t\r\n\u{85}\u{2028}é😀]{3,50}";
const ID: &str = "[A-Za-z0-9][A-Za-z0-9._-]{0,29}";
const HOST: &str = "[a-z][a-z0-9]{0,6}\\.[a-z]{2,5}";
const URI: &str = "https://[a-z]{1,5}\\.nl(/[a-z0-9&;'()!~]{1,9}){0,3}";
const AANBIEDER: &str = "[a-z]{3,50}@medmij";

fn header() -> impl Strategy<Value = Header> {
    let zone = select(vec!["Z", "+02:00", "-11:30"]);
    (
        "20[0-9]{2}-0[1-9]-2[0-8]T1[0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,4})?",
        zone,
        1..u64::MAX,
    )
        .prop_map(|(moment, zone, number)| {
            let stamp = Tijdstempel::parse(&format!("{moment}{zone}")).unwrap();
            Header::new(stamp, Volgnummer::parse(&number.to_string()).unwrap())
        })
}

fn read<L: List>(xml: &str) -> Snapshot<L> {
    Snapshot::read(xml.as_bytes().to_vec(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}\n{xml}"))
}

/// Reads, writes, reads: the same list, and the same text from then on.
fn round<L: List + PartialEq + Debug>(xml: &str, header: &Header, write: fn(&L) -> String) -> Snapshot<L> {
    let first = read::<L>(xml);
    assert_eq!(first.header(), header);
    let written = write(first.list());
    let second = read::<L>(&written);
    assert_eq!(first.list(), second.list(), "{written}");
    assert_eq!(write(second.list()), written);
    assert_eq!(first.document().release(), second.document().release());
    first
}

fn whitelist() -> impl Strategy<Value = (WhitelistDraft, Header)> {
    (header(), btree_map(HOST, Just(()), 0..9)).prop_map(|(header, hosts)| {
        let mut draft = WhitelistDraft::new(header.tijdstempel().clone(), header.volgnummer());
        draft.hosts = hosts.keys().map(|host| Hostname::parse(host).unwrap()).collect();
        (draft, header)
    })
}

fn gnl() -> impl Strategy<Value = (GegevensdienstnamenlijstDraft, Header)> {
    (header(), btree_map(ID, NAME, 0..9)).prop_map(|(header, names)| {
        let mut draft = GegevensdienstnamenlijstDraft::new(header.tijdstempel().clone(), header.volgnummer());
        draft.gegevensdiensten = names
            .iter()
            .map(|(id, name)| (id.parse().unwrap(), name.parse().unwrap()))
            .collect();
        (draft, header)
    })
}

fn ocl() -> impl Strategy<Value = (OAuthclientlistDraft, Header)> {
    (header(), btree_map(HOST, NAME, 0..9)).prop_map(|(header, clients)| {
        let mut draft = OAuthclientlistDraft::new(header.tijdstempel().clone(), header.volgnummer());
        draft.clients = clients
            .iter()
            .map(|(host, name)| (host.parse().unwrap(), name.parse().unwrap()))
            .collect();
        (draft, header)
    })
}

fn zal() -> impl Strategy<Value = (ZorgaanbiederslijstDraft, Header)> {
    let roles = btree_map("[ -~é]{1,30}", URI, 1..3);
    let services = btree_map(ID, (URI, URI, roles), 1..3);
    (header(), btree_map(AANBIEDER, services, 0..4)).prop_map(|(header, aanbieders)| {
        let mut draft = ZorgaanbiederslijstDraft::new(header.tijdstempel().clone(), header.volgnummer());
        for (name, services) in aanbieders {
            let mut version = InterfaceversieDraft::new("2".parse().unwrap());
            for (id, (authorization, token, roles)) in services {
                let mut service = GegevensdienstDraft::new(
                    id.parse().unwrap(),
                    authorization.parse().unwrap(),
                    token.parse().unwrap(),
                );
                service.systeemrollen = roles
                    .iter()
                    .map(|(code, uri)| SysteemrolDraft::new(code.parse().unwrap(), uri.parse().unwrap()))
                    .collect();
                version.gegevensdiensten.push(service);
            }
            let mut aanbieder = ZorgaanbiederDraft::new(name.parse().unwrap(), Aanbiedertype::Zorgaanbieder);
            aanbieder.interfaceversies.push(version);
            draft.zorgaanbieders.push(aanbieder);
        }
        (draft, header)
    })
}

type Notified = (Option<String>, Option<String>);
type Client = (Option<String>, Option<Vec<(String, Notified)>>, Notified);

fn notified() -> impl Strategy<Value = Notified> {
    (option::of(URI), option::of(URI))
}

fn client() -> impl Strategy<Value = Client> {
    let services = btree_map(ID, notified(), 0..3).prop_map(|services| services.into_iter().collect::<Vec<_>>());
    (option::of(WILD), option::of(services), notified())
}

fn write_notified(writer: &mut ListWriter, (subscription, resource): &Notified) {
    for (name, inner, uri) in [
        (
            "SubscriptionNotificationEndpoint",
            "SubscriptionNotificationEndpointuri",
            subscription,
        ),
        (
            "ResourceNotificationEndpoint",
            "ResourceNotificationEndpointuri",
            resource,
        ),
    ] {
        if let Some(uri) = uri {
            writer.open(name);
            writer.value(inner, uri);
            writer.close();
        }
    }
}

/// Writes a value if it is there.
fn maybe(writer: &mut ListWriter, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        writer.value(name, value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn core_whl_100_whitelist((draft, header) in whitelist()) {
        let list = round::<Whitelist>(&draft.to_xml().unwrap(), &header, Whitelist::to_xml);
        prop_assert!(list.nodes().map(|node| node.hostname().unwrap()).eq(draft.hosts.iter().cloned()));
        prop_assert!(draft.hosts.iter().all(|host| list.contains(host)));
        prop_assert_eq!(list.to_xml(), draft.to_xml().unwrap());
    }

    #[test]
    fn core_gnl_100_gegevensdienstnamenlijst((draft, header) in gnl()) {
        let xml = draft.to_xml().unwrap();
        let list = round::<Gegevensdienstnamenlijst>(&xml, &header, Gegevensdienstnamenlijst::to_xml);
        for (id, name) in &draft.gegevensdiensten {
            prop_assert_eq!(list.weergavenaam(id), Some(name.as_str()));
        }
        prop_assert_eq!((list.len(), list.to_xml()), (draft.gegevensdiensten.len(), xml));
    }

    #[test]
    fn core_ocl_100_oauthclientlist_of_release2((draft, header) in ocl()) {
        let xml = draft.to_xml().unwrap();
        let list = round::<OAuthclientlist>(&xml, &header, OAuthclientlist::to_xml);
        for (host, name) in &draft.clients {
            prop_assert_eq!(list.client(host).unwrap().organisatienaam_str(), Some(name.as_str()));
        }
        prop_assert_eq!((list.len(), list.to_xml()), (draft.clients.len(), xml));
    }

    #[test]
    fn core_ocl_300_oauthclientlist_of_release3(header in header(), clients in btree_map(HOST, client(), 0..5)) {
        let mut writer = ListWriter::new("OAuthclientlist", "xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release3/");
        writer.header(&header);
        writer.open("OAuthclients");
        for (host, (name, services, of_client)) in &clients {
            writer.open("OAuthclient");
            write_notified(&mut writer, of_client);
            if let Some(services) = services {
                writer.open("Gegevensdiensten");
                for (id, of_service) in services {
                    writer.open("Gegevensdienst");
                    write_notified(&mut writer, of_service);
                    writer.value("GegevensdienstId", id);
                    writer.close();
                }
                writer.close();
            }
            maybe(&mut writer, "OAuthclientOrganisatienaam", name.as_ref());
            writer.value("Hostname", host);
            writer.close();
        }
        let list = round::<OAuthclientlist>(&writer.finish(), &header, OAuthclientlist::to_xml);
        prop_assert_eq!(list.len(), clients.len());
        for (host, (name, services, of_client)) in &clients {
            let client = list.client(&host.parse().unwrap()).unwrap();
            let text = |endpoint: Option<medmij_ocl::NotificationEndpoint<'_>>| endpoint.map(|e| e.as_str().to_owned());
            prop_assert_eq!(client.organisatienaam_str(), name.as_deref());
            prop_assert_eq!(&text(client.subscription_notification_endpoint()), &of_client.0);
            prop_assert_eq!(&text(client.resource_notification_endpoint()), &of_client.1);
            let read: Option<Vec<(String, Notified)>> = client.gegevensdiensten().map(|services| {
                services
                    .map(|service| {
                        let of_service = (
                            text(service.subscription_notification_endpoint()),
                            text(service.resource_notification_endpoint()),
                        );
                        (service.id_str().to_owned(), of_service)
                    })
                    .collect()
            });
            prop_assert_eq!(&read, services, "nothing told is not none");
        }
    }

    #[test]
    fn core_alst_100_zorgaanbiederslijst_of_release2_and_release3((draft, header) in zal()) {
        for xml in [draft.to_xml_release2().unwrap(), draft.to_xml_release3().unwrap()] {
            let list = round::<Zorgaanbiederslijst>(&xml, &header, Zorgaanbiederslijst::to_xml);
            for aanbieder in &draft.zorgaanbieders {
                let version = &aanbieder.interfaceversies[0];
                for service in &version.gegevensdiensten {
                    let found = list.gegevensdienst(&aanbieder.name, &version.id, &service.id).unwrap();
                    prop_assert_eq!(found.authorization_endpoint().unwrap(), service.authorization_endpoint.clone());
                    prop_assert_eq!(found.token_endpoint().unwrap(), service.token_endpoint.clone());
                    let roles = found.systeemrollen().map(|role| (role.code().unwrap(), role.resource_endpoint().unwrap()));
                    prop_assert!(roles.eq(service.systeemrollen.iter().map(|r| (r.code.clone(), r.resource_endpoint.clone()))));
                }
            }
            prop_assert_eq!((list.len(), list.to_xml()), (draft.zorgaanbieders.len(), xml));
        }
    }

    /// What release3 leaves open: absent parts, empty parts, values of another form.
    #[test]
    fn core_alst_100_zorgaanbiederslijst_of_release3_with_gaps(
        header in header(),
        aanbieders in btree_map(AANBIEDER, (option::of("[ -~]{0,5}"), option::of(btree_map(WILD, vec(gap(), 0..3), 0..3))), 0..4),
    ) {
        let namespace = "xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release3/";
        let mut writer = ListWriter::new("Zorgaanbiederslijst", namespace);
        writer.header(&header);
        writer.open("Zorgaanbieders");
        for (name, (of, versions)) in &aanbieders {
            writer.open("Zorgaanbieder");
            writer.value("Zorgaanbiedernaam", name);
            maybe(&mut writer, "Aanbiedertype", of.as_ref());
            if let Some(versions) = versions {
                writer.open("Interfaceversies");
                for (id, services) in versions {
                    writer.open("Interfaceversie");
                    writer.value("InterfaceversieId", id);
                    writer.open("Gegevensdiensten");
                    for (n, (authorization, duration, subscription, role)) in services.iter().enumerate() {
                        writer.open("Gegevensdienst");
                        writer.value("GegevensdienstId", &n.to_string());
                        if let Some(uri) = authorization {
                            writer.open("AuthorizationEndpoint");
                            writer.value("AuthorizationEndpointuri", uri);
                            writer.close();
                        }
                        if duration.is_some() || subscription.is_some() {
                            writer.open("Abonneren");
                            maybe(&mut writer, "MaximaleDuur", duration.as_ref());
                            maybe(&mut writer, "SubscriptionEndpointuri", subscription.as_ref());
                            writer.close();
                        }
                        if let Some(role) = role {
                            writer.open("Systeemrollen");
                            writer.open("Systeemrol");
                            writer.value("Systeemrolcode", role);
                            writer.close();
                            writer.close();
                        }
                        writer.close();
                    }
                    writer.close();
                    writer.close();
                }
                writer.close();
            }
            writer.close();
        }
        let list = round::<Zorgaanbiederslijst>(&writer.finish(), &header, Zorgaanbiederslijst::to_xml);
        for (aanbieder, (name, (of, versions))) in list.zorgaanbieders().zip(&aanbieders) {
            prop_assert_eq!((aanbieder.name_str(), aanbieder.aanbiedertype_str()), (name.as_str(), of.as_deref()));
            prop_assert_eq!(aanbieder.interfaceversies().len(), versions.as_ref().map_or(0, |versions| versions.len()));
            for (version, (id, services)) in aanbieder.interfaceversies().zip(versions.iter().flatten()) {
                prop_assert_eq!((version.id_str(), version.gegevensdiensten().len()), (Some(id.as_str()), services.len()));
                for (service, (authorization, duration, subscription, role)) in version.gegevensdiensten().zip(services) {
                    prop_assert_eq!(service.authorization_endpoint_str(), authorization.as_deref());
                    prop_assert_eq!(service.token_endpoint_str(), None);
                    prop_assert_eq!(service.abonneren().is_some(), duration.is_some() || subscription.is_some());
                    prop_assert_eq!(service.abonneren().and_then(|a| a.max_duration_str()), duration.as_deref());
                    prop_assert_eq!(service.abonneren().and_then(|a| a.subscription_endpoint_str()), subscription.as_deref());
                    prop_assert!(service.systeemrollen().map(|r| r.code_str()).eq(role.as_deref()));
                }
            }
        }
    }

    #[test]
    fn a_zorgaanbiederskoppellijst_survives_the_round_trip(
        header in header(),
        aanbieders in btree_map(AANBIEDER, (vec(identifier(), 0..4), btree_map(WILD, (option::of(WILD), vec(ID, 0..3)), 0..3)), 0..4),
    ) {
        let namespace = "xmlns://afsprakenstelsel.medmij.nl/Zorgaanbiederskoppellijst/release1/";
        let mut writer = ListWriter::new("Zorgaanbiederskoppellijst", namespace);
        writer.header(&header);
        writer.open("Zorgaanbieders");
        for (name, (identifiers, services)) in &aanbieders {
            writer.open("Zorgaanbieder");
            writer.value("Zorgaanbiedernaam", name);
            writer.open("IdentificerendeKenmerken");
            for (_, element, identifier) in identifiers {
                writer.open("IdentificerendKenmerk");
                writer.value(element, identifier);
                writer.close();
            }
            writer.close();
            writer.open("Gegevensdiensten");
            for (id, (name, versions)) in services {
                writer.open("Gegevensdienst");
                writer.value("GegevensdienstId", id);
                maybe(&mut writer, "Weergavenaam", name.as_ref());
                writer.open("Interfaceversies");
                for (n, version) in versions.iter().enumerate() {
                    writer.open("Interfaceversie");
                    writer.value("InterfaceversieId", &format!("{n}{version}"));
                    writer.close();
                }
                writer.close();
                writer.close();
            }
            writer.close();
            writer.close();
        }
        let list = round::<Zorgaanbiederskoppellijst>(&writer.finish(), &header, Zorgaanbiederskoppellijst::to_xml);
        prop_assert_eq!(list.len(), aanbieders.len());
        for (name, (identifiers, services)) in &aanbieders {
            let found = list.zorgaanbieder(&name.parse().unwrap()).unwrap();
            prop_assert!(found.identifiers().eq(identifiers.iter().map(|(kind, _, text)| (*kind, text.as_str()))));
            for (kind, _, identifier) in identifiers {
                prop_assert!(list.zorgaanbieders_with(*kind, identifier).any(|other| other == found));
            }
            prop_assert_eq!(found.gegevensdiensten().len(), services.len());
            for (service, (id, (name, versions))) in found.gegevensdiensten().zip(services) {
                prop_assert_eq!((service.id_str(), service.weergavenaam_str()), (id.as_str(), name.as_deref()));
                let versions = versions.iter().enumerate().map(|(n, version)| format!("{n}{version}"));
                prop_assert!(service.interfaceversies().eq(versions));
            }
        }
    }
}

type Gap = (Option<String>, Option<String>, Option<String>, Option<String>);

fn gap() -> impl Strategy<Value = Gap> {
    let loose = "(https://[a-z]{1,5}\\.nl(/[a-zA-Z&<> ]{0,5}){0,2}|[ -~]{0,9})";
    (
        option::of(loose),
        option::of("[ +0-9a]{0,6}"),
        option::of(loose),
        option::of(WILD),
    )
}

fn identifier() -> impl Strategy<Value = (Kind, &'static str, String)> {
    let kind = select(vec![
        (Kind::Agb, "AGB"),
        (Kind::Ura, "URA"),
        (Kind::Oin, "OIN"),
        (Kind::Hrn, "HRN"),
        (Kind::Kvk, "KVK"),
    ]);
    (kind, "([0-9]{8}|[0-9]{20}|[ -~\t\r\né]{0,31})").prop_map(|((kind, element), text)| (kind, element, text))
}

/// What proptest makes, as documents; judged all at once.
#[test]
fn the_schemas_accept_what_is_written() {
    if !oracle::has_xmllint() {
        medmij_test::skip("xmllint is not installed, what was written was not judged by it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::default();
    let mut judge = |family: Family, document: &mut dyn FnMut(&mut TestRunner) -> String| {
        let documents: Vec<String> = (0..300).map(|_| document(&mut runner)).collect();
        let bytes: Vec<&[u8]> = documents.iter().map(String::as_bytes).collect();
        for schema in std::iter::once(family.own_schema()).chain(family.official_schema()) {
            let verdicts = oracle::xmllint(&schema, &bytes, folder.path());
            let refused = verdicts.iter().position(|accepted| !accepted);
            assert_eq!(refused.map(|at| &documents[at]), None, "{family:?} by {schema:?}");
        }
    };
    judge(Family::Whitelist, &mut |runner| {
        let (draft, _) = whitelist().new_tree(runner).unwrap().current();
        draft.to_xml().unwrap()
    });
    judge(Family::Gnl, &mut |runner| {
        let (draft, _) = gnl().new_tree(runner).unwrap().current();
        draft.to_xml().unwrap()
    });
    judge(Family::Ocl, &mut |runner| {
        let (draft, _) = ocl().new_tree(runner).unwrap().current();
        draft.to_xml().unwrap()
    });
    judge(Family::Zal, &mut |runner| {
        let (draft, _) = zal().new_tree(runner).unwrap().current();
        draft.to_xml_release2().unwrap()
    });
}
