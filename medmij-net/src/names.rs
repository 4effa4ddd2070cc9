// SPDX-License-Identifier: AGPL-3.0-or-later
//! The names in a certificate that count (core.whl.307): common name and dNSName SANs
//!
//! Wildcards, IP addresses, names with NUL and everything else that is no usable hostname drop out in
//! [`PeerNames`]. Two common names are ambiguous, so that neither counts.

use medmij_types::PeerNames;
use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::asn1::{Any, ObjectIdentifier};
use x509_cert::der::{Decode, Tag, Tagged};

/// The usable names of an end certificate whose path was already verified.
pub(crate) fn peer_names(der: &CertificateDer<'_>) -> PeerNames {
    let common = Certificate::from_der(der)
        .ok()
        .and_then(|certificate| single_common_name(&certificate));
    match webpki::EndEntityCert::try_from(der) {
        Ok(certificate) => PeerNames::new(common.as_deref(), certificate.valid_dns_names()),
        Err(_) => PeerNames::new(None, []),
    }
}

/// The organisation names in the subject.
pub(crate) fn organisations(certificate: &Certificate) -> impl Iterator<Item = String> {
    attributes(certificate, ORGANISATION)
}

/// The common names in the subject.
pub(crate) fn common_names(certificate: &Certificate) -> impl Iterator<Item = String> {
    attributes(certificate, COMMON_NAME)
}

fn single_common_name(certificate: &Certificate) -> Option<String> {
    let mut names = common_names(certificate);
    let first = names.next()?;
    names.next().is_none().then_some(first)
}

fn attributes(certificate: &Certificate, kind: ObjectIdentifier) -> impl Iterator<Item = String> {
    let subject = certificate.tbs_certificate().subject();
    subject
        .iter()
        .filter(move |attribute| attribute.oid == kind)
        .map(|attribute| text(&attribute.value))
}

/// The text of a DirectoryString; one in an encoding that no hostname needs becomes empty, which is no
/// name but still counts as one being there.
fn text(value: &Any) -> String {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::TeletexString => {
            std::str::from_utf8(value.value()).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_test::{LeafSpec, TestPki};

    fn names_of(spec: &LeafSpec) -> Vec<String> {
        let identity = TestPki::new("A").unwrap().issue(spec).unwrap();
        let der = CertificateDer::from(identity.chain_der()[0].clone());
        peer_names(&der).iter().map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn core_whl_307_common_name_and_san_count() {
        let node = LeafSpec::node("een.example.nl");
        let cases: &[(&str, LeafSpec, &[&str])] = &[
            (
                "both",
                node.clone().dns("twee.example.nl"),
                &["een.example.nl", "twee.example.nl"],
            ),
            ("common name only", node.clone().without_dns(), &["een.example.nl"]),
            ("san only", node.clone().common_name(None), &["een.example.nl"]),
            ("wildcard", LeafSpec::node("*.example.nl"), &[]),
            (
                "wildcard beside a name",
                node.clone().dns("*.example.nl"),
                &["een.example.nl"],
            ),
            (
                "ip",
                LeafSpec::node("127.0.0.1").without_dns().ip([127, 0, 0, 1].into()),
                &[],
            ),
            ("nul", LeafSpec::node("een.example.nl\0.kwaad.example"), &[]),
            (
                "a person's name",
                node.clone().common_name(Some("Stichting Een")),
                &["een.example.nl"],
            ),
            ("one label", LeafSpec::node("localhost"), &[]),
        ];
        for (case, spec, expected) in cases {
            assert_eq!(names_of(spec), *expected, "{case}");
        }
    }

    proptest::proptest! {
        #[test]
        fn w3_a_damaged_certificate_gives_usable_names_or_none(
            damage in proptest::collection::vec((0_usize..1200, proptest::num::u8::ANY), 1..6),
            end in 0_usize..1200,
        ) {
            static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
                let spec = LeafSpec::node("een.example.nl").dns("*.example.nl").uri("https://een.example.nl/");
                TestPki::new("A").unwrap().issue(&spec).unwrap().chain_der()[0].clone()
            });
            let mut der = GOOD.clone();
            for (at, byte) in damage {
                if let Some(place) = der.get_mut(at) {
                    *place = byte;
                }
            }
            der.truncate(end.max(der.len() / 2));
            for name in peer_names(&CertificateDer::from(der)).iter() {
                proptest::prop_assert!(medmij_types::Hostname::parse(name.as_str()).is_ok());
            }
        }
    }
}
