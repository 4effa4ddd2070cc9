// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.201 — a request that went out twice, each time under an id of its own

use medmij_types::MedMijRequestId;

/// In the extensions of a response, or in a [`NetError`](crate::NetError): the request went out twice. A chain log holds both.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentAgain {
    /// The `MedMij-Request-ID` of the second time, if it had one.
    pub request_id: Option<MedMijRequestId>,
}
