// SPDX-License-Identifier: AGPL-3.0-or-later
//! What happened to a list (security R1, R2, R4), as values for an application and as lines for the log.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use medmij_types::{Tijdstempel, Volgnummer};

use super::{Sha256Sum, StorageError};
use crate::{ListError, ListKind, Rejected, SourceError};

/// What happened to a list. An application alarms on those of which [`needs_attention`](Self::needs_attention) is true.
///
/// ```
/// use medmij_list::supply::SupplyEvent;
///
/// fn watch(event: &SupplyEvent) {
///     if event.needs_attention() {
///         eprintln!("please look: {event:?}");
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SupplyEvent {
    /// A list is in force now.
    Accepted {
        /// The list.
        list: ListKind,
        /// Its number.
        volgnummer: Volgnummer,
        /// The number of the list that was in force before.
        previous: Option<Volgnummer>,
        /// The checksum of its bytes.
        sha256: Sha256Sum,
        /// Where it came from.
        origin: Origin,
    },
    /// A fetch confirmed the list in force, which counts as fresh again.
    Unchanged {
        /// The list.
        list: ListKind,
        /// Its number.
        volgnummer: Volgnummer,
    },
    /// A fetch brought nothing that could be taken; the list in force stays.
    Refused {
        /// The list.
        list: ListKind,
        /// Why.
        refusal: SupplyError,
    },
    /// The list is older than the 900 seconds of core.alst.201, core.ocl.201, core.gnl.201, core.whl.302.
    Stale {
        /// The list.
        list: ListKind,
        /// Since the last fetch that confirmed it; without any list, since the supply began.
        age: Duration,
    },
    /// The list is so old that a person should look (30 minutes by default).
    Alarm {
        /// The list.
        list: ListKind,
        /// As in [`Stale`](Self::Stale).
        age: Duration,
    },
    /// The list is past the hard limit (9 hours by default). A Whitelist refuses everything but the Stelselnode, a
    /// Zorgaanbiederslijst or OAuth Client List every new flow; a Gegevensdienstnamenlijst goes on being used.
    Expired {
        /// The list.
        list: ListKind,
        /// As in [`Stale`](Self::Stale).
        age: Duration,
    },
    /// The source offers a list whose Tijdstempel is older than [`RefreshPolicy::old_stamp`](crate::RefreshPolicy)
    /// (30 days by default). The list is used all the same: the event is for somebody who can find out whether the source
    /// still publishes (security L9, freeze). It is reported once for each Tijdstempel.
    OldStamp {
        /// The list.
        list: ListKind,
        /// The stamp.
        tijdstempel: Tijdstempel,
        /// Its age by the wall clock.
        age: Duration,
    },
    /// A list was taken whose header is implausible; it is in force all the same, because the framework gives no rule to
    /// refuse it by.
    Implausible {
        /// The list.
        list: ListKind,
        /// Its number.
        volgnummer: Volgnummer,
        /// What is implausible.
        oddity: HeaderOddity,
    },
    /// A document is larger than half of what is read: soon a list will be refused for its size. Reported once, until one is
    /// smaller again.
    Large {
        /// The list.
        list: ListKind,
        /// Its size in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// At the start the kept state is older than the journal: somebody put back an older set of files. The number of the
    /// journal counts.
    StateRolledBack {
        /// The list.
        list: ListKind,
        /// The number in the kept state.
        kept: Option<Volgnummer>,
        /// The highest number in the journal.
        journal: Volgnummer,
    },
    /// Something could not be kept for the next start: disk full, read-only. The list is in force all the same.
    StorageFailed {
        /// The list.
        list: ListKind,
        /// What was tried.
        step: StorageStep,
        /// Why it failed.
        error: Arc<StorageError>,
    },
    /// A kept copy was found at the start and is not used.
    CopyNotUsed {
        /// The list.
        list: ListKind,
        /// Why.
        fault: CopyFault,
    },
    /// An operator lowered the rollback memory: a list with a lower number will be taken.
    MemoryLowered {
        /// The list.
        list: ListKind,
        /// The previous lowest number.
        from: Option<Volgnummer>,
        /// The lowest number that is taken now.
        to: Option<Volgnummer>,
    },
    /// The listener was too slow: this many events were dropped. The log has them.
    Missed {
        /// How many.
        events: u64,
    },
}

/// What is implausible in the header of a list that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderOddity {
    /// The Volgnummer is more than [`RefreshPolicy::volgnummer_leap`](crate::RefreshPolicy) above its predecessor.
    Leap {
        /// The previous number.
        from: Volgnummer,
        /// The new one.
        to: Volgnummer,
    },
    /// The Tijdstempel is further ahead of our clock than [`RefreshPolicy::stamp_ahead`](crate::RefreshPolicy).
    FutureTijdstempel {
        /// The stamp.
        tijdstempel: Tijdstempel,
        /// How far it is ahead.
        ahead: Duration,
    },
    /// The Tijdstempel is before that of the previous list.
    EarlierTijdstempel {
        /// The stamp.
        tijdstempel: Tijdstempel,
        /// That of the previous list.
        previous: Tijdstempel,
    },
}

impl fmt::Display for HeaderOddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leap { from, to } => write!(f, "the Volgnummer leaps from {from} to {to}"),
            Self::FutureTijdstempel { tijdstempel, ahead } => {
                write!(
                    f,
                    "the Tijdstempel {tijdstempel} is {} seconds ahead of the clock",
                    ahead.as_secs()
                )
            }
            Self::EarlierTijdstempel { tijdstempel, previous } => {
                write!(
                    f,
                    "the Tijdstempel {tijdstempel} is before the previous one, {previous}"
                )
            }
        }
    }
}

