// SPDX-License-Identifier: AGPL-3.0-or-later
//! Each code, in each list that can have it, with its place.

use super::*;
use medmij_list::{List, ReadOptions, Snapshot};

/// The lists to look at; those that are not there are left out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lists<'a> {
    /// The Zorgaanbiederslijst.
    pub(super) zal: Option<&'a Zorgaanbiederslijst>,
    /// The OAuth Client List.
    pub(super) ocl: Option<&'a OAuthclientlist>,
    /// The Whitelist.
    pub(super) whitelist: Option<&'a Whitelist>,
    /// The Gegevensdienstnamenlijst.
    pub(super) gnl: Option<&'a Gegevensdienstnamenlijst>,
}

/// All findings, list by list, each in the order of its document; what is about two lists is with the list that
/// names what the other does not have.
pub(super) fn lint(lists: &Lists<'_>) -> Vec<Finding> {
    let against = Against {
        whitelist: lists.whitelist,
        gnl: lists.gnl,
    };
    let mut out = Vec::new();
    out.extend(lists.zal.map(|list| lint_zal(list, &against)).unwrap_or_default());
    out.extend(lists.ocl.map(|list| lint_ocl(list, &against)).unwrap_or_default());
    out.extend(lists.whitelist.map(lint_whitelist).unwrap_or_default());
    out.extend(lists.gnl.map(lint_gnl).unwrap_or_default());
    out
}

const HEAD: &str = "<Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>7</Volgnummer>";

fn read<L: List>(xml: &str) -> Snapshot<L> {
    Snapshot::read(xml.as_bytes().to_vec(), &ReadOptions::default()).unwrap()
}

fn whitelist(hosts: &[&str]) -> Snapshot<Whitelist> {
    let nodes: String = hosts
        .iter()
        .map(|host| format!("<MedMijNode>\n<Hostname>{host}</Hostname></MedMijNode>"))
        .collect();
    read(&format!(
        "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">{HEAD}<MedMijNodes>{nodes}\
         </MedMijNodes></Whitelist>"
    ))
}

fn ocl(release: u8, clients: &str) -> Snapshot<OAuthclientlist> {
    read(&format!(
        "<OAuthclientlist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release{release}/\">{HEAD}\
         <OAuthclients>{clients}</OAuthclients></OAuthclientlist>"
    ))
}

fn gnl(services: &[(&str, &str)]) -> Snapshot<Gegevensdienstnamenlijst> {
    let services: String = services
        .iter()
        .map(|(id, name)| {
            format!(
                "<Gegevensdienst>\n<GegevensdienstId>{id}</GegevensdienstId><Weergavenaam>{name}</Weergavenaam>\
                 </Gegevensdienst>"
            )
        })
        .collect();
    read(&format!(
        "<Gegevensdienstnamenlijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/gegevensdienstnamenlijst/release1/\">{HEAD}\
         <Gegevensdiensten>{services}</Gegevensdiensten></Gegevensdienstnamenlijst>"
    ))
}

fn reported(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let line = finding.place().map_or(0, |place| place.line);
            format!("{line} {} {} {}", finding.code(), finding.entry(), finding.path())
        })
        .collect()
}

#[test]
fn core_whl_304_v9_hosts_that_the_schema_lets_pass() {
    let long = format!("{}.nl", "a".repeat(64));
    let list = whitelist(&["a.nl", "a-.nl", "10.0.0.10", "1.23", &long, "<![CDATA[b-.nl]]>"]);
    let findings = lint_whitelist(&list);
    let path = |n: u8| format!("/Whitelist/MedMijNodes/MedMijNode[{n}]/Hostname");
    assert_eq!(
        reported(&findings),
        [
            format!("3 V9 a-.nl {}", path(2)),
            format!("4 V9 10.0.0.10 {}", path(3)),
            format!("5 V9 1.23 {}", path(4)),
            format!("6 V9 {long} {}", path(5)),
            // decoded text has no place of its own
            "0 V9 b-.nl ".to_owned(),
        ]
    );
    assert_eq!(
        findings[0].message(),
        "the Hostname \"a-.nl\" cannot be used: host name has a label that starts or ends with '-' (core.whl.304)"
    );
    let clients = "<OAuthclient>\n<Hostname>a-.nl</Hostname><OAuthclientOrganisatienaam>De Dienst\
                   </OAuthclientOrganisatienaam></OAuthclient>";
    assert_eq!(
        reported(&lint_ocl(&ocl(2, clients), &Against::default())),
        ["2 V9 a-.nl /OAuthclientlist/OAuthclients/OAuthclient[1]/Hostname"]
    );
}

