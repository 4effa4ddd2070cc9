// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.304 — every name on the Whitelist is a fully qualified domain name (RFC 3696 section 2).

use crate::{ValueError, lexical};

checked_text! {
    /// A fully qualified, lower-case ASCII host name that may be used: looked up, dialled, compared.
    ///
    /// The rule is the `Hostname` type of the official schemas (see [`lexical::is_hostname`]) plus RFC 3696 section 2,
    /// as core.whl.304 asks: labels of 1 to 63 characters that do not end in `-`, at most 253 characters in all, and a last
    /// label that is not all digits (so an IPv4 address is no host name). No port, no trailing dot, no wildcard, no
    /// underscore, no Unicode: internationalised names are in their `xn--` form.
    ///
    /// ```
    /// use medmij_types::{Hostname, ValueError};
    ///
    /// assert_eq!(Hostname::parse("rcf-rso.nl")?.as_str(), "rcf-rso.nl");
    /// assert_eq!(Hostname::parse("RCF-RSO.nl"), Err(ValueError::HostnameCharacter));
    /// assert_eq!(Hostname::parse_observed("RCF-RSO.nl")?, Hostname::parse("rcf-rso.nl")?);
    /// assert_eq!(Hostname::parse("10.0.0.10"), Err(ValueError::HostnameNumericTopLabel));
    /// # Ok::<(), ValueError>(())
    /// ```
    Hostname, ValueError, check,
    /// Reads a host name exactly as a list writes it.
    ///
    /// # Errors
    ///
    /// [`ValueError`]: the first rule that the text breaks.
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
    /// As [`parse`](Self::parse): [`ValueError`].
    pub fn parse_observed(text: &str) -> Result<Self, ValueError> {
        if text.len() > Self::MAX_LEN {
            return Err(ValueError::HostnameTooLong);
        }
        Self::parse(&text.to_ascii_lowercase())
    }

    /// Whether the name is under `.localhost`, which by RFC 6761 section 6.3 never leaves the machine.
    #[must_use]
    pub fn is_under_localhost(&self) -> bool {
        self.0.ends_with(".localhost")
    }
}

fn check(text: &str) -> Result<&str, ValueError> {
    if text.is_empty() {
        return Err(ValueError::HostnameEmpty);
    }
    if text.len() > Hostname::MAX_LEN {
        return Err(ValueError::HostnameTooLong);
    }
    if !text.bytes().all(|b| lexical::is_hostname_byte(b) || b == b'.') {
        return Err(ValueError::HostnameCharacter);
    }
    let mut labels = 0_usize;
    let mut last = "";
    for label in text.split('.') {
        if label.is_empty() {
            return Err(ValueError::HostnameEmptyLabel);
        }
        if label.len() > 63 {
            return Err(ValueError::HostnameLabelTooLong);
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(ValueError::HostnameHyphen);
        }
        labels += 1;
        last = label;
    }
    if labels < 2 {
        return Err(ValueError::HostnameSingleLabel);
    }
    if last.len() < 2 {
        return Err(ValueError::HostnameShortTopLabel);
    }
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ValueError::HostnameNumericTopLabel);
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
        use ValueError as E;
        let long_label = format!("{}.nl", "a".repeat(64));
        let too_long = format!("{}.nl", vec!["a".repeat(50); 5].join("."));
        for (bad, why) in [
            ("", E::HostnameEmpty),
            ("localhost", E::HostnameSingleLabel),
            ("A.nl", E::HostnameCharacter),
            ("a.b", E::HostnameShortTopLabel),
            ("-a.nl", E::HostnameHyphen),
            ("a-.nl", E::HostnameHyphen),
            ("a.nl-", E::HostnameHyphen),
            ("a..nl", E::HostnameEmptyLabel),
            ("a.nl.", E::HostnameEmptyLabel),
            (".a.nl", E::HostnameEmptyLabel),
            ("a_b.nl", E::HostnameCharacter),
            (" a.nl", E::HostnameCharacter),
            ("a.nl ", E::HostnameCharacter),
            ("a.nl\n", E::HostnameCharacter),
            ("a.nl\0", E::HostnameCharacter),
            ("a.nl:443", E::HostnameCharacter),
            ("*.a.nl", E::HostnameCharacter),
            ("ä.nl", E::HostnameCharacter),
            ("a。nl", E::HostnameCharacter),
            ("10.0.0.10", E::HostnameNumericTopLabel),
            ("10.0.0.1", E::HostnameShortTopLabel),
            ("1.23", E::HostnameNumericTopLabel),
            (&long_label, E::HostnameLabelTooLong),
            (&too_long, E::HostnameTooLong),
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
