// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.306, core.gnl.100 — lints across lists. Each thing that is missing is reported once, at the first entry with it.

use std::collections::BTreeMap;

use medmij_ocl::{NotificationEndpoint, OAuthclientlist};
use medmij_types::{GegevensdienstId, Hostname};
use medmij_zal::Zorgaanbiederslijst;

use super::{Against, Code, findings::Sink};

pub(crate) fn zal(list: &Zorgaanbiederslijst, against: &Against<'_>, sink: &mut Sink<'_>) {
    if is_nothing(against) {
        return;
    }
    let mut checks = CrossChecks::new(against, sink);
    for aanbieder in list.zorgaanbieders() {
        let name = aanbieder.name_str();
        for service in aanbieder
            .interfaceversies()
            .flat_map(|version| version.gegevensdiensten())
        {
            checks.id(name, service.id_str());
            // V14: the host of the AuthorizationEndpointuri is not looked for.
            checks.host(name, service.token_endpoint_str());
            checks.host(
                name,
                service
                    .abonneren()
                    .and_then(|abonneren| abonneren.subscription_endpoint_str()),
            );
            for role in service.systeemrollen() {
                checks.host(name, role.resource_endpoint_str());
            }
        }
    }
    checks.finish();
}

pub(crate) fn ocl(list: &OAuthclientlist, against: &Against<'_>, sink: &mut Sink<'_>) {
    if is_nothing(against) {
        return;
    }
    let mut checks = CrossChecks::new(against, sink);
    for client in list.clients() {
        // V15: the host of the client itself is not looked for.
        let name = client.hostname_str();
        checks.host(name, text(client.subscription_notification_endpoint()));
        checks.host(name, text(client.resource_notification_endpoint()));
        for service in client.gegevensdiensten().into_iter().flatten() {
            checks.id(name, service.id_str());
            checks.host(name, text(service.subscription_notification_endpoint()));
            checks.host(name, text(service.resource_notification_endpoint()));
        }
    }
    checks.finish();
}

fn text(endpoint: Option<NotificationEndpoint<'_>>) -> Option<&str> {
    endpoint.map(NotificationEndpoint::as_str)
}

const fn is_nothing(against: &Against<'_>) -> bool {
    against.whitelist.is_none() && against.gnl.is_none()
}

/// What was seen: `None` for what is there, or the number of the finding and how often it was seen.
type Seen = BTreeMap<String, Option<(usize, usize)>>;

struct CrossChecks<'a, 'b, 'c> {
    against: &'a Against<'a>,
    ids: Seen,
    hosts: Seen,
    sink: &'b mut Sink<'c>,
}

impl<'a, 'b, 'c> CrossChecks<'a, 'b, 'c> {
    fn new(against: &'a Against<'a>, sink: &'b mut Sink<'c>) -> Self {
        Self {
            against,
            ids: Seen::new(),
            hosts: Seen::new(),
            sink,
        }
    }

    fn id(&mut self, entry: &str, id: &str) {
        let Some(gnl) = self.against.gnl else { return };
        if again(&mut self.ids, id) {
            return;
        }
        // An id that cannot be used is reported as that.
        let is_missing = GegevensdienstId::parse(id).is_ok_and(|id| gnl.weergavenaam(&id).is_none());
        let number = is_missing.then(|| {
            let message = format!("gegevensdienst {id} has no name in the Gegevensdienstnamenlijst");
            let number = self.sink.next();
            self.sink.push(Code::V12, entry, [Some(id), Some(entry)], message);
            (number, 1)
        });
        self.ids.insert(id.to_owned(), number);
    }

