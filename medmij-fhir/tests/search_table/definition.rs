// SPDX-License-Identifier: AGPL-3.0-or-later
//! What FHIR itself says of tokens, dates, references, includes, results and unknown parameters.

use http::StatusCode;
use medmij_fhir::FhirVersion;
use medmij_fhir::server::{ResourceSet, Responder};

use super::{ask, responder, set, table};

const OBSERVATIONS: [&str; 6] = [
    // 23:30 on the evening before the clock goes forward
    r#"{"resourceType":"Observation","id":"a","meta":{"lastUpdated":"2026-03-29T00:30:00.250+01:00",
      "profile":["http://nictiz.nl/fhir/StructureDefinition/zib-BloodPressure"],
      "tag":[{"system":"http://medmij.nl/fhir/CodeSystem/DataService","code":"urn:oid:2.16.528.1.1023.5.7"}]},
      "identifier":[{"system":"urn:oid:1.2","value":"x,1"}],"status":"final",
      "category":[{"coding":[{"system":"http://hl7.org/fhir/observation-category","code":"vital-signs"}]}],
      "code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Bloeddruk"},{"system":"http://snomed.info/sct","code":"75367002"}]},
      "context":{"reference":"Encounter/e1"},"effectiveDateTime":"2026-03-28T23:30:00+01:00",
      "performer":[{"reference":"Practitioner/p"}],"specimen":{"reference":"Specimen/s"},
      "related":[{"target":{"reference":"Observation/b"}}]}"#,
    // a day of 23 hours
    r#"{"resourceType":"Observation","id":"b","meta":{"lastUpdated":"2026-04-01T10:00:00Z"},"status":"amended",
      "category":[{"coding":[{"code":"vital-signs"}]}],
      "code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
      "context":{"reference":"EpisodeOfCare/1"},"effectiveDateTime":"2026-03-29","valueString":"Zeventig"}"#,
    // since a day, no end
    r#"{"resourceType":"Observation","id":"c","status":"preliminary","code":{"text":"Eigen meting"},
      "effectivePeriod":{"start":"2026-03-30"},"performer":[{"reference":"https://dva.example.nl/fhir/Practitioner/p"}]}"#,
    // a month
    r#"{"resourceType":"Observation","id":"d","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
      "context":{"reference":"Encounter/e2"},"effectiveDateTime":"2026-04"}"#,
    // no time, a code without a system, a system without a code
    r#"{"resourceType":"Observation","id":"e","status":"final","code":{"coding":[{"code":"85354-9"},{"system":"urn:oid:9.9","display":"iets"}]},
      "performer":[{"reference":"Organization/p"},{"identifier":{"system":"http://fhir.nl/fhir/NamingSystem/ura","value":"12"}}]}"#,
    // another text without a code
    r#"{"resourceType":"Observation","id":"f","status":"final","code":{"text":"Slaap"},"effectiveDateTime":"2026-01-02"}"#,
];

const AROUND: [&str; 8] = [
    r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"system":"http://hl7.org/fhir/v3/ActCode","code":"AMB"},
      "episodeOfCare":[{"reference":"EpisodeOfCare/1"}],"period":{"start":"2026-03-01","end":"2026-03-02T12:00:00+01:00"}}"#,
    r#"{"resourceType":"Encounter","id":"e2","status":"planned","class":{"system":"http://hl7.org/fhir/v3/ActCode","code":"IMP"},
      "episodeOfCare":[{"reference":"EpisodeOfCare/2"}],"period":{"end":"2026-02-01"}}"#,
    r#"{"resourceType":"EpisodeOfCare","id":"1","status":"active","managingOrganization":{"reference":"Organization/p"}}"#,
    r#"{"resourceType":"EpisodeOfCare","id":"2","status":"finished"}"#,
    r#"{"resourceType":"Practitioner","id":"p"}"#,
    r#"{"resourceType":"Organization","id":"p"}"#,
    r#"{"resourceType":"Specimen","id":"s"}"#,
    r#"{"resourceType":"Flag","id":"g","status":"active"}"#,
];

fn stu3() -> (Responder, ResourceSet) {
    let all: Vec<&str> = OBSERVATIONS.iter().chain(&AROUND).copied().collect();
    (
        responder(FhirVersion::Stu3, "Observation Encounter EpisodeOfCare Flag"),
        set(&all),
    )
}

