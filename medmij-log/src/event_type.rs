// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.202, core.logging.203 — the names of the events that every participant logs.
//!
//! The middle part of the official list could not be read, so the enum is open: names that are marked *inferred* follow
//! the pattern of the known ones, and [`EventType::Other`] takes any other name.

use std::{borrow::Cow, fmt};

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened, as the `event.type` of a log line.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum EventType {
            $($(#[$doc])* $variant,)*
            /// A name that this version does not know.
            Other(Cow<'static, str>),
        }

        impl EventType {
            /// The name on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }

            /// The event of a name; an unknown name is kept.
            #[must_use]
            pub fn from_name(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    other => Self::Other(Cow::Owned(other.to_owned())),
                }
            }
        }
    };
}

event_types! {
    /// DVP: the user agent is sent to the authorization endpoint (confirmed).
    SendAuthorizationRequest = "send_authorization_request",
    /// DVA: an authorization request arrived (confirmed).
    ReceiveAuthorizationRequest = "receive_authorization_request",
    /// DVA: the landingspagina was shown (confirmed).
    ShowLandingPage = "show_landing_page",
    /// DVA: uitzondering 1a, `client_id` or `redirect_uri` wrong (confirmed).
    AuthorizationRequestError = "authorization_request_error",
    /// DVA: the foutpagina of uitzondering 1a was shown (confirmed).
    ShowAuthorizationRequestErrorPage = "show_authorization_request_error_page",
    /// DVA: uitzondering 1b, an error was sent to the DVP (confirmed).
    SendAuthorizationRequestError = "send_authorization_request_error",
    /// DVA: the Persoon was sent to the DVAuthN (confirmed).
    SendAuthenticationRequest = "send_authentication_request",
    /// DVA: the Persoon broke off; the DVP is told (confirmed).
    SendAuthorizationCancellation = "send_authorization_cancellation",
    /// DVA: the DVAuthN answered (confirmed).
    ReceiveAuthenticationResponse = "receive_authentication_response",
    /// DVA: the Persoon cancelled at the DVAuthN (confirmed).
    ReceiveAuthorizationCancellation = "receive_authorization_cancellation",
    /// DVA: the DVAuthN reported an error (confirmed).
    ReceiveAuthenticationError = "receive_authentication_error",
    /// DVA: SAML artifact resolution (confirmed).
    SendArtifactResolutionRequest = "send_artifact_resolution_request",
    /// DVA: the answer to consent was established and the authorization response sent (inferred name).
    SendAuthorizationResponse = "send_authorization_response",
    /// DVP: the authorization response arrived (inferred name).
    ReceiveAuthorizationResponse = "receive_authorization_response",
    /// DVP: a token request is sent (from an implementation).
    SendTokenRequest = "send_token_request",
    /// DVA: a token request arrived (inferred name).
    ReceiveTokenRequest = "receive_token_request",
    /// DVA: a token response is sent (inferred name).
    SendTokenResponse = "send_token_response",
    /// DVA: a token request is refused (inferred name).
    SendTokenRequestError = "send_token_request_error",
    /// DVP: a token response arrived (inferred name).
    ReceiveTokenResponse = "receive_token_response",
    /// DVP: a token request was refused (inferred name).
    ReceiveTokenRequestError = "receive_token_request_error",
    /// DVP: a resource request is sent (from an implementation).
    SendResourceRequest = "send_resource_request",
    /// DVP: a resource response arrived (from an implementation).
    ReceiveResourceResponse = "receive_resource_response",
    /// DVP: a resource request failed (from an implementation).
    ReceiveResourceRequestError = "receive_resource_request_error",
    /// DVP: a resource server answered with an error (from an implementation).
    ReceiveResourceErrorResponse = "receive_resource_error_response",
    /// DVA: a resource request arrived (inferred name).
    ReceiveResourceRequest = "receive_resource_request",
    /// DVA: a resource response is sent (inferred name).
    SendResourceResponse = "send_resource_response",
    /// DVA: a resource request is refused (inferred name).
    SendResourceRequestError = "send_resource_request_error",
    /// DVA: the Persoon withdrew a langdurige toestemming (inferred name).
    ConsentWithdrawn = "consent_withdrawn",
    /// DVA: a subscription notification is sent (inferred name).
    SendSubscriptionNotification = "send_subscription_notification",
    /// DVP: a subscription notification arrived (inferred name).
    ReceiveSubscriptionNotification = "receive_subscription_notification",
    /// DVP: a subscription notification is answered (inferred name).
    SendSubscriptionNotificationResponse = "send_subscription_notification_response",
    /// DVA: the answer to a subscription notification arrived (inferred name).
    ReceiveSubscriptionNotificationResponse = "receive_subscription_notification_response",
    /// DVP: a subscription notification is refused, or cannot be handled (inferred name).
    SendSubscriptionNotificationError = "send_subscription_notification_error",
    /// DVA: a subscription notification was answered with an error (inferred name).
    ReceiveSubscriptionNotificationErrorResponse = "receive_subscription_notification_error_response",
    /// DVA: a subscription notification got no answer (inferred name).
    ReceiveSubscriptionNotificationError = "receive_subscription_notification_error",
    /// DVA: a resource notification is sent (inferred name).
    SendResourceNotification = "send_resource_notification",
    /// DVP: a resource notification arrived (inferred name).
    ReceiveResourceNotification = "receive_resource_notification",
    /// DVP: a resource notification is answered (inferred name).
    SendResourceNotificationResponse = "send_resource_notification_response",
    /// DVA: the answer to a resource notification arrived (inferred name).
    ReceiveResourceNotificationResponse = "receive_resource_notification_response",
    /// DVP: a resource notification is refused, or cannot be handled (inferred name).
    SendResourceNotificationError = "send_resource_notification_error",
    /// DVA: a resource notification was answered with an error (inferred name).
    ReceiveResourceNotificationErrorResponse = "receive_resource_notification_error_response",
    /// DVA: a resource notification got no answer (inferred name).
    ReceiveResourceNotificationError = "receive_resource_notification_error",
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in [
            "send_token_request",
            "show_landing_page",
            "receive_smart_configuration_request",
        ] {
            assert_eq!(EventType::from_name(name).as_str(), name);
        }
        assert_eq!(EventType::from_name("show_landing_page"), EventType::ShowLandingPage);
    }
}
