// SPDX-License-Identifier: AGPL-3.0-or-later
use super::*;

fn post(body: &str) -> Request<Bytes> {
    Request::post("https://dva.example.nl/token")
        .header("content-type", "application/x-www-form-urlencoded;charset=UTF-8")
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

#[test]
fn core_tknint_200_e01_e04_body_holds_four_parameters() {
    let request = TokenRequest::Code(CodeRequest::new(
        AuthorizationCode::from_wire("c~1").unwrap(),
        ClientId::parse("pgo.example.nl").unwrap(),
        RedirectUri::parse("https://pgo.example.nl/cb?x=1").unwrap(),
    ));
    let http = request.to_http(
        &BackchannelUri::parse("https://dva.example.nl:4430/token").unwrap(),
        None,
    );
    assert_eq!(http.method(), Method::POST);
    assert_eq!(http.uri(), "https://dva.example.nl:4430/token");
    assert!(http.headers().get("medmij-request-id").is_none());
    assert_eq!(
        http.body(),
        "grant_type=authorization_code&code=c~1&client_id=pgo.example.nl&redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb%3Fx%3D1"
    );
    assert!(matches!(TokenRequest::parse(&http).unwrap(), TokenRequest::Code(read) if read.code.expose() == "c~1"));
}

#[test]
fn core_tknint_200_refuses_e09_e11_e12_e18_e21_g15_peers_59() {
    use TokenUitzondering as U;
    const REST: &str = "client_id=pgo.example.nl&redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb";
    let double = "https%253A%252F%252Fpgo.example.nl%252Fcb";
    for (body, uitzondering, offered) in [
        (String::new(), U::InvalidRequest, 0),
        (format!("code=x&{REST}"), U::InvalidRequest, 1),
        (format!("grant_type=password&code=x&{REST}"), U::GrantType, 1),
        (
            format!("grant_type=refresh_code&refresh_token=x&{REST}"),
            U::GrantType,
            0,
        ),
        (format!("grant_type=authorization_code&{REST}"), U::InvalidRequest, 0),
        (
            format!("grant_type=authorization_code&code=&{REST}"),
            U::InvalidRequest,
            0,
        ),
        (
            format!("grant_type=authorization_code&code=x&code=y&{REST}"),
            U::InvalidRequest,
            2,
        ),
        (
            "grant_type=authorization_code&code=x&redirect_uri=https%3A%2F%2Fpgo.example.nl".into(),
            U::InvalidRequest,
            1,
        ),
        (
            "grant_type=authorization_code&code=x&client_id=pgo.example.nl".into(),
            U::InvalidRequest,
            1,
        ),
        (
            format!("grant_type=authorization_code&code=x&client_id=pgo.example.nl&redirect_uri={double}"),
            U::Grant,
            1,
        ),
        (
            "grant_type=authorization_code&code=x&client_id=PGO&redirect_uri=y".into(),
            U::Client,
            1,
        ),
        (
            "grant_type=refresh_token&client_id=pgo.example.nl".into(),
            U::InvalidRequest,
            0,
        ),
        ("a=%".into(), U::InvalidRequest, 0),
        (format!("grant_type=%ff&code=x&{REST}"), U::InvalidRequest, 1),
        // what cannot be read as a form still offers the codes that it names
        (
            format!("grant_type=authorization_code&code=x&{REST}&{}", "a=1&".repeat(100)),
            U::InvalidRequest,
            1,
        ),
        (
            format!("c%6Fde=x&{REST}&a={}", "a".repeat(Form::MAX_LEN)),
            U::InvalidRequest,
            1,
        ),
    ] {
        let error = TokenRequest::parse(&post(&body)).unwrap_err();
        assert_eq!(
            (error.uitzondering, error.offered.len()),
            (uitzondering, offered),
            "{body}: {error}"
        );
    }
}

#[test]
fn a12_body_and_query_mixed_and_other_content_types_are_refused() {
    let body =
        "grant_type=authorization_code&code=x&client_id=pgo.example.nl&redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb";
    let mut request = post(body);
    assert!(TokenRequest::parse(&request).is_ok());
    *request.uri_mut() = "https://dva.example.nl/token?code=y".parse().unwrap();
    assert_eq!(TokenRequest::parse(&request).unwrap_err().offered.len(), 2);
    let mut request = post(body);
    request
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/json"));
    assert_eq!(TokenRequest::parse(&request).unwrap_err().offered.len(), 1);
}

#[test]
fn core_tknint_204_a_code_is_offered_wherever_it_stands() {
    let many: String = (0..100).map(|n| format!("code=c{n}&")).collect();
    for (uri, body, offered) in [
        ("https://dva.example.nl/token?code=x", "", 1),
        ("https://dva.example.nl/token?a=%zz&c%6Fde=x", "code=y", 2),
        ("https://dva.example.nl/token", "{\"code\": \"x\"}", 1),
        ("https://dva.example.nl/token", "{\"code\": 1}", 0),
        ("https://dva.example.nl/token", "{", 0),
        ("https://dva.example.nl/token", many.as_str(), 16),
    ] {
        let mut request = post(body);
        *request.uri_mut() = uri.parse().unwrap();
        assert_eq!(
            TokenRequest::parse(&request).unwrap_err().offered.len(),
            offered,
            "{uri} {body}"
        );
    }
}

#[test]
fn e17_unknown_parameters_are_ignored_even_twice() {
    let body = "grant_type=refresh_token&refresh_token=r&client_id=pgo.example.nl&client_secret=a&x=1&x=2&scope=b";
    assert!(matches!(TokenRequest::parse(&post(body)), Ok(TokenRequest::Refresh(_))));
}

#[test]
fn core_tknint_200_a_foreign_parameter_that_is_encoded_wrongly_costs_nothing() {
    let body = "grant_type=authorization_code&code=x&client_id=pgo.example.nl\
                &redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb";
    for beside in ["x=%zz", "%zz=1", "naam=Jos%E9", "x=%"] {
        let mut request = post(&format!("{body}&{beside}"));
        assert!(
            matches!(TokenRequest::parse(&request), Ok(TokenRequest::Code(_))),
            "{beside}"
        );
        *request.uri_mut() = format!("https://dva.example.nl/token?{beside}").parse().unwrap();
        assert!(TokenRequest::parse(&request).is_ok(), "{beside}");
        let foreign = HeaderValue::from_bytes(b"application/x-www-form-urlencoded; naam=\xe9").unwrap();
        request.headers_mut().insert("content-type", foreign);
        assert!(TokenRequest::parse(&request).is_ok());
    }
}
