// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load redeem`: one of the processes of a race.
//!
//! A line of standard input is a code; an empty line starts the race for the codes before it. For each code one line goes to
//! standard output: how many of this process's redeemers found it fresh, and the access token of the one that did. An empty
//! line ends the answer.

use std::sync::Arc;

use medmij_dvza::store::{RedeemedCode, Store};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::{
    target::{Counted, Target, Work},
    work::{self, Code, Failure, to_hex},
};

/// Which store, and how many redeemers.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store: sqlite:PATH or postgres:CONNECTION.
    #[arg(long)]
    store: Target,
    /// How many of this process redeem each code.
    #[arg(long, default_value_t = 1)]
    redeemers: usize,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let redeemers = args.redeemers;
    args.store.open(Redeem { redeemers }).await
}

struct Redeem {
    redeemers: usize,
}

impl Work for Redeem {
    type Output = ();

    async fn on<S: Counted>(self, store: Arc<S>) -> Result<(), Failure> {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        let mut out = tokio::io::stdout();
        let mut codes = Vec::new();
        while let Some(line) = lines.next_line().await? {
            if !line.is_empty() {
                codes.push(Code::parse(&line).ok_or("a line is no code")?);
                continue;
            }
            let mut answer = String::new();
            for line in all(&store, &codes, self.redeemers).await? {
                answer.push_str(&line);
                answer.push('\n');
            }
            answer.push('\n');
            out.write_all(answer.as_bytes()).await?;
            out.flush().await?;
            codes.clear();
        }
        Ok(())
    }
}

/// Every code with every redeemer, all at once; a line per code.
async fn all<S: Store>(store: &Arc<S>, codes: &[Code], redeemers: usize) -> Result<Vec<String>, Failure> {
    let mut tasks = Vec::new();
    for code in codes {
        for _ in 0..redeemers {
            let (store, code) = (Arc::clone(store), *code);
            tasks.push(tokio::spawn(async move {
                let redeem = work::redeem(code.binding)?;
                match store.take_code(&code.code, &redeem).await? {
                    RedeemedCode::Fresh(_) => Ok::<_, Failure>(Some(redeem.access.token)),
                    RedeemedCode::Replayed | RedeemedCode::Unknown => Ok(None),
                    other => Err(format!("a code was {other:?}").into()),
                }
            }));
        }
    }
    let mut tasks = tasks.into_iter();
    let mut answers = Vec::with_capacity(codes.len());
    for _ in codes {
        let (mut fresh, mut token) = (0, String::from("-"));
        for task in tasks.by_ref().take(redeemers) {
            if let Some(access) = task.await?? {
                fresh += 1;
                token = to_hex(&access);
            }
        }
        answers.push(format!("{fresh} {token}"));
    }
    Ok(answers)
}
