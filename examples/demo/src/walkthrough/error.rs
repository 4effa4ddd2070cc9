// SPDX-License-Identifier: AGPL-3.0-or-later
//! What can keep a walkthrough from being written.

use crate::{browser::BrowserError, network::NetworkError, persoon::PersoonError, roles::RoleError};
use medmij_dvp::{CallbackError, ExchangeError};
use medmij_fhir::SendError;
use medmij_node::NodeError;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// The network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A role does not run.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// The Node of the DVP.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A page lacks what should be on it.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// The Persoon got stuck.
    #[error(transparent)]
    Persoon(#[from] PersoonError),
    /// The way back.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// A token request.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// No answer came.
    #[error("no answer: {0}")]
    Send(SendError),
    /// A message did not come.
    #[error("there is no {0}")]
    Missing(&'static str),
    /// A value in this program is not what it should be.
    #[error("a {0} of the demo is not valid")]
    Own(&'static str),
}
