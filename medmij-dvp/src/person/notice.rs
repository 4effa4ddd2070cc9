// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.account.103, core.gegevensuitwisseling.104, core.gegevensuitwisseling.105 — what is told outside the app.
//!
//! An e-mail or SMS is read by others. A notice therefore names no Aanbieder, no gegevensdienst and no content, has no
//! login link, and comes at most once a Persoon and night. The types have no place for more: a [`Notice`] is a kind, and
//! its text comes from a pack without placeholders.

use std::{collections::BTreeMap, future::Future, time::SystemTime};

use medmij_types::{AmsterdamTime, CalendarDate};

use super::{PersonId, TextError};

/// What a notice is about. Details are in the app, behind the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// The account was not used for six months (core.account.103).
    AccountInactive,
    /// Automatic collecting brought something new (core.gegevensuitwisseling.104).
    Collected,
    /// Automatic collecting has not been possible for 48 hours or more (core.gegevensuitwisseling.105).
    NoExchange,
    /// Access to the dossier of a represented person ends within 30 days.
    RepresentationEnds,
    /// A zorgaanbieder has something new, which was not collected (ext.abo.rscnotint).
    NewsAtAanbieder,
    /// Something was deleted on the order of the Persoon (core.dossier.106).
    Deleted,
}

/// The text of a notice: subject and body, as they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeText {
    subject: Box<str>,
    body: Box<str>,
}

impl NoticeText {
    /// A subject and a body.
    ///
    /// # Errors
    /// [`TextError`], by variant for each rule.
    pub fn new(subject: &str, body: &str) -> Result<Self, TextError> {
        for text in [subject, body] {
            if text.trim().is_empty() || text.chars().count() > 1_000 {
                return Err(TextError::Length);
            }
            if text.chars().any(|c| c.is_control() && c != '\n') || subject.contains('\n') {
                return Err(TextError::Control);
            }
            if text.contains(['{', '}', '<', '>', '%', '$']) {
                return Err(TextError::Placeholder);
            }
            if has_link(text) {
                return Err(TextError::Link);
            }
        }
        Ok(Self {
            subject: subject.into(),
            body: body.into(),
        })
    }

    /// The subject, which an SMS leaves out.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// A scheme, an `@`, or a word with a dot between letters, such as `pgo.nl`.
fn has_link(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.contains("://")
        || lower.contains('@')
        || lower.split_whitespace().any(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            let mut parts = word.split('.');
            let first = parts.next().unwrap_or_default();
            !first.is_empty() && parts.any(|part| part.chars().take_while(|c| c.is_alphabetic()).count() >= 2)
        })
}

/// The texts of the notices, as one pack.
#[derive(Clone, Debug)]
pub struct NoticeTexts(BTreeMap<Notice, NoticeText>);

impl NoticeTexts {
    /// Our example texts in plain Dutch (B1).
    #[must_use]
    pub fn example() -> Self {
        let texts = [
            (
                Notice::AccountInactive,
                "Uw account staat op pauze",
                "U hebt uw account zes maanden niet gebruikt. We halen nu geen gegevens meer op. Wilt u verder? Open dan de app en log in.",
            ),
            (
                Notice::Collected,
                "Er staat iets nieuws klaar",
                "We hebben gegevens voor u opgehaald. Open de app om ze te bekijken.",
            ),
            (
                Notice::NoExchange,
                "Ophalen lukt nu niet",
                "We kunnen al twee dagen geen gegevens voor u ophalen. Open de app om te zien wat u kunt doen.",
            ),
            (
                Notice::RepresentationEnds,
                "Er verandert binnenkort iets",
                "Binnen 30 dagen verandert wat u in de app kunt zien. Open de app voor meer uitleg.",
            ),
            (
                Notice::NewsAtAanbieder,
                "Er is bericht voor u",
                "Er staat een bericht voor u klaar. Open de app om het te lezen.",
            ),
            (
                Notice::Deleted,
                "U hebt iets verwijderd",
                "We hebben verwijderd wat u wilde verwijderen. Was u dit niet? Open dan de app en log in.",
            ),
        ];
        Self(
            texts
                .into_iter()
                .filter_map(|(notice, subject, body)| Some((notice, NoticeText::new(subject, body).ok()?)))
                .collect(),
        )
    }

    /// Another text for a notice.
    #[must_use]
    pub fn with(mut self, notice: Notice, text: NoticeText) -> Self {
        self.0.insert(notice, text);
        self
    }

    /// The text of a notice.
    #[must_use]
    pub fn text(&self, notice: Notice) -> Option<&NoticeText> {
        self.0.get(&notice)
    }
}

