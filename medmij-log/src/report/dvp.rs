// SPDX-License-Identifier: AGPL-3.0-or-later
//! The DVP-rapportage: counters of a month, from exchanges that name nobody.
//!
//! The form is one published example and no schema. Definitions (from its description): a user is *frequent* if the
//! previous login was less than six months before the month of the report, *inactive or new* if it was more than twelve
//! months before it or there was none, and *not frequent* in between. Later steps of the funnel imply the earlier ones.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, Months, SecondsFormat};

use super::xml::Writer;

/// By what an exchange was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// An app on a phone or tablet.
    App,
    /// A program on a computer.
    Pc,
    /// A browser.
    Web,
    /// Nobody: automatic collecting.
    System,
}

/// How far an exchange came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Funnel {
    /// It was started.
    Started,
    /// A zorgaanbieder was chosen.
    ProviderChosen,
    /// The Persoon came back from the login at the DVA.
    LoggedIn,
    /// The data came.
    Exchanged,
}

/// One exchange of the month. `user` is a number that the caller gives each account for this report alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// A number of the account within this report.
    pub user: u64,
    /// By what it was started.
    pub channel: Channel,
    /// How far it came.
    pub reached: Funnel,
}

impl Exchange {
    /// An exchange.
    #[must_use]
    pub fn new(user: u64, channel: Channel, reached: Funnel) -> Self {
        Self { user, channel, reached }
    }
}

/// What is above the counters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DvpReportMeta {
    /// The deelnemer.
    pub deelnemer: String,
    /// The supplier of the software.
    pub supplier: String,
    /// When the report was made.
    pub created: DateTime<FixedOffset>,
    /// The first moment of the month that is reported.
    pub from: DateTime<FixedOffset>,
    /// The first moment of the next month.
    pub until: DateTime<FixedOffset>,
}

impl DvpReportMeta {
    /// What is above the counters.
    #[must_use]
    pub fn new(
        deelnemer: impl Into<String>,
        supplier: impl Into<String>,
        created: DateTime<FixedOffset>,
        month: (DateTime<FixedOffset>, DateTime<FixedOffset>),
    ) -> Self {
        Self {
            deelnemer: deelnemer.into(),
            supplier: supplier.into(),
            created,
            from: month.0,
            until: month.1,
        }
    }
}

/// The counters of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DvpReport {
    meta: DvpReportMeta,
    counters: Vec<(&'static str, u64)>,
}

