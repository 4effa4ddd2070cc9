// SPDX-License-Identifier: AGPL-3.0-or-later
//! A list of whichever kind, found from its root element.

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{Document, List, ListKind, ReadOptions, Rule, Snapshot, all_errors, check_well_formed};
use medmij_ocl::OAuthclientlist;
use medmij_types::Printable;
use medmij_whitelist::Whitelist;
use medmij_zal::{Zorgaanbiederslijst, koppellijst::Zorgaanbiederskoppellijst};

use crate::{cli_error::CliError, complaint::Complaint, input::Input};

/// A list that was accepted.
pub(crate) enum AnyList {
    Zal(Snapshot<Zorgaanbiederslijst>),
    Ocl(Snapshot<OAuthclientlist>),
    Whitelist(Snapshot<Whitelist>),
    Gnl(Snapshot<Gegevensdienstnamenlijst>),
    Zkl(Snapshot<Zorgaanbiederskoppellijst>),
}

impl AnyList {
    /// Reads a document as this kind; without one, as what its root element says.
    pub(crate) fn read(input: &mut Input, kind: Option<ListKind>, options: &ReadOptions) -> Result<Self, Complaint> {
        too_large(input, options)?;
        let of_dialect = options.dialect.as_ref().map(|dialect| dialect.kind());
        let kind = match kind.or(of_dialect) {
            Some(kind) => kind,
            None => kind_of(&input.bytes, options)?,
        };
        let bytes = input.take();
        match kind {
            ListKind::Zorgaanbiederslijst => Snapshot::read(bytes, options).map(Self::Zal),
            ListKind::OAuthclientlist => Snapshot::read(bytes, options).map(Self::Ocl),
            ListKind::Whitelist => Snapshot::read(bytes, options).map(Self::Whitelist),
            ListKind::Gegevensdienstnamenlijst => Snapshot::read(bytes, options).map(Self::Gnl),
            _ => Snapshot::read(bytes, options).map(Self::Zkl),
        }
        .map_err(|error| Complaint {
            kind: Some(kind),
            ..error.into()
        })
    }

    pub(crate) const fn kind(&self) -> ListKind {
        match self {
            Self::Zal(_) => Zorgaanbiederslijst::KIND,
            Self::Ocl(_) => OAuthclientlist::KIND,
            Self::Whitelist(_) => Whitelist::KIND,
            Self::Gnl(_) => Gegevensdienstnamenlijst::KIND,
            Self::Zkl(_) => Zorgaanbiederskoppellijst::KIND,
        }
    }

    pub(crate) fn document(&self) -> &Document {
        match self {
            Self::Zal(list) => list.document(),
            Self::Ocl(list) => list.document(),
            Self::Whitelist(list) => list.document(),
            Self::Gnl(list) => list.document(),
            Self::Zkl(list) => list.document(),
        }
    }

    /// How many top-level entries it has.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Zal(list) => List::len(list.list()),
            Self::Ocl(list) => List::len(list.list()),
            Self::Whitelist(list) => List::len(list.list()),
            Self::Gnl(list) => List::len(list.list()),
            Self::Zkl(list) => List::len(list.list()),
        }
    }
}

/// Reads a list that a command needs: one that is refused is in the way.
pub(crate) fn needed<L: List>(mut input: Input, options: &ReadOptions) -> Result<Snapshot<L>, CliError> {
    let read = too_large(&input, options).and_then(|()| Ok(Snapshot::read(input.take(), options)?));
    read.map_err(|complaint| CliError::Refused {
        name: input.name,
        complaint: Box::new(complaint),
    })
}

/// What is wrong with a document that was refused as this kind, up to so many errors.
pub(crate) fn all_complaints(bytes: &[u8], kind: ListKind, options: &ReadOptions, most: usize) -> Vec<Complaint> {
    let errors = match kind {
        ListKind::Zorgaanbiederslijst => all_errors::<Zorgaanbiederslijst>(bytes, options, most),
        ListKind::OAuthclientlist => all_errors::<OAuthclientlist>(bytes, options, most),
        ListKind::Whitelist => all_errors::<Whitelist>(bytes, options, most),
        ListKind::Gegevensdienstnamenlijst => all_errors::<Gegevensdienstnamenlijst>(bytes, options, most),
        _ => all_errors::<Zorgaanbiederskoppellijst>(bytes, options, most),
    };
    errors.into_iter().map(Complaint::from).collect()
}

