// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store of a MedMij DVA/DVZA in one SQLite file, and the vault of a DVP in another: durable, without a database server.
//!
//! [`SqliteStore`] implements [`Store`](medmij_dvza::store::Store) and
//! [`Abonnementen`](medmij_abonneren::Abonnementen) of `medmij-oauth`, for a DVZA; [`SqliteVault`] implements
//! [`TokenVault`](medmij_dvp::vault::TokenVault), [`AbonnementRegister`](medmij_abonneren::AbonnementRegister) and
//! [`OrderStore`](medmij_dvp::collecting::OrderStore), for a DVP. What an operation answered is on the disk: a
//! power cut or a `kill -9` loses nothing that was promised (`journal_mode=WAL`, `synchronous=FULL`). Operations that wait
//! while a transaction is being made durable go into the next one together, so durability is paid for once per group.
//!
//! ```
//! use std::sync::Arc;
//! use medmij_dvza::store::Store;
//! use medmij_store_sqlite::{SqliteOptions, SqliteStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("store.db");
//! let store = Arc::new(SqliteStore::open(SqliteOptions::new(path))?);
//! assert_eq!(store.purge(1000).await?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Roles
//!
//! A program takes the feature of its role and compiles nothing of the other: `dvza` has [`SqliteStore`], `dvp` has
//! [`SqliteVault`]. Without either there is nothing to open.
//!
//! # Operating it
//!
//! * **Open.** [`SqliteStore::open`] makes the file, readable for its owner only, and starts one thread that writes and a few
//!   that read. Beside the file SQLite keeps `-wal` and `-shm`; the three belong together. Several processes of one machine
//!   may open one file; each operation is exact across them.
//! * **Migrate.** Opening brings the schema up to date in one transaction. A file of a later version is refused
//!   ([`OpenError::Newer`]): make a copy before you upgrade.
//! * **Back up.** [`SqliteStore::backup`] writes a complete copy of one moment while the store goes on. A plain `cp` of a
//!   file in use does not. A copy that is put back knows nothing of what came after it: give the store a journal
//!   (`JournaledStore` of `medmij-dvza`, `JournaledVault` of `medmij-dvp`), or what was withdrawn since works again.
//! * **Purge.** Call [`Store::purge`](medmij_dvza::store::Store::purge) every few seconds with a batch of about 1,000; it
//!   answers how many rows went, so call it again at once where it filled its batch. Audit entries stay until
//!   [`Store::destroy_audit`](medmij_dvza::store::Store::destroy_audit) destroys them at a checkpoint. The file does not shrink; its pages are used again.
//! * **Full disk.** Operations answer `StoreError::Full`, nothing is half done, and they work again when there is room.
//!
//! # What is in the file
//!
//! SHA-256 of sessions, codes and tokens, a keyed hash of each Persoon, bodies sealed by the
//! [`KeyRing`](medmij_oauth::seal::KeyRing). Names of Aanbieders and DVPs, and the scopes in the audit log, are in clear.
//! No BSN, code or token is, in the file, its log or a copy. The file of a vault holds sealed tokens under keyed hashes, and of
//! each Abonnement who may notify about it, with a keyed hash of the account. What is ordered to be collected automatically
//! is in clear under the random number of the account: keep no table beside it that says whose number it is, unless
//! sealed.
//!
//! # Time
//!
//! Lifetimes are judged by the clock of the store: the wall clock of the machine, which never goes back and never goes slower
//! than time does. When somebody sets the wall clock back, the file remembers by how much, for every process that has it open.
//! One transaction has one time. Audit entries bear the time of the wall clock.
//!
//! Consents lapse, and rows and audit entries are purged, by a floor that follows the monotonic clocks of the processes and no
//! wall clock: [`StoreClockState`](medmij_oauth::storage::StoreClockState). After more than a day in which no process ran, and
//! after the wall clock was wrong when the file was made, nothing is purged until [`SqliteStore::accept_clock`].
//!
//! # Limits
//!
//! * One machine: a network file system does not keep SQLite's locks. For replicas take `medmij-store-postgres`.
//! * One writer: a few thousand operations per second on an ordinary disk, bounded by what the disk makes durable.
//! * At most 4,096 operations wait ([`SqliteOptions::queue`]), and at most 5 s for another process
//!   ([`SqliteOptions::busy`]); beyond it callers get `StoreError::Unavailable`.
//! * A disk that lies about having written loses what it lied about.

#![forbid(unsafe_code)]
// what the roles share is of use to neither alone
#![cfg_attr(not(all(feature = "dvp", feature = "dvza")), allow(dead_code))]

#[cfg(feature = "dvza")]
mod abonnementen;
#[cfg(feature = "dvza")]
mod audit;
#[cfg(feature = "dvza")]
mod bindings;
mod clock;
#[cfg(feature = "dvp")]
mod dossiers;
mod error;
mod file;
#[cfg(feature = "dvza")]
mod flows;
#[cfg(feature = "dvza")]
mod grants;
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
#[cfg(feature = "dvza")]
mod purge;
mod reader;
#[cfg(feature = "dvp")]
mod register;
#[cfg(feature = "dvza")]
mod registration;
mod row;
#[cfg(feature = "dvza")]
mod store;
#[cfg(feature = "dvza")]
mod tokens;
mod upkeep;
#[cfg(feature = "dvp")]
mod vault;
mod writer;

#[cfg(feature = "dvza")]
pub use self::store::SqliteStore;
#[cfg(feature = "dvp")]
pub use self::vault::SqliteVault;
pub use self::{error::OpenError, options::SqliteOptions};
