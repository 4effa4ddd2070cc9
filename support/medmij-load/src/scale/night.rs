// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.102 — the plan of one night: what is due in each minute is leased, a thousand at a time.

use std::time::{Duration, Instant, SystemTime};

use medmij_dvp::collecting::{CollectingPolicy, Lease, OrderStore, RunOutcome};
use medmij_store_postgres::PostgresVault;

use crate::{measure::Timings, work::Failure};

/// 1 December 2026, 23:00 in Amsterdam; the rows are made for it.
const EVENING: u64 = 1_796_162_400;
const NIGHT: u64 = 7 * 3600;
const MINUTE: u64 = 60;
const BATCH: usize = 1000;

pub(super) async fn plan(vault: &PostgresVault, runs: u64, time: Duration) -> Result<(), Failure> {
    let (mut timings, mut leased) = (Timings::default(), Vec::new());
    let (since, mut planned) = (Instant::now(), 0_u64);
    // none comes back this night
    let until = at(EVENING + 2 * NIGHT);
    let mut now = EVENING;
    while now <= EVENING + NIGHT {
        loop {
            let call = Instant::now();
            let leases = vault.lease_runs(at(now), until, BATCH).await?;
            timings.add(call.elapsed());
            planned += u64::try_from(leases.len())?;
            let is_last = leases.len() < BATCH;
            if leased.len() < KEPT {
                leased.extend(leases);
            }
            if is_last {
                break;
            }
        }
        now += MINUTE;
    }
    let took = since.elapsed();
    println!("{:<26}{}", "lease_runs, <= 1000", timings.summary(took));
    println!(
        "a night of {planned} of {runs} runs is planned in {:.1} s",
        took.as_secs_f64()
    );
    if planned != runs {
        return Err("not every run was planned".into());
    }
    carry_out(vault, leased, time).await
}

/// What a scheduler writes beside that, one after the other.
async fn carry_out(vault: &PostgresVault, leased: Vec<Lease>, time: Duration) -> Result<(), Failure> {
    let (policy, mut timings, since) = (CollectingPolicy::default(), Timings::default(), Instant::now());
    for lease in leased {
        let run = Instant::now();
        let started = vault.start_run(&lease, at(EVENING + NIGHT - 1), &policy).await?;
        if started.is_none() {
            return Err("a run that was leased did not start".into());
        }
        vault
            .finish_run(&lease, RunOutcome::Collected, at(EVENING + NIGHT - 1))
            .await?;
        timings.add(run.elapsed());
        if since.elapsed() > time {
            break;
        }
    }
    println!("{:<26}{}", "start_run + finish_run", timings.summary(since.elapsed()));
    Ok(())
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Leases that are kept for carrying out.
const KEPT: usize = 100_000;
