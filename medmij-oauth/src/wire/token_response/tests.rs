// SPDX-License-Identifier: AGPL-3.0-or-later
use super::*;
use crate::wire::ErrorCode;

fn ok(body: &str) -> Response<Bytes> {
    Response::builder()
        .header("content-type", "application/json; charset=utf-8")
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

#[test]
fn core_tknint_201_round_trip_f01_f02() {
    let mut sent = TokenResponse::new(AccessToken::from_wire("abc").unwrap(), Some(900));
    sent.scope = Some("48 49".into());
    sent.refresh_token = Some(RefreshToken::from_wire("r").unwrap());
    let http = sent.to_http();
    assert_eq!(http.headers().get("cache-control").unwrap(), "no-store");
    let read = TokenResponse::parse(&http).unwrap();
    assert_eq!(read.access_token, sent.access_token);
    assert_eq!(
        (read.expires_in, read.scope, read.refresh_token),
        (sent.expires_in, sent.scope, sent.refresh_token)
    );
}

#[test]
fn core_autorisatie_202_f10_f11_f14_suite_13_14_peers_45_token_responses() {
    use TokenResponseError as E;
    for (body, expected) in [
        (r#"{"access_token":"a","token_type":"bearer"}"#, None),
        (r#"{"access_token":"a","token_type":"BEARER","expires_in":null}"#, None),
        (r#"{"access_token":"a","token_type":"mac"}"#, Some(E::TokenType)),
        (r#"{"access_token":"a"}"#, Some(E::Missing("token_type"))),
        (r#"{"token_type":"Bearer"}"#, Some(E::Missing("access_token"))),
        (
            r#"{"access_token":"","token_type":"Bearer"}"#,
            Some(E::Member("access_token")),
        ),
        (
            r#"{"access_token":"a b","token_type":"Bearer"}"#,
            Some(E::Member("access_token")),
        ),
        (
            r#"{"access_token":1,"token_type":"Bearer"}"#,
            Some(E::Member("access_token")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":900.5}"#,
            Some(E::Member("expires_in")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":"900.0"}"#,
            Some(E::Member("expires_in")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":"+900"}"#,
            Some(E::Member("expires_in")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":"0"}"#,
            Some(E::Member("expires_in")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":true}"#,
            Some(E::Member("expires_in")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":1e400}"#,
            Some(E::Member("expires_in")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","refresh_token":1}"#,
            Some(E::Member("refresh_token")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","error":false}"#,
            Some(E::Member("error")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":0}"#,
            Some(E::Member("expires_in")),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":-1}"#,
            Some(E::Member("expires_in")),
        ),
        (r#"[]"#, Some(E::Member("object"))),
    ] {
        assert_eq!(TokenResponse::parse(&ok(body)).err(), expected, "{body}");
    }
    assert!(matches!(
        TokenResponse::parse(&ok(r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#)),
        Err(E::Json(_))
    ));
    let html = Response::builder()
        .header("content-type", "text/html")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(TokenResponse::parse(&html).unwrap_err(), E::ContentType);
}

#[test]
fn e22_error_answers_are_surfaced() {
    let sent = ErrorResponse::new(ErrorCode::InvalidGrant, None);
    let http = sent.to_http(400);
    assert_eq!(
        TokenResponse::parse(&http).unwrap_err(),
        TokenResponseError::Refused(sent)
    );
    let plain = Response::builder()
        .status(502)
        .body(Bytes::from_static(b"<html>"))
        .unwrap();
    assert_eq!(
        TokenResponse::parse(&plain).unwrap_err(),
        TokenResponseError::Status(502)
    );
}

#[test]
fn core_tknint_201_what_is_understood_is_read_with_a_remark() {
    for (body, expires_in, remark) in [
        (
            "\u{feff}{\"access_token\":\"a\",\"token_type\":\"Bearer\"}",
            None,
            Some(TokenRemark::ByteOrderMark),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":"900"}"#,
            Some(900),
            Some(TokenRemark::ExpiresInText),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":900.0}"#,
            Some(900),
            Some(TokenRemark::ExpiresInFraction),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","refresh_token":""}"#,
            None,
            Some(TokenRemark::EmptyRefreshToken),
        ),
        (
            r#"{"access_token":"a","token_type":"Bearer","refresh_token":null,"error":null,"scope":null}"#,
            None,
            None,
        ),
    ] {
        let read = TokenResponse::parse(&ok(body)).unwrap();
        assert_eq!((read.expires_in, read.refresh_token), (expires_in, None), "{body}");
        assert_eq!(read.remarks, Vec::from_iter(remark), "{body}");
    }
}

#[test]
fn rfc6749_5_2_an_error_in_a_200_is_an_error() {
    let body = r#"{"error":"invalid_grant","access_token":"a","token_type":"Bearer"}"#;
    let refused = TokenResponse::parse(&ok(body)).unwrap_err();
    assert_eq!(
        refused,
        TokenResponseError::Refused(ErrorResponse::new(ErrorCode::InvalidGrant, None))
    );
}

#[test]
fn rfc6749_6_a_rotated_refresh_token_is_found_whatever_the_rest_is() {
    let token = |response: &Response<Bytes>| TokenResponse::rotated(response).map(|token| token.expose().to_owned());
    for body in [
        r#"{"access_token":"b","token_type":"Bearer","refresh_token":"r2","scope":"61"}"#,
        r#"{"access_token":"b","token_type":"mac","refresh_token":"r2"}"#,
        r#"{"refresh_token":"r2"}"#,
        r#"{"error":"server_error","refresh_token":"r2"}"#,
        r#"{"access_token":"b","access_token":"c","refresh_token":"r2","expires_in":[]}"#,
        "\u{feff}{\"refresh_token\":\"r2\"}",
    ] {
        assert_eq!(token(&ok(body)).as_deref(), Some("r2"), "{body}");
    }
    for body in [
        r#"{"refresh_token":""}"#,
        r#"{"refresh_token":null}"#,
        r#"{"refresh_token":"r2","refresh_token":"r3"}"#,
        r#"{"refresh_token":"r\n2"}"#,
        r#"{"refresh_token":"r2""#,
        "",
    ] {
        assert_eq!(token(&ok(body)), None, "{body}");
    }
    let mut refused = ok(r#"{"error":"invalid_grant","refresh_token":"r2"}"#);
    *refused.status_mut() = StatusCode::BAD_REQUEST;
    assert_eq!(token(&refused), None);
}
