// SPDX-License-Identifier: AGPL-3.0-or-later
//! What comes on the days after: the purge of what lapsed, a migration, and whether a partition would have saved it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use medmij_dvza::store::Store as _;
use medmij_test::postgres::TestPostgres;

use super::{Dvza, each, load};
use crate::work::Failure;

/// Every grant that lapsed goes, while others are refreshed.
pub(super) async fn purge(dvza: &Arc<Dvza>, tasks: usize) -> Result<(), Failure> {
    let over = Arc::new(AtomicBool::new(false));
    let beside = load(tasks, dvza, &over, Dvza::rotates);
    let (since, mut gone, mut longest) = (Instant::now(), 0, Duration::ZERO);
    loop {
        let call = Instant::now();
        let batch = dvza.store.purge(1000).await?;
        longest = longest.max(call.elapsed());
        gone += batch;
        if batch == 0 {
            break;
        }
    }
    let took = since.elapsed();
    over.store(true, Ordering::Relaxed);
    beside.print("rotate_refresh beside it").await?;
    let rate = u128::try_from(gone)? * 1000 / took.as_millis().max(1);
    println!(
        "purge: {gone} rows in {:.1} s, {rate} a second, longest batch of 1000 {} ms",
        took.as_secs_f64(),
        longest.as_millis()
    );
    Ok(())
}

/// What an expanding migration does, step by step, while tokens are refreshed.
pub(super) async fn migrate(
    dvza: &Arc<Dvza>,
    tasks: usize,
    server: &TestPostgres,
    database: &str,
) -> Result<(), Failure> {
    each(
        "rotate_refresh before",
        tasks,
        Duration::from_secs(5),
        dvza,
        Dvza::rotates,
    )
    .await?;
    let backfill = format!(
        "DO $$ BEGIN FOR i IN 0..{} LOOP
             UPDATE medmij.grants SET later = aanbieder WHERE seq > i * 5000 AND seq <= (i + 1) * 5000; COMMIT;
         END LOOP; END $$",
        MOST_FILLED.min(dvza.grants) / 5000 - 1
    );
    for (name, sql) in [
        ("a column is added", "ALTER TABLE medmij.grants ADD COLUMN later text"),
        (
            "an index is made",
            "CREATE INDEX CONCURRENTLY grants_later ON medmij.grants (aanbieder)",
        ),
        ("the column is filled", &*backfill),
        ("it is taken away", "ALTER TABLE medmij.grants DROP COLUMN later"),
    ] {
        let over = Arc::new(AtomicBool::new(false));
        let beside = load(tasks, dvza, &over, Dvza::rotates);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let since = Instant::now();
        tokio::task::block_in_place(|| server.sql(database, sql))?;
        let took = since.elapsed();
        tokio::time::sleep(Duration::from_secs(1)).await;
        over.store(true, Ordering::Relaxed);
        beside.print(&format!("  while {name}")).await?;
        println!("{name}: {:.2} s", took.as_secs_f64());
    }
    Ok(())
}

/// Rows that get a value in the new column.
const MOST_FILLED: u64 = 1_000_000;

/// A month of twenty-four of the audit log is destroyed: row by row, and as a partition.
pub(super) fn partitions(server: &TestPostgres, database: &str) -> Result<(), Failure> {
    let timed = |name: &str, sql: &str| -> Result<(), Failure> {
        let since = Instant::now();
        server.sql(database, sql)?;
        println!("{name}: {:.2} s", since.elapsed().as_secs_f64());
        Ok(())
    };
    println!();
    server.sql(database, PLAIN)?;
    timed(
        "a month of 24 is deleted, row by row",
        "DELETE FROM months_plain WHERE month = 3",
    )?;
    timed("VACUUM after it", "VACUUM months_plain")?;
    server.sql(database, PARTED)?;
    timed("a month of 24 is dropped as a partition", "DROP TABLE months_3")?;
    server
        .sql(database, "DROP TABLE months_plain, months_parted")
        .map(drop)?;
    Ok(())
}

const PLAIN: &str = "
CREATE TABLE months_plain AS SELECT number, number % 24 AS month, chain, position, at, kind, aanbieder, client_id, scope,
    trace_id, grant_id, commitment, hash, written, persoon, salt FROM medmij.audit ORDER BY number % 24 LIMIT 2400000;
ALTER TABLE months_plain ADD PRIMARY KEY (number);
CREATE INDEX ON months_plain (persoon);
CREATE INDEX ON months_plain (at);
CREATE INDEX ON months_plain (grant_id)";

const PARTED: &str = "
CREATE TABLE months_parted (LIKE months_plain) PARTITION BY LIST (month);
DO $$ BEGIN FOR i IN 0..23 LOOP
    EXECUTE format('CREATE TABLE months_%s PARTITION OF months_parted FOR VALUES IN (%s)', i, i);
END LOOP; END $$;
INSERT INTO months_parted SELECT * FROM months_plain WHERE month BETWEEN 2 AND 5;
INSERT INTO months_parted SELECT number, 3, chain, position, at, kind, aanbieder, client_id, scope, trace_id, grant_id,
    commitment, hash, written, persoon, salt FROM months_plain WHERE month = 6;
ALTER TABLE months_parted ADD PRIMARY KEY (month, number);
CREATE INDEX ON months_parted (persoon);
CREATE INDEX ON months_parted (at);
CREATE INDEX ON months_parted (grant_id)";
