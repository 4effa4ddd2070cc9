// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dns — the resolver that validates, and the one that is trusted

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle as _, FirstAnswer as _};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::dnssec::{Proof, TrustAnchors};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig, TokioResolver};
use medmij_types::{DnsPolicy, Hostname};

use super::{DnsSettings, NameProof};
use crate::ConfigError;
use crate::public_address::is_public;
use crate::resolve_error::ResolveError;

/// Cheap to clone; clones share connections and what was validated.
#[derive(Clone)]
pub(crate) struct Proven {
    how: How,
    refuse_unsigned: bool,
}

#[derive(Clone)]
enum How {
    Validate(Box<TokioResolver>),
    TrustAd(NameServerPool<TokioRuntimeProvider>),
}

/// The addresses of one kind, and whether they are proven. None at all proves nothing.
#[derive(Default)]
struct Answer {
    addresses: Vec<IpAddr>,
    unsigned: bool,
}

/// An alias may lead to an alias, this often.
const ALIASES: usize = 8;

impl Proven {
    pub(super) fn new(settings: &DnsSettings) -> Result<Self, ConfigError> {
        let how = match settings.policy {
            DnsPolicy::TrustAd => How::TrustAd(trusted(&settings.servers)?),
            _ => How::Validate(Box::new(validating(settings)?)),
        };
        Ok(Self {
            how,
            refuse_unsigned: settings.refuse_unsigned,
        })
    }

    pub(super) async fn prove(&self, host: &Hostname) -> NameProof {
        match self.look(host).await {
            Ok(Answer { addresses, .. }) if addresses.is_empty() => NameProof::Absent,
            Ok(Answer { unsigned: true, .. }) => NameProof::Unsigned,
            Ok(_) => NameProof::Signed,
            Err(ResolveError::Bogus) => NameProof::Bogus,
            Err(_) => NameProof::NoAnswer,
        }
    }

    /// The addresses, judged by the policy. A refusal is an event with its cause.
    pub(crate) async fn addresses(&self, host: &Hostname) -> Result<Vec<SocketAddr>, ResolveError> {
        let found = self.look(host).await;
        match found {
            Ok(answer) if answer.unsigned && self.refuse_unsigned => {
                tracing::warn!(%host, rule = "core.dns", "host is in a zone that is not signed: not dialled");
                Err(ResolveError::Unsigned)
            }
            Ok(answer) => {
                if answer.unsigned {
                    tracing::info!(%host, rule = "core.dns", "host is in a zone that is not signed");
                }
                // port 0 leaves the choice to the URI
                Ok(answer.addresses.into_iter().map(|ip| (ip, 0).into()).collect())
            }
            Err(ResolveError::Bogus) => {
                tracing::error!(
                    %host,
                    rule = "core.dns",
                    "answer of dns is bogus (signature wrong, over or gone): not dialled"
                );
                Err(ResolveError::Bogus)
            }
            Err(error) => Err(error),
        }
    }

    /// Both kinds of address. A bogus answer about one of them spoils the name: somebody is between us and its zone, or the zone
    /// is broken, and either is for a person to look at.
    async fn look(&self, host: &Hostname) -> Result<Answer, ResolveError> {
        let name = Name::from_ascii(format!("{host}.")).map_err(|_| ResolveError::Empty)?;
        let (four, six) = tokio::join!(self.ask(&name, RecordType::A), self.ask(&name, RecordType::AAAA));
        let (mut all, six) = (four?, six?);
        all.addresses.extend(six.addresses);
        all.unsigned |= six.unsigned;
        Ok(all)
    }

    async fn ask(&self, name: &Name, kind: RecordType) -> Result<Answer, ResolveError> {
        match &self.how {
            How::Validate(resolver) => judge(resolver.lookup(name.clone(), kind).await.map(|found| {
                let records = found.answers().iter();
                records.map(|record| (record.proof, record.data.ip_addr())).collect()
            })),
            How::TrustAd(pool) => believe(pool, name, kind).await,
        }
    }
}

