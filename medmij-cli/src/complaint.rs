// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is wrong with a document, shown as a compiler would: the rule, the line, a caret.

use std::fmt::Write as _;

use medmij_list::{ListError, ListKind, Rule};
use medmij_types::is_printable;
use serde::Serialize;

use crate::output::{Output, Paint};

/// Why a document is refused.
#[derive(Debug, Serialize)]
pub(crate) struct Complaint {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) path: String,
    pub(crate) rule: String,
    pub(crate) message: String,
    #[serde(skip)]
    pub(crate) offset: usize,
    #[serde(skip)]
    pub(crate) kind: Option<ListKind>,
}

impl From<ListError> for Complaint {
    fn from(error: ListError) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
            path: error.path().to_owned(),
            rule: error.rule().code().to_owned(),
            message: error.message().to_owned(),
            offset: error.offset(),
            kind: error.kind(),
        }
    }
}

impl Complaint {
    /// Prints it.
    pub(crate) fn show(&self, name: &str, source: &[u8], output: &mut Output) {
        let head = output.paint(Paint::Red, format_args!("error[{}]", self.rule));
        let message = output.paint(Paint::Bold, &self.message);
        output.line(format_args!("{head}: {message}"));
        let place = (self.line, self.column);
        excerpt(name, source, self.offset, place, &self.path, self.help(source), output);
    }

    /// What to do about it.
    fn help(&self, source: &[u8]) -> Option<&'static str> {
        let of_rule = || match Rule::from_code(&self.rule)? {
            Rule::OldShape => Some("publish the shape of the newest file version, or read this one with --old-shapes"),
            Rule::Pattern if self.message.contains("\"http://") => {
                Some("an endpoint is reached over https only: write https://, if that is what it serves")
            }
            rule => rule.help(),
        };
        something_else(source).or_else(of_rule)
    }
}

/// What the file is, where it is no list at all but something that comes in its place.
fn something_else(source: &[u8]) -> Option<&'static str> {
    let text = source
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(source)
        .trim_ascii_start();
    let start = text
        .get(..text.len().min(2000))
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_html = [&b"<!doctype html"[..], b"<html", b"<head", b"<body"]
        .iter()
        .any(|tag| start.starts_with(tag))
        || start.starts_with(b"<?xml") && start.windows(5).any(|tag| tag == b"<html");
    if is_html {
        Some(
            "this is a web page and no list: an error page or a login came in its place; look at the address that it was fetched from",
        )
    } else if start.starts_with(b"{") || start.starts_with(b"[") {
        Some("this is JSON and no list: lists are XML; look at the address that it was fetched from")
    } else {
        None
    }
}

/// Prints the place, the line, and a caret under it.
pub(crate) fn excerpt(
    name: &str,
    source: &[u8],
    offset: usize,
    place: (u32, u32),
    path: &str,
    help: Option<&str>,
    output: &mut Output,
) {
    let (line, column) = place;
    let gutter = line.to_string().len();
    let bar = output.paint(Paint::Blue, "|");
    let arrow = output.paint(Paint::Blue, "-->");
    output.line(format_args!("{:gutter$}{arrow} {name}:{line}:{column}", ""));
    if let Some(Excerpt { text, caret }) = cut(source, offset) {
        let number = output.paint(Paint::Blue, line);
        let mark = output.paint(Paint::Red, "^");
        output.line(format_args!("{:gutter$} {bar}", ""));
        output.line(format_args!("{number} {bar} {text}"));
        output.line(format_args!("{:gutter$} {bar} {:caret$}{mark}", "", ""));
    }
    if !path.is_empty() {
        let equals = output.paint(Paint::Blue, "=");
        output.line(format_args!("{:gutter$} {equals} in {path}", ""));
    }
    if let Some(help) = help {
        let equals = output.paint(Paint::Blue, "=");
        output.line(format_args!("{:gutter$} {equals} help: {help}", ""));
    }
    output.line("");
}

/// One column for each character, whatever it is.
fn shown(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_printable(c) => c,
        _ => '\u{fffd}',
    }
}

struct Excerpt {
    text: String,
    caret: usize,
}

/// The line around a byte, at most 100 characters of it, and where in it the byte is.
fn cut(source: &[u8], offset: usize) -> Option<Excerpt> {
    let offset = offset.min(source.len());
    let (before, after) = source.split_at_checked(offset)?;
    let ends = |b: &u8| matches!(b, b'\n' | b'\r');
    let start = before.iter().rposition(ends).map_or(0, |at| at + 1);
    let before = before.get(start..)?;
    let after = after.get(..after.iter().position(ends).unwrap_or(after.len()))?;
    if before.is_empty() && after.is_empty() {
        return None;
    }
    // No more than this can be shown, however long the line is.
    let before = before.get(before.len().saturating_sub(4 * WIDTH)..)?;
    let after = after.get(..after.len().min(4 * WIDTH))?;
    let before: Vec<char> = String::from_utf8_lossy(before)
        .chars()
        .filter(|c| *c != '\u{feff}')
        .collect();
    let after: Vec<char> = String::from_utf8_lossy(after).chars().collect();

    let left = before.len().min(WIDTH - 40.min(after.len()));
    let mut text = String::new();
    if left < before.len() {
        text.push('…');
    }
    text.extend(before.iter().skip(before.len() - left).copied().map(shown));
    let caret = text.chars().count();
    let right = after.len().min(WIDTH - left);
    text.extend(after.iter().take(right).copied().map(shown));
    if right < after.len() {
        let _ = write!(text, "…");
    }
    Some(Excerpt {
        text: text.trim_end().to_owned(),
        caret,
    })
}

const WIDTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_byte() {
        for (source, offset, text, caret) in [
            ("<a>\n  <b>x</b>\n</a>", 9, "  <b>x</b>", 5),
            ("\u{feff}<a>", 3, "<a>", 0),
            ("<é>\u{202e}x", 7, "<é>\u{fffd}x", 4),
            ("a\tb\r\nc", 2, "a b", 2),
            ("abc", 99, "abc", 3),
        ] {
            let excerpt = cut(source.as_bytes(), offset).unwrap();
            assert_eq!((excerpt.text.as_str(), excerpt.caret), (text, caret), "{source:?}");
        }
        assert!(cut(b"", 0).is_none());
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let source = format!("{}Y{}", "x".repeat(100_000), "z".repeat(100_000));
        let excerpt = cut(source.as_bytes(), 100_000).unwrap();
        assert_eq!(excerpt.text.chars().nth(excerpt.caret), Some('Y'));
        assert!(excerpt.text.starts_with("…x") && excerpt.text.ends_with("z…"));
        assert_eq!(excerpt.text.chars().count(), WIDTH + 2);
    }
}
