// SPDX-License-Identifier: AGPL-3.0-or-later
//! `docs/walkthrough.md` is what a run says today.
#![allow(clippy::unwrap_used)]

use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn the_walkthrough_says_what_goes_over_the_line_today() {
    let folder = tempfile::tempdir().unwrap();
    let text = demo::walkthrough::run(folder.path()).await.unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/walkthrough.md");
    // as the snapshots: `cargo xtask bless`
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(&page, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&page).unwrap_or_default();
    for (number, (line, today)) in kept.lines().zip(text.lines()).enumerate() {
        assert_eq!(
            line,
            today,
            "line {}: `cargo xtask bless` makes the page anew",
            number + 1
        );
    }
    assert_eq!(
        kept.lines().count(),
        text.lines().count(),
        "`cargo xtask bless` makes the page anew"
    );
}
