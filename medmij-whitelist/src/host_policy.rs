// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.303, core.whl.306, core.whl.307 — which hosts may take part in back-channel traffic.

use std::{collections::BTreeSet, sync::Arc};

use medmij_list::{ListCache, Snapshot};
use medmij_types::{Hostname, PeerNames, Volgnummer};

use crate::{AllowedHost, Basis, Whitelist};

/// Decides whether a host is allowed. Cheap to clone.
///
/// ```
/// use medmij_types::Hostname;
/// use medmij_whitelist::{Basis, HostPolicy, NotAllowed};
///
/// // before there is a Whitelist, only the Stelselnode can be reached
/// let policy = HostPolicy::stelselnode_only(Hostname::parse("stelselnode.medmij.nl")?);
/// let host = policy.check(&Hostname::parse("stelselnode.medmij.nl")?)?;
/// assert_eq!(host.basis(), Basis::Stelselnode);
///
/// let refused = policy.check(&Hostname::parse("node.example.nl")?).unwrap_err();
/// assert!(matches!(refused, NotAllowed::NotListed { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HostPolicy(Arc<HostSource>);

#[derive(Debug)]
enum HostSource {
    Whitelist {
        cache: Option<Arc<ListCache<Whitelist>>>,
        stelselnode: Hostname,
    },
    Fixed(BTreeSet<Hostname>),
}

impl HostPolicy {
    /// Allows the Stelselnode and nothing else: for fetching the first Whitelist (core.whl.303).
    #[must_use]
    pub fn stelselnode_only(stelselnode: Hostname) -> Self {
        Self(Arc::new(HostSource::Whitelist {
            cache: None,
            stelselnode,
        }))
    }

    /// Allows the hosts of the current Whitelist, and the Stelselnode. Past the hard limit of the cache, or before there
    /// is a list, only the Stelselnode: a check that cannot be made is negative (core.whl.307).
    #[must_use]
    pub fn whitelist(cache: Arc<ListCache<Whitelist>>, stelselnode: Hostname) -> Self {
        Self(Arc::new(HostSource::Whitelist {
            cache: Some(cache),
            stelselnode,
        }))
    }

    /// Allows a fixed set of hosts, whatever the Whitelist says: for test facilities, whose hosts are on no Whitelist, and for
    /// tests. Whoever calls this makes an [`AllowedHost`] of any host they like.
    ///
    /// ```
    /// use medmij_types::Hostname;
    /// use medmij_whitelist::{Basis, HostPolicy};
    ///
    /// let host = Hostname::parse("test.example.nl")?;
    /// let policy = HostPolicy::danger_fixed([host.clone()]);
    /// assert_eq!(policy.check(&host)?.basis(), Basis::Fixed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn danger_fixed(hosts: impl IntoIterator<Item = Hostname>) -> Self {
        Self(Arc::new(HostSource::Fixed(hosts.into_iter().collect())))
    }

    /// Checks the host of the other node; a TLS client does so before the handshake (core.whl.307).
    ///
    /// # Errors
    ///
    /// [`NotAllowed`] says why the host is not allowed, for the log; the other side is told nothing (core.whl.309).
    pub fn check(&self, hostname: &Hostname) -> Result<AllowedHost, NotAllowed> {
        self.now().check(hostname)
    }

    /// Checks a client by the names in its certificate: one that is allowed is enough (core.whl.307). All names are judged
    /// by the same list.
    ///
    /// # Errors
    ///
    /// [`NotAllowed`] says why none of the names is allowed.
    pub fn check_peer(&self, names: &PeerNames) -> Result<AllowedHost, NotAllowed> {
        let now = self.now();
        let mut last = None;
        for hostname in names.iter() {
            match now.check(hostname) {
                Ok(host) => return Ok(host),
                Err(why) => last = Some(why),
            }
        }
        Err(match last {
            None => NotAllowed::NoNames,
            Some(NotAllowed::NotListed { volgnummer, .. }) => NotAllowed::NoNameListed {
                names: names.clone(),
                volgnummer,
            },
            Some(other) => other,
        })
    }

    /// What there is to judge by at this moment.
    fn now(&self) -> Now<'_> {
        match &*self.0 {
            HostSource::Fixed(hosts) => Now::Fixed(hosts),
            HostSource::Whitelist {
                cache: None,
                stelselnode,
            } => Now::StelselnodeOnly(stelselnode),
            HostSource::Whitelist {
                cache: Some(cache),
                stelselnode,
            } => Now::Whitelist {
                list: cache.current(),
                cache,
                stelselnode,
            },
        }
    }
}