/// Where an accepted list came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Fetched from the source.
    Fetched,
    /// Kept from a run before.
    StoredList,
}

/// Why a fetch brought nothing that could be taken.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SupplyError {
    /// It did not come.
    #[error("the list could not be fetched")]
    Source(#[source] Arc<SourceError>),
    /// It is no valid list (core.alst.202, core.ocl.202, core.gnl.202, core.whl.304).
    #[error("the list is not valid")]
    Invalid(#[source] ListError),
    /// It must not take the place of the list that is there.
    #[error(transparent)]
    Rejected(Rejected),
    /// The supply has stopped.
    #[error("the supply of the list has stopped")]
    Stopped,
}

/// Why a kept copy is not used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyFault {
    /// It is damaged: half, changed or unreadable.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The reader refuses it.
    #[error("not valid: {0}")]
    Invalid(ListError),
    /// It is older than the rollback memory, or else not to be taken.
    #[error(transparent)]
    Rejected(Rejected),
}

/// What was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageStep {
    /// Reading what a run before left.
    Load,
    /// Storing the copy.
    Copy,
    /// Adding to the journal.
    Journal,
    /// Raising or reading the rollback memory.
    Memory,
    /// Noting that the copy was confirmed.
    Confirmation,
}

impl fmt::Display for StorageStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "load",
            Self::Copy => "copy",
            Self::Journal => "journal",
            Self::Memory => "memory",
            Self::Confirmation => "confirmation",
        })
    }
}

impl SupplyEvent {
    /// The list that it is about; `None` for [`Missed`](Self::Missed).
    #[must_use]
    pub const fn list(&self) -> Option<ListKind> {
        match self {
            Self::Accepted { list, .. }
            | Self::Unchanged { list, .. }
            | Self::Refused { list, .. }
            | Self::Stale { list, .. }
            | Self::Alarm { list, .. }
            | Self::Expired { list, .. }
            | Self::OldStamp { list, .. }
            | Self::Implausible { list, .. }
            | Self::Large { list, .. }
            | Self::StateRolledBack { list, .. }
            | Self::StorageFailed { list, .. }
            | Self::CopyNotUsed { list, .. }
            | Self::MemoryLowered { list, .. } => Some(*list),
            Self::Missed { .. } => None,
        }
    }

    /// Whether a person should look: the list is late, an older or other list was offered under the number of a newer one,
    /// a header is implausible, the kept state was put back, or nothing can be kept for the next start.
    #[must_use]
    pub const fn needs_attention(&self) -> bool {
        match self {
            Self::Alarm { .. }
            | Self::Expired { .. }
            | Self::StorageFailed { .. }
            | Self::Implausible { .. }
            | Self::StateRolledBack { .. } => true,
            Self::Refused { refusal, .. } => matches!(
                refusal,
                SupplyError::Rejected(Rejected::LowerVolgnummer { .. } | Rejected::OtherContent { .. })
            ),
            Self::CopyNotUsed { fault, .. } => matches!(fault, CopyFault::Rejected(_)),
            _ => false,
        }
    }

    /// Writes the event as one line with `tracing`, at the level that it deserves.
    pub(crate) fn log(&self) {
        match self {
            Self::Accepted {
                list,
                volgnummer,
                previous,
                sha256,
                origin,
            } => {
                let previous = previous.map(Volgnummer::value);
                tracing::info!(%list, %volgnummer, previous, %sha256, ?origin, "list accepted");
            }
            Self::Unchanged { list, volgnummer } => tracing::debug!(%list, %volgnummer, "list unchanged"),
            Self::Refused { list, refusal } => {
                if self.needs_attention() {
                    tracing::error!(%list, reason = %Chain(refusal), "list refused as a rollback, the old one stays");
                } else {
                    tracing::warn!(%list, reason = %Chain(refusal), "list refused, the old one stays");
                }
            }
            Self::Stale { list, age } => tracing::warn!(%list, seconds = age.as_secs(), "list is stale"),
            Self::Alarm { list, age } => {
                tracing::error!(%list, seconds = age.as_secs(), "list is stale for long, please look");
            }
            Self::Expired { list, age } => {
                tracing::error!(%list, seconds = age.as_secs(), "list is past the hard limit");
            }
            Self::OldStamp { list, tijdstempel, age } => {
                let days = age.as_secs() / 86_400;
                tracing::warn!(%list, tijdstempel = tijdstempel.as_str(), days, "the source offers a list with an old stamp");
            }
            Self::Implausible {
                list,
                volgnummer,
                oddity,
            } => {
                tracing::warn!(%list, %volgnummer, %oddity, "list accepted with an implausible header");
            }
            Self::Large { list, bytes, limit } => {
                tracing::warn!(%list, bytes, limit, "list is larger than half of the limit");
            }
            Self::StateRolledBack { list, kept, journal } => {
                let kept = kept.map(Volgnummer::value);
                tracing::error!(%list, kept, %journal, "kept state of list is older than the journal");
            }
            Self::StorageFailed { list, step, error } => {
                tracing::error!(%list, %step, error = %Chain(&**error), "list cannot be kept for the next start");
            }
            Self::CopyNotUsed { list, fault } => {
                tracing::warn!(%list, reason = %fault, "kept copy of list not used");
            }
            Self::MemoryLowered { list, from, to } => {
                let (from, to) = (from.map(Volgnummer::value), to.map(Volgnummer::value));
                tracing::warn!(%list, from, to, "rollback memory lowered by an operator");
            }
            Self::Missed { events } => tracing::warn!(events, "listener missed events"),
        }
    }
}

/// An error with its causes, on one line.
struct Chain<'a>(&'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
