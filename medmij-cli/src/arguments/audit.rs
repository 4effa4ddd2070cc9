// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij audit`: its arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{StorePlace, said};

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Write the entries of a Persoon or of a period, one JSON object a line. Reading them is an entry too.
    #[command(after_help = "\
Exit codes: 0 written, 2 trouble.\n\
An object has number, at (UTC), kind, actor, actor_id, persoon (a keyed hash, in hexadecimal), aanbieder,\n\
gegevensdiensten, client_id, scope, outcome, trace_id, object, source, grant, texts, chain, position and hash;\n\
what an entry has not is null.")]
    Export(Export),
    /// Sign where the chains are now, and keep that in the store and outside it. A job for once an hour.
    #[command(after_help = "Exit codes: 0 made, 2 trouble.")]
    Checkpoint(Signing),
    /// Read the whole log, and say whether it is what was written.
    #[command(after_help = "Exit codes: 0 it is, 1 it is not: each fault is a line, 2 trouble.")]
    Verify {
        #[command(flatten)]
        place: StorePlace,
        /// The folder outside the database that holds the checkpoints.
        #[arg(long, value_name = "FOLDER")]
        outside: PathBuf,
        /// The public keys that are trusted, one a line, as `medmij audit new-key` prints them.
        #[arg(long, value_name = "FILE")]
        public: PathBuf,
    },
    /// Destroy the entries that are past their term and are in a checkpoint; that is an entry too.
    #[command(after_help = "\
Exit codes: 0 destroyed, or nothing was past its term, 2 trouble.\n\
A consent stays as long as its grant lives, and the term from then on. In PostgreSQL the role of an operator\n\
can do this, and the role that serves cannot: see `medmij audit roles`.")]
    Destroy {
        #[command(flatten)]
        signing: Signing,
        /// How many months entries are kept: 24 to 36.
        #[arg(long, value_name = "MONTHS", default_value_t = 24, value_parser = clap::value_parser!(u16).range(24..=36))]
        months: u16,
        /// Who does this, for the log.
        #[arg(long, value_name = "NAME", value_parser = said)]
        operator: String,
    },
    /// Give a role of PostgreSQL what serving needs, and another what this command needs. As the owner of the schema, after
    /// each migration; the roles have to be there.
    #[command(after_help = "Exit codes: 0 given, 2 trouble.")]
    Roles {
        /// How to connect, as the owner: "host=/run/postgresql user=owner dbname=dvza".
        #[arg(long, value_name = "CONNECTION")]
        postgres: String,
        /// The role that serves: it adds entries, and can neither change nor delete one.
        #[arg(long, value_name = "ROLE")]
        application: String,
        /// The role of an operator: it reads the log and destroys at a checkpoint, and sees no grant or token.
        #[arg(long, value_name = "ROLE")]
        operator: Option<String>,
    },
    /// Make a key that signs checkpoints, in a new file for its owner only; its public half is printed.
    #[command(after_help = "Exit codes: 0 made, 2 trouble.")]
    NewKey {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) place: StorePlace,
    /// Who reads, for the log.
    #[arg(long, value_name = "NAME", value_parser = said)]
    pub(crate) operator: String,
    /// From this day or moment on: 2026-11-30, or 2026-11-30T12:00:00Z. A day begins at midnight UTC.
    #[arg(long, value_name = "WHEN")]
    pub(crate) from: Option<String>,
    /// Before this day or moment.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// Only of the Persoon whose BSN is in this file, or comes on standard input for -.
    #[arg(long, value_name = "FILE", requires = "keys")]
    pub(crate) bsn: Option<PathBuf>,
    /// The key file, for finding a Persoon: see `medmij keys use`.
    #[arg(long, value_name = "FILE", requires = "bsn")]
    pub(crate) keys: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Signing {
    #[command(flatten)]
    pub(crate) place: StorePlace,
    /// The folder outside the database that holds the checkpoints.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) outside: PathBuf,
    /// The key that signs, made by `medmij audit new-key`.
    #[arg(long, value_name = "FILE")]
    pub(crate) signing_key: PathBuf,
}
