// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.authint, ext.abo.subint — putting a message on and off: a login and a consent at the zorgaanbieder, and one request
//! over the back channel.

use super::{ForgetError, Kept, MOST, Offer, all, forget, offered, owner, set};
use crate::{
    App,
    account::{events::Event, vault::VaultError},
    collecting::flows,
    gate::{SignedIn, Visitor},
};
use medmij_abonneren::{
    AboPolicy, Abonnement, AbonnementError, AbonnementRegister as _, AbonnementRequest, AbonnementSource, Created,
};
use medmij_dvp::{CallbackError, ExchangeError, FlowRequest, ReceivedCode, Tokens, UserMessage, person::PersonId};
use medmij_net::NetError;
use medmij_oauth::{RedirectUri, Scope, storage::StoreError};
use medmij_types::{CalendarDate, Clock as _, EntropyError, OsEntropy, Release, SystemClock};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    On,
    Off,
}

/// Where the browser goes for a message of so many days; 0 ends it.
pub(crate) async fn location(
    app: &App,
    signed_in: &SignedIn,
    visitor: &Visitor,
    offer: &Offer,
    days: u32,
) -> Result<String, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let path = app
        .dvp
        .redirect_path("/berichten/terug", offer.authorization_endpoint.hostname());
    let redirect_uri =
        RedirectUri::parse(&format!("https://{}{path}", app.dvp.client_id())).map_err(|error| text(&error))?;
    let scope = Scope::abonneren(Release::DEFAULT, days, offer.aanbieder.clone(), offer.id.clone());
    let scope = scope.map_err(|error| text(&error))?;
    let group = offer.group().ok_or("the offer has no endpoints")?;
    let request = FlowRequest::new(offer.aanbieder.clone(), scope, &group, redirect_uri).from_list(offer.volgnummer);
    let now = SystemClock::default().now();
    let account = app.accounts.active(signed_in.person(), now).await;
    let account = account.map_err(|error| text(&error))?;
    let account = account.ok_or("the account is not active (core.account.100)")?;
    let started = app.dvp.start(account, request, &visitor.secret);
    let started = started.map_err(|error| text(&error))?;
    flows::keep(app, signed_in.person(), &started.flow)
        .await
        .map_err(|error| text(&error))?;
    let loopback = app.node.danger_loopback();
    loopback.rewrite_front(&started.location).map_err(|error| text(&error))
}

/// The Persoon consented: the message goes on or off, there and here.
pub(crate) async fn finish(app: &App, person: PersonId, received: ReceivedCode) -> Result<Outcome, SubscribeError> {
    let asked = received.flow().scope().days().unwrap_or_default();
    let [id] = received.flow().gegevensdiensten() else {
        return Err(SubscribeError::NotOffered);
    };
    let (aanbieder, id) = (received.flow().aanbieder().clone(), id.clone());
    let offer = offered(app)
        .into_iter()
        .find(|offer| offer.aanbieder == aanbieder && offer.id == id)
        .ok_or(SubscribeError::NotOffered)?;
    let (request, exchange) = app.dvp.token_request(received)?;
    // core.tknint.203: sent once, whatever comes of it
    let response = match app.back.send(request).await {
        Ok(response) => response,
        Err(error) => {
            app.dvp.unanswered(&exchange);
            return Err(error.into());
        }
    };
    let tokens = app.dvp.tokens(exchange, &response)?;
    let mine = all(app, person).await?;
    let known: Vec<Kept> = mine
        .into_iter()
        .map(|listed| listed.kept)
        .filter(|kept| kept.aanbieder == aanbieder && kept.gegevensdienst == id)
        .collect();
    match tokens.granted.days.unwrap_or_default() {
        0 => {
            let none = known.is_empty();
            for kept in known {
                end(app, &offer, &tokens, &kept).await?;
            }
            let (provider, service) = (app.providers.of(&aanbieder).name, offer.name);
            if !none {
                app.record(person, Event::MessagesPutOff { provider, service }).await;
            }
            Ok(Outcome::Off)
        }
        _ if asked == 0 => Err(SubscribeError::NotOffered),
        days => {
            let end = CalendarDate::in_amsterdam(SystemClock::default().now()).plus(days);
            put_on(app, person, (&offer, &tokens), &known, end).await?;
            let (provider, service) = (app.providers.of(&aanbieder).name, offer.name);
            app.record(person, Event::MessagesPutOn { provider, service }).await;
            Ok(Outcome::On)
        }
    }
}

