// SPDX-License-Identifier: AGPL-3.0-or-later
//! An operator at the store of a DVZA.

use super::said;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Where the store of a DVZA is.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct StorePlace {
    /// The file of a store in SQLite; it is brought up to date, and not made.
    #[arg(long, value_name = "FILE")]
    pub(crate) sqlite: Option<PathBuf>,
    /// How to connect to a store in PostgreSQL: "host=/run/postgresql user=dvza dbname=dvza". A socket, or this machine.
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) postgres: Option<String>,
}

/// Who changes something at a store.
#[derive(Args)]
pub(crate) struct Operator {
    /// Who does this, for the audit log; the user of the system where it is not given.
    #[arg(long, value_name = "NAME", value_parser = said)]
    operator: Option<String>,
}

impl Operator {
    pub(crate) fn name(&self) -> String {
        let user = || {
            ["LOGNAME", "USER", "USERNAME"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|name| !name.trim().is_empty()))
        };
        let name = self.operator.clone().or_else(user);
        name.unwrap_or_else(|| "unknown".to_owned())
    }
}

#[derive(Subcommand)]
pub(crate) enum BindingsCommand {
    /// List the names of certificates that were seen with a DVP, or confirmed.
    #[command(after_help = "\
Exit codes: 0 listed, 2 trouble.\n\
With --json there is one object a line: client_id, name, confirmed, since (seconds since 1970, or null).")]
    List {
        #[command(flatten)]
        place: StorePlace,
        /// Only those that nobody confirmed yet.
        #[arg(long)]
        unconfirmed: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Confirm that a name belongs to a DVP: from then on every other DVP is refused with it.
    #[command(after_help = "Exit codes: 0 confirmed, 2 trouble.")]
    Confirm {
        /// The DVP, by its client_id.
        #[arg(value_name = "CLIENT_ID")]
        client_id: String,
        /// The name in the certificate.
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        by: Operator,
    },
    /// Forget a name of a DVP.
    #[command(after_help = "Exit codes: 0 forgotten, 1 it was not known, 2 trouble.")]
    Forget {
        /// The DVP, by its client_id.
        #[arg(value_name = "CLIENT_ID")]
        client_id: String,
        /// The name in the certificate.
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        by: Operator,
    },
}

impl BindingsCommand {
    pub(crate) fn place(&self) -> &StorePlace {
        match self {
            Self::List { place, .. } | Self::Confirm { place, .. } | Self::Forget { place, .. } => place,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Count the rows that need each key.
    #[command(after_help = "\
Exit codes: 0 counted, 1 with --keys if rows need a key that the file lacks, 2 trouble.\n\
With --json there is one object a line: key (sealing, index), id, rows.")]
    Use {
        #[command(flatten)]
        place: StorePlace,
        /// The key file that is to be used from now on: a line for each key, "seal ID KEY" or "index VERSION KEY", a KEY
        /// being 32 bytes in base64url. The highest ID seals, the highest VERSION makes indexes.
        #[arg(long, value_name = "FILE")]
        keys: Option<PathBuf>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Bring every grant under the current keys.
    #[command(after_help = "Exit codes: 0 all of them are, 1 some cannot be opened with this key file, 2 trouble.")]
    Reseal {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        by: Operator,
        /// The key file: a line for each key, "seal ID KEY" or "index VERSION KEY", a KEY being 32 bytes in base64url. The
        /// highest ID seals, the highest VERSION makes indexes.
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
    },
}

impl KeysCommand {
    pub(crate) fn place(&self) -> &StorePlace {
        match self {
            Self::Use { place, .. } | Self::Reseal { place, .. } => place,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum ClockCommand {
    /// Show how far the wall clock and the floor are apart.
    #[command(after_help = "Exit codes: 0 all is well, 1 nothing is purged, 2 trouble.")]
    Show {
        #[command(flatten)]
        place: StorePlace,
    },
    /// Accept the wall clock, after a long stop: grants lapse and rows are purged by it from now on.
    #[command(after_help = "Exit codes: 0 accepted, 2 trouble.")]
    Accept {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        by: Operator,
    },
}

impl ClockCommand {
    pub(crate) fn place(&self) -> &StorePlace {
        match self {
            Self::Show { place } | Self::Accept { place, .. } => place,
        }
    }
}
