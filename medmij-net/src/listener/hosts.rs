// SPDX-License-Identifier: AGPL-3.0-or-later
//! The host that a request asks for: exactly one, and one of ours (RFC 9112 section 3.2, RFC 9110 section 15.5.20)

use std::collections::BTreeSet;

use http::request::Parts;
use http::uri::Authority;
use http::{StatusCode, header};
use medmij_types::{Hostname, PeerNames};

/// Which hosts are ours.
#[derive(Debug, Clone, Default)]
pub(super) enum Hosts {
    /// Those of the certificate that is shown.
    #[default]
    Certificate,
    /// These.
    Named(BTreeSet<Hostname>),
    /// All.
    Any,
}

impl Hosts {
    /// The status with which a request for another host is refused.
    pub(super) fn check(&self, head: &Parts, certificate: &PeerNames) -> Result<(), StatusCode> {
        let mut values = head.headers.get_all(header::HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(StatusCode::BAD_REQUEST);
        };
        let named = value.to_str().ok().and_then(|text| text.parse::<Authority>().ok());
        let named = named.filter(is_host).ok_or(StatusCode::BAD_REQUEST)?;
        // A request line with a host of its own overrules the header (RFC 9112 section 3.2.2).
        let asked = head.uri.authority().unwrap_or(&named);
        if !is_host(asked) {
            return Err(StatusCode::BAD_REQUEST);
        }
        if self.contains(asked.host(), certificate) {
            Ok(())
        } else {
            Err(StatusCode::MISDIRECTED_REQUEST)
        }
    }

    fn contains(&self, host: &str, certificate: &PeerNames) -> bool {
        let is = |name: &Hostname| name.as_str().eq_ignore_ascii_case(host);
        match self {
            Self::Certificate => certificate.iter().any(is),
            Self::Named(hosts) => hosts.iter().any(is),
            Self::Any => true,
        }
    }
}

/// A host, and a port if any: no user, and after the colon a number of 16 bits or nothing.
fn is_host(authority: &Authority) -> bool {
    let text = authority.as_str();
    let port = text.strip_prefix(authority.host());
    !text.contains('@') && (matches!(port, Some("" | ":")) || authority.port_u16().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn rfc_9112_one_host_and_one_of_ours() {
        let ours = PeerNames::new(Some("dvza.example.nl"), ["twee.example.nl"]);
        let named = Hosts::Named([Hostname::parse("drie.example.nl").unwrap()].into());
        let good = Ok(());
        let (bad, foreign) = (Err(StatusCode::BAD_REQUEST), Err(StatusCode::MISDIRECTED_REQUEST));
        for (hosts, uri, values, expected) in [
            (&Hosts::Certificate, "/", &["dvza.example.nl"][..], good),
            (&Hosts::Certificate, "/", &["DVZA.example.nl:443"], good),
            (&Hosts::Certificate, "/", &["twee.example.nl"], good),
            (&Hosts::Certificate, "/", &["drie.example.nl"], foreign),
            (&Hosts::Certificate, "/", &["192.0.2.1"], foreign),
            (&Hosts::Certificate, "/", &["dvza.example.nl.kwaad.nl"], foreign),
            (&Hosts::Certificate, "/", &[], bad),
            (&Hosts::Certificate, "/", &["dvza.example.nl", "dvza.example.nl"], bad),
            (&Hosts::Certificate, "/", &[""], bad),
            (&Hosts::Certificate, "/", &["dvza.example.nl, kwaad.nl"], bad),
            (&Hosts::Certificate, "/", &["a@dvza.example.nl"], bad),
            (&Hosts::Certificate, "/", &["dvza.example.nl/"], bad),
            (&Hosts::Certificate, "/", &["dvza.example.nl:"], good),
            (&Hosts::Certificate, "/", &["dvza.example.nl:8443"], good),
            (&Hosts::Certificate, "/", &["dvza.example.nl:abc"], bad),
            (&Hosts::Certificate, "/", &["dvza.example.nl:99999"], bad),
            (&Hosts::Certificate, "/", &["[::1]:443"], foreign),
            (
                &Hosts::Certificate,
                "https://a@dvza.example.nl/",
                &["dvza.example.nl"],
                bad,
            ),
            (&Hosts::Certificate, "https://kwaad.nl/", &["dvza.example.nl"], foreign),
            (&Hosts::Certificate, "https://twee.example.nl/", &["kwaad.nl"], good),
            (&named, "/", &["drie.example.nl"], good),
            (&named, "/", &["dvza.example.nl"], foreign),
            (&Hosts::Any, "/", &["10.0.0.1:8443"], good),
            (&Hosts::Any, "/", &[], bad),
        ] {
            let mut request = Request::get(uri);
            for value in values {
                request = request.header(header::HOST, *value);
            }
            let (head, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(hosts.check(&head, &ours), expected, "{hosts:?} {uri} {values:?}");
        }
    }
}
