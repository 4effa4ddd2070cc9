// SPDX-License-Identifier: AGPL-3.0-or-later
//! The public ids of the rows.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_types::{Entropy, EntropyError};

macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 22]);

        impl $name {
            /// A new id of 128 random bits.
            ///
            /// # Errors
            ///
            /// [`EntropyError`], where the entropy fails.
            pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes)?;
                let mut text = [0; 22];
                // 16 bytes are always 22 characters
                let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
                Ok(Self(text))
            }

            /// Reads an id: 22 characters of base64url.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let bytes: [u8; 22] = text.as_bytes().try_into().ok()?;
                bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).then_some(Self(bytes))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                // base64url only: both ways in see to it
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

public_id! {
    /// The id of a flow. It is in URLs and is no authority: the session of the browser is.
    FlowId
}

public_id! {
    /// The id of a grant.
    GrantId
}
