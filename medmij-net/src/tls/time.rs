// SPDX-License-Identifier: AGPL-3.0-or-later
//! Certificates are judged by the clock that we were given, not by the machine's

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use medmij_types::Clock;
use rustls::time_provider::TimeProvider;
use rustls_pki_types::UnixTime;

pub(crate) struct ClockTime(pub(crate) Arc<dyn Clock>);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        let since = self.0.now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClockTime")
    }
}
