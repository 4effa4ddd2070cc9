// SPDX-License-Identifier: AGPL-3.0-or-later
//! The dossier of a represented child as it grows up: what was announced, what stops at 12, and the handover at 16.

use std::collections::BTreeMap;

use medmij_types::CalendarDate;

use super::{AccountError, PersonId, RepresentationPolicy, RepresentedAccess, represented_access};

/// A dossier that somebody keeps for a child: what was announced, and what is still to be done as the child grows up.
///
/// The dossier has a [`PersonId`] of its own, and so its own key ([`Dossiers`](crate::dossier::Dossiers)), orders and log,
/// apart from those of the parent. A handover changes who logs in to it, and nothing of what is in it.
///
/// ```
/// use medmij_dvp::person::{PersonId, RepresentationPolicy, RepresentationStep, RepresentedPersoon};
/// use medmij_types::CalendarDate;
///
/// let policy = RepresentationPolicy::default();
/// let mut child = RepresentedPersoon::new(PersonId::new(2), PersonId::new(1), CalendarDate::parse("2014-11-30")?);
/// assert_eq!(child.sweep(CalendarDate::parse("2026-10-30")?, policy), None);
/// let announced = child.sweep(CalendarDate::parse("2026-10-31")?, policy);
/// assert!(matches!(announced, Some(RepresentationStep::Announce { .. })));
/// assert_eq!(child.sweep(CalendarDate::parse("2026-11-30")?, policy), Some(RepresentationStep::Stop));
/// assert_eq!(child.sweep(CalendarDate::parse("2030-11-30")?, policy), Some(RepresentationStep::Handover));
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RepresentedPersoon {
    person: PersonId,
    parent: PersonId,
    born: CalendarDate,
    done: RepresentationProgress,
}

/// How far a represented dossier has come; for a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum RepresentationProgress {
    /// The parent collects and reads.
    #[default]
    Going,
    /// The parent was told that this ends.
    Announced,
    /// Collecting stopped and the dossier is closed.
    Stopped,
    /// The Persoon whom it is about was offered it.
    Offered,
    /// It was handed over.
    HandedOver,
}

/// What a change asks of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepresentationStep {
    /// Tell the parent with [`Notice::RepresentationEnds`](super::Notice::RepresentationEnds).
    Announce {
        /// The day on which it ends.
        on: CalendarDate,
    },
    /// Cancel the orders of this dossier, forget its refresh tokens, and show [`RepresentationPage`] in place of its content.
    Stop,
    /// Offer the dossier to the Persoon whom it is about; see [`RepresentedPersoon::hand_over`].
    Handover,
}

impl RepresentedPersoon {
    /// A dossier of a child, kept by a parent.
    #[must_use]
    pub fn new(person: PersonId, parent: PersonId, born: CalendarDate) -> Self {
        Self::restore(person, parent, born, RepresentationProgress::Going)
    }

    /// From a store.
    #[must_use]
    pub const fn restore(person: PersonId, parent: PersonId, born: CalendarDate, done: RepresentationProgress) -> Self {
        Self {
            person,
            parent,
            born,
            done,
        }
    }

    /// The Persoon whom the dossier is about.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// How far it has come; for a store.
    #[must_use]
    pub const fn progress(&self) -> RepresentationProgress {
        self.done
    }

    /// What the parent sees on a day in place of the dossier; `None` while the parent reads and collects.
    #[must_use]
    pub fn page_for_parent(&self, today: CalendarDate, policy: RepresentationPolicy) -> Option<RepresentationPage> {
        if self.done == RepresentationProgress::HandedOver {
            Some(RepresentationPage::HandedOver)
        } else if represented_access(self.born, today, policy).collects() {
            None
        } else {
            Some(RepresentationPage::Ended)
        }
    }