    fn host(&mut self, entry: &str, uri: Option<&str>) {
        let (Some(whitelist), Some(uri)) = (self.against.whitelist, uri) else {
            return;
        };
        let Some(rest) = uri.strip_prefix("https://") else {
            return;
        };
        let host = rest.split([':', '/', '?', '#']).next().unwrap_or_default();
        if again(&mut self.hosts, host) {
            return;
        }
        let is_missing = Hostname::parse(host).is_ok_and(|host| !whitelist.contains(&host));
        let number = is_missing.then(|| {
            let message =
                format!("host {host} of {uri} is not on the Whitelist, so no node may connect to it (core.whl.306)");
            let number = self.sink.next();
            self.sink.push(Code::V13, entry, [Some(uri), Some(entry)], message);
            (number, 1)
        });
        self.hosts.insert(host.to_owned(), number);
    }

    fn finish(self) {
        for (number, times) in self.ids.into_values().chain(self.hosts.into_values()).flatten() {
            if times > 1 {
                self.sink.add(number, &format!("; it occurs {times} times"));
            }
        }
    }
}

/// Whether it was seen before; counts it.
fn again(seen: &mut Seen, what: &str) -> bool {
    match seen.get_mut(what) {
        Some(found) => {
            if let Some((_, times)) = found {
                *times += 1;
            }
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::{
        Finding,
        tests::{Lists, lint},
    };
    use medmij_gnl::{Gegevensdienstnamenlijst, ReadOptions, Snapshot};
    use medmij_whitelist::Whitelist;
    use medmij_zal::Zorgaanbiederslijst;

    fn codes(zal: &str, host: &str, id: &str) -> Vec<String> {
        findings(zal, host, id)
            .iter()
            .map(|finding| finding.code().to_string())
            .collect()
    }

    fn findings(zal: &str, host: &str, id: &str) -> Vec<Finding> {
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
        lint(&lists)
    }

    #[test]
    fn v12_v13_what_belongs_together_is_found() {
        let zal = medmij_zal::doc_example();
        assert_eq!(codes(&zal, "dvza.example.nl", "48"), Vec::<String>::new());
        assert_eq!(codes(&zal, "other.example.nl", "48"), ["V13"]);
        assert_eq!(codes(&zal, "dvza.example.nl", "49"), ["V12"]);
    }

    #[test]
    fn v12_v13_what_is_missing_often_is_told_once_with_its_place() {
        let zal = medmij_zal::doc_example();
        let found = findings(&zal, "other.example.nl", "1");
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "Zorgaanbiederslijst: line 1, column 418: umcharderwijk@medmij: gegevensdienst 48 has no name in the \
                 Gegevensdienstnamenlijst [V12]",
                "Zorgaanbiederslijst: line 1, column 606: umcharderwijk@medmij: host dvza.example.nl of \
                 https://dvza.example.nl/token is not on the Whitelist, so no node may connect to it (core.whl.306); it \
                 occurs 2 times [V13]",
            ]
        );
    }

    #[test]
    fn v14_the_host_of_the_front_channel_is_not_looked_for() {
        let zal = medmij_zal::doc_example().replace("login.example.nl", "elsewhere.example.nl");
        assert_eq!(codes(&zal, "dvza.example.nl", "48"), Vec::<String>::new());
    }

    #[test]
    fn core_gegevensdiensten_201_v2_v5_use_within_the_zorgaanbiederslijst() {
        let zal = medmij_zal::doc_example();
        let odd = zal.replace("umcharderwijk@", "umc--harderwijk@");
        assert_eq!(codes(&odd, "dvza.example.nl", "48"), ["V2"]);
        let harmful = zal.replace("dvza.example.nl/token", "dvza.example.nl:99999/token");
        assert_eq!(codes(&harmful, "dvza.example.nl", "48"), ["USE"]);
        let service = zal
            .split_once("<Gegevensdiensten>")
            .unwrap()
            .1
            .split_once("</Gegevensdiensten>")
            .unwrap()
            .0
            .to_owned();
        let second = service.replace(">48<", ">49<");
        let shared = zal.replace(&service, &format!("{service}{second}"));
        assert_eq!(codes(&shared, "dvza.example.nl", "48"), ["V12", "V5"]);
    }
}
