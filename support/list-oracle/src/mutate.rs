// SPDX-License-Identifier: AGPL-3.0-or-later
//! Mutants: a good list, written in some way, with none, one or a few things changed. A seed gives the same mutant
//! always.

use medmij_list::Limits;

use crate::{
    build,
    family::Family,
    rng::Rng,
    tree::{self, Element, Node, Style},
};

#[derive(Clone, Debug)]
pub struct Mutant {
    pub family: Family,
    pub bytes: Vec<u8>,
    pub limits: Limits,
}

pub fn mutant(seed: u64) -> Mutant {
    let mut rng = Rng::new(seed);
    let family = Family::ALL[usize::try_from(seed % 6).unwrap()];
    let mut root = build::list(family, &mut rng);
    let mut style = if rng.chance(50) {
        Style::plain()
    } else {
        Style::random(&mut rng)
    };
    let mut limits = Limits::default();
    match rng.below(100) {
        0..30 => {
            for _ in 0..rng.below(4) {
                harmless(&mut root, family, &style, &mut rng);
            }
        }
        30..58 => {
            structure(&mut root, family, &mut rng);
            if rng.chance(15) {
                structure(&mut root, family, &mut rng);
            }
        }
        58..74 => value(&mut root, &mut rng),
        74..80 => attributes(&mut root, family, &style, &mut rng),
        80..90 => {
            if rng.chance(50) {
                harmless(&mut root, family, &style, &mut rng);
            }
            let text = tree::write(&root, family.namespace(), &style);
            return Mutant {
                family,
                bytes: bytes(text.into_bytes(), family, &mut rng),
                limits,
            };
        }
        _ => return rule(root, family, style, &mut rng),
    }
    if rng.chance(3) {
        style.prefix = Some("xml".to_owned()).filter(|_| rng.chance(10)).or(style.prefix);
    }
    limits.size = limits.size.max(1);
    Mutant {
        family,
        bytes: tree::write(&root, family.namespace(), &style).into_bytes(),
        limits,
    }
}

/// Changes that the schema does not see.
fn harmless(root: &mut Element, family: Family, style: &Style, rng: &mut Rng) {
    let pieces = ["<!-- x -->", "<?pi x?>", "<!---->", "<?p?>", "<!-- <a> & ]]> -->"];
    match rng.below(9) {
        0 => {
            let at = root.any(rng);
            let n = rng.below(at.children.len() + 1);
            at.children.insert(n, Node::Raw((*rng.pick(&pieces)).to_owned()));
        }
        1 | 2 => {
            if let Some(of) = root.any_where(rng, |e| e.is_value() && !e.children.is_empty()) {
                let text = of.text();
                let cut = text
                    .char_indices()
                    .map(|(n, _)| n)
                    .nth(rng.below(text.chars().count().max(1)))
                    .unwrap_or(0);
                let (before, after) = text.split_at(cut);
                let middle = match rng.below(3) {
                    0 => Node::Raw((*rng.pick(&pieces)).to_owned()),
                    1 if !after.contains("]]>") => {
                        of.children = vec![Node::Text(before.to_owned()), Node::Raw(format!("<![CDATA[{after}]]>"))];
                        return;
                    }
                    _ => {
                        let c = after.chars().next().unwrap_or('x');
                        let rest = after.get(c.len_utf8()..).unwrap_or("");
                        if after.is_empty() {
                            return;
                        }
                        let code = u32::from(c);
                        let reference = if rng.chance(50) {
                            format!("&#{code};")
                        } else {
                            format!("&#x{code:X};")
                        };
                        of.children = vec![
                            Node::Text(before.to_owned()),
                            Node::Raw(reference),
                            Node::Text(rest.to_owned()),
                        ];
                        return;
                    }
                };
                of.children = vec![Node::Text(before.to_owned()), middle, Node::Text(after.to_owned())];
            }
        }
        3 => {
            let at = root.any(rng);
            at.attributes.push("xmlns:extra='urn:x'".to_owned());
        }
        4 => {
            let of = root.any(rng);
            of.attributes
                .push("xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'".to_owned());
            let hint = rng.text(&[
                "xsi:schemaLocation='urn:a b.xsd'",
                "xsi:schemaLocation='urn:a'",
                "xsi:noNamespaceSchemaLocation=\"x.xsd\"",
            ]);
            of.attributes.push(hint.to_owned());
        }
        5 => {
            let prefix = style.prefix.as_deref().map_or(String::new(), |p| format!("{p}:"));
            let (name, of) = *rng.pick(&[
                ("Volgnummer", "Positiefnummer"),
                ("Tijdstempel", "DatumTijd"),
                ("Hostname", "Hostname"),
                ("Gegevensdienst", "Gegevensdienst"),
            ]);
            let of = if family == Family::OldWhitelist {
                format!("{of}Type")
            } else {
                of.to_owned()
            };
            if let Some(e) = root.any_where(rng, |e| e.name == name) {
                e.attributes
                    .push("xmlns:i='http://www.w3.org/2001/XMLSchema-instance'".to_owned());
                e.attributes.push(format!("i:type='{prefix}{of}'"));
            }
        }
        6 => {
            if let Some(e) = root.any_where(rng, |e| !e.is_value() && e.children.is_empty()) {
                e.children.push(Node::Raw(
                    (rng.text(&["", " ", "\n", "<!--leeg-->", "&#32;", "&#x9;\n"])).to_owned(),
                ));
            }
        }
        7 => {
            if let Some(e) = root.any_where(rng, |e| build::good(&e.name).len() > 1) {
                let name = e.name.clone();
                e.set_text(rng.pick(build::good(&name)));
            }
        }
        _ => {
            let namespace = family.namespace();
            let e = root.any(rng);
            if style.prefix.is_none() {
                e.attributes.push(format!("xmlns:q='{namespace}'"));
            }
        }
    }
}

