// SPDX-License-Identifier: AGPL-3.0-or-later
use super::*;
use crate::OauthError;

#[test]
fn autoriseren_1_2_are_alike_from_1_2_on() {
    let policy = ExceptionPolicy::default();
    for release in Release::ALL.iter().copied().filter(|r| *r >= Release::V1_2) {
        let (no_data, refused) = (
            policy.rule(release, Uitzondering::NoData),
            policy.rule(release, Uitzondering::Refused),
        );
        assert_eq!(no_data, refused);
        assert_eq!(no_data.handling, Handling::Page);
        assert_ne!(policy.rule(release, Uitzondering::NotEstablished).error, no_data.error);
    }
}

#[test]
fn uci_verzamelen_1_0_texts_c04_c05_c15() {
    let policy = ExceptionPolicy::default();
    let text = |u| policy.rule(Release::V1_0, u).description;
    assert_eq!(text(Uitzondering::NoData).as_deref(), Some("No such resources."));
    assert_eq!(text(Uitzondering::Refused).as_deref(), Some("Authorization denied."));
    assert_eq!(
        text(Uitzondering::NotEstablished).as_deref(),
        Some("Authorization failed.")
    );
    let rule = policy.rule(Release::V1_0, Uitzondering::IdentityNotEstablished);
    assert_eq!(rule.error, ErrorCode::UnauthorizedClient);
}

#[test]
fn floors_cannot_be_overruled() {
    let mut policy = ExceptionPolicy::default();
    let redirect = ExceptionRule::new(Handling::Redirect, ErrorCode::AccessDenied, Mark::Unknown);
    assert_eq!(
        policy.set(Release::V2_2, Uitzondering::Refused, redirect.clone()),
        Err(OauthError::PolicyAutomaticRedirect)
    );
    let crlf = redirect.with_description("a\r\nb");
    assert_eq!(
        policy.set(Release::V1_0, Uitzondering::Refused, crlf),
        Err(OauthError::PolicyDescription)
    );
}

#[test]
fn names_round_trip() {
    for uitzondering in Uitzondering::ALL {
        assert_eq!(Uitzondering::from_name(uitzondering.as_str()), Some(uitzondering));
    }
}