impl DvpReport {
    /// Counts a month. `users` is, for each account that was used in the last twelve months, its last login and the one
    /// before; `lasting_consents` is the number of langdurige toestemmingen at the end of the month.
    #[must_use]
    pub fn count(
        meta: DvpReportMeta,
        exchanges: &[Exchange],
        users: &[(DateTime<FixedOffset>, Option<DateTime<FixedOffset>>)],
        lasting_consents: u64,
    ) -> Self {
        let back = |months| meta.from.checked_sub_months(Months::new(months)).unwrap_or(meta.from);
        let (half_year, year) = (back(6), back(12));
        let in_month = |at: &DateTime<FixedOffset>| *at >= meta.from && *at < meta.until;
        let of_month: Vec<_> = users.iter().filter(|(last, _)| in_month(last)).collect();
        let segment = |wanted: fn(Option<DateTime<FixedOffset>>, [DateTime<FixedOffset>; 2]) -> bool| {
            number(
                of_month
                    .iter()
                    .filter(|(_, previous)| wanted(*previous, [half_year, year]))
                    .count(),
            )
        };
        let frequent = segment(|previous, [half, _]| previous.is_some_and(|at| at >= half));
        let inactive = segment(|previous, [_, year]| previous.is_none_or(|at| at < year));

        let reached = |step: Funnel| number(exchanges.iter().filter(|exchange| exchange.reached >= step).count());
        let of = |channel: Channel, done: Option<bool>| {
            let done = |exchange: &&Exchange| done.is_none_or(|done| done == (exchange.reached == Funnel::Exchanged));
            number(
                exchanges
                    .iter()
                    .filter(|exchange| exchange.channel == channel)
                    .filter(done)
                    .count(),
            )
        };
        let times = |failed_only: bool, range: std::ops::RangeInclusive<usize>| {
            let mut of_user: HashMap<u64, usize> = HashMap::new();
            for exchange in exchanges
                .iter()
                .filter(|e| !failed_only || e.reached != Funnel::Exchanged)
            {
                *of_user.entry(exchange.user).or_default() += 1;
            }
            number(of_user.values().filter(|count| range.contains(count)).count())
        };
        let started = number(exchanges.len());
        let exchanged = reached(Funnel::Exchanged);
        let counters = vec![
            (
                "GebruikersAfgelopenJaar",
                number(users.iter().filter(|(last, _)| *last >= year).count()),
            ),
            ("GebruikersAfgelopenMaand", number(of_month.len())),
            ("AantalBezoekers", started),
            ("AantalFailed", started.saturating_sub(exchanged)),
            ("AantalSuccesvol", exchanged),
            ("AantalInactief", inactive),
            ("AantalFrequent", frequent),
            (
                "AantalNonFrequent",
                number(of_month.len()).saturating_sub(inactive).saturating_sub(frequent),
            ),
            ("AantalLangdurigeToestemming", lasting_consents),
            ("AantalEenmaligGebruik", times(false, 1..=1)),
            ("AantalTweeTotVijfmaligGebruik", times(false, 2..=5)),
            ("AantalZesTotNegenmaligGebruik", times(false, 6..=9)),
            ("AantalTienmaligOfMeerGebruik", times(false, 10..=usize::MAX)),
            ("AantalApp", of(Channel::App, None)),
            ("AantalPC", of(Channel::Pc, None)),
            ("AantalWeb", of(Channel::Web, None)),
            ("AantalSystem", of(Channel::System, None)),
            ("SuccesvolApp", of(Channel::App, Some(true))),
            ("SuccesvolPC", of(Channel::Pc, Some(true))),
            ("SuccesvolWeb", of(Channel::Web, Some(true))),
            ("SuccesvolSystem", of(Channel::System, Some(true))),
            ("UitvalApp", of(Channel::App, Some(false))),
            ("UitvalPC", of(Channel::Pc, Some(false))),
            ("UitvalWeb", of(Channel::Web, Some(false))),
            ("UitvalSystem", of(Channel::System, Some(false))),
            (
                "UitvalZorgaanbiederZoeken",
                started.saturating_sub(reached(Funnel::ProviderChosen)),
            ),
            (
                "UitvalDigID",
                reached(Funnel::ProviderChosen).saturating_sub(reached(Funnel::LoggedIn)),
            ),
            (
                "UitvalUitwisseling",
                reached(Funnel::LoggedIn).saturating_sub(exchanged),
            ),
            ("SuccesvolZorgaanbiederZoeken", reached(Funnel::ProviderChosen)),
            ("SuccesvolDigID", reached(Funnel::LoggedIn)),
            ("SuccesvolUitwisseling", exchanged),
            ("AantalEenmaligFailed", times(true, 1..=1)),
            ("AantalTweeTotVijfmaligFailed", times(true, 2..=5)),
            ("AantalZesTotNegenmaligFailed", times(true, 6..=9)),
            ("AantalTienmaligOfMeerFailed", times(true, 10..=usize::MAX)),
        ];
        Self { meta, counters }
    }