#[test]
fn core_ocl_300_a_name_that_cannot_be_shown_as_it_stands_is_warned_of() {
    for (name, message) in [
        ("De Enige Echte PGO", None),
        (
            "De Enige\n      Echte PGO",
            Some("it is shown as \"De Enige Echte PGO\""),
        ),
        (" De Dienst", Some("it is shown as \"De Dienst\"")),
        ("De\u{200b} Dienst", Some("it is shown as \"De Dienst\"")),
        ("   ", Some("a Persoon sees the host name instead")),
    ] {
        let clients = format!(
            "<OAuthclient><Hostname>pgo.example.nl</Hostname><OAuthclientOrganisatienaam>{name}\
             </OAuthclientOrganisatienaam></OAuthclient>"
        );
        let found = lint_ocl(&ocl(2, &clients), &Against::default());
        let reported = found.first().map(|finding| finding.message());
        assert_eq!(found.len(), usize::from(message.is_some()), "{name:?}");
        assert!(
            reported.unwrap_or_default().ends_with(message.unwrap_or_default()),
            "{reported:?}"
        );
    }
}

#[test]
fn core_ocl_300_v13_v15_the_ocl_against_the_other_lists() {
    let clients = "<OAuthclient><Hostname>pgo.example.nl</Hostname><OAuthclientOrganisatienaam>De Dienst\
                   </OAuthclientOrganisatienaam><Gegevensdiensten><Gegevensdienst>\n<GegevensdienstId>48\
                   </GegevensdienstId><ResourceNotificationEndpoint>\n<ResourceNotificationEndpointuri>\
                   https://back.example.nl/n</ResourceNotificationEndpointuri></ResourceNotificationEndpoint>\
                   </Gegevensdienst></Gegevensdiensten><SubscriptionNotificationEndpoint>\n\
                   <SubscriptionNotificationEndpointuri>https://back.example.nl:99999/s\
                   </SubscriptionNotificationEndpointuri></SubscriptionNotificationEndpoint></OAuthclient>";
    let ocl = ocl(3, clients);
    let of = |whitelist: &Whitelist, gnl: &Gegevensdienstnamenlijst| {
        let findings = lint(&Lists {
            ocl: Some(&ocl),
            whitelist: Some(whitelist),
            gnl: Some(gnl),
            zal: None,
        });
        let codes: Vec<String> = findings
            .iter()
            .map(|finding| format!("{} {}", finding.place().unwrap().line, finding.code()))
            .collect();
        codes
    };
    // V15: pgo.example.nl is on no Whitelist, and that is fine
    assert_eq!(of(&whitelist(&["back.example.nl"]), &gnl(&[("48", "Naam")])), ["4 USE"]);
    assert_eq!(
        of(&whitelist(&["other.nl"]), &gnl(&[("49", "Naam")])),
        ["2 V12", "4 V13", "4 USE"]
    );
}

#[test]
fn use_and_tz_values_that_the_schema_lets_pass() {
    let list = gnl(&[("48", "Naam"), ("4 8", "Naam"), ("49", "Na\tam")]);
    assert_eq!(
        reported(&lint_gnl(&list)),
        [
            "3 USE 4 8 /Gegevensdienstnamenlijst/Gegevensdiensten/Gegevensdienst[2]/GegevensdienstId",
            "4 USE 49 /Gegevensdienstnamenlijst/Gegevensdiensten/Gegevensdienst[3]/Weergavenaam",
        ]
    );
    let list: Snapshot<Whitelist> = read(
        "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">\n\
         <Tijdstempel>2026-03-29T12:00:00.5</Tijdstempel><Volgnummer>7</Volgnummer><MedMijNodes/></Whitelist>",
    );
    assert_eq!(
        reported(&lint_whitelist(&list)),
        ["2 TZ 2026-03-29T12:00:00.5 /Whitelist/Tijdstempel"]
    );
}

