// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes made for one rule, so that each rule is met often.

use medmij_list::ReadLimits;

use super::Mutant;
use crate::{
    family::Family,
    rng::Rng,
    tree::{self, Element, Node, Style},
};

pub(super) fn rule(mut root: Element, family: Family, mut style: Style, rng: &mut Rng) -> Mutant {
    let mut limits = ReadLimits::default();
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
                "x]]>y",
                "]]]>",
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
