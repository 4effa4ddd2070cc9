// SPDX-License-Identifier: AGPL-3.0-or-later
//! Writing a list as the framework publishes it: UTF-8 with an XML declaration, without a byte order mark, the default
//! namespace, pretty-printed.

use crate::Header;

/// Writes the elements of a list; the list crates use it for their `to_xml`.
///
/// ```
/// use medmij_list::ListWriter;
///
/// let mut writer = ListWriter::new("Lijst", "urn:voorbeeld");
/// writer.open("Namen");
/// writer.value("Naam", "Jansen & Zn <1>");
/// writer.close();
/// assert_eq!(
///     writer.finish(),
///     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Lijst xmlns=\"urn:voorbeeld\">\n    <Namen>\n        \
///      <Naam>Jansen &amp; Zn &lt;1&gt;</Naam>\n    </Namen>\n</Lijst>\n"
/// );
/// ```
#[derive(Debug)]
pub struct ListWriter {
    out: String,
    open: Vec<&'static str>,
}

impl ListWriter {
    /// Begins a document with this root element in this namespace.
    #[must_use]
    pub fn new(root: &'static str, namespace: &str) -> Self {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
        out.push_str(root);
        out.push_str(" xmlns=\"");
        escape(namespace, true, &mut out);
        out.push_str("\">\n");
        Self { out, open: vec![root] }
    }

    /// Writes `Tijdstempel` and `Volgnummer`.
    pub fn header(&mut self, header: &Header) {
        self.value("Tijdstempel", header.tijdstempel().as_str());
        self.value("Volgnummer", &header.volgnummer().to_string());
    }

    /// Begins an element that holds elements.
    pub fn open(&mut self, name: &'static str) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    /// Writes an element with a value.
    pub fn value(&mut self, name: &str, text: &str) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        escape(text, false, &mut self.out);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    /// Ends the element that was begun last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push_str(">\n");
        }
    }

    /// Ends all that is open; the document.
    #[must_use]
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn indent(&mut self) {
        for _ in &self.open {
            self.out.push_str("    ");
        }
    }
}

/// A carriage return would come back as a line feed, so it is written as a reference.
fn escape(text: &str, in_attribute: bool, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '\r', '"', '\t', '\n']) {
        let (before, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let mut characters = special.chars();
        match characters.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('\r') => out.push_str("&#13;"),
            Some('"') if in_attribute => out.push_str("&quot;"),
            Some('\n') if in_attribute => out.push_str("&#10;"),
            Some('\t') if in_attribute => out.push_str("&#9;"),
            Some(other) => out.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}