#[test]
fn core_alst_101_v2_v5_use_places_in_both_releases() {
    let zal3 = medmij_zal::doc_example();
    let inner = zal3.split_once("<Gegevensdiensten>").unwrap().1;
    let inner = inner.split_once("</Gegevensdiensten>").unwrap().0.to_owned();
    // release 2 has no Interfaceversies and no Aanbiedertype
    let zal2 = format!(
        "<Zorgaanbiederslijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release2/\">{HEAD}\
         <Zorgaanbieders><Zorgaanbieder><Zorgaanbiedernaam>umcharderwijk@medmij</Zorgaanbiedernaam><Gegevensdiensten>\
         {inner}</Gegevensdiensten></Zorgaanbieder></Zorgaanbieders></Zorgaanbiederslijst>"
    );
    for (zal, version) in [(&zal2, ""), (&zal3, "/Interfaceversies/Interfaceversie[1]")] {
        let service =
            format!("/Zorgaanbiederslijst/Zorgaanbieders/Zorgaanbieder[1]{version}/Gegevensdiensten/Gegevensdienst[1]");
        let found = |from: &str, to: &str| -> Vec<String> {
            let changed = zal.replace(from, to);
            assert_ne!(&changed, zal);
            let list: Snapshot<Zorgaanbiederslijst> = read(&changed);
            let findings = lint_zal(&list, &Against::default());
            assert!(findings.iter().all(|finding| finding.place().is_some()));
            findings
                .iter()
                .map(|finding| format!("{} {}", finding.code(), finding.path()))
                .collect()
        };
        for (from, to, element) in [
            (
                "https://login.example.nl/",
                "https://10.0.0.10/",
                "AuthorizationEndpoint/AuthorizationEndpointuri",
            ),
            (
                "https://dvza.example.nl/token",
                "https://dvza.example.nl:99999/token",
                "TokenEndpoint/TokenEndpointuri",
            ),
            (
                "https://dvza.example.nl/token",
                "https://a-.nl/token",
                "TokenEndpoint/TokenEndpointuri",
            ),
            (">48<", ">4 8<", "GegevensdienstId"),
        ] {
            assert_eq!(found(from, to), [format!("USE {service}/{element}")], "{to}");
        }
    }
    let list: Snapshot<Zorgaanbiederslijst> = read(&zal3.replace("umcharderwijk@", "umc--harderwijk@"));
    let findings = lint_zal(&list, &Against::default());
    assert_eq!(findings.iter().map(Finding::code).collect::<Vec<_>>(), [Code::V2]);
}

/// A large list is looked at by several threads; what is found is the same, in the order of the document.
#[test]
fn v2_v5_use_in_a_large_list() {
    let zal3 = medmij_zal::doc_example();
    let (start, rest) = zal3.split_once("<Zorgaanbieders>").unwrap();
    let entry = rest.split_once("</Zorgaanbieders>").unwrap().0;
    let letters = |n: usize| {
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
        format!("abc{}{}{}", letter(n / 676), letter(n / 26), letter(n))
    };
    let entries: String = (0..10_100)
        .map(|n| {
            let entry = entry
                .replace("umcharderwijk", &letters(n))
                .replace("dvza.example.nl", &format!("{}.nl", letters(n)));
            match n {
                0 | 10_099 => entry.replace(".nl/token", ".nl:99999/token"),
                6_000 => entry.replace(&format!("{}@", letters(n)), &format!("{}12345@", letters(n))),
                // the same endpoint as in the first half, for something else
                9_000 => entry
                    .replace(&format!("{}.nl", letters(n)), &format!("{}.nl", letters(10)))
                    .replace(">48<", ">51<"),
                _ => entry,
            }
        })
        .collect();
    let list: Snapshot<Zorgaanbiederslijst> = read(&format!(
        "{start}<Zorgaanbieders>{entries}</Zorgaanbieders></Zorgaanbiederslijst>"
    ));
    let found: Vec<String> = lint_zal(&list, &Against::default())
        .iter()
        .map(|finding| {
            let at = finding.path().split_once("Zorgaanbieder[").unwrap().1;
            format!("{} {}", finding.code(), at.split_once(']').unwrap().0)
        })
        .collect();
    assert_eq!(found, ["USE 1", "V2 6001", "V5 9001", "USE 10100"]);
}
