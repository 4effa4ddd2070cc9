// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load race` — R5: codes × redeemers over several processes; exactly one success each, none lost.

use std::{process::Stdio, sync::Arc, time::Instant};

use medmij_dvza::store::{Granted, Store};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{
    target::{Counted, Target, Work},
    work::{self, Code, Failure},
};

/// How large the race is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store: sqlite:PATH or postgres:CONNECTION.
    #[arg(long)]
    store: Target,
    /// How many codes.
    #[arg(long, default_value_t = 10_000)]
    codes: usize,
    /// How many redeem each code, over all processes.
    #[arg(long, default_value_t = 2)]
    redeemers: usize,
    /// Over how many processes.
    #[arg(long, default_value_t = 2)]
    processes: usize,
    /// How many codes are raced for at once.
    #[arg(long, default_value_t = 20)]
    batch: usize,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    if !args.store.is_shared() {
        return Err("processes cannot share this store".into());
    }
    if args.processes == 0 || !args.redeemers.is_multiple_of(args.processes) {
        return Err("the redeemers must be a multiple of the processes".into());
    }
    let target = args.store.clone();
    target.open(Race { args }).await
}

struct Race {
    args: Args,
}

impl Work for Race {
    type Output = ();

    async fn on<S: Counted>(self, store: Arc<S>) -> Result<(), Failure> {
        let (args, since) = (&self.args, Instant::now());
        let mut racers = (0..args.processes)
            .map(|_| Racer::start(args))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut left, mut raced) = (args.codes, 0);
        while left > 0 {
            let codes = issue(&*store, left.min(args.batch.max(1))).await?;
            for racer in &mut racers {
                racer.send(&codes).await?;
            }
            let mut fresh = vec![0; codes.len()];
            for racer in &mut racers {
                for count in &mut fresh {
                    *count += racer.next().await?.ok_or("a process answered for too few codes")?;
                }
                if racer.next().await?.is_some() {
                    return Err("a process answered for too many codes".into());
                }
            }
            if let Some(wrong) = fresh.iter().find(|count| **count != 1) {
                return Err(format!("a code was fresh {wrong} times").into());
            }
            left -= codes.len();
            raced += codes.len();
        }
        for racer in racers {
            racer.end().await?;
        }
        println!(
            "{raced} codes, {} redeemers each in {} processes: exactly one success each ({:.1?})",
            args.redeemers,
            args.processes,
            since.elapsed()
        );
        Ok(())
    }
}

async fn issue<S: Store>(store: &S, count: usize) -> Result<Vec<Code>, Failure> {
    let mut codes = Vec::with_capacity(count);
    for _ in 0..count {
        let flow = work::flow()?;
        let (new, code) = work::grant(flow.id.clone(), false)?;
        store.open_flow(flow).await?;
        if store.grant(new).await? != Granted::Done {
            return Err("a grant was refused".into());
        }
        codes.push(code);
    }
    Ok(codes)
}

/// Another process of this program.
struct Racer {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Racer {
    fn start(args: &Args) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["redeem", "--store", &args.store.to_string()])
            .args(["--redeemers", &(args.redeemers / args.processes).to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().ok_or("no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        Ok(Self { child, input, output })
    }

    async fn send(&mut self, codes: &[Code]) -> Result<(), Failure> {
        let mut lines: Vec<String> = codes.iter().map(|code| code.to_line()).collect();
        lines.push("\n".into());
        self.input.write_all(lines.join("\n").as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    /// How many of its redeemers found the next code fresh; nothing at the end of an answer.
    async fn next(&mut self) -> Result<Option<usize>, Failure> {
        let line = self.output.next_line().await?.ok_or("a process ended")?;
        match line.split_once(' ') {
            Some((count, _)) => Ok(Some(count.parse()?)),
            None => Ok(None),
        }
    }

    async fn end(self) -> Result<(), Failure> {
        let Self { mut child, input, .. } = self;
        drop(input);
        if child.wait().await?.success() {
            Ok(())
        } else {
            Err("a process failed".into())
        }
    }
}
