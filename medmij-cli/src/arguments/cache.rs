// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lists kept in a folder.

use super::{Kind, said};
use clap::{ArgGroup, Args, Subcommand};
use medmij_list::supply::SourceName;
use medmij_types::Volgnummer;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum CacheCommand {
    /// Show what is kept: numbers, ages, the rollback memory.
    #[command(after_help = "Exit codes: 0 shown, 2 trouble.")]
    Inspect {
        /// The folder.
        folder: PathBuf,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Show which lists were accepted when.
    #[command(after_help = "Exit codes: 0 shown, 2 trouble.")]
    Journal {
        /// The folder.
        folder: PathBuf,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Lower the rollback memory of one list, after a wrong publication. It is written into the journal.
    Lower(CacheLower),
    /// Fetch lists once, judge them, and keep what may be taken.
    Refresh(CacheRefresh),
}

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 lowered, 2 trouble, also if there is no such list or the number is above the memory."
)]
pub(crate) struct CacheLower {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Which list.
    #[arg(long, value_enum)]
    pub(crate) list: Kind,
    /// Where it comes from, as `medmij cache inspect` shows it; may be left out if there is one source only.
    #[arg(long, value_parser = SourceName::parse)]
    pub(crate) source: Option<SourceName>,
    /// The api of the list.
    #[arg(long, default_value_t = 2)]
    pub(crate) api: u16,
    /// The lowest Volgnummer that is accepted from now on.
    #[arg(long, value_name = "VOLGNUMMER", value_parser = Volgnummer::parse, required_unless_present = "forget")]
    pub(crate) to: Option<Volgnummer>,
    /// Accept any Volgnummer the next time.
    #[arg(long, conflicts_with = "to")]
    pub(crate) forget: bool,
    /// Why, and by whom.
    #[arg(long, value_parser = said)]
    pub(crate) reason: String,
}

#[derive(Args)]
#[command(group(ArgGroup::new("where").required(true).args(["from", "stelselnode"])))]
#[command(after_help = "\
Exit codes: 0 all taken or unchanged, 1 some refused, 2 trouble, also a source that is away.\n\
With --json there is one object a line for each list: list, source, api, ok, volgnummer of the list in\n\
force after it, and events, each with event and what.")]
pub(crate) struct CacheRefresh {
    /// The folder in which the lists are kept.
    pub(crate) folder: PathBuf,
    /// Which lists; without it, the four of core.lijsten.300.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) list: Vec<Kind>,
    /// The api to ask for.
    #[arg(long, default_value_t = 2)]
    pub(crate) api: u16,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Take the lists from this folder, under their official file names.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) from: Option<PathBuf>,
    /// What to call that folder: lists of another source have a memory of their own.
    #[arg(long, default_value = "folder", value_parser = SourceName::parse, requires = "from")]
    pub(crate) source: SourceName,
    /// Fetch the lists from this Stelselnode over mutual TLS.
    #[arg(long, value_name = "HOST", requires_all = ["chain", "key", "roots"])]
    pub(crate) stelselnode: Option<String>,
    /// The path before the file names on the Stelselnode.
    #[arg(long, value_name = "PATH", default_value = "")]
    pub(crate) path: String,
    /// The certificate of this node and its intermediates (PEM).
    #[arg(long, value_name = "PEM")]
    pub(crate) chain: Option<PathBuf>,
    /// The private key of this node (PEM).
    #[arg(long, value_name = "PEM")]
    pub(crate) key: Option<PathBuf>,
    /// The roots of the back channel (PEM).
    #[arg(long, value_name = "PEM")]
    pub(crate) roots: Option<PathBuf>,
    /// A certificate revocation list (DER or PEM); may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) crl: Vec<PathBuf>,
    /// Do not ask whether the certificate of the Stelselnode is revoked.
    #[arg(long, conflicts_with = "crl")]
    pub(crate) danger_no_revocation: bool,
    /// A map from .localhost names to loopback addresses, for development.
    #[arg(long, value_name = "FILE")]
    pub(crate) danger_loopback: Option<PathBuf>,
}
