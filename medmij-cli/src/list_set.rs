// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.306, core.gnl.100 — lists that are given together are held against each other: the Zorgaanbiederslijsten and
//! OAuth Client Lists against the one Whitelist and the one Gegevensdienstnamenlijst among them.
//!
//! The two are read first and kept; of the others one is in memory at a time, however many there are.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::lint::{Against, Finding, lint_gnl, lint_ocl, lint_whitelist, lint_zal};
use medmij_list::{ListKind, ReadOptions};

use crate::{
    any_list::{AnyList, peek},
    cli_error::CliError,
    complaint::Complaint,
    input::Input,
    screen::Screen,
};

/// A file, judged.
pub(crate) struct Judged {
    pub(crate) input: Input,
    pub(crate) result: Result<AnyList, Complaint>,
}

/// How files are judged.
pub(crate) struct Judge<'a> {
    pub(crate) kind: Option<ListKind>,
    pub(crate) options: &'a ReadOptions,
    pub(crate) screen: Screen,
}

/// The lists that the others are held against, and what was read before its turn.
pub(crate) struct ListSet {
    whitelist: Option<(usize, Judged)>,
    gnl: Option<(usize, Judged)>,
    /// Streams had to be read to see what they are.
    read: BTreeMap<usize, Result<Input, CliError>>,
}

impl Judge<'_> {
    pub(crate) fn read(&self, path: &Path) -> Result<Input, CliError> {
        Input::read(path, self.options.limits.size, self.screen)
    }

    pub(crate) fn judge(&self, mut input: Input) -> Judged {
        let _judging = self.screen.judging(input.bytes.len());
        let result = AnyList::read(&mut input, self.kind, self.options);
        Judged { input, result }
    }
}

impl ListSet {
    /// Looks for the two among the files. With a kind or a dialect given, all files are of one kind.
    pub(crate) fn of(files: &[PathBuf], judge: &Judge<'_>) -> Self {
        let mut list_set = Self {
            whitelist: None,
            gnl: None,
            read: BTreeMap::new(),
        };
        if files.len() < 2 || judge.kind.is_some() || judge.options.dialect.is_some() {
            return list_set;
        }
        let kinds: Vec<Option<ListKind>> = files
            .iter()
            .enumerate()
            .map(|(number, path)| list_set.peek(number, path, judge))
            .collect();
        if !kinds
            .iter()
            .flatten()
            .any(|kind| matches!(kind, ListKind::Zorgaanbiederslijst | ListKind::OAuthclientlist))
        {
            return list_set;
        }
        let mut the_one = |wanted: ListKind| {
            let mut of_kind = kinds.iter().enumerate().filter(|(_, kind)| **kind == Some(wanted));
            // Of two it cannot be said which of them counts.
            let (Some((number, _)), None) = (of_kind.next(), of_kind.next()) else {
                return None;
            };
            let input = list_set.take(number, files.get(number)?, judge).ok()?;
            Some((number, judge.judge(input)))
        };
        let (whitelist, gnl) = (
            the_one(ListKind::Whitelist),
            the_one(ListKind::Gegevensdienstnamenlijst),
        );
        (list_set.whitelist, list_set.gnl) = (whitelist, gnl);
        list_set
    }

    /// The file, if it was judged already.
    pub(crate) fn judged(&self, number: usize) -> Option<&Judged> {
        [&self.whitelist, &self.gnl]
            .into_iter()
            .flatten()
            .find_map(|(of, judged)| (*of == number).then_some(judged))
    }

    /// Reads the file, unless it was read already.
    pub(crate) fn take(&mut self, number: usize, path: &Path, judge: &Judge<'_>) -> Result<Input, CliError> {
        self.read.remove(&number).unwrap_or_else(|| judge.read(path))
    }

    /// What the lint finds in a list, held against the two.
    pub(crate) fn lint(&self, list: &AnyList) -> Vec<Finding> {
        let mut against = Against::default();
        if let Some(AnyList::Whitelist(list)) = accepted(self.whitelist.as_ref()) {
            against.whitelist = Some(list.list());
        }
        if let Some(AnyList::Gnl(list)) = accepted(self.gnl.as_ref()) {
            against.gnl = Some(list.list());
        }
        match list {
            AnyList::Zal(list) => lint_zal(list, &against),
            AnyList::Ocl(list) => lint_ocl(list, &against),
            AnyList::Whitelist(list) => lint_whitelist(list),
            AnyList::Gnl(list) => lint_gnl(list),
            AnyList::Zkl(_) => Vec::new(),
        }
    }

    /// Which list a file seems to be.
    fn peek(&mut self, number: usize, path: &Path, judge: &Judge<'_>) -> Option<ListKind> {
        if path != Path::new("-") {
            let metadata = std::fs::metadata(path).ok()?;
            if metadata.is_dir() {
                return None;
            }
            if metadata.is_file() {
                let mut start = Vec::new();
                File::open(path).ok()?.take(START).read_to_end(&mut start).ok()?;
                return peek(&start);
            }
        }
        let input = judge.read(path);
        let kind = input.as_ref().ok().and_then(|input| peek(&input.bytes));
        self.read.insert(number, input);
        kind
    }
}

fn accepted(of: Option<&(usize, Judged)>) -> Option<&AnyList> {
    of.and_then(|(_, judged)| judged.result.as_ref().ok())
}

/// The root element is within so many bytes, or the file is not looked at before its turn.
const START: u64 = 64 << 10;
