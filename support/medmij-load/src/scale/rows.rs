// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows as those of real use in size and spread, made by the database itself. What is unique in them comes from their number, so
//! that the load knows it too.

use std::time::Instant;

use medmij_oauth::storage::SecretHash;
use medmij_test::postgres::TestPostgres;

use crate::work::{Failure, to_hex};

/// How many rows one transaction writes.
const CHUNK: u64 = 250_000;

/// Of so many grants one has lapsed and waits for the purge.
pub(super) const LAPSED: u64 = 25;

/// Of so many grants one has an access token that lives.
pub(super) const LIVE: u64 = 25;

/// The id of a grant, as its row has it.
pub(super) fn grant_id(number: u64) -> String {
    let hex = to_hex(&SecretHash::of(&format!("g{number}")));
    hex.chars().take(22).collect()
}

/// Writes all of it.
pub(super) fn fill(server: &TestPostgres, database: &str, grants: u64, orders: u64) -> Result<(), Failure> {
    let since = Instant::now();
    chunks(server, database, grants, GRANTS)?;
    chunks(server, database, grants, AUDIT)?;
    chunks(server, database, grants / LIVE, ACCESS)?;
    server.sql(database, CHAINS)?;
    println!(
        "grants, their consents in the audit log, access tokens: {} s",
        since.elapsed().as_secs()
    );
    let since = Instant::now();
    chunks(server, database, orders / 2, RUNS)?;
    chunks(server, database, orders / 2, ORDERS)?;
    chunks(server, database, orders / 2, TOKENS)?;
    println!("runs, orders, refresh tokens of a DVP: {} s", since.elapsed().as_secs());
    let since = Instant::now();
    server.sql(database, "VACUUM (ANALYZE)")?;
    println!("VACUUM ANALYZE: {} s", since.elapsed().as_secs());
    Ok(())
}

fn chunks(server: &TestPostgres, database: &str, rows: u64, sql: &str) -> Result<(), Failure> {
    let mut from = 1;
    while from <= rows {
        let to = rows.min(from + CHUNK - 1);
        let sql = sql.replace("$FROM", &from.to_string()).replace("$TO", &to.to_string());
        server.sql(database, &sql)?;
        from = to + 1;
    }
    Ok(())
}

/// Two grants a Persoon; half a year to go at most, and some past it.
const GRANTS: &str = "
INSERT INTO medmij.grants (seq, id, persoon, aanbieder, client_id, langdurig, body, code, binding, code_expires, taken, names,
    generation, refresh, previous, used, window_start, window_count, live_until, purge_at) OVERRIDING SYSTEM VALUE
SELECT i, substr(encode(sha256(('g' || i)::bytea), 'hex'), 1, 22), sha256(('p' || i / 2)::bytea), 'zorgaanbieder' || i % 4715, 'pgo.example.nl', true,
    decode(repeat(md5('s' || i), 12), 'hex'), sha256(('c' || i)::bytea), sha256(('b' || i)::bytea),
    now() - interval '30 days', true, '{node.pgo.example.nl}', 1, sha256(('r' || i)::bytea), sha256(('q' || i)::bytea),
    now() - interval '1 day', now() - interval '1 day', 1, due.at, due.at
FROM generate_series($FROM, $TO) AS i,
    LATERAL (SELECT CASE WHEN i % 25 = 0 THEN now() - interval '1 hour'
        ELSE now() + (1 + i % 180) * interval '1 day' END AS at) AS due";

const AUDIT: &str = "
INSERT INTO medmij.audit (chain, position, at, kind, actor_kind, actor_id, aanbieder, gegevensdiensten, client_id, scope,
    outcome, trace_id, object, source, grant_id, texts, commitment, hash, written, kept_from, persoon, salt)
SELECT 1 + i % 16, 1 + i / 16, (extract(epoch FROM now()) * 1000000)::bigint - i, 'consented', 'persoon', NULL,
    'zorgaanbieder' || i % 4715, '48', 'pgo.example.nl', 'zorgaanbieder' || i % 4715 || '~48', 'done',
    gen_random_uuid()::text, 'consent', NULL, substr(encode(sha256(('g' || i)::bytea), 'hex'), 1, 22), '2.2 voorbeeld', sha256(('m' || i)::bytea),
    sha256(('h' || i)::bytea), now(), now(), sha256(('p' || i / 2)::bytea), uuid_send(gen_random_uuid())
FROM generate_series($FROM, $TO) AS i";

/// New entries go on behind those that were made.
const CHAINS: &str = "
INSERT INTO medmij.audit_chains (chain, position, head) OVERRIDING SYSTEM VALUE
SELECT chain, max(position), sha256(''::bytea) FROM medmij.audit GROUP BY chain
ON CONFLICT (chain) DO UPDATE SET position = EXCLUDED.position";

const ACCESS: &str = "
INSERT INTO medmij.access (hash, grant_seq, names, gegevensdiensten, expires)
SELECT sha256(('a' || i)::bytea), i * 25 - 1, '{node.pgo.example.nl}', '{48}', now() + interval '1 day'
FROM generate_series($FROM, $TO) AS i";

/// Two DVAs a Persoon, of eighty; the slots are spread over the seven hours of the night of 1 December 2026.
const RUNS: &str = "
INSERT INTO medmij_dvp.runs (id, person, dva, slot, next, last_success) OVERRIDING SYSTEM VALUE
SELECT i, decode(md5('p' || i / 2), 'hex'), 'node.dva-' || i / 2 % 40 * 2 + i % 2 || '.example.nl', slot.at,
    (1796162400 + slot.at) * 1000000, (1796162400 - 86400 + slot.at) * 1000000
FROM generate_series($FROM, $TO) AS i, LATERAL (SELECT ('x' || substr(md5('s' || i), 1, 7))::bit(28)::bigint % 25200 AS at)
    AS slot";

/// Two a run.
const ORDERS: &str = "
INSERT INTO medmij_dvp.orders (run, aanbieder, gegevensdienst)
SELECT i, 'zorgaanbieder' || i % 4715 || '@medmij', service FROM generate_series($FROM, $TO) AS i,
    unnest(ARRAY['48', '51']) AS service";

const TOKENS: &str = "
INSERT INTO medmij_dvp.tokens (name, sealed)
SELECT md5('n' || i) || substr(md5('o' || i), 1, 11), decode(repeat(md5('t' || i), 20), 'hex')
FROM generate_series($FROM, $TO) AS i";

/// A row of a table in Markdown for each table: rows, and what is on disk.
pub(super) fn sizes(server: &TestPostgres, database: &str) -> Result<(), Failure> {
    println!("\n| table | rows | table MiB | indexes MiB | bytes a row |\n| --- | --- | --- | --- | --- |");
    print!("{}", server.sql(database, SIZES)?);
    println!(
        "on disk, with everything: {}",
        server.sql(database, "SELECT pg_size_pretty(pg_database_size(current_database()))")?
    );
    Ok(())
}

const SIZES: &str = "
SELECT format('| %s.%s | %s | %s | %s | %s |', n.nspname, c.relname, c.reltuples::bigint, pg_table_size(c.oid) / 1048576,
    pg_indexes_size(c.oid) / 1048576, (pg_total_relation_size(c.oid) / greatest(c.reltuples, 1))::bigint)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname LIKE 'medmij%' AND c.relkind = 'r' AND c.reltuples > 1000 ORDER BY n.nspname, c.relname";
