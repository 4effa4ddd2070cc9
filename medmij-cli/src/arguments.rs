// SPDX-License-Identifier: AGPL-3.0-or-later
//! The command line.

#[cfg(feature = "store")]
mod audit;
mod cache;
#[cfg(feature = "store")]
mod ends;
#[cfg(feature = "store")]
mod store;

#[cfg(feature = "store")]
pub(crate) use self::audit::{AuditCommand, Export, Signing};
pub(crate) use self::cache::{CacheCommand, CacheLower, CacheRefresh};
#[cfg(feature = "store")]
pub(crate) use self::ends::{End, Reconcile, StoreCommand};
#[cfg(feature = "store")]
pub(crate) use self::store::{BindingsCommand, ClockCommand, KeysCommand, StorePlace};
use crate::fhir::FhirCommand;
use clap::{Args, Parser, Subcommand, ValueEnum};
use medmij_list::ListKind;
use std::{num::NonZeroUsize, path::PathBuf};

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
    /// Look at everything that a Node needs, and say what stands in the way and what to do about it.
    #[cfg(feature = "doctor")]
    Doctor(crate::doctor::Doctor),
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
    /// Read, prove and destroy the audit log of a DVZA.
    #[cfg(feature = "store")]
    #[command(subcommand)]
    Audit(AuditCommand),
    /// End all that a Persoon has at the store of a DVZA, and reconcile a store that was put back with its journal.
    #[cfg(feature = "store")]
    #[command(subcommand)]
    Store(StoreCommand),
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
    pub(crate) name: String,
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
With --json there is one object a line for each value: version, name, value, code, source, mark\n\
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

/// A text for a journal or an audit log: white space says nothing.
fn said(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it says nothing"),
        text => Ok(text.to_owned()),
    }
}
