// SPDX-License-Identifier: AGPL-3.0-or-later
//! The portabiliteitsrapport: at which Zorgaanbieders a Persoon collected what and when, for another PGO.
//!
//! This report is about a Persoon and is handed to that Persoon. It is no part of the shared log.

use chrono::{DateTime, FixedOffset, SecondsFormat};

use super::xml::Writer;

const NAMESPACE: &str = "xmlns://afsprakenstelsel.medmij.nl/PortabiliteitsRapport/release1/";

/// A document larger than this is not read, in bytes.
const MAX_SIZE: usize = 16 << 20;

/// A portabiliteitsrapport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Portabiliteitsrapport {
    /// The deelnemer that made it.
    pub deelnemer: String,
    /// The first moment that it covers.
    pub from: DateTime<FixedOffset>,
    /// The last moment that it covers.
    pub until: DateTime<FixedOffset>,
    /// When it was made.
    pub created: DateTime<FixedOffset>,
    /// What was collected, a row a Zorgaanbieder.
    pub zorgaanbieders: Vec<ReportedZorgaanbieder>,
}

/// A Zorgaanbieder at which was collected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedZorgaanbieder {
    /// Zorgaanbiedernaam, such as `zorgaanbiederdrie@medmij`.
    pub name: String,
    /// What was collected there.
    pub gegevensdiensten: Vec<ReportedGegevensdienst>,
}

/// One collection of a Gegevensdienst.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedGegevensdienst {
    /// GegevensdienstId.
    pub id: String,
    /// When it was collected.
    pub at: DateTime<FixedOffset>,
    /// The requests.
    pub requests: Vec<ReportedRequest>,
}

/// A resource request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedRequest {
    /// RequestUri.
    pub uri: String,
    /// When it was made.
    pub at: DateTime<FixedOffset>,
}

