// SPDX-License-Identifier: AGPL-3.0-or-later
//! O7, O8 — the secret that ties a flow to a browser, and the CSRF token that comes of it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use medmij_oauth::storage::SecretHash;
use medmij_types::{Entropy, EntropyError, State};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::store::FlowId;

/// What a browser holds of a flow, in a cookie: before the login the flow itself, sealed; after it a secret of 256 random bits,
/// of which the store knows the hash only.
#[derive(Clone)]
pub struct SessionSecret(Zeroizing<String>);

impl SessionSecret {
    /// The length of a secret.
    pub(super) const LEN: usize = 43;

    /// The longest value of a cookie, in bytes.
    pub const MAX_LEN: usize = 3 * 1024;

    /// A new secret.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the entropy fails.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self(Zeroizing::new(State::random(entropy)?.expose().to_owned())))
    }

    /// Reads a cookie value: 43 characters of base64url, or a sealed flow of at most [`MAX_LEN`](Self::MAX_LEN).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_base64url = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let fits = match text.strip_prefix(SEALED) {
            Some(sealed) => text.len() <= Self::MAX_LEN && is_base64url(sealed),
            None => text.len() == Self::LEN && is_base64url(text),
        };
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// A sealed flow as a cookie value; `None` where it is too long for one.
    pub(super) fn of_sealed(base64url: &str) -> Option<Self> {
        Self::parse(&format!("{SEALED}{base64url}"))
    }

    /// The sealed flow, in base64url, where this is one.
    pub(super) fn sealed(&self) -> Option<&str> {
        self.0.strip_prefix(SEALED)
    }

    /// The value, for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash that the store keeps.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// The CSRF token of one step of one flow: nobody who does not hold the cookie can make it.
    #[must_use]
    pub fn csrf(&self, flow: &FlowId, version: u32) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            return String::new();
        };
        mac.update(b"medmij formulier\0");
        mac.update(flow.as_str().as_bytes());
        mac.update(&version.to_be_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Whether a CSRF token is the one of this step, in constant time.
    #[must_use]
    pub fn accepts(&self, flow: &FlowId, version: u32, token: &str) -> bool {
        let expected = self.csrf(flow, version);
        !expected.is_empty() && expected.as_bytes().ct_eq(token.as_bytes()).into()
    }
}

/// What a sealed flow begins with; it is in no secret.
const SEALED: &str = "s.";

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(***)")
    }
}

/// A browser at a flow: the id from the URL, the secret from the cookie. Only together they open it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Visitor {
    /// The flow.
    pub flow: FlowId,
    /// The secret.
    pub session: SessionSecret,
}

impl Visitor {
    /// A visitor.
    #[must_use]
    pub fn new(flow: FlowId, session: SessionSecret) -> Self {
        Self { flow, session }
    }
}
