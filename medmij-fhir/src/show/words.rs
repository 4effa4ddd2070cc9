// SPDX-License-Identifier: AGPL-3.0-or-later
//! Dutch words for the codes of FHIR and for common concepts: a table of data.

/// The word for a code of a group. `None` where the table does not know it: then a caller shows a text of the resource.
pub(super) fn word(group: &str, code: &str) -> Option<&'static str> {
    let (_, words) = GROUPS.iter().find(|(name, _)| *name == group)?;
    let code = code.trim();
    words
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, word)| *word)
}

/// The name of a concept of LOINC or SNOMED CT that is asked often. Their codes are digits, and cannot be taken for each other.
pub(super) fn coded(code: &str) -> Option<&'static str> {
    CODED.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// What a measurement or a result tells, in one sentence; never what a value means.
pub(super) fn explained(code: &str) -> Option<&'static str> {
    EXPLAINED
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, text)| *text)
}

type Words = &'static [(&'static str, &'static str)];

#[rustfmt::skip]
const GROUPS: &[(&str, Words)] = &[
    ("status", STATUS),
    ("medication", MEDICATION),
    ("clinical", CLINICAL),
    ("certain", CERTAIN),
    ("gender", &[("male", "man"), ("female", "vrouw"), ("other", "anders"), ("unknown", "niet bekend")]),
    ("marital", &[("M", "getrouwd"), ("W", "weduwe of weduwnaar"), ("D", "gescheiden"), ("S", "nooit getrouwd"),
        ("T", "geregistreerd partner"), ("U", "niet getrouwd")]),
    ("telecom", &[("phone", "Telefoon"), ("email", "E-mail"), ("url", "Website"), ("fax", "Fax"), ("sms", "Sms"),
        ("pager", "Oproepnummer"), ("other", "Bereikbaar via")]),
    ("comparator", &[("<", "minder dan"), ("<=", "hoogstens"), (">", "meer dan"), (">=", "minstens")]),
    ("unit", UNIT),
    ("period", &[("s", "seconde"), ("min", "minuut"), ("h", "uur"), ("d", "dag"), ("wk", "week"), ("mo", "maand"),
        ("a", "jaar")]),
    ("periods", &[("s", "seconden"), ("min", "minuten"), ("h", "uur"), ("d", "dagen"), ("wk", "weken"), ("mo", "maanden"),
        ("a", "jaar")]),
    ("when", &[("MORN", "in de ochtend"), ("AFT", "in de middag"), ("EVE", "in de avond"), ("NIGHT", "in de nacht"),
        ("PHS", "na het slapen"), ("HS", "voor het slapen"), ("WAKE", "bij het opstaan"), ("C", "bij het eten"),
        ("CM", "bij het ontbijt"), ("CD", "bij de lunch"), ("CV", "bij het avondeten"), ("AC", "voor het eten"),
        ("ACM", "voor het ontbijt"), ("ACD", "voor de lunch"), ("ACV", "voor het avondeten"), ("PC", "na het eten"),
        ("PCM", "na het ontbijt"), ("PCD", "na de lunch"), ("PCV", "na het avondeten"), ("NOON", "rond het middaguur"),
        ("MORN.early", "vroeg in de ochtend"), ("MORN.late", "laat in de ochtend"), ("AFT.early", "vroeg in de middag"),
        ("AFT.late", "laat in de middag"), ("EVE.early", "vroeg in de avond"), ("EVE.late", "laat in de avond")]),
    ("weekday", &[("mon", "maandag"), ("tue", "dinsdag"), ("wed", "woensdag"), ("thu", "donderdag"), ("fri", "vrijdag"),
        ("sat", "zaterdag"), ("sun", "zondag")]),
    ("taken", &[("y", "ja"), ("n", "nee"), ("unk", "niet bekend"), ("na", "niet van toepassing")]),
    ("allergy-type", &[("allergy", "allergie"), ("intolerance", "niet goed verdragen")]),
    ("allergy-category", &[("food", "voeding"), ("medication", "medicijn"), ("environment", "omgeving"),
        ("biologic", "stof uit het lichaam")]),
    ("criticality", &[("low", "laag"), ("high", "hoog"), ("unable-to-assess", "niet bekend")]),
    ("severity", &[("mild", "licht"), ("moderate", "matig"), ("severe", "ernstig"), ("255604002", "licht"),
        ("6736007", "matig"), ("24484000", "ernstig")]),
    ("interpretation", &[("H", "hoog"), ("HH", "erg hoog"), ("HU", "erg hoog"), ("L", "laag"), ("LL", "erg laag"),
        ("LU", "erg laag"), ("N", "binnen de grenzen"), ("A", "anders dan verwacht"), ("AA", "anders dan verwacht"),
        ("POS", "positief"), ("NEG", "negatief"), ("IND", "niet duidelijk"), ("R", "ongevoelig (resistent)"),
        ("S", "gevoelig"), ("I", "matig gevoelig"), ("281302008", "hoog"), ("281300000", "laag"),
        ("260395002", "binnen de grenzen"), ("260394003", "binnen de grenzen")]),
    ("participant", &[("accepted", "komt"), ("declined", "komt niet"), ("tentative", "nog niet zeker"),
        ("needs-action", "moet nog antwoorden")]),
    ("class", &[("IMP", "opname"), ("AMB", "bezoek aan de polikliniek"), ("EMER", "spoedeisende hulp"), ("HH", "huisbezoek"),
        ("VR", "contact op afstand"), ("SS", "dagopname"), ("ACUTE", "opname"), ("NONAC", "opname"),
        ("FLD", "bezoek op locatie"), ("PRENC", "voorbereiding op opname")]),
    ("media", &[("application/pdf", "pdf"), ("text/plain", "tekst"), ("text/html", "webpagina"), ("image/jpeg", "afbeelding"),
        ("image/png", "afbeelding"), ("text/xml", "bestand van de zorgaanbieder"), ("application/xml", "bestand van de zorgaanbieder")]),
    ("label", LABEL),
    ("type", TYPE),
];

