// SPDX-License-Identifier: AGPL-3.0-or-later
//! The page for people at `/`: what stands in the way, lists, certificates, places and the chain log, and the counters. No
//! script, nothing from elsewhere.

use std::fmt::{self, Write as _};

use crate::{Finding, ListState, Observed, Readiness, Severity};

/// The style sheet, at `/style.css`.
pub(super) const STYLE: &str = include_str!("style.css");
/// Nothing but the style sheet is loaded.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page shows.
pub(super) struct Page<'a> {
    pub(super) hostname: &'a str,
    pub(super) readiness: &'a Readiness,
    pub(super) observed: &'a [(String, Observed)],
    pub(super) lists: &'a [ListState],
    /// The counters of the application, in the text format of Prometheus.
    pub(super) counters: &'a str,
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, state) = state(self.readiness);
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{state}: {0}</title>\n\
             <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n\
             <p><span class=\"state {class}\">{state}</span></p>\n",
            Escaped(self.hostname),
        )?;
        self.findings(f)?;
        self.lists(f)?;
        self.parts(f, "Certificates", "No certificates are watched.", |one| {
            matches!(
                one,
                Observed::Certificate { .. }
                    | Observed::Crl { .. }
                    | Observed::Files(_)
                    | Observed::Identity(_)
                    | Observed::Name { .. }
            )
        })?;
        self.parts(f, "Chain log", "The chain log is not kept here.", |one| {
            matches!(one, Observed::Spool { .. })
        })?;
        self.parts(f, "Stores, folders and clock", "Nothing else is watched.", |one| {
            matches!(
                one,
                Observed::Folder { .. }
                    | Observed::Clock { .. }
                    | Observed::Store(_)
                    | Observed::Other(_)
                    | Observed::Silent
            )
        })?;
        counters(f, self.counters)?;
        f.write_str(
            "<h2>For machines</h2>\n<p><a href=\"/ready\">/ready</a> says whether it can do its work, \
             <a href=\"/health\">/health</a> whether it answers, <a href=\"/metrics\">/metrics</a> has all figures. \
             This page shows the last look, at most five seconds old; load it again for the next.</p>\n\
             </main>\n</body>\n</html>\n",
        )
    }
}

impl Page<'_> {
    fn findings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>What needs attention</h2>\n")?;
        if self.readiness.findings.is_empty() {
            return f.write_str("<p>Nothing.</p>\n");
        }
        table(f, "What was found, the worst first", &["How bad", "Part", "What"])?;
        for Finding {
            severity, part, reason, ..
        } in &self.readiness.findings
        {
            let (class, word) = word(*severity);
            writeln!(
                f,
                "<tr><td><span class=\"state {class}\">{word}</span></td><td>{}</td><td>{}</td></tr>",
                Escaped(part),
                Escaped(&reason.to_string()),
            )?;
        }
        f.write_str("</tbody></table></div>\n")
    }

    fn lists(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>Lists</h2>\n")?;
        let watched = |one: &Observed| matches!(one, Observed::List { .. });
        if !self.observed.iter().any(|(_, one)| watched(one)) {
            return f.write_str("<p>No lists are followed.</p>\n");
        }
        table(
            f,
            "The lists of the Stelselnode",
            &["List", "Number", "Entries", "How old"],
        )?;
        for (_, one) in self.observed {
            let Observed::List { kind, .. } = one else { continue };
            let now = self.lists.iter().find(|list| list.kind == *kind);
            let (number, entries) = now.map_or_else(
                || ("-".to_owned(), "-".to_owned()),
                |list| (list.volgnummer.to_string(), list.entries.to_string()),
            );
            writeln!(
                f,
                "<tr><th scope=\"row\">{}</th><td class=\"number\">{number}</td><td class=\"number\">{entries}</td><td>{}</td></tr>",
                Escaped(&kind.to_string()),
                Escaped(&one.to_string()),
            )?;
        }
        f.write_str("</tbody></table></div>\n")
    }

    fn parts(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        none: &str,
        of: impl Fn(&Observed) -> bool,
    ) -> fmt::Result {
        writeln!(f, "<h2>{title}</h2>")?;
        let mut rows = self.observed.iter().filter(|(_, one)| of(one)).peekable();
        if rows.peek().is_none() {
            return writeln!(f, "<p>{none}</p>");
        }
        table(f, title, &["Part", "What was seen"])?;
        for (part, one) in rows {
            writeln!(
                f,
                "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
                Escaped(subject(part, one)),
                Escaped(&one.to_string())
            )?;
        }
        f.write_str("</tbody></table></div>\n")
    }
}