#[test]
fn tokens_are_code_system_and_code_no_system_or_system_alone() {
    let (responder, set) = stu3();
    table(
        &responder,
        &set,
        &[
            ("Observation?code=85354-9", "a e"),
            ("Observation?code=http://loinc.org%7C85354-9", "a"),
            ("Observation?code=http://loinc.org|85354-9", "a"),
            ("Observation?code=%7C85354-9", "e"),
            ("Observation?code=http://loinc.org%7C", "a b d"),
            ("Observation?code=urn:oid:9.9%7C", "e"),
            (
                "Observation?code=http://loinc.org%7C29463-7,http://snomed.info/sct%7C75367002",
                "a b d",
            ),
            // repeated: all of them
            (
                "Observation?code=http://loinc.org%7C&code=http://snomed.info/sct%7C",
                "a",
            ),
            ("Observation?code=29463-7&status=final", "d"),
            ("Observation?status=final,amended", "a b d e f"),
            ("Observation?category=vital-signs", "a b"),
            (
                "Observation?category=http://hl7.org/fhir/observation-category%7Cvital-signs",
                "a",
            ),
            ("Observation?category=%7Cvital-signs", "b"),
            // in doubt without regard to case: what is left out may harm, what is too much does not
            ("Observation?category=Vital-Signs", "a b"),
            (
                "Observation?category=HTTP://hl7.org/fhir/observation-category%7Cvital-signs",
                "",
            ),
            // a code element has its system from its definition
            (
                "Observation?status=http://hl7.org/fhir/observation-status%7Cpreliminary",
                "c",
            ),
            ("Observation?code:not=http://loinc.org%7C29463-7", "a c e f"),
            ("Observation?category:not=vital-signs", "c d e f"),
            ("Observation?category:missing=true", "c d e f"),
            ("Observation?category:missing=false", "a b"),
            ("Observation?category:missing=ja", "400"),
            ("Observation?code:text=bloed", "a"),
            ("Observation?identifier=urn:oid:1.2%7Cx%5C,1", "a"),
            ("Observation?identifier=urn:oid:1.2%7Cx", ""),
            ("Observation?code=a%7Cb%7Cc", "400"),
            ("Observation?code=,", "400"),
            ("Observation?_id=a,d", "a d"),
            ("Observation?_id=A", ""),
            (
                "Observation?_tag=http://medmij.nl/fhir/CodeSystem/DataService%7Curn:oid:2.16.528.1.1023.5.7",
                "a",
            ),
            ("Observation?_tag=urn:oid:2.16.528.1.1023.5.6", ""),
            (
                "Observation?_profile=http://nictiz.nl/fhir/StructureDefinition/zib-BloodPressure",
                "a",
            ),
            (
                "Encounter?class=http://hl7.org/fhir/v3/ActCode%7CIMP,http://hl7.org/fhir/v3/ActCode%7CACUTE",
                "e2",
            ),
        ],
    );
}

#[test]
fn a_date_is_a_range_of_its_precision_and_a_prefix_says_how_it_lies() {
    let (responder, set) = stu3();
    table(
        &responder,
        &set,
        &[
            ("Observation?date=2026-03-28", "a"),
            ("Observation?date=eq2026-03-29", "b"),
            ("Observation?date=2026-03", "a b"),
            ("Observation?date=2026-04", "d"),
            ("Observation?date=2026", "a b d f"),
            // the month is not within the day
            ("Observation?date=2026-04-10", ""),
            ("Observation?date=ne2026-03", "c d f"),
            ("Observation?date=ge2026-03-29", "b c d"),
            ("Observation?date=gt2026-03-29", "c d"),
            ("Observation?date=lt2026-03-29", "a f"),
            ("Observation?date=le2026-03-29", "a b f"),
            // the period began on the 30th and goes on
            ("Observation?date=le2026-03-30", "a b c f"),
            ("Observation?date=ge2027", "c"),
            ("Observation?date=sa2026-03-29", "c d"),
            ("Observation?date=eb2026-03-29", "a f"),
            ("Observation?date=eb2026-04-15", "a b f"),
            ("Observation?date=ap2026-04-15", "c d"),
            ("Observation?date=ge2026-03-28&date=le2026-03-29", "a b"),
            ("Observation?date=2026-03-28,2026-01-02", "a f"),
            // 23:30 in Amsterdam is 22:30 UTC
            (
                "Observation?date=ge2026-03-28T22:30:00Z&date=lt2026-03-28T22:30:01Z",
                "a",
            ),
            ("Observation?date=2026-03-28T23:30:00%2B01:00", "a"),
            ("Observation?date=2026-03-28T23:30:00+01:00", "a"),
            ("Observation?date=2026-03-28T17:30:00-05:00", "a"),
            ("Observation?date=2026-03-28T22:30Z", "a"),
            ("Observation?date=2026-03-28T23:30", "a"),
            // the day of 23 hours ends at 22:00 UTC
            ("Observation?date=ge2026-03-29T22:00:00Z", "c d"),
            ("Observation?date=ge2026-03-29T21:59:59Z", "b c d"),
            ("Observation?date:missing=true", "e"),
            ("Observation?date=vandaag", "400"),
            ("Observation?date=2026-13", "400"),
            ("Observation?date=ge", "400"),
            ("Observation?_lastUpdated=ge2026-03-29T00:30:00%2B01:00", "a b"),
            ("Observation?_lastUpdated=gt2026-03-29T00:30:00%2B01:00", "b"),
            ("Observation?_lastUpdated=lt2026-03-29T00:30:00.300%2B01:00", "a"),
            ("Observation?_lastUpdated=ge2026-03-01&_lastUpdated=le2026-03-31", "a"),
            ("Encounter?date=2026-03", "e1"),
            ("Encounter?date=lt2026-02-01", "e2"),
            ("Encounter?date=ge2026-03-02", "e1"),
            ("Encounter?date=gt2026-03-02", ""),
            ("Encounter?date=sa2026-02", "e1"),
        ],
    );
}

