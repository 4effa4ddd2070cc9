// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.314 — the authorities in the chain and among the roots, and whether their revocation lists here are those that they publish

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use medmij_net::{Credentials, CrlFetcher};
use medmij_types::CalendarDate;

use super::config::Config;
use super::finding::{Finding, chain};
use crate::pki::certificate::{self, CertificateView};

pub(super) async fn judge(config: &Config, credentials: &Credentials) -> Vec<Finding> {
    let now = SystemTime::now();
    let today = CalendarDate::in_utc(now);
    let read = |path: &std::path::Path| {
        let file = std::fs::read(path).ok();
        file.and_then(|file| certificate::read(&file).ok()).unwrap_or_default()
    };
    let (shown, roots) = (read(&config.node.chain), read(&config.node.roots));
    let mut findings = Vec::new();
    for authority in shown.iter().skip(1).chain(&roots) {
        findings.extend(dates(authority, today));
    }
    findings.extend(order(&shown));
    for root in roots.iter().filter(|root| !root.self_signed) {
        findings.push(Finding::warning(
            "root-not-root",
            format_args!(
                "{} among the roots is no root: it was issued by {}",
                root.subject, root.issuer
            ),
            "keep roots only in this file; what is between them and a Node comes with the chain of that Node",
        ));
    }
    for crl in credentials.revocation.crls().filter(|crl| crl.this_update > now) {
        findings.push(Finding::error(
            "crl-future",
            format_args!("the revocation list of {} is of the future, and does not count until then", crl.issuer),
            "fetch it anew from the address in the certificates of this authority, and see that the clock of this machine is right",
        ));
    }
    findings.extend(published(&shown, credentials, now).await);
    findings
}

fn dates(authority: &CertificateView, today: CalendarDate) -> Option<Finding> {
    let left = authority.not_after.days_since(today);
    let name = &authority.subject;
    match left {
        ..0 => Some(Finding::error(
            "authority-ended",
            format_args!("{name} ended on {}", authority.not_after),
            "put its successor in its place, from the page of PKIoverheid; under an authority that ended no certificate is taken",
        )),
        0..=30 => Some(Finding::warning(
            "authority-ends",
            format_args!("{name} ends in {left} days"),
            "ask your TSP for a certificate under its successor, and add the successor to the roots where it is one",
        )),
        _ => None,
    }
}

/// TLS sends the file as it stands.
fn order(shown: &[CertificateView]) -> Option<Finding> {
    let follows = |pair: &[CertificateView]| matches!(pair, [below, above] if below.issuer_der == above.subject_der);
    let wrong = shown.len() > 1 && !shown.windows(2).all(follows);
    wrong.then(|| {
        Finding::warning(
            "chain-order",
            "the chain file is in another order than leaf, TSP, intermediate, or has others in it: some peers do not find their way",
            "write the certificates one below the other, each followed by its issuer, and no others",
        )
    })
}

/// Fetches the revocation lists whose addresses are in our own chain, as whoever keeps them here does.
async fn published(shown: &[CertificateView], credentials: &Credentials, now: SystemTime) -> Vec<Finding> {
    let mut points: Vec<_> = shown
        .iter()
        .flat_map(|one| &one.crl_points)
        .map(String::as_str)
        .collect();
    points.sort_unstable();
    points.dedup();
    let (points, others): (Vec<_>, Vec<_>) = points.into_iter().partition(|point| point.starts_with("http://"));
    if points.is_empty() && others.is_empty() {
        return Vec::new();
    }
    let unreachable = |why: String| {
        Finding::warning(
            "crl-unreachable",
            format_args!("a revocation list cannot be fetched: {why}"),
            "open the way to this address over http, or fetch it from a machine that reaches it: without a fresh list nobody is let in",
        )
    };
    let mut findings: Vec<_> = others
        .iter()
        .map(|point| unreachable(format!("{point} is no http address")))
        .collect();
    let mut fetcher = match CrlFetcher::new(points) {
        Ok(fetcher) => fetcher.authorities(&credentials.roots),
        Err(error) => return vec![unreachable(chain(&error))],
    };
    let Ok(refreshed) = tokio::time::timeout(PATIENCE, fetcher.refresh()).await else {
        return vec![unreachable(format!("not within {} s", PATIENCE.as_secs()))];
    };
    findings.extend(refreshed.failures.iter().map(|failure| unreachable(chain(failure))));
    let mut here = BTreeMap::new();
    for crl in credentials.revocation.crls() {
        let newest = here.entry(crl.issuer).or_insert(crl.this_update);
        *newest = crl.this_update.max(*newest);
    }
    for theirs in fetcher.hard_fail().crls() {
        let Some(ours) = here.get(&theirs.issuer).filter(|ours| **ours < theirs.this_update) else {
            continue;
        };
        let waits = now.duration_since(theirs.this_update).unwrap_or_default();
        if waits > LATE {
            let hours = theirs.this_update.duration_since(*ours).unwrap_or_default().as_secs() / 3600;
            findings.push(Finding::warning(
                "crl-behind",
                format_args!(
                    "the revocation list of {} here is {hours} hours older than the one that it publishes",
                    theirs.issuer
                ),
                "see that whatever fetches revocation lists runs, and puts the newest in place: who was withdrawn since is let in",
            ));
        }
    }
    findings
}

const PATIENCE: Duration = Duration::from_secs(20);
/// A list is fetched every hour.
const LATE: Duration = Duration::from_secs(2 * 3600);
