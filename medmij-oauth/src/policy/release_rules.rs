// SPDX-License-Identifier: AGPL-3.0-or-later
//! What differs between releases of the OAuth interfaces, as one table keyed by [`Release`].

use medmij_types::Release;

use crate::Vertegenwoordiging;

/// The differences of one release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReleaseRules {
    /// The form of a scope for Verzamelen (core.authint.200).
    pub verzamelen: VerzamelenGrammar,
    /// Whether Delen exists.
    pub delen: bool,
    /// Whether Abonneren exists.
    pub abonneren: bool,
    /// The kinds of representation that a scope can ask for (ext.vert.authint.200).
    pub vertegenwoordiging: &'static [Vertegenwoordiging],
    /// Whether both ids are query parameters of the authorization request (core.authint.208).
    pub ids_in_authorization_request: bool,
    /// Whether both ids are headers of the token request (core.tknint.208).
    pub ids_in_token_request: bool,
    /// Whether resource requests carry `X-Correlation-ID` beside `MedMij-Request-ID` (core.rscint.201).
    pub correlation_id_in_resource_request: bool,
    /// Whether langdurige toestemming, and with it refresh tokens, exists.
    pub langdurige_toestemming: bool,
    /// Whether the DVP must not see the difference between refusal and "no data" (autoriseren 1 and 2).
    pub refusals_alike: bool,
    /// Whether codes and tokens are UUIDs of version 4 (case D06). Elsewhere they are 256 random bits.
    pub uuid_codes: bool,
    /// What the `scope` of a token response for Verzamelen holds.
    pub token_scope: TokenScope,
}

/// The form of a scope for Verzamelen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerzamelenGrammar {
    /// One name, no gegevensdienst.
    Aanbieder,
    /// One or more `name~id`, all of one Aanbieder.
    Combinations,
    /// Exactly one `name~id`.
    Combination,
    /// A bare gegevensdienst id.
    Gegevensdienst,
}

/// What the `scope` of a token response for Verzamelen holds (core.tknint.201).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenScope {
    /// The ids of the gegevensdiensten that may be collected, separated by spaces. Seen in implementations of 2.2 only.
    GegevensdienstIds,
    /// The scope of the request, less what is not available.
    FlowRequest,
}

/// What a DVP makes of a token response whose `scope` is there and empty: RFC 6749 section 3.3 has no empty scope, and servers
/// send one. Unknown in the framework; a value for each release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmptyScope {
    /// As if it were absent: what was asked. For Abonneren, where it must not be absent, the answer is refused.
    #[default]
    AsAsked,
    /// Nothing is granted: the answer is refused.
    Nothing,
}

/// The rules of a release.
#[must_use]
pub const fn release_rules(release: Release) -> &'static ReleaseRules {
    match release {
        Release::V1_0 | Release::V1_1 => &V1_0,
        Release::V1_2 | Release::V1_3 | Release::V1_4 => &V1_2,
        Release::V1_5 | Release::V1_6 => &V1_5,
        // 2.0, 2.1, 2.2 and whatever comes after
        _ => &V2,
    }
}

const V1_0: ReleaseRules = ReleaseRules {
    verzamelen: VerzamelenGrammar::Gegevensdienst,
    delen: false,
    abonneren: false,
    vertegenwoordiging: &[],
    ids_in_authorization_request: false,
    ids_in_token_request: false,
    correlation_id_in_resource_request: false,
    langdurige_toestemming: false,
    refusals_alike: false,
    uuid_codes: true,
    token_scope: TokenScope::FlowRequest,
};

const V1_2: ReleaseRules = ReleaseRules {
    verzamelen: VerzamelenGrammar::Combination,
    delen: true,
    abonneren: true,
    refusals_alike: true,
    uuid_codes: false,
    ..V1_0
};

const V1_5: ReleaseRules = ReleaseRules {
    verzamelen: VerzamelenGrammar::Combinations,
    vertegenwoordiging: &[Vertegenwoordiging::Voluntary],
    ..V1_2
};

const V2: ReleaseRules = ReleaseRules {
    verzamelen: VerzamelenGrammar::Aanbieder,
    vertegenwoordiging: &[Vertegenwoordiging::Voluntary, Vertegenwoordiging::ParentalAuthority],
    ids_in_authorization_request: true,
    ids_in_token_request: true,
    correlation_id_in_resource_request: true,
    langdurige_toestemming: true,
    token_scope: TokenScope::GegevensdienstIds,
    ..V1_5
};
