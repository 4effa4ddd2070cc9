// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204 — a code becomes an access token, and a refresh token where the consent is langdurig.

use medmij_oauth::{
    policy::{BoundBy, TokenUitzondering},
    storage::SecretHash,
    wire::{CodeRequest, RequestIds},
};
use medmij_types::{AuthorizationCode, Hostname};

use super::{
    Caller, Drawn,
    answer::{Answer, Refusal, refusal, unavailable},
    family,
};
use crate::{
    server::{Dvza, Server, StepError, alarm::Alarm, steps::MAX_COLLISIONS},
    store::{BurntCode, Grant, NewAccess, NewRefresh, Redeem, RedeemedCode, Store as _},
};

impl<D: Dvza> Server<D> {
    /// The grant is opened before the code is taken: what cannot be read here, now, costs no code.
    pub(super) async fn redeem(
        &self,
        request: &CodeRequest,
        caller: &Caller,
        ids: Option<&RequestIds>,
    ) -> Result<Answer, Refusal> {
        let store = self.dvza.store();
        let code = SecretHash::of(request.code.expose());
        let grant = store.grant_of_code(&code).await.map_err(unavailable)?;
        let body = match &grant {
            Some(grant) => Some(self.body(grant)?),
            None => None,
        };
        // core.ocl.300: as far as the OCL knows the client for it now
        let narrowed = body.as_ref().map(|body| {
            let listed = body.gegevensdiensten.iter().filter(|id| caller.client.has(id));
            body.narrowed_to(listed.cloned().collect())
        });
        let nothing_left = narrowed.as_ref().is_some_and(|body| body.gegevensdiensten.is_empty());
        if nothing_left && grant.as_ref().is_some_and(|grant| grant.client_id == request.client_id) {
            self.burn(std::slice::from_ref(&request.code), Some(request), ids)
                .await?;
            return Err(refusal(
                TokenUitzondering::NoData,
                "client is not on the OAuth Client List for what was granted any more",
            ));
        }
        for _ in 0..MAX_COLLISIONS {
            let drawn = self.draw(grant.as_ref(), body.as_ref(), 1).map_err(unavailable)?;
            let mut redeem = self.redeem_with(request, caller, &drawn, narrowed.as_ref());
            redeem.by = self.acting(caller.actor(), ids);
            let what = match store.take_code(&code, &redeem).await.map_err(unavailable)? {
                RedeemedCode::Fresh(grant) => match narrowed {
                    Some(body) => return Ok(self.answer_with(&grant, &body, drawn)),
                    None => return Err(unavailable(StepError::Unreadable("grant"))),
                },
                RedeemedCode::Collision => continue,
                RedeemedCode::Mismatch => {
                    let what = "code was offered for another client or redirect_uri, and is burnt";
                    self.raise(Alarm::CodeOfAnother, Some(&request.client_id), ids, what);
                    "code is of another client or redirect_uri"
                }
                RedeemedCode::Replayed => {
                    let what = "code was offered again, its tokens have ended";
                    self.raise(Alarm::CodeReplayed, Some(&request.client_id), ids, what);
                    "code was offered before"
                }
                RedeemedCode::Spent => {
                    let what = "spent code was offered by another client or with another certificate";
                    self.raise(Alarm::CodeOfAnother, Some(&request.client_id), ids, what);
                    "code was offered before"
                }
                RedeemedCode::Expired => "code is too old",
                RedeemedCode::Unknown => "code is unknown",
            };
            return Err(refusal(TokenUitzondering::Grant, what));
        }
        Err(unavailable(StepError::NotUnique))
    }

    fn redeem_with(
        &self,
        request: &CodeRequest,
        caller: &Caller,
        drawn: &Drawn,
        body: Option<&crate::server::flow::GrantBody>,
    ) -> Redeem {
        let binding = SecretHash::of_parts(&[request.client_id.as_str(), request.redirect_uri.as_str()]);
        let admitted = body.map(|body| body.gegevensdiensten.clone()).unwrap_or_default();
        let access = NewAccess::new(
            SecretHash::of(drawn.access.expose()),
            self.config.lifetimes.access_token.get(),
            admitted,
        );
        let names: Vec<Hostname> = caller.peer.iter().cloned().collect();
        let mut redeem = Redeem::new(request.client_id.clone(), binding, names, access);
        redeem.own = caller.bound == BoundBy::Known;
        redeem.refresh = drawn.refresh.as_ref().map(|token| {
            let token = SecretHash::of(token.expose());
            NewRefresh::new(token, 1, self.config.lifetimes.refresh_token.get())
        });
        redeem
    }

    /// core.tknint.204: codes that are in a request which gives no token count as offered. They end nothing.
    pub(super) async fn burn(
        &self,
        codes: &[AuthorizationCode],
        request: Option<&CodeRequest>,
        ids: Option<&RequestIds>,
    ) -> Result<(), Refusal> {
        for code in codes {
            let burnt = self.dvza.store().burn_code(&SecretHash::of(code.expose())).await;
            let what = match burnt.map_err(unavailable)? {
                BurntCode::Unknown => continue,
                BurntCode::Burnt => "unused code stood in a request that gives no token, and is burnt",
                BurntCode::Spent => "spent code stood in a request that gives no token",
            };
            let client = request.map(|request| &request.client_id);
            self.raise(Alarm::CodeOfAnother, client, ids, what);
        }
        Ok(())
    }

    /// New tokens; a refresh token only for a grant that has a family of them.
    pub(super) fn draw(
        &self,
        grant: Option<&Grant>,
        body: Option<&crate::server::flow::GrantBody>,
        generation: u32,
    ) -> Result<Drawn, StepError> {
        let entropy = &*self.config.entropy;
        let access = if medmij_oauth::policy::release_rules(self.config.release).uuid_codes {
            super::answer::uuid_token(entropy)?
        } else {
            medmij_types::AccessToken::random(entropy)?
        };
        let family = body.and_then(|body| body.family.as_ref());
        let refresh = match (grant, family) {
            (Some(grant), Some(key)) if grant.langdurig => Some(family::draw(key, &grant.id, generation, entropy)?),
            _ => None,
        };
        Ok(Drawn { access, refresh })
    }
}
