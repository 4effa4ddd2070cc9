// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes to which element is where, and to text between elements.

use crate::{
    family::Family,
    rng::Rng,
    tree::{Element, Node},
};

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

pub(super) fn structure(root: &mut Element, family: Family, rng: &mut Rng) {
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
