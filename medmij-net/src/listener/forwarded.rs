// SPDX-License-Identifier: AGPL-3.0-or-later
//! Behind a reverse proxy: the client certificate comes in a header (core.whl.308, threat W5)
//!
//! The proxy ends the participants' mutual TLS and passes the certificate on. That header is trusted only
//! on connections from configured addresses whose own client certificate carries a configured name, and the
//! names in it are judged against the Whitelist for every request, just as without a proxy.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use medmij_types::{Hostname, PeerNames};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::names::peer_names;

/// The reverse proxies whose word about a peer's certificate is taken. Off unless it is set.
///
/// Chain, dates, purpose and revocation of the participant's certificate are judged here as well, under the roots of the
/// listener. For the way to a root the CA certificates count that are configured
/// ([`TrustRoots::with_intermediates`](crate::TrustRoots::with_intermediates)), that were in chains that verified, or that the
/// proxy gives in `Client-Cert-Chain` (RFC 9440). That the participant holds the key only the proxy can check. It must remove
/// both headers from what participants send, and must drop a connection without an answer when this listener drops its own
/// (core.whl.309; in nginx: `return 444` for upstream failures).
///
/// ```
/// use medmij_net::ForwardedPeer;
/// use medmij_types::Hostname;
///
/// let proxies = [Hostname::parse("proxy.intern.example.nl")?];
/// let forwarded = ForwardedPeer::client_cert(proxies, ["192.0.2.10".parse()?]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ForwardedPeer {
    header: HeaderName,
    form: Form,
    proxies: Vec<Hostname>,
    addresses: Vec<IpAddr>,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    /// `:base64 of DER:`
    ByteSequence,
    /// PEM, percent-encoded.
    EscapedPem,
}

impl ForwardedPeer {
    /// The standard header `Client-Cert` (RFC 9440).
    pub fn client_cert(
        proxies: impl IntoIterator<Item = Hostname>,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Self {
        Self::new(
            HeaderName::from_static("client-cert"),
            Form::ByteSequence,
            proxies,
            addresses,
        )
    }

    /// A header with the certificate as percent-encoded PEM, as nginx makes it of `$ssl_client_escaped_cert`.
    pub fn escaped_pem(
        header: HeaderName,
        proxies: impl IntoIterator<Item = Hostname>,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Self {
        Self::new(header, Form::EscapedPem, proxies, addresses)
    }

    fn new(
        header: HeaderName,
        form: Form,
        proxies: impl IntoIterator<Item = Hostname>,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Self {
        Self {
            header,
            form,
            proxies: proxies.into_iter().collect(),
            addresses: addresses.into_iter().collect(),
        }
    }

    pub(super) fn is_proxy_address(&self, address: SocketAddr) -> bool {
        self.addresses.contains(&address.ip().to_canonical())
    }

    pub(super) fn is_proxy(&self, names: &PeerNames) -> bool {
        self.proxies.iter().any(|proxy| names.contains(proxy))
    }

    /// The certificate in the one header that there must be, and those above it where the proxy gives them. The headers go no
    /// further.
    pub(super) fn take(&self, headers: &mut HeaderMap) -> Option<Passed> {
        let mut values = headers.get_all(&self.header).iter();
        let only = values
            .next()
            .filter(|_| values.next().is_none())
            .and_then(|value| value.to_str().ok());
        let certificate = only.and_then(|text| self.certificate(text));
        headers.remove(&self.header);
        let above = headers.get_all(CHAIN).iter().filter_map(|value| value.to_str().ok());
        let above = above
            .flat_map(|text| text.split(','))
            .take(MOST_ABOVE)
            .filter_map(|item| byte_sequence(item.trim()))
            .collect();
        headers.remove(CHAIN);
        certificate.map(|certificate| Passed { certificate, above })
    }

    fn certificate(&self, text: &str) -> Option<CertificateDer<'static>> {
        match self.form {
            Form::ByteSequence => byte_sequence(text),
            Form::EscapedPem => {
                let pem = percent_decoded(text)?;
                let mut found = CertificateDer::pem_slice_iter(&pem);
                let only = found.next()?.ok()?;
                found.next().is_none().then_some(only)
            }
        }
    }
}

/// What a proxy passed on.
pub(super) struct Passed {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) above: Vec<CertificateDer<'static>>,
}

impl Passed {
    pub(super) fn names(&self) -> PeerNames {
        peer_names(&self.certificate)
    }
}

/// `:base64:` (RFC 8941 section 3.3.5)
fn byte_sequence(text: &str) -> Option<CertificateDer<'static>> {
    let inner = text.strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(inner).ok().map(CertificateDer::from)
}

/// The certificates above the one of the client (RFC 9440 section 2.3).
const CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
/// More than any path has.
const MOST_ABOVE: usize = 8;

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let (high, low) = (
                    char::from(bytes.next()?).to_digit(16)?,
                    char::from(bytes.next()?).to_digit(16)?,
                );
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use medmij_test::{LeafSpec, TestPki};

    fn escaped(pem: &str) -> String {
        pem.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    }

    #[test]
    fn w5_exactly_one_whole_certificate_counts() {
        let pki = TestPki::new("A").unwrap();
        let node = pki.issue(&LeafSpec::node("dvp.example.nl")).unwrap();
        let der = format!(":{}:", STANDARD.encode(&node.chain_der()[0]));
        let (leaf, _) = node
            .chain_pem()
            .split_at(node.chain_pem().find("-----END CERTIFICATE-----\n").unwrap() + 26);
        let standard = ForwardedPeer::client_cert([], []);
        let nginx = ForwardedPeer::escaped_pem(HeaderName::from_static("x-cert"), [], []);
        let two = escaped(node.chain_pem());
        let cases: [(&ForwardedPeer, &str, Vec<String>, bool); 9] = [
            (&standard, "client-cert", vec![der.clone()], true),
            (&standard, "client-cert", vec![der.clone(), der.clone()], false),
            (&standard, "client-cert", vec![], false),
            (&standard, "client-cert", vec![der.trim_matches(':').to_owned()], false),
            (&standard, "client-cert", vec![format!("{der}, {der}")], false),
            (&standard, "client-cert", vec!["dvp.example.nl".to_owned()], false),
            (&nginx, "x-cert", vec![escaped(leaf)], true),
            (&nginx, "x-cert", vec![two], false),
            (&nginx, "x-cert", vec![format!("{}%2", escaped(leaf))], false),
        ];
        for (number, (forwarded, name, values, good)) in cases.into_iter().enumerate() {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(
                    HeaderName::try_from(name).unwrap(),
                    HeaderValue::try_from(value).unwrap(),
                );
            }
            let names = forwarded.take(&mut headers);
            assert_eq!(
                names.map(|passed| passed.names().to_string()),
                good.then(|| "dvp.example.nl".to_owned()),
                "case {number}"
            );
            assert!(headers.is_empty(), "case {number}");
        }
    }
}
