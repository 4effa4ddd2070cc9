// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a message of the subscription or notification interface cannot be made, or is refused.

/// Why a message of the subscription interface cannot be made, or is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AbonnementError {
    /// Not `application/json`.
    #[error("content type is not application/json")]
    ContentType,
    /// Not readable.
    #[error("body is no json object of the expected form")]
    Json,
    /// No valid id: of 1 to 64 letters, digits, `-` and `.`.
    #[error("id of the abonnement is missing or malformed")]
    Id,
    /// No valid end.
    #[error("end of the abonnement is missing or no date")]
    End,
    /// The end is later than the longest duration allows.
    #[error("end of the abonnement is later than today plus the longest duration")]
    TooLate,
    /// Another method.
    #[error("method is not one of the subscription interface")]
    Method,
    /// The DVP does not know the Abonnement of a notification.
    #[error("dvp does not know the abonnement")]
    NotKnown,
    /// No answer came.
    #[error("no answer came")]
    NoAnswer,
    /// The other side refused.
    #[error("subscription interface answered with status {0}")]
    Status(u16),
}