const NAMES: &[&str] = &[
    "Tijdstempel",
    "Volgnummer",
    "MedMijNodes",
    "MedMijNode",
    "Hostname",
    "OAuthclients",
    "OAuthclient",
    "OAuthclientOrganisatienaam",
    "Gegevensdiensten",
    "Gegevensdienst",
    "GegevensdienstId",
    "Weergavenaam",
    "Zorgaanbieders",
    "Zorgaanbieder",
    "Zorgaanbiedernaam",
    "Systeemrollen",
    "Systeemrol",
    "Systeemrolcode",
    "ResourceEndpoint",
    "ResourceEndpointuri",
    "TokenEndpoint",
    "AuthorizationEndpoint",
    "Onbekend",
    "hostname",
    "Getal",
    "Keuze",
    "Een",
    "Twee",
    "Paar",
    "Links",
    "Rechts",
    "Soort",
    "Whitelist",
];

fn structure(root: &mut Element, family: Family, rng: &mut Rng) {
    match rng.below(12) {
        0 | 1 => {
            if let Some(parent) = root.any_where(rng, |e| !e.element_positions().is_empty()) {
                let n = *rng.pick(&parent.element_positions());
                parent.children.remove(n);
            }
        }
        2 => {
            if let Some(parent) = root.any_where(rng, |e| !e.element_positions().is_empty()) {
                let n = *rng.pick(&parent.element_positions());
                let copy = parent.children[n].clone();
                let to = rng.below(parent.children.len() + 1);
                parent.children.insert(to, copy);
            }
        }
        3 => {
            if let Some(parent) = root.any_where(rng, |e| e.element_positions().len() > 1) {
                let positions = parent.element_positions();
                let (a, b) = (*rng.pick(&positions), *rng.pick(&positions));
                parent.children.swap(a, b);
            }
        }
        4 => {
            let e = root.any(rng);
            (rng.text(NAMES)).clone_into(&mut e.name);
        }
        5 => {
            let e = root.any(rng);
            let n = rng.below(e.children.len() + 1);
            let new = if rng.chance(50) {
                Element::value(rng.pick(NAMES), "x")
            } else {
                Element::new(rng.text(NAMES))
            };
            e.children.insert(n, Node::Element(new));
        }
        6 => {
            let text = rng.text(&[
                "x",
                "\u{a0}",
                "  tekst ",
                "&amp;",
                "<![CDATA[x]]>",
                "<![CDATA[ ]]>",
                "&#32;",
                "&#160;",
                "<![CDATA[]]>",
                "&#10;",
            ]);
            if let Some(e) = root.any_where(rng, |e| !e.is_value()) {
                let n = rng.below(e.children.len() + 1);
                e.children.insert(n, Node::Raw(text.to_owned()));
            }
        }
        7 => {
            let e = root.any(rng);
            e.children.clear();
        }
        8 => {
            // a key that is there already
            let keys = [
                "Hostname",
                "GegevensdienstId",
                "Zorgaanbiedernaam",
                "Systeemrolcode",
                "MedMijNode",
            ];
            let key = *rng.pick(&keys);
            let text = root.any_where(rng, |e| e.name == key && e.is_value()).map(|e| e.text());
            if let (Some(text), Some(other)) = (text, root.any_where(rng, |e| e.name == key && e.is_value())) {
                other.set_text(&text);
            }
        }
        9 => {
            let e = root.any(rng);
            let inner = e.clone();
            e.children = vec![Node::Element(inner)];
        }
        10 => {
            // another entry like one that is there, key and all
            if let Some(parent) = root.any_where(rng, |e| e.element_positions().len() > 1) {
                let n = *rng.pick(&parent.element_positions());
                let copy = parent.children[n].clone();
                parent.children.push(copy);
            }
        }
        _ => {
            let e = root.any(rng);
            e.unprefixed = true;
            if rng.chance(50) {
                let namespace = if rng.chance(30) {
                    family.namespace()
                } else {
                    rng.text(&["", "urn:anders", "http://www.w3.org/2001/XMLSchema"])
                };
                e.attributes.push(format!("xmlns='{namespace}'"));
            }
        }
    }
}

