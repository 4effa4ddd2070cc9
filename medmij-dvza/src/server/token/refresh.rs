// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208, RFC0054 — a refresh token becomes the next one. What was judged at the login is judged again: the
//! OAuth Client List, age, representation, availability. What narrows, narrows the token and never the consent.

use medmij_oauth::{
    policy::TokenUitzondering,
    storage::SecretHash,
    wire::{RefreshRequest, RequestIds},
};
use medmij_types::{GegevensdienstId, Hostname};

use super::{
    Caller, Drawn,
    answer::{Answer, Refusal, refusal, unavailable},
    family,
};
use crate::{
    server::{
        Aanbieder, Aanbieders as _, Dvza, Represented, Server, StepError, Toets as _, ToetsOutcome, ToetsQuery,
        alarm::Alarm, flow::GrantBody, reseal::under_current_keys, steps::MAX_COLLISIONS,
    },
    store::{LiveGrant, NewAccess, NewRefresh, RefreshState, RotateRefresh, Rotated, Store as _},
};

impl<D: Dvza> Server<D> {
    /// Judges first, and writes then: a refresh that gives no token changes nothing.
    pub(super) async fn refresh(
        &self,
        request: &RefreshRequest,
        caller: &Caller,
        ids: Option<&RequestIds>,
    ) -> Result<Answer, Refusal> {
        let unknown = || refusal(TokenUitzondering::Grant, "refresh token is unknown or withdrawn");
        let claimed = family::claimed(&request.refresh_token).ok_or_else(unknown)?;
        let live = self
            .dvza
            .store()
            .live_grant(&claimed.grant)
            .await
            .map_err(unavailable)?;
        let Some(LiveGrant {
            grant,
            refresh: Some(state),
        }) = live
        else {
            return Err(unknown());
        };
        if grant.client_id != request.client_id {
            return Err(refusal(TokenUitzondering::Grant, "refresh token is of another client"));
        }
        let body = self.body(&grant)?;
        let key = body.family.as_ref().ok_or_else(unknown)?;
        if !family::is_genuine(key, &request.refresh_token) {
            return Err(unknown());
        }
        let offered = SecretHash::of(request.refresh_token.expose());
        // an older one gives nothing, whatever is available
        let narrowed = if state.has(&offered) {
            self.judge_again(&body, caller).await?
        } else {
            body.narrowed_to(Vec::new())
        };
        let (keys, entropy) = (&*self.config.keys, &*self.config.entropy);
        let resealed = under_current_keys(keys, entropy, &grant, &body).map_err(unavailable)?;
        for _ in 0..MAX_COLLISIONS {
            let generation = state.generation.saturating_add(1);
            let drawn = self.draw(Some(&grant), Some(&body), generation).map_err(unavailable)?;
            let mut rotate = self.rotation(&grant.id, caller, &drawn, &state, &narrowed.gegevensdiensten);
            rotate.client_id.clone_from(&request.client_id);
            rotate.offered = offered;
            rotate.generation = claimed.generation;
            rotate.reseal.clone_from(&resealed);
            rotate.by = self.acting(caller.actor(), ids);
            let rotated = self.dvza.store().rotate_refresh(&rotate).await;
            let what = match rotated.map_err(unavailable)? {
                Rotated::Fresh(grant) => return Ok(self.answer_with(&grant, &narrowed, drawn)),
                Rotated::Replaced(grant) => {
                    tracing::warn!(client_id = %request.client_id, "refresh token was used again, its unused successor is replaced");
                    return Ok(self.answer_with(&grant, &narrowed, drawn));
                }
                Rotated::Collision => continue,
                Rotated::Race => {
                    return Err(refusal(
                        TokenUitzondering::Unavailable,
                        "refresh token is in use at this moment",
                    ));
                }
                Rotated::TooOften => {
                    return Err(refusal(
                        TokenUitzondering::TooOften,
                        "refresh tokens of this grant are exchanged too often",
                    ));
                }
                Rotated::Reused => {
                    let what = "an older refresh token was used, the grant has ended";
                    self.raise(Alarm::RefreshReused, Some(&request.client_id), ids, what);
                    "refresh token was used before"
                }
                Rotated::Mismatch => "refresh token is of another client",
                Rotated::Expired => "refresh token is too old",
                Rotated::Unknown => "refresh token is unknown or withdrawn",
            };
            return Err(refusal(TokenUitzondering::Grant, what));
        }
        Err(unavailable(StepError::NotUnique))
    }

