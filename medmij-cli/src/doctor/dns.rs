// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dns — whether own names have addresses, and whether their zones are signed

use medmij_net::{DnsSettings, NameProof};
use medmij_types::{DnsPolicy, Hostname, Release};

use super::config::Config;
use super::finding::{Finding, Severity, chain};

pub(super) async fn judge(config: &Config) -> Vec<Finding> {
    let node = &config.node;
    let settings = match node.dns_settings() {
        Ok(settings) => settings,
        Err(error) => {
            return vec![Finding::error(
                "dns-settings",
                chain(&error),
                "mend `dns` of the configuration: policy, servers, anchors",
            )];
        }
    };
    let mut findings = Vec::new();
    let asked = DnsPolicy::of(Release::DEFAULT);
    let off = settings.policy() == DnsPolicy::Off;
    if off && asked != DnsPolicy::Off {
        findings.push(Finding::warning(
            "dns-off",
            "names of Nodes are not proven (core.dns): whoever answers for a name in DNS decides whom is dialled",
            "take `dns.policy` out of the configuration, or give it a validating resolver of your own network with `trust-ad`",
        ));
    }
    // own names are looked at as a Node that validates sees them
    let settings = if off {
        DnsSettings::of(Release::DEFAULT)
    } else {
        settings
    };
    let refuse_unsigned = node.dns.refuse_unsigned == Some(true);
    let own = [
        Some(&node.hostname),
        config.hostname.as_ref(),
        config.client_id.as_ref(),
    ];
    for host in own.into_iter().flatten().filter(|host| !host.is_under_localhost()) {
        findings.extend(match settings.prove(host).await {
            Ok(proof) => name(host, proof, refuse_unsigned).await,
            Err(error) => Some(Finding::error(
                "dns-settings",
                chain(&error),
                "mend `dns` of the configuration: policy, servers, anchors",
            )),
        });
    }
    findings
}

async fn name(host: &Hostname, proof: NameProof, refuse_unsigned: bool) -> Option<Finding> {
    let sign = "have the zone signed, and its DS record entered by whoever runs the zone above it";
    Some(match proof {
        NameProof::Signed => Finding::of(
            Severity::Note,
            "dns-signed",
            format_args!("{host} is signed, and its signature is good"),
            "nothing to do",
        ),
        NameProof::Unsigned if refuse_unsigned => Finding::error(
            "dns-unsigned",
            format_args!("{host} is in a zone that is not signed, and this Node itself would refuse such a name"),
            sign,
        ),
        NameProof::Unsigned => Finding::warning(
            "dns-unsigned",
            format_args!("{host} is in a zone that is not signed (DNSSEC, core.dns)"),
            sign,
        ),
        NameProof::Bogus => Finding::error(
            "dns-bogus",
            format_args!("what DNS says of {host} is bogus: whoever validates does not come here"),
            "see that the signatures of the zone are renewed and that the DS record above it is of its key",
        ),
        NameProof::Absent => absent(host),
        // a validating resolver keeps silent about what is bogus, others about signatures
        _ => match tokio::net::lookup_host((host.as_str(), 443)).await {
            Err(_) => absent(host),
            Ok(_) => Finding::warning(
                "dns-no-answer",
                format_args!("{host} has an address, and no resolver gave an answer about it that can be verified"),
                "name resolvers in `dns.servers` that hand on signatures, or see with another one whether the zone is bogus",
            ),
        },
    })
}

fn absent(host: &Hostname) -> Finding {
    Finding::error(
        "dns",
        format_args!("{host} has no address"),
        "enter an address for it in DNS, in a zone that is signed (DNSSEC)",
    )
}
