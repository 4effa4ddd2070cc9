// SPDX-License-Identifier: AGPL-3.0-or-later
//! B1, counted over the pages of the PGO: short sentences, and no word of ours that no Persoon knows. What a zorgaanbieder
//! wrote is not ours to shorten, so the pages of the dossier are left out.
#![allow(clippy::unwrap_used)] // also in the helpers

use crate::gate::Pgo;

/// What may occur on no page.
const UNKNOWN: [&str; 12] = [
    "resource",
    "scope",
    "token",
    "trace",
    "volgnummer",
    "client_id",
    "@medmij",
    "bundle",
    "fhir",
    "endpoint",
    "oauth",
    "dvza",
];

/// The text of `main`, with an end after each block.
fn sentences(html: &str) -> Vec<String> {
    let main = html.split("<main").nth(1).and_then(|rest| rest.split("</main").next());
    let mut text = String::new();
    let mut rest = main.unwrap_or_default();
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, behind) = after.split_once('>').unwrap_or((after, ""));
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n'])
            .next()
            .unwrap_or_default();
        if !["a", "strong", "em"].contains(&name) {
            text.push('\n');
        }
        rest = behind;
    }
    text.push_str(rest);
    // the `>` of `<main …>` itself
    let text = text.split_once('>').map_or(text.as_str(), |(_, text)| text).to_owned();
    text.split(['.', '?', '!', ':', '\n'])
        .map(|sentence| sentence.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|sentence| sentence.split(' ').count() > 1)
        .collect()
}

/// Looks at every sentence of a page; how many there are, and of how many words.
pub(crate) fn assert_plain(page: &str, html: &str) -> (usize, usize) {
    let (mut count, mut words) = (0, 0);
    for sentence in sentences(html) {
        let length = sentence.split(' ').count();
        assert!(length <= 20, "{page}: {length} words: {sentence}");
        let lower = sentence.to_lowercase();
        for unknown in UNKNOWN {
            assert!(!lower.contains(unknown), "{page}: {sentence}");
        }
        (count, words) = (count + 1, words + length);
    }
    (count, words)
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_sentences_are_short_and_no_page_has_a_word_that_no_persoon_knows() {
    let pgo = Pgo::start().await;
    let anna = pgo.account("Anna", "anna@example.nl").await;
    let cookie = pgo.cookie(&anna);
    let (mut count, mut words) = (0, 0);
    for (path, cookie) in Pgo::paths()
        .into_iter()
        .filter(|path| !path.starts_with("/dossier"))
        .flat_map(|path| [(path.clone(), cookie.as_str()), (path, "")])
    {
        let answer = pgo.ask("GET", &path, cookie.as_bytes(), "").await;
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        let found = assert_plain(&path, &answer.body);
        (count, words) = (count + found.0, words + found.1);
    }
    assert!(count > 200, "{count}");
    assert!(words <= 12 * count, "{words} words in {count} sentences");
    pgo.roles.stop().await;
}
