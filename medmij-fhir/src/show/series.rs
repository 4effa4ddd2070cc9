// SPDX-License-Identifier: AGPL-3.0-or-later
//! Numbers of one kind over time: their exact text for a table.

use std::collections::BTreeMap;
use std::fmt;

use super::observation::RANGE;
use super::{Day, Entry, chart};

/// One kind of measurement or result, newest first.
///
/// ```
/// use medmij_fhir::show::{DossierView, StoredResource, Section};
/// use medmij_types::CalendarDate;
///
/// let weight = |day: &str, kg: &str| {
///     format!(r#"{{"resourceType":"Observation","code":{{"text":"Gewicht"}},"effectiveDateTime":"{day}",
///       "valueQuantity":{{"value":{kg},"unit":"kg"}}}}"#)
/// };
/// let texts = [weight("2026-03-03", "82.80"), weight("2026-10-19", "81.6")];
/// let stored: Vec<_> = texts.iter().map(|text| StoredResource::new(text.as_bytes(), "Huisarts De Wilg")).collect();
/// let view = DossierView::of(&stored, CalendarDate::parse("2026-12-01")?);
///
/// let series = view.series(Section::Measurements);
/// assert_eq!((series[0].title(), series[0].unit()), ("Gewicht", Some("kg")));
/// let texts: Vec<_> = series[0].rows().iter().map(|row| row.value(0)).collect();
/// assert_eq!(texts, [Some("81,6"), Some("82,80")]);
/// assert!(series[0].chart("gewicht").is_some_and(|svg| svg.starts_with("<svg")));
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[derive(Clone)]
pub struct Series {
    title: String,
    unit: Option<String>,
    explanation: Option<&'static str>,
    lines: Vec<String>,
    rows: Vec<SeriesRow>,
}

/// One moment of a series.
#[derive(Clone)]
pub struct SeriesRow {
    date: Option<Day>,
    /// As the sender wrote them, for each line.
    numbers: Vec<Option<String>>,
    shown: Vec<Option<String>>,
    range: Option<String>,
    source: String,
    resource: usize,
}

impl Series {
    /// What was measured.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The unit of every number.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// What the title means, where it is known.
    #[must_use]
    pub const fn explanation(&self) -> Option<&'static str> {
        self.explanation
    }

    /// The names of its lines: one without a name, or such as `Bovendruk` and `Onderdruk`.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The moments, newest first.
    #[must_use]
    pub fn rows(&self) -> &[SeriesRow] {
        &self.rows
    }

    /// Whether a lab gives its range with one of the rows.
    #[must_use]
    pub fn has_range(&self) -> bool {
        self.rows.iter().any(|row| row.range.is_some())
    }

    /// A chart as SVG that can occur in a page under a strict content security policy: it takes its colour from the text
    /// around, and tells its lines apart by their form. `None` where fewer than two moments have a day. `id` is unique in
    /// the page, of letters and digits.
    #[must_use]
    pub fn chart(&self, id: &str) -> Option<String> {
        chart::draw(self, id)
    }
}

impl SeriesRow {
    /// When it was measured.
    #[must_use]
    pub const fn date(&self) -> Option<&Day> {
        self.date.as_ref()
    }

    /// The number of a line, digit for digit as its sender wrote it, with a comma.
    #[must_use]
    pub fn value(&self, line: usize) -> Option<&str> {
        self.shown.get(line)?.as_deref()
    }

    /// The range that the lab gives with it.
    #[must_use]
    pub fn range(&self) -> Option<&str> {
        self.range.as_deref()
    }

    /// The Aanbieder that it came from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The resource, by its place in what [`DossierView::of`](super::DossierView::of) was given.
    #[must_use]
    pub const fn resource(&self) -> usize {
        self.resource
    }

    /// For a chart only.
    pub(super) fn coordinate(&self, line: usize) -> Option<f64> {
        let number: f64 = self.numbers.get(line)?.as_deref()?.parse().ok()?;
        number.is_finite().then_some(number)
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Series({} rows)", self.rows.len())
    }
}

impl fmt::Debug for SeriesRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeriesRow(***)")
    }
}

/// Puts entries of one name and unit together; the series by name, their rows in the order of the entries.
pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Series> {
    let mut all: BTreeMap<(String, Option<String>), Series> = BTreeMap::new();
    for entry in entries {
        let Some((_, _, unit)) = entry.numbers.first() else {
            continue;
        };
        let series = all
            .entry((entry.title.to_lowercase(), unit.clone()))
            .or_insert_with(|| Series {
                title: entry.title.clone(),
                unit: unit.clone(),
                explanation: entry.explanation,
                lines: Vec::new(),
                rows: Vec::new(),
            });
        let mut numbers: Vec<Option<String>> = vec![None; series.lines.len()];
        // a number in another unit is in its entry
        for (name, number, _) in entry.numbers.iter().filter(|(_, _, other)| other == unit) {
            let known = series.lines.iter().position(|line| line == name);
            let at = known.unwrap_or_else(|| {
                series.lines.push(name.clone());
                numbers.push(None);
                series.lines.len() - 1
            });
            if let Some(place) = numbers.get_mut(at) {
                *place = Some(number.clone());
            }
        }
        let range = entry
            .facts
            .iter()
            .find(|fact| fact.label == RANGE)
            .map(|fact| fact.value.clone());
        series.rows.push(SeriesRow {
            date: entry.date.clone(),
            shown: numbers
                .iter()
                .map(|number| number.as_ref().map(|number| number.replace('.', ",")))
                .collect(),
            numbers,
            range,
            source: entry.source.clone(),
            resource: entry.resources.first().copied().unwrap_or_default(),
        });
    }
    all.into_values().collect()
}
