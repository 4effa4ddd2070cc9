// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Beheerrapport: how many Personen a deelnemer has, each month, and how fast it answered.
//!
//! The official schema could not be read; the elements are those of the published description. What a DVA reports for
//! each Gegevensdienst is unknown, so this is the report of a DVP.

use chrono::{DateTime, FixedOffset, SecondsFormat};

use super::{KetennormReport, Measured, xml::Writer};

/// The Beheerrapport of one month.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Beheerrapport {
    /// The deelnemer.
    pub deelnemer: String,
    /// The first moment of the month.
    pub from: DateTime<FixedOffset>,
    /// The first moment of the next month.
    pub until: DateTime<FixedOffset>,
    /// When the report was made.
    pub created: DateTime<FixedOffset>,
    /// Accounts of different Personen.
    pub persons: u64,
    /// The Ketennormen of the month; none by default, as their place in the official schema could not be read.
    pub norms: Vec<Measured>,
}

impl Beheerrapport {
    /// A report.
    #[must_use]
    pub fn new(
        deelnemer: impl Into<String>,
        month: (DateTime<FixedOffset>, DateTime<FixedOffset>),
        created: DateTime<FixedOffset>,
        persons: u64,
    ) -> Self {
        Self {
            deelnemer: deelnemer.into(),
            from: month.0,
            until: month.1,
            created,
            persons,
            norms: Vec::new(),
        }
    }

    /// The same with the Ketennormen, in elements of ours behind `Personen`.
    #[must_use]
    pub fn with_norms(mut self, measured: &KetennormReport) -> Self {
        self.norms.clone_from(&measured.rows);
        self
    }

    /// The report as XML.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let time = |at: &DateTime<FixedOffset>| at.to_rfc3339_opts(SecondsFormat::Secs, false);
        let mut xml = Writer::document();
        xml.group("MedMijRapport", |xml| {
            xml.text("Deelnemer", &self.deelnemer);
            xml.text("Vanaf", time(&self.from));
            xml.text("Tot", time(&self.until));
            xml.text("Tijdstempel", time(&self.created));
            xml.group("Beheerrapport", |xml| {
                xml.group("Personen", |xml| xml.text("Aantal", self.persons));
                for row in &self.norms {
                    xml.group("Ketennorm", |xml| {
                        xml.text("Naam", row.norm.name);
                        xml.text("Aantal", row.requests);
                        xml.text("BinnenNorm", row.in_time);
                        xml.text("ZonderAntwoord", row.unanswered);
                        for (name, permille) in [("P50", 500), ("P95", 950), ("P985", 985), ("P995", 995)] {
                            if let Some(time) = row.percentile(permille) {
                                xml.text(name, time.as_millis());
                            }
                        }
                    });
                }
            });
        });
        xml.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_names_the_month_and_the_number_of_personen() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        let month = (at("2026-10-01T00:00:00+02:00"), at("2026-11-01T00:00:00+01:00"));
        let report = Beheerrapport::new("PGO <Een> & Co", month, at("2026-11-02T09:00:00+01:00"), 571_000);
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<MedMijRapport>
  <Deelnemer>PGO &lt;Een&gt; &amp; Co</Deelnemer>
  <Vanaf>2026-10-01T00:00:00+02:00</Vanaf>
  <Tot>2026-11-01T00:00:00+01:00</Tot>
  <Tijdstempel>2026-11-02T09:00:00+01:00</Tijdstempel>
  <Beheerrapport>
    <Personen>
      <Aantal>571000</Aantal>
    </Personen>
  </Beheerrapport>
</MedMijRapport>
";
        assert_eq!(report.to_xml(), expected);
        let line = |name: &str, at: u32| {
            format!(
                r#"{{"event":{{"type":"{name}","datetime":"2026-10-30T12:00:{at:02}.000+00:00"}},"request":{{"id":"r"}}}}"#
            )
        };
        let lines = [line("send_token_request", 0), line("receive_token_response", 2)];
        let norms = crate::report::Ketennorm::OF_DVP;
        let measured = KetennormReport::measure(lines.iter().map(String::as_str), &norms, month.0, month.1);
        let xml = report.with_norms(&measured).to_xml();
        let squeezed: String = xml.split_whitespace().collect();
        let token = "<Ketennorm><Naam>token</Naam><Aantal>1</Aantal><BinnenNorm>1</BinnenNorm>\
                     <ZonderAntwoord>0</ZonderAntwoord><P50>2000</P50>";
        assert!(squeezed.contains(token), "{xml}");
    }
}
