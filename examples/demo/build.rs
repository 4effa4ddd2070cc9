// SPDX-License-Identifier: AGPL-3.0-or-later
//! Makes the programs of `docs/try-your-own.md`: those of the two guides, with the changes that the page asks for. So a change
//! that does not fit the guide any more fails here.

use std::{error::Error, fs, path::Path};

const PAGE: &str = "try-your-own.md";
const GUIDES: [&str; 2] = ["build-a-dvp", "build-a-dvza"];

fn main() -> Result<(), Box<dyn Error>> {
    let docs = Path::new("../../docs");
    let page = docs.join(PAGE);
    println!("cargo::rerun-if-changed={}", page.display());
    let page = fs::read_to_string(page)?;
    for guide in GUIDES {
        let path = docs.join(guide).with_extension("md");
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(path)?;
        let program = blocks(&text, "rust,no_run").next().ok_or("no program in the guide")?;
        let link = format!("]({guide}.md)");
        let chapter = page
            .split("\n## ")
            .find(|chapter| chapter.lines().next().is_some_and(|title| title.contains(&link)))
            .ok_or("no chapter for the guide")?;
        let mut program = program.to_owned();
        for change in blocks(chapter, "diff") {
            program =
                changed(&program, change).ok_or_else(|| format!("{guide} has not once what is changed:\n{change}"))?;
        }
        let out = std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
        fs::write(Path::new(&out).join(guide).with_extension("rs"), program)?;
    }
    Ok(())
}

/// The fenced blocks of a kind.
fn blocks<'a>(text: &'a str, kind: &str) -> impl Iterator<Item = &'a str> {
    let open = format!("```{kind}\n");
    let starts: Vec<&str> = text.split(&*open).skip(1).collect();
    starts.into_iter().filter_map(|block| block.split("```").next())
}

/// The program with this change, where what it changes occurs in it once.
fn changed(program: &str, change: &str) -> Option<String> {
    let side = |not: char| -> String {
        let lines = change.lines().filter(|line| !line.starts_with(not));
        lines
            .filter_map(|line| line.get(1..))
            .flat_map(|line| [line, "\n"])
            .collect()
    };
    let (before, after) = (side('+'), side('-'));
    (program.matches(&before).count() == 1).then(|| program.replacen(&before, &after, 1))
}
