// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.302, core.ocl.201, core.alst.201 — own names on the lists, as the Stelselnode publishes them now

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use medmij_list::{List, ListError, ListKind, ReadOptions, Snapshot};
use medmij_net::{BackChannel, Credentials, DangerLoopback, NetError, SendLimits, StelselnodeSource};
use medmij_node::NodeError;
use medmij_ocl::OAuthclientlist;
use medmij_types::{Hostname, Release};
use medmij_whitelist::{HostPolicy, Whitelist};
use medmij_zal::Zorgaanbiederslijst;

use super::config::Config;
use super::finding::{Finding, chain};

pub(super) async fn judge(config: &Config, credentials: Credentials) -> Vec<Finding> {
    let mut asked = match Asked::of(config, credentials) {
        Ok(asked) => asked,
        Err(finding) => return vec![finding],
    };
    let Some(whitelist) = asked.list::<Whitelist>().await else {
        return asked.findings;
    };
    let own = &config.node.hostname;
    if !whitelist.contains(own) {
        asked.findings.push(Finding::error(
            "not-on-whitelist",
            format_args!("{own} is not on the Whitelist: no Node calls it or lets it in (core.whl.307)"),
            "have MedMij enter the host name, and compare it with the certificate letter by letter",
        ));
    }
    if let Some(client_id) = &config.client_id
        && let Some(ocl) = asked.list::<OAuthclientlist>().await
        && ocl.client(client_id).is_none()
    {
        asked.findings.push(Finding::error(
            "not-on-ocl",
            format_args!("{client_id} is not on the OAuth Client List: every DVZA refuses it (core.authint.207)"),
            "have MedMij enter the client, or mend `client_id`",
        ));
    }
    if let (Some(front), None) = (&config.hostname, &config.client_id)
        && let Some(zal) = asked.list::<Zorgaanbiederslijst>().await
    {
        asked.findings.extend(own_entries(&zal, own, front, &whitelist));
    }
    asked.findings
}

/// The entries of the Zorgaanbiederslijst whose token endpoint is here.
fn own_entries(zal: &Zorgaanbiederslijst, own: &Hostname, front: &Hostname, whitelist: &Whitelist) -> Vec<Finding> {
    let services = zal
        .zorgaanbieders()
        .flat_map(|aanbieder| aanbieder.interfaceversies().map(move |version| (aanbieder, version)))
        .flat_map(|(aanbieder, version)| version.gegevensdiensten().map(move |service| (aanbieder, service)));
    let ours: Vec<_> = services
        .filter(|(_, service)| service.token_endpoint().is_ok_and(|uri| uri.hostname() == own))
        .collect();
    if ours.is_empty() {
        return vec![Finding::error(
            "not-on-zal",
            format_args!("no token endpoint of the Zorgaanbiederslijst is on {own}: no DVP will come"),
            "have MedMij enter your endpoints, or mend `node.hostname`",
        )];
    }
    let mut findings = Vec::new();
    for (aanbieder, service) in ours {
        let name = format!("{} {}", aanbieder.name_str(), service.id_str());
        if !service
            .authorization_endpoint()
            .is_ok_and(|uri| uri.hostname() == front)
        {
            findings.push(Finding::error(
                "zal-front-host",
                format_args!("the authorization endpoint of {name} is not on {front}"),
                "have MedMij mend the entry, or mend `hostname`",
            ));
        }
        let endpoints = service.systeemrollen().filter_map(|role| role.resource_endpoint().ok());
        for host in endpoints
            .map(|uri| uri.hostname().clone())
            .filter(|host| !whitelist.contains(host))
        {
            findings.push(Finding::error(
                "zal-host-not-whitelisted",
                format_args!("resources of {name} are on {host}, which is not on the Whitelist"),
                "have MedMij enter the host on the Whitelist",
            ));
        }
    }
    findings
}

/// A Stelselnode, and what was found while it was asked.
struct Asked {
    channel: BackChannel,
    source: StelselnodeSource,
    findings: Vec<Finding>,
    clock_seen: bool,
}

