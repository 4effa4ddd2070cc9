// SPDX-License-Identifier: AGPL-3.0-or-later
//! The text form of a dialect.

use std::fmt;

use super::{Base, Class, Compiled, Dialect, Element, Model, SchemaBasis, SimpleType, Unique};
use crate::ListKind;

/// Why a text is no dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectError {
    line: Option<usize>,
    what: String,
}

impl DialectError {
    pub(crate) fn new(line: Option<usize>, what: impl Into<String>) -> Self {
        Self {
            line,
            what: what.into(),
        }
    }

    /// The line, from 1, where there is one to name.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for DialectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "dialect, line {line}: {}", self.what),
            None => write!(f, "dialect: {}", self.what),
        }
    }
}

impl std::error::Error for DialectError {}

pub(super) fn parse(text: &str) -> Result<Dialect, DialectError> {
    let mut parser = Parser::default();
    for (number, line) in (1..).zip(text.lines()) {
        if number == 1 {
            if line.trim_end() != "medmij-dialect 1" {
                return Err(DialectError::new(
                    Some(1),
                    "the first line must be \"medmij-dialect 1\"",
                ));
            }
            continue;
        }
        parser
            .line(line)
            .map_err(|what| DialectError::new(Some(number), what))?;
    }
    parser.finish().map_err(|what| DialectError::new(None, what))
}

#[derive(Default)]
struct Parser {
    kind: Option<ListKind>,
    release: Option<String>,
    file_version: Option<u32>,
    basis: Option<SchemaBasis>,
    namespace: Option<String>,
    old_shape: bool,
    unknown_kept: bool,
    root: Option<Element>,
    classes: Vec<Class>,
    types: Vec<SimpleType>,
    in_type: bool,
    after_root: bool,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        // Facets keep what follows the first space to the letter; all other lines are words.
        match word {
            "pattern" => self.last_type()?.patterns.push(unescape(rest)?),
            "enumeration" => self.last_type()?.enumeration.push(unescape(rest)?),
            "says" => self.last_type()?.says = Some(rest.to_owned()),
            "length" => {
                let (min, max) = range(rest.trim())?;
                let of = self.last_type()?;
                (of.min_length, of.max_length) = ((min > 0).then_some(min), max);
            }
            "marks" => self.last_type()?.marks = true,
            _ => self.words(word, &rest.split_whitespace().collect::<Vec<_>>())?,
        }
        Ok(())
    }

    fn words(&mut self, word: &str, rest: &[&str]) -> Result<(), String> {
        match (word, rest) {
            ("list", [name]) => {
                self.kind = Some(ListKind::from_root(name).ok_or_else(|| format!("there is no list \"{name}\""))?);
            }
            ("release", [name]) => self.release = Some((*name).to_owned()),
            ("file-version", [number]) => {
                self.file_version = Some(number.parse().map_err(|_| "a number must follow \"file-version\"")?);
            }
            ("basis", ["official"]) => self.basis = Some(SchemaBasis::Official),
            ("basis", ["supplied"]) => self.basis = Some(SchemaBasis::Supplied),
            ("basis", ["inferred"]) => self.basis = Some(SchemaBasis::Inferred),
            ("namespace", [uri]) => self.namespace = Some((*uri).to_owned()),
            ("shape", ["old"]) => self.old_shape = true,
            ("unknown", ["kept"]) => self.unknown_kept = true,
            ("root", [name, of]) => {
                self.root = Some(element(name, of, (1, Some(1)), false));
                self.after_root = true;
            }
            ("class", [name, model @ ..]) => {
                let model = match model {
                    [] => Model::Sequence,
                    ["choice"] => Model::Choice,
                    ["any-order"] => Model::AnyOrder,
                    _ => return Err(format!("\"{}\" is no kind of class", model.join(" "))),
                };
                self.classes.push(Class {
                    name: (*name).to_owned(),
                    model,
                    elements: Vec::new(),
                });
                (self.in_type, self.after_root) = (false, false);
            }
            ("type", [name, base]) => {
                let base = Base::from_name(base).ok_or_else(|| format!("there is no base type \"{base}\""))?;
                self.types.push(SimpleType::new((*name).to_owned(), base));
                (self.in_type, self.after_root) = (true, false);
            }
            ("unique", [name, path]) => {
                let path = path.split('/').map(str::to_owned).collect();
                let element = if self.after_root {
                    self.root.as_mut()
                } else {
                    self.classes.last_mut().and_then(|c| c.elements.last_mut())
                };
                element
                    .ok_or("\"unique\" must follow an element")?
                    .uniques
                    .push(Unique {
                        name: (*name).to_owned(),
                        path,
                    });
            }
            (occurs, [name, of, marks @ ..]) if occurs.contains("..") && !self.in_type => {
                let marks = match marks {
                    [] => false,
                    ["marks"] => true,
                    _ => return Err("only \"marks\" may follow the type of an element".to_owned()),
                };
                let class = self.classes.last_mut().ok_or("an element must be in a class")?;
                class.elements.push(element(name, of, range(occurs)?, marks));
            }
            _ => return Err(format!("\"{word}\" is not understood here")),
        }
        Ok(())
    }

    fn last_type(&mut self) -> Result<&mut SimpleType, String> {
        self.types
            .last_mut()
            .filter(|_| self.in_type)
            .ok_or_else(|| "a facet must be in a type".to_owned())
    }

    fn finish(self) -> Result<Dialect, String> {
        let missing = |what: &str| format!("the line \"{what}\" is missing");
        Ok(Dialect {
            kind: self.kind.ok_or_else(|| missing("list"))?,
            release: self.release.ok_or_else(|| missing("release"))?,
            file_version: self.file_version,
            basis: self.basis.ok_or_else(|| missing("basis"))?,
            namespace: self.namespace.ok_or_else(|| missing("namespace"))?,
            old_shape: self.old_shape,
            unknown_kept: self.unknown_kept,
            root: self.root.ok_or_else(|| missing("root"))?,
            classes: self.classes,
            types: self.types,
            compiled: Compiled::default(),
        })
    }
}

