// SPDX-License-Identifier: AGPL-3.0-or-later
//! The command line.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use medmij_list::{ListKind, supply::SourceName};
use medmij_types::Volgnummer;

use crate::fhir::FhirCommand;

/// Works with the lists of MedMij: judges them, looks things up, compares them, and keeps them; and shows which values the
/// framework leaves open.
#[derive(Parser)]
#[command(name = "medmij", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes: 0 for yes (accepted, found, listed), 1 for no, 2 when the command is used\n\
wrongly or something cannot be read or written; then standard error says what.\n\
\"-\" reads standard input. Colour is used on a terminal only, and not with NO_COLOR set.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Judge lists by the schema of their release.
    Validate(Validate),
    /// Show the endpoints of a zorgaanbieder.
    Lookup(Lookup),
    /// Show what differs between two lists of one kind.
    Diff(Diff),
    /// Ask a Whitelist.
    #[command(subcommand)]
    Whitelist(WhitelistCommand),
    /// Explain a rule or a warning by its code; without one, list them all.
    #[command(after_help = "Exit codes: 0 explained, 1 there is no such code, 2 trouble.")]
    Explain {
        /// The code, such as schema.pattern or V13.
        #[arg(value_name = "RULE")]
        rule: Option<String>,
    },
    /// Work with XML Schemas.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Look into a folder in which lists are kept, and change it.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Work with FHIR: what a gegevensdienst asks.
    #[command(subcommand)]
    Fhir(FhirCommand),
    /// Show what the framework leaves open, as policy values with their ground.
    #[cfg(feature = "policy")]
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Check log lines, show their chains, measure the Ketennormen.
    #[cfg(feature = "log")]
    #[command(subcommand)]
    Log(crate::log::LogCommand),
    /// Show and check bundles of PKIoverheid certificates.
    #[cfg(feature = "pki")]
    #[command(subcommand)]
    Pki(crate::pki::PkiCommand),
    /// List and confirm which certificates belong to which DVP, at the store of a DVZA.
    #[cfg(feature = "store")]
    #[command(subcommand)]
    Bindings(BindingsCommand),
    /// Count which keys the store of a DVZA needs, and seal its grants anew.
    #[cfg(feature = "store")]
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Show how the wall clock of the store of a DVZA stands to its floor, and accept it.
    #[cfg(feature = "store")]
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the man page.
    Man {
        /// Write a page for each command into this folder instead.
        folder: Option<PathBuf>,
    },
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 all accepted, 1 some refused, 2 wrong usage or a file that cannot be read. A warning\n\
changes none of them.\n\
\n\
Several lists at once: if there is one Whitelist and one Gegevensdienstnamenlijst among them, the\n\
Zorgaanbiederslijsten and OAuth Client Lists are held against these, and warnings say which hosts are\n\
not on the Whitelist (V13) and which gegevensdiensten have no name (V12). Not with --kind or --dialect,\n\
nor if there are two of one of them. A last line counts the files.\n\
\n\
With --json there is one object a line for each file, with file, accepted, kind, release, basis,\n\
volgnummer, tijdstempel, entries, warnings (at most 100; warnings_total counts them all), and for a\n\
refusal error, with line, column, path, rule and message; with --all also errors, a list of such. A\n\
warning has code, message, line, column and path; the last three are null where there is no place. A\n\
file that cannot be read has an object too, with the rule io and without line and column.")]
pub(crate) struct Validate {
    /// Lists, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Which list it has to be; without it, the root element says.
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// Judge by this dialect, made by `medmij schema import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) dialect: Option<PathBuf>,
    /// Accept the Whitelist of release 1.0 too.
    #[arg(long)]
    pub(crate) old_shapes: bool,
    /// Go on after the first error and show more of them: 20, or as many as --all=N says. What only follows from another
    /// error is left out, and after a place that is not well-formed XML there is nothing more to judge.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20")]
    pub(crate) all: Option<NonZeroUsize>,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 found, 1 nothing found, 2 trouble, also with a list that is refused.\n\
With --json there is one object: found, zorgaanbiedernaam, aanbiedertype, interfaceversies; or, if\n\
nothing is found, found (false), wanted and nearest. Errors go to standard error only.")]
pub(crate) struct Lookup {
    /// The Zorgaanbiederslijst, or - for standard input.
    #[arg(value_name = "ZAL")]
    pub(crate) list: PathBuf,
    /// The zorgaanbieder, with or without @medmij; if it is not there, the nearest names are shown.
    #[arg(value_name = "NAAM")]
    pub(crate) naam: String,
    /// Only this gegevensdienst.
    #[arg(long, value_name = "ID")]
    pub(crate) gegevensdienst: Option<String>,
    /// Only this interfaceversie, exactly. A list of release2 has none, and there this leaves nothing out.
    #[arg(long, value_name = "V")]
    pub(crate) interfaceversie: Option<String>,
    /// Judge by this dialect, made by `medmij schema import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) dialect: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 compared, 1 with --exit-code if there is a difference, 2 trouble, also with a list\n\
that is refused.\n\
With --json there is one object: kind, old, new, appeared, disappeared, changed. Errors go to
\
standard error only.")]
pub(crate) struct Diff {
    /// The older list, or - for standard input.
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The newer list, or - for standard input.
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Exit with 1 if an entry differs.
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Judge both by this dialect, made by `medmij schema import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) dialect: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum WhitelistCommand {
    /// Say whether hosts are listed (core.whl.306).
    Check(WhitelistCheck),
}

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 all are listed, 1 some are not, 2 trouble, also with a list that is refused.\n\
With --json there is one object a line for each host, with host, listed, nearest, and reason for what\n\
cannot be a host name. Errors go to standard error only.")]
pub(crate) struct WhitelistCheck {
    /// The Whitelist, or - for standard input.
    #[arg(value_name = "WHITELIST")]
    pub(crate) list: PathBuf,
    /// Host names, exactly as the list would have them: in lower case. For - they are read from standard input, one a
    /// line.
    #[arg(required = true, value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    /// Judge by this dialect, made by `medmij schema import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) dialect: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum SchemaCommand {
    /// Make a dialect of an XML Schema, for --dialect.
    Import(SchemaImport),
}

#[derive(Args)]
#[command(after_help = "Exit codes: 0 made, 1 the schema is outside the supported part of XML Schema, 2 trouble.")]
pub(crate) struct SchemaImport {
    /// The schema (.xsd), or - for standard input.
    #[arg(value_name = "FILE.xsd")]
    pub(crate) schema: PathBuf,
    /// Write the dialect here instead of to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[cfg(feature = "policy")]
#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Show every value with its mark, requirement code and source.
    #[command(after_help = "\
Exit codes: 0 shown, 2 trouble, also with a policy file that is refused.\n\
With --json there is one object a line for each value: versie, naam, waarde, code, bron, merk\n\
(confirmed, inferred, unknown), overruled.")]
    Show {
        /// A policy file (stelsel.toml) over the defaults, or - for standard input; without it, the defaults.
        file: Option<PathBuf>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Show what a policy file changes: against the defaults, or against another one.
    #[command(after_help = "\
Exit codes: 0 compared, 1 with --exit-code if there is a difference, 2 trouble.\n\
With --json there is one object a line for each difference: naam, old, new, the last two as\n\
`medmij policy show --json` has them, or null.")]
    Diff {
        /// The policy file, or - for standard input; with another one, the older of the two.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A newer policy file.
        #[arg(value_name = "NEWER")]
        other: Option<PathBuf>,
        /// Exit with 1 if they differ.
        #[arg(long)]
        exit_code: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// List the values that still rest on inference or on nothing.
    #[command(after_help = "\
Exit codes: 0 the policy can be used, also if values are not confirmed; 1 the policy file is wrong;\n\
2 trouble.\n\
With --json there is one object a line for each of them, as `medmij policy show --json` has them.")]
    Check {
        /// A policy file (stelsel.toml) over the defaults, or - for standard input; without it, the defaults.
        file: Option<PathBuf>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

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
    #[arg(long)]
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

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Zorgaanbiederslijst
    Zal,
    /// OAuth Client List
    Ocl,
    /// Whitelist
    Whitelist,
    /// Gegevensdienstnamenlijst
    Gnl,
    /// Zorgaanbiederskoppellijst
    Zkl,
}

impl From<Kind> for ListKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Zal => Self::Zorgaanbiederslijst,
            Kind::Ocl => Self::OAuthclientlist,
            Kind::Whitelist => Self::Whitelist,
            Kind::Gnl => Self::Gegevensdienstnamenlijst,
            Kind::Zkl => Self::Zorgaanbiederskoppellijst,
        }
    }
}

/// Where the store of a DVZA is.
#[cfg(feature = "store")]
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

#[cfg(feature = "store")]
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
    },
}

#[cfg(feature = "store")]
impl BindingsCommand {
    pub(crate) fn place(&self) -> &StorePlace {
        match self {
            Self::List { place, .. } | Self::Confirm { place, .. } | Self::Forget { place, .. } => place,
        }
    }
}

#[cfg(feature = "store")]
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
        /// The key file: a line for each key, "seal ID KEY" or "index VERSION KEY", a KEY being 32 bytes in base64url. The
        /// highest ID seals, the highest VERSION makes indexes.
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
    },
}

#[cfg(feature = "store")]
impl KeysCommand {
    pub(crate) fn place(&self) -> &StorePlace {
        match self {
            Self::Use { place, .. } | Self::Reseal { place, .. } => place,
        }
    }
}

#[cfg(feature = "store")]
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
    },
}

#[cfg(feature = "store")]
impl ClockCommand {
    pub(crate) fn place(&self) -> &StorePlace {
        match self {
            Self::Show { place } | Self::Accept { place } => place,
        }
    }
}