#[test]
fn references_are_given_by_id_by_type_and_id_or_by_url() {
    let (responder, set) = stu3();
    table(
        &responder,
        &set,
        &[
            ("Observation?context=EpisodeOfCare/1", "b"),
            ("Observation?context=Encounter/e1,EpisodeOfCare/1", "a b"),
            ("Observation?context=1", "b"),
            ("Observation?context:EpisodeOfCare=1", "b"),
            ("Observation?context:Encounter=1", ""),
            ("Observation?context=https://dva.example.nl/fhir/Encounter/e1", "a"),
            ("Observation?context=https://ander.example.nl/fhir/Encounter/e1", ""),
            ("Observation?performer=p", "a c e"),
            ("Observation?performer=Practitioner/p", "a c"),
            (
                "Observation?performer:identifier=http://fhir.nl/fhir/NamingSystem/ura%7C12",
                "e",
            ),
            ("Observation?context:missing=true", "c e f"),
            ("Encounter?episodeofcare=1,2", "e1 e2"),
            ("Encounter?episodeofcare=EpisodeOfCare/2", "e2"),
            // chains
            ("Observation?context:Encounter.episodeofcare=EpisodeOfCare/1", "a"),
            (
                "Observation?context:Encounter.episodeofcare=EpisodeOfCare/1,EpisodeOfCare/2",
                "a d",
            ),
            ("Observation?context.status=finished", "a"),
            ("Observation?context:Encounter.episodeofcare.status=finished", "d"),
            ("Observation?context:EpisodeOfCare.status=active", "b"),
            ("Observation?context:Encounter.onbekend=1", "400"),
            ("Observation?context=Encounter/", "400"),
            // strings
            ("Observation?value-string=zev", "b"),
            ("Observation?value-string:exact=zeventig", ""),
            ("Observation?value-string:contains=VENT", "b"),
        ],
    );
}

#[test]
fn core_rscint_203_no_parameter_and_no_value_names_the_persoon() {
    let (responder, set) = stu3();
    table(
        &responder,
        &set,
        &[
            ("Observation?patient=1", "400"),
            ("Observation?subject=Patient/1", "400"),
            ("Observation?subject:Patient.name=x", "400"),
            ("Observation?performer=Patient/1", "400"),
            ("Observation?performer=Practitioner/p,Patient/1", "400"),
            ("Observation?performer=https://dva.example.nl/fhir/Patient/1", "400"),
            ("Observation?performer:Patient=1", "400"),
            ("Observation?context:Encounter.patient=1", "400"),
            ("Observation?_has:Flag:patient:status=active", "400"),
        ],
    );
}

