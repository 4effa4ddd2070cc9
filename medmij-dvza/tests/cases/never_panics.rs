// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whatever comes over the wire is read or refused; nothing panics, and what is accepted keeps the rules.

use bytes::Bytes;
use http::{Request, Response};
use medmij_dvza::UnprovenRequest;
use medmij_oauth::{
    Function, RedirectUri, Scope, form,
    wire::{AuthorizationResponse, TokenRequest, TokenResponse},
};
use medmij_types::Release;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_redirect_uri(text in "(https://)?[a-z0-9.@:/?#%\\\\\\[\\] A-Z\\r\\n-]{0,40}") {
        if let Ok(uri) = RedirectUri::parse(&text) {
            prop_assert_eq!(uri.as_str(), text.as_str());
            // the host that we compare is the host that a browser goes to
            let url = text.get(8..).unwrap_or_default();
            let host = url.split(['/', '?']).next().unwrap_or_default();
            prop_assert_eq!(host.to_ascii_lowercase(), uri.hostname().as_str());
            prop_assert!(!text.contains(['\r', '\n', '#', '@', '\\', ' ']));
        }
    }

    #[test]
    fn any_scope_is_read_without_a_panic(text in ".{0,60}") {
        for release in Release::ALL.iter().copied() {
            for function in [Function::Verzamelen, Function::Delen, Function::Abonneren] {
                if let Ok(scope) = Scope::parse(release, function, &text) {
                    prop_assert_eq!(scope.to_string(), text.clone());
                }
            }
        }
    }

    #[test]
    fn any_query_is_judged_without_a_panic(text in "[a-z_=&%0-9.:/+~-]{0,200}") {
        let _ = UnprovenRequest::parse(&text);
        let _ = AuthorizationResponse::parse(&text);
    }

    #[test]
    fn any_state_survives_the_round_trip(state in "[ -~]{1,200}", code in "[ -~]{1,60}") {
        let redirect = RedirectUri::parse("https://pgo.example.nl/cb?x=1").unwrap();
        let response = AuthorizationResponse::new(
            Some(medmij_types::State::from_wire(state).unwrap()),
            Ok(medmij_types::AuthorizationCode::from_wire(code).unwrap()),
        );
        let url = response.to_url(&redirect);
        let query = url.strip_prefix("https://pgo.example.nl/cb?x=1&").unwrap();
        let read = AuthorizationResponse::parse(query).unwrap();
        prop_assert_eq!(read.state, response.state);
        prop_assert_eq!(read.result, response.result);
    }

    #[test]
    fn any_token_request(body in proptest::collection::vec(any::<u8>(), 0..200), extra in ".{0,30}") {
        let request = |body| Request::post("/token").header("content-type", "application/x-www-form-urlencoded").body(body).unwrap();
        let _ = TokenRequest::parse(&request(Bytes::from(body)));
        let pairs = [("grant_type", "authorization_code"), ("code", extra.as_str()), ("client_id", "pgo.example.nl")];
        let error = TokenRequest::parse(&request(Bytes::from(form::encode(pairs)))).unwrap_err();
        let (shown, quoted) = (format!("{error:?}"), format!("\"{extra}\""));
        prop_assert!(extra.is_empty() || !shown.contains(&quoted));
    }

    #[test]
    fn any_token_response(body in "[\\[\\]{}:,\"a-z_0-9 ]{0,120}", status in 200_u16..600) {
        let response = Response::builder().status(status).header("content-type", "application/json").body(Bytes::from(body)).unwrap();
        let _ = TokenResponse::parse(&response);
    }
}
