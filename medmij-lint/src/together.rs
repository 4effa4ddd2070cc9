// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.306, core.gnl.100 — lints across lists. Each thing that is missing is told once, at the first entry with it.

use std::collections::BTreeSet;

use medmij_list::ListKind;
use medmij_types::{BackchannelUri, GegevensdienstId};

use crate::{Code, Finding, Lists};

pub(crate) fn lint(lists: &Lists<'_>, out: &mut Vec<Finding>) {
    let mut told = Told {
        lists,
        ids: BTreeSet::new(),
        hosts: BTreeSet::new(),
        out,
    };
    if let Some(zal) = lists.zal {
        let kind = ListKind::Zorgaanbiederslijst;
        for aanbieder in zal.zorgaanbieders() {
            let naam = aanbieder.naam_str();
            for dienst in aanbieder
                .interfaceversies()
                .flat_map(|versie| versie.gegevensdiensten())
            {
                told.id(kind, naam, dienst.id().ok().as_ref());
                // V14: the host of the AuthorizationEndpointuri is not looked for.
                told.host(kind, naam, dienst.token_endpoint().ok().as_ref());
                for rol in dienst.systeemrollen() {
                    told.host(kind, naam, rol.resource_endpoint().ok().as_ref());
                }
                let subscription = dienst
                    .abonneren()
                    .and_then(|abonneren| abonneren.subscription_endpoint().ok());
                told.host(kind, naam, subscription.as_ref());
            }
        }
    }
    if let Some(ocl) = lists.ocl {
        let kind = ListKind::OAuthclientlist;
        for client in ocl.clients() {
            // V15: the host of the client itself is not looked for.
            let name = client.hostname_str();
            for endpoint in [
                client.subscription_notification_endpoint(),
                client.resource_notification_endpoint(),
            ] {
                told.host(kind, name, endpoint.and_then(|endpoint| endpoint.uri().ok()).as_ref());
            }
            for dienst in client.gegevensdiensten().into_iter().flatten() {
                told.id(kind, name, dienst.id().ok().as_ref());
                for endpoint in [
                    dienst.subscription_notification_endpoint(),
                    dienst.resource_notification_endpoint(),
                ] {
                    told.host(kind, name, endpoint.and_then(|endpoint| endpoint.uri().ok()).as_ref());
                }
            }
        }
    }
}

struct Told<'a, 'b> {
    lists: &'a Lists<'a>,
    ids: BTreeSet<String>,
    hosts: BTreeSet<String>,
    out: &'b mut Vec<Finding>,
}

impl Told<'_, '_> {
    fn id(&mut self, kind: ListKind, entry: &str, id: Option<&GegevensdienstId>) {
        let (Some(gnl), Some(id)) = (self.lists.gnl, id) else {
            return;
        };
        if gnl.weergavenaam(id).is_none() && self.ids.insert(id.to_string()) {
            let message = format!("gegevensdienst {id} has no name in the Gegevensdienstnamenlijst");
            self.out.push(Finding::new(Code::V12, kind, entry, message));
        }
    }

    fn host(&mut self, kind: ListKind, entry: &str, uri: Option<&BackchannelUri>) {
        let (Some(whitelist), Some(uri)) = (self.lists.whitelist, uri) else {
            return;
        };
        if !whitelist.contains(uri.hostname()) && self.hosts.insert(uri.hostname().to_string()) {
            let message = format!("host {} of {uri} is not on the Whitelist", uri.hostname());
            self.out.push(Finding::new(Code::V13, kind, entry, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Lists, lint};
    use medmij_gnl::{Gegevensdienstnamenlijst, ReadOptions, Snapshot};
    use medmij_whitelist::Whitelist;
    use medmij_zal::Zorgaanbiederslijst;

    fn codes(zal: &str, host: &str, id: &str) -> Vec<String> {
        let head = "<Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>7</Volgnummer>";
        let whitelist = format!(
            "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">{head}<MedMijNodes><MedMijNode>\
             <Hostname>{host}</Hostname></MedMijNode></MedMijNodes></Whitelist>"
        );
        let gnl = format!(
            "<Gegevensdienstnamenlijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/gegevensdienstnamenlijst/release1/\">{head}\
             <Gegevensdiensten><Gegevensdienst><GegevensdienstId>{id}</GegevensdienstId><Weergavenaam>Naam</Weergavenaam>\
             </Gegevensdienst></Gegevensdiensten></Gegevensdienstnamenlijst>"
        );
        let options = ReadOptions::default();
        let zal = Snapshot::<Zorgaanbiederslijst>::read(zal.as_bytes().to_vec(), &options).unwrap();
        let whitelist = Snapshot::<Whitelist>::read(whitelist.into_bytes(), &options).unwrap();
        let gnl = Snapshot::<Gegevensdienstnamenlijst>::read(gnl.into_bytes(), &options).unwrap();
        let lists = Lists {
            zal: Some(&zal),
            whitelist: Some(&whitelist),
            gnl: Some(&gnl),
            ocl: None,
        };
        lint(&lists).iter().map(|finding| finding.code().to_string()).collect()
    }

    #[test]
    fn v12_v13_what_belongs_together_is_found() {
        let zal = medmij_zal::doc_example();
        assert_eq!(codes(&zal, "dvza.example.nl", "48"), Vec::<String>::new());
        assert_eq!(codes(&zal, "other.example.nl", "48"), ["V13"]);
        assert_eq!(codes(&zal, "dvza.example.nl", "49"), ["V12"]);
    }

    #[test]
    fn v14_the_host_of_the_front_channel_is_not_looked_for() {
        let zal = medmij_zal::doc_example().replace("login.example.nl", "elsewhere.example.nl");
        assert_eq!(codes(&zal, "dvza.example.nl", "48"), Vec::<String>::new());
    }

    #[test]
    fn core_gegevensdiensten_201_v2_v5_use_within_the_zorgaanbiederslijst() {
        let zal = medmij_zal::doc_example();
        let odd = zal.replace("umcharderwijk@", "umc.harderwijk@");
        assert_eq!(codes(&odd, "dvza.example.nl", "48"), ["V2"]);
        let harmful = zal.replace("dvza.example.nl/token", "dvza.example.nl:99999/token");
        assert_eq!(codes(&harmful, "dvza.example.nl", "48"), ["USE"]);
        let dienst = zal
            .split_once("<Gegevensdiensten>")
            .unwrap()
            .1
            .split_once("</Gegevensdiensten>")
            .unwrap()
            .0
            .to_owned();
        let second = dienst.replace(">48<", ">49<");
        let shared = zal.replace(&dienst, &format!("{dienst}{second}"));
        assert_eq!(codes(&shared, "dvza.example.nl", "48"), ["V5", "V12"]);
    }
}