    fn rotation(
        &self,
        grant: &crate::store::GrantId,
        caller: &Caller,
        drawn: &Drawn,
        state: &RefreshState,
        admitted: &[GegevensdienstId],
    ) -> RotateRefresh {
        let lifetimes = &self.config.lifetimes;
        let next = drawn
            .refresh
            .as_ref()
            .map_or(state.current, |token| SecretHash::of(token.expose()));
        let next = NewRefresh::new(next, state.generation.saturating_add(1), lifetimes.refresh_token.get());
        let access = SecretHash::of(drawn.access.expose());
        let access = NewAccess::new(access, lifetimes.access_token.get(), admitted.to_vec());
        let names: Vec<Hostname> = caller.peer.iter().cloned().collect();
        let client = caller.client_id.clone();
        let mut rotate = RotateRefresh::new(
            grant.clone(),
            client,
            (state.current, state.generation),
            next,
            access,
            names,
        );
        rotate.race = lifetimes.refresh_race.get();
        rotate.rate = self.config.refresh_rate;
        rotate
    }

    /// What the token is good for now. Where something cannot be established, that narrows nothing: 503.
    async fn judge_again(&self, body: &GrantBody, caller: &Caller) -> Result<GrantBody, Refusal> {
        let nothing = |what| Err(refusal(TokenUitzondering::NoData, what));
        let known = self.dvza.aanbieders().aanbieder(&body.aanbieder).await;
        let Some(aanbieder) = known.map_err(unavailable)? else {
            return nothing("aanbieder is not served here now");
        };
        if let Some(what) = self.has_lapsed(body, &aanbieder).await? {
            return nothing(what);
        }
        // core.ocl.300, and what the Aanbieder offers
        let function = body.scope.function();
        let offered = |id: &&GegevensdienstId| caller.client.has(id) && aanbieder.service(function, id).is_some();
        let asked: Vec<_> = body.gegevensdiensten.iter().filter(offered).cloned().collect();
        if asked.is_empty() {
            return nothing("nothing that was granted is offered to this client now");
        }
        let query = ToetsQuery {
            aanbieder: &aanbieder,
            persoon: &body.persoon,
            function,
            gegevensdiensten: &asked,
        };
        let available = match self.dvza.toets().toets(&query).await.map_err(unavailable)? {
            ToetsOutcome::Later => asked,
            ToetsOutcome::Available(ids) => asked.into_iter().filter(|id| ids.contains(id)).collect(),
            ToetsOutcome::Unavailable => Vec::new(),
            ToetsOutcome::NotEstablished => return Err(not_established("availability cannot be established now")),
        };
        if available.is_empty() {
            return nothing("nothing is available any more");
        }
        Ok(body.narrowed_to(available))
    }

    /// ext.vert.authint.204 and the rule on age: why there is no token for this Persoon any more.
    async fn has_lapsed(&self, body: &GrantBody, aanbieder: &Aanbieder) -> Result<Option<&'static str>, Refusal> {
        let persoon = &body.persoon;
        if let Some(kind) = persoon.vertegenwoordiging {
            if !aanbieder.takes(kind) {
                return Ok(Some("representation is not offered here now"));
            }
            match self
                .dvza
                .toets()
                .represented(persoon, aanbieder)
                .await
                .map_err(unavailable)?
            {
                Some(Represented::Yes) => {}
                Some(Represented::No) => return Ok(Some("representation has ended")),
                Some(Represented::Unknown) | None => {
                    return Err(not_established("representation cannot be established now"));
                }
            }
        }
        let born = self.dvza.toets().geboortedatum(&persoon.bsn, aanbieder).await;
        Ok(match (born.map_err(unavailable)?, persoon.vertegenwoordiging) {
            (Some(born), kind) if !self.has_age(&born, kind) => Some("persoon has not the age for this consent"),
            (Some(_), _) => None,
            (None, None) if self.config.danger_without_birth_date => None,
            (None, _) => return Err(not_established("age cannot be established now")),
        })
    }
}

fn not_established(what: &'static str) -> Refusal {
    refusal(TokenUitzondering::Unavailable, what)
}
