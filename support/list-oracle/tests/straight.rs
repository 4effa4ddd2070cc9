// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.202, core.ocl.202, core.gnl.202, core.whl.304 — the fast path through a document and the way through the
//! tokenizer give the same: verdict, rule, line, path and message, and the same list. A space in a start tag (`<Name >`)
//! means nothing, and makes the reader take the other way.

use medmij_list::{List, ListError, ReadLimits, ReadOptions, Snapshot};
use medmij_list_oracle::{build, family::Family, mutate::mutant, rng::Rng, tree};
use medmij_zal::Zorgaanbiederslijst;

/// The same document with a space in every start tag that has nothing but a name.
fn spaced(document: &str) -> String {
    let mut out = String::with_capacity(document.len() * 5 / 4);
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        let after = &rest[at + 1..];
        let name = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
        out.push_str(&rest[..at + 1 + name]);
        rest = &after[name..];
        if name > 0 && rest.starts_with('>') {
            out.push(' ');
        }
    }
    out + rest
}

fn summary(error: &ListError) -> (&'static str, u32, String, String) {
    (
        error.rule().code(),
        error.line(),
        error.path().to_owned(),
        error.message().to_owned(),
    )
}

#[test]
fn both_ways_say_the_same_of_a_mutant() {
    let mut compared = [0, 0];
    for seed in 0..12_000 {
        let mutant = mutant(seed);
        let Ok(text) = std::str::from_utf8(&mutant.bytes) else {
            continue;
        };
        // what looks like a tag in CDATA is text
        if mutant.limits != ReadLimits::default() || text.contains("<![CDATA[") {
            continue;
        }
        let straight = mutant.family.read(&mutant.bytes, &mutant.limits, None);
        let other = mutant.family.read(spaced(text).as_bytes(), &mutant.limits, None);
        assert_eq!(
            straight.as_ref().err().map(summary),
            other.as_ref().err().map(summary),
            "seed {seed}\n{text}"
        );
        compared[usize::from(straight.is_ok())] += 1;
    }
    assert!(compared[0] > 500 && compared[1] > 500, "{compared:?}");
}

#[test]
fn both_ways_give_the_same_list() {
    for seed in 0..300 {
        let list = build::list(Family::Zal, &mut Rng::new(seed));
        let text = tree::write(&list, Family::Zal.namespace(), &tree::Style::plain());
        let read =
            |text: String| Snapshot::<Zorgaanbiederslijst>::read(text.into_bytes(), &ReadOptions::default()).unwrap();
        let (other, straight) = (read(spaced(&text)), read(text));
        assert!(straight.list() == other.list(), "seed {seed}");
        for aanbieder in straight.zorgaanbieders() {
            let name = aanbieder.name().unwrap();
            assert_eq!(straight.zorgaanbieder(&name), other.zorgaanbieder(&name));
            assert_eq!(straight.zorgaanbieder(&name), Some(aanbieder));
        }
        assert_eq!(List::len(straight.list()), List::len(other.list()));
    }
}
