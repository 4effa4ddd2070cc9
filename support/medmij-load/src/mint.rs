// SPDX-License-Identifier: AGPL-3.0-or-later
//! Codes ahead of a measurement: through the server's own steps, in its own process, without sockets.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::HeaderMap;
use medmij_dvp::{Dvp, FlowRequest, Started, group_by_endpoints};
use medmij_dvza::{Arrived, Next, Server, Submitted, Visitor, store::Store};
use medmij_oauth::{ClientId, RedirectUri, form::Form};
use medmij_types::{Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Release};

use crate::{
    dvza::LoadDvza,
    work::Failure,
    world::{AANBIEDER, BASE, CLIENT, HOST, REDIRECT},
};

/// The DVP of the load programs.
pub(crate) fn dvp() -> Result<Dvp, Failure> {
    Ok(Dvp::new(ClientId::parse(CLIENT)?))
}

/// A Verzamelen request of the default release, for two gegevensdiensten.
pub(crate) fn start(dvp: &Dvp) -> Result<Started, Failure> {
    let front = FrontchannelUri::parse(&format!("https://{HOST}{BASE}/authorize"))?;
    let back = BackchannelUri::parse(&format!("https://{HOST}{BASE}/token"))?;
    let ids = [GegevensdienstId::parse("42")?, GegevensdienstId::parse("48")?];
    let groups = group_by_endpoints(ids.map(|id| (id, front.clone(), back.clone())));
    let group = groups.first().ok_or("no group")?;
    let aanbieder = Aanbiedernaam::parse(AANBIEDER)?;
    let flow_request = FlowRequest::verzamelen(Release::DEFAULT, aanbieder, group, RedirectUri::parse(REDIRECT)?)?;
    Ok(dvp.start(
        medmij_dvp::person::ActiveAccount::danger_unchecked(),
        flow_request,
        SESSION,
    )?)
}

/// The session at the DVP of every flow here.
pub(crate) const SESSION: &str = "session of the load program";

/// So many codes, from flows that run up to the redirect back to the DVP.
pub(crate) async fn codes<S: Store>(server: &Server<LoadDvza<S>>, count: usize) -> Result<Vec<String>, Failure> {
    let location = start(&dvp()?)?.location;
    let query = Arc::<str>::from(location.split_once('?').ok_or("no query")?.1);
    let begun = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (server, query, begun) = (server.clone(), Arc::clone(&query), Arc::clone(&begun));
            tokio::spawn(async move {
                let mut codes = Vec::new();
                while begun.fetch_add(1, Ordering::Relaxed) < count {
                    codes.push(code(&server, &query).await?);
                }
                Ok::<_, Failure>(codes)
            })
        })
        .collect();
    let mut codes = Vec::with_capacity(count);
    for task in tasks {
        codes.extend(task.await??);
    }
    Ok(codes)
}

async fn code<S: Store>(server: &Server<LoadDvza<S>>, query: &str) -> Result<String, Failure> {
    let Arrived::Flow(visitor) = server.authorize(query, &HeaderMap::new()).await else {
        return Err("no flow began".into());
    };
    let Next::Login {
        visitor,
        location: login,
        ..
    } = submit(server, &visitor, "login").await?
    else {
        return Err("no login began".into());
    };
    let (_, relay) = login.split_once('?').ok_or("login has no query")?;
    let Next::Flow(visitor) = server.login(&visitor, relay).await else {
        return Err("no way back from the login".into());
    };
    let Next::Away(back) = submit(server, &visitor, "yes").await? else {
        return Err("no code came".into());
    };
    let code = back.split(['?', '&']).find_map(|part| part.strip_prefix("code="));
    Ok(code.ok_or("redirect has no code")?.to_owned())
}

async fn submit<S: Store>(server: &Server<LoadDvza<S>>, visitor: &Visitor, answer: &str) -> Result<Next, Failure> {
    let csrf = server.page(visitor).await.csrf.ok_or("page has no form")?;
    let form = Form::parse(format!("csrf={csrf}&answer={answer}").as_bytes())?;
    let callback = format!("https://{HOST}{BASE}/login");
    Ok(server.submit(visitor, &Submitted::new(&form, &callback)).await)
}

const TASKS: usize = 64;