fn value(root: &mut Element, rng: &mut Rng) {
    if let Some(e) = root.any_where(rng, Element::is_value) {
        let name = e.name.clone();
        let pool = if rng.chance(80) {
            build::doubtful(&name)
        } else {
            build::good(&name)
        };
        let mut text = (*rng.pick(pool)).to_owned();
        match rng.below(12) {
            0 => text.push(*rng.pick(&[' ', '\n', '\t', '\u{a0}', 'é', '-', '/', '.', '@'])),
            1 => text.insert(0, *rng.pick(&[' ', '\n', '\t', 'A', '0', '-', '.'])),
            2 => {
                let at = text
                    .char_indices()
                    .map(|(n, _)| n)
                    .nth(rng.below(text.chars().count().max(1)))
                    .unwrap_or(0);
                text.insert(
                    at,
                    *rng.pick(&[
                        'a', 'Z', '9', '-', '.', '/', ':', '?', '#', ' ', '\u{663}', '😀', '@', '>',
                    ]),
                );
            }
            3 if !text.is_empty() => {
                let at = text
                    .char_indices()
                    .map(|(n, _)| n)
                    .nth(rng.below(text.chars().count()))
                    .unwrap_or(0);
                text.remove(at);
            }
            4 => text.push_str(&"a".repeat(rng.below(60))),
            _ => {}
        }
        if rng.chance(5) {
            e.children = vec![Node::Raw(tree_text(&text).replace('\n', "\r\n").replace(' ', "\r"))];
        } else {
            e.set_text(&text);
        }
    }
}

fn tree_text(text: &str) -> String {
    let mut out = String::new();
    tree::escape(text, &mut out);
    out
}

