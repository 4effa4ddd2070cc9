// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes to one value, from pools of good and doubtful ones.

use crate::{
    build, grammar,
    rng::Rng,
    tree::{self, Element, Node},
};

pub(super) fn value(root: &mut Element, rng: &mut Rng) {
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

/// One value made from the grammar of its type.
pub(super) fn of_grammar(root: &mut Element, rng: &mut Rng) {
    if let Some(e) = root.any_where(rng, Element::is_value) {
        let name = e.name.clone();
        let text = if rng.chance(40) {
            grammar::good(&name, rng)
        } else {
            grammar::near(&name, rng)
        };
        if let Some(text) = text {
            e.set_text(text);
        }
    }
}