async fn put_on(
    app: &App,
    person: PersonId,
    (offer, tokens): (&Offer, &Tokens),
    known: &[Kept],
    end: CalendarDate,
) -> Result<(), SubscribeError> {
    let mut news = None;
    let mut agreed = None;
    for kept in known {
        news = news.or(kept.news);
        let Some(id) = kept.abonnement().filter(|_| agreed.is_none()) else {
            continue;
        };
        // one that is on gets another end; one that is not there any more is made anew
        match ask(app, offer, tokens, &AbonnementRequest::Change { id, end }).await {
            Ok(abonnement) => agreed = Some(abonnement),
            Err(SubscribeError::Abonnement(AbonnementError::Status(404))) => forget(app, kept).await?,
            Err(error) => return Err(error),
        }
    }
    let abonnement = match agreed {
        Some(abonnement) => abonnement,
        None => ask(app, offer, tokens, &AbonnementRequest::Create { end }).await?,
    };
    let (id, register) = (&abonnement.id, app.messages.register());
    let source = AbonnementSource::new(
        offer.nodes(),
        offer.aanbieder.clone(),
        offer.id.clone(),
        owner(app, person)?,
        abonnement.end,
    );
    match register.add(id, source.clone(), MOST).await? {
        Created::Done => {}
        // an id of another DVZA is not taken over
        Created::Collision
            if register
                .source(id)
                .await?
                .is_some_and(|known| known.owner == source.owner) =>
        {
            register.set_end(id, abonnement.end).await?;
        }
        _ => return Err(SubscribeError::Full),
    }
    let kept = Kept {
        abonnement: id.as_str().to_owned(),
        aanbieder: offer.aanbieder.clone(),
        gegevensdienst: offer.id.clone(),
        service: offer.name.clone(),
        end: abonnement.end.to_string(),
        news,
        over: false,
    };
    Ok(set(app, person, id, &kept).await?)
}

/// Ends one there and here; one that is not known there is ended as well.
async fn end(app: &App, offer: &Offer, tokens: &Tokens, kept: &Kept) -> Result<(), SubscribeError> {
    if let Some(id) = kept.abonnement() {
        match ask(app, offer, tokens, &AbonnementRequest::End { id }).await {
            Ok(_) | Err(SubscribeError::Abonnement(AbonnementError::Status(404))) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(forget(app, kept).await?)
}

async fn ask(
    app: &App,
    offer: &Offer,
    tokens: &Tokens,
    request: &AbonnementRequest,
) -> Result<Abonnement, SubscribeError> {
    let policy = AboPolicy::default();
    let headers = tokens.resource_headers(&OsEntropy)?;
    let request = request.to_http(&offer.subscription_endpoint, headers, &policy);
    // core.logging.202: each request and its answer are in the chain log
    let log = app.dvp.resource_log(tokens, &offer.id);
    let response = log.over(&app.back).send(request).await?;
    Ok(Abonnement::parse(&response, &policy)?)
}

/// Why a message did not go on or off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubscribeError {
    #[error(transparent)]
    Callback(#[from] CallbackError),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error(transparent)]
    Net(#[from] NetError),
    #[error(transparent)]
    Abonnement(#[from] AbonnementError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error("messages are not offered there")]
    NotOffered,
    #[error("no more messages for this person")]
    Full,
}

impl From<ForgetError> for SubscribeError {
    fn from(error: ForgetError) -> Self {
        match error {
            ForgetError::Vault(error) => Self::Vault(error),
            ForgetError::Store(error) => Self::Store(error),
        }
    }
}

impl SubscribeError {
    /// Whether it is no fault: the Persoon said no, or it is not possible there.
    pub(crate) fn is_refusal(&self) -> bool {
        let said = match self {
            Self::Callback(error) => error.user_message(),
            Self::Exchange(error) => error.user_message(),
            _ => return false,
        };
        said == UserMessage::NotGranted
    }
}