/// What a validated answer is worth: as much as the worst record of it. Aliases count.
fn judge(found: Result<Vec<(Proof, Option<IpAddr>)>, NetError>) -> Result<Answer, ResolveError> {
    let records = match found {
        Ok(records) => records,
        Err(NetError::Dns(DnsError::DnssecBogus)) => return Err(ResolveError::Bogus),
        Err(NetError::Dns(DnsError::Nsec { proof, .. })) => {
            let proven = matches!(proof, Proof::Secure | Proof::Insecure);
            return if proven {
                Ok(Answer::default())
            } else {
                Err(ResolveError::Bogus)
            };
        }
        Err(error) if error.is_no_records_found() => return Ok(Answer::default()),
        Err(error) => return Err(ResolveError::Lookup(std::io::Error::other(error))),
    };
    let mut answer = Answer::default();
    for (proof, address) in records {
        match proof {
            Proof::Secure => {}
            Proof::Insecure => answer.unsigned = true,
            // neither proven nor proven to be unsigned
            _ => return Err(ResolveError::Bogus),
        }
        answer.addresses.extend(address);
    }
    Ok(answer)
}

/// Asks a resolver of our own network whether it proved the answer (RFC 6840 section 5.7).
async fn believe(
    pool: &NameServerPool<TokioRuntimeProvider>,
    name: &Name,
    kind: RecordType,
) -> Result<Answer, ResolveError> {
    let mut request = DnsRequest::from_query(Query::query(name.clone(), kind), DnsRequestOptions::default());
    request.metadata.authentic_data = true;
    let failed = |error: NetError| ResolveError::Lookup(std::io::Error::other(error));
    let response = match pool.send(request).first_answer().await {
        Ok(response) => response,
        Err(error) if error.is_no_records_found() => return Ok(Answer::default()),
        Err(error) => return Err(failed(error)),
    };
    match response.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Ok(Answer::default()),
        code => return Err(ResolveError::Lookup(std::io::Error::other(code.to_string()))),
    }
    let addresses = follow(name, kind, &response.answers);
    Ok(Answer {
        unsigned: !addresses.is_empty() && !response.authentic_data,
        addresses,
    })
}

/// The addresses of a name in an answer, by way of its aliases and of nothing else that stands there.
fn follow(name: &Name, kind: RecordType, records: &[Record]) -> Vec<IpAddr> {
    let mut owner = name;
    for _ in 0..ALIASES {
        let alias = records.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *owner => Some(&target.0),
            _ => None,
        });
        match alias {
            Some(target) => owner = target,
            None => break,
        }
    }
    let of_owner = records
        .iter()
        .filter(|record| record.name == *owner && record.record_type() == kind);
    of_owner.filter_map(|record| record.data.ip_addr()).collect()
}

fn validating(settings: &DnsSettings) -> Result<TokioResolver, ConfigError> {
    let servers = if settings.servers.is_empty() {
        let (system, _) = hickory_resolver::system_conf::read_system_conf()
            .map_err(|_| ConfigError::Dns("the resolvers of the system cannot be read: name them"))?;
        system.name_servers().to_vec()
    } else {
        settings.servers.iter().map(server).collect()
    };
    let anchors = match &settings.anchors {
        // a file without keys would make everything bogus, and not say why
        Some(text) if text.contains("DNSKEY") => text
            .parse()
            .map_err(|_| ConfigError::Dns("the trust anchors cannot be read as DNSKEY records"))?,
        Some(_) => return Err(ConfigError::Dns("there is no DNSKEY among the trust anchors")),
        None => TrustAnchors::default(),
    };
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_trust_anchor(Arc::new(anchors))
        .with_options(options());
    builder.options_mut().validate = true;
    builder
        .build()
        .map_err(|_| ConfigError::Dns("the resolver cannot be set up"))
}

fn trusted(servers: &[SocketAddr]) -> Result<NameServerPool<TokioRuntimeProvider>, ConfigError> {
    if servers.is_empty() {
        return Err(ConfigError::Dns("trust-ad needs a resolver that is named"));
    }
    // anybody on the way could set the bit
    if servers.iter().any(|server| is_public(server.ip())) {
        return Err(ConfigError::Dns(
            "trust-ad is for a resolver on this machine or the own network only",
        ));
    }
    let tls = TlsConfig::new().map_err(|_| ConfigError::Dns("the resolver cannot be set up"))?;
    let context = Arc::new(PoolContext::new(options(), tls));
    let servers: Vec<_> = servers.iter().map(server).collect();
    Ok(NameServerPool::from_config(
        servers,
        context,
        TokioRuntimeProvider::default(),
    ))
}

fn options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    // within the five seconds that a connection may take
    options.timeout = Duration::from_secs(2);
    options.attempts = 1;
    // a line in the hosts file is no signed answer
    options.use_hosts_file = ResolveHosts::Never;
    options
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

impl fmt::Debug for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proven")
            .field("validates", &matches!(self.how, How::Validate(_)))
            .field("refuse_unsigned", &self.refuse_unsigned)
            .finish_non_exhaustive()
    }
}
