// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200 — reading a scope, part by part.

use medmij_types::{Aanbiedernaam, GegevensdienstId, Release};

use super::Scope;
use crate::OauthError;
use crate::{
    Function, Vertegenwoordiging,
    policy::{VerzamelenGrammar, release_rules},
};

pub(super) fn scope(release: Release, function: Function, text: &str) -> Result<Scope, OauthError> {
    if text.is_empty() {
        return Err(OauthError::ScopeEmpty);
    }
    if text.len() > Scope::MAX_LEN {
        return Err(OauthError::ScopeTooLong);
    }
    let mut parts: Vec<&str> = text.split(' ').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(OauthError::ScopeSpace);
    }
    let vertegenwoordiging = take_vertegenwoordiging(release, &mut parts)?;
    let scope = match function {
        Function::Verzamelen => verzamelen(release, &parts)?,
        Function::Delen => {
            let (name, id) = combination(single(&parts)?)?;
            Scope::delen(release, name, id)?
        }
        Function::Abonneren => {
            let rest = single(&parts)?
                .strip_prefix("subscribe~")
                .ok_or(OauthError::ScopeForm)?;
            let (days, rest) = rest.split_once('/').ok_or(OauthError::ScopeForm)?;
            let days = read_days(days)?;
            let (name, id) = combination(rest)?;
            Scope::abonneren(release, days, name, id)?
        }
    };
    match vertegenwoordiging {
        Some(kind) => scope.with_vertegenwoordiging(kind),
        None => Ok(scope),
    }
}

pub(super) fn has_duplicate(ids: &[GegevensdienstId]) -> bool {
    ids.iter()
        .enumerate()
        .any(|(i, id)| ids.iter().take(i).any(|earlier| earlier == id))
}

fn verzamelen(release: Release, parts: &[&str]) -> Result<Scope, OauthError> {
    let rules = release_rules(release);
    match rules.verzamelen {
        VerzamelenGrammar::Aanbieder => Scope::verzamelen(release, name(single(parts)?)?, &[]),
        VerzamelenGrammar::Combination => {
            let (name, id) = combination(single(parts)?)?;
            Scope::verzamelen(release, name, &[id])
        }
        VerzamelenGrammar::Combinations => {
            let mut aanbieder: Option<Aanbiedernaam> = None;
            let mut ids = Vec::with_capacity(parts.len());
            for part in parts {
                let (name, id) = combination(part)?;
                if aanbieder.as_ref().is_some_and(|first| *first != name) {
                    return Err(OauthError::ScopeAanbieders);
                }
                aanbieder = Some(name);
                ids.push(id);
            }
            let aanbieder = aanbieder.ok_or(OauthError::ScopePartCount)?;
            Scope::verzamelen(release, aanbieder, &ids)
        }
        VerzamelenGrammar::Gegevensdienst => Ok(Scope {
            release,
            function: Function::Verzamelen,
            aanbieder: None,
            gegevensdiensten: vec![id(single(parts)?)?],
            days: None,
            vertegenwoordiging: None,
        }),
    }
}

fn single<'a>(parts: &[&'a str]) -> Result<&'a str, OauthError> {
    match parts {
        [part] => Ok(part),
        _ => Err(OauthError::ScopePartCount),
    }
}

fn combination(part: &str) -> Result<(Aanbiedernaam, GegevensdienstId), OauthError> {
    let (left, right) = part.split_once('~').ok_or(OauthError::ScopeForm)?;
    Ok((name(left)?, id(right)?))
}

fn name(text: &str) -> Result<Aanbiedernaam, OauthError> {
    // the type takes the name with its suffix too; a scope does not
    if text.contains('@') {
        return Err(OauthError::ScopeAanbiedernaam);
    }
    Aanbiedernaam::parse(text).map_err(|_| OauthError::ScopeAanbiedernaam)
}

fn id(text: &str) -> Result<GegevensdienstId, OauthError> {
    GegevensdienstId::parse(text).map_err(|_| OauthError::ScopeGegevensdienstId)
}

/// Digits without sign and without leading zeros, so that a duration has one spelling.
fn read_days(text: &str) -> Result<u32, OauthError> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if !canonical {
        return Err(OauthError::ScopeDays);
    }
    text.parse().map_err(|_| OauthError::ScopeDays)
}