enum Now<'a> {
    Fixed(&'a BTreeSet<Hostname>),
    StelselnodeOnly(&'a Hostname),
    Whitelist {
        list: Option<Arc<Snapshot<Whitelist>>>,
        cache: &'a ListCache<Whitelist>,
        stelselnode: &'a Hostname,
    },
}

impl Now<'_> {
    fn check(&self, hostname: &Hostname) -> Result<AllowedHost, NotAllowed> {
        self.basis(hostname)
            .map(|basis| AllowedHost::new(hostname.clone(), basis))
    }

    fn basis(&self, hostname: &Hostname) -> Result<Basis, NotAllowed> {
        let not_listed = |volgnummer| NotAllowed::NotListed {
            hostname: hostname.clone(),
            volgnummer,
        };
        match self {
            Self::Fixed(hosts) if hosts.contains(hostname) => Ok(Basis::Fixed),
            Self::Fixed(_) => Err(not_listed(None)),
            Self::StelselnodeOnly(stelselnode) | Self::Whitelist { stelselnode, .. } if hostname == *stelselnode => {
                Ok(Basis::Stelselnode)
            }
            Self::StelselnodeOnly(_) => Err(not_listed(None)),
            Self::Whitelist { list, cache, .. } => match list {
                Some(list) if list.contains(hostname) => Ok(Basis::Whitelist(list.header().volgnummer())),
                Some(list) => Err(not_listed(Some(list.header().volgnummer()))),
                None if cache.last_known().is_some() => Err(NotAllowed::ListTooOld {
                    hostname: hostname.clone(),
                }),
                None => Err(NotAllowed::NoList {
                    hostname: hostname.clone(),
                }),
            },
        }
    }
}

/// Why a host is not allowed. For the log only: the other side is told nothing (core.whl.309).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAllowed {
    /// It is not on the list.
    #[error("host {hostname} is not on the Whitelist{}", numbered(*volgnummer))]
    NotListed {
        /// The host.
        hostname: Hostname,
        /// The list that was looked at; `None` for a policy without one.
        volgnummer: Option<Volgnummer>,
    },
    /// None of the names of the certificate is on the list.
    #[error("none of the names {names} is on the Whitelist{}", numbered(*volgnummer))]
    NoNameListed {
        /// The names.
        names: PeerNames,
        /// The list that was looked at; `None` for a policy without one.
        volgnummer: Option<Volgnummer>,
    },
    /// The certificate has no usable name.
    #[error("the certificate has no usable host name")]
    NoNames,
    /// There is no Whitelist yet, so the check cannot be made.
    #[error("host {hostname} cannot be checked: there is no Whitelist yet")]
    NoList {
        /// The host.
        hostname: Hostname,
    },
    /// The Whitelist is past its hard limit, so the check cannot be made.
    #[error("host {hostname} cannot be checked: the Whitelist is too old")]
    ListTooOld {
        /// The host.
        hostname: Hostname,
    },
}