fn attributes(root: &mut Element, family: Family, style: &Style, rng: &mut Rng) {
    let ours = style.prefix.as_deref().map_or(String::new(), |p| format!("{p}:"));
    let e = root.any(rng);
    let name = e.name.clone();
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let options = [
        "id='1'".to_owned(),
        "xml:lang='nl'".to_owned(),
        "xml:space='preserve'".to_owned(),
        format!("{xsi} xsi:nil='true'"),
        format!("{xsi} xsi:nil='false'"),
        format!("{xsi} xsi:type='{ours}{name}'"),
        format!("{xsi} xsi:type='{name}'"),
        format!("{xsi} xsi:type=' {ours}{name}\n'"),
        format!("{xsi} xsi:type='xs:string' xmlns:xs='http://www.w3.org/2001/XMLSchema'"),
        format!("{xsi} xsi:type='p:{name}' xmlns:p='{}'", family.namespace()),
        format!("{xsi} xsi:type='p:{name}'"),
        format!("{xsi} xsi:type=''"),
        format!("{xsi} xsi:other='x'"),
        format!("{xsi} xsi:schemaLocation='' xsi:noNamespaceSchemaLocation='a b'"),
        "a='1' a='2'".to_owned(),
        "p:a='1' q:a='2' xmlns:p='urn:x' xmlns:q='urn:x'".to_owned(),
        "p:a='1'".to_owned(),
        "xmlns:p=''".to_owned(),
        "xmlns:xml='http://www.w3.org/XML/1998/namespace'".to_owned(),
        "xmlns:xml='urn:x'".to_owned(),
        "xmlns:p='http://www.w3.org/XML/1998/namespace'".to_owned(),
        "xmlns:xmlns='urn:x'".to_owned(),
        "xmlns:p='http://www.w3.org/2000/xmlns/'".to_owned(),
        "xmlns:p='urn:x' xmlns:p='urn:y'".to_owned(),
        "a:b:c='1'".to_owned(),
        "a".to_owned(),
        "a=1".to_owned(),
        "a='<'".to_owned(),
        "a='&lt;'".to_owned(),
        "a='&onbekend;'".to_owned(),
        "a='&'".to_owned(),
        "a='&#1;'".to_owned(),
        "a='1'b='2'".to_owned(),
        "1a='x'".to_owned(),
        ":a='x'".to_owned(),
        "a:='x'".to_owned(),
        "a = \"1\"".to_owned(),
        "a='1\"'".to_owned(),
        format!("xmlns:p='{}'", " x y "),
        format!("xmlns:q='{}&#x2F;'", family.namespace().trim_end_matches('/')),
    ];
    let chosen = rng.pick(&options).clone();
    e.attributes.push(chosen);
}

