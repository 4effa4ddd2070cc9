// SPDX-License-Identifier: AGPL-3.0-or-later
//! More than the first error: sound, without errors that only follow from another one; and where things are in a
//! document that was accepted.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of a test"
)]

use std::{fs, path::PathBuf};

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{List, ListError, ReadOptions, Snapshot, all_errors};
use medmij_list_oracle::{case, family::Family, mutate::mutant};
use medmij_ocl::OAuthclientlist;
use medmij_whitelist::Whitelist;
use medmij_zal::{Zorgaanbiederslijst, koppellijst::Zorgaanbiederskoppellijst};

fn of(family: Family, bytes: &[u8], options: &ReadOptions, most: usize) -> Vec<ListError> {
    match family {
        Family::Zal => all_errors::<Zorgaanbiederslijst>(bytes, options, most),
        Family::Ocl => all_errors::<OAuthclientlist>(bytes, options, most),
        Family::Whitelist | Family::OldWhitelist => all_errors::<Whitelist>(bytes, options, most),
        Family::Gnl | Family::Trial => all_errors::<Gegevensdienstnamenlijst>(bytes, options, most),
    }
}

/// Every case has one mistake, so one error is reported for it.
#[test]
fn one_mistake_is_one_error() {
    let mut refused = 0;
    for folder in fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_none_or(|extension| extension != "xml") {
                continue;
            }
            let bytes = fs::read(&file).unwrap();
            let options = case::options(&file);
            let kind = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
            let (all, first) = match kind {
                "zal" => one::<Zorgaanbiederslijst>(bytes, &options),
                "ocl" => one::<OAuthclientlist>(bytes, &options),
                "whitelist" => one::<Whitelist>(bytes, &options),
                "gnl" => one::<Gegevensdienstnamenlijst>(bytes, &options),
                _ => one::<Zorgaanbiederskoppellijst>(bytes, &options),
            };
            let expected: Vec<_> = first.into_iter().collect();
            assert_eq!(all, expected, "{}", file.display());
            refused += expected.len();
        }
    }
    assert!(refused > 50, "{refused}");
}

fn one<L: List>(bytes: Vec<u8>, options: &ReadOptions) -> (Vec<ListError>, Option<ListError>) {
    let all = all_errors::<L>(&bytes, options, 20);
    (all, Snapshot::<L>::read(bytes, options).err())
}

#[test]
fn the_first_of_all_is_the_one_that_reading_gives() {
    let mut more = 0;
    for seed in 0..20_000 {
        let mutant = mutant(seed);
        let Some(dialect) = mutant.family.built_in() else {
            continue;
        };
        let mut options = ReadOptions::default();
        options.dialect = Some(dialect.clone());
        let first = mutant.family.read(&mutant.bytes, &options.limits, Some(&dialect)).err();
        let all = of(mutant.family, &mutant.bytes, &options, 20);
        assert_eq!(all.first(), first.as_ref(), "seed {seed}");
        assert!(all.len() <= 20, "seed {seed}");
        let mut offsets: Vec<_> = all.iter().map(ListError::offset).collect();
        offsets.dedup();
        more += usize::from(all.len() > 1);
    }
    assert!(more > 100, "{more} mutants had more than one error");
}

const HEAD: &str = "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">\n\
                    <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>\n<Volgnummer>1</Volgnummer>\n<MedMijNodes>\n";

fn rules(document: &str, most: usize) -> Vec<String> {
    of(Family::Whitelist, document.as_bytes(), &ReadOptions::default(), most)
        .iter()
        .map(|error| format!("{} {} {}", error.line(), error.rule(), error.path()))
        .collect()
}

#[test]
fn mistakes_that_stand_apart_are_all_told() {
    let node = |host: &str| format!("<MedMijNode><Hostname>{host}</Hostname></MedMijNode>\n");
    let nodes = [
        node("A.nl"),
        node("a.nl"),
        node("b_c.nl"),
        node("a.nl"),
        "<Node/>\n".to_owned(),
        node(""),
    ];
    let document = format!(
        "{HEAD}{}tekst\n<MedMijNode/>\n</MedMijNodes></Whitelist>",
        nodes.concat()
    );
    let at = "/Whitelist/MedMijNodes";
    assert_eq!(
        rules(&document, 20),
        [
            format!("5 schema.pattern {at}/MedMijNode[1]/Hostname"),
            format!("7 schema.pattern {at}/MedMijNode[3]/Hostname"),
            format!("8 schema.unique {at}/MedMijNode[4]/Hostname"),
            format!("9 schema.unexpected-element {at}/Node"),
            format!("10 schema.pattern {at}/MedMijNode[5]/Hostname"),
            format!("11 schema.text {at}"),
            format!("12 schema.missing-element {at}/MedMijNode[6]"),
        ]
    );
    assert_eq!(rules(&document, 2).len(), 2);
    assert_eq!(rules(&document, 1).len(), 1);
    assert_eq!(rules(&document, 0).len(), 1);
}

