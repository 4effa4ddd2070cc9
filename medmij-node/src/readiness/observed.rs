// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a probe saw, and how bad that is: no IO, no clock

use std::{fmt, time::Duration};

use medmij_list::{Freshness, ListKind};
use medmij_net::OwnFault;

use super::{Alarms, Severity};

/// What a probe saw. Good things are seen too: metrics show them.
///
/// ```
/// use medmij_node::{Alarms, Observed, Severity, StoreState};
///
/// let alarms = Alarms::default();
/// assert_eq!(Observed::Store(StoreState::Good).severity(&alarms), None);
/// let gone = Observed::Store(StoreState::Gone("connection refused".to_owned()));
/// assert_eq!(gone.severity(&alarms), Some(Severity::NotReady));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observed {
    /// A list that is followed.
    List {
        /// Which.
        kind: ListKind,
        /// Whether the Node has no work without it.
        needed: bool,
        /// How good it is by its policy.
        freshness: Freshness,
        /// How long ago a fetch confirmed it; `None` without one.
        age: Option<Duration>,
    },
    /// The files of the credentials: what is wrong with them. What was read before stays in use.
    Files(Option<String>),
    /// Whether a peer with the same roots and revocation lists takes our certificate.
    Identity(Option<OwnFault>),
    /// Whether the certificate holds the host name that is configured.
    Name {
        /// Whether it does.
        held: bool,
    },
    /// How long the certificate lasts.
    Certificate {
        /// From now; zero where it ended.
        left: Duration,
    },
    /// How long a revocation list lasts.
    Crl {
        /// Whose it is.
        issuer: String,
        /// From now; zero where it is stale.
        left: Duration,
        /// Whether certificates are refused without it.
        hard_fail: bool,
    },
    /// The folder in which lists are stored.
    Folder {
        /// Why nothing can be written.
        fault: Option<String>,
        /// How much room there is, in bytes; `None` where nobody knows.
        room: Option<u64>,
    },
    /// How far the wall clock jumped, beside the monotonic one.
    Clock {
        /// Forward or backward.
        apart: Duration,
    },
    /// A store of the application.
    Store(StoreState),
    /// The spool of the chain log.
    Spool {
        /// Lines that wait for delivery.
        waiting: u64,
        /// How long the oldest waits.
        oldest: Duration,
        /// Lines that were lost within a day.
        lost: u64,
        /// Whether it takes no more lines.
        full: bool,
    },
    /// Something that an application reads again while it runs: what is wrong with it. What was read before stays in use.
    Source(Option<String>),
    /// How many files the process has open, and how many it may.
    Descriptors {
        /// Open now.
        open: u64,
        /// The limit (`RLIMIT_NOFILE`).
        limit: u64,
    },
    /// What an application looks at beside these: what is wrong.
    Other(Option<String>),
    /// The probe did not answer in time.
    Silent,
    /// It was added a moment ago, and the first look is still to come.
    NotYet,
}

/// How a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreState {
    /// It answers, and its clock is right.
    Good,
    /// It does not answer, or cannot write.
    Gone(String),
    /// Its wall clock jumped: nothing is purged until it is right again or an operator accepts it.
    ClockJumped,
    /// It is older than the journal of withdrawals and erasures: an old copy was put back.
    OlderThanJournal,
    /// Its journal lacks ends that it knows of: a file or the folder was taken away, or another one is in its place.
    JournalShorter,
}

impl Observed {
    /// How bad it is; `None` where it is good.
    #[must_use]
    pub fn severity(&self, alarms: &Alarms) -> Option<Severity> {
        use Severity::{Alarm, NotReady, Warning};
        match self {
            Self::List { needed, freshness, .. } => match freshness {
                Freshness::Fresh | Freshness::Stale => None,
                Freshness::Alarm => Some(Alarm),
                _ if *needed => Some(NotReady),
                _ => Some(Alarm),
            },
            Self::Identity(fault) => fault.map(|_| NotReady),
            Self::Name { held } => (!held).then_some(NotReady),
            Self::Certificate { left } => match *left {
                left if left < alarms.certificate_not_ready => Some(NotReady),
                left if left < alarms.certificate_alarm => Some(Alarm),
                left if left < alarms.certificate_warning => Some(Warning),
                _ => None,
            },
            Self::Crl { left, hard_fail, .. } => match *left {
                Duration::ZERO if *hard_fail => Some(NotReady),
                left if left < alarms.crl_alarm => Some(Alarm),
                _ => None,
            },
            Self::Folder { fault: Some(_), .. } => Some(NotReady),
            Self::Folder { room: Some(room), .. } => match *room {
                room if room < alarms.room_not_ready => Some(NotReady),
                room if room < alarms.room_alarm => Some(Alarm),
                _ => None,
            },
            Self::Folder { .. } => None,
            Self::Clock { apart } => (*apart > alarms.clock_alarm).then_some(Alarm),
            Self::Store(StoreState::Good) | Self::Files(None) | Self::Source(None) | Self::Other(None) => None,
            // connections are files too
            Self::Descriptors { open, limit } => (*open > limit.saturating_sub(limit / 10)).then_some(Alarm),
            Self::Store(_) | Self::Other(Some(_)) | Self::Silent | Self::NotYet => Some(NotReady),
            Self::Spool { oldest, full, .. } if *full || *oldest > alarms.spool_alarm => Some(Alarm),
            Self::Spool { lost, .. } => (*lost > 0).then_some(Warning),
            Self::Files(Some(_)) | Self::Source(Some(_)) => Some(Alarm),
        }
    }

