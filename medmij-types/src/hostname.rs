// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.304 — every name on the Whitelist is a fully qualified domain name (RFC 3696 section 2).

use crate::lexical;

checked_text! {
    /// A fully qualified, lower-case ASCII host name that may be used: looked up, dialled, compared.
    ///
    /// The rule is the `Hostname` type of the official schemas (see [`lexical::is_hostname`]) plus RFC 3696 section 2,
    /// as core.whl.304 asks: labels of 1 to 63 characters that do not end in `-`, at most 253 characters in all, and a last
    /// label that is not all digits (so an IPv4 address is no host name). No port, no trailing dot, no wildcard, no
    /// underscore, no Unicode: internationalised names stand in their `xn--` form.
    ///
    /// ```
    /// use medmij_types::{Hostname, HostnameError};
    ///
    /// assert_eq!(Hostname::parse("rcf-rso.nl")?.as_str(), "rcf-rso.nl");
    /// assert_eq!(Hostname::parse("RCF-RSO.nl"), Err(HostnameError::Character));
    /// assert_eq!(Hostname::parse_observed("RCF-RSO.nl")?, Hostname::parse("rcf-rso.nl")?);
    /// assert_eq!(Hostname::parse("10.0.0.10"), Err(HostnameError::NumericTopLabel));
    /// # Ok::<(), HostnameError>(())
    /// ```
    Hostname, HostnameError, check,
    /// Reads a host name exactly as a list writes it.
    ///
    /// # Errors
    ///
    /// [`HostnameError`]: the first rule that the text breaks.
}

impl Hostname {
    /// The longest host name, in characters (RFC 1035 section 3.1, less the length bytes of the root).
    pub const MAX_LEN: usize = 253;

    /// Reads a host name that was seen on the wire (a certificate, a URI of another party): upper-case ASCII letters
    /// become lower case first, and nothing else changes. A trailing dot stays an error and IDNA is never applied, so
    /// what this accepts is, in lower case, literally what a list would have to hold.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse): [`HostnameError`].
    pub fn parse_observed(text: &str) -> Result<Self, HostnameError> {
        if text.len() > Self::MAX_LEN {
            return Err(HostnameError::TooLong);
        }
        Self::parse(&text.to_ascii_lowercase())
    }

    /// Whether the name is under `.localhost`, which by RFC 6761 section 6.3 never leaves the machine.
    #[must_use]
    pub fn is_under_localhost(&self) -> bool {
        self.0.ends_with(".localhost")
    }
}

/// Why a text is no [`Hostname`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostnameError {
    /// The text is empty.
    #[error("host name is empty")]
    Empty,
    /// More than 253 characters.
    #[error("host name is longer than 253 characters")]
    TooLong,
    /// A character other than `a`–`z`, `0`–`9`, `-` and `.`.
    #[error("host name holds a character other than a-z, 0-9, '-' and '.'")]
    Character,
    /// Two dots in a row, or a dot at the start or the end.
    #[error("host name has an empty label")]
    EmptyLabel,
    /// A label of more than 63 characters.
    #[error("host name has a label longer than 63 characters")]
    LabelTooLong,
    /// A label that starts or ends with `-`.
    #[error("host name has a label that starts or ends with '-'")]
    Hyphen,
    /// Only one label.
    #[error("host name is not fully qualified: it has one label")]
    SingleLabel,
    /// A last label of one character, which the schemas refuse.
    #[error("last label of the host name has one character")]
    ShortTopLabel,
    /// A last label of digits only, as in an IPv4 address.
    #[error("last label of the host name is a number")]
    NumericTopLabel,
}

fn check(text: &str) -> Result<&str, HostnameError> {
    if text.is_empty() {
        return Err(HostnameError::Empty);
    }
    if text.len() > Hostname::MAX_LEN {
        return Err(HostnameError::TooLong);
    }
    if !text.bytes().all(|b| lexical::is_hostname_byte(b) || b == b'.') {
        return Err(HostnameError::Character);
    }
    let mut labels = 0_usize;
    let mut last = "";
    for label in text.split('.') {
        if label.is_empty() {
            return Err(HostnameError::EmptyLabel);
        }
        if label.len() > 63 {
            return Err(HostnameError::LabelTooLong);
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(HostnameError::Hyphen);
        }
        labels += 1;
        last = label;
    }
    if labels < 2 {
        return Err(HostnameError::SingleLabel);
    }
    if last.len() < 2 {
        return Err(HostnameError::ShortTopLabel);
    }
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(HostnameError::NumericTopLabel);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn core_whl_304_usable_host_names() {
        let long_label = format!("{}.nl", "a".repeat(63));
        let longest = format!("{}.nl", vec!["a".repeat(49); 5].join("."));
        assert_eq!(longest.len(), 252);
        for good in [
            "a.bc",
            "rcf-rso.nl",
            "xn--bcher-kva.nl",
            "a.n-l",
            "1.2.nl",
            "dvza-een.localhost",
            &long_label,
            &longest,
        ] {
            assert_eq!(Hostname::parse(good).map(|h| h.to_string()), Ok(good.to_owned()));
        }
    }

    #[test]
    fn core_whl_304_refused_host_names() {
        use HostnameError as E;
        let long_label = format!("{}.nl", "a".repeat(64));
        let too_long = format!("{}.nl", vec!["a".repeat(50); 5].join("."));
        for (bad, why) in [
            ("", E::Empty),
            ("localhost", E::SingleLabel),
            ("A.nl", E::Character),
            ("a.b", E::ShortTopLabel),
            ("-a.nl", E::Hyphen),
            ("a-.nl", E::Hyphen),
            ("a.nl-", E::Hyphen),
            ("a..nl", E::EmptyLabel),
            ("a.nl.", E::EmptyLabel),
            (".a.nl", E::EmptyLabel),
            ("a_b.nl", E::Character),
            (" a.nl", E::Character),
            ("a.nl ", E::Character),
            ("a.nl\n", E::Character),
            ("a.nl\0", E::Character),
            ("a.nl:443", E::Character),
            ("*.a.nl", E::Character),
            ("ä.nl", E::Character),
            ("a。nl", E::Character),
            ("10.0.0.10", E::NumericTopLabel),
            ("10.0.0.1", E::ShortTopLabel),
            ("1.23", E::NumericTopLabel),
            (&long_label, E::LabelTooLong),
            (&too_long, E::TooLong),
        ] {
            assert_eq!(Hostname::parse(bad), Err(why), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_usable_host_name_is_schema_valid(text in "[a-zA-Z0-9.-]{0,40}") {
            if Hostname::parse(&text).is_ok() {
                prop_assert!(lexical::is_hostname(&text));
            }
        }

        #[test]
        fn w1_observed_is_the_lower_case_text(text in "\\PC{0,20}|[a-zA-Z0-9.-]{1,30}") {
            if let Ok(seen) = Hostname::parse_observed(&text) {
                prop_assert_eq!(seen.as_str(), text.to_ascii_lowercase());
            }
        }
    }
}
