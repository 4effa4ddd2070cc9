// SPDX-License-Identifier: AGPL-3.0-or-later
//! The pattern facet of XML Schema (part 2, appendix F), as far as the lists use it, compiled to a table of states.
//!
//! Patterns are anchored at both ends. Supported: characters, `.`, groups, `|`, classes with ranges and negation,
//! `? * + {n} {n,} {n,m}`, the escapes of single characters, `\d \D \s \S`. Anything else is a clear error.

mod automaton;
mod parse;

use automaton::Automaton;
pub(crate) use parse::PatternError;
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    full: Automaton,
    /// The same over plain characters alone, which is smaller and so faster.
    plain: Automaton,
}

/// How a text fails a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// The character at this byte does not fit.
    At(usize),
    /// All characters fit, but more must follow.
    TooShort,
}

impl Pattern {
    pub(crate) fn compile(pattern: &str) -> Result<Self, PatternError> {
        Ok(Self {
            full: Automaton::build(&parse::parse(pattern, None)?)?,
            plain: Automaton::build(&parse::parse(pattern, Some(&plain_characters()))?)?,
        })
    }

    /// Whether the raw bytes between two tags match, for sure. `false` may also mean that they must be looked at more
    /// closely: they hold something other than printable ASCII, or `>` or `&`.
    pub(crate) fn surely_matches(&self, raw: &[u8]) -> bool {
        self.plain.matches(raw)
    }

    /// The length of the text that is here, up to the `<` after it, if it matches for sure.
    #[inline]
    pub(crate) fn scan(&self, bytes: &[u8]) -> Option<usize> {
        let length = self.plain.scan(bytes, is_plain)?;
        (bytes.get(length) == Some(&b'<')).then_some(length)
    }

    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.full.bytes() + self.plain.bytes()
    }

    pub(crate) fn check(&self, text: &str) -> Result<(), Mismatch> {
        if self.full.matches(text.as_bytes()) {
            Ok(())
        } else {
            Err(self.full.mismatch(text))
        }
    }
}

/// Printable ASCII that stands for itself wherever it is in text.
pub(crate) const fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..0x7F) && !matches!(byte, b'<' | b'>' | b'&')
}

