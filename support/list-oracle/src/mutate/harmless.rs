// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes that the schema does not see.

use crate::{
    build,
    family::Family,
    rng::Rng,
    tree::{Element, Node, Style},
};

pub(super) fn harmless(root: &mut Element, family: Family, style: &Style, rng: &mut Rng) {
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
