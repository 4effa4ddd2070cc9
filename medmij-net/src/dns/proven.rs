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

use super::{DnsSettings, NameProof, extended};
use crate::ConfigError;
use crate::public_address::is_public;
use crate::resolve_error::ResolveError;

/// Cheap to clone; clones share connections and what was validated.
#[derive(Clone)]
pub(crate) struct Proven {
    how: How,
    /// Whom to ask why an answer failed.
    servers: Arc<[SocketAddr]>,
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
        let (how, servers) = match settings.policy {
            DnsPolicy::TrustAd => (
                How::TrustAd(trusted(&settings.servers)?),
                settings.servers.as_slice().into(),
            ),
            _ => {
                let servers = servers(settings)?;
                let addresses = servers.iter().filter_map(address).collect();
                (How::Validate(Box::new(validating(settings, servers)?)), addresses)
            }
        };
        Ok(Self {
            how,
            servers,
            refuse_unsigned: settings.refuse_unsigned,
        })
    }

    pub(super) async fn prove(&self, host: &Hostname) -> (NameProof, Vec<IpAddr>) {
        match self.look(host).await {
            Ok(Answer { addresses, .. }) if addresses.is_empty() => (NameProof::Absent, addresses),
            Ok(Answer {
                unsigned: true,
                addresses,
            }) => (NameProof::Unsigned, addresses),
            Ok(Answer { addresses, .. }) => (NameProof::Signed, addresses),
            Err(ResolveError::Bogus(_)) => (NameProof::Bogus, Vec::new()),
            Err(ResolveError::NoResolver(_)) => (NameProof::NoAnswer, Vec::new()),
            Err(_) => (NameProof::Failed, Vec::new()),
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
            Err(ResolveError::Bogus(why)) => {
                tracing::error!(
                    %host,
                    rule = "core.dns",
                    resolver_says = why,
                    "answer of dns is bogus (signature wrong, over or gone): not dialled"
                );
                Err(ResolveError::Bogus(why))
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
        let answer = match &self.how {
            How::Validate(resolver) => judge(resolver.lookup(name.clone(), kind).await.map(|found| {
                let records = found.answers().iter();
                records.map(|record| (record.proof, record.data.ip_addr())).collect()
            })),
            How::TrustAd(pool) => believe(pool, name, kind).await,
        };
        match answer {
            Err(Failure::Answered(ResponseCode::ServFail)) => Err(self.why(name, kind).await),
            Err(Failure::Answered(code)) => Err(lookup(format!("the resolver answers {code}"))),
            Err(Failure::Other(error)) => Err(error),
            Ok(answer) => Ok(answer),
        }
    }

    /// Why a resolver failed, as it says itself: what should have been signed and is not, or something else.
    async fn why(&self, name: &Name, kind: RecordType) -> ResolveError {
        match extended::why(&self.servers, name, kind).await {
            Some(why) => match why.bogus() {
                Some(said) => ResolveError::Bogus(Some(said)),
                None => lookup(format!("the resolver cannot look it up: {why}")),
            },
            None => lookup(
                "the resolver answers SERVFAIL and not why: the name is bogus, or its name servers cannot be reached",
            ),
        }
    }
}

/// Why there is no answer.
enum Failure {
    /// A resolver answered this code.
    Answered(ResponseCode),
    Other(ResolveError),
}

impl From<NetError> for Failure {
    fn from(error: NetError) -> Self {
        match error {
            NetError::Dns(DnsError::ResponseCode(code)) => Self::Answered(code),
            NetError::Timeout | NetError::Io(_) | NetError::NoConnections => {
                Self::Other(ResolveError::NoResolver(std::io::Error::other(error)))
            }
            error => Self::Other(lookup(error)),
        }
    }
}

fn lookup(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ResolveError {
    ResolveError::Lookup(std::io::Error::other(why))
}

const BOGUS: Failure = Failure::Other(ResolveError::Bogus(None));

/// What a validated answer is worth: as much as the worst record of it. Aliases count.
fn judge(found: Result<Vec<(Proof, Option<IpAddr>)>, NetError>) -> Result<Answer, Failure> {
    let records = match found {
        Ok(records) => records,
        Err(NetError::Dns(DnsError::DnssecBogus)) => return Err(BOGUS),
        Err(NetError::Dns(DnsError::Nsec { proof, .. })) => {
            let proven = matches!(proof, Proof::Secure | Proof::Insecure);
            return if proven { Ok(Answer::default()) } else { Err(BOGUS) };
        }
        Err(error) if error.is_no_records_found() => return Ok(Answer::default()),
        Err(error) => return Err(error.into()),
    };
    let mut answer = Answer::default();
    for (proof, address) in records {
        match proof {
            Proof::Secure => {}
            Proof::Insecure => answer.unsigned = true,
            // neither proven nor proven to be unsigned
            _ => return Err(BOGUS),
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
) -> Result<Answer, Failure> {
    let mut request = DnsRequest::from_query(Query::query(name.clone(), kind), DnsRequestOptions::default());
    request.metadata.authentic_data = true;
    let response = match pool.send(request).first_answer().await {
        Ok(response) => response,
        Err(error) if error.is_no_records_found() => return Ok(Answer::default()),
        Err(error) => return Err(error.into()),
    };
    match response.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Ok(Answer::default()),
        code => return Err(Failure::Answered(code)),
    }
    let addresses = follow(name, kind, &response.answers);
    Ok(Answer {
        unsigned: !addresses.is_empty() && !response.authentic_data,
        addresses,
    })
}

/// The addresses of a name in an answer, by way of its aliases and of nothing else that is there.
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

/// Those of the settings, or of the system.
fn servers(settings: &DnsSettings) -> Result<Vec<NameServerConfig>, ConfigError> {
    if !settings.servers.is_empty() {
        return Ok(settings.servers.iter().map(server).collect());
    }
    let (system, _) = hickory_resolver::system_conf::read_system_conf()
        .map_err(|_| ConfigError::Dns("the resolvers of the system cannot be read: name them"))?;
    Ok(system.name_servers().to_vec())
}

fn address(server: &NameServerConfig) -> Option<SocketAddr> {
    let port = server.connections.first()?.port;
    Some((server.ip, port).into())
}

fn validating(settings: &DnsSettings, servers: Vec<NameServerConfig>) -> Result<TokioResolver, ConfigError> {
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
            "trust-ad is for a resolver on this machine or its own network only",
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
