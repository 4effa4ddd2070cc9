// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.201, ext.abo.tknint.200, RFC 6749 section 5.1 — the `scope` of a token response, judged.
//!
//! In 2.2 the request names the Aanbieder and the answer may name gegevensdiensten. So this is no subset test of two
//! texts: another Aanbieder refuses the answer, an id that the pinned list does not have is dropped and reported.

use medmij_oauth::{Function, Scope, Vertegenwoordiging};
use medmij_types::{Aanbiedernaam, GegevensdienstId};

use super::ExchangeError;

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrantedScope {
    /// The gegevensdiensten that may be fetched or shared with the token.
    pub gegevensdiensten: Vec<GegevensdienstId>,
    /// The duration of an Abonnement, in days.
    pub days: Option<u32>,
    /// Parts that were left out, made printable: ids that the pinned list does not have, or that were not asked.
    pub dropped: Vec<String>,
}

impl GrantedScope {
    /// Judges the scope of an answer against what was asked of `aanbieder`, and the gegevensdiensten that the pinned list
    /// has for the endpoints of the flow.
    ///
    /// ```
    /// use medmij_dvp::GrantedScope;
    /// use medmij_oauth::{Function, Scope};
    /// use medmij_types::{Aanbiedernaam, GegevensdienstId, Release};
    ///
    /// let name = Aanbiedernaam::parse("eenofanderezorgaanbieder")?;
    /// let asked = Scope::verzamelen(Release::V2_2, name.clone(), &[])?;
    /// let known = [GegevensdienstId::parse("48")?, GegevensdienstId::parse("49")?];
    ///
    /// let granted = GrantedScope::judge(Some("48 51"), &name, &asked, &known)?;
    /// assert_eq!(granted.gegevensdiensten, known[..1]);
    /// assert_eq!(granted.dropped, ["51"]);
    /// assert!(GrantedScope::judge(Some("anderezorgaanbieder"), &name, &asked, &known).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Aanbieder`], [`ExchangeError::Nothing`] and [`ExchangeError::Days`].
    pub fn judge(
        text: Option<&str>,
        aanbieder: &Aanbiedernaam,
        asked: &Scope,
        known: &[GegevensdienstId],
    ) -> Result<Self, ExchangeError> {
        let allowed = if asked.gegevensdiensten().is_empty() {
            known
        } else {
            asked.gegevensdiensten()
        };
        let Some(text) = text else {
            // RFC 6749 section 5.1: omitted means as asked; for Abonneren it must not be omitted
            if asked.function() == Function::Abonneren {
                return Err(ExchangeError::Days);
            }
            return Ok(Self {
                gegevensdiensten: allowed.to_vec(),
                days: None,
                dropped: Vec::new(),
            });
        };
        let mut granted = Self {
            gegevensdiensten: Vec::new(),
            days: None,
            dropped: Vec::new(),
        };
        let mut other = false;
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            other |= granted.take(part, aanbieder, asked, allowed)?;
        }
        if granted.gegevensdiensten.is_empty() {
            // a name and nothing else: the answer of another flow
            return Err(if other {
                ExchangeError::Aanbieder
            } else {
                ExchangeError::Nothing
            });
        }
        if asked.function() == Function::Abonneren && granted.days.is_none() {
            return Err(ExchangeError::Days);
        }
        Ok(granted)
    }

    /// Takes a part of the scope; whether it reads as the name of another Aanbieder.
    fn take(
        &mut self,
        part: &str,
        aanbieder: &Aanbiedernaam,
        asked: &Scope,
        allowed: &[GegevensdienstId],
    ) -> Result<bool, ExchangeError> {
        if asked.vertegenwoordiging().map(Vertegenwoordiging::as_str) == Some(part) {
            return Ok(false);
        }
        let mut rest = part;
        if let (Function::Abonneren, Some(subscription)) = (asked.function(), part.strip_prefix("subscribe~")) {
            let (days, combination) = subscription.split_once('/').ok_or(ExchangeError::Days)?;
            let is_number = !days.is_empty() && days.bytes().all(|b| b.is_ascii_digit());
            let days: u32 = days.parse().ok().filter(|_| is_number).ok_or(ExchangeError::Days)?;
            if asked.days().is_none_or(|most| days > most) {
                return Err(ExchangeError::Days);
            }
            self.days = Some(days);
            rest = combination;
        }
        let id = match rest.split_once('~') {
            Some((name, id)) if is_own(name, aanbieder) => id,
            Some((name, _)) if reads_as_name(name) => return Err(ExchangeError::Aanbieder),
            None if is_own(rest, aanbieder) => {
                for id in allowed {
                    self.add(id);
                }
                return Ok(false);
            }
            _ => rest,
        };
        match allowed.iter().find(|each| each.as_str() == id) {
            Some(id) => self.add(id),
            // words of other servers are here too, `openid` for one
            None if self.dropped.len() < 32 => self.dropped.push(medmij_oauth::wire::printable(id, 64)),
            None => {}
        }
        Ok(rest == id && reads_as_name(id))
    }

    fn add(&mut self, id: &GegevensdienstId) {
        if !self.gegevensdiensten.contains(id) {
            self.gegevensdiensten.push(id.clone());
        }
    }
}

/// Whether a text is the name of this Aanbieder, with or without the suffix. Outside the registration capitals and
/// diacritics make no other name (core.alst.101).
fn is_own(text: &str, aanbieder: &Aanbiedernaam) -> bool {
    let folded = fold(text);
    folded.strip_suffix("@medmij").unwrap_or(&folded) == aanbieder.short()
}

fn reads_as_name(text: &str) -> bool {
    Aanbiedernaam::parse(&fold(text)).is_ok()
}