/// Sends notices by e-mail, SMS or push, in the way that the Persoon chose. Write one over your own service.
///
/// The text of an error that you return is not logged.
pub trait Notifier: Send + Sync {
    /// Why a notice could not be sent.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Sends a notice.
    fn notify(&self, person: PersonId, text: &NoticeText) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Which notices wait, so that a Persoon gets at most one a night and none twice.
///
/// A night begins at noon in Europe/Amsterdam, so that what is told in the evening and in the morning after counts as
/// one. Of several notices that wait, the most urgent goes first; the others wait for the next night.
#[derive(Clone, Debug, Default)]
pub struct NoticeBoard {
    waiting: BTreeMap<PersonId, std::collections::BTreeSet<(u8, Notice)>>,
    notified: BTreeMap<PersonId, CalendarDate>,
}

impl NoticeBoard {
    /// Adds a notice; one that waits already is not added twice.
    pub fn add(&mut self, person: PersonId, notice: Notice) {
        self.waiting
            .entry(person)
            .or_default()
            .insert((urgency(notice), notice));
    }

    /// Takes away everything that waits for a Persoon, such as when the Persoon has died.
    pub fn clear(&mut self, person: PersonId) {
        self.waiting.remove(&person);
        self.notified.remove(&person);
    }

    /// The notices to send now, at most one a Persoon and night. They count as told: what cannot be sent is added again
    /// by the application and goes out in the next night.
    pub fn take(&mut self, now: SystemTime) -> Vec<(PersonId, Notice)> {
        let tonight = night(now);
        let mut due = Vec::new();
        self.waiting.retain(|person, notices| {
            if self.notified.get(person).is_some_and(|notified| *notified >= tonight) {
                return true;
            }
            if let Some((_, notice)) = notices.pop_first() {
                self.notified.insert(*person, tonight);
                due.push((*person, notice));
            }
            !notices.is_empty()
        });
        // what was told in an earlier night hinders nobody any more
        self.notified.retain(|_, notified| *notified >= tonight);
        due
    }
}

fn urgency(notice: Notice) -> u8 {
    match notice {
        Notice::Deleted => 0,
        Notice::RepresentationEnds => 1,
        Notice::AccountInactive => 2,
        Notice::NoExchange => 3,
        Notice::Collected => 4,
        Notice::NewsAtAanbieder => 5,
    }
}

/// The day on whose noon the night began.
fn night(now: SystemTime) -> CalendarDate {
    let local = AmsterdamTime::of(now);
    if local.hour() < 12 {
        local.date().minus(1)
    } else {
        local.date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_types::Tijdstempel;

    const ALL: [Notice; 6] = [
        Notice::AccountInactive,
        Notice::Collected,
        Notice::NoExchange,
        Notice::NewsAtAanbieder,
        Notice::RepresentationEnds,
        Notice::Deleted,
    ];

    fn at(text: &str) -> SystemTime {
        Tijdstempel::parse(text).unwrap().to_system_time().unwrap()
    }

    #[test]
    fn every_notice_has_an_example_text_that_keeps_the_rules() {
        for notice in ALL {
            let text = NoticeTexts::example().text(notice).cloned().unwrap();
            assert_eq!(NoticeText::new(text.subject(), text.body()), Ok(text), "{notice:?}");
        }
    }

    #[test]
    fn a_text_with_a_link_a_placeholder_or_a_name_in_it_is_refused() {
        let cases = [
            ("Log in op https://pgo.example.nl", TextError::Link),
            ("Ga naar pgo.example.nl en log in", TextError::Link),
            ("Ga naar www.pgo.nl.", TextError::Link),
            ("Mail naar help@pgo", TextError::Link),
            ("Gegevens van {aanbieder}", TextError::Placeholder),
            ("Gegevens van %s", TextError::Placeholder),
            ("<a>log in</a>", TextError::Placeholder),
            ("a\u{7}b", TextError::Control),
            ("  ", TextError::Length),
        ];
        for (body, expected) in cases {
            assert_eq!(NoticeText::new("Nieuws", body), Err(expected), "{body}");
            assert!(NoticeText::new(body, "Tekst").is_err(), "{body}");
        }
        assert!(NoticeText::new("Nieuws", "Er is iets. Kijk in de app.\nTot ziens.").is_ok());
    }

    #[test]
    fn core_gegevensuitwisseling_104_a_persoon_is_told_at_most_once_a_night() {
        let (one, two) = (PersonId::new(1), PersonId::new(2));
        let mut board = NoticeBoard::default();
        board.add(one, Notice::Collected);
        board.add(one, Notice::Collected);
        board.add(one, Notice::NoExchange);
        board.add(two, Notice::Collected);
        let first = board.take(at("2026-11-30T22:30:00Z"));
        assert_eq!(first, [(one, Notice::NoExchange), (two, Notice::Collected)]);
        board.add(two, Notice::Collected);
        // the morning after is still the same night
        assert_eq!(board.take(at("2026-12-01T07:00:00Z")), []);
        let next = board.take(at("2026-12-01T22:30:00Z"));
        assert_eq!(next, [(one, Notice::Collected), (two, Notice::Collected)]);
        assert_eq!(board.take(at("2026-12-03T22:30:00Z")), []);
    }

    #[test]
    fn core_dossier_108_nothing_is_told_after_a_death() {
        let person = PersonId::new(1);
        let mut board = NoticeBoard::default();
        board.add(person, Notice::Collected);
        board.clear(person);
        assert_eq!(board.take(at("2026-11-30T22:30:00Z")), []);
    }
}
