// SPDX-License-Identifier: AGPL-3.0-or-later
//! A request is taken apart once, before anything is done with it (threat W2)
//!
//! The host that the policy judges is the host that is dialled, asked for in TLS, compared with the
//! certificate and written in the `Host` header. A URI that two parsers could read in two ways is refused.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use medmij_types::Hostname;

use crate::NetError;
use crate::error::Kind;

pub(super) fn check(mut request: Request<Bytes>) -> Result<(Hostname, reqwest::Request), NetError> {
    let uri = request.uri();
    if uri.scheme_str() != Some("https") {
        return Err(refuse("the uri is not https"));
    }
    let authority = uri.authority().ok_or_else(|| refuse("the uri has no host"))?;
    if authority.as_str().contains('@') {
        return Err(refuse("the uri has user info"));
    }
    let host = Hostname::parse(authority.host()).map_err(|_| refuse("the host is no usable hostname"))?;
    let port = authority.as_str().strip_prefix(host.as_str()).unwrap_or("?");
    if !port.is_empty()
        && authority
            .port_u16()
            .is_none_or(|number| port != format!(":{number}") || number == 0)
    {
        return Err(refuse("the port is no usable port"));
    }
    let exact = uri.to_string();
    if OWN_HEADERS.iter().any(|name| request.headers().contains_key(name)) {
        return Err(refuse("the request sets a header that belongs to the connection"));
    }
    // The length is that of the bytes, whatever a builder wrote.
    request.headers_mut().remove(header::CONTENT_LENGTH);
    // No coding is taken apart here, so none is asked for (RFC 9110 section 12.5.3).
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let request = reqwest::Request::try_from(request).map_err(|_| refuse("the uri cannot be used"))?;
    // The second parser must agree with the first. It leaves out the default port, as it may, and writes an apostrophe in
    // the query as %27, which is the same (RFC 3986 section 2.2 has it among the sub-delims).
    let read_back = request.url().as_str();
    let exact = with_apostrophes(&exact);
    let same = read_back == exact || read_back == exact.replacen(":443/", "/", 1);
    if !same || request.url().host_str() != Some(host.as_str()) {
        return Err(refuse("the uri can be read in more than one way"));
    }
    Ok((host, request))
}

fn with_apostrophes(uri: &str) -> String {
    match uri.split_once('?') {
        Some((before, query)) => format!("{before}?{}", query.replace('\'', "%27")),
        None => uri.to_owned(),
    }
}

fn refuse(why: &'static str) -> NetError {
    NetError::new(Kind::Request(why))
}

/// Headers that only this crate and the HTTP library set.
const OWN_HEADERS: [header::HeaderName; 6] = [
    header::HOST,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::EXPECT,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str) -> Option<Request<Bytes>> {
        Request::get(uri).body(Bytes::new()).ok()
    }

    #[test]
    fn w2_the_judged_host_is_the_host_of_the_uri() {
        let cases = [
            ("https://dvza.example.nl/fhir/Patient?a=b", "dvza.example.nl"),
            ("https://dvza.example.nl:8443/fhir", "dvza.example.nl"),
            ("https://dvza.example.nl:443/fhir", "dvza.example.nl"),
            ("https://dvza.example.nl/a@kwaad.nl", "dvza.example.nl"),
            ("https://dvza.example.nl/fhir?url=https://kwaad.nl/", "dvza.example.nl"),
        ];
        for (uri, expected) in cases {
            let (host, built) = check(request(uri).unwrap()).unwrap();
            assert_eq!(host.as_str(), expected, "{uri}");
            assert_eq!(built.url().host_str(), Some(expected), "{uri}");
        }
    }

    #[test]
    fn w2_every_character_of_a_query_may_be_sent() {
        // pchar, "/" and "?" of RFC 3986 section 3.4
        let all = "abcXYZ019-._~!$&'()*+,;=:@/?%41";
        let (_, built) = check(request(&format!("https://dvza.example.nl/fhir?a={all}")).unwrap()).unwrap();
        let sent = built.url().query().unwrap().strip_prefix("a=").unwrap();
        assert_eq!(sent, all.replace('\'', "%27"));
        let (_, built) = check(request("https://dvza.example.nl/fhir/O'Brien?name=O'Brien").unwrap()).unwrap();
        assert_eq!(
            built.url().as_str(),
            "https://dvza.example.nl/fhir/O'Brien?name=O%27Brien"
        );
        assert_eq!(built.headers()[header::ACCEPT_ENCODING], "identity");
    }

    #[test]
    fn w2_every_trick_is_refused_before_the_policy() {
        for uri in [
            "http://dvza.example.nl/",
            "HTTPS://DVZA.example.nl/",
            "https://dvza.example.nl./",
            "https://a@dvza.example.nl/",
            "https://dvza.example.nl@kwaad.nl/",
            "https://dvza.example.nl:@kwaad.nl/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://0x7f.1/",
            "https://localhost/",
            "https://dvza.example.nl:0/",
            "https://dvza.example.nl:99999/",
            "https://dvza.example.nl:/",
            "https://dvza.example.nl:0443/",
            "https://dvza.example.nl\\@kwaad.nl/",
            "https://dvza_een.example.nl/",
            "https://dvza.example.nl/a/../b",
            "https://dvza.example.nl/a/%2e%2e/b",
            "https://dvza.example.nl/\"",
            "/fhir",
            "dvza.example.nl:443",
        ] {
            // What `http::Uri` itself refuses is refused as well.
            if let Some(request) = request(uri) {
                assert!(check(request).is_err(), "{uri}");
            }
        }
    }

    #[test]
    fn w2_the_caller_cannot_set_headers_of_the_connection() {
        for name in ["Host", "Connection", "Transfer-Encoding", "Upgrade", "TE", "Expect"] {
            let request = Request::get("https://dvza.example.nl/")
                .header(name, "x")
                .body(Bytes::new())
                .unwrap();
            let error = check(request).unwrap_err();
            assert!(error.is_request() && error.is_unsent(), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn w2_what_is_accepted_has_one_host_whoever_reads_it(
            uri in "https://[a-z@.:/\\\\%#?\\[\\]0-9-]{1,12}(example|localhost)[a-z.@:/\\\\#?%0-9-]{0,12}",
        ) {
            if let Some(Ok((host, built))) = request(&uri).map(check) {
                proptest::prop_assert_eq!(built.url().host_str(), Some(host.as_str()));
                proptest::prop_assert!(built.url().username().is_empty() && built.url().password().is_none());
                let rest = uri.strip_prefix("https://").unwrap();
                let after = rest.strip_prefix(host.as_str()).unwrap();
                proptest::prop_assert!(after.is_empty() || after.starts_with(['/', ':', '?', '#']), "{}", uri);
            }
        }
    }
}
