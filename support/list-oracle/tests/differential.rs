// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.202, core.ocl.202, core.gnl.202, core.whl.304 — our verdict is that of the schema, on mutants without
//! number. `MUTANTS` (6,000, in CI 100,000) and `SEED` steer how many and which; a long run: `MUTANTS=1000000 cargo test
//! --release -p medmij-list-oracle --test integration -- --nocapture differential::`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the test prints its tables")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use medmij_list::{Dialect, ListError, Rule};
use medmij_list_oracle::{
    corners::corners,
    differences::{kind_of, known},
    family::Family,
    mutate::{Mutant, mutant},
    oracle,
};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn import(path: &PathBuf) -> Arc<Dialect> {
    let dialect = Dialect::from_xsd(&std::fs::read(path).unwrap());
    Arc::new(dialect.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

struct Judge {
    family: Family,
    schema: PathBuf,
    /// What reads as a supplier does: the built-in dialects, or for the list that does not exist the imported one.
    reads_with: Option<Arc<Dialect>>,
    imported: Vec<Arc<Dialect>>,
}

impl Judge {
    fn new(family: Family) -> Self {
        let own = family.own_schema();
        let official = family.official_schema();
        let mut imported = vec![import(&own)];
        imported.extend(official.as_ref().map(import));
        let reads_with = match family {
            Family::Trial => imported.first().cloned(),
            Family::OldWhitelist => family.built_in(),
            _ => None,
        };
        Self {
            family,
            schema: official.unwrap_or(own),
            reads_with,
            imported,
        }
    }

    fn ours(&self, mutant: &Mutant) -> Option<ListError> {
        self.family
            .read(&mutant.bytes, &mutant.limits, self.reads_with.as_ref())
            .err()
    }
}

#[test]
fn our_verdict_is_that_of_the_schema() {
    if !oracle::has_xmllint() {
        medmij_test::skip("xmllint is not installed, nothing was compared with it");
        return;
    }
    let (count, seed) = (
        number(
            "MUTANTS",
            if std::env::var_os("CI").is_some() {
                100_000
            } else {
                6_000
            },
        ),
        number("SEED", 2026),
    );
    println!("{count} mutants from seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let mut rules: BTreeMap<Rule, (usize, BTreeSet<Family>)> = BTreeMap::new();
    let mut differences: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut unexplained: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let known = known();
    let (mut accepted, mut total) = (0, 0);
    for family in Family::ALL {
        let judge = Judge::new(family);
        println!("{family:?}: judged by {}", judge.schema.display());
        let mut mutants: Vec<(u64, Mutant)> = (0..count)
            .map(|n| seed.wrapping_mul(1_000_000_007).wrapping_add(n))
            .map(|seed| (seed, mutant(seed)))
            .filter(|(_, mutant)| mutant.family == family)
            .collect();
        // They have no seed.
        let corners = corners(count >= 100_000)
            .into_iter()
            .filter(|mutant| mutant.family == family);
        mutants.extend(corners.map(|mutant| (0, mutant)));
        let documents: Vec<&[u8]> = mutants.iter().map(|(_, mutant)| mutant.bytes.as_slice()).collect();
        let verdicts = oracle::xmllint(&judge.schema, &documents, folder.path());
        let second = oracle::XsdSchema::new(&judge.schema);
        for ((seed, mutant), theirs) in mutants.iter().zip(verdicts) {
            total += 1;
            accepted += usize::from(theirs);
            let ours = judge.ours(mutant);
            if let Some(error) = &ours {
                let hit = rules.entry(error.rule()).or_default();
                hit.0 += 1;
                hit.1.insert(family);
                check_form(error, &mutant.bytes);
            }
            for dialect in &judge.imported {
                let imported = family.read(&mutant.bytes, &mutant.limits, Some(dialect)).err();
                if imported.as_ref().map(ListError::rule) != ours.as_ref().map(ListError::rule)
                    && ours.as_ref().map(ListError::rule) != Some(Rule::OldShape)
                {
                    let line = format!("seed {seed}: imported schema says {imported:?}, built-in {ours:?}");
                    unexplained
                        .entry("the imported schema says something else")
                        .or_default()
                        .push(line);
                }
            }
            if ours.is_none() == theirs {
                continue;
            }
            let kind = kind_of(&mutant.bytes, ours.as_ref());
            match kind.filter(|kind| known.iter().any(|known| known.kind == *kind)) {
                // Where we are laxer than libxml2, the second oracle must side with us.
                Some(kind) if !kind.starts_with("laxer") || second.accepts(&mutant.bytes) => {
                    *differences.entry(kind).or_default() += 1;
                }
                _ => {
                    let kind = kind.unwrap_or_else(|| ours.as_ref().map_or("accepted", |error| error.rule().code()));
                    let examples = unexplained.entry(kind).or_default();
                    if examples.len() >= 20 {
                        continue;
                    }
                    let says = oracle::xmllint_says(&judge.schema, &mutant.bytes, folder.path());
                    let text: String = String::from_utf8_lossy(&mutant.bytes).chars().take(1200).collect();
                    examples.push(format!(
                        "seed {seed} {family:?}: ours {ours:?}, xmllint {theirs}, xsd-schema {}: {}\n{text}\n",
                        second.accepts(&mutant.bytes),
                        says.lines().next().unwrap_or_default(),
                    ));
                }
            }
        }
    }
    println!(
        "{accepted} of {total} accepted by the schema ({} %)",
        accepted * 100 / total
    );
    for rule in Rule::ALL {
        let (hits, families) = rules.get(rule).cloned().unwrap_or_default();
        println!("{:>8}  {:<28} {families:?}", hits, rule.code());
    }
    for (kind, hits) in &differences {
        println!("{hits:>8}  {kind}");
    }
    for (kind, examples) in &unexplained {
        println!("\nNOT EXPLAINED: {} or more of {kind}", examples.len());
        examples.iter().take(3).for_each(|example| println!("{example}"));
    }
    assert!(unexplained.is_empty(), "verdicts that differ without a reason");
    if count >= 100_000 {
        for known in &known {
            assert!(
                differences.contains_key(known.kind.as_str()),
                "known-differences.txt: no longer occurs: {} ({})",
                known.kind,
                known.reason
            );
        }
        for rule in Rule::ALL {
            let hits = rules.get(rule).map_or(0, |(hits, _)| *hits);
            assert!(hits >= 100, "{} was broken {hits} times only", rule.code());
        }
        assert!(
            accepted * 100 >= total * 30,
            "only {accepted} of {total} are accepted by the schema"
        );
    }
}

/// Every refusal says where and what, fit to be printed.
fn check_form(error: &ListError, bytes: &[u8]) {
    assert!(
        error.line() >= 1 && error.column() >= 1 && error.offset() <= bytes.len(),
        "{error}"
    );
    let message = error.to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
    assert!(
        error.message().chars().count() < 700 && !error.message().ends_with('.'),
        "{message}"
    );
}
