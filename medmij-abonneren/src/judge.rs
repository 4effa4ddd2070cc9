// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — which request the DVZA has to accept, may refuse, and has to refuse.

use super::{Abonnement, AbonnementRequest, CalendarDate};

/// What the token of the request allows, from its scope `subscribe~N/naam~id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowed {
    /// The granted duration in days; 0 allows ending only.
    pub days: u32,
    /// Today.
    pub today: CalendarDate,
}

impl Allowed {
    /// What is allowed.
    #[must_use]
    pub fn new(days: u32, today: CalendarDate) -> Self {
        Self { days, today }
    }
}

/// What the DVZA may do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It has to accept: ending, or shortening.
    Accept,
    /// It may accept or refuse: creating, or extending.
    NoConsentNeeded,
    /// It has to refuse: later than the consent allows, in the past, or no such Abonnement.
    Reject,
}

/// Judges a request against the Abonnement that there is (I02, I03, I04).
#[must_use]
pub fn judge(request: &AbonnementRequest, current: Option<&Abonnement>, allowed: Allowed) -> Verdict {
    let within = |end: CalendarDate| allowed.days > 0 && end > allowed.today && end <= allowed.today.plus(allowed.days);
    match (request, current) {
        (AbonnementRequest::End { id }, Some(current)) if *id == current.id => Verdict::Accept,
        (AbonnementRequest::Change { id, end }, Some(current)) if *id == current.id => {
            if *end <= current.end {
                Verdict::Accept
            } else if within(*end) {
                Verdict::NoConsentNeeded
            } else {
                Verdict::Reject
            }
        }
        (AbonnementRequest::Create { end }, _) if within(*end) => Verdict::NoConsentNeeded,
        _ => Verdict::Reject,
    }
}

#[cfg(test)]
mod tests {
    use medmij_types::OsEntropy;

    use super::*;
    use crate::AbonnementId;

    fn day(text: &str) -> CalendarDate {
        CalendarDate::parse(text).unwrap()
    }

    #[test]
    fn subscription_interface_i02_i03_i04_what_must_be_accepted() {
        let id = AbonnementId::random(&OsEntropy).unwrap();
        let current = Abonnement::new(id.clone(), day("2026-06-30"));
        let allowed = Allowed::new(90, day("2026-05-01"));
        let change = |end| AbonnementRequest::Change {
            id: id.clone(),
            end: day(end),
        };
        let none = Allowed::new(0, day("2026-05-01"));
        for (request, allowed, verdict) in [
            (AbonnementRequest::End { id: id.clone() }, none, Verdict::Accept),
            (change("2026-06-01"), allowed, Verdict::Accept),
            (change("2026-06-30"), allowed, Verdict::Accept),
            (change("2026-07-15"), allowed, Verdict::NoConsentNeeded),
            (change("2026-08-01"), allowed, Verdict::Reject),
            (change("2026-07-15"), none, Verdict::Reject),
            (
                AbonnementRequest::Create { end: day("2026-07-30") },
                allowed,
                Verdict::NoConsentNeeded,
            ),
            (
                AbonnementRequest::Create { end: day("2026-05-01") },
                allowed,
                Verdict::Reject,
            ),
            (
                AbonnementRequest::End {
                    id: AbonnementId::random(&OsEntropy).unwrap(),
                },
                allowed,
                Verdict::Reject,
            ),
        ] {
            assert_eq!(judge(&request, Some(&current), allowed), verdict, "{request:?}");
        }
        assert_eq!(judge(&change("2026-06-01"), None, allowed), Verdict::Reject);
    }
}