/// A file over the limit is refused without reading it.
fn too_large(input: &Input, options: &ReadOptions) -> Result<(), Complaint> {
    let Some(size) = input.too_large else { return Ok(()) };
    let limit = options.limits.size;
    Err(Complaint {
        message: format!("the document has {size} bytes; at most {limit} are read"),
        ..at(&[], 0, Rule::Size)
    })
}

/// The list that the root element says, as far as that can be seen without judging.
pub(crate) fn peek(bytes: &[u8]) -> Option<ListKind> {
    let (_, name) = root(bytes)?;
    ListKind::from_root(name.rsplit(':').next().unwrap_or(name))
}

fn kind_of(bytes: &[u8], options: &ReadOptions) -> Result<ListKind, Complaint> {
    let root = root(bytes);
    if let Some(kind) = peek(bytes) {
        return Ok(kind);
    }
    // What is no XML at all is reported before what is no list.
    check_well_formed(bytes, &options.limits)?;
    let (offset, name) = root.unwrap_or_default();
    let known: Vec<&str> = ListKind::ALL.iter().map(|kind| kind.root()).collect();
    let name = Printable::new(name).max_chars(60);
    Err(Complaint {
        message: format!(
            "the root element is <{name}>, which is no list of MedMij; there are {}",
            known.join(", ")
        ),
        ..at(bytes, offset, Rule::Root)
    })
}

/// The name of the root element and where it begins. Only what can be skipped without judging is skipped; whatever else
/// is there is for the reader to refuse.
fn root(bytes: &[u8]) -> Option<(usize, &str)> {
    let mut rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    loop {
        let blank = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'))?;
        rest = rest.get(blank..)?;
        let (begin, end): (usize, &[u8]) = match rest {
            [b'<', b'?', ..] => (2, b"?>"),
            [b'<', b'!', b'-', b'-', ..] => (4, b"-->"),
            [b'<', b'!' | b'/', ..] => return None,
            [b'<', name @ ..] => {
                let end = name.iter().position(|b| b" \t\r\n/>".contains(b))?;
                let name = std::str::from_utf8(name.get(..end)?)
                    .ok()
                    .filter(|name| !name.is_empty())?;
                return Some((bytes.len() - rest.len(), name));
            }
            _ => return None,
        };
        let at = rest.windows(end.len()).skip(begin).position(|window| window == end)?;
        rest = rest.get(at + begin + end.len()..)?;
    }
}

/// A complaint at this byte.
fn at(bytes: &[u8], offset: usize, rule: Rule) -> Complaint {
    let before = bytes.get(..offset).unwrap_or_default();
    let lines = before.iter().filter(|b| **b == b'\n').count();
    let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(before.get(start..).unwrap_or_default());
    let columns = text.chars().filter(|c| *c != '\u{feff}').count();
    Complaint {
        line: u32::try_from(lines + 1).unwrap_or(u32::MAX),
        column: u32::try_from(columns + 1).unwrap_or(u32::MAX),
        path: String::new(),
        rule: rule.code().to_owned(),
        message: String::new(),
        offset,
        kind: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_past_what_may_stand_before_it() {
        for (document, found) in [
            ("<Whitelist/>", Some((0, "Whitelist"))),
            (
                "\u{feff}<?xml version='1.0'?>\n<!-- <x> --->\n<?p ?><a:b c='d'>",
                Some((42, "a:b")),
            ),
            ("<!---->\n<a>", Some((8, "a"))),
            ("<!--><b>--><a>", Some((11, "a"))),
            ("<!--->--><a>", Some((9, "a"))),
            ("<!DOCTYPE a><a/>", None),
            ("<kapot", None),
            ("geen xml", None),
            ("", None),
            ("<!-- a", None),
            ("< a>", None),
        ] {
            let root = root(document.as_bytes());
            assert_eq!(root.map(|(_, name)| name), found.map(|(_, name)| name), "{document:?}");
            if let (Some((at, _)), Some(_)) = (root, found) {
                assert!(document[at..].starts_with('<'), "{document:?}");
            }
        }
    }
}
