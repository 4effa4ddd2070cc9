// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.autorisatie.203, ext.abo.authint.200, ext.vert.authint.200 — the scope grammar per release.
//!
//! | function | 2.x | 1.5, 1.6 | 1.2 – 1.4 | 1.0, 1.1 |
//! | --- | --- | --- | --- | --- |
//! | Verzamelen | `name` | `name~id name~id`, one Aanbieder | `name~id` | `id` |
//! | Delen | `name~id` | `name~id` | `name~id` | – |
//! | Abonneren | `subscribe~N/naam~id` | the same | the same | – |
//! | Vertegenwoordiging | + `onbehalfof` or `onbehalfofchild` | + `onbehalfof` | – | – |

mod parse;

use crate::OauthError;
use std::fmt;

use medmij_types::{Aanbiedernaam, GegevensdienstId, Release};

use crate::{
    Function, Vertegenwoordiging,
    policy::{VerzamelenGrammar, release_rules},
};

/// What a DVP asks for, or was given, in the grammar of one release.
///
/// A value of this type can be written in its release; the text is [`Display`](fmt::Display), canonical: single spaces,
/// representation last, a name without `@medmij`.
///
/// ```
/// use medmij_oauth::{Function, Scope};
/// use medmij_oauth::OauthError;
/// use medmij_types::{Aanbiedernaam, GegevensdienstId, Release};
///
/// let scope = Scope::parse(Release::V2_2, Function::Verzamelen, "eenofanderezorgaanbieder")?;
/// assert_eq!(scope.aanbieder().map(Aanbiedernaam::as_str), Some("eenofanderezorgaanbieder@medmij"));
///
/// let delen = Scope::delen(
///     Release::V2_2,
///     Aanbiedernaam::parse("eenofanderezorgaanbieder@medmij")?,
///     GegevensdienstId::parse("53")?,
/// )?;
/// assert_eq!(delen.to_string(), "eenofanderezorgaanbieder~53");
///
/// // the suffix belongs to lists, not to scopes
/// assert_eq!(
///     Scope::parse(Release::V2_2, Function::Verzamelen, "eenofanderezorgaanbieder@medmij"),
///     Err(OauthError::ScopeAanbiedernaam),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    release: Release,
    function: Function,
    aanbieder: Option<Aanbiedernaam>,
    gegevensdiensten: Vec<GegevensdienstId>,
    days: Option<u32>,
    vertegenwoordiging: Option<Vertegenwoordiging>,
}

impl Scope {
    /// The longest scope that is read, in bytes.
    pub const MAX_LEN: usize = 2_000;

    /// Reads the scope of an authorization request, after percent-decoding.
    ///
    /// # Errors
    ///
    /// [`OauthError`] with the first rule of the release's grammar that the text breaks. Nothing is repaired: a double
    /// space, a space at an end or a capital letter is an error.
    pub fn parse(release: Release, function: Function, text: &str) -> Result<Self, OauthError> {
        parse::scope(release, function, text)
    }

    /// Builds the scope of a function from its parts. `gegevensdiensten` are those that the grammar of the release names:
    /// from 2.0 on Verzamelen names none, and any given here are left out.
    ///
    /// # Errors
    ///
    /// [`OauthError`], where the release has no such function or cannot name so many gegevensdiensten. Abonneren needs
    /// a duration: see [`abonneren`](Self::abonneren).
    pub fn build(
        release: Release,
        function: Function,
        aanbieder: Aanbiedernaam,
        gegevensdiensten: &[GegevensdienstId],
    ) -> Result<Self, OauthError> {
        match function {
            Function::Verzamelen => Self::verzamelen(release, aanbieder, gegevensdiensten),
            Function::Delen => match gegevensdiensten {
                [id] => Self::delen(release, aanbieder, id.clone()),
                _ => Err(OauthError::ScopeGegevensdienstCount),
            },
            Function::Abonneren => Err(OauthError::ScopeDays),
        }
    }

    /// A scope for Verzamelen.
    ///
    /// # Errors
    ///
    /// [`OauthError`], where the release names gegevensdiensten and none, too many or the same one twice are given;
    /// from 2.0 on also where the name is that of a representation, for a scope could not tell the two apart.
    pub fn verzamelen(
        release: Release,
        aanbieder: Aanbiedernaam,
        gegevensdiensten: &[GegevensdienstId],
    ) -> Result<Self, OauthError> {
        let grammar = release_rules(release).verzamelen;
        let (aanbieder, gegevensdiensten) = match grammar {
            VerzamelenGrammar::Aanbieder => (Some(aanbieder), &[][..]),
            VerzamelenGrammar::Combinations => (Some(aanbieder), gegevensdiensten),
            VerzamelenGrammar::Combination => (Some(aanbieder), one(gegevensdiensten)?),
            VerzamelenGrammar::Gegevensdienst => (None, one(gegevensdiensten)?),
        };
        if grammar == VerzamelenGrammar::Aanbieder
            && aanbieder
                .as_ref()
                .is_some_and(|name| Vertegenwoordiging::is_literal(name.short()))
        {
            return Err(OauthError::ScopeAanbiedernaam);
        }
        if grammar != VerzamelenGrammar::Aanbieder && gegevensdiensten.is_empty() {
            return Err(OauthError::ScopeGegevensdienstCount);
        }
        if parse::has_duplicate(gegevensdiensten) {
            return Err(OauthError::ScopeDuplicate);
        }
        Ok(Self {
            release,
            function: Function::Verzamelen,
            aanbieder,
            gegevensdiensten: gegevensdiensten.to_vec(),
            days: None,
            vertegenwoordiging: None,
        })
    }

