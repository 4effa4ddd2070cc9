// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102, core.logging.202 – core.logging.204 — what both apps deliver of the chain log: whole lines, and whole
//! chains from the files of both sides.
#![allow(clippy::unwrap_used)] // also in the helpers

use std::path::{Path, PathBuf};

use demo::{
    browser::Browser,
    network::{DVP, DVZA_ONE, DVZA_TWO, Network, OFFERINGS},
    persoon,
    roles::Roles,
};
use medmij_log::{Chain, Spool, check};

use crate::verzamelen::asked;

/// The batches that a role delivered, as lines.
pub(crate) fn delivered(folder: &Path, host: &str) -> String {
    let folder = folder.join("ketenlog").join(host).join("geleverd");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let lines = files.iter().flat_map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        let batch: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        batch.into_iter().map(|line| format!("{line}\n"))
    });
    lines.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn core_logging_102_what_the_apps_deliver_is_whole_and_tells_whole_chains() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    let roles = Roles::start(&network).await.unwrap();
    persoon::collects_everywhere(&network.start).await.unwrap();
    // and one that says no
    let mut browser = Browser::default();
    let landing = persoon::chooses(&mut browser, &network.start, OFFERINGS[0].0)
        .await
        .unwrap();
    let consent = persoon::logs_in(&mut browser, landing).await.unwrap();
    persoon::answers(&mut browser, &consent, "no").await.unwrap();
    // ext.abo.rscnotint.207 and the Ketennormen: counted on the way
    for (operator, token) in [
        (network.dvp.operator, 3),
        (network.dvzas[0].operator, 1),
        (network.dvzas[1].operator, 2),
    ] {
        let (_, metrics) = asked(operator.unwrap(), "/metrics").await;
        for count in ["requests", "in_time"] {
            let row = metrics
                .lines()
                .find(|line| line.starts_with(&format!("medmij_ketennorm_{count}{{norm=\"token\"")));
            assert!(row.is_some_and(|row| row.ends_with(&format!(" {token}"))), "{metrics}");
        }
        assert!(
            metrics.contains("medmij_ketennorm_seconds{norm=\"resource\""),
            "{metrics}"
        );
    }
    roles.stop().await;

    let texts = [DVP, DVZA_ONE[0], DVZA_TWO[0]].map(|host| delivered(folder.path(), host));
    for text in &texts {
        assert!(text.lines().count() > 10, "{text}");
        assert_eq!(check(text), [], "{text}");
    }
    let chains = Chain::read(texts.iter().map(String::as_str));
    // three flows that collect, and the refusal
    assert_eq!(chains.len(), 4);
    for chain in &chains {
        assert_eq!(chain.nodes().len(), 2, "{chain}");
        assert!(chain.one_sided().is_empty(), "{chain}");
    }
    let has = |chain: &Chain, name: &str| chain.events.iter().any(|event| event.name == name);
    assert_eq!(
        chains
            .iter()
            .filter(|chain| has(chain, "send_resource_response"))
            .count(),
        3
    );
    let refused: Vec<&Chain> = chains
        .iter()
        .filter(|chain| !has(chain, "send_token_request"))
        .collect();
    assert_eq!(refused.len(), 1);
    assert!(
        refused
            .iter()
            .all(|chain| chain.events.iter().any(|event| event.error.is_some()))
    );

    // the stop left nothing behind, and what was taken is in the archive
    for host in [DVP, DVZA_ONE[0], DVZA_TWO[0]] {
        let spool = folder.path().join("ketenlog").join(host).join("spool");
        assert_eq!(Spool::open(&spool).unwrap().waiting().0, 0, "{host}");
        assert!(std::fs::read_dir(spool.join("archive")).unwrap().count() > 0, "{host}");
    }
}
