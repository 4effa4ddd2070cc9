// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load promise` — O17: a process that tells each promise of the store as soon as it has it, so that a test can kill
//! it and see what was kept.
//!
//! Lines: `granted CODE BINDING` when a code was issued, `taken CODE ACCESS` when its token was.

use std::sync::Arc;

use medmij_dvza::store::{Granted, RedeemedCode, Store};
use tokio::{io::AsyncWriteExt as _, sync::mpsc};

use crate::{
    target::{Counted, Target, Work},
    work::{self, Failure, to_hex},
};

/// Which store, and from how many tasks.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store: sqlite:PATH or postgres:CONNECTION.
    #[arg(long)]
    store: Target,
    /// How many tasks at once.
    #[arg(long, default_value_t = 16)]
    tasks: usize,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let tasks = args.tasks.max(1);
    args.store.open(Promise { tasks }).await
}

struct Promise {
    tasks: usize,
}

impl Work for Promise {
    type Output = ();

    async fn on<S: Counted>(self, store: Arc<S>) -> Result<(), Failure> {
        let (say, mut said) = mpsc::channel::<String>(1024);
        for _ in 0..self.tasks {
            let (store, say) = (Arc::clone(&store), say.clone());
            tokio::spawn(async move { while one(&*store, &say).await.is_ok() {} });
        }
        drop(say);
        let mut out = tokio::io::stdout();
        while let Some(line) = said.recv().await {
            out.write_all(line.as_bytes()).await?;
            out.flush().await?;
        }
        Err("every task failed".into())
    }
}

async fn one<S: Store>(store: &S, say: &mpsc::Sender<String>) -> Result<(), Failure> {
    let flow = work::flow()?;
    let (new, code) = work::grant(flow.id.clone(), false)?;
    store.open_flow(flow).await?;
    if store.grant(new).await? != Granted::Done {
        return Err("a grant was refused".into());
    }
    say.send(format!("granted {}\n", code.to_line())).await?;
    let redeem = work::redeem(code.binding)?;
    let taken = store.take_code(&code.code, &redeem).await?;
    if !matches!(taken, RedeemedCode::Fresh(_)) {
        return Err("a code was not fresh".into());
    }
    say.send(format!(
        "taken {} {}\n",
        to_hex(&code.code),
        to_hex(&redeem.access.token)
    ))
    .await?;
    Ok(())
}
