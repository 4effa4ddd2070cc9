// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 8259 grammar: the single pass behind [`scan`].

use std::borrow::Cow;
use std::ops::Range;

use super::{JsonError, JsonRule, Member, Observer, Step};
use crate::limits::Limits;

/// Checks a whole document and shows it to `observer`. Returns the text on success.
pub(crate) fn scan<'a>(bytes: &'a [u8], limits: &Limits, observer: &mut dyn Observer) -> Result<&'a str, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
        rule: JsonRule::Utf8,
        offset: error.valid_up_to(),
    })?;
    let mut scanner = Scanner {
        text,
        at: 0,
        limits,
        path: Vec::new(),
        observer,
    };
    scanner.space();
    scanner.value()?;
    scanner.space();
    if scanner.at < text.len() {
        return Err(scanner.error(JsonRule::Syntax));
    }
    Ok(text)
}

struct Scanner<'a, 'o> {
    text: &'a str,
    at: usize,
    limits: &'o Limits,
    path: Vec<Step>,
    observer: &'o mut dyn Observer,
}

impl<'a> Scanner<'a, '_> {
    fn value(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => {
                let start = self.at;
                let value = self.string()?;
                self.observer.string(self.text, &value, start..self.at, &self.path);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => Err(self.error(JsonRule::Syntax)),
        }
    }

    fn object(&mut self) -> Result<(), JsonError> {
        self.descend()?;
        let mut members: Vec<Member<'a>> = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.observer.object(self.text, &members, &self.path);
            return Ok(());
        }
        loop {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.error(JsonRule::Syntax));
            }
            if members.len() >= MAX_MEMBERS {
                return Err(self.error(JsonRule::TooLong));
            }
            let name = self.string()?;
            let inside = start + 1..self.at - 1;
            self.space();
            self.expect(b':')?;
            self.space();
            let value_start = self.at;
            self.path.push(Step::Name(inside));
            self.value()?;
            self.path.pop();
            members.push(Member {
                name,
                whole: start..self.at,
                value: value_start..self.at,
            });
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.error(JsonRule::Syntax)),
            }
            self.space();
        }
        self.at += 1;
        refuse_duplicates(&members)?;
        self.observer.object(self.text, &members, &self.path);
        Ok(())
    }

    fn array(&mut self) -> Result<(), JsonError> {
        self.descend()?;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            if index >= self.limits.elements {
                return Err(self.error(JsonRule::TooLong));
            }
            self.path.push(Step::Index(index));
            self.value()?;
            self.path.pop();
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.error(JsonRule::Syntax)),
            }
            self.space();
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over an opening bracket. The path is as long as the nesting is deep.
    fn descend(&mut self) -> Result<(), JsonError> {
        if self.path.len() >= self.limits.depth {
            return Err(self.error(JsonRule::TooDeep));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let start = self.at;
        let mut escaped = false;
        let rest = self.text.as_bytes().get(start + 1..).unwrap_or_default();
        let mut bytes = rest.iter().enumerate();
        while let Some((index, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.at = start + index + 2;
                    let range = if escaped {
                        start..self.at
                    } else {
                        start + 1..self.at - 1
                    };
                    let Some(slice) = self.text.get(range) else { break };
                    if !escaped {
                        return Ok(Cow::Borrowed(slice));
                    }
                    // serde_json knows the escapes and refuses lone surrogates in a `String`
                    return serde_json::from_str(slice).map(Cow::Owned).map_err(|_| JsonError {
                        rule: JsonRule::String,
                        offset: start,
                    });
                }
                b'\\' => {
                    escaped = true;
                    bytes.next();
                }
                0..=0x1f => break,
                _ => {}
            }
        }
        Err(JsonError {
            rule: JsonRule::String,
            offset: start,
        })
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let wrong = JsonError {
            rule: JsonRule::Number,
            offset: start,
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(wrong)?,
            _ => return Err(wrong),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits(wrong)?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(wrong)?;
        }
        Ok(())
    }

    fn digits(&mut self, wrong: JsonError) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(wrong) } else { Ok(()) }
    }

    fn literal(&mut self, word: &str) -> Result<(), JsonError> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.error(JsonRule::Syntax));
        }
        self.at += word.len();
        Ok(())
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.error(JsonRule::Syntax));
        }
        self.at += 1;
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, rule: JsonRule) -> JsonError {
        JsonError { rule, offset: self.at }
    }
}

