// SPDX-License-Identifier: AGPL-3.0-or-later
//! A document that can be changed and written in many ways.

use crate::rng::Rng;

#[derive(Clone, Debug)]
pub enum Node {
    Element(Element),
    /// Text, to be escaped.
    Text(String),
    /// Whatever, as it is.
    Raw(String),
}

#[derive(Clone, Debug)]
pub struct Element {
    pub name: String,
    /// As they are written, without the space before them.
    pub attributes: Vec<String>,
    pub children: Vec<Node>,
    /// Written without the prefix of the style.
    pub unprefixed: bool,
}

impl Element {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
            unprefixed: false,
        }
    }

    pub fn with(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    pub fn value(name: impl AsRef<str>, text: impl AsRef<str>) -> Self {
        let mut element = Self::new(name.as_ref());
        element.children.push(Node::Text(text.as_ref().to_owned()));
        element
    }

    pub fn is_value(&self) -> bool {
        !self.children.iter().any(|child| matches!(child, Node::Element(_)))
            && !self.name.ends_with("en")
            && !self.name.ends_with("Nodes")
            && !self.name.ends_with("clients")
    }

    pub fn text(&self) -> String {
        self.children
            .iter()
            .map(|child| {
                if let Node::Text(text) = child {
                    text.as_str()
                } else {
                    ""
                }
            })
            .collect()
    }

    pub fn set_text(&mut self, text: impl AsRef<str>) {
        self.children = vec![Node::Text(text.as_ref().to_owned())];
    }

    /// The n-th element in document order, counting from itself.
    pub fn nth(&mut self, n: &mut usize) -> Option<&mut Self> {
        if *n == 0 {
            return Some(self);
        }
        *n -= 1;
        for child in &mut self.children {
            if let Node::Element(element) = child
                && let Some(found) = element.nth(n)
            {
                return Some(found);
            }
        }
        None
    }

    pub fn count(&self) -> usize {
        1 + self
            .children
            .iter()
            .map(|child| {
                if let Node::Element(element) = child {
                    element.count()
                } else {
                    0
                }
            })
            .sum::<usize>()
    }

    pub fn any(&mut self, rng: &mut Rng) -> &mut Self {
        let mut n = rng.below(self.count());
        self.nth(&mut n).unwrap()
    }

    /// An element that holds a value, or that holds none.
    pub fn any_where(&mut self, rng: &mut Rng, wanted: impl Fn(&Self) -> bool) -> Option<&mut Self> {
        let total = self.count();
        let from = rng.below(total);
        let found = (0..total).map(|step| (from + step) % total).find(|n| {
            let mut at = *n;
            wanted(self.nth(&mut at).unwrap())
        })?;
        let mut at = found;
        self.nth(&mut at)
    }

    pub fn element_positions(&self) -> Vec<usize> {
        (0..self.children.len())
            .filter(|n| matches!(self.children[*n], Node::Element(_)))
            .collect()
    }
}

/// How a document is written.
#[derive(Clone, Debug)]
pub struct Style {
    pub declaration: String,
    pub prefix: Option<String>,
    pub pretty: bool,
    pub newline: &'static str,
    pub space_in_end_tags: bool,
    pub bom: bool,
    pub after: String,
}

impl Style {
    pub fn plain() -> Self {
        Self {
            declaration: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
            prefix: None,
            pretty: true,
            newline: "\n",
            space_in_end_tags: false,
            bom: false,
            after: "\n".to_owned(),
        }
    }

    pub fn random(rng: &mut Rng) -> Self {
        let declarations = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
            "",
            "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>",
            "<?xml version=\"1.0\"?>\n<!-- File version: 3 -->\n",
            "<!--  een <opmerking> & meer -->",
            "<?xml version = \"1.0\"\tencoding\n=\"Utf-8\"?><?stijl href='x'?>\n",
        ];
        Self {
            declaration: (*rng.pick(&declarations)).to_owned(),
            prefix: rng
                .chance(25)
                .then(|| (*rng.pick(&["zal", "x", "_", "é-1.a"])).to_owned()),
            pretty: rng.chance(60),
            newline: if rng.chance(15) { "\r\n" } else { "\n" },
            space_in_end_tags: rng.chance(8),
            bom: rng.chance(4),
            after: (*rng.pick(&["", "\n", " \t\r\n", "<!-- einde -->\n", "<?na?>"])).to_owned(),
        }
    }
}

pub fn write(root: &Element, namespace: &str, style: &Style) -> String {
    let mut out = String::new();
    if style.bom {
        out.push('\u{feff}');
    }
    out.push_str(&style.declaration);
    let declared = match &style.prefix {
        Some(prefix) => format!("xmlns:{prefix}=\"{namespace}\""),
        None => format!("xmlns=\"{namespace}\""),
    };
    element(root, style, Some(&declared), 0, &mut out);
    out.push_str(&style.after);
    out
}

fn element(of: &Element, style: &Style, declared: Option<&str>, depth: usize, out: &mut String) {
    let prefix = match &style.prefix {
        Some(prefix) if !of.unprefixed => format!("{prefix}:"),
        _ => String::new(),
    };
    out.push('<');
    out.push_str(&prefix);
    out.push_str(&of.name);
    for attribute in declared.into_iter().chain(of.attributes.iter().map(String::as_str)) {
        out.push(' ');
        out.push_str(attribute);
    }
    if of.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    let holds_elements = of.children.iter().any(|child| matches!(child, Node::Element(_)));
    for child in &of.children {
        if style.pretty && holds_elements {
            out.push_str(style.newline);
            out.push_str(&"  ".repeat(depth + 1));
        }
        match child {
            Node::Element(inner) => element(inner, style, None, depth + 1, out),
            Node::Text(text) => escape(text, out),
            Node::Raw(raw) => out.push_str(raw),
        }
    }
    if style.pretty && holds_elements {
        out.push_str(style.newline);
        out.push_str(&"  ".repeat(depth));
    }
    out.push_str("</");
    out.push_str(&prefix);
    out.push_str(&of.name);
    if style.space_in_end_tags {
        out.push(' ');
    }
    out.push('>');
}

pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}
