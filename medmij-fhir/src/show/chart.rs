// SPDX-License-Identifier: AGPL-3.0-or-later
//! A line chart as SVG: a title and a description, axes with words, lines that differ in form and not in colour alone.

use std::fmt::Write as _;

use super::Series;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 44.0;

/// How a line is drawn: its dashes.
const DASHES: [&str; 4] = ["none", "7 4", "2 4", "10 3 2 3"];

/// A moment on the axis of time, and a number.
struct Point {
    x: f64,
    y: f64,
}

/// Draws a series; `None` where there is nothing to compare.
#[allow(clippy::cast_precision_loss, reason = "days and counts are small")]
pub(super) fn draw(series: &Series, id: &str) -> Option<String> {
    let mut lines: Vec<(&str, Vec<Point>)> = Vec::new();
    for (number, name) in series.lines().iter().enumerate() {
        let rows = series.rows().iter().rev();
        let points = rows.filter_map(|row| {
            let day = row.date()?.first()?;
            Some(Point {
                x: day.days_since_1970() as f64,
                y: row.coordinate(number)?,
            })
        });
        lines.push((name, points.collect()));
    }
    lines.retain(|(_, points)| !points.is_empty());
    let all = || lines.iter().flat_map(|(_, points)| points);
    let (from, to) = bounds(all().map(|point| point.x))?;
    if to <= from {
        return None;
    }
    let (lowest, highest) = bounds(all().map(|point| point.y))?;
    let steps = steps(lowest, highest)?;
    let (bottom, top) = (*steps.first()?, *steps.last()?);
    let x = |at: f64| LEFT + (at - from) / (to - from) * (WIDTH - LEFT - RIGHT);
    let y = |at: f64| HEIGHT - BOTTOM - (at - bottom) / (top - bottom) * (HEIGHT - TOP - BOTTOM);

    let unit = series.unit().unwrap_or_default();
    let days: Vec<&super::Day> = series.rows().iter().rev().filter_map(|row| row.date()).collect();
    let (first, last) = (days.first()?.text(), days.last()?.text());
    let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let title = escape(series.title());
    let mut svg = format!(
        r#"<svg class="chart" role="img" aria-labelledby="{id}-t {id}-d" viewBox="0 0 {WIDTH} {HEIGHT}" xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" font-size="14"><title id="{id}-t">Grafiek: {title}</title><desc id="{id}-d">Loopt van {first} tot en met {last}. De waarden staan in de tabel.</desc>"#,
    );
    text(&mut svg, 4.0, 16.0, "start", unit);
    for step in &steps {
        let at = y(*step);
        let end = WIDTH - RIGHT;
        let _ = write!(svg, r#"<path d="M{LEFT} {at:.1}H{end}" stroke-opacity="0.25"/>"#);
        text(&mut svg, LEFT - 8.0, at + 5.0, "end", &shown(*step));
    }
    let floor = HEIGHT - BOTTOM;
    let _ = write!(svg, r#"<path d="M{LEFT} {TOP}V{floor}H{}"/>"#, WIDTH - RIGHT);
    text(&mut svg, LEFT, floor + 20.0, "start", first);
    text(&mut svg, WIDTH - RIGHT, floor + 20.0, "end", last);
    for (number, (name, points)) in lines.iter().enumerate() {
        let dash = DASHES.get(number % DASHES.len()).copied().unwrap_or("none");
        let mut path = String::new();
        for point in points {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{command}{:.1} {:.1}", x(point.x), y(point.y));
        }
        let _ = write!(svg, r#"<path d="{path}" stroke-width="2" stroke-dasharray="{dash}"/>"#);
        for point in points {
            mark(&mut svg, number, x(point.x), y(point.y));
        }
        if let Some(last) = points.last().filter(|_| !name.is_empty()) {
            text(&mut svg, WIDTH - RIGHT, y(last.y) - 9.0, "end", name);
        }
    }
    svg.push_str("</svg>");
    Some(svg)
}

/// A circle, a square or a triangle: one form for each line.
fn mark(svg: &mut String, line: usize, x: f64, y: f64) {
    let _ = match line % 3 {
        0 => write!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="4" fill="currentColor"/>"#),
        1 => write!(
            svg,
            r#"<rect x="{:.1}" y="{:.1}" width="8" height="8" fill="currentColor"/>"#,
            x - 4.0,
            y - 4.0
        ),
        _ => write!(
            svg,
            r#"<path d="M{x:.1} {:.1}l5 9h-10z" fill="currentColor"/>"#,
            y - 5.0
        ),
    };
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let text = escape(text);
    let _ = write!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="currentColor" stroke="none">{text}</text>"#,
    );
}

fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |found, value| match found {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// Two to thirteen round numbers that hold all values, and a tenth of the largest at least: a small difference does not look
/// like a large one.
fn steps(lowest: f64, highest: f64) -> Option<Vec<f64>> {
    let least = (0.1 * f64::max(lowest.abs(), highest.abs())).max(f64::MIN_POSITIVE);
    let short = f64::max(least - (highest - lowest), 0.0) / 2.0;
    let (low, high) = (lowest - short, highest + short);
    let rough = (high - low) / 4.0;
    let size = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|part| part * size)
        .find(|step| *step >= rough)?;
    let (first, last) = ((low / step).floor(), (high / step).ceil());
    let count = last - first;
    // numbers so large or so near that a f64 cannot tell them apart make no chart
    if !(count.is_finite() && (1.0..=12.0).contains(&count)) || first + 1.0 <= first {
        return None;
    }
    let steps = (0_u8..=13).map(f64::from).take_while(|at| *at <= count);
    Some(steps.map(|at| (first + at) * step).collect())
}

/// A round number in the Dutch way.
fn shown(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".to_owned(),
        text => text.replace('.', ","),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{shown, steps};

    #[test]
    fn steps_are_round_and_hold_all_values() {
        let cases = [
            (137.0, 144.0),
            (58.0, 58.0),
            (0.001, 0.004),
            (-5.0, 1e6),
            (81.6, 82.8),
            (0.0, 1e300),
        ];
        for (low, high) in cases {
            let steps = steps(low, high).unwrap();
            assert!((2..=13).contains(&steps.len()), "{low} {high} {steps:?}");
            assert!(
                steps.first().unwrap() <= &low && steps.last().unwrap() >= &high,
                "{low} {high} {steps:?}"
            );
        }
        let near = steps(81.6, 81.9).unwrap();
        assert!(
            near.last().unwrap() - near.first().unwrap() >= 8.1,
            "a tenth of the value"
        );
        assert_eq!(steps(f64::MIN, f64::MAX), None);
        assert_eq!(
            (shown(12.50), shown(-0.0), shown(100.0)),
            ("12,5".to_owned(), "0".to_owned(), "100".to_owned())
        );
    }
}