/// Changes to the bytes.
fn bytes(mut bytes: Vec<u8>, family: Family, rng: &mut Rng) -> Vec<u8> {
    let at = rng.below(bytes.len() + 1);
    let splice = |bytes: &mut Vec<u8>, what: &[u8]| drop(bytes.splice(at..at, what.iter().copied()));
    match rng.below(14) {
        0 | 1 => bytes.truncate(at),
        2 => {
            if at < bytes.len() {
                bytes.remove(at);
            }
        }
        3 => {
            let new = *rng.pick(b"<>&'\"/!?-[]= \t\r\n:;#xaA0.\0\x01\x0b\x1f\x7f\x80\xc0\xed\xff");
            if at < bytes.len() {
                bytes[at] = new;
            }
        }
        4 | 5 => {
            let tokens: &[&str] = &[
                "<!--",
                "-->",
                "--",
                "]]>",
                "<![CDATA[",
                "<![CDATA[ ]]>",
                "&",
                "&lt;",
                "&amp;",
                "&#0;",
                "&#65;",
                "&#x41;",
                "&#X41;",
                "&#xD800;",
                "&x;",
                "&#;",
                "<?",
                "?>",
                "<?x?>",
                "<?xml version='1.0'?>",
                "<?XML x?>",
                "<?a:b c?>",
                "<?1?>",
                "<!DOCTYPE a>",
                "<!doctype a>",
                "<!ELEMENT a ANY>",
                "<",
                ">",
                "</",
                "/>",
                "</a>",
                "<a>",
                "<a/>",
                "<a:b/>",
                "\u{fffe}",
                "\u{ffff}",
                "\u{1}",
                "\u{85}",
                "\u{feff}",
                "\u{d7ff}",
                "é",
                "😀",
                " ",
                "\n",
                "\r",
                "x",
                "<a b>",
                "<1/>",
                "<a b='<'/>",
                "<a\u{a0}b='1'/>",
                "<!>",
                "<!->",
                "<!-->",
                "<!--->",
                "<!---->",
                "<![cdata[x]]>",
                "&quot;",
                "&apos;",
                "&gt;",
                "&nbsp;",
                "& ",
                "&;",
                "&a b;",
                "&#xFFFE;",
                "&#x10FFFF;",
                "&#x110000;",
                "&#10;",
                "]]",
                "<Whitelist/>",
            ];
            splice(&mut bytes, rng.pick(tokens).as_bytes());
        }
        6 => {
            let copy = bytes.clone();
            bytes.extend(copy);
        }
        7 => bytes.extend_from_slice(
            rng.text(&[
                "x",
                "<a/>",
                "\0",
                "\0\0\0\0",
                " ",
                "\n\n",
                "<!-- -->",
                "<?x?>",
                "&#32;",
                "<![CDATA[]]>",
                "</a>",
                "\u{feff}",
                "<!-- -- -->",
                "<!DOCTYPE a>",
                "<?xml version='1.0'?>",
                "&amp;",
            ])
            .as_bytes(),
        ),
        8 => {
            let what = rng.text(&[
                "x",
                " ",
                "\n",
                "<!-- -->",
                "<?x?>",
                "\u{feff}",
                "<!DOCTYPE a>",
                "&#32;",
                "<![CDATA[ ]]>",
                "<?xml version='1.0'?>",
                "<?xml version='1.1'?>",
            ]);
            drop(bytes.splice(0..0, what.bytes()));
        }
        9 => {
            let text = String::from_utf8(bytes).unwrap();
            let text = text.replacen(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                rng.text(&[
                    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
                    "<?xml version=\"1.0\" encoding=\"US-ASCII\"?>",
                    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
                    "<?xml version=\"1.0\" encoding=\"utf8\"?>",
                    "<?xml version=\"1.1\"?>",
                    "<?xml version=\"2.0\"?>",
                    "<?xml version=\"1.0\" standalone=\"ja\"?>",
                    "<?xml encoding=\"UTF-8\"?>",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>",
                    "<?xml version=\"1.0\"encoding=\"UTF-8\"?>",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" x=\"y\"?>",
                    "<?xml?>",
                    "<?xml version=\"1.0\" encoding=\"\"?>",
                    "<?xml version=\"1.5\"?>",
                    "<?xml version=\"1.0\" standalone=\"yes\" encoding=\"UTF-8\"?>",
                    "<?xml version=\"1.\"?>",
                    "<?xml version='1.0' encoding='UTF_8'?>",
                ]),
                1,
            );
            return text.into_bytes();
        }
        10 => {
            let text = String::from_utf8(bytes).unwrap();
            let declarations = format!("<!DOCTYPE {} [<!ENTITY a \"b\">]>\n<{}", family.root(), family.root());
            return text
                .replacen(&format!("<{}", family.root()), &declarations, 1)
                .into_bytes();
        }
        11 => {
            // Latin-1 and other bytes that are no UTF-8
            let what: &[u8] = *rng.pick(&[
                &b"\xe9"[..],
                b"\xff\xfe",
                b"\xc0\x80",
                b"\xed\xa0\x80",
                b"\xf4\x90\x80\x80",
                b"\xe2\x82",
                b"\x80",
            ]);
            splice(&mut bytes, what);
        }
        12 => {
            let text = String::from_utf8(bytes).unwrap();
            let units = text.encode_utf16();
            let mut out = if rng.chance(80) { vec![0xff, 0xfe] } else { Vec::new() };
            units.for_each(|unit| out.extend(unit.to_le_bytes()));
            return out;
        }
        _ => {
            let to = (at + rng.below(30)).min(bytes.len());
            if rng.chance(50) {
                bytes.drain(at..to);
            } else {
                let copy = bytes[at..to].to_vec();
                drop(bytes.splice(at..at, copy));
            }
        }
    }
    bytes
}

