// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store of a MedMij DVA/DVZA in PostgreSQL, shared by any number of replicas, and the vault of a DVP.
//!
//! [`PostgresStore`] implements [`Store`](medmij_dvza::store::Store) and
//! [`Abonnementen`](medmij_abonneren::Abonnementen) of `medmij-oauth`, for a DVZA; [`PostgresVault`] implements
//! [`TokenVault`](medmij_dvp::vault::TokenVault),
//! [`AbonnementRegister`](medmij_abonneren::AbonnementRegister) and
//! [`OrderStore`](medmij_dvp::collecting::OrderStore), for a DVP. Each operation is one statement and so one
//! transaction: it is durable when it is answered, or it did not happen. The clock of the database decides every lifetime, so
//! replicas whose clocks differ give the same verdict.
//!
//! ```no_run
//! use medmij_dvza::store::Store;
//! use medmij_store_postgres::{PostgresOptions, PostgresStore};
//!
//! # async fn doc() -> Result<(), Box<dyn std::error::Error>> {
//! let options = PostgresOptions::parse("host=/run/postgresql user=dvza dbname=dvza")?;
//! PostgresStore::migrate(&options).await?;
//! let store = PostgresStore::open(&options).await?;
//! store.purge(1000).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Roles
//!
//! A program takes the feature of its role and compiles nothing of the other: `dvza` has [`PostgresStore`], `dvp` has
//! [`PostgresVault`]. Without either there is nothing to open.
//!
//! # Operating it
//!
//! * **Open.** [`PostgresStore::open`] connects and refuses a schema that is too old, or a server that does not keep what it
//!   commits (`fsync` or `synchronous_commit` off). A socket file or this machine needs no TLS; any other host does:
//!   feature `rustls`, `PostgresOptions::tls`.
//! * **Migrate.** [`PostgresStore::migrate`] takes an advisory lock, so every replica may call it at its start; or call it
//!   once, as the owner of the schema, from your deployment. A store lives in the schema `medmij`, a vault in
//!   `medmij_dvp`. Another role that serves needs `USAGE` on it, `SELECT, INSERT, UPDATE, DELETE` on its tables, and `USAGE` on
//!   the sequences of `medmij_dvp`. A newer schema serves an older program.
//! * **Back up.** With PostgreSQL's own means: `pg_dump -n medmij`, or continuous archiving. A dump that is put back knows
//!   nothing of what came after it: give the store a journal
//!   (`JournaledStore` of `medmij-dvza`, `JournaledVault` of `medmij-dvp`), or what was withdrawn since works again.
//! * **Purge.** Call [`Store::purge`](medmij_dvza::store::Store::purge) every few seconds with a batch of about 1,000, on
//!   one replica or on all; rows that another transaction holds are left for the next time. Audit entries stay until
//!   [`Store::destroy_audit`](medmij_dvza::store::Store::destroy_audit) destroys them at a checkpoint. Autovacuum must be on.
//! * **Restart and failover.** While the database is away, operations answer `StoreError::Unavailable` within the deadline
//!   ([`PostgresOptions::deadline`], 5 s); when it is back, they work again without a restart of your program. Give several
//!   hosts in the connection string and the one that can be written to is found. With asynchronous replication a failover
//!   can lose the last commits, and a code may then work twice: use synchronous replication.
//!
//! # What is in the database
//!
//! SHA-256 of sessions, codes and tokens, a keyed hash of each Persoon, bodies sealed by the
//! [`KeyRing`](medmij_oauth::seal::KeyRing). Names of Aanbieders and DVPs, and the scopes in the audit log, are in clear.
//! No BSN, code or token is, in the tables or in a dump. A vault holds sealed tokens under keyed hashes, and of each Abonnement
//! who may notify about it, with a keyed hash of the account. What is ordered to be collected automatically is in clear
//! under the random number of the account: keep no table beside it that says whose number it is, unless sealed.
//!
//! # Limits
//!
//! * PostgreSQL 13 or later; tested with 15.
//! * A pooler in between must keep sessions (PgBouncer: `pool_mode = session`): statements are prepared once per connection.
//!   Settings are made by `SET` after connecting and read back, so nothing has to be ignored or allowed in its
//!   configuration; a pooler that gives its sessions away is refused at opening, with the reason.
//! * A code is burnt where the answer of the database was lost on its way: the DVP is told to start again. That is the safe
//!   side (core.tknint.204).
//! * The clock of the database decides, and it does not go back by more than two seconds: when somebody sets the clock of the server back, the store
//!   notices by the last time that was written down, and goes on from there. That time is written every two seconds while
//!   there are writes (purging is one), so that much may be gained; without any write, as long as nothing was written.
//! * Consents lapse, and rows and audit entries are purged, by a floor that follows the monotonic clocks of the replicas and not
//!   the clock of the server: [`StoreClockState`](medmij_oauth::storage::StoreClockState). It lags by ten seconds at most. After
//!   more than a day in which no replica ran nothing is purged until [`PostgresStore::accept_clock`].
//! * TLS client certificates and server certificates are read once, at start.

#![forbid(unsafe_code)]
// what the roles share is of use to neither alone
#![cfg_attr(not(all(feature = "dvp", feature = "dvza")), allow(dead_code))]

#[cfg(feature = "dvza")]
mod abonnementen;
#[cfg(feature = "dvza")]
mod audit;
#[cfg(feature = "dvza")]
mod bindings;
#[cfg(feature = "dvp")]
mod dossiers;
mod error;
mod floor;
#[cfg(feature = "dvza")]
mod flows;
#[cfg(any(feature = "dvp", feature = "dvza"))]
mod journal;
#[cfg(feature = "dvza")]
mod keys;
mod moment;
mod options;
#[cfg(feature = "dvp")]
mod orders;
#[cfg(feature = "dvza")]
mod outbox;
#[cfg(feature = "dvza")]
mod persoon;
mod pool;
#[cfg(feature = "dvp")]
mod register;
#[cfg(feature = "dvza")]
mod registration;
mod row;
mod schema;
mod settings;
#[cfg(feature = "dvza")]
mod sql;
#[cfg(feature = "dvza")]
mod store;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(feature = "dvza")]
mod tokens;
#[cfg(feature = "dvp")]
mod vault;

#[cfg(feature = "dvza")]
pub use self::store::PostgresStore;
#[cfg(feature = "rustls")]
pub use self::tls::PostgresTls;
#[cfg(feature = "dvp")]
pub use self::vault::PostgresVault;
pub use self::{error::OpenError, options::PostgresOptions, schema::Migrated};
