// SPDX-License-Identifier: AGPL-3.0-or-later
//! Documents in pieces of every size, against the reader that has the whole body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

use super::{DocumentReader, Read, StreamedDocument};
use crate::error::FhirError;
use crate::limits::Limits;
use crate::version::FhirVersion;

const JSON: &str = "application/fhir+json; fhirVersion=3.0";
const XML: &str = "application/fhir+xml";

fn headers(content_type: &str, length: Option<usize>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", content_type.parse().unwrap());
    if let Some(length) = length {
        headers.insert("content-length", length.into());
    }
    headers
}

fn read(content_type: &str, body: &[u8], piece: usize) -> Result<(Read, Vec<u8>), FhirError> {
    let limits = Limits::default();
    let mut reader = DocumentReader::new(&headers(content_type, Some(body.len())), FhirVersion::Stu3, &limits)?;
    let mut out = Vec::new();
    for bytes in body.chunks(piece) {
        reader.push(bytes, &mut out)?;
    }
    let read = reader.finish(&mut out)?;
    Ok((read, out))
}

fn document(content_type: &str, body: &str, piece: usize) -> Result<(StreamedDocument, String), FhirError> {
    match read(content_type, body.as_bytes(), piece)? {
        (Read::Document(document, _), out) => Ok((document, String::from_utf8(out).unwrap())),
        (Read::Other(answer), _) => panic!("{}", answer.content.describe()),
    }
}

