// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.100, core.whl.304 — the list itself: one host name per MedMijNode.

use std::sync::Arc;

use medmij_list::{
    BuiltInDialects, Collector, Dialect, DialectError, Document, Header, KeyIndex, List, ListKind, ListWriter,
    ValueRange,
};
use medmij_types::{Hostname, ValueError};

/// The Whitelist. All hosts on it may take part in back-channel traffic; the Stelselnode need not be on it
/// (core.whl.303). Two lists are equal if their headers and their entries, in order, are.
#[derive(Debug)]
pub struct Whitelist {
    document: Document,
    nodes: Vec<ValueRange>,
    index: KeyIndex,
}

impl Whitelist {
    /// Whether the host is listed, exactly (core.whl.306). No suffixes, no wildcards.
    #[must_use]
    pub fn contains(&self, hostname: &Hostname) -> bool {
        let node = |at: u32| self.document.text(*self.nodes.get(at as usize)?);
        self.index.find(hostname.as_str(), node).is_some()
    }

    /// The nodes, in the order of the document.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = MedMijNode<'_>> {
        self.nodes.iter().map(|hostname| MedMijNode {
            hostname: self.document.text(*hostname).unwrap_or_default(),
        })
    }

    /// Tijdstempel and Volgnummer.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.document.header()
    }

    /// The list as the framework publishes it, with the entries as they were read.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write(self.header(), self.nodes().map(MedMijNode::as_str))
    }
}

pub(crate) fn write<'a>(header: &Header, hosts: impl Iterator<Item = &'a str>) -> String {
    let mut writer = ListWriter::new("Whitelist", "xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/");
    writer.header(header);
    writer.open("MedMijNodes");
    for host in hosts {
        writer.open("MedMijNode");
        writer.value("Hostname", host);
        writer.close();
    }
    writer.finish()
}

impl PartialEq for Whitelist {
    fn eq(&self, other: &Self) -> bool {
        self.header() == other.header() && self.nodes().eq(other.nodes())
    }
}

impl Eq for Whitelist {}

/// An entry of the Whitelist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MedMijNode<'a> {
    hostname: &'a str,
}

impl<'a> MedMijNode<'a> {
    /// The host name as it is in the list.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.hostname
    }

    /// The host name for use. The schema lets names pass that cannot be used, as `a-.nl` or `10.0.0.10`; such an entry
    /// matches nothing (core.whl.304).
    ///
    /// # Errors
    ///
    /// [`ValueError`] says why the name cannot be used.
    pub fn hostname(self) -> Result<Hostname, ValueError> {
        Hostname::parse(self.hostname)
    }
}

impl List for Whitelist {
    const KIND: ListKind = ListKind::Whitelist;
    type Collector = WhitelistCollector;

    fn dialects() -> Result<&'static [Arc<Dialect>], &'static DialectError> {
        static DIALECTS: BuiltInDialects = BuiltInDialects::new(&[
            include_str!("../dialects/release2-file-version-13.dialect"),
            include_str!("../dialects/release2-file-version-2.dialect"),
        ]);
        DIALECTS.all()
    }

    fn document(&self) -> &Document {
        &self.document
    }

    fn len(&self) -> usize {
        self.nodes.len()
    }
}

/// Makes a [`Whitelist`] of validated values.
#[derive(Debug, Default)]
pub struct WhitelistCollector {
    nodes: Vec<ValueRange>,
}

/// Places in the table of slots: the host name of shape B, the node that is its own host name of shape A.
const HOSTNAME: usize = 0;
const NODE: usize = 1;

impl Collector for WhitelistCollector {
    type List = Whitelist;
    const SLOTS: &'static [(&'static str, &'static str)] = &[
        ("MedMijNode", "Hostname"),
        ("MedMijNodes", "MedMijNode"),
        ("Whitelist", "MedMijNodes"),
        ("", "Whitelist"),
    ];
    const KEYS: &'static [usize] = &[HOSTNAME, NODE];

    fn open(&mut self, _slot: usize) {}

    fn value(&mut self, slot: usize, value: ValueRange) {
        if matches!(slot, HOSTNAME | NODE) {
            self.nodes.push(value);
        }
    }

    fn close(&mut self, _slot: usize) {}

    fn entry(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn key(&self, entry: u32) -> ValueRange {
        self.nodes.get(entry as usize).copied().unwrap_or_default()
    }

    fn finish(mut self, document: Document, index: KeyIndex) -> Whitelist {
        self.nodes.shrink_to_fit();
        Whitelist {
            document,
            nodes: self.nodes,
            index,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_dialects_are_sound() {
        assert_eq!(Whitelist::dialects().map(<[_]>::len), Ok(2));
    }
}