/// Changes made for one rule, so that each rule is met often.
fn rule(mut root: Element, family: Family, mut style: Style, rng: &mut Rng) -> Mutant {
    let mut limits = Limits::default();
    let mut namespace = family.namespace().to_owned();
    let container = |root: &mut Element, raw: &str| root.children.push(Node::Raw(raw.to_owned()));
    match rng.below(19) {
        17 | 18 if family == Family::Whitelist => {
            let nodes = root.any_where(rng, |e| e.name == "MedMijNodes").unwrap();
            nodes.children = vec![Node::Element(Element::value("MedMijNode", "a.nl"))];
        }
        0 => limits.size = 100,
        1 => {
            limits.depth = 3;
        }
        2 => {
            limits.attributes = 2;
            root.attributes.push("a='1' b='2' c='3'".to_owned());
        }
        3 => {
            limits.namespaces = 2;
            root.attributes.push("xmlns:a='1' xmlns:b='2' xmlns:c='3'".to_owned());
        }
        4 => {
            limits.value = 3;
        }
        5 => {
            root.name = (rng.text(&[
                "Whitelist",
                "Lijst",
                "Zorgaanbiederslijst",
                "OAuthclientlist",
                "whitelist",
            ]))
            .to_owned();
        }
        6 => {
            namespace = (rng.text(&[
                "urn:x",
                "",
                "xmlns://afsprakenstelsel.medmij.nl/whitelist/release3/",
                "http://afsprakenstelsel.medmij.nl/whitelist/1_0/schema/",
            ]))
            .to_owned()
        }
        7 => {
            let raw = rng.text(&[
                "<!onzin>",
                "<!ELEMENT a ANY>",
                "<![INCLUDE[ ]]>",
                "<!-x-->",
                "<![cdata[x]]>",
            ]);
            container(&mut root, raw);
        }
        8 => {
            let raw = rng.text(&["<?xml version='1.0'?>", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]);
            container(&mut root, raw);
        }
        9 => {
            let raw = rng.text(&["<?XML?>", "<?xMl x?>", "<?a:b c?>", "<? x?>", "<?1a?>", "<??>"]);
            container(&mut root, raw);
        }
        10 => {
            let raw = rng.text(&["<a:b:c/>", "<:a/>", "<a:/>", "<a:1/>"]);
            container(&mut root, raw);
        }
        11 => {
            let e = root.any(rng);
            e.attributes.push(
                (rng.text(&[
                    "xmlns:p=''",
                    "xmlns:xmlns='x'",
                    "xmlns:xml='x'",
                    "xmlns:p='http://www.w3.org/2000/xmlns/'",
                ]))
                .to_owned(),
            );
        }
        12 => {
            let text = rng.text(&["18446744073709551616", "99999999999999999999", "18446744073709551999"]);
            if let Some(e) = root.any_where(rng, |e| e.name == "Volgnummer") {
                e.set_text(text);
            }
        }
        13 => {
            if let Some(e) = root.any_where(rng, |e| e.is_value() && !e.children.is_empty()) {
                e.children
                    .push(Node::Element(Element::new(rng.text(&["b", "Hostname"]))));
            }
        }
        14 => {
            if let Some(e) = root.any_where(rng, |e| e.name == "Soort" || e.name == "Twee") {
                e.set_text(rng.text(&["za", "APD", "", "ZA "]));
            }
        }
        15 => {
            let raw = rng.text(&[
                "<1/>",
                "<a b='1' c/>",
                "<a b=1/>",
                "<a\u{d7}/>",
                "<a b='1'c='2'/>",
                "< a/>",
            ]);
            container(&mut root, raw);
        }
        16 => {
            style.declaration =
                (rng.text(&["<?xml version='1.0' encoding='latin1'?>", "", "\n\n", "<!-- -->", " "])).to_owned();
            if style.declaration.len() < 10 {
                let text = style.declaration.clone() + rng.text(&["", "<!-- niets -->", "\n"]);
                return Mutant {
                    family,
                    bytes: text.into_bytes(),
                    limits,
                };
            }
        }
        _ => {
            let raw = rng.text(&[
                "<!-- a -- b -->",
                "<!-- a --->",
                "<!----->",
                "&onbekend;",
                "&a.b;",
                "]]>",
                "&#x;",
                "&#1a;",
            ]);
            let e = root.any(rng);
            e.children.push(Node::Raw(raw.to_owned()));
        }
    }
    Mutant {
        family,
        bytes: tree::write(&root, &namespace, &style).into_bytes(),
        limits,
    }
}
