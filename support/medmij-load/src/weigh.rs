// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load weigh` — what a row of the store in memory weighs: resident memory before and after very many flows, in this
//! process, without sockets. Flows are run in small lots, so that what passes through does not count.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use medmij_dvza::store::{MemoryLimits, MemoryStore};
use medmij_types::PeerNames;

use crate::{
    dvza::LoadDvza,
    measure::Process,
    mint, token,
    work::Failure,
    world::{BASE, CLIENT, HOST},
};

/// How much to weigh.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many flows.
    #[arg(long, default_value_t = 100_000)]
    flows: usize,
    /// Whether each code is exchanged for a token.
    #[arg(long)]
    exchange: bool,
    /// How many audit entries are kept.
    #[arg(long, default_value_t = 10_000)]
    audit: usize,
}

#[allow(clippy::cast_precision_loss, reason = "figures to read")]
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let mut limits = MemoryLimits::default();
    limits.rows = usize::MAX;
    limits.audit = args.audit;
    let store = Arc::new(MemoryStore::new(limits));
    let server = LoadDvza::server(Arc::clone(&store), Duration::from_secs(3600), None)?;
    let peer = PeerNames::new(Some(CLIENT), [CLIENT]);
    let resident = || Process::own().resident().ok_or("memory is not known here");

    let mut before = (0, 0);
    let mut flows = 0;
    while flows < args.flows {
        for code in mint::codes(&server, LOT).await? {
            if args.exchange {
                let request = Request::post(format!("https://{HOST}{BASE}/token"))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Bytes::from(token::form(&code)))?;
                let answer = server.token(&request, &peer).await;
                if answer.status() != 200 {
                    return Err("a code was not exchanged".into());
                }
            }
        }
        if flows == 0 {
            // everything has run once
            before = (resident()?, store.rows().total());
        }
        flows += LOT;
    }
    let rows = store.rows();
    let bytes = (resident()? - before.0) * 1024;
    let grown = rows.total() - before.1;
    println!(
        "{flows} flows, codes exchanged: {}\nkept: {rows:?}\n{} KiB more for {grown} rows more: {:.0} bytes a row, {:.0} a flow",
        args.exchange,
        bytes / 1024,
        bytes as f64 / grown as f64,
        bytes as f64 / (flows - LOT) as f64,
    );
    Ok(())
}

const LOT: usize = 500;
