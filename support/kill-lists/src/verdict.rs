// SPDX-License-Identifier: AGPL-3.0-or-later
//! What all the kills together say (security R3).

use std::{fmt, time::Duration};

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) kills: u32,
    pub(crate) between_open_and_rename: u32,
    pub(crate) in_other_files: u32,
    pub(crate) lists: u64,
    pub(crate) unreadable: u32,
    pub(crate) rollbacks: u32,
    pub(crate) mixes: u32,
    pub(crate) slowest_start: Duration,
}

impl Verdict {
    /// Whether a fifth of the kills that were asked for fell between opening a copy and renaming it.
    pub(crate) fn hit_enough(&self, asked: u32) -> bool {
        self.between_open_and_rename.saturating_mul(5) >= asked
    }

    /// Whether the promise of R3 holds, and enough of the kills that were asked for fell where it matters.
    pub(crate) fn is_good(&self, asked: u32) -> bool {
        let faults = self.unreadable + self.rollbacks + self.mixes;
        faults == 0 && self.hit_enough(asked) && self.slowest_start < Duration::from_secs(1)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "lists put in force              {}", self.lists)?;
        writeln!(f, "kills                           {}", self.kills)?;
        writeln!(f, "  between open and rename       {}", self.between_open_and_rename)?;
        writeln!(f, "  while replacing another file  {}", self.in_other_files)?;
        writeln!(f, "unreadable copies               {}", self.unreadable)?;
        writeln!(f, "rollbacks                       {}", self.rollbacks)?;
        writeln!(f, "mixes                           {}", self.mixes)?;
        write!(
            f,
            "slowest start                   {} ms",
            self.slowest_start.as_millis()
        )
    }
}
