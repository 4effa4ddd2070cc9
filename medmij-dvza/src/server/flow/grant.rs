// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a grant is good for, and the key of its refresh tokens.

use medmij_oauth::Scope;
use medmij_types::{Aanbiedernaam, CalendarDate, CorrelationId, Entropy, EntropyError, GegevensdienstId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::stored::{self, StoredPersoon};
use crate::server::{Persoon, StepError};

/// What a grant is good for. It rests sealed beside the grant, for the token endpoint and the resource server. Its members have
/// short names: there is one of these for every live grant.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::server) struct GrantBody {
    #[serde(rename = "s")]
    pub(in crate::server) scope: Scope,
    #[serde(rename = "a")]
    pub(in crate::server) aanbieder: Aanbiedernaam,
    #[serde(rename = "g")]
    pub(in crate::server) gegevensdiensten: Vec<GegevensdienstId>,
    #[serde(rename = "p", with = "StoredPersoon")]
    pub(in crate::server) persoon: Persoon,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(in crate::server) correlation_id: Option<CorrelationId>,
    /// The key of the MAC of its refresh tokens; only where it is langdurig.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none", with = "family")]
    pub(in crate::server) family: Option<FamilyKey>,
    /// The day in the Netherlands on which it was given, for the overview of the Persoon.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(in crate::server) given: Option<CalendarDate>,
}

/// The key under which the refresh tokens of one grant carry their MAC. It rests sealed in the grant and nowhere else.
#[derive(Clone)]
pub(in crate::server) struct FamilyKey(Zeroizing<[u8; 32]>);

impl FamilyKey {
    pub(in crate::server) fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    pub(in crate::server) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl GrantBody {
    /// What a token that admits these gegevensdiensten is good for. The consent stays as it is.
    pub(in crate::server) fn narrowed_to(&self, gegevensdiensten: Vec<GegevensdienstId>) -> Self {
        let mut narrowed = self.clone();
        if !self.scope.gegevensdiensten().is_empty()
            && let Some(scope) = self.scope.narrowed_to(&gegevensdiensten)
        {
            narrowed.scope = scope;
        }
        narrowed.gegevensdiensten = gegevensdiensten;
        narrowed
    }

    pub(in crate::server) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        stored::write(self, GRANT_VERSION)
    }

    pub(in crate::server) fn from_bytes(bytes: &[u8]) -> Result<Self, StepError> {
        stored::read(bytes, "grant", GRANT_VERSION)
    }
}

/// The key of a family as base64url.
mod family {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};
    use zeroize::Zeroizing;

    use super::FamilyKey;

    pub(super) fn serialize<S: Serializer>(key: &Option<FamilyKey>, serializer: S) -> Result<S::Ok, S::Error> {
        let text = key
            .as_ref()
            .map(|key| Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_bytes())));
        text.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FamilyKey>, D::Error> {
        let Some(text) = Option::<Zeroizing<String>>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let mut bytes = Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(text.as_bytes(), bytes.as_mut_slice()) {
            Ok(32) => Ok(Some(FamilyKey(bytes))),
            _ => Err(D::Error::custom("key of a family has 32 bytes")),
        }
    }
}

/// The version of the body of a grant: it goes up with every change that an older program would misread.
const GRANT_VERSION: u32 = 2;
