// SPDX-License-Identifier: AGPL-3.0-or-later
//! No two modules of a crate need each other.
//!
//! A text scan: every path in code that begins with `crate`, `self` or `super` is followed through re-exports to the
//! file that defines its item. At each level of the tree of modules the children are the nodes, with all that lies
//! below them; a ring among them fails. What a parent defines, its children may use: the methods of one type stand in
//! several files.

mod graph;
mod paths;

use crate::{manifests, sources};
use graph::Graph;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// The name of a module from the root of its crate, a segment each; the root itself has none.
type Module = Vec<String>;

/// A line for each ring of modules in a published crate.
pub(crate) fn check() -> Vec<String> {
    let mut faults = Vec::new();
    for package in manifests::published() {
        let source = Path::new(&sources::folder_of(&package)).join("src");
        let files = sources::files(&source, &["rs"])
            .into_iter()
            .filter(|path| !is_test(path))
            .filter_map(|path| {
                Some((
                    module(path.strip_prefix(&source).ok()?),
                    std::fs::read_to_string(&path).ok()?,
                ))
            })
            .collect();
        faults.extend(
            rings(&files)
                .into_iter()
                .map(|ring| format!("{package}: modules need each other: {ring}")),
        );
    }
    faults
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.file_name().is_some_and(|name| name == "tests.rs")
}

fn module(file: &Path) -> Module {
    let path: PathBuf = file.with_extension("");
    let name: Module = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(name.as_slice(), [root] if root == "lib" || root == "main") {
        Vec::new()
    } else {
        name
    }
}

/// The rings at each level, each as `a -> b -> a`.
fn rings(files: &BTreeMap<Module, String>) -> Vec<String> {
    let mut exports = BTreeMap::new();
    let mut uses = Vec::new();
    for (name, text) in files {
        for found in paths::find(text) {
            let Some(path) = absolute(name, &found.segments) else {
                continue;
            };
            if found.exported
                && let Some(item) = found.name.clone().or_else(|| path.last().cloned())
            {
                exports.insert((name.clone(), item), path);
            } else {
                uses.push((name.clone(), path));
            }
        }
    }
    let mut levels: BTreeMap<Module, Graph> = BTreeMap::new();
    for (from, path) in uses {
        let to = resolve(files, &exports, &path, 0);
        let shared = from.iter().zip(&to).take_while(|(left, right)| left == right).count();
        if let (Some(left), Some(right)) = (from.get(shared), to.get(shared)) {
            let level = from.iter().take(shared).cloned().collect();
            levels.entry(level).or_default().add(left, right);
        }
    }
    levels
        .iter()
        .flat_map(|(level, graph)| {
            graph.rings().into_iter().map(move |ring| {
                ring.iter()
                    .map(|name| level.iter().chain([name]).cloned().collect::<Vec<_>>().join("::"))
                    .collect::<Vec<_>>()
                    .join(" -> ")
            })
        })
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// A path from the root of the crate; `None` for one that leaves it.
fn absolute(module: &Module, segments: &[String]) -> Option<Module> {
    let (first, rest) = segments.split_first()?;
    let mut path = match first.as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        _ => module.get(..module.len().checked_sub(1)?)?.to_vec(),
    };
    for segment in rest {
        match segment.as_str() {
            "super" => drop(path.pop()?),
            "self" => {}
            _ => path.push(segment.clone()),
        }
    }
    Some(path)
}

/// The module whose file defines what the path names.
fn resolve(
    files: &BTreeMap<Module, String>,
    exports: &BTreeMap<(Module, String), Module>,
    path: &Module,
    depth: usize,
) -> Module {
    let mut module = Module::new();
    for (at, segment) in path.iter().enumerate() {
        let mut child = module.clone();
        child.push(segment.clone());
        if files.contains_key(&child) {
            module = child;
            continue;
        }
        // a ring of re-exports is no program, but the scan must end
        if depth < 16
            && let Some(target) = exports.get(&(module.clone(), segment.clone()))
        {
            let rest = path.iter().skip(at.saturating_add(1)).cloned();
            return resolve(
                files,
                exports,
                &target.iter().cloned().chain(rest).collect(),
                depth.saturating_add(1),
            );
        }
        break;
    }
    module
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(files: &[(&str, &str)]) -> Vec<String> {
        rings(
            &files
                .iter()
                .map(|(path, text)| (module(Path::new(path)), (*text).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_ring_is_found_through_a_re_export_and_below_a_child() {
        let found = scan(&[
            ("lib.rs", "mod a; mod b; pub use self::b::{deep::Thing, Other};"),
            ("a.rs", "use crate::{Thing, x::Y as Z};\npub(crate) struct A;"),
            ("b.rs", "mod deep; // use crate::a::A;"),
            (
                "b/deep.rs",
                "pub struct Thing; fn f() -> super::super::a::A { todo!() }",
            ),
        ]);
        assert_eq!(found, ["a -> b -> a"]);
    }

    #[test]
    fn what_a_parent_defines_its_children_may_use_and_siblings_one_way() {
        let found = scan(&[
            ("lib.rs", "pub mod server;"),
            ("server.rs", "mod a; mod b; use self::a::A; pub struct Server;"),
            (
                "server/a.rs",
                "use super::Server; pub(in crate::server) struct A; \"use super::b::B\";",
            ),
            (
                "server/b.rs",
                "use super::{Server, a::A};\n#[cfg(test)]\nmod tests { use crate::server::b::B; }",
            ),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_ring_of_three_is_one_line() {
        let found = scan(&[
            ("lib.rs", ""),
            ("s.rs", ""),
            ("s/a.rs", "use super::b;"),
            ("s/b.rs", "use crate::s::c::*;"),
            ("s/c.rs", "use super::{self, a::{self, A}};"),
        ]);
        assert_eq!(found, ["s::a -> s::b -> s::c -> s::a"]);
    }
}