    /// A stable word for it, for those who watch.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::List { .. } => "list",
            Self::Files(_) => "credential-files",
            Self::Identity(_) => "identity",
            Self::Name { .. } => "host-name",
            Self::Certificate { .. } => "certificate-ends",
            Self::Crl { .. } => "crl-ends",
            Self::Folder { .. } => "folder",
            Self::Clock { .. } => "clock-jumped",
            Self::Store(StoreState::ClockJumped) => "store-clock-jumped",
            Self::Store(StoreState::OlderThanJournal) => "store-older-than-journal",
            Self::Store(StoreState::JournalShorter) => "journal-shorter",
            Self::Store(_) => "store",
            Self::Spool { .. } => "log-spool",
            Self::Source(_) => "source",
            Self::Descriptors { .. } => "descriptors",
            Self::Other(_) => "other",
            Self::Silent => "silent",
            Self::NotYet => "not-yet",
        }
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List { age: None, .. } => f.write_str("there is none"),
            Self::List {
                age: Some(age),
                freshness,
                ..
            } => {
                let old = Span(*age);
                match freshness {
                    Freshness::Fresh | Freshness::Stale => write!(f, "confirmed {old} ago"),
                    Freshness::Alarm => write!(f, "not confirmed for {old}"),
                    _ => write!(f, "too old to be used: not confirmed for {old}"),
                }
            }
            Self::Files(None) | Self::Source(None) => f.write_str("files can be read"),
            Self::Descriptors { open, limit } => write!(f, "{open} of {limit} files are open"),
            Self::Files(Some(what)) | Self::Source(Some(what)) => write!(f, "what was read before stays in use: {what}"),
            Self::Identity(None) => f.write_str("peers take it"),
            Self::Identity(Some(fault)) => fault.fmt(f),
            Self::Name { held: true } => f.write_str("holds the host name"),
            Self::Name { held: false } => f.write_str("does not hold the host name that is configured"),
            Self::Certificate { left: Duration::ZERO } => f.write_str("the certificate has ended"),
            Self::Certificate { left } => write!(f, "the certificate ends in {}", Span(*left)),
            Self::Crl {
                issuer,
                left: Duration::ZERO,
                ..
            } => write!(f, "the revocation list of {issuer} is stale"),
            Self::Crl { issuer, left, .. } => write!(f, "the revocation list of {issuer} ends in {}", Span(*left)),
            Self::Folder { fault: Some(fault), .. } => write!(f, "nothing can be written: {fault}"),
            Self::Folder { room: Some(room), .. } => write!(f, "{} MiB free", room >> 20),
            Self::Folder { .. } => f.write_str("can be written"),
            Self::Clock { apart } if apart.as_secs() == 0 => f.write_str("the wall clock did not jump"),
            Self::Clock { apart } => write!(f, "the wall clock jumped by {}", Span(*apart)),
            Self::Store(StoreState::Good) => f.write_str("answers"),
            Self::Store(StoreState::Gone(what)) => write!(f, "does not answer: {what}"),
            Self::Store(StoreState::ClockJumped) => f.write_str("its clock jumped: nothing is purged"),
            Self::Store(StoreState::OlderThanJournal) => {
                f.write_str("is older than its journal of withdrawals: run `medmij store reconcile`")
            }
            Self::Store(StoreState::JournalShorter) => f.write_str(
                "knows of withdrawals that are not in its journal: put the folder of the journal back, `medmij store reconcile` says what is missing",
            ),
            Self::Spool {
                full: true, waiting, ..
            } => write!(f, "full, with {waiting} lines that wait"),
            Self::Spool {
                waiting, oldest, lost, ..
            } => {
                match waiting {
                    0 => f.write_str("no lines wait")?,
                    1 => write!(f, "one line waits, for {}", Span(*oldest))?,
                    _ => write!(f, "{waiting} lines wait, the oldest for {}", Span(*oldest))?,
                }
                if *lost > 0 {
                    write!(f, "; {lost} were lost within a day")?;
                }
                Ok(())
            }
            Self::Other(None) => f.write_str("good"),
            Self::Other(Some(what)) => f.write_str(what),
            Self::Silent => f.write_str("gives no answer"),
            Self::NotYet => f.write_str("was not looked at yet"),
        }
    }
}

