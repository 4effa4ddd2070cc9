// SPDX-License-Identifier: AGPL-3.0-or-later
//! What all the nights together say.

use std::fmt;

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) nights: u32,
    pub(crate) kills: u32,
    pub(crate) due: u64,
    pub(crate) asked: u64,
    /// Due and not asked: the run that a process had begun when it was killed.
    pub(crate) cut: u64,
    /// Not asked two nights running.
    pub(crate) lost: u64,
    /// Asked again within 24 hours.
    pub(crate) repeated: u64,
    pub(crate) outside: u64,
    /// Asked for fewer Aanbieders than were ordered.
    pub(crate) incomplete: u64,
    pub(crate) orders_gone: u64,
}

impl Verdict {
    /// Whether the promise holds, and every night had its kill.
    pub(crate) fn is_good(&self) -> bool {
        let faults = self.lost + self.repeated + self.outside + self.incomplete + self.orders_gone;
        // a process that is killed has at most one run under way
        faults == 0 && self.kills == self.nights && self.cut <= u64::from(self.kills)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "nights, each with a kill at work  {} {}", self.nights, self.kills)?;
        writeln!(f, "runs due                          {}", self.due)?;
        writeln!(f, "asked                             {}", self.asked)?;
        writeln!(f, "begun and cut by a kill           {}", self.cut)?;
        writeln!(f, "lost                              {}", self.lost)?;
        writeln!(f, "repeated within 24 hours          {}", self.repeated)?;
        writeln!(f, "outside the window                {}", self.outside)?;
        writeln!(f, "incomplete                        {}", self.incomplete)?;
        write!(f, "orders gone                       {}", self.orders_gone)
    }
}
