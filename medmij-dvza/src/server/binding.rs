// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, RFC 8705 — whether a client certificate speaks for a client, for token endpoint and guard alike.

use medmij_oauth::{
    ClientId,
    policy::{BindingFault, BindingRefused, BoundBy},
    wire::RequestIds,
};
use medmij_types::{Hostname, PeerNames};

use super::{Clients as _, Dvza, Server, StepError, alarm::Alarm};
use crate::store::{Learned, Store as _};

/// Why a certificate was not accepted.
pub(super) enum NotBound {
    /// It does not speak for the client.
    Refused,
    /// That cannot be established now.
    Unavailable(StepError),
}

impl<T: Into<StepError>> From<T> for NotBound {
    fn from(error: T) -> Self {
        Self::Unavailable(error.into())
    }
}

impl<D: Dvza> Server<D> {
    /// Judges the certificate of a request in which this client speaks.
    pub(super) async fn bind(
        &self,
        client: &ClientId,
        peer: &PeerNames,
        ids: Option<&RequestIds>,
    ) -> Result<BoundBy, NotBound> {
        let judged = self.judge_certificate(client, peer, ids).await?;
        judged.map_err(|refused| {
            // with the names that were seen, so that an operator can confirm one in a line
            self.raise(Alarm::CertificateRefused, Some(client), ids, &refused.to_string());
            NotBound::Refused
        })
    }

    async fn judge_certificate(
        &self,
        client: &ClientId,
        peer: &PeerNames,
        ids: Option<&RequestIds>,
    ) -> Result<Result<BoundBy, BindingRefused>, StepError> {
        let binding = &self.config.binding;
        let refuse = |why| Ok(Err(BindingRefused::new(client.clone(), peer, why)));
        if peer.is_empty() {
            return refuse(BindingFault::None);
        }
        if binding.knows(client, peer, &[]) {
            return Ok(Ok(BoundBy::Known));
        }
        let names: Vec<Hostname> = peer.iter().take(MAX_NAMES).cloned().collect();
        let stored = self.dvza.store().bindings_of(&names).await?;
        let confirmed: Vec<(ClientId, Hostname)> = stored
            .iter()
            .filter(|each| each.confirmed)
            .map(|each| (each.client_id.clone(), each.name.clone()))
            .collect();
        if binding.knows(client, peer, &confirmed) {
            return Ok(Ok(BoundBy::Known));
        }
        if let Some(other) = binding.other(client, peer, &confirmed) {
            return refuse(BindingFault::Other(other));
        }
        for name in &names {
            let other = ClientId::from(name.clone());
            if self.dvza.clients().client(&other).await?.is_some() {
                return refuse(BindingFault::Other(other));
            }
        }
        match binding.unknown() {
            None => refuse(BindingFault::Unknown),
            Some(BoundBy::Learned) => {
                let unrecorded = |name: &&Hostname| {
                    !stored
                        .iter()
                        .any(|each| each.client_id == *client && each.name == **name)
                };
                for name in names.iter().filter(unrecorded) {
                    if self.dvza.store().learn_binding(client, name).await? != Learned::Known {
                        let what = format!("certificate of {name} speaks for {client} for the first time");
                        self.raise(Alarm::CertificateLearned, Some(client), ids, &what);
                    }
                }
                Ok(Ok(BoundBy::Learned))
            }
            Some(by) => Ok(Ok(by)),
        }
    }
}

/// How many names of a certificate are looked at beyond those that are known at once.
const MAX_NAMES: usize = 16;