#[test]
fn what_follows_from_another_mistake_is_not_told() {
    for (document, expected) in [
        // the order of the head: not also that something is missing, or a second time
        (
            "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">\n<Volgnummer>1</Volgnummer>\
             <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><MedMijNodes/></Whitelist>"
                .to_owned(),
            vec!["2 schema.missing-element /Whitelist"],
        ),
        // a misspelt name: not also that the right one is missing
        (
            format!("{HEAD}<MedMijNode><Hostnaam>a.nl</Hostnaam></MedMijNode></MedMijNodes></Whitelist>"),
            vec!["5 schema.unexpected-element /Whitelist/MedMijNodes/MedMijNode[1]/Hostnaam"],
        ),
        // an element in a value: the value itself is not judged
        (
            format!("{HEAD}<MedMijNode><Hostname>A<b>x</b></Hostname></MedMijNode></MedMijNodes></Whitelist>"),
            vec!["5 schema.element-in-value /Whitelist/MedMijNodes/MedMijNode[1]/Hostname"],
        ),
        // a value that is wrong twice is wrong once
        (
            format!(
                "{HEAD}{0}{0}</MedMijNodes></Whitelist>",
                "<MedMijNode><Hostname>A.nl</Hostname></MedMijNode>"
            ),
            vec![
                "5 schema.pattern /Whitelist/MedMijNodes/MedMijNode[1]/Hostname",
                "5 schema.pattern /Whitelist/MedMijNodes/MedMijNode[2]/Hostname",
            ],
        ),
        // text in pieces
        (
            format!("{HEAD}een &amp; ander<!-- --> woord</MedMijNodes></Whitelist>"),
            vec!["5 schema.text /Whitelist/MedMijNodes"],
        ),
        // what is not well-formed ends it
        (
            format!("{HEAD}<MedMijNode><Hostname>A.nl</Hostname></MedMijNode>\n<a></b>"),
            vec![
                "5 schema.pattern /Whitelist/MedMijNodes/MedMijNode[1]/Hostname",
                "6 schema.unexpected-element /Whitelist/MedMijNodes/a",
                "6 xml.end-tag /Whitelist/MedMijNodes",
            ],
        ),
        (format!("{HEAD}</MedMijNodes>"), vec!["5 xml.truncated /Whitelist"]),
    ] {
        assert_eq!(rules(&document, 20), expected, "{document}");
    }
}

/// The remarks of a document say where they stand; asking for it later says the same.
#[test]
fn what_was_accepted_can_be_located() {
    let mut compared = 0;
    for name in [
        "zal/inferred_marks_forms",
        "zal/inferred_marks_missing_and_double",
        "zal/inferred_unknown_element",
        "zkl/inferred_unknown_kenmerk",
    ] {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
        let bytes = fs::read(file.with_extension("xml")).unwrap();
        let options = ReadOptions::default();
        let located = |document: &medmij_list::Document| {
            let offsets: Vec<usize> = document.remarks().map(|remark| remark.offset()).collect();
            for (remark, (place, path)) in document.remarks().zip(document.locate(&offsets)) {
                assert_eq!(place, remark.place(), "{remark}");
                // an unknown element begins where its parent is still open
                assert!(remark.path().starts_with(&path), "{remark}: {path}");
            }
            offsets.len()
        };
        compared += if name.starts_with("zal") {
            located(
                Snapshot::<Zorgaanbiederslijst>::read(bytes, &options)
                    .unwrap()
                    .document(),
            )
        } else {
            located(
                Snapshot::<Zorgaanbiederskoppellijst>::read(bytes, &options)
                    .unwrap()
                    .document(),
            )
        };
    }
    assert!(compared > 3, "{compared}");
    let list = Snapshot::<Whitelist>::read(
        format!("{HEAD}<MedMijNode><Hostname>a.nl</Hostname></MedMijNode>\n<MedMijNode><Hostname>b&#46;nl</Hostname></MedMijNode></MedMijNodes></Whitelist>").into_bytes(),
        &ReadOptions::default(),
    )
    .unwrap();
    let nodes: Vec<_> = list.nodes().map(|node| node.as_str()).collect();
    let document = list.document();
    let at = document.offset_of(nodes[0]).unwrap();
    assert_eq!((document.offset_of(nodes[1]), document.offset_of("a.nl")), (None, None));
    let found = document.locate(&[at, 0, at + 60]);
    assert_eq!((found[0].0.line, found[0].0.column), (5, 23));
    assert_eq!(found[0].1, "/Whitelist/MedMijNodes/MedMijNode[1]/Hostname");
    assert_eq!(found[1].1, "/Whitelist");
    assert!(
        found[2].1.starts_with("/Whitelist/MedMijNodes/MedMijNode[2]"),
        "{found:?}"
    );
}
