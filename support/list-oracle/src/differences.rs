// SPDX-License-Identifier: AGPL-3.0-or-later
//! The differences that are known, from `known-differences.txt`: one line each, with its reason.

use medmij_list::ListError;

/// A line of the file.
#[derive(Clone, Debug)]
pub struct Known {
    pub kind: String,
    pub reason: String,
}

pub fn known() -> Vec<Known> {
    let text = include_str!("../known-differences.txt");
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (kind, reason) = line.split_once(" | ").expect("kind | reason");
            Known {
                kind: kind.trim().to_owned(),
                reason: reason.trim().to_owned(),
            }
        })
        .collect()
}

/// What kind of difference this is, if it is one that has a name. `ours` is our refusal; `None` means that we accept what
/// xmllint refuses.
pub fn kind_of(bytes: &[u8], ours: Option<&ListError>) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    let Some(error) = ours else {
        return laxer(&text);
    };
    let at = bytes.get(error.offset()..).unwrap_or_default();
    let code = error.rule().code();
    let message = error.message();
    Some(match code {
        "xml.doctype" if at.starts_with(b"<!DOCTYPE") => "stricter: a document type declaration",
        "xml.encoding" if bytes.starts_with(b"\xff\xfe") => "stricter: UTF-16 with a byte order mark",
        "xml.encoding" if bytes.starts_with(b"<\0") => "stricter: UTF-16 without a byte order mark",
        "xml.declared-encoding" => "stricter: an encoding other than UTF-8 is declared",
        "xml.processing-instruction" if message.contains(':') && message.contains("without a colon") => {
            "stricter: a processing instruction whose target holds a colon"
        }
        "ns.prefix" if message.starts_with("\"xmlns") => "stricter: an element with the prefix xmlns",
        "ns.declaration" if message.contains("prefix xmlns") => "stricter: the prefix xmlns is declared",
        "ns.declaration" if message.contains("prefix xml ") => {
            "stricter: the prefix xml is declared for another namespace"
        }
        "ns.declaration" if message.contains("reserved") && message.starts_with("\"http://www.w3.org/XML") => {
            "stricter: another prefix is declared for the namespace of xml"
        }
        "ns.declaration" if message.contains("reserved") => "stricter: a prefix is declared for the namespace of xmlns",
        "ns.declaration" if message.contains("no namespace") => "stricter: a prefix is declared for no namespace",
        "xml.declaration" if message.starts_with("\"1.\"") => "stricter: version 1. in the XML declaration",
        "xml.character"
            if at.starts_with(b"\0")
                && error.path().is_empty()
                && bytes[..error.offset()].trim_ascii_end().ends_with(b">") =>
        {
            "stricter: NUL after the root element"
        }
        "schema.number-too-large" if !message.contains("year") => "stricter: a number of more than 64 bits",
        "limit.size" => "stricter: a document above the limit of size",
        "limit.depth" => "stricter: elements above the limit of depth",
        "limit.attributes" => "stricter: attributes above the limit",
        "limit.namespaces" => "stricter: namespace declarations above the limit",
        "limit.value" => "stricter: a value above the limit of length",
        _ => return None,
    })
}

fn laxer(text: &str) -> Option<&'static str> {
    if text.contains("xsi:type=' ") {
        return Some("laxer: white space around the value of xsi:type");
    }
    if text.contains("<![CDATA[") {
        return Some("laxer: CDATA of nothing but white space between elements");
    }
    None
}