fn refuse_duplicates(members: &[Member<'_>]) -> Result<(), JsonError> {
    let mut names: Vec<(&str, Range<usize>)> = members.iter().map(|m| (&*m.name, m.whole.clone())).collect();
    names.sort_by(|a, b| a.0.cmp(b.0).then(a.1.start.cmp(&b.1.start)));
    let mut previous = None;
    for (name, whole) in names {
        if previous == Some(name) {
            return Err(JsonError {
                rule: JsonRule::DuplicateName,
                offset: whole.start,
            });
        }
        previous = Some(name);
    }
    Ok(())
}

/// FHIR objects have dozens of members, not thousands.
const MAX_MEMBERS: usize = 4_096;

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_oneof, proptest};

    use super::{JsonRule, scan};
    use crate::json::Unobserved;
    use crate::limits::Limits;

    fn small() -> Limits {
        Limits {
            depth: 8,
            elements: 100,
            ..Limits::default()
        }
    }

    fn rule(text: &str) -> Option<JsonRule> {
        scan(text.as_bytes(), &small(), &mut Unobserved)
            .err()
            .map(|error| error.rule)
    }

    #[test]
    fn sound_documents_pass() {
        for text in [
            "{}",
            " [ 1 , -0.50e+3, true,false , null ] ",
            r#"{"a":"\u00e9\ud83d\ude00\/"}"#,
            "1e400",
            "\"\"",
        ] {
            assert_eq!(rule(text), None, "{text}");
        }
    }

    #[test]
    fn f6_documents_that_others_let_pass_are_refused() {
        let cases = [
            (r#"{"a":1,"b":2,"a":3}"#, JsonRule::DuplicateName),
            (r#"{"a":1,"\u0061":3}"#, JsonRule::DuplicateName),
            (r#"{"x":{"a":1,"a":1}}"#, JsonRule::DuplicateName),
            (r#""\ud800""#, JsonRule::String),
            (r#""\x""#, JsonRule::String),
            ("\"a\nb\"", JsonRule::String),
            ("\"open", JsonRule::String),
            ("\"open\\", JsonRule::String),
            ("01", JsonRule::Syntax),
            ("1.", JsonRule::Number),
            ("-", JsonRule::Number),
            ("1e", JsonRule::Number),
            ("+1", JsonRule::Syntax),
            ("nul", JsonRule::Syntax),
            ("", JsonRule::Syntax),
            ("{}{}", JsonRule::Syntax),
            ("[1,]", JsonRule::Syntax),
            (r#"{"a":1,}"#, JsonRule::Syntax),
            (r#"{"a" 1}"#, JsonRule::Syntax),
            ("{1:1}", JsonRule::Syntax),
            ("\u{feff}{}", JsonRule::Syntax),
        ];
        for (text, expected) in cases {
            assert_eq!(rule(text), Some(expected), "{text}");
        }
        assert_eq!(
            scan(b"\"\xff\"", &small(), &mut Unobserved).unwrap_err().rule,
            JsonRule::Utf8
        );
    }

    #[test]
    fn f3_depth_is_bounded() {
        assert_eq!(rule(&format!("{}{}", "[".repeat(8), "]".repeat(8))), None);
        assert_eq!(
            rule(&format!("{}{}", "[".repeat(9), "]".repeat(9))),
            Some(JsonRule::TooDeep)
        );
        assert_eq!(rule(&"[".repeat(1_000_000)), Some(JsonRule::TooDeep));
        assert_eq!(rule(&r#"{"a":"#.repeat(1_000_000)), Some(JsonRule::TooDeep));
    }

    #[test]
    fn f3_objects_and_arrays_are_bounded() {
        let array = |items: usize| format!("[{}]", vec!["0"; items].join(","));
        assert_eq!(rule(&array(100)), None);
        assert_eq!(rule(&array(101)), Some(JsonRule::TooLong));
        let object = |members: usize| {
            let members: Vec<String> = (0..members).map(|number| format!("\"{number}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert_eq!(rule(&object(4096)), None);
        assert_eq!(rule(&object(4097)), Some(JsonRule::TooLong));
    }

    proptest! {
        /// What we take, serde_json takes; what it refuses, we refuse.
        #[test]
        fn agrees_with_serde_json(
            text in prop::collection::vec(
                prop_oneof![
                    prop::sample::select(vec!["{", "}", "[", "]", ":", ",", "\"", "a", "\\", "u00e9", "1", "0", "-", ".", "e", "true", "null", " "]),
                ],
                0..12,
            )
        ) {
            let text = text.concat();
            let ours = scan(text.as_bytes(), &Limits::default(), &mut Unobserved);
            let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text);
            match ours {
                Ok(_) => assert!(theirs.is_ok(), "{text}"),
                Err(error) if error.rule == JsonRule::DuplicateName => {}
                Err(_) => assert!(theirs.is_err() || serde_json::from_str::<serde_json::Value>(&text).is_err(), "{text}"),
            }
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = scan(&bytes, &small(), &mut Unobserved);
        }
    }
}