/// A time as people say it: its largest unit.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..=119 => write!(f, "{seconds} s"),
            120..=7199 => write!(f, "{} min", seconds / 60),
            7200..=172_799 => write!(f, "{} h", seconds / 3600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn list(needed: bool, freshness: Freshness) -> Observed {
        let (kind, age) = (ListKind::Whitelist, Some(HOUR));
        Observed::List {
            kind,
            needed,
            freshness,
            age,
        }
    }

    fn crl(left: Duration, hard_fail: bool) -> Observed {
        let issuer = "CN=TSP".to_owned();
        Observed::Crl {
            issuer,
            left,
            hard_fail,
        }
    }

    fn folder(fault: Option<&str>, room: u64) -> Observed {
        let (fault, room) = (fault.map(str::to_owned), Some(room));
        Observed::Folder { fault, room }
    }

    fn spool(oldest: Duration, full: bool) -> Observed {
        Observed::Spool {
            waiting: 3,
            oldest,
            lost: 0,
            full,
        }
    }

    #[test]
    fn core_whl_302_core_tls_314_what_is_seen_is_judged_by_the_figures() {
        use Severity::{Alarm, NotReady, Warning};
        let certificate = |left| Observed::Certificate { left };
        let second = Duration::from_secs(1);
        let alarms = Alarms::default();
        for (observed, expected) in [
            (list(true, Freshness::Fresh), None),
            (list(true, Freshness::Stale), None),
            (list(true, Freshness::Alarm), Some(Alarm)),
            (list(true, Freshness::Expired), Some(NotReady)),
            (list(true, Freshness::Absent), Some(NotReady)),
            (list(false, Freshness::Absent), Some(Alarm)),
            (list(false, Freshness::Expired), Some(Alarm)),
            (Observed::Identity(None), None),
            (Observed::Identity(Some(OwnFault::Revoked)), Some(NotReady)),
            (Observed::Name { held: false }, Some(NotReady)),
            (certificate(Duration::ZERO), Some(NotReady)),
            (certificate(DAY - second), Some(NotReady)),
            (certificate(DAY), Some(Alarm)),
            (certificate(7 * DAY - second), Some(Alarm)),
            (certificate(7 * DAY), Some(Warning)),
            (certificate(30 * DAY - second), Some(Warning)),
            (certificate(30 * DAY), None),
            (crl(Duration::ZERO, true), Some(NotReady)),
            (crl(Duration::ZERO, false), Some(Alarm)),
            (crl(HOUR - second, true), Some(Alarm)),
            (crl(HOUR, true), None),
            (folder(Some("read-only"), u64::MAX), Some(NotReady)),
            (folder(None, (64 << 20) - 1), Some(NotReady)),
            (folder(None, (1 << 30) - 1), Some(Alarm)),
            (folder(None, 1 << 30), None),
            (
                Observed::Clock {
                    apart: Duration::from_secs(61),
                },
                Some(Alarm),
            ),
            (
                Observed::Clock {
                    apart: Duration::from_secs(60),
                },
                None,
            ),
            (Observed::Store(StoreState::Good), None),
            (Observed::Store(StoreState::Gone("x".to_owned())), Some(NotReady)),
            (Observed::Store(StoreState::ClockJumped), Some(NotReady)),
            (Observed::Store(StoreState::OlderThanJournal), Some(NotReady)),
            (Observed::Store(StoreState::JournalShorter), Some(NotReady)),
            (spool(HOUR, false), None),
            (spool(HOUR + second, false), Some(Alarm)),
            (spool(second, true), Some(Alarm)),
            (
                Observed::Spool {
                    waiting: 0,
                    oldest: Duration::ZERO,
                    lost: 1,
                    full: false,
                },
                Some(Warning),
            ),
            (Observed::Files(Some("x".to_owned())), Some(Alarm)),
            (Observed::Source(Some("x".to_owned())), Some(Alarm)),
            (Observed::Source(None), None),
            (Observed::Descriptors { open: 901, limit: 1000 }, Some(Alarm)),
            (Observed::Descriptors { open: 900, limit: 1000 }, None),
            (Observed::Other(Some("x".to_owned())), Some(NotReady)),
            (Observed::Other(None), None),
            (Observed::Silent, Some(NotReady)),
            (Observed::NotYet, Some(NotReady)),
        ] {
            assert_eq!(observed.severity(&alarms), expected, "{observed:?}");
            assert!(!observed.to_string().is_empty() && !observed.code().is_empty());
        }
    }
}
