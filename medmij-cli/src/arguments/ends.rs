// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij store`: its arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{StorePlace, store::Operator};

#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// End all that a Persoon has at a DVZA: consents, Abonnementen, codes and tokens. After a death, or to erase the Persoon.
    #[command(after_help = "\
Exit codes: 0 ended, also where nothing was there, 2 trouble: do it again.\n\
The BSN comes in on standard input (or from --bsn), so that no list of processes shows it, and is in no output.\n\
For fifteen minutes after it no consent and no Abonnement of the Persoon is written.\n\
With --json there is one object: grants (each client_id and aanbieder), abonnementen, entries.")]
    End(End),
    /// End again, in a store that was put back from a copy, what its journal says has ended since.
    #[command(after_help = "\
Exit codes: 0 nothing is missing any more, 1 the journal lacks ends that the store knows of, 2 trouble: do it again.\n\
Until then nothing of the store is served, where the program was given the same journal.\n\
It repairs a store that is older than its journal. It cannot repair a journal of which a part is gone, or in whose place\n\
another folder was mounted: then put that back.\n\
With --json there is one object: reconciled, lacking (ends that are not in the journal, by file), accepted.")]
    Reconcile(Reconcile),
}

#[derive(Args)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    pub(crate) place: StorePlace,
    #[command(flatten)]
    pub(crate) by: Operator,
    /// The folder of the journal.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal: PathBuf,
    /// What the journal lacks is lost for good: go on without it. What it said has ended in this store stays so; no copy of the
    /// store from before this moment may be put back, for it would revive it.
    #[arg(long)]
    pub(crate) danger_accept_lost_journal: bool,
    /// It is the vault of a DVP, and no store of a DVZA.
    #[arg(long)]
    pub(crate) vault: bool,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct End {
    #[command(flatten)]
    pub(crate) place: StorePlace,
    #[command(flatten)]
    pub(crate) by: Operator,
    #[command(flatten)]
    pub(crate) why: Why,
    /// The key file by which the Persoon is found: a line for each key, "seal ID KEY" or "index VERSION KEY", a KEY being 32
    /// bytes in base64url.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,
    /// The folder of the journal, where the store has one: without it a copy that is put back revives the Persoon.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal: Option<PathBuf>,
    /// The file that holds the BSN, and nothing else.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) bsn: PathBuf,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Why {
    /// The Persoon died. The audit log keeps whose consents these were, for its term.
    #[arg(long)]
    pub(crate) death: bool,
    /// The Persoon is to be erased, from the audit log too: where the law lets it be done before the term of the log is over.
    #[arg(long)]
    pub(crate) erase: bool,
}