    /// What the Persoon whom it is about sees on a day; `None` after the handover, when the dossier is their own.
    #[must_use]
    pub fn page_for_person(&self, today: CalendarDate, policy: RepresentationPolicy) -> Option<RepresentationPage> {
        match represented_access(self.born, today, policy) {
            _ if self.done == RepresentationProgress::HandedOver => None,
            RepresentedAccess::Handover => Some(RepresentationPage::Handover),
            _ => Some(RepresentationPage::NotYet),
        }
    }

    /// Looks what changed since the last look; says each step once, and the stop also where looks were missed.
    pub fn sweep(&mut self, today: CalendarDate, policy: RepresentationPolicy) -> Option<RepresentationStep> {
        use RepresentationProgress as Done;
        let (done, step) = match represented_access(self.born, today, policy) {
            RepresentedAccess::Parent => return None,
            RepresentedAccess::ParentEnding { on } => (Done::Announced, RepresentationStep::Announce { on }),
            RepresentedAccess::Frozen => (Done::Stopped, RepresentationStep::Stop),
            // what was not stopped is stopped first
            RepresentedAccess::Handover if self.done < Done::Stopped => (Done::Stopped, RepresentationStep::Stop),
            RepresentedAccess::Handover => (Done::Offered, RepresentationStep::Handover),
        };
        (self.done < done).then(|| {
            self.done = done;
            step
        })
    }

    /// Hands the dossier over: the account that is opened for the Persoon whom it is about gets this number, and with it the
    /// dossier as it is. The application makes sure of who that is before it opens the account; the word of the parent is not
    /// enough.
    ///
    /// # Errors
    /// [`AccountError::TooYoung`] and [`AccountError::HandedOver`]; nothing changed then.
    pub fn hand_over(&mut self, today: CalendarDate, policy: RepresentationPolicy) -> Result<PersonId, AccountError> {
        if self.done == RepresentationProgress::HandedOver {
            return Err(AccountError::HandedOver);
        }
        if represented_access(self.born, today, policy) != RepresentedAccess::Handover {
            return Err(AccountError::TooYoung);
        }
        self.done = RepresentationProgress::HandedOver;
        Ok(self.person)
    }
}

impl std::fmt::Debug for RepresentedPersoon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // a birth date tells something of the Persoon
        f.debug_struct("RepresentedPersoon")
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

/// What is shown in place of a dossier that is not open to who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RepresentationPage {
    /// To a young person who has no account yet: it is not possible yet.
    NotYet,
    /// To the parent, from the twelfth birthday on.
    Ended,
    /// To the Persoon whom it is about, from the sixteenth birthday on.
    Handover,
    /// To the parent, after the handover.
    HandedOver,
}

/// The texts of these pages, as one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepresentationTexts(BTreeMap<RepresentationPage, Box<str>>);

impl RepresentationTexts {
    /// Our example texts, in plain Dutch (B1).
    #[must_use]
    pub fn example() -> Self {
        let texts = [
            (
                RepresentationPage::NotYet,
                "Het kan nog niet. Je kunt hier zelf gegevens bekijken als je 16 jaar bent. Wat er al was, bewaren we voor je. \
                 Niemand kan het nu zien. Wil je nu iets weten? Vraag het aan je zorgverlener.",
            ),
            (
                RepresentationPage::Ended,
                "Je kind is 12 jaar of ouder. Daarom halen we geen gegevens meer op. Je ziet de gegevens ook niet meer. \
                 We bewaren ze tot je kind 16 jaar is. Dan krijgt je kind ze zelf.",
            ),
            (
                RepresentationPage::Handover,
                "Je bent 16 jaar of ouder. Dit dossier gaat over jou. Maak een account en log in. Daarna is het van jou. \
                 Niemand anders kan het dan zien.",
            ),
            (
                RepresentationPage::HandedOver,
                "Dit dossier is nu van je kind zelf. Jij kunt het niet meer zien.",
            ),
        ];
        Self(texts.map(|(page, text)| (page, text.into())).into())
    }

