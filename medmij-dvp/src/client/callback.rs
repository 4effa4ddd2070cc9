// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.202 — the answer comes back, and is for the flow that asked.

use std::time::{Duration, SystemTime};

use medmij_log::ErrorInfo;
use medmij_oauth::{
    OauthError,
    storage::SecretHash,
    wire::{AuthorizationResponse, ErrorCode, ErrorResponse, TokenResponseError},
};
use medmij_types::{AuthorizationCode, EntropyError};

use super::{ExchangeError, PendingFlow};

/// What the browser brought to the `redirect_uri`, with a GET. Make no `Callback` of a HEAD: routers such as that of axum
/// give it to the handler of GET, and whoever only looks would spend the flow.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Callback<'a> {
    /// The secret of the browser session, the same as at the start.
    pub session: &'a str,
    /// The path of the request, without its query.
    pub path: &'a str,
    /// The query of the request, as it came.
    pub query: &'a str,
}

impl<'a> Callback<'a> {
    /// What came.
    #[must_use]
    pub fn new(session: &'a str, path: &'a str, query: &'a str) -> Self {
        Self { session, path, query }
    }
}

impl std::fmt::Debug for Callback<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A code that belongs to its flow. It can be offered once: making the token request takes it (core.tknint.203).
#[derive(Debug)]
pub struct ReceivedCode {
    pub(super) code: AuthorizationCode,
    pub(super) flow: PendingFlow,
}

impl ReceivedCode {
    /// The flow.
    #[must_use]
    pub fn flow(&self) -> &PendingFlow {
        &self.flow
    }
}

impl PendingFlow {
    /// Ends the flow with the answer to it. The flow is spent, also where there is no code.
    ///
    /// # Errors
    ///
    /// See [`CallbackError`].
    pub fn finish(self, callback: &Callback<'_>, now: SystemTime) -> Result<ReceivedCode, CallbackError> {
        let response = AuthorizationResponse::parse(own_query(&self, callback.query))?;
        if response.state.as_ref() != Some(&self.state) || self.session != SecretHash::of(callback.session) {
            return Err(CallbackError::UnknownState);
        }
        self.came_back(callback, now)?;
        let code = response.result?;
        Ok(ReceivedCode { code, flow: self })
    }

    /// Whether the browser came back on the path of this flow, and in time.
    pub(super) fn came_back(&self, callback: &Callback<'_>, now: SystemTime) -> Result<(), CallbackError> {
        let path = self.redirect_uri.path_and_query().split('?').next().unwrap_or_default();
        if path.trim_end_matches('/') != callback.path.trim_end_matches('/') {
            return Err(CallbackError::OtherPath);
        }
        if now.duration_since(self.started).unwrap_or_default() > LIFETIME {
            return Err(CallbackError::Expired);
        }
        Ok(())
    }
}

/// Why there is no code. No token request may follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// The answer cannot be read, or lacks `state` or `code`.
    #[error(transparent)]
    Response(#[from] OauthError),
    /// No flow of this browser session waits for this `state`: never started, finished before, or another browser.
    #[error("no flow of this session waits for this state")]
    UnknownState,
    /// The answer came on the path of another authorization server (mix-up).
    #[error("answer came on another path than the redirect_uri of the flow")]
    OtherPath,
    /// The flow started more than an hour ago.
    #[error("flow has expired")]
    Expired,
    /// The DVZA refused, or the Persoon did.
    #[error("authorization was refused: {}", .0.error)]
    Refused(#[from] ErrorResponse),
}

/// What to tell the Persoon, without more than the DVP may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserMessage {
    /// The request was not granted. The DVP does not know why and must not guess (autoriseren 1 and 2).
    NotGranted,
    /// The DVZA could not establish the answer, or something broke there: try again later.
    OutageAtAanbieder,
    /// This link or answer is of no use any more: start again.
    StartAgain,
    /// We sent something that the DVZA does not accept: our own fault.
    OutageAtUs,
}

impl CallbackError {
    /// What the log says of it: words of ours only.
    pub(super) fn for_log(&self) -> ErrorInfo {
        match self {
            Self::Refused(refused) => ErrorInfo::new(refused.error.known(), "authorization was refused"),
            Self::Response(_) => ErrorInfo::new("other", "authorization response cannot be read"),
            Self::UnknownState => ErrorInfo::new("other", "no flow of this session waits for this state"),
            Self::OtherPath => ErrorInfo::new("other", "answer came on the path of another flow"),
            Self::Expired => ErrorInfo::new("other", "flow has expired"),
        }
    }

    /// What to tell the Persoon.
    #[must_use]
    pub fn user_message(&self) -> UserMessage {
        match self {
            Self::Response(_) | Self::UnknownState | Self::OtherPath | Self::Expired => UserMessage::StartAgain,
            Self::Refused(refused) => user_message(&refused.error),
        }
    }
}

impl ExchangeError {
    /// What to tell the Persoon.
    #[must_use]
    pub fn user_message(&self) -> UserMessage {
        match self {
            Self::Response(TokenResponseError::Refused(refused)) => user_message(&refused.error),
            Self::Response(_) | Self::Aanbieder | Self::Nothing | Self::Days => UserMessage::OutageAtAanbieder,
        }
    }
}

impl From<EntropyError> for super::FlowRequestError {
    fn from(error: EntropyError) -> Self {
        Self::Entropy(error)
    }
}

fn user_message(error: &ErrorCode) -> UserMessage {
    match error {
        ErrorCode::AccessDenied => UserMessage::NotGranted,
        ErrorCode::ServerError | ErrorCode::TemporarilyUnavailable => UserMessage::OutageAtAanbieder,
        ErrorCode::InvalidGrant => UserMessage::StartAgain,
        ErrorCode::Other(_) => UserMessage::OutageAtAanbieder,
        _ => UserMessage::OutageAtUs,
    }
}

/// The part of the query after what the `redirect_uri` itself holds.
fn own_query<'a>(flow: &PendingFlow, query: &'a str) -> &'a str {
    match flow.redirect_uri.path_and_query().split_once('?') {
        Some((_, own)) => query
            .strip_prefix(own)
            .map_or(query, |rest| rest.trim_start_matches('&')),
        None => query,
    }
}

/// Generous: the DVZA ends a flow earlier.
const LIFETIME: Duration = Duration::from_secs(3600);