#[test]
fn included_resources_are_marked_and_come_once() {
    let (responder, set) = stu3();
    let rows: [(&str, &str, &str); 12] = [
        ("Observation?_id=a&_include=Observation:specimen", "a", "s"),
        (
            "Observation?_id=a&_include=Observation:related-target&_include=Observation:specimen",
            "a",
            "b s",
        ),
        // a match is not included once more
        ("Observation?_id=a,b&_include=Observation:related-target", "a b", ""),
        ("Observation?performer=p&_include=Observation:performer", "a c e", "p p"),
        (
            "Observation?performer=p&_include=Observation:performer:Organization",
            "a c e",
            "p",
        ),
        ("Observation?_id=a&_include=Observation:context", "a", "e1"),
        (
            "Observation?_id=a&_include=Observation:context&_include:recurse=Encounter:episodeofcare",
            "a",
            "1 e1",
        ),
        (
            "Observation?_id=a&_include=Observation:context&_include:iterate=Encounter:episodeofcare&_include:iterate=EpisodeOfCare:organization",
            "a",
            "1 e1 p",
        ),
        // not what was included, unless it is asked again
        ("Encounter?_id=e1&_include=Encounter:episodeofcare", "e1", "1"),
        ("Observation?_id=a&_include=Observation:*", "a", "b e1 p s"),
        ("Observation?_id=a&_include=*", "a", "b e1 p s"),
        ("Observation?_id=f&_include=Observation:specimen", "f", ""),
    ];
    for (target, matches, included) in rows {
        let (status, mut found, mut along) = ask(&responder, &set, target, None);
        found.sort();
        along.sort();
        assert_eq!(status, StatusCode::OK, "{target}");
        assert_eq!(
            (found.join(" "), along.join(" ")),
            (matches.to_owned(), included.to_owned()),
            "{target}"
        );
    }
}

#[test]
fn lastn_is_the_latest_of_each_code() {
    let (responder, set) = stu3();
    table(
        &responder,
        &set,
        &[
            // d is of all April, b of a day in March; texts without a code are codes of their own
            ("Observation/$lastn", "a c d e f"),
            ("Observation/%24lastn?code=29463-7", "d"),
            ("Observation/$lastn?code=29463-7&max=2", "b d"),
            ("Observation/$lastn?max=1&status=final", "a d e f"),
            ("Observation/$lastn?category=vital-signs", "a b"),
            ("Observation/$lastn?code=29463-7&date=lt2026-04", "b"),
            ("Observation/$lastn?max=0", "400"),
            ("Observation/$lastn?max=veel", "400"),
            ("Flag/$lastn", "404"),
            ("Observation/$anders", "404"),
        ],
    );
}

#[test]
fn results_are_sorted_counted_and_paged_as_asked() {
    let (responder, set) = stu3();
    for (target, expected) in [
        ("Observation?_sort=_id", "a b c d e f"),
        ("Observation?_sort=-_id", "f e d c b a"),
        ("Observation?date:missing=false&_sort=date", "f a b c d"),
        ("Observation?date:missing=false&_sort=-date", "d c b a f"),
        ("Observation?code=29463-7,85354-9&_sort=code,-_id", "d b a e"),
        ("Observation?_sort=_id&_count=2", "a b"),
        ("Observation?_count=0", ""),
        ("Observation?_summary=count", ""),
    ] {
        let (status, found, _) = ask(&responder, &set, target, None);
        assert_eq!(
            (status, found.join(" ")),
            (StatusCode::OK, expected.to_owned()),
            "{target}"
        );
    }
    table(
        &responder,
        &set,
        &[
            ("Observation?_count=-1", "400"),
            ("Observation?_count=x", "400"),
            ("Observation?_sort=onbekend", "400"),
            ("Observation?_format=json", "a b c d e f"),
        ],
    );
}

#[test]
fn unknown_parameters_are_refused_or_left_out_as_the_client_prefers() {
    let (responder, set) = stu3();
    for (target, strict, lenient) in [
        ("Flag?onbekend=1", 400, 200),
        ("Flag?onbekend.status=1", 400, 200),
        ("Flag?_include=Flag:onbekend", 400, 200),
        ("Flag?_sort=onbekend", 400, 200),
        // a modifier that is not supported is refused always: R4, 3.1.1.4.5
        ("Flag?status:exact=active", 400, 400),
        ("Flag?status:onbekend=active", 400, 400),
        ("Flag?date:contains=2026", 400, 400),
        // no value is no filter: it is left out, and in strict handling told
        ("Flag?status=", 400, 200),
        // a value that cannot be read is an error, however it is asked
        ("Flag?date=ooit", 400, 400),
        // nobody may name the Persoon
        ("Flag?patient=1", 400, 400),
    ] {
        assert_eq!(
            ask(&responder, &set, target, Some("handling=strict")).0.as_u16(),
            strict,
            "{target} strict"
        );
        assert_eq!(
            ask(&responder, &set, target, Some("handling=lenient")).0.as_u16(),
            lenient,
            "{target} lenient"
        );
    }
}