    /// A counter by the name of its element.
    #[must_use]
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.counters
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, count)| *count)
    }

    /// The report as XML.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let time = |at: DateTime<FixedOffset>| at.to_rfc3339_opts(SecondsFormat::Secs, false);
        let meta = &self.meta;
        let year = meta.until.checked_sub_months(Months::new(12)).unwrap_or(meta.from);
        let mut xml = Writer::document();
        xml.group("DVPRapportage", |xml| {
            xml.group("DVPRapportageMeta", |xml| {
                xml.text("Deelnemer", &meta.deelnemer);
                xml.text("Leverancier", &meta.supplier);
                xml.text("TijdstempelUitvoering", time(meta.created));
                xml.text("RapportageMaand", meta.from.format("%Y-%m"));
                xml.text("WindowStartMaand", time(meta.from));
                xml.text("WindowEindMaand", time(meta.until));
                xml.text("WindowStartTwaalfMaand", time(year));
                xml.text("WindowEindTwaalfMaand", time(meta.until));
            });
            xml.group("DataRecord", |xml| {
                for (name, count) in &self.counters {
                    xml.text(name, count);
                }
            });
        });
        xml.finish()
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    fn report(exchanges: &[Exchange], users: &[(&str, Option<&str>)]) -> DvpReport {
        let month = (at("2026-10-01T00:00:00+02:00"), at("2026-11-01T00:00:00+01:00"));
        let meta = DvpReportMeta::new("PGO Een", "Bouwer", at("2026-11-02T00:00:00+01:00"), month);
        let time = |day: &str| at(&format!("{day}T12:00:00+00:00"));
        let users: Vec<_> = users
            .iter()
            .map(|(last, before)| (time(last), before.map(time)))
            .collect();
        DvpReport::count(meta, exchanges, &users, 7)
    }

    fn assert_counters(report: &DvpReport, expected: &[(&str, u64)]) {
        for (name, count) in expected {
            assert_eq!(report.counter(name), Some(*count), "{name}");
        }
    }

    #[test]
    fn later_steps_of_the_funnel_imply_the_earlier_ones() {
        let steps = [
            Funnel::Started,
            Funnel::ProviderChosen,
            Funnel::LoggedIn,
            Funnel::Exchanged,
            Funnel::Exchanged,
        ];
        let exchanges: Vec<_> = steps
            .iter()
            .zip(1..)
            .map(|(step, user)| Exchange::new(user, Channel::Web, *step))
            .collect();
        assert_counters(
            &report(&exchanges, &[]),
            &[
                ("AantalBezoekers", 5),
                ("AantalSuccesvol", 2),
                ("AantalFailed", 3),
                ("UitvalZorgaanbiederZoeken", 1),
                ("UitvalDigID", 1),
                ("UitvalUitwisseling", 1),
                ("SuccesvolZorgaanbiederZoeken", 4),
                ("SuccesvolDigID", 3),
                ("UitvalWeb", 3),
                ("SuccesvolWeb", 2),
                ("AantalApp", 0),
            ],
        );
    }

    #[test]
    fn users_fall_into_segments_by_their_previous_login() {
        let users = [
            ("2026-10-05", None),
            ("2026-10-05", Some("2025-09-29")),
            ("2026-10-05", Some("2026-02-01")),
            ("2026-10-05", Some("2026-09-01")),
            ("2026-10-05", Some("2026-10-01")),
            ("2026-03-05", None),
            ("2025-03-05", None),
        ];
        assert_counters(
            &report(&[], &users),
            &[
                ("GebruikersAfgelopenJaar", 6),
                ("GebruikersAfgelopenMaand", 5),
                ("AantalInactief", 2),
                ("AantalNonFrequent", 1),
                ("AantalFrequent", 2),
                ("AantalLangdurigeToestemming", 7),
            ],
        );
    }

    #[test]
    fn users_are_counted_by_how_often_they_collect_and_how_often_that_fails() {
        let mut exchanges = Vec::new();
        for (user, times) in [(1, 1), (2, 5), (3, 9), (4, 10)] {
            for n in 0..times {
                let reached = if n == 0 { Funnel::LoggedIn } else { Funnel::Exchanged };
                exchanges.push(Exchange::new(user, Channel::System, reached));
            }
        }
        assert_counters(
            &report(&exchanges, &[]),
            &[
                ("AantalEenmaligGebruik", 1),
                ("AantalTweeTotVijfmaligGebruik", 1),
                ("AantalZesTotNegenmaligGebruik", 1),
                ("AantalTienmaligOfMeerGebruik", 1),
                ("AantalEenmaligFailed", 4),
                ("AantalTweeTotVijfmaligFailed", 0),
                ("AantalSystem", 25),
                ("UitvalSystem", 4),
            ],
        );
    }

    #[test]
    fn the_xml_carries_the_windows_and_every_counter() {
        let xml = report(&[], &[]).to_xml();
        assert!(xml.contains("<RapportageMaand>2026-10</RapportageMaand>"), "{xml}");
        assert!(
            xml.contains("<WindowStartTwaalfMaand>2025-11-01T00:00:00+01:00</WindowStartTwaalfMaand>"),
            "{xml}"
        );
        assert_eq!(xml.matches("<Aantal").count(), 19);
    }
}