#[rustfmt::skip]
const STATUS: Words = &[
    ("active", "actief"), ("inactive", "niet meer actief"), ("completed", "afgerond"), ("in-progress", "loopt nu"),
    ("on-hold", "tijdelijk gestopt"), ("suspended", "tijdelijk gestopt"), ("stopped", "gestopt"), ("ended", "beëindigd"),
    ("cancelled", "afgezegd"), ("revoked", "ingetrokken"), ("aborted", "afgebroken"), ("not-done", "niet gedaan"),
    ("entered-in-error", "per ongeluk ingevoerd"), ("draft", "concept"), ("unknown", "niet bekend"),
    ("final", "definitief"), ("preliminary", "voorlopig"), ("registered", "aangemeld"), ("amended", "aangepast"),
    ("corrected", "verbeterd"), ("appended", "aangevuld"), ("partial", "nog niet compleet"), ("booked", "gemaakt"),
    ("proposed", "voorgesteld"), ("pending", "wacht op antwoord"), ("arrived", "aangekomen"), ("checked-in", "aangemeld"),
    ("waitlist", "op de wachtlijst"), ("fulfilled", "geweest"), ("noshow", "niet gekomen"), ("planned", "gepland"),
    ("triaged", "aangemeld"), ("onleave", "met verlof"), ("finished", "afgelopen"), ("current", "actueel"),
    ("superseded", "vervangen"), ("available", "aanwezig"), ("unavailable", "niet meer aanwezig"),
    ("unsatisfactory", "niet bruikbaar"), ("preparation", "wordt voorbereid"), ("requested", "gevraagd"),
    ("accepted", "aangenomen"), ("rejected", "afgewezen"), ("received", "ontvangen"), ("ready", "klaar"),
    ("failed", "niet gelukt"), ("intended", "gepland"), ("not-taken", "niet gebruikt"), ("scheduled", "gepland"),
    ("not-started", "nog niet begonnen"), ("due", "gepland"), ("overdue", "nog niet gegeven"),
];

#[rustfmt::skip]
const MEDICATION: Words = &[
    ("active", "in gebruik"), ("in-progress", "in gebruik"), ("completed", "niet meer in gebruik"), ("stopped", "gestopt"),
    ("on-hold", "tijdelijk gestopt"), ("cancelled", "niet doorgegaan"), ("intended", "gepland"),
    ("entered-in-error", "per ongeluk ingevoerd"), ("draft", "concept"), ("unknown", "niet bekend"),
    ("preparation", "wordt klaargemaakt"), ("not-taken", "niet gebruikt"), ("declined", "niet meegenomen"),
];

#[rustfmt::skip]
const CLINICAL: Words = &[
    ("active", "speelt nu"), ("recurrence", "teruggekomen"), ("relapse", "teruggekomen"), ("inactive", "speelt nu niet"),
    ("remission", "rustig (in remissie)"), ("resolved", "voorbij"), ("unknown", "niet bekend"),
];

#[rustfmt::skip]
const CERTAIN: Words = &[
    ("confirmed", "zeker"), ("unconfirmed", "nog niet zeker"), ("provisional", "voorlopig"),
    ("differential", "een van de mogelijkheden"), ("refuted", "niet het geval"), ("unknown", "niet bekend"),
    ("entered-in-error", "per ongeluk ingevoerd"),
];

