// SPDX-License-Identifier: AGPL-3.0-or-later
//! By which dialect a document is judged: its root element says so, but for older shapes in the same namespace.

use std::sync::Arc;

use super::{Read, Reading};
use crate::{
    Dialect, List, ListError, ListKind, ReadOptions, Rule,
    xml::{Fault, Token, Tokens},
};

/// Reads by the dialect that the root element asks for.
pub(super) fn judge<L: List>(
    source: &str,
    options: &ReadOptions,
) -> Result<(Read<L::Collector>, Arc<Dialect>), ListError> {
    match choose::<L>(source, options)?.as_slice() {
        [] => Err(ListError::new(
            Rule::Namespace,
            "there is no dialect to read this list with".to_owned(),
            Some(L::KIND),
        )),
        [only] => Ok((Reading::run(source, only, options, L::KIND)?, Arc::clone(only))),
        [newest, older @ ..] => match Reading::run(source, newest, options, L::KIND) {
            Ok(read) => Ok((read, Arc::clone(newest))),
            Err(error) => older_shape::<L>(source, older, options, error),
        },
    }
}

/// Older shapes have the namespace of the newest, so only the content tells them apart: the shape that explains more of
/// the document is the one that it has.
fn older_shape<L: List>(
    source: &str,
    older: &[Arc<Dialect>],
    options: &ReadOptions,
    first: ListError,
) -> Result<(Read<L::Collector>, Arc<Dialect>), ListError> {
    let mut best = first;
    for dialect in older {
        match Reading::<L::Collector>::run(source, dialect, options, L::KIND) {
            Ok(read) if options.old_shapes => return Ok((read, Arc::clone(dialect))),
            Ok(_) => {
                let message = match dialect.file_version() {
                    Some(version) => format!(
                        "this is the old shape of file version {version}, which is read on request only; {}",
                        best.message()
                    ),
                    None => format!(
                        "this is an old shape, which is read on request only; {}",
                        best.message()
                    ),
                };
                let place = crate::Place::of(source.as_bytes(), best.offset());
                return Err(ListError::new(Rule::OldShape, message, Some(L::KIND)).at(place, best.path().to_owned()));
            }
            Err(error) if error.offset() > best.offset() && options.old_shapes => best = error,
            Err(_) => {}
        }
    }
    Err(best)
}

/// The dialects that the root element asks for, the newest shape first.
pub(super) fn choose<L: List>(source: &str, options: &ReadOptions) -> Result<Vec<Arc<Dialect>>, ListError> {
    let known: &[Arc<Dialect>] = match &options.dialect {
        Some(dialect) => std::slice::from_ref(dialect),
        None => L::dialects().map_err(|error| ListError::new(Rule::Namespace, error.to_string(), Some(L::KIND)))?,
    };
    let mut tokens = Tokens::new(source, &options.limits);
    let report = |fault: Fault| fault.into_error(source.as_bytes(), String::new(), Some(L::KIND));
    let root = loop {
        match tokens.next("").map_err(report)? {
            Token::Open(tag) => break tag,
            Token::End => {
                return Err(report(Fault::new(
                    Rule::NoRoot,
                    source.len(),
                    "the document has no root element; expected a list",
                )));
            }
            _ => {}
        }
    };
    let expected = L::KIND.root();
    if root.local != expected {
        let message = match ListKind::from_root(root.local) {
            Some(other) => format!("this is the list {other}; expected the list {expected}"),
            None => format!("the root element is <{}>; expected <{expected}>", root.local),
        };
        return Err(report(
            Fault::new(Rule::Root, root.start, message).at_element(root.local),
        ));
    }
    let namespace = tokens.namespace_of(&root);
    let found: Vec<_> = known
        .iter()
        .filter(|d| d.kind() == L::KIND && d.namespace() == namespace)
        .map(Arc::clone)
        .collect();
    if found.is_empty() {
        let mut names: Vec<&str> = known.iter().map(|d| d.namespace()).collect();
        names.dedup();
        let says = if namespace.is_empty() {
            "the root element has no namespace".to_owned()
        } else {
            "no release with this namespace is known".to_owned()
        };
        let fault = Fault::new(
            Rule::Namespace,
            root.start,
            format!("{says}; expected {}", names.join(" or ")),
        );
        let fault = if namespace.is_empty() {
            fault
        } else {
            fault.with_value(namespace)
        };
        return Err(report(fault.at_element(root.local)));
    }
    Ok(found)
}
