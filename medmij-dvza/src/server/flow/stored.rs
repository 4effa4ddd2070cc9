// SPDX-License-Identifier: AGPL-3.0-or-later
//! How flows and grants are written and read: JSON with a version, sealed by the caller. Secrets and what is said of a
//! Persoon have no serde of their own; here they get it, in this one place.

use medmij_oauth::{Vertegenwoordiging, policy::Uitzondering, wire::Geboortedatum};
use medmij_types::{Bsn, State};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::server::{Persoon, StepError};

/// A body and its version.
#[derive(Serialize)]
struct Versioned<'a, T> {
    #[serde(rename = "v")]
    version: u32,
    #[serde(flatten)]
    body: &'a T,
}

/// What every version of a body has.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "v")]
    version: u32,
}

pub(super) fn write(body: &impl Serialize, version: u32) -> Zeroizing<Vec<u8>> {
    // texts and numbers only: writing cannot fail
    Zeroizing::new(serde_json::to_vec(&Versioned { version, body }).unwrap_or_default())
}

/// A body of this version. One of another version is not broken: whoever wrote it can read it.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], what: &'static str, version: u32) -> Result<T, StepError> {
    let found: Version = serde_json::from_slice(bytes).map_err(|_| StepError::Unreadable(what))?;
    if found.version != version {
        return Err(StepError::OtherVersion(what, found.version));
    }
    serde_json::from_slice(bytes).map_err(|_| StepError::Unreadable(what))
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Persoon")]
pub(super) struct StoredPersoon {
    #[serde(rename = "b", with = "bsn")]
    bsn: Bsn,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    vertegenwoordiging: Option<Vertegenwoordiging>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    assurance_level: Option<String>,
}

/// A value as a text that is wiped, both ways.
macro_rules! as_text {
    ($name:ident, $type:ty, $write:expr, $read:expr) => {
        pub(super) mod $name {
            use super::*;
            use serde::{Deserializer, Serializer, de::Error as _};

            pub(in super::super) fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                $write(value).serialize(serializer)
            }

            pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = Deserialize::deserialize(deserializer)?;
                $read(text).ok_or_else(|| D::Error::custom(concat!("no ", stringify!($name))))
            }
        }
    };
}

as_text!(bsn, Bsn, Bsn::expose, |text: Zeroizing<String>| Bsn::parse(&text).ok());
as_text!(state, State, State::expose, |text: String| State::from_wire(text).ok());
as_text!(
    uitzondering,
    Uitzondering,
    |it: &Uitzondering| it.as_str(),
    |text: String| Uitzondering::from_name(&text)
);
as_text!(flag, bool, |flag: &bool| u8::from(*flag), |number: u8| (number <= 1)
    .then_some(number == 1));
as_text!(
    geboortedatum,
    Option<Geboortedatum>,
    |date: &Option<Geboortedatum>| date.as_ref().map(|date| date.as_str().to_owned()),
    |text: Option<Zeroizing<String>>| match text {
        Some(text) => Geboortedatum::parse(&text).ok().map(Some),
        None => Some(None),
    }
);
