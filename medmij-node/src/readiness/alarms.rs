// SPDX-License-Identifier: AGPL-3.0-or-later
//! From where on something is found: figures of ours, which an operator may change

use std::time::Duration;

/// From where on what probes see is a finding.
///
/// ```
/// use medmij_node::Alarms;
///
/// let alarms = Alarms::default();
/// assert!(alarms.certificate_alarm < alarms.certificate_warning);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alarms {
    /// A certificate that ends within this time makes a Node not ready. A day.
    pub certificate_not_ready: Duration,
    /// Within this time it is an alarm. 7 days.
    pub certificate_alarm: Duration,
    /// Within this time it is a warning. 30 days.
    pub certificate_warning: Duration,
    /// A revocation list that ends within this time is an alarm. An hour.
    pub crl_alarm: Duration,
    /// With less room than this (bytes) in the folder of the lists a Node is not ready. 64 MiB.
    pub room_not_ready: u64,
    /// With less than this it is an alarm. 1 GiB.
    pub room_alarm: u64,
    /// A wall clock that jumped by more than this is an alarm. A minute.
    pub clock_alarm: Duration,
    /// A line of the chain log that waits longer than this for its delivery is an alarm. An hour.
    pub spool_alarm: Duration,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            certificate_not_ready: DAY,
            certificate_alarm: 7 * DAY,
            certificate_warning: 30 * DAY,
            crl_alarm: Duration::from_secs(3600),
            room_not_ready: 64 << 20,
            room_alarm: 1 << 30,
            clock_alarm: Duration::from_secs(60),
            spool_alarm: Duration::from_secs(3600),
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);
