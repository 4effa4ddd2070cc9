// SPDX-License-Identifier: AGPL-3.0-or-later
//! Characters and names: XML 1.0 sections 2.2 and 2.3, Namespaces in XML sections 3 and 4.

/// `Char`.
pub(crate) const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// `NameStartChar` without the colon.
const fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// `NameChar` without the colon.
const fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// `NCName`: a name without a colon.
pub(crate) fn is_ncname(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(is_name_start) && characters.all(is_name_char)
}

/// `Name`, colons and all.
pub(crate) fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| is_name_start(c) || c == ':') && characters.all(|c| is_name_char(c) || c == ':')
}

/// White space of XML.
pub(crate) const fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

/// The first character that is no `Char`, and its byte.
pub(crate) fn first_illegal(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, c)| !is_char(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar_of_xml() {
        for good in ["a", "_", "Één", "a-b.c9", "x·", "日本", "xml", "a\u{10000}"] {
            assert!(is_ncname(good) && is_name(good), "{good:?}");
        }
        for bad in ["", "1a", "-a", ".a", "a b", "a:b", "·a", "a\u{d7}", "a<", "a\u{fffe}"] {
            assert!(!is_ncname(bad), "{bad:?}");
        }
        assert!(is_name("a:b:c") && is_name(":"));
    }

    #[test]
    fn characters_outside_xml_are_refused() {
        assert_eq!(first_illegal("a\tb\n\r\u{85}\u{fffd}😀"), None);
        assert_eq!(first_illegal("é\u{b}"), Some((2, '\u{b}')));
        assert_eq!(first_illegal("\u{fffe}"), Some((0, '\u{fffe}')));
        assert_eq!(first_illegal("a\0"), Some((1, '\0')));
    }
}