fn plain_characters() -> ClassUnicode {
    let plain = (0..0x7F).filter(|byte| is_plain(*byte)).map(char::from);
    ClassUnicode::new(plain.map(|c| ClassUnicodeRange::new(c, c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_types::lexical;
    use proptest::prelude::*;

    const HOSTNAME: &str = r"([a-z0-9][a-z0-9-]*\.)+[a-z0-9][a-z0-9-]*[a-z0-9]";
    const FRONT: &str = r"https://([a-z0-9][a-z0-9-]*\.)+[a-z0-9][a-z0-9-]*[a-z0-9]?(/[^?#/]+)*";
    const BACK: &str = r"https://([a-z0-9][a-z0-9-]*\.)+[a-z0-9][a-z0-9-]*[a-z0-9](:\d{1,5})?(/[^?#/]+)*";

    fn matches(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::compile(pattern).unwrap();
        let exact = pattern.check(text).is_ok();
        let sure = pattern.surely_matches(text.as_bytes());
        assert!(exact || !sure, "{text:?}");
        let scanned = pattern.scan(format!("{text}<").as_bytes());
        assert_eq!(scanned, (sure && !text.contains('<')).then_some(text.len()), "{text:?}");
        assert!(pattern.scan(text.as_bytes()).is_none(), "nothing ends it: {text:?}");
        exact
    }

    #[test]
    fn each_operator_of_a_pattern_matches() {
        for (pattern, good, bad) in [
            ("abc", vec!["abc"], vec!["", "ab", "abcd", "xabc"]),
            ("", vec![""], vec!["a"]),
            ("a|bc|", vec!["a", "bc", ""], vec!["b", "abc"]),
            ("(ab)*", vec!["", "ab", "abab"], vec!["a", "aba"]),
            ("(ab)+", vec!["ab", "abab"], vec!["", "a"]),
            ("a?b", vec!["b", "ab"], vec!["aab", "a"]),
            ("a{2}", vec!["aa"], vec!["a", "aaa"]),
            ("a{2,}", vec!["aa", "aaaa"], vec!["a"]),
            ("a{1,3}", vec!["a", "aaa"], vec!["", "aaaa"]),
            ("a{0}b", vec!["b"], vec!["ab"]),
            (".{2}", vec!["ab", "é😀"], vec!["a", "a\n", "\ra"]),
            ("[^a-c]", vec!["d", "\n", "é"], vec!["a", "b", "", "dd"]),
            ("[a\\-z]", vec!["a", "-", "z"], vec!["b"]),
            ("[-a]", vec!["-", "a"], vec!["b"]),
            ("[a-]", vec!["-", "a"], vec!["b"]),
            (r"\d\D\s\S", vec!["1a b", "٣a\tb"], vec!["1111"]),
            ("^a$", vec!["^a$"], vec!["a"]),
            ("a|ab", vec!["a", "ab"], vec!["abb", "b"]),
            ("[^\\s\\S]", vec![], vec!["", "a"]),
            ("(a*)*", vec!["", "aaa"], vec!["b"]),
            (r"\.\\\?", vec![".\\?"], vec!["a\\?"]),
        ] {
            for text in good {
                assert!(matches(pattern, text), "{pattern:?} must match {text:?}");
            }
            for text in bad {
                assert!(!matches(pattern, text), "{pattern:?} must not match {text:?}");
            }
        }
    }

    #[test]
    fn what_is_outside_the_subset_is_an_error() {
        for pattern in [
            r"\p{L}",
            r"\w",
            r"\i\c*",
            "[a-z-[aeiou]]",
            "(",
            ")",
            "[",
            "[]",
            "a{",
            "a{2",
            "a{3,2}",
            "*",
            "a**",
            "}",
            r"\x",
            "[b-a]",
            "a{1,99999}",
        ] {
            assert!(Pattern::compile(pattern).is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn a_pattern_that_would_take_much_memory_or_time_is_refused() {
        let optional: String = (0..120)
            .filter_map(|n| char::from_u32(0x4E00 + n))
            .flat_map(|c| [c, '?'])
            .collect();
        for pattern in [
            format!("({optional}){{40}}"),
            "((a?b?c?d?e?f?g?h?){30}){20}".to_owned(),
            "(((a{1000}){1000}){1000}){1000}".to_owned(),
            "(a|b)*a(a|b){20}".to_owned(),
            format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000)),
            "(a|aa|aaa)*".repeat(100_000),
            "[^a]{1000}{1000}".replace("}{", "}a{"),
        ] {
            assert_eq!(
                Pattern::compile(&pattern).err(),
                Some(PatternError::TooLarge),
                "{:.40}",
                pattern
            );
        }
        assert!(Pattern::compile("(a|b)*a(a|b){8}").is_ok());
    }

    #[test]
    fn a_mismatch_says_where() {
        let host = Pattern::compile(HOSTNAME).unwrap();
        assert_eq!(host.check("a.Bc"), Err(Mismatch::At(2)));
        assert_eq!(host.check("a.b"), Err(Mismatch::TooShort));
        assert_eq!(host.check("a.é"), Err(Mismatch::At(2)));
    }

    proptest! {
        #[test]
        fn hostname_is_that_of_the_types(text in "[a-z0-9.A-]{0,12}") {
            prop_assert_eq!(matches(HOSTNAME, &text), lexical::is_hostname(&text));
        }

        #[test]
        fn frontchannel_uri_is_that_of_the_types(text in "(https://)?[a-b0.:/?#é -]{0,14}") {
            prop_assert_eq!(matches(FRONT, &text), lexical::is_frontchannel_uri(&text));
        }

        #[test]
        fn backchannel_uri_is_that_of_the_types(text in "https://[a-b0.-]{1,6}(:[0-9٣]{0,6})?[a-b0.:/?#é>\n-]{0,9}") {
            prop_assert_eq!(matches(BACK, &text), lexical::is_backchannel_uri(&text));
        }
    }
}