/// What a row is about: of one part several things are seen.
fn subject<'a>(part: &'a str, one: &Observed) -> &'a str {
    match one {
        Observed::Files(_) => "Files",
        Observed::Identity(_) => "Own certificate, as others see it",
        Observed::Name { .. } => "Host name",
        Observed::Certificate { .. } => "How long it lasts",
        Observed::Crl { .. } => "Revocation list",
        _ => part,
    }
}

fn state(readiness: &Readiness) -> (&'static str, &'static str) {
    match readiness.findings.first().map(|worst| worst.severity) {
        None => ("good", "Ready"),
        Some(Severity::Warning) => ("warning", "Ready, with a warning"),
        Some(Severity::Alarm) => ("alarm", "Ready, with an alarm"),
        Some(Severity::NotReady) => ("not-ready", "Not ready"),
    }
}

fn word(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::NotReady => ("not-ready", "Not ready"),
        Severity::Alarm => ("alarm", "Alarm"),
        Severity::Warning => ("warning", "Warning"),
    }
}

/// The counters, one table for each name; closed, for there are many.
fn counters(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("<h2>Counters</h2>\n")?;
    let mut families: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            families.push((help.split_once(' ').map_or(help, |(_, help)| help), Vec::new()));
        } else if !line.starts_with('#')
            && let Some((_, rows)) = families.last_mut()
            && let Some((name, value)) = line.rsplit_once(' ')
        {
            let labels = name
                .split_once('{')
                .map_or("", |(_, labels)| labels.trim_end_matches('}'));
            rows.push((labels, value));
        }
    }
    families.retain(|(_, rows)| !rows.is_empty());
    if families.is_empty() {
        return f.write_str("<p>Nothing was counted yet.</p>\n");
    }
    for (help, rows) in families {
        writeln!(f, "<details><summary>{}</summary>", Escaped(help))?;
        table(f, help, &["Of what", "Value"])?;
        for (labels, value) in rows {
            let labels = plain(labels);
            writeln!(
                f,
                "<tr><td>{}</td><td class=\"number\">{}</td></tr>",
                Escaped(&labels),
                Escaped(value)
            )?;
        }
        f.write_str("</tbody></table></div></details>\n")?;
    }
    Ok(())
}

/// `event="a",outcome="b"` as `a, b`.
fn plain(labels: &str) -> String {
    let values: Vec<&str> = labels.split('"').skip(1).step_by(2).collect();
    if values.is_empty() {
        "all".to_owned()
    } else {
        values.join(", ")
    }
}

/// The begin of a table; the heading above it names it for the eye, the label for a screen reader.
fn table(f: &mut fmt::Formatter<'_>, label: &str, heads: &[&str]) -> fmt::Result {
    write!(
        f,
        "<div class=\"wide\"><table aria-label=\"{}\"><thead><tr>",
        Escaped(label)
    )?;
    for head in heads {
        let class = if matches!(*head, "Number" | "Entries" | "Value") {
            " class=\"number\""
        } else {
            ""
        };
        write!(f, "<th scope=\"col\"{class}>{head}</th>")?;
    }
    f.write_str("</tr></thead><tbody>\n")
}

/// Text in HTML.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Alarms, StoreState};

    #[test]
    fn the_page_shows_what_was_seen_in_words_and_escapes_it() {
        let observed = [
            (
                "credentials".to_owned(),
                Observed::Crl {
                    issuer: "CN=<script>".to_owned(),
                    left: Duration::from_secs(7_200),
                    hard_fail: true,
                },
            ),
            (
                "store".to_owned(),
                Observed::Store(StoreState::Gone("x & y".to_owned())),
            ),
            (
                "log".to_owned(),
                Observed::Spool {
                    waiting: 7,
                    oldest: Duration::from_secs(60),
                    lost: 2,
                    full: false,
                },
            ),
        ];
        let seen = observed.iter().map(|(part, one)| (part.as_str(), one));
        let readiness = Readiness::judge(seen, &Alarms::default());
        let page = Page {
            hostname: "node.example.nl",
            readiness: &readiness,
            observed: &observed,
            lists: &[],
            counters: "# HELP a_total Things that happened.\n# TYPE a_total counter\na_total{kind=\"b\",to=\"<c>\"} 3\n",
        };
        let html = page.to_string();
        for expected in [
            "<title>Not ready: node.example.nl</title>",
            "does not answer: x &amp; y",
            "the revocation list of CN=&lt;script&gt; ends in 2 h",
            "7 lines wait, the oldest for 60 s; 2 were lost within a day",
            "<summary>Things that happened.</summary>",
            "<tr><td>b, &lt;c&gt;</td><td class=\"number\">3</td></tr>",
            "No lists are followed.",
        ] {
            assert!(html.contains(expected), "{expected} in {html}");
        }
        assert!(!html.contains("<script"));
        // every table is closed
        assert_eq!(html.matches("<table ").count(), html.matches("</table>").count());
    }
}