fn take_vertegenwoordiging(release: Release, parts: &mut Vec<&str>) -> Result<Option<Vertegenwoordiging>, OauthError> {
    let mut found = None;
    // In a release without representation the literal is a part like any other.
    for kind in release_rules(release).vertegenwoordiging {
        while let Some(at) = parts.iter().position(|part| *part == kind.as_str()) {
            if found.replace(*kind).is_some() {
                return Err(OauthError::ScopeVertegenwoordiging);
            }
            parts.remove(at);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Function::{Abonneren, Delen, Verzamelen};
    use Release as R;

    #[test]
    fn core_authint_200_each_form_of_a_scope_is_accepted() {
        for (release, function, text) in [
            (R::V2_2, Verzamelen, "eenofanderezorgaanbieder"),
            (R::V2_0, Verzamelen, "abc"),
            (R::V2_2, Verzamelen, "abc onbehalfof"),
            (R::V2_2, Verzamelen, "abc onbehalfofchild"),
            // the order of the parts says nothing (RFC 6749 section 3.3): see the test below for the other way round
            (R::V2_2, Delen, "onbehalfof~53"),
            (R::V2_2, Delen, "eenofanderezorgaanbieder~53"),
            (R::V2_2, Abonneren, "subscribe~180/abc~42"),
            (R::V2_2, Abonneren, "subscribe~0/abc~42"),
            (R::V1_6, Verzamelen, "abc~42"),
            (R::V1_5, Verzamelen, "abc~42 abc~48"),
            (R::V1_5, Verzamelen, "abc~42 onbehalfof"),
            (R::V1_2, Verzamelen, "umcharderwijk~4"),
            (R::V1_0, Verzamelen, "42"),
            (R::V1_1, Verzamelen, "61"),
            (R::V2_2, Delen, "abc~900000199"),
        ] {
            let scope = Scope::parse(release, function, text).unwrap_or_else(|e| panic!("{release} {text}: {e}"));
            assert_eq!(scope.to_string(), text);
            assert_eq!((scope.release(), scope.function()), (release, function));
        }
    }

    #[test]
    fn core_authint_200_refuses_b14_b15_b18_b19_b20_b22_peers_52() {
        use OauthError as E;
        for (release, function, text, error) in [
            (R::V2_2, Verzamelen, "", E::ScopeEmpty),
            (R::V2_2, Verzamelen, " ", E::ScopeSpace),
            (R::V2_2, Verzamelen, "abc ", E::ScopeSpace),
            (R::V2_2, Verzamelen, " abc", E::ScopeSpace),
            (R::V2_2, Verzamelen, "abc@medmij", E::ScopeAanbiedernaam),
            (R::V2_2, Verzamelen, "ABC", E::ScopeAanbiedernaam),
            (R::V2_2, Verzamelen, "ab", E::ScopeAanbiedernaam),
            (R::V2_2, Verzamelen, "abc\u{a0}", E::ScopeAanbiedernaam),
            (R::V2_2, Verzamelen, "abc\tdef", E::ScopeAanbiedernaam),
            (R::V2_2, Verzamelen, "abc+def", E::ScopeAanbiedernaam),
            (R::V2_2, Verzamelen, "abc def", E::ScopePartCount),
            (R::V2_2, Verzamelen, "abc~42", E::ScopeAanbiedernaam),
            (R::V2_2, Verzamelen, "42", E::ScopeAanbiedernaam),
            (
                R::V2_2,
                Verzamelen,
                "abc onbehalfof onbehalfof",
                E::ScopeVertegenwoordiging,
            ),
            (
                R::V2_2,
                Verzamelen,
                "abc onbehalfof onbehalfofchild",
                E::ScopeVertegenwoordiging,
            ),
            // a literal is never taken for the name of an Aanbieder
            (R::V2_2, Verzamelen, "onbehalfof", E::ScopePartCount),
            (R::V2_2, Verzamelen, "onbehalfofchild", E::ScopePartCount),
            (R::V2_2, Verzamelen, "onbehalfof onbehalfof", E::ScopeVertegenwoordiging),
            (
                R::V2_2,
                Verzamelen,
                "onbehalfof onbehalfofchild",
                E::ScopeVertegenwoordiging,
            ),
            (R::V1_5, Verzamelen, "abc~42 onbehalfofchild", E::ScopeForm),
            (R::V1_4, Verzamelen, "abc~42 onbehalfof", E::ScopePartCount),
            (R::V2_2, Delen, "abc", E::ScopeForm),
            (R::V2_2, Delen, "abc~53 abc~54", E::ScopePartCount),
            (R::V2_2, Delen, "abc~53~54", E::ScopeGegevensdienstId),
            (R::V2_2, Delen, "abc@medmij~53", E::ScopeAanbiedernaam),
            (R::V2_2, Delen, "abc~", E::ScopeGegevensdienstId),
            (R::V2_2, Delen, "~53", E::ScopeAanbiedernaam),
            (R::V2_2, Delen, "abc~-5", E::ScopeGegevensdienstId),
            (R::V2_2, Delen, "abc~٤٢", E::ScopeGegevensdienstId),
            (R::V1_0, Delen, "abc~53", E::ScopeFunction),
            (R::V1_5, Verzamelen, "abc~42 def~42", E::ScopeAanbieders),
            (R::V1_5, Verzamelen, "abc~42  abc~48", E::ScopeSpace),
            (R::V1_5, Verzamelen, "abc~42 abc~42", E::ScopeDuplicate),
            (R::V1_5, Verzamelen, "abc", E::ScopeForm),
            (R::V1_4, Verzamelen, "abc~42 abc~48", E::ScopePartCount),
            (R::V1_0, Verzamelen, "abc~42", E::ScopeGegevensdienstId),
            (R::V1_0, Verzamelen, "42 48", E::ScopePartCount),
            (R::V1_0, Verzamelen, "-5", E::ScopeGegevensdienstId),
            (R::V1_0, Verzamelen, " 3 ", E::ScopeSpace),
            (R::V2_2, Abonneren, "subscribe~-1/abc~42", E::ScopeDays),
            (R::V2_2, Abonneren, "subscribe~+1/abc~42", E::ScopeDays),
            (R::V2_2, Abonneren, "subscribe~abc/abc~42", E::ScopeDays),
            (R::V2_2, Abonneren, "subscribe~/abc~42", E::ScopeDays),
            (R::V2_2, Abonneren, "subscribe~1.5/abc~42", E::ScopeDays),
            (R::V2_2, Abonneren, "subscribe~99999999999/abc~42", E::ScopeDays),
            (R::V2_2, Abonneren, "subscribe~30/abc", E::ScopeForm),
            (R::V2_2, Abonneren, "abc~42", E::ScopeForm),
            (R::V2_2, Abonneren, "Subscribe~30/abc~42", E::ScopeForm),
            (R::V1_1, Abonneren, "subscribe~30/abc~42", E::ScopeFunction),
        ] {
            assert_eq!(
                Scope::parse(release, function, text),
                Err(error),
                "{release} {function} {text:?}"
            );
        }
        assert_eq!(
            Scope::parse(R::V2_2, Verzamelen, &"a".repeat(2001)),
            Err(E::ScopeTooLong)
        );
    }

    #[test]
    fn ext_vert_authint_200_representation_stands_anywhere_and_is_written_last_suite_10() {
        for (release, text, canonical) in [
            (R::V2_2, "onbehalfof abc", "abc onbehalfof"),
            (R::V2_2, "onbehalfofchild abc", "abc onbehalfofchild"),
            (R::V1_5, "abc~42 onbehalfof abc~48", "abc~42 abc~48 onbehalfof"),
        ] {
            assert_eq!(Scope::parse(release, Verzamelen, text).unwrap().to_string(), canonical);
        }
        // so an Aanbieder of that name cannot be asked for without a gegevensdienst
        for name in ["onbehalfof", "onbehalfofchild"] {
            let name = Aanbiedernaam::parse(name).unwrap();
            assert_eq!(
                Scope::verzamelen(R::V2_2, name, &[]),
                Err(OauthError::ScopeAanbiedernaam)
            );
        }
    }

    #[test]
    fn ext_abo_tknint_200_granted_duration_f05_f06_f07() {
        for (asked, maximum, granted) in [(180, 90, 90), (30, 90, 30), (0, 90, 0)] {
            let scope = Scope::parse(R::V2_2, Abonneren, &format!("subscribe~{asked}/abc~42")).unwrap();
            assert_eq!(
                scope.with_granted_days(maximum).to_string(),
                format!("subscribe~{granted}/abc~42")
            );
        }
    }

    #[test]
    fn core_authint_200_names_of_segments_hold_no_separator() {
        for text in ["test.huisarts-z2", "jansen&zn"] {
            assert_eq!(Scope::parse(R::V2_2, Verzamelen, text).unwrap().to_string(), text);
        }
        assert!(Scope::parse(R::V2_2, Verzamelen, "a~b").is_err());
    }

    fn release() -> impl Strategy<Value = Release> {
        proptest::sample::select(Release::ALL)
    }

    proptest! {
        #[test]
        fn o5_what_is_built_reads_back(release in release(), name in "[a-z]{3,50}", ids in proptest::collection::btree_set("[1-9][0-9]{0,4}", 1..4)) {
            let ids: Vec<_> = ids.iter().map(|id| GegevensdienstId::parse(id).unwrap()).collect();
            let aanbieder = Aanbiedernaam::parse(&name).unwrap();
            if let Ok(scope) = Scope::verzamelen(release, aanbieder, &ids) {
                prop_assert_eq!(Scope::parse(release, Verzamelen, &scope.to_string()).unwrap(), scope);
            } else {
                prop_assert!(ids.len() > 1);
            }
        }

        #[test]
        fn o5_what_is_read_writes_back(release in release(), text in "[a-c~ /0-9@]{0,12}") {
            for function in [Verzamelen, Delen, Abonneren] {
                if let Ok(scope) = Scope::parse(release, function, &text) {
                    prop_assert_eq!(scope.to_string(), text.clone());
                }
            }
        }
    }
}
