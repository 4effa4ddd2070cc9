// SPDX-License-Identifier: AGPL-3.0-or-later
//! The macros of checked texts: what every one of them has, here and in the crates above.

/// A text that was checked once: the type with `parse`, `as_str` and its text traits. `$check` takes the text and
/// returns what to keep of it, or why not.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $error:ty, $check:path, $(#[$parse:meta])*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            $(#[$parse])*
            pub fn parse(text: &str) -> Result<Self, $error> {
                $check(text).map(|text| Self(text.into()))
            }

            /// The exact text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        text_traits!($name, $error);
    };
}

/// Gives a type with `parse(&str) -> Result<Self, $error>` and `as_str(&self) -> &str` its text traits. For the crates of this
/// project.
#[doc(hidden)]
#[macro_export]
macro_rules! text_traits {
    ($type:ty, $error:ty) => {
        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        $crate::text_in_and_out!($type, $error);
    };
}

/// Gives a type with `parse(&str) -> Result<Self, $error>` and `Display` the other ways in, and serde as text.
#[doc(hidden)]
#[macro_export]
macro_rules! text_in_and_out {
    ($type:ty, $error:ty) => {
        impl ::std::str::FromStr for $type {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $type {
            type Error = $error;
            fn try_from(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        $crate::text_serde!($type);
    };
}

/// Serde as text, for a type with `parse` and `Display`.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! text_serde {
    ($type:ty) => {
        impl $crate::serde::Serialize for $type {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as $crate::serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err($crate::serde::de::Error::custom)
            }
        }
    };
}

/// Without the feature a text has no serde.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! text_serde {
    ($type:ty) => {};
}