    /// Another text for a page.
    #[must_use]
    pub fn with(mut self, page: RepresentationPage, text: &str) -> Self {
        self.0.insert(page, text.into());
        self
    }

    /// The text of a page.
    #[must_use]
    pub fn text(&self, page: RepresentationPage) -> &str {
        self.0.get(&page).map_or("", |text| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDate {
        CalendarDate::parse(text).unwrap()
    }

    fn child() -> RepresentedPersoon {
        RepresentedPersoon::new(PersonId::new(2), PersonId::new(1), day("2014-11-30"))
    }

    const POLICY: RepresentationPolicy = RepresentationPolicy {
        parent_until: 12,
        own_account_from: 16,
        announced_days_before: 30,
    };

    #[test]
    fn each_step_is_said_once_on_its_day() {
        let mut child = child();
        let cases = [
            ("2026-10-30", None),
            (
                "2026-10-31",
                Some(RepresentationStep::Announce { on: day("2026-11-30") }),
            ),
            ("2026-11-01", None),
            ("2026-11-30", Some(RepresentationStep::Stop)),
            ("2028-01-01", None),
            ("2030-11-29", None),
            ("2030-11-30", Some(RepresentationStep::Handover)),
            ("2031-01-01", None),
            // a clock that goes back announces nothing again
            ("2026-10-31", None),
        ];
        for (today, expected) in cases {
            assert_eq!(child.sweep(day(today), POLICY), expected, "{today}");
        }
    }

    #[test]
    fn what_was_not_looked_at_for_years_is_stopped_before_it_is_handed_over() {
        let mut child = child();
        let today = day("2032-01-01");
        let steps: Vec<_> = std::iter::from_fn(|| child.sweep(today, POLICY)).collect();
        assert_eq!(steps, [RepresentationStep::Stop, RepresentationStep::Handover]);
    }

    #[test]
    fn who_sees_what_follows_the_birthdays_and_the_handover() {
        use RepresentationPage as Page;
        let mut child = child();
        let seen = |child: &RepresentedPersoon, today| {
            (
                child.page_for_parent(day(today), POLICY),
                child.page_for_person(day(today), POLICY),
            )
        };
        assert_eq!(seen(&child, "2026-11-29"), (None, Some(Page::NotYet)));
        assert_eq!(seen(&child, "2026-11-30"), (Some(Page::Ended), Some(Page::NotYet)));
        assert_eq!(child.hand_over(day("2030-11-29"), POLICY), Err(AccountError::TooYoung));
        assert_eq!(seen(&child, "2030-11-30"), (Some(Page::Ended), Some(Page::Handover)));
        assert_eq!(child.hand_over(day("2030-11-30"), POLICY), Ok(PersonId::new(2)));
        assert_eq!(
            child.hand_over(day("2030-11-30"), POLICY),
            Err(AccountError::HandedOver)
        );
        assert_eq!(seen(&child, "2030-11-30"), (Some(Page::HandedOver), None));
        assert_eq!(child.sweep(day("2031-01-01"), POLICY), None);
        let again =
            RepresentedPersoon::restore(PersonId::new(2), PersonId::new(1), day("2014-11-30"), child.progress());
        assert_eq!(again, child);
    }

    #[test]
    fn every_page_has_a_text_in_short_sentences() {
        use RepresentationPage as Page;
        let texts = RepresentationTexts::example();
        for page in [Page::NotYet, Page::Ended, Page::Handover, Page::HandedOver] {
            let sentences = texts.text(page).split_inclusive(['.', '?']);
            let longest = sentences.map(|sentence| sentence.split_whitespace().count()).max();
            assert!((1..=13).contains(&longest.unwrap_or_default()), "{page:?}");
        }
        assert!(texts.text(Page::NotYet).starts_with("Het kan nog niet."));
        assert_eq!(texts.with(Page::NotYet, "Nog niet.").text(Page::NotYet), "Nog niet.");
    }
}