impl SimpleType {
    pub(crate) const fn new(name: String, base: Base) -> Self {
        Self {
            name,
            base,
            min_length: None,
            max_length: None,
            patterns: Vec::new(),
            enumeration: Vec::new(),
            marks: false,
            says: None,
        }
    }
}

fn element(name: &str, of: &str, (min, max): (u32, Option<u32>), marks: bool) -> Element {
    Element {
        name: name.to_owned(),
        of: of.to_owned(),
        min,
        max,
        marks,
        uniques: Vec::new(),
    }
}

/// `2..5` or `0..*`.
fn range(text: &str) -> Result<(u32, Option<u32>), String> {
    let wrong = || format!("\"{text}\" is no range such as 0..1 or 1..*");
    let (min, max) = text.split_once("..").ok_or_else(wrong)?;
    let max = if max == "*" {
        None
    } else {
        Some(max.parse().map_err(|_| wrong())?)
    };
    Ok((min.parse().map_err(|_| wrong())?, max))
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

/// In a facet a backslash and the ends of lines are written with a backslash of their own only where the text holds
/// such an end; patterns keep their backslashes.
fn unescape(text: &str) -> Result<String, String> {
    let Some(text) = text.strip_prefix("escaped ") else {
        return Ok(text.to_owned());
    };
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some('\\')) => out.push('\\'),
            ('\\', _) => return Err("after a backslash only n, r or a backslash".to_owned()),
            (c, _) => out.push(c),
        }
    }
    Ok(out)
}

fn facet(text: &str) -> String {
    if text.contains(['\n', '\r']) || text.starts_with("escaped ") || text.ends_with(' ') {
        format!("escaped {}", escape(text))
    } else {
        text.to_owned()
    }
}

fn occurs(min: u32, max: Option<u32>) -> String {
    max.map_or_else(|| format!("{min}..*"), |max| format!("{min}..{max}"))
}

pub(super) fn write(dialect: &Dialect, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "medmij-dialect 1")?;
    writeln!(f, "list {}", dialect.kind.root())?;
    writeln!(f, "release {}", dialect.release)?;
    if let Some(version) = dialect.file_version {
        writeln!(f, "file-version {version}")?;
    }
    writeln!(f, "basis {}", dialect.basis)?;
    writeln!(f, "namespace {}", dialect.namespace)?;
    if dialect.old_shape {
        writeln!(f, "shape old")?;
    }
    if dialect.unknown_kept {
        writeln!(f, "unknown kept")?;
    }
    writeln!(f, "root {} {}", dialect.root.name, dialect.root.of)?;
    write_uniques(&dialect.root, f)?;
    for class in &dialect.classes {
        let model = match class.model {
            Model::Sequence => "",
            Model::Choice => " choice",
            Model::AnyOrder => " any-order",
        };
        writeln!(f, "\nclass {}{model}", class.name)?;
        for element in &class.elements {
            let marks = if element.marks { " marks" } else { "" };
            writeln!(
                f,
                "  {} {} {}{marks}",
                occurs(element.min, element.max),
                element.name,
                element.of
            )?;
            write_uniques(element, f)?;
        }
    }
    for of in &dialect.types {
        writeln!(f, "\ntype {} {}", of.name, of.base.name())?;
        if of.min_length.is_some() || of.max_length.is_some() {
            writeln!(f, "  length {}", occurs(of.min_length.unwrap_or(0), of.max_length))?;
        }
        for pattern in &of.patterns {
            writeln!(f, "  pattern {}", facet(pattern))?;
        }
        for value in &of.enumeration {
            writeln!(f, "  enumeration {}", facet(value))?;
        }
        if of.marks {
            writeln!(f, "  marks")?;
        }
        if let Some(says) = &of.says {
            writeln!(f, "  says {says}")?;
        }
    }
    Ok(())
}

fn write_uniques(element: &Element, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for unique in &element.uniques {
        writeln!(f, "    unique {} {}", unique.name, unique.path.join("/"))?;
    }
    Ok(())
}