#[test]
fn each_form_of_a_document_gives_its_bytes_and_its_type_in_whatever_pieces() {
    let pdf = "%PDF-1.4 een verslag";
    let content = STANDARD.encode(pdf);
    let (start, end) = content.split_at(9);
    let bodies = [
        ("application/pdf", pdf.to_owned()),
        (
            JSON,
            format!(r#"{{"resourceType":"Binary","contentType":"application/pdf","content":"{content}"}}"#),
        ),
        (
            JSON,
            format!(
                r#"{{ "content" : "{start}\n{end}" , "contentType":"application\/pdf","resourceType" : "Binary","id":"a\"b"}}"#
            ),
        ),
        (
            JSON,
            format!(r#"{{"resourceType":"Binary","cont\u0065nt":"{content}","contentType":"application/pdf"}}"#),
        ),
        (
            JSON,
            format!(
                r#"{{"resourceType":"Binary","x":[{{"content":"no"}},"content",":",{{"a":[]}}],"contentType":"application/pdf","content":"{content}"}}"#
            ),
        ),
        (
            JSON,
            format!(
                "\u{feff}{{\"resourceType\":\"Binary\",\"contentType\":\"application/pdf\",\"content\":\"\\u{:04x}{}\"}}",
                content.as_bytes()[0],
                &content[1..]
            ),
        ),
        (
            XML,
            format!(
                r#"<Binary xmlns="http://hl7.org/fhir"><contentType value="application/pdf"/><content value="{content}"/></Binary>"#
            ),
        ),
        (
            XML,
            format!(
                "<?xml version=\"1.0\"?><!-- <content value='x'> --><f:Binary xmlns:f='http://hl7.org/fhir'>\n<f:content id = 'a'\n value = '{start}&#10;&#xD; {end}' ></f:content><f:contentType value='application/pdf'/></f:Binary>"
            ),
        ),
    ];
    for (content_type, body) in &bodies {
        for piece in [1, 2, 7, 64, 1 << 20] {
            let (document, out) = document(content_type, body, piece).unwrap();
            assert_eq!(out, pdf, "{body} in {piece}");
            assert_eq!(
                (document.content_type.as_str(), document.length),
                ("application/pdf", 20),
                "{body}"
            );
        }
    }
}

#[test]
fn f3_a_document_is_never_in_memory_as_a_whole() {
    let limits = Limits::default();
    let quad = "QUJD".repeat(16 << 10);
    for (content_type, start, end) in [
        (
            JSON,
            r#"{"resourceType":"Binary","contentType":"text/plain","content":""#,
            r#""}"#,
        ),
        (
            XML,
            r#"<Binary xmlns="http://hl7.org/fhir"><contentType value="text/plain"/><content value=""#,
            r#""/></Binary>"#,
        ),
    ] {
        let mut reader = DocumentReader::new(&headers(content_type, None), FhirVersion::Stu3, &limits).unwrap();
        let (mut out, mut most, mut length) = (Vec::new(), 0, 0);
        reader.push(start.as_bytes(), &mut out).unwrap();
        for _ in 0..512 {
            reader.push(quad.as_bytes(), &mut out).unwrap();
            most = most.max(out.capacity());
            length += out.len() as u64;
            out.clear();
        }
        reader.push(end.as_bytes(), &mut out).unwrap();
        length += out.len() as u64;
        let Read::Document(document, _) = reader.finish(&mut Vec::new()).unwrap() else {
            panic!()
        };
        assert_eq!((document.length, length), (512 * (48 << 10), 512 * (48 << 10)));
        assert!(most <= 4 * quad.len(), "{most}");
    }
}

#[test]
fn f3_lengths_are_kept() {
    let limits = Limits {
        document: 100,
        ..Limits::default()
    };
    let new = |headers: &HeaderMap| DocumentReader::new(headers, FhirVersion::Stu3, &limits).map(|_| ());
    assert_eq!(
        new(&headers("application/pdf", Some(101))),
        Err(FhirError::DocumentTooLarge(100))
    );
    assert_eq!(new(&headers("application/pdf", Some(100))), Ok(()));
    let mut two = headers("application/pdf", Some(10));
    two.append("content-length", "11".parse().unwrap());
    assert_eq!(new(&two), Err(FhirError::Length));
    let mut coded = headers("application/pdf", None);
    coded.insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(new(&coded), Err(FhirError::ContentCoding));
    assert!(matches!(new(&HeaderMap::new()), Err(FhirError::ContentType(_))));
    assert!(matches!(
        new(&headers("application/fhir+json; fhirVersion=4.0", None)),
        Err(FhirError::Version(_))
    ));
    for (declared, sent, expected) in [
        (Some(10), 9, Err(FhirError::Length)),
        (Some(10), 11, Err(FhirError::Length)),
        (None, 101, Err(FhirError::DocumentTooLarge(100))),
        (None, 100, Ok(100)),
        (Some(10), 10, Ok(10)),
    ] {
        let mut reader =
            DocumentReader::new(&headers("application/pdf", declared), FhirVersion::Stu3, &limits).unwrap();
        let pushed = reader.push(&vec![b'x'; sent], &mut Vec::new());
        let ended = pushed.and_then(|()| reader.finish(&mut Vec::new()));
        let length = ended.map(|read| match read {
            Read::Document(document, _) => document.length,
            Read::Other(_) => panic!("not a document"),
        });
        assert_eq!(length, expected, "{declared:?} {sent}");
    }
}

#[test]
fn f4_half_a_document_or_another_resource_is_no_document() {
    for (content_type, body) in [
        (
            JSON,
            r#"{"resourceType":"Binary","contentType":"text/plain","content":"QUJD"#,
        ),
        (
            JSON,
            r#"{"resourceType":"Binary","contentType":"text/plain","content":"QUJD","content":"QUJD"}"#,
        ),
        (
            JSON,
            r#"{"resourceType":"Binary","contentType":"text/plain","content":"QU\bJD"}"#,
        ),
        (
            JSON,
            r#"{"resourceType":"Binary","contentType":"text/plain","content":"QU\u00e9D"}"#,
        ),
        (JSON, r#"{"resourceType":"Binary","content":"QUJD"}"#),
        (JSON, r#"{"resourceType":"Binary","contentType":"text/plain"}"#),
        (
            JSON,
            r#"{"resourceType":"Binary","contentType":"text/plain","data":"QUJD"}"#,
        ),
        (JSON, "<html></html>"),
        (JSON, ""),
        (
            XML,
            r#"<Binary xmlns="http://hl7.org/fhir"><contentType value="text/plain"/><content value="QUJD"#,
        ),
        (
            XML,
            r#"<Binary xmlns="http://hl7.org/fhir"><contentType value="text/plain"/><content value="QUJD"/>"#,
        ),
        (
            XML,
            r#"<Binary xmlns="http://hl7.org/fhir"><contentType value="text/plain"/><content value="QU&amp;D"/></Binary>"#,
        ),
        (
            XML,
            r#"<!DOCTYPE Binary [<!ENTITY a "b">]><Binary xmlns="http://hl7.org/fhir"><contentType value="a/b"/><content value="QUJD"/></Binary>"#,
        ),
        (
            XML,
            r#"<Binary xmlns="urn:other"><contentType value="text/plain"/><content value="QUJD"/></Binary>"#,
        ),
    ] {
        for piece in [1, 1000] {
            assert!(document(content_type, body, piece).is_err(), "{body}");
        }
    }
    let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found"}]}"#;
    let (Read::Other(answer), out) = read(JSON, outcome.as_bytes(), 5).unwrap() else {
        panic!()
    };
    assert_eq!((answer.content.describe().as_str(), out.len()), ("OperationOutcome", 0));
    let around = format!(r#"{{"resourceType":"Binary","x":"{}"}}"#, "y".repeat(2 << 20));
    assert!(matches!(document(JSON, &around, 1 << 16), Err(FhirError::Json(_))));
    let bad = document(JSON, r#"{"content":"***"}"#, 3).unwrap_err();
    assert_eq!(bad, FhirError::Base64);
}

#[test]
fn core_rscint_203_a_bsn_beside_the_document_is_reported_and_the_document_is_not_looked_into() {
    let content = STANDARD.encode("bsn 999990019");
    let body = format!(
        r#"{{"resourceType":"Binary","contentType":"text/plain","content":"{content}","securityContext":{{"identifier":{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}}}}}}"#
    );
    let (Read::Document(_, redacted), out) = read(JSON, body.as_bytes(), 16).unwrap() else {
        panic!()
    };
    assert_eq!(out, b"bsn 999990019");
    assert_eq!(redacted.masked[0].to_string(), "securityContext.identifier.value");
}
