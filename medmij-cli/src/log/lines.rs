// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — a log file line by line, however large it is: a JSON object a line, or a delivered batch, which is one
//! array. One line is held at a time, and no longer one than [`MAX_LINE`].

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use medmij_log::LineError;

use crate::{cli_error::CliError, input::stdin_once};

/// A line of the interface has some 500 bytes.
const MAX_LINE: usize = 1 << 20;

/// What compressed files and other encodings begin with.
const NO_TEXT: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "is compressed (gzip)"),
    (b"BZh", "is compressed (bzip2)"),
    (b"\xfd7zXZ\0", "is compressed (xz)"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd)"),
    (b"PK\x03\x04", "is compressed (zip)"),
    (b"\xff\xfe", "is UTF-16"),
    (b"\xfe\xff", "is UTF-16"),
];

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line, or why it could not be read.
pub(super) type Line = Result<String, LineError>;

/// The lines of a file, numbered from 1; of a batch, its elements.
pub(super) struct Lines {
    pub(super) name: String,
    from: Box<dyn BufRead>,
    number: usize,
    batch: bool,
    /// Within the array of a batch.
    within: bool,
    /// Behind a comma of it, where an element must follow.
    behind_comma: bool,
    ended: bool,
}

impl Lines {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
        let name = match path == Path::new("-") {
            true => "(standard input)".to_owned(),
            false => path.display().to_string(),
        };
        let fault = |cause| CliError::Read {
            name: name.clone(),
            cause,
        };
        let from: Box<dyn Read> = match path == Path::new("-") {
            true => {
                stdin_once()?;
                Box::new(io::stdin())
            }
            false => Box::new(File::open(path).map_err(fault)?),
        };
        let mut start = Vec::new();
        let mut from = BufReader::new(from);
        // a pipe gives little at a time
        from.by_ref().take(64).read_to_end(&mut start).map_err(fault)?;
        if let Some((_, what)) = NO_TEXT.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Err(CliError::Usage(format!(
                "{name}: {what}; give the text of it, for instance on standard input (-)"
            )));
        }
        if start.starts_with(BYTE_ORDER_MARK) {
            start.drain(..BYTE_ORDER_MARK.len());
        }
        let mut first = start.iter().filter(|byte| !byte.is_ascii_whitespace());
        // a log of another program can begin with a bracket
        let batch = first.next() == Some(&b'[') && first.next().is_none_or(|next| matches!(next, b'{' | b']'));
        Ok(Self {
            name,
            from: Box::new(io::Cursor::new(start).chain(from)),
            number: 0,
            batch,
            within: false,
            behind_comma: false,
            ended: false,
        })
    }

    /// The next line with its number.
    pub(super) fn next(&mut self) -> Result<Option<(usize, Line)>, CliError> {
        if self.ended {
            return Ok(None);
        }
        let next = if self.batch { self.element() } else { self.line() };
        let next = next.map_err(|cause| CliError::Read {
            name: self.name.clone(),
            cause,
        })?;
        self.ended |= next.is_none() || matches!(next, Some(Err(LineError::Cut)));
        self.number = self.number.saturating_add(1);
        Ok(next.map(|line| (self.number, line)))
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let mut kept = Kept::default();
        let mut any = false;
        loop {
            let part = self.from.fill_buf()?;
            if part.is_empty() {
                return Ok(any.then(|| kept.line()));
            }
            any = true;
            let end = part.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(part.len());
            kept.push(part.get(..length).unwrap_or_default());
            self.from.consume(end.map_or(length, |end| end.saturating_add(1)));
            if end.is_some() {
                return Ok(Some(kept.line()));
            }
        }
    }

    /// The next element of the array. Another array may follow: that of the next batch.
    fn element(&mut self) -> io::Result<Option<Line>> {
        let mut kept = Kept::default();
        let (mut depth, mut text, mut escaped, mut blank) = (0_usize, false, false, true);
        while let Some(byte) = self.byte()? {
            if !self.within {
                match byte {
                    b'[' => self.within = true,
                    byte if byte.is_ascii_whitespace() => {}
                    _ => {
                        self.ended = true;
                        return Ok(Some(Err(LineError::NotJson)));
                    }
                }
                continue;
            }
            match byte {
                _ if text => {
                    text = escaped || byte != b'"';
                    escaped = !escaped && byte == b'\\';
                }
                b'"' => text = true,
                b'{' | b'[' => depth = depth.saturating_add(1),
                b',' | b']' if depth == 0 => {
                    let empty_array = blank && byte == b']' && !self.behind_comma;
                    self.within = byte == b',';
                    self.behind_comma = self.within;
                    match blank {
                        _ if empty_array => continue,
                        true => return Ok(Some(Err(LineError::NotJson))),
                        false => return Ok(Some(kept.line())),
                    }
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            blank &= byte.is_ascii_whitespace();
            kept.push(&[byte]);
        }
        Ok(self.within.then_some(Err(LineError::Cut)))
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.from.fill_buf()?.first().copied();
        if byte.is_some() {
            self.from.consume(1);
        }
        Ok(byte)
    }
}

/// The bytes of a line, up to the longest there may be.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    too_long: bool,
}

impl Kept {
    fn push(&mut self, more: &[u8]) {
        self.too_long |= self.bytes.len().saturating_add(more.len()) > MAX_LINE;
        if self.too_long {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(more);
        }
    }

    fn line(self) -> Line {
        if self.too_long {
            return Err(LineError::TooLong);
        }
        String::from_utf8(self.bytes).map_err(|_| LineError::NotUtf8)
    }
}
