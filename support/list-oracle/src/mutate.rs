// SPDX-License-Identifier: AGPL-3.0-or-later
//! Mutants: a good list, written in some way, with none, one or a few things changed. A seed gives the same mutant
//! always.

mod attributes;
mod bytes;
mod harmless;
mod rule;
mod structure;
mod value;

use medmij_list::ReadLimits;

use crate::{
    build,
    family::Family,
    lexeme,
    rng::Rng,
    tree::{self, Style},
};

#[derive(Clone, Debug)]
pub struct Mutant {
    pub family: Family,
    pub bytes: Vec<u8>,
    pub limits: ReadLimits,
}

impl Mutant {
    pub fn new(family: Family, document: impl Into<Vec<u8>>) -> Self {
        Self {
            family,
            bytes: document.into(),
            limits: ReadLimits::default(),
        }
    }
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
    let mut faults = 0;
    match rng.below(100) {
        0..26 => {
            for _ in 0..rng.below(4) {
                harmless::harmless(&mut root, family, &style, &mut rng);
            }
        }
        26..47 => {
            structure::structure(&mut root, family, &mut rng);
            if rng.chance(15) {
                structure::structure(&mut root, family, &mut rng);
            }
        }
        47..57 => value::value(&mut root, &mut rng),
        57..65 => value::of_grammar(&mut root, &mut rng),
        65..71 => attributes::attributes(&mut root, family, &style, &mut rng),
        71..80 => {
            if rng.chance(50) {
                harmless::harmless(&mut root, family, &style, &mut rng);
            }
            let text = tree::write(&root, family.namespace(), &style);
            return Mutant::new(family, bytes::bytes(text.into_bytes(), family, &mut rng));
        }
        80..90 => faults = *rng.pick(&[1, 1, 1, 2, 3]),
        _ => return rule::rule(root, family, style, &mut rng),
    }
    if rng.chance(3) {
        style.prefix = Some("xml".to_owned()).filter(|_| rng.chance(10)).or(style.prefix);
    }
    let mut text = tree::write(&root, family.namespace(), &style);
    if rng.chance(35) {
        text = lexeme::rewrite(&text, &mut rng);
    }
    for _ in 0..faults {
        text = lexeme::fault(text, &mut rng);
    }
    Mutant::new(family, text)
}
