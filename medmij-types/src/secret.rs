// SPDX-License-Identifier: AGPL-3.0-or-later
//! Secrets that travel: each a type of its own, never shown, wiped when dropped.

use crate::{Entropy, EntropyError, ValueError};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        ///
        /// `Debug` shows its name only; there is no `Display`, no `Serialize` and no ordering; equality takes the same
        /// time wherever two values differ.
        #[derive(Clone)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes a value that came over the wire.
            ///
            /// # Errors
            ///
            /// [`ValueError`], where it is empty, too long or holds a character outside its alphabet. The error never
            /// holds the value.
            pub fn from_wire(value: impl Into<String>) -> Result<Self, ValueError> {
                let value = Zeroizing::new(value.into());
                $check(&value)?;
                Ok(Self(value))
            }

            /// Makes a new value of 256 random bits, as 43 characters of base64url (RFC 4648 section 5).
            ///
            /// # Errors
            ///
            /// [`EntropyError`], where the entropy fails.
            pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                let mut bytes = Zeroizing::new([0_u8; 32]);
                entropy.fill(bytes.as_mut_slice())?;
                Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))))
            }

            /// The value itself. Search for this word to find where secrets leave their type.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    };
}

secret! {
    /// An authorization code (RFC 6749 section 4.1.2): opaque to the client (core.autorisatie.207), spent once
    /// (core.tknint.203, core.tknint.204).
    AuthorizationCode, check_visible
}

secret! {
    /// An access token (RFC 6750): opaque to the client (core.autorisatie.207). Its alphabet is `b64token` of RFC 6750
    /// section 2.1, so it always fits the `Authorization` header.
    AccessToken, check_b64token
}

secret! {
    /// A refresh token of a langdurige toestemming (RFC 6749 section 6).
    RefreshToken, check_visible
}

secret! {
    /// The `state` of an authorization request (RFC 6749 section 4.1.1): what ties the answer to the browser session that
    /// asked.
    ///
    /// ```
    /// use medmij_types::{OsEntropy, State};
    ///
    /// let state = State::random(&OsEntropy)?;
    /// assert_eq!(format!("{state:?}"), "State(***)");
    /// assert_eq!(state.expose().len(), 43);
    /// # Ok::<(), medmij_types::EntropyError>(())
    /// ```
    State, check_visible
}

/// The longest secret that is taken from the wire, in bytes.
const MAX_LEN: usize = 8192;

/// `VSCHAR` of RFC 6749 appendix A: the printable ASCII characters and the space.
fn check_visible(value: &str) -> Result<(), ValueError> {
    check(value, |b| (0x20..=0x7e).contains(&b))
}

/// `b64token` of RFC 6750 section 2.1.
fn check_b64token(value: &str) -> Result<(), ValueError> {
    let body = value.trim_end_matches('=');
    if body.is_empty() && !value.is_empty() {
        return Err(ValueError::SecretCharacter);
    }
    check(value, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
    })?;
    if body.contains('=') {
        Err(ValueError::SecretCharacter)
    } else {
        Ok(())
    }
}

fn check(value: &str, allowed: impl Fn(u8) -> bool) -> Result<(), ValueError> {
    match value.len() {
        0 => Err(ValueError::SecretEmpty),
        1..=MAX_LEN if value.bytes().all(allowed) => Ok(()),
        1..=MAX_LEN => Err(ValueError::SecretCharacter),
        _ => Err(ValueError::SecretTooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f15_debug_is_masked() {
        let token = AccessToken::from_wire("geheim").unwrap();
        assert_eq!(
            format!("{token:?} {:?}", Some(&token)),
            "AccessToken(***) Some(AccessToken(***))"
        );
    }

    #[test]
    fn state_may_hold_every_printable_character() {
        let state = State::from_wire("a b&c=~%2B").unwrap();
        assert_eq!(state.expose(), "a b&c=~%2B");
        for (bad, why) in [
            ("", ValueError::SecretEmpty),
            ("a\nb", ValueError::SecretCharacter),
            ("é", ValueError::SecretCharacter),
        ] {
            assert_eq!(State::from_wire(bad), Err(why), "{bad:?}");
        }
        assert_eq!(State::from_wire("x".repeat(8193)), Err(ValueError::SecretTooLong));
    }

    #[test]
    fn rfc_6750_2_1_access_tokens_fit_the_header() {
        for good in ["abc", "a.b-c_d~e+f/g==", "x"] {
            assert!(AccessToken::from_wire(good).is_ok(), "{good}");
        }
        for bad in ["a b", "a=b", "=", "a\r\nX: y", "a,b"] {
            assert_eq!(AccessToken::from_wire(bad), Err(ValueError::SecretCharacter), "{bad:?}");
        }
    }

    #[test]
    fn equality_is_by_value() {
        let a = AuthorizationCode::from_wire("abc").unwrap();
        assert!(
            a == a.clone()
                && a != AuthorizationCode::from_wire("abd").unwrap()
                && a != AuthorizationCode::from_wire("ab").unwrap()
        );
    }
}