/// A portabiliteitsrapport cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortabiliteitsrapportError {
    /// It is larger than 16 MiB.
    #[error("portabiliteitsrapport is larger than 16 MiB")]
    TooLarge,
    /// It is not XML, or has a document type.
    #[error("portabiliteitsrapport is not well-formed XML: line {line}, column {column}")]
    NotXml {
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
    },
    /// The root is another element.
    #[error("the document is no portabiliteitsrapport")]
    OtherDocument,
    /// An element is missing or empty.
    #[error("portabiliteitsrapport: `{0}` is missing in line {1}")]
    Missing(&'static str, u32),
    /// A time has another form than `xs:dateTime` with an offset.
    #[error("portabiliteitsrapport: `{0}` in line {1} is no time with an offset")]
    Time(&'static str, u32),
}

impl ReportedZorgaanbieder {
    /// A Zorgaanbieder.
    #[must_use]
    pub fn new(name: impl Into<String>, gegevensdiensten: Vec<ReportedGegevensdienst>) -> Self {
        Self {
            name: name.into(),
            gegevensdiensten,
        }
    }
}

impl ReportedGegevensdienst {
    /// A collection.
    #[must_use]
    pub fn new(id: impl Into<String>, at: DateTime<FixedOffset>, requests: Vec<ReportedRequest>) -> Self {
        Self {
            id: id.into(),
            at,
            requests,
        }
    }
}

impl ReportedRequest {
    /// A request.
    #[must_use]
    pub fn new(uri: impl Into<String>, at: DateTime<FixedOffset>) -> Self {
        Self { uri: uri.into(), at }
    }
}

impl Portabiliteitsrapport {
    /// A report over a period.
    #[must_use]
    pub fn new(
        deelnemer: impl Into<String>,
        period: (DateTime<FixedOffset>, DateTime<FixedOffset>),
        created: DateTime<FixedOffset>,
        zorgaanbieders: Vec<ReportedZorgaanbieder>,
    ) -> Self {
        Self {
            deelnemer: deelnemer.into(),
            from: period.0,
            until: period.1,
            created,
            zorgaanbieders,
        }
    }

    /// The report as XML.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let time = |at: &DateTime<FixedOffset>| at.to_rfc3339_opts(SecondsFormat::AutoSi, false);
        let mut xml = Writer::document();
        xml.open("PortabiliteitsRapport", &format!(" xmlns=\"{NAMESPACE}\""), |xml| {
            xml.group("PortabiliteitsRapportMeta", |xml| {
                xml.text("Deelnemer", &self.deelnemer);
                xml.text("Van", time(&self.from));
                xml.text("Tot", time(&self.until));
                xml.text("Tijdstempel", time(&self.created));
            });
            xml.group("Zorgaanbieders", |xml| {
                for zorgaanbieder in &self.zorgaanbieders {
                    xml.group("Zorgaanbieder", |xml| zorgaanbieder.write(xml, time));
                }
            });
        });
        xml.finish()
    }

    /// Reads a report, with or without its namespace: the published sample has none.
    ///
    /// # Errors
    /// [`PortabiliteitsrapportError::TooLarge`], [`PortabiliteitsrapportError::NotXml`] (a document type too),
    /// [`PortabiliteitsrapportError::OtherDocument`], [`PortabiliteitsrapportError::Missing`] and [`PortabiliteitsrapportError::Time`].
    pub fn parse(text: &str) -> Result<Self, PortabiliteitsrapportError> {
        if text.len() > MAX_SIZE {
            return Err(PortabiliteitsrapportError::TooLarge);
        }
        let document = roxmltree::Document::parse(text).map_err(|error| {
            let place = error.pos();
            PortabiliteitsrapportError::NotXml {
                line: place.row,
                column: place.col,
            }
        })?;
        let root = document.root_element();
        let namespace = root.tag_name().namespace();
        if root.tag_name().name() != "PortabiliteitsRapport" || !matches!(namespace, None | Some(NAMESPACE)) {
            return Err(PortabiliteitsrapportError::OtherDocument);
        }
        let meta = child(root, "PortabiliteitsRapportMeta")?;
        Ok(Self {
            deelnemer: text_of(meta, "Deelnemer")?,
            from: time_of(meta, "Van")?,
            until: time_of(meta, "Tot")?,
            created: time_of(meta, "Tijdstempel")?,
            zorgaanbieders: children(child(root, "Zorgaanbieders")?, "Zorgaanbieder")
                .map(ReportedZorgaanbieder::read)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl ReportedZorgaanbieder {
    fn write(&self, xml: &mut Writer, time: impl Fn(&DateTime<FixedOffset>) -> String) {
        xml.text("Zorgaanbiedernaam", &self.name);
        xml.group("Gegevensdiensten", |xml| {
            for gegevensdienst in &self.gegevensdiensten {
                xml.group("Gegevensdienst", |xml| {
                    xml.text("GegevensdienstId", &gegevensdienst.id);
                    xml.text("Tijdstempel", time(&gegevensdienst.at));
                    xml.group("ResourceRequests", |xml| {
                        for request in &gegevensdienst.requests {
                            xml.group("ResourceRequest", |xml| {
                                xml.text("RequestUri", &request.uri);
                                xml.text("Tijdstempel", time(&request.at));
                            });
                        }
                    });
                });
            }
        });
    }

    fn read(node: Node<'_, '_>) -> Result<Self, PortabiliteitsrapportError> {
        let gegevensdiensten = children(child(node, "Gegevensdiensten")?, "Gegevensdienst")
            .map(|node| {
                let requests = children(child(node, "ResourceRequests")?, "ResourceRequest")
                    .map(|node| {
                        Ok(ReportedRequest {
                            uri: text_of(node, "RequestUri")?,
                            at: time_of(node, "Tijdstempel")?,
                        })
                    })
                    .collect::<Result<_, _>>()?;
                Ok(ReportedGegevensdienst {
                    id: text_of(node, "GegevensdienstId")?,
                    at: time_of(node, "Tijdstempel")?,
                    requests,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: text_of(node, "Zorgaanbiedernaam")?,
            gegevensdiensten,
        })
    }
}

type Node<'a, 'i> = roxmltree::Node<'a, 'i>;

fn children<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children()
        .filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> Result<Node<'a, 'i>, PortabiliteitsrapportError> {
    children(node, name)
        .next()
        .ok_or_else(|| PortabiliteitsrapportError::Missing(name, row(node)))
}

fn text_of(node: Node<'_, '_>, name: &'static str) -> Result<String, PortabiliteitsrapportError> {
    let found = child(node, name)?;
    let text: String = found.children().filter_map(|part| part.text()).collect();
    let text = text.trim();
    if text.is_empty() {
        Err(PortabiliteitsrapportError::Missing(name, row(found)))
    } else {
        Ok(text.to_owned())
    }
}

fn time_of(node: Node<'_, '_>, name: &'static str) -> Result<DateTime<FixedOffset>, PortabiliteitsrapportError> {
    let text = text_of(node, name)?;
    DateTime::parse_from_rfc3339(&text).map_err(|_| PortabiliteitsrapportError::Time(name, row(node)))
}

fn row(node: Node<'_, '_>) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Portabiliteitsrapport {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        let request = ReportedRequest {
            uri: "https://dva.example.nl/fhir/Patient?_include=Patient:general-practitioner&_count=1".to_owned(),
            at: at("2026-05-11T12:25:38+00:00"),
        };
        let gegevensdienst = ReportedGegevensdienst {
            id: "48".to_owned(),
            at: at("2026-05-11T12:25:38.5+02:00"),
            requests: vec![request.clone(), request],
        };
        Portabiliteitsrapport {
            deelnemer: "PGO & Co".to_owned(),
            from: at("2026-05-01T00:00:00+02:00"),
            until: at("2026-05-31T23:59:00+02:00"),
            created: at("2026-06-04T18:13:51+02:00"),
            zorgaanbieders: vec![ReportedZorgaanbieder {
                name: "zorgaanbiederdrie@medmij".to_owned(),
                gegevensdiensten: vec![gegevensdienst],
            }],
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        assert_eq!(Portabiliteitsrapport::parse(&report().to_xml()), Ok(report()));
    }

    #[test]
    fn the_published_sample_is_read() {
        let Ok(folder) = std::env::var("MEDMIJ_DATA") else {
            assert!(std::env::var_os("CI").is_none(), "MEDMIJ_DATA is not set");
            println!("SKIPPED: MEDMIJ_DATA is not set");
            return;
        };
        let path = format!("{folder}/examples/portabiliteitsrapport-release1-fv8-sample.xml");
        let text = std::fs::read_to_string(path).unwrap();
        // the sample uses a prefix that it does not declare
        let text = text.replace(" xsi:schemaLocation=", " schemaLocation=");
        let read = Portabiliteitsrapport::parse(&text).unwrap();
        assert!(read.zorgaanbieders.len() >= 2);
        assert_eq!(Portabiliteitsrapport::parse(&read.to_xml()), Ok(read));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let good = report().to_xml();
        let cases = [
            (
                "<Deelnemer>PGO &amp; Co</Deelnemer>",
                "",
                PortabiliteitsrapportError::Missing("Deelnemer", 3),
            ),
            (
                "2026-05-01T00:00:00+02:00",
                "2026-05-01",
                PortabiliteitsrapportError::Time("Van", 3),
            ),
            (
                "</Zorgaanbieders>",
                "",
                PortabiliteitsrapportError::NotXml { line: 30, column: 1 },
            ),
        ];
        for (from, to, expected) in cases {
            assert_eq!(
                Portabiliteitsrapport::parse(&good.replacen(from, to, 1)),
                Err(expected),
                "{from}"
            );
        }
        let other = good
            .replace("PortabiliteitsRapport ", "Iets ")
            .replace("/PortabiliteitsRapport>", "/Iets>");
        assert_eq!(
            Portabiliteitsrapport::parse(&other),
            Err(PortabiliteitsrapportError::OtherDocument)
        );
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><PortabiliteitsRapport/>";
        assert!(matches!(
            Portabiliteitsrapport::parse(bomb),
            Err(PortabiliteitsrapportError::NotXml { .. })
        ));
    }
}