#[rustfmt::skip]
const UNIT: Words = &[
    ("mm[Hg]", "mmHg"), ("Cel", "°C"), ("[degF]", "°F"), ("/min", "per minuut"), ("{beats}/min", "per minuut"),
    ("{breaths}/min", "per minuut"), ("kg/m2", "kg/m²"), ("10*9/L", "× 10⁹ per liter"), ("10*12/L", "× 10¹² per liter"),
    ("mL/min/{1.73_m2}", "ml/min per 1,73 m²"), ("mL/min/1.73m2", "ml/min per 1,73 m²"), ("umol/L", "µmol/L"),
    ("1", ""), ("{score}", ""), ("EUR", "euro"), ("USD", "Amerikaanse dollar"), ("[iU]", "IE"), ("[iU]/L", "IE/L"), ("d", "dagen"), ("wk", "weken"),
    ("mo", "maanden"), ("a", "jaar"), ("h", "uur"), ("min", "minuten"), ("s", "seconden"),
];

/// What is before a text of an element that has no place of its own.
#[rustfmt::skip]
const LABEL: Words = &[
    ("note", "Opmerking"), ("comment", "Opmerking"), ("comments", "Opmerking"), ("description", "Omschrijving"),
    ("title", "Titel"), ("name", "Naam"), ("conclusion", "Conclusie"), ("instruction", "Instructie"),
    ("patientInstruction", "Instructie"), ("reason", "Reden"), ("reasonCode", "Reden"), ("bodySite", "Plaats op het lichaam"),
    ("performer", "Door"), ("author", "Geschreven door"), ("recorder", "Vastgelegd door"), ("asserter", "Vastgesteld door"),
    ("requester", "Aangevraagd door"), ("location", "Plaats"), ("method", "Manier"), ("outcome", "Afloop"),
    ("category", "Soort"), ("type", "Soort"), ("status", "Status"), ("goal", "Doel"), ("activity", "Wat er gebeurt"),
    ("participant", "Wie"), ("member", "Wie"), ("manufacturer", "Maker"), ("lotNumber", "Partijnummer"),
    ("address", "Adres"), ("telecom", "Bereikbaar via"), ("date", "Datum"), ("period", "Periode"), ("gender", "Geslacht"),
    ("specialty", "Specialisme"), ("serviceProvider", "Zorgaanbieder"), ("organization", "Organisatie"),
    ("indication", "Reden"), ("form", "Vorm"), ("item", "Vragen en antwoorden"), ("contact", "Contact"),
];

/// What a resource is called that has no name of its own.
#[rustfmt::skip]
const TYPE: Words = &[
    ("NutritionOrder", "Voedingsadvies"), ("CarePlan", "Zorgplan"), ("Goal", "Doel"), ("EpisodeOfCare", "Periode van zorg"),
    ("FamilyMemberHistory", "Ziekten in de familie"), ("QuestionnaireResponse", "Ingevulde vragenlijst"),
    ("Questionnaire", "Vragenlijst"), ("ImagingStudy", "Beeldonderzoek"), ("Media", "Beeld of geluid"),
    ("ClinicalImpression", "Indruk van de zorgverlener"), ("Communication", "Bericht"),
    ("CommunicationRequest", "Vraag om een bericht"), ("Task", "Taak"), ("ReferralRequest", "Verwijzing"),
    ("AppointmentResponse", "Antwoord op een afspraak"), ("RiskAssessment", "Inschatting van de zorgverlener"),
    ("VisionPrescription", "Voorschrift voor een bril"), ("ExplanationOfBenefit", "Overzicht van de verzekeraar"),
    ("Claim", "Rekening"), ("List", "Lijst"), ("Provenance", "Herkomst"), ("BodySite", "Plaats op het lichaam"),
    ("SupplyRequest", "Bestelling"), ("SupplyDelivery", "Levering"), ("Substance", "Stof"),
    ("DetectedIssue", "Opmerking bij de behandeling"), ("Person", "Persoon"), ("Account", "Rekening"),
    ("OperationOutcome", "Melding van de zorgaanbieder"), ("AuditEvent", "Gebeurtenis"), ("Bundle", "Verzameling"),
];