impl Asked {
    fn of(config: &Config, credentials: Credentials) -> Result<Self, Finding> {
        let node = &config.node;
        let Credentials {
            identity,
            roots,
            revocation,
        } = credentials;
        let policy = HostPolicy::stelselnode_only(node.stelselnode.clone());
        let unusable = |error: NodeError| {
            Finding::error(
                "back-channel",
                chain(&error),
                "mend `tls` or `dns` of the configuration, or use a build that has what they ask",
            )
        };
        let mut builder = BackChannel::builder(identity, roots, policy)
            .revocation(revocation)
            .tls(node.tls_policy().map_err(unusable)?)
            .dns(node.dns_settings().map_err(unusable)?);
        if let Some(map) = &node.danger_loopback {
            let map: DangerLoopback = map.parse().map_err(|error| {
                Finding::error(
                    "development-map",
                    format_args!("danger_loopback: {error}"),
                    "mend the loopback map",
                )
            })?;
            builder = builder.danger_loopback(map);
        }
        let channel = builder.build().map_err(|error| {
            Finding::error(
                "back-channel",
                chain(&error),
                "mend the part of the configuration that is named",
            )
        })?;
        let api = Release::DEFAULT.major().into();
        Ok(Self {
            source: StelselnodeSource::new(channel.clone(), node.stelselnode.clone(), api),
            channel,
            findings: Vec::new(),
            clock_seen: false,
        })
    }

    /// Fetches a list and reads it; what goes wrong is a finding.
    async fn list<L: List>(&mut self) -> Option<Snapshot<L>> {
        match self.fetch(L::KIND).await {
            Ok(bytes) => {
                let read = Snapshot::read(bytes, &ReadOptions::default());
                let wrong = |error: ListError| {
                    Finding::error(
                        "list-invalid",
                        format_args!("the {} of the Stelselnode: {error}", L::KIND),
                        "tell the operator of the Stelselnode; a Node goes on with the list before, up to nine hours",
                    )
                };
                read.map_err(|error| self.findings.push(wrong(error))).ok()
            }
            Err(finding) => {
                self.findings.push(finding);
                None
            }
        }
    }

    async fn fetch(&mut self, kind: ListKind) -> Result<Vec<u8>, Finding> {
        let limits = SendLimits::default().total(Duration::from_secs(30)).body(256 << 20);
        let request = http::Request::get(self.source.uri(kind)).body(Bytes::new());
        let request = request.map_err(|error| Finding::error("stelselnode", error, "mend `stelselnode`"))?;
        let response = self
            .channel
            .send_within(request, limits)
            .await
            .map_err(|error| unreachable(&error))?;
        if !self.clock_seen {
            self.clock_seen = true;
            self.findings.extend(clock(response.headers()));
        }
        if response.status() != http::StatusCode::OK {
            return Err(Finding::error(
                "list-missing",
                format_args!("the Stelselnode answers {} for the {kind}", response.status()),
                "ask the operator of the Stelselnode whether this release of the list is published",
            ));
        }
        Ok(response.into_body().into())
    }
}

fn unreachable(error: &NetError) -> Finding {
    let remedy = if error.is_dns_refused() {
        "its name is not proven: see with another resolver whether its zone is broken, before you change `dns`"
    } else if error.is_certificate() {
        "its certificate is refused here: look at the roots (of both generations) and the revocation lists"
    } else if error.is_tls() || error.is_broken() {
        "it refuses our certificate, or does not know us: look at own certificate and Whitelist"
    } else {
        "look at DNS, firewall and `stelselnode`"
    };
    Finding::error(
        "stelselnode",
        format_args!("no list comes from the Stelselnode: {}", chain(error)),
        remedy,
    )
}

/// Our clock against the time of the answer.
fn clock(headers: &http::HeaderMap) -> Option<Finding> {
    let date = headers.get(http::header::DATE)?.to_str().ok()?;
    let theirs: SystemTime = chrono::DateTime::parse_from_rfc2822(date).ok()?.into();
    let ours = SystemTime::now();
    let apart = ours.duration_since(theirs).unwrap_or_else(|behind| behind.duration());
    (apart > Duration::from_secs(60)).then(|| {
        Finding::error(
            "clock",
            format_args!("our clock is {} s away from that of the Stelselnode", apart.as_secs()),
            "see that the clock of this machine is disciplined (NTP)",
        )
    })
}
