// SPDX-License-Identifier: AGPL-3.0-or-later
//! The process that is killed: told what time it is, it collects what is due, and writes down what it asked.

use std::{
    error::Error,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use medmij_dvp::collecting::{CollectingPolicy, OrderStore, RunOutcome};

use crate::{
    place::{Place, Work},
    world::{LEASE, micros, moment},
};

/// Runs until it is killed, or nobody tells it the time any more.
pub(crate) fn run(place: &Place, asked: &Path) -> Result<(), Box<dyn Error>> {
    place.work(Schedule(asked.to_owned()))
}

struct Schedule(PathBuf);

impl Work for Schedule {
    type Output = ();

    async fn run<S: OrderStore + 'static>(self, store: S) -> Result<(), Box<dyn Error>> {
        let mut asked = OpenOptions::new().create(true).append(true).open(self.0)?;
        tell("ready")?;
        for line in io::stdin().lock().lines() {
            collect(&store, &mut asked, moment(line?.parse()?)).await?;
            tell("done")?;
        }
        Ok(())
    }
}

async fn collect<S: OrderStore>(store: &S, asked: &mut File, now: SystemTime) -> Result<(), Box<dyn Error>> {
    let policy = CollectingPolicy::default();
    loop {
        let leases = store.lease_runs(now, now + LEASE, 25).await?;
        if leases.is_empty() {
            return Ok(());
        }
        for lease in leases {
            let Some(run) = store.start_run(&lease, now, &policy).await? else {
                continue;
            };
            // this is the request to the DVA, in one write
            let (person, dva) = (lease.key.person.number(), &lease.key.dva);
            asked.write_all(format!("{person} {dva} {} {}\n", run.orders.len(), micros(now)).as_bytes())?;
            tell("asked")?;
            store.finish_run(&lease, RunOutcome::Collected, now).await?;
        }
    }
}

/// One line to the parent, at once.
fn tell(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
