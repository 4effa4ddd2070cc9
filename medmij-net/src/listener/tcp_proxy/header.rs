// SPDX-License-Identifier: AGPL-3.0-or-later
//! The two forms of the header (The PROXY protocol, versions 1 and 2, section 2)

use std::net::{IpAddr, SocketAddr};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// The proxy passes on a connection of this address.
    Peer(SocketAddr),
    /// The proxy speaks for itself, or does not know the address.
    Own,
}

/// The line `PROXY TCP4 192.0.2.1 192.0.2.2 50000 443`, with its end.
pub(super) fn parse_v1(line: &[u8]) -> Option<Header> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix("\r\n")?;
    let mut words = line.split(' ');
    if words.next()? != "PROXY" {
        return None;
    }
    let family = words.next()?;
    if family == "UNKNOWN" {
        return Some(Header::Own);
    }
    let (source, destination): (IpAddr, IpAddr) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (port, _) = (port(words.next()?)?, port(words.next()?)?);
    let fits = match family {
        "TCP4" => source.is_ipv4() && destination.is_ipv4(),
        "TCP6" => source.is_ipv6() && destination.is_ipv6(),
        _ => false,
    };
    (fits && words.next().is_none()).then(|| Header::Peer(SocketAddr::new(source, port)))
}

fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// How many bytes follow the fixed part; `None` where it is no version 2, or too long.
pub(super) fn v2_length(fixed: &[u8]) -> Option<usize> {
    let [version, _, high, low] = *fixed.strip_prefix(SIGNATURE)?.first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    (version >> 4 == 2 && length <= V2_LONGEST).then_some(length)
}

/// The whole of a version 2 header; what follows the addresses (TLVs) is left unread.
pub(super) fn parse_v2(bytes: &[u8]) -> Option<Header> {
    let [version, family, _, _] = *bytes.strip_prefix(SIGNATURE)?.first_chunk::<4>()?;
    let rest = bytes.get(V2_HEAD..)?;
    match (version & 0x0F, family) {
        // LOCAL
        (0, _) => Some(Header::Own),
        // PROXY, over TCP and IPv4: source, destination, ports
        (1, 0x11) => {
            let source = *rest.first_chunk::<4>()?;
            let port = *rest.get(8..12)?.first_chunk::<2>()?;
            Some(Header::Peer(SocketAddr::new(source.into(), u16::from_be_bytes(port))))
        }
        (1, 0x21) => {
            let source = *rest.first_chunk::<16>()?;
            let port = *rest.get(32..36)?.first_chunk::<2>()?;
            Some(Header::Peer(SocketAddr::new(source.into(), u16::from_be_bytes(port))))
        }
        // PROXY, of a family that has no address here
        (1, 0x00 | 0x31) => Some(Header::Own),
        _ => None,
    }
}

pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
pub(super) const V2_HEAD: usize = 16;
/// The longest line of version 1, with its end.
pub(super) const V1_LONGEST: usize = 107;
/// Addresses and TLVs; the largest that proxies send holds the parts of a certificate.
const V2_LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_protocol_v1_by_its_grammar() {
        for (line, expected) in [
            ("PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n", Some("192.0.2.1:50000")),
            ("PROXY TCP6 2001:db8::1 2001:db8::2 1 443\r\n", Some("[2001:db8::1]:1")),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 50000 443 \r\n", None),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 50000\r\n", None),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 050000 443\r\n", None),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 +5 443\r\n", None),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 70000 443\r\n", None),
            ("PROXY TCP4 2001:db8::1 2001:db8::2 1 443\r\n", None),
            ("PROXY TCP6 192.0.2.1 192.0.2.2 1 443\r\n", None),
            ("PROXY UDP4 192.0.2.1 192.0.2.2 1 443\r\n", None),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\n", None),
            ("PROXY  TCP4 192.0.2.1 192.0.2.2 50000 443\r\n", None),
            ("proxy TCP4 192.0.2.1 192.0.2.2 50000 443\r\n", None),
        ] {
            let expected = expected.map(|text| Header::Peer(text.parse().unwrap()));
            assert_eq!(parse_v1(line.as_bytes()), expected, "{line:?}");
        }
        assert_eq!(parse_v1(b"PROXY UNKNOWN\r\n"), Some(Header::Own));
        assert_eq!(parse_v1(b"PROXY UNKNOWN ffff:: ffff:: 1 2\r\n"), Some(Header::Own));
    }

    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, family], &length, rest].concat()
    }

    #[test]
    fn the_proxy_protocol_v2_by_its_layout() {
        let four = [192, 0, 2, 1, 192, 0, 2, 2, 0xC3, 0x50, 1, 0xBB];
        let six: [u8; 16] = "2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets();
        let six = [&six[..], &six, &[0, 1], &[1, 0xBB]].concat();
        let with_tlv = [&four[..], &[4, 0, 1, 0]].concat();
        for (case, bytes, expected) in [
            (
                "IPv4",
                v2(0x21, 0x11, &four),
                Some(Header::Peer("192.0.2.1:50000".parse().unwrap())),
            ),
            (
                "IPv4 with TLV",
                v2(0x21, 0x11, &with_tlv),
                Some(Header::Peer("192.0.2.1:50000".parse().unwrap())),
            ),
            (
                "IPv6",
                v2(0x21, 0x21, &six),
                Some(Header::Peer("[2001:db8::1]:1".parse().unwrap())),
            ),
            ("LOCAL", v2(0x20, 0x00, &[]), Some(Header::Own)),
            ("unspecified", v2(0x21, 0x00, &[]), Some(Header::Own)),
            ("too short", v2(0x21, 0x11, &four[..11]), None),
            ("UDP", v2(0x21, 0x12, &four), None),
            ("unknown command", v2(0x22, 0x11, &four), None),
        ] {
            assert_eq!(v2_length(&bytes), Some(bytes.len() - V2_HEAD), "{case}");
            assert_eq!(parse_v2(&bytes), expected, "{case}");
        }
        assert_eq!(v2_length(&v2(0x31, 0x11, &four)), None, "version 3");
        assert_eq!(v2_length(&v2(0x21, 0x11, &[0; 5000])), None, "too long");
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_no_header_is_a_panic(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = (parse_v1(&bytes), parse_v2(&bytes), v2_length(&bytes));
            bytes.splice(0..0, SIGNATURE.iter().copied());
            let _ = (parse_v2(&bytes), v2_length(&bytes));
        }
    }
}