/// Small letters, without the diacritics of Latin letters.
fn fold(text: &str) -> String {
    let plain = |c| {
        Some(match c {
            'à'..='å' => 'a',
            'ç' => 'c',
            'è'..='ë' => 'e',
            'ì'..='ï' => 'i',
            'ñ' => 'n',
            'ò'..='ö' | 'ø' => 'o',
            'ù'..='ü' => 'u',
            'ý' | 'ÿ' => 'y',
            // written apart from its letter
            '\u{300}'..='\u{36f}' => return None,
            other => other,
        })
    };
    text.chars().flat_map(char::to_lowercase).filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use medmij_types::Release;

    use super::*;

    fn judge(release: Release, function: Function, asked: &str, answer: Option<&str>) -> Result<String, ExchangeError> {
        let asked = Scope::parse(release, function, asked).unwrap();
        let known: Vec<_> = ["42", "48", "49", "53"]
            .iter()
            .map(|id| GegevensdienstId::parse(id).unwrap())
            .collect();
        let name = Aanbiedernaam::parse("abc").unwrap();
        GrantedScope::judge(answer, &name, &asked, &known).map(|granted| {
            let ids: Vec<_> = granted.gegevensdiensten.iter().map(GegevensdienstId::as_str).collect();
            let days = granted.days.map(|days| format!("@{days}")).unwrap_or_default();
            let dropped = if granted.dropped.is_empty() {
                String::new()
            } else {
                format!(" -{}", granted.dropped.join(" -"))
            };
            format!("{}{days}{dropped}", ids.join(" "))
        })
    }

    #[test]
    fn core_tknint_201_f04_f08_f09_other_aanbieders_are_not_granted() {
        use ExchangeError as E;
        use Function::{Delen, Verzamelen};
        for (release, function, asked, answer, expected) in [
            (Release::V2_2, Verzamelen, "abc", None, Ok("42 48 49 53")),
            (Release::V2_2, Verzamelen, "abc", Some("abc"), Ok("42 48 49 53")),
            (Release::V2_2, Verzamelen, "abc", Some("48 49"), Ok("48 49")),
            (Release::V2_2, Verzamelen, "abc", Some("48 49 51"), Ok("48 49 -51")),
            (Release::V2_2, Verzamelen, "abc", Some("abc~48 48"), Ok("48")),
            (Release::V2_2, Verzamelen, "abc", Some("def"), Err(E::Aanbieder)),
            (Release::V2_2, Verzamelen, "abc", Some("def~48"), Err(E::Aanbieder)),
            (Release::V2_2, Verzamelen, "abc", Some("48 def~49"), Err(E::Aanbieder)),
            (Release::V2_2, Verzamelen, "abc", Some("99"), Err(E::Nothing)),
            // unknown words are dropped and reported
            (
                Release::V2_2,
                Verzamelen,
                "abc",
                Some("48 openid offline_access patient/*.read"),
                Ok("48 -openid -offline_access -patient/*.read"),
            ),
            (Release::V2_2, Verzamelen, "abc", Some("openid"), Err(E::Aanbieder)),
            (
                Release::V2_2,
                Verzamelen,
                "abc",
                Some("offline_access"),
                Err(E::Nothing),
            ),
            (Release::V2_2, Verzamelen, "abc", Some("48 _~1"), Ok("48 -_~1")),
            // one's own Aanbieder by any of its spellings
            (Release::V2_2, Verzamelen, "abc", Some("abc@medmij"), Ok("42 48 49 53")),
            (Release::V2_2, Verzamelen, "abc", Some("ABC@MedMij"), Ok("42 48 49 53")),
            (Release::V2_2, Verzamelen, "abc", Some("Äbç~48"), Ok("48")),
            (Release::V2_2, Verzamelen, "abc", Some("abc@medmij~48"), Ok("48")),
            (Release::V2_2, Verzamelen, "abc", Some("A\u{308}BC"), Ok("42 48 49 53")),
            (
                Release::V2_2,
                Verzamelen,
                "abc",
                Some("def@medmij~48"),
                Err(E::Aanbieder),
            ),
            (
                Release::V2_2,
                Verzamelen,
                "abc onbehalfof",
                Some("48 onbehalfof"),
                Ok("48"),
            ),
            (Release::V2_2, Verzamelen, "abc", Some("48 <b>"), Ok("48 -<b>")),
            (Release::V1_5, Verzamelen, "abc~42 abc~48", Some("abc~48"), Ok("48")),
            (Release::V1_5, Verzamelen, "abc~42", Some("abc~42 abc~48"), Ok("42 -48")),
            (Release::V2_2, Delen, "abc~53", None, Ok("53")),
            (Release::V2_2, Delen, "abc~53", Some("abc~42"), Err(E::Nothing)),
        ] {
            assert_eq!(
                judge(release, function, asked, answer),
                expected.map(str::to_owned),
                "{asked} {answer:?}"
            );
        }
    }

    #[test]
    fn ext_abo_tknint_200_a_duration_is_read_and_judged() {
        use ExchangeError as E;
        let asked = "subscribe~30/abc~42";
        for (answer, expected) in [
            (Some("subscribe~30/abc~42"), Ok("42@30")),
            (Some("subscribe~0/abc~42"), Ok("42@0")),
            (Some("subscribe~31/abc~42"), Err(E::Days)),
            (Some("subscribe~x/abc~42"), Err(E::Days)),
            (Some("subscribe~30/def~42"), Err(E::Aanbieder)),
            (Some("abc~42"), Err(E::Days)),
            (None, Err(E::Days)),
        ] {
            assert_eq!(
                judge(Release::V2_2, Function::Abonneren, asked, answer),
                expected.map(str::to_owned),
                "{answer:?}"
            );
        }
    }
}
