// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.tknint.200 – core.tknint.203 — a flow of a DVP from value to value.

mod callback;
mod dvp;
mod exchange;
mod exchange_error;
mod flow_request;
mod granted;
mod group;
#[cfg(feature = "net")]
mod logged;
#[cfg(feature = "net")]
mod net;
mod pending;
mod plan;
mod resource;

pub use self::{
    callback::{Callback, CallbackError, ReceivedCode, UserMessage},
    dvp::{Dvp, Started},
    exchange::{Exchange, Renewal, Tokens},
    exchange_error::ExchangeError,
    flow_request::{FlowRequest, FlowRequestError},
    granted::GrantedScope,
    group::{FlowGroup, group_by_endpoints},
    pending::{PendingFlow, PendingFlows},
    plan::{CollectionPlan, PlannedLogin},
    resource::{ResourceLog, SentResource},
};
#[cfg(feature = "net")]
pub use self::{logged::LoggedChannel, net::SendError};
