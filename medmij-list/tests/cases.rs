// SPDX-License-Identifier: AGPL-3.0-or-later
//! Documents in pairs with what is expected of them: `tests/cases/LIST/NAME.xml` and `NAME.expect`, and `NAME.options` where a
//! case needs other options than the default ones. Every rule has a case. A new case needs no code;
//! `BLESS=1 cargo test -p medmij-list --test integration cases::` writes what is said now, to be read by a person.
#![allow(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of a test"
)]

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{List, ListError, ReadLimits, ReadOptions, Rule, Snapshot, check_well_formed};
use medmij_list_oracle::{case, family::Family};
use medmij_ocl::OAuthclientlist;
use medmij_whitelist::Whitelist;
use medmij_zal::{Zorgaanbiederslijst, koppellijst::Zorgaanbiederskoppellijst};

fn files() -> Vec<PathBuf> {
    let mut out = Vec::new();
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            out.push(file.unwrap().path());
        }
    }
    out.retain(|file| file.extension().is_some_and(|extension| extension == "xml"));
    out.sort();
    out
}

fn said<L: List>(bytes: Vec<u8>, options: &ReadOptions) -> Result<String, ListError> {
    let list = Snapshot::<L>::read(bytes, options)?;
    let document = list.document();
    let mut out = format!(
        "accepted: {} {} ({}), Volgnummer {}, entries {}\n",
        L::KIND,
        document.release(),
        document.basis(),
        list.header().volgnummer(),
        list.len()
    );
    for remark in document.remarks() {
        let _ = writeln!(out, "remark: {remark}");
        assert!(!remark.message().contains(char::is_control));
    }
    Ok(out)
}

fn judge(file: &Path) -> Result<String, ListError> {
    let bytes = fs::read(file).unwrap();
    let options = case::options(file);
    match file
        .parent()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str())
        .unwrap()
    {
        "zal" => said::<Zorgaanbiederslijst>(bytes, &options),
        "ocl" => said::<OAuthclientlist>(bytes, &options),
        "whitelist" => said::<Whitelist>(bytes, &options),
        "gnl" => said::<Gegevensdienstnamenlijst>(bytes, &options),
        "zkl" => said::<Zorgaanbiederskoppellijst>(bytes, &options),
        other => panic!("there is no list {other}"),
    }
}

#[test]
fn every_case_says_what_is_expected() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut rules = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in files() {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let outcome = judge(&file);
        if let Err(error) = &outcome {
            rules.insert(error.rule());
        }
        assert_eq!(
            outcome.is_err(),
            name.contains("refuse"),
            "{}: {outcome:?}",
            file.display()
        );
        let text = outcome.unwrap_or_else(|error| format!("refused: {error}\n"));
        let expect = file.with_extension("expect");
        if bless {
            fs::write(&expect, &text).unwrap();
        }
        let expected = fs::read_to_string(&expect).unwrap_or_default();
        if text != expected {
            wrong.push(format!("{}\n  says     {text}  expected {expected}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for rule in Rule::ALL {
        assert!(rules.contains(rule), "there is no case for {rule}");
    }
}

/// security L3: a document is taken only at a real end.
#[test]
fn every_prefix_of_a_good_document_is_refused() {
    for (file, kind) in [
        ("whitelist/accept_one", Family::Whitelist),
        ("gnl/accept_two", Family::Gnl),
        ("zal/accept_two", Family::Zal),
        ("ocl/accept_one", Family::Ocl),
    ] {
        let bytes = fs::read(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/cases")
                .join(file)
                .with_extension("xml"),
        )
        .unwrap();
        let end = bytes.trim_ascii_end().len();
        for cut in 0..end {
            assert!(
                kind.read(&bytes[..cut], &ReadLimits::default(), None).is_err(),
                "{file} cut at {cut}"
            );
        }
        assert!(kind.read(&bytes[..end], &ReadLimits::default(), None).is_ok());
    }
}

/// security L2: limits are met before memory is spent.
#[test]
fn what_has_no_bounds_is_refused_at_its_limit() {
    let limits = ReadLimits::default();
    let attributes: String = (0..200_000).map(|n| format!(" a{n}='1'")).collect();
    let namespaces: String = (0..200_000).map(|n| format!(" xmlns:a{n}='urn:{n}'")).collect();
    let long = "a".repeat(10_000_000);
    for (document, rule) in [
        (format!("<a{attributes}/>"), Rule::Attributes),
        (format!("<a{namespaces}/>"), Rule::Namespaces),
        ("<a>".repeat(1_000_000), Rule::Depth),
        (format!("<{long}/>"), Rule::Value),
        (format!("<a b='{long}'/>"), Rule::Value),
    ] {
        assert_eq!(
            check_well_formed(document.as_bytes(), &limits).unwrap_err().rule(),
            rule
        );
    }
    assert!(check_well_formed(format!("<a>{}</a>", "<b/>".repeat(1_000_000)).as_bytes(), &limits).is_ok());
    assert!(check_well_formed(format!("<a>{}</a>", "<!---->".repeat(1_000_000)).as_bytes(), &limits).is_ok());
    let small = {
        let mut small = ReadLimits::default();
        small.size = 10;
        small
    };
    assert_eq!(
        check_well_formed(b"<a>........</a>", &small).unwrap_err().rule(),
        Rule::Size
    );
    let whitelist = |host: &str| {
        format!(
            "<Whitelist xmlns=\"{}\"><Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>1</Volgnummer><MedMijNodes><MedMijNode><Hostname>{host}</Hostname></MedMijNode></MedMijNodes></Whitelist>",
            Family::Whitelist.namespace()
        )
    };
    for host in [long.clone(), "&#97;".repeat(70_000), "a<!---->".repeat(70_000)] {
        let error = Family::Whitelist
            .read(whitelist(&host).as_bytes(), &limits, None)
            .unwrap_err();
        assert_eq!(error.rule(), Rule::Value);
    }
}

/// core.alst.202, core.ocl.202, core.gnl.202, core.whl.304 — every official example reads, or is refused for a reason.
#[test]
fn official_examples_read() {
    let Some(data) = std::env::var_os("MEDMIJ_DATA") else {
        medmij_test::skip("MEDMIJ_DATA names no folder with official examples");
        return;
    };
    let mut read = 0;
    for file in fs::read_dir(PathBuf::from(data).join("examples")).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = fs::read(&file).unwrap();
        let options = ReadOptions::default().with_old_shapes();
        let outcome = match name.split('-').next().unwrap() {
            "zorgaanbiederslijst" => Snapshot::<Zorgaanbiederslijst>::read(bytes, &options).map(drop),
            "oauthclientlist" => Snapshot::<OAuthclientlist>::read(bytes, &options).map(drop),
            "whitelist" => Snapshot::<Whitelist>::read(bytes, &options).map(drop),
            "gegevensdienstnamenlijst" => Snapshot::<Gegevensdienstnamenlijst>::read(bytes, &options).map(drop),
            // A dummy of a peer has no head at all, so nothing guards it against rollback.
            "zorgaanbiederskoppellijst" if name.contains("dummy") => {
                assert_eq!(
                    Snapshot::<Zorgaanbiederskoppellijst>::read(bytes, &options)
                        .unwrap_err()
                        .rule(),
                    Rule::MissingElement
                );
                continue;
            }
            "zorgaanbiederskoppellijst" => Snapshot::<Zorgaanbiederskoppellijst>::read(bytes, &options).map(drop),
            _ => continue,
        };
        assert_eq!(outcome.map_err(|error| format!("{name}: {error}")), Ok(()));
        read += 1;
    }
    assert!(read >= 10, "only {read} examples were found");
}
