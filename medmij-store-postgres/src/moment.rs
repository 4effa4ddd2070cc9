// SPDX-License-Identifier: AGPL-3.0-or-later
//! Moments of a caller as microseconds since 1970, as they are kept.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::row::micros;

/// A moment that is now: rounded down.
pub(crate) fn now(moment: SystemTime) -> i64 {
    moment.duration_since(UNIX_EPOCH).map_or(0, micros)
}

/// A moment before which nothing may happen: rounded up.
pub(crate) fn not_before(moment: SystemTime) -> i64 {
    let rounded = moment.checked_add(Duration::from_nanos(999));
    now(rounded.unwrap_or(moment))
}

/// Back again.
pub(crate) fn of(micros: i64) -> SystemTime {
    let since = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
