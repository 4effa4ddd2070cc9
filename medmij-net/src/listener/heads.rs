// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lines of a request's head end with CR and LF (RFC 9112 section 2.2)
//!
//! The HTTP library takes a bare LF as the end of a line, as it may. A proxy in front that does not would see another
//! request than we do. So the bytes are watched on their way in: a bare LF in a head becomes a NUL, which no head
//! may hold, and the library answers 400. To know what is a head, the ends of bodies are followed.

/// Where in the conversation the next byte stands.
#[derive(Default)]
pub(super) struct Heads {
    state: State,
    /// The line so far, as much of it as matters.
    line: Vec<u8>,
    /// The last byte of the line so far, however long it is.
    last: Option<u8>,
    length: Option<u64>,
    chunked: Option<bool>,
    started: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    #[default]
    Head,
    Body(u64),
    ChunkSize,
    ChunkData(u64),
    Trailers,
    /// Not to be followed any more: the library ends the connection, or nothing was understood.
    Lost,
}

impl Heads {
    /// Looks at bytes that came in, and spoils a bare LF.
    pub(super) fn look(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..)
            && !rest.is_empty()
        {
            at += match &mut self.state {
                State::Lost => return,
                State::Body(left) | State::ChunkData(left) => {
                    let step = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= step as u64;
                    if *left == 0 {
                        self.state = match self.state {
                            State::ChunkData(_) => State::ChunkSize,
                            _ => State::Head,
                        };
                    }
                    step
                }
                State::Head | State::ChunkSize | State::Trailers => self.take_line(rest),
            };
        }
    }

    /// Takes bytes up to the end of the line, or all.
    fn take_line(&mut self, bytes: &mut [u8]) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let room = LINE.saturating_sub(self.line.len());
        self.line.extend(part.iter().take(room));
        self.last = part.last().copied().or(self.last);
        let Some(end) = end else {
            return bytes.len();
        };
        if self.last.take() != Some(b'\r') {
            if let Some(byte) = bytes.get_mut(end) {
                *byte = 0;
            }
            self.state = State::Lost;
            return end + 1;
        }
        let mut line = std::mem::take(&mut self.line);
        self.end_line(line.strip_suffix(b"\r").unwrap_or(&line));
        line.clear();
        self.line = line;
        end + 1
    }

    fn end_line(&mut self, line: &[u8]) {
        match self.state {
            State::Head if line.is_empty() && !self.started => {}
            State::Head if line.is_empty() => {
                self.state = match (self.chunked.take(), self.length.take()) {
                    (Some(true), _) => State::ChunkSize,
                    (Some(false), _) => State::Lost,
                    (None, Some(0) | None) => State::Head,
                    (None, Some(length)) => State::Body(length),
                };
                self.started = false;
            }
            State::Head => {
                self.started = true;
                self.header(line);
            }
            State::ChunkSize => {
                let digits = line.split(|byte| !byte.is_ascii_hexdigit()).next().unwrap_or_default();
                let size = std::str::from_utf8(digits)
                    .ok()
                    .and_then(|text| u64::from_str_radix(text, 16).ok());
                self.state = match size {
                    Some(0) => State::Trailers,
                    // with the end of line behind it
                    Some(size) => size.checked_add(2).map_or(State::Lost, State::ChunkData),
                    None => State::Lost,
                };
            }
            State::Trailers if line.is_empty() => self.state = State::Head,
            _ => {}
        }
    }

    fn header(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            match length {
                Some(length) => self.length = Some(length),
                None => self.chunked = Some(false),
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            self.chunked = Some(line.len() < LINE && last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        }
    }
}

/// As much of a line as the two headers need that tell the length of a body.
const LINE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    /// What the library gets to see, when the bytes come in pieces of `step`.
    fn seen(text: &[u8], step: usize) -> Vec<u8> {
        let mut heads = Heads::default();
        let mut bytes = text.to_vec();
        for piece in bytes.chunks_mut(step) {
            heads.look(piece);
        }
        bytes
    }

    #[test]
    fn rfc_9112_a_bare_lf_in_a_head_is_spoilt_wherever_the_bytes_are_cut() {
        let long = format!("GET / HTTP/1.1\r\nx: {}\r\nhost: a\n\r\n", "y".repeat(400));
        let long_bare = format!("GET / HTTP/1.1\r\nx: {}\nhost: a\r\n\r\n", "y".repeat(400));
        for text in [
            "GET / HTTP/1.1\nhost: a\n\n",
            "GET / HTTP/1.1\r\nhost: a\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\n\n",
            "\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\na\nbGET / HTTP/1.1\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\na\nb\r\n0\r\nx: y\r\n\r\nGET / HTTP/1.1\n",
            "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\nhost: a\r\n\r\n",
            &long,
            &long_bare,
        ] {
            for step in 1..text.len() {
                let bare: Vec<_> = seen(text.as_bytes(), step);
                assert_eq!(bare.iter().filter(|byte| **byte == 0).count(), 1, "{text:?} in {step}");
            }
        }
    }

    #[test]
    fn rfc_9112_a_body_is_never_touched() {
        let long = format!(
            "GET / HTTP/1.1\r\nx: {}\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "\r".repeat(400)
        );
        for text in [
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\na\n\nbPOST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\n\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n4\r\na\n\nb\r\nA\r\n\n\n\n\n\n\n\n\n\n\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n\n\n\n",
            "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n\n\n\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\n\n\n",
            &long,
        ] {
            for step in 1..text.len() {
                assert_eq!(seen(text.as_bytes(), step), text.as_bytes(), "{text:?} in {step}");
            }
        }
    }
}
