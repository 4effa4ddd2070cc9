// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.314 — own certificate, key, roots and revocation lists

use std::time::{Duration, SystemTime};

use medmij_net::{ConfigError, CredentialFiles, Credentials, FileError, OwnFault};

use super::config::Config;
use super::finding::{Finding, Severity, chain};

pub(super) fn load(config: &Config) -> Result<Credentials, Finding> {
    let node = &config.node;
    let files = CredentialFiles::new(&node.chain, &node.key, &node.roots).crls_hard_fail(&node.crls);
    files
        .load()
        .map_err(|error| Finding::error("credential-files", chain(&error), unusable(&error)))
}

/// A Node that runs goes on with what it read before; one that starts does not.
fn unusable(error: &FileError) -> &'static str {
    match error {
        FileError::Read { .. } => {
            "put the file in place, for the user of the Node to read, or mend the path; a Node that runs goes on with what it read before, and would not start"
        }
        FileError::Config { source, .. } => match source {
            ConfigError::NoHostname => {
                "ask for a certificate with the full host name as dNSName (G4: \"G-TLS SYS\"): a wildcard, an address or a name in the common name counts for nothing (core.whl.307)"
            }
            ConfigError::Key(_) => {
                "put the key in place that this certificate was asked with, and the leaf first in the chain file"
            }
            ConfigError::Encryption { .. } | ConfigError::Password => {
                "decrypt the key (the message has the command), and let only the user of the Node read it"
            }
            ConfigError::NoCrl | ConfigError::Crl { .. } => {
                "fetch the revocation list anew from the address in the certificates of its authority, in DER or PEM; a web page in its place is of a proxy"
            }
            _ => {
                "put the file back as it was issued, in PEM; a Node that runs goes on with what it read before, and would not start"
            }
        },
        _ => "put the file back as it was issued, in PEM",
    }
}

pub(super) fn judge(config: &Config, credentials: &Credentials) -> Vec<Finding> {
    let now = SystemTime::now();
    let left = |end: SystemTime| end.duration_since(now).unwrap_or_default();
    let mut findings = Vec::new();
    if let Some(fault) = credentials.own_fault(now) {
        let (code, remedy) = remedy(fault);
        findings.push(Finding::error(code, fault, remedy));
    }
    let identity = &credentials.identity;
    if !identity.names().contains(&config.node.hostname) {
        findings.push(Finding::error(
            "host-name",
            format_args!(
                "the certificate is of {}, the configuration of {}",
                identity.names(),
                config.node.hostname
            ),
            "ask for a certificate with this host name as dNSName, or mend `hostname`",
        ));
    }
    let ends = left(identity.not_after());
    if ends < DAY && ends > Duration::ZERO {
        let message = "the certificate ends within a day";
        findings.push(Finding::error(
            "certificate-ends",
            message,
            "put the new certificate in place now",
        ));
    } else if ends < 30 * DAY && ends > Duration::ZERO {
        let message = format!("the certificate ends in {} days", ends.as_secs() / DAY.as_secs());
        findings.push(Finding::warning(
            "certificate-ends",
            message,
            "ask your TSP for a new certificate",
        ));
    }
    for crl in credentials.revocation.crls() {
        match left(crl.next_update) {
            Duration::ZERO => findings.push(Finding::error(
                "crl-stale",
                format_args!("the revocation list of {} is past its next update", crl.issuer),
                "fetch it anew from the address in the certificates of this authority, and see why that stopped",
            )),
            left if left < Duration::from_secs(3600) => findings.push(Finding::warning(
                "crl-ends",
                format_args!("the revocation list of {} ends within an hour", crl.issuer),
                "see that whatever fetches revocation lists runs",
            )),
            _ => {}
        }
    }
    if credentials.roots.are_test_roots() && config.node.danger_loopback.is_none() {
        findings.push(Finding::error(
            "test-roots",
            "the roots are those of a test PKI, whose keys are public",
            "put the private roots of PKIoverheid in their place, and no others",
        ));
    }
    findings.extend(key_exchange(config));
    findings
}

/// The hybrid key exchange: whether it is preferred, and whether this build can say that it works.
fn key_exchange(config: &Config) -> Option<Finding> {
    if !config.node.tls.post_quantum {
        return Some(Finding::of(
            Severity::Note,
            "post-quantum-off",
            "X25519MLKEM768 is not offered, so what is recorded today may be read by a quantum computer of tomorrow",
            "build the application with the feature aws-lc-rs of medmij-node and set `tls.post_quantum`; who knows only TLS 1.2 connects as before",
        ));
    }
    let error = config.node.tls_policy().err()?;
    Some(Finding::of(
        Severity::Note,
        "post-quantum-unseen",
        format_args!("X25519MLKEM768 is preferred, and this command cannot try it: {error}"),
        "build medmij-cli with the feature aws-lc-rs; the application itself does not start where it lacks it",
    ))
}

/// What is for development only.
pub(super) fn of_development(config: &Config) -> Option<Finding> {
    let mapped = config.node.danger_loopback.is_some() && !config.node.hostname.is_under_localhost();
    mapped.then(|| {
        Finding::error(
            "development-map",
            "danger_loopback is set, so that no real host is reached",
            "take danger_loopback out of the configuration",
        )
    })
}

fn remedy(fault: OwnFault) -> (&'static str, &'static str) {
    match fault {
        OwnFault::Path => (
            "own-chain",
            "put leaf, TSP and intermediate into the chain file in this order, and the root of their generation into the roots",
        ),
        OwnFault::Ended => (
            "own-ended",
            "put the new certificate in place, and ask sooner next time",
        ),
        OwnFault::AuthorityEnded => (
            "authority-ended",
            "an intermediate or TSP in the chain file has ended: put its successor there, or ask your TSP for a certificate under one that lasts",
        ),
        OwnFault::NotYetValid => (
            "own-not-yet-valid",
            "see that the clock of this machine is right, or wait",
        ),
        OwnFault::NotForServers | OwnFault::NotForClients => (
            "own-purpose",
            "ask for a certificate for server and client authentication (G4: \"G-TLS SYS\")",
        ),
        OwnFault::Revoked => (
            "own-revoked",
            "ask your TSP why, and for a new certificate with a new key",
        ),
        OwnFault::RevocationUnknown => (
            "crl-missing",
            "put the revocation list of every authority of the chain in place: root, intermediate and TSP, each signed by it",
        ),
        OwnFault::RevocationOfFuture => (
            "crl-future",
            "fetch the revocation list anew, and see that the clock of this machine is right: one of the future does not count yet",
        ),
        OwnFault::RevocationStale => ("crl-stale", "fetch the revocation lists anew, and see why that stopped"),
        _ => ("own-certificate", "show the certificate with `medmij pki show`"),
    }
}

/// Who may read a file that holds a secret.
#[cfg(unix)]
pub(super) fn permissions(path: &std::path::Path, what: &str) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let (group, others) = (mode & 0o070 != 0, mode & 0o007 != 0);
    let message = format!("{what} may be read by more than its owner (mode {:o})", mode & 0o777);
    let remedy = "chmod 600, with the user of the application as owner";
    match (group, others) {
        (_, true) => Some(Finding::error("key-permissions", message, remedy)),
        (true, _) => Some(Finding::warning("key-permissions", message, remedy)),
        _ => None,
    }
}

#[cfg(not(unix))]
pub(super) fn permissions(_: &std::path::Path, _: &str) -> Option<Finding> {
    None
}

const DAY: Duration = Duration::from_secs(24 * 3600);