fn numbered(volgnummer: Option<Volgnummer>) -> String {
    volgnummer.map_or_else(String::new, |number| format!(" with Volgnummer {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_list::{ReadOptions, RefreshPolicy};
    use medmij_types::Clock;
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        time::{Duration, SystemTime},
    };

    #[derive(Clone, Default)]
    struct Steered(Arc<AtomicU64>);

    impl Clock for Steered {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + self.monotonic()
        }
        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::SeqCst))
        }
    }

    fn host(name: &str) -> Hostname {
        Hostname::parse(name).unwrap()
    }

    fn list(volgnummer: u64, hosts: &[&str]) -> Snapshot<Whitelist> {
        let nodes: String = hosts
            .iter()
            .map(|h| format!("<MedMijNode><Hostname>{h}</Hostname></MedMijNode>"))
            .collect();
        let xml = format!(
            "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\"><Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>\
             <Volgnummer>{volgnummer}</Volgnummer><MedMijNodes>{nodes}</MedMijNodes></Whitelist>"
        );
        Snapshot::read(xml.into_bytes(), &ReadOptions::default()).unwrap()
    }

    fn cached(clock: &Steered) -> (Arc<ListCache<Whitelist>>, HostPolicy) {
        let cache = Arc::new(ListCache::new(RefreshPolicy::default(), clock.clone()));
        (
            Arc::clone(&cache),
            HostPolicy::whitelist(cache, host("stelselnode.medmij.nl")),
        )
    }

    #[test]
    fn core_whl_303_the_stelselnode_counts_as_listed_always() {
        let clock = Steered::default();
        let (cache, policy) = cached(&clock);
        assert_eq!(
            policy.check(&host("stelselnode.medmij.nl")).unwrap().basis(),
            Basis::Stelselnode
        );
        assert_eq!(
            policy.check(&host("a.nl")),
            Err(NotAllowed::NoList { hostname: host("a.nl") })
        );
        cache.offer(list(3, &["a.nl"])).unwrap();
        clock.0.store(9 * 3600, Ordering::SeqCst);
        assert!(policy.check(&host("stelselnode.medmij.nl")).is_ok());
        assert_eq!(
            policy.check(&host("a.nl")),
            Err(NotAllowed::ListTooOld { hostname: host("a.nl") })
        );
    }

    #[test]
    fn core_whl_306_only_listed_hosts_exactly() {
        let clock = Steered::default();
        let (cache, policy) = cached(&clock);
        cache.offer(list(3, &["a.nl", "node.a.nl"])).unwrap();
        let allowed = policy.check(&host("node.a.nl")).unwrap();
        assert_eq!(
            (allowed.hostname().as_str(), allowed.basis()),
            ("node.a.nl", Basis::Whitelist(Volgnummer::new(3).unwrap()))
        );
        for other in ["x.a.nl", "b.nl", "a.nl.evil.nl"] {
            assert!(
                matches!(
                    policy.check(&host(other)),
                    Err(NotAllowed::NotListed {
                        volgnummer: Some(_),
                        ..
                    })
                ),
                "{other}"
            );
        }
    }

    #[test]
    fn core_whl_306_the_newest_list_decides() {
        let clock = Steered::default();
        let (cache, policy) = cached(&clock);
        cache.offer(list(3, &["a.nl"])).unwrap();
        cache.offer(list(4, &["b.nl"])).unwrap();
        assert!(policy.check(&host("a.nl")).is_err());
        assert!(policy.check(&host("b.nl")).is_ok());
    }

    #[test]
    fn w9_an_empty_list_that_a_policy_takes_means_nobody() {
        let clock = Steered::default();
        let mut takes_empty = RefreshPolicy::default();
        takes_empty.take_empty = true;
        let cache = Arc::new(ListCache::new(takes_empty, clock));
        let policy = HostPolicy::whitelist(Arc::clone(&cache), host("stelselnode.medmij.nl"));
        cache.offer(list(3, &["a.nl"])).unwrap();
        assert!(policy.check(&host("a.nl")).is_ok());
        cache.offer(list(4, &[])).unwrap();
        assert!(matches!(
            policy.check(&host("a.nl")),
            Err(NotAllowed::NotListed {
                volgnummer: Some(_),
                ..
            })
        ));
        let names = PeerNames::new(Some("a.nl"), ["b.nl"]);
        assert!(matches!(
            policy.check_peer(&names),
            Err(NotAllowed::NoNameListed { .. })
        ));
        assert!(policy.check(&host("stelselnode.medmij.nl")).is_ok(), "core.whl.303");
    }

    #[test]
    fn core_whl_307_one_name_of_the_certificate_is_enough() {
        let clock = Steered::default();
        let (cache, policy) = cached(&clock);
        cache.offer(list(3, &["b.nl"])).unwrap();
        let names = PeerNames::new(Some("a.nl"), ["*.b.nl", "b.nl"]);
        assert_eq!(policy.check_peer(&names).unwrap().hostname().as_str(), "b.nl");
        assert!(matches!(
            policy.check_peer(&PeerNames::new(Some("a.nl"), ["*.b.nl"])),
            Err(NotAllowed::NoNameListed { .. })
        ));
        assert_eq!(
            policy.check_peer(&PeerNames::new(None, ["*.b.nl", "10.0.0.1"])),
            Err(NotAllowed::NoNames)
        );
    }

    #[test]
    fn a_fixed_set_is_that_set() {
        let policy = HostPolicy::danger_fixed([host("a.nl")]);
        assert_eq!(policy.check(&host("a.nl")).unwrap().basis(), Basis::Fixed);
        assert!(policy.check(&host("stelselnode.medmij.nl")).is_err());
    }

    #[test]
    fn messages_say_what_was_looked_at() {
        let clock = Steered::default();
        let (cache, policy) = cached(&clock);
        cache.offer(list(3, &["b.nl"])).unwrap();
        assert_eq!(
            policy.check(&host("a.nl")).unwrap_err().to_string(),
            "host a.nl is not on the Whitelist with Volgnummer 3"
        );
    }
}
