// SPDX-License-Identifier: AGPL-3.0-or-later
//! Standard output that outlives its reader, and colour for people only.

use std::{
    env, fmt,
    io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _},
};

use medmij_types::Printable;
use serde::Serialize;

/// Standard output. When nobody reads any more (`medmij … | head`) the rest goes nowhere and the exit code is still that
/// of the work.
pub(crate) struct Output {
    to: BufWriter<StdoutLock<'static>>,
    failed: Option<io::Error>,
    colour: bool,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        let out = io::stdout().lock();
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        // https://no-color.org
        let colour = out.is_terminal() && !set("NO_COLOR") && !dumb;
        Self {
            to: BufWriter::new(out),
            failed: None,
            colour,
        }
    }

    /// One line.
    pub(crate) fn line(&mut self, line: impl fmt::Display) {
        self.write(|to| writeln!(to, "{line}"));
    }

    /// One line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) {
        self.write(|to| {
            let mut line = serde_json::to_string(value)?;
            // Some readers take these for the end of a line.
            for (c, escape) in [("\u{85}", "\\u0085"), ("\u{2028}", "\\u2028"), ("\u{2029}", "\\u2029")] {
                if line.contains(c) {
                    line = line.replace(c, escape);
                }
            }
            line.push('\n');
            to.write_all(line.as_bytes())
        });
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.write(|to| to.write_all(bytes));
    }

    /// Lets what was written so far be seen.
    pub(crate) fn flush(&mut self) {
        self.write(|to| to.flush());
    }

    /// The end.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.flush();
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// A text in a colour, where there is colour.
    pub(crate) fn paint(&self, paint: Paint, text: impl fmt::Display) -> String {
        if self.colour {
            format!("\u{1b}[{}m{text}\u{1b}[0m", paint as u8)
        } else {
            text.to_string()
        }
    }

    fn write(&mut self, write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<()>) {
        if self.failed.is_none()
            && let Err(error) = write(&mut self.to)
        {
            self.failed = Some(error);
        }
    }
}

/// A colour, or bold.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Paint {
    Bold = 1,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
}

/// A number of entries, in words.
pub(crate) fn entries(count: usize) -> String {
    if count == 1 {
        "1 entry".to_owned()
    } else {
        format!("{count} entries")
    }
}

/// Writes a line to standard error and ignores errors.
pub(crate) fn error_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A text from a list or the command line as it can be shown.
pub(crate) fn printable(text: &str) -> String {
    Printable::new(text).to_string()
}
