// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — which request the DVZA has to accept, may refuse, and has to refuse.

use super::{Abonnement, AbonnementRequest, Datum};

/// What the token of the request allows, from its scope `subscribe~N/naam~id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Toegestaan {
    /// The granted duration in days; 0 allows ending only.
    pub dagen: u32,
    /// Today.
    pub today: Datum,
}

impl Toegestaan {
    /// What is allowed.
    #[must_use]
    pub fn new(dagen: u32, today: Datum) -> Self {
        Self { dagen, today }
    }
}

/// What the DVZA may do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It has to accept: ending, or shortening.
    Accepteren,
    /// It may accept or refuse: creating, or extending.
    Vrij,
    /// It has to refuse: later than the consent allows, in the past, or no such Abonnement.
    Weigeren,
}

/// Judges a request against the Abonnement that there is (I02, I03, I04).
#[must_use]
pub fn judge(request: &AbonnementRequest, current: Option<&Abonnement>, allowed: Toegestaan) -> Verdict {
    let within = |end: Datum| allowed.dagen > 0 && end > allowed.today && end <= allowed.today.plus(allowed.dagen);
    match (request, current) {
        (AbonnementRequest::Beeindigen { id }, Some(current)) if *id == current.id => Verdict::Accepteren,
        (AbonnementRequest::Wijzigen { id, end }, Some(current)) if *id == current.id => {
            if *end <= current.end {
                Verdict::Accepteren
            } else if within(*end) {
                Verdict::Vrij
            } else {
                Verdict::Weigeren
            }
        }
        (AbonnementRequest::Aanmaken { end }, _) if within(*end) => Verdict::Vrij,
        _ => Verdict::Weigeren,
    }
}

#[cfg(test)]
mod tests {
    use medmij_types::OsEntropy;

    use super::*;
    use crate::AbonnementId;

    fn day(text: &str) -> Datum {
        Datum::parse(text).unwrap()
    }

    #[test]
    fn subscription_interface_i02_i03_i04_what_must_be_accepted() {
        let id = AbonnementId::random(&OsEntropy).unwrap();
        let current = Abonnement::new(id.clone(), day("2026-06-30"));
        let allowed = Toegestaan::new(90, day("2026-05-01"));
        let change = |end| AbonnementRequest::Wijzigen {
            id: id.clone(),
            end: day(end),
        };
        let none = Toegestaan::new(0, day("2026-05-01"));
        for (request, allowed, verdict) in [
            (
                AbonnementRequest::Beeindigen { id: id.clone() },
                none,
                Verdict::Accepteren,
            ),
            (change("2026-06-01"), allowed, Verdict::Accepteren),
            (change("2026-06-30"), allowed, Verdict::Accepteren),
            (change("2026-07-15"), allowed, Verdict::Vrij),
            (change("2026-08-01"), allowed, Verdict::Weigeren),
            (change("2026-07-15"), none, Verdict::Weigeren),
            (
                AbonnementRequest::Aanmaken { end: day("2026-07-30") },
                allowed,
                Verdict::Vrij,
            ),
            (
                AbonnementRequest::Aanmaken { end: day("2026-05-01") },
                allowed,
                Verdict::Weigeren,
            ),
            (
                AbonnementRequest::Beeindigen {
                    id: AbonnementId::random(&OsEntropy).unwrap(),
                },
                allowed,
                Verdict::Weigeren,
            ),
        ] {
            assert_eq!(judge(&request, Some(&current), allowed), verdict, "{request:?}");
        }
        assert_eq!(judge(&change("2026-06-01"), None, allowed), Verdict::Weigeren);
    }
}