#[rustfmt::skip]
const CODED: Words = &[
    ("85354-9", "Bloeddruk"), ("8480-6", "Bovendruk"), ("8462-4", "Onderdruk"), ("8478-0", "Gemiddelde bloeddruk"),
    ("29463-7", "Gewicht"), ("8302-2", "Lengte"), ("39156-5", "BMI"), ("8867-4", "Hartslag"), ("8310-5", "Temperatuur"),
    ("9279-1", "Ademhaling"), ("2708-6", "Zuurstof in het bloed"), ("59408-5", "Zuurstof in het bloed"),
    ("8361-8", "Houding"), ("8352-7", "Kleding"), ("8280-0", "Buikomvang"), ("9843-4", "Hoofdomtrek"),
    ("8357-6", "Manier van meten"), ("8358-4", "Soort manchet"), ("364075005", "Hartslag"), ("276885007", "Temperatuur"),
    ("33586001", "zittend"), ("10904000", "staand"), ("102538003", "liggend"), ("78564009", "Polsslag"),
    ("59261-8", "HbA1c"), ("4548-4", "HbA1c"), ("14749-6", "Glucose"), ("15074-8", "Glucose"), ("14771-0", "Glucose, nuchter"),
    ("2345-7", "Glucose"), ("14682-9", "Kreatinine"), ("2160-0", "Kreatinine"), ("33914-3", "eGFR"), ("62238-1", "eGFR"),
    ("98979-8", "eGFR"), ("14646-4", "HDL-cholesterol"), ("22748-8", "LDL-cholesterol"), ("39469-2", "LDL-cholesterol"),
    ("14647-2", "Cholesterol"), ("14927-8", "Triglyceriden"), ("59260-0", "Hemoglobine"), ("718-7", "Hemoglobine"),
    ("2823-3", "Kalium"), ("2951-2", "Natrium"), ("1988-5", "CRP"), ("3016-3", "TSH"), ("6690-2", "Witte bloedcellen"),
    ("777-3", "Bloedplaatjes"), ("vital-signs", "meting"), ("laboratory", "laboratorium"), ("social-history", "leefstijl"),
    ("365980008", "Roken"), ("228273003", "Alcohol"), ("228366006", "Drugs"), ("160573003", "Hoeveelheid alcohol"), ("266918002", "Hoeveelheid tabak"), ("365508006", "Woonsituatie"),
    ("11429006", "consult"), ("308335008", "contact met de patiënt"), ("26643006", "via de mond"),
    ("78421000", "in de spier"), ("34206005", "onder de huid"), ("47625008", "in een bloedvat"), ("46713006", "via de neus"),
    ("37161004", "via de anus"), ("6064005", "op de huid"), ("54485002", "in het oog"), ("10547007", "in het oor"),
    ("282291009", "diagnose"), ("418799008", "symptoom"), ("409586006", "klacht"), ("64572001", "aandoening"),
];

#[rustfmt::skip]
const EXPLAINED: Words = &[
    ("85354-9", "Bovendruk is de druk als je hart samentrekt. Onderdruk is de druk als je hart zich ontspant."),
    ("39156-5", "BMI is je gewicht in verhouding tot je lengte."),
    ("59261-8", "HbA1c zegt hoeveel suiker er de laatste maanden gemiddeld in je bloed zat."),
    ("4548-4", "HbA1c zegt hoeveel suiker er de laatste maanden gemiddeld in je bloed zat."),
    ("14682-9", "Kreatinine is een afvalstof die je nieren uit je bloed halen."),
    ("33914-3", "eGFR is een schatting van hoeveel bloed je nieren per minuut schoonmaken."),
    ("62238-1", "eGFR is een schatting van hoeveel bloed je nieren per minuut schoonmaken."),
    ("59260-0", "Hemoglobine is de stof in je bloed die zuurstof vervoert."),
    ("718-7", "Hemoglobine is de stof in je bloed die zuurstof vervoert."),
    ("1988-5", "CRP is een stof in je bloed die stijgt bij een ontsteking."),
    ("3016-3", "TSH is een stof die je schildklier aanstuurt."),
    ("2823-3", "Kalium is een zout in je bloed."),
    ("2951-2", "Natrium is een zout in je bloed."),
];

#[cfg(test)]
mod tests {
    use super::{CODED, EXPLAINED, GROUPS, coded, word};

    #[test]
    fn no_code_stands_twice_and_no_word_is_a_code() {
        for (group, words) in GROUPS {
            for (at, (code, _)) in words.iter().enumerate() {
                assert!(
                    !words.iter().take(at).any(|(other, _)| other.eq_ignore_ascii_case(code)),
                    "{group} {code}"
                );
            }
        }
        for (at, (code, name)) in CODED.iter().enumerate() {
            assert!(!CODED.iter().take(at).any(|(other, _)| other == code), "{code}");
            assert!(name.chars().any(char::is_alphabetic), "{code}");
        }
        for (code, _) in EXPLAINED {
            assert!(coded(code).is_some(), "{code}");
        }
        assert_eq!(
            (word("status", "ACTIVE"), word("status", "x"), word("x", "active")),
            (Some("actief"), None, None)
        );
    }

    #[test]
    fn explanations_are_short_sentences_without_judgement() {
        for (code, text) in EXPLAINED {
            for sentence in text.split_inclusive('.') {
                assert!(sentence.split_whitespace().count() <= 16, "{code}: {sentence}");
            }
            for word in ["te hoog", "te laag", "normaal", "gezond", "gevaar", "risico"] {
                assert!(!text.contains(word), "{code}: {word}");
            }
        }
    }
}
