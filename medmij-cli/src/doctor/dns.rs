// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dns — whether own names have addresses, and whether their zones are signed

use std::net::IpAddr;

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
    let named = !off && !node.dns.servers.is_empty();
    let own = [
        Some(&node.hostname),
        config.hostname.as_ref(),
        config.client_id.as_ref(),
    ];
    for host in own.into_iter().flatten().filter(|host| !host.is_under_localhost()) {
        match settings.look_up(host).await {
            Ok((proof, addresses)) => {
                findings.extend(name(host, proof, (refuse_unsigned, named)).await);
                // on one machine all names lead to it
                if node.danger_loopback.is_none() {
                    findings.extend(addresses.into_iter().find_map(|address| inside(host, address)));
                }
            }
            Err(error) => findings.push(Finding::error(
                "dns-settings",
                chain(&error),
                "mend `dns` of the configuration: policy, servers, anchors",
            )),
        }
    }
    let known = own.into_iter().flatten().chain([&node.stelselnode]);
    let hosts = std::fs::read_to_string(HOSTS).unwrap_or_default();
    findings.extend(known.filter_map(|host| overridden(host, &hosts, off)));
    findings
}

/// Peers dial public addresses only, and an address of this machine is nobody else's.
fn inside(host: &Hostname, address: IpAddr) -> Option<Finding> {
    let v6 = |ip: std::net::Ipv6Addr| ip.is_unique_local() || ip.is_unicast_link_local();
    let inside = match address.to_canonical() {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(ip) => v6(ip) || ip.is_unspecified(),
    };
    let message = format!("{host} leads to {address}, which is no public address: no other Node dials it");
    let remedy = "enter the public address of the machine or of the proxy before it; where DNS answers otherwise from outside, look from there";
    if address.to_canonical().is_loopback() {
        Some(Finding::error("dns-not-public", message, remedy))
    } else {
        inside.then(|| Finding::warning("dns-not-public", message, remedy))
    }
}

/// A line in the hosts file is asked before DNS, by whoever asks the system.
fn overridden(host: &Hostname, hosts: &str, off: bool) -> Option<Finding> {
    let line = hosts.lines().find(|line| {
        let names = line.split('#').next().unwrap_or_default().split_whitespace().skip(1);
        names
            .into_iter()
            .any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(host.as_str()))
    })?;
    let message = format!("{HOSTS} has a line for {host}: {}", line.trim());
    let remedy = "take the line out: an address in DNS that changes is not followed, and nothing proves this one";
    // a Node that proves names does not look there
    Some(if off {
        Finding::error("hosts-file", message, remedy)
    } else {
        Finding::warning("hosts-file", message, remedy)
    })
}

const HOSTS: &str = "/etc/hosts";

async fn name(host: &Hostname, proof: NameProof, (refuse_unsigned, named): (bool, bool)) -> Option<Finding> {
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
        _ if proof == NameProof::NoAnswer && named => Finding::error(
            "dns-resolver",
            format_args!("no resolver of `dns.servers` answers about {host}, so this Node finds no name at all"),
            "see that the resolvers run and that port 53 to them is open, over UDP and TCP, or name others",
        ),
        // what the system finds without proof tells a resolver that does not know signatures from a name that is not there
        _ => match (tokio::net::lookup_host((host.as_str(), 443)).await, proof) {
            (Ok(_), _) => Finding::warning(
                "dns-no-answer",
                format_args!("{host} has an address, and no resolver gave an answer about it that can be verified"),
                "name resolvers in `dns.servers` that hand on signatures, or see with another one whether the zone is bogus",
            ),
            (Err(_), NameProof::Failed) => Finding::error(
                "dns-failed",
                format_args!(
                    "the resolver cannot look {host} up, and does not say that it is bogus: its name servers are away, or it gives no reasons"
                ),
                "ask another resolver, one that gives reasons (RFC 8914), with and without validation (`dig`, `dig +cd`), and mend the zone",
            ),
            (Err(_), _) => Finding::error(
                "dns",
                format_args!("{host} is found nowhere: no resolver of this machine answers about it"),
                "see that the resolvers in /etc/resolv.conf run and can be reached, then that the name is in DNS",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_dns_an_address_that_no_other_node_dials_is_told_of() {
        let host: Hostname = "node.example.nl".parse().unwrap();
        let of = |text: &str| inside(&host, text.parse().unwrap()).map(|finding| finding.severity);
        for (address, expected) in [
            ("127.0.0.1", Some(Severity::Error)),
            ("::1", Some(Severity::Error)),
            ("::ffff:127.0.0.1", Some(Severity::Error)),
            ("10.1.2.3", Some(Severity::Warning)),
            ("192.168.1.1", Some(Severity::Warning)),
            ("100.64.0.1", Some(Severity::Warning)),
            ("169.254.1.1", Some(Severity::Warning)),
            ("fd00::1", Some(Severity::Warning)),
            ("fe80::1", Some(Severity::Warning)),
            ("100.128.0.1", None),
            ("193.0.0.1", None),
            ("2001:610::1", None),
        ] {
            assert_eq!(of(address), expected, "{address}");
        }
    }

    #[test]
    fn core_dns_a_line_in_the_hosts_file_is_told_of() {
        let host: Hostname = "node.example.nl".parse().unwrap();
        let of = |hosts: &str, off| overridden(&host, hosts, off).map(|finding| finding.severity);
        let line = "127.0.0.1 localhost\n10.0.0.7\tbeside.example.nl NODE.example.nl. # for now\n";
        assert_eq!(of(line, false), Some(Severity::Warning));
        assert_eq!(of(line, true), Some(Severity::Error));
        for good in [
            "",
            "127.0.0.1 localhost",
            "# 10.0.0.7 node.example.nl",
            "10.0.0.7 other.node.example.nl",
        ] {
            assert_eq!(of(good, true), None, "{good}");
        }
    }
}