    /// A scope for Delen.
    ///
    /// # Errors
    ///
    /// [`OauthError`], where the release has no Delen.
    pub fn delen(
        release: Release,
        aanbieder: Aanbiedernaam,
        gegevensdienst: GegevensdienstId,
    ) -> Result<Self, OauthError> {
        if !release_rules(release).delen {
            return Err(OauthError::ScopeFunction);
        }
        Ok(Self {
            release,
            function: Function::Delen,
            aanbieder: Some(aanbieder),
            gegevensdiensten: vec![gegevensdienst],
            days: None,
            vertegenwoordiging: None,
        })
    }

    /// A scope for Abonneren with a wanted maximum duration in days; 0 ends the Abonnement (ext.abo.authint.200).
    ///
    /// # Errors
    ///
    /// [`OauthError`], where the release has no Abonneren.
    pub fn abonneren(
        release: Release,
        days: u32,
        aanbieder: Aanbiedernaam,
        gegevensdienst: GegevensdienstId,
    ) -> Result<Self, OauthError> {
        if !release_rules(release).abonneren {
            return Err(OauthError::ScopeFunction);
        }
        Ok(Self {
            release,
            function: Function::Abonneren,
            aanbieder: Some(aanbieder),
            gegevensdiensten: vec![gegevensdienst],
            days: Some(days),
            vertegenwoordiging: None,
        })
    }

    /// Adds representation.
    ///
    /// # Errors
    ///
    /// [`OauthError`], where the release does not have this kind.
    pub fn with_vertegenwoordiging(mut self, kind: Vertegenwoordiging) -> Result<Self, OauthError> {
        if !release_rules(self.release).vertegenwoordiging.contains(&kind) {
            return Err(OauthError::ScopeVertegenwoordiging);
        }
        self.vertegenwoordiging = Some(kind);
        Ok(self)
    }

    /// The release in whose grammar this scope is written.
    #[must_use]
    pub fn release(&self) -> Release {
        self.release
    }

    /// The function.
    #[must_use]
    pub fn function(&self) -> Function {
        self.function
    }

    /// The Aanbieder. Only in release 1.0 and 1.1 a scope names none.
    #[must_use]
    pub fn aanbieder(&self) -> Option<&Aanbiedernaam> {
        self.aanbieder.as_ref()
    }

    /// The gegevensdiensten that the scope names, in its order; none for Verzamelen from 2.0 on.
    #[must_use]
    pub fn gegevensdiensten(&self) -> &[GegevensdienstId] {
        &self.gegevensdiensten
    }

    /// The duration of an Abonnement, in days.
    #[must_use]
    pub fn days(&self) -> Option<u32> {
        self.days
    }

    /// The representation that is asked for.
    #[must_use]
    pub fn vertegenwoordiging(&self) -> Option<Vertegenwoordiging> {
        self.vertegenwoordiging
    }

    /// The same scope for fewer gegevensdiensten (ext.abo.tknint.200 for 1.5), in the order of this scope.
    ///
    /// `None` where none is left, or the scope names none to begin with.
    #[must_use]
    pub fn narrowed_to(&self, available: &[GegevensdienstId]) -> Option<Self> {
        let narrowed: Vec<_> = self
            .gegevensdiensten
            .iter()
            .filter(|id| available.contains(id))
            .cloned()
            .collect();
        (!narrowed.is_empty()).then(|| Self {
            gegevensdiensten: narrowed,
            ..self.clone()
        })
    }

    /// The same scope for Abonneren with the duration that is granted: never more than was asked, never more than
    /// `maximum`, and 0 where ending was asked (ext.abo.tknint.200).
    #[must_use]
    pub fn with_granted_days(&self, maximum: u32) -> Self {
        Self {
            days: self.days.map(|days| days.min(maximum)),
            ..self.clone()
        }
    }
}

/// As release, function and text: the grammar of the text depends on both.
impl serde::Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.release, self.function, self.to_string()).serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (release, function, text): (_, _, String) = serde::Deserialize::deserialize(deserializer)?;
        Self::parse(release, function, &text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(days) = self.days {
            write!(f, "subscribe~{days}/")?;
        }
        match (&self.aanbieder, self.gegevensdiensten.as_slice()) {
            (Some(aanbieder), []) => f.write_str(aanbieder.short())?,
            (aanbieder, ids) => {
                for (i, id) in ids.iter().enumerate() {
                    if i > 0 {
                        f.write_str(" ")?;
                    }
                    if let Some(aanbieder) = aanbieder {
                        write!(f, "{}~", aanbieder.short())?;
                    }
                    f.write_str(id.as_str())?;
                }
            }
        }
        match self.vertegenwoordiging {
            Some(kind) => write!(f, " {}", kind.as_str()),
            None => Ok(()),
        }
    }
}

fn one(ids: &[GegevensdienstId]) -> Result<&[GegevensdienstId], OauthError> {
    if ids.len() == 1 {
        Ok(ids)
    } else {
        Err(OauthError::ScopeGegevensdienstCount)
    }
}
