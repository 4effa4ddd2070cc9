// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij explain` — what the code of a rule or of a warning means, and what to do about it.

use crate::lint::Code;
use medmij_list::Rule;

use crate::{
    Exit,
    nearest::nearest,
    output::{Output, Paint, error_line, printable},
};

pub(crate) fn run(code: Option<&str>, output: &mut Output) -> Exit {
    let Some(code) = code else {
        for (code, says, _) in all() {
            output.line(format_args!("{code:28} {says}"));
        }
        return Exit::Good;
    };
    let code = code
        .trim_start_matches("error[")
        .trim_start_matches("warning[")
        .trim_end_matches(']');
    if let Some((code, says, help)) = all().find(|(known, ..)| known.eq_ignore_ascii_case(code)) {
        let code = output.paint(Paint::Bold, code);
        output.line(format_args!("{code}: {says}"));
        if let Some(help) = help {
            output.line(format_args!("What to do: {help}."));
        }
        return Exit::Good;
    }
    let known: Vec<&str> = all().map(|(code, ..)| code).collect();
    let nearest = nearest(code, known.into_iter());
    let hint = if nearest.is_empty() {
        "`medmij explain` lists them all".to_owned()
    } else {
        format!("did you mean {}?", nearest.join(", "))
    };
    error_line(&format!("medmij: there is no rule {}; {hint}", printable(code)));
    Exit::Not
}

fn all() -> impl Iterator<Item = (&'static str, &'static str, Option<&'static str>)> {
    let rules = Rule::ALL.iter().map(|rule| (rule.code(), rule.says(), rule.help()));
    rules.chain(Code::ALL.iter().map(|code| (code.as_str(), code.says(), None)))
}
