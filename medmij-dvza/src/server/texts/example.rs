// SPDX-License-Identifier: AGPL-3.0-or-later
//! The example texts, in plain Dutch (B1): with "je", as release 2.2.4 addresses the reader, and with "u", as 1.x does.

use super::{ExtraTexts, TextPack};

pub(super) fn pack(formal: bool) -> TextPack {
    let s = |je: &str, u: &str| if formal { u.to_owned() } else { je.to_owned() };
    let same = str::to_owned;
    TextPack {
        version: s("voorbeeld-2", "voorbeeld-2-u"),
        example: true,
        landing_title: same("Gegevens van {aanbieder}"),
        landing_text: s(
            "{pgo} vraagt namens jou om gegevens bij {aanbieder}. Log eerst in. Dan weten wij zeker dat jij het bent.",
            "{pgo} vraagt namens u om gegevens bij {aanbieder}. Log eerst in. Dan weten wij zeker dat u het bent.",
        ),
        landing_login: same("Verder naar inloggen"),
        landing_cancel: same("Stoppen"),
        toestemming_title: same("Toestemming geven"),
        toestemming_question: s(
            "Vind je het goed dat {aanbieder} jouw gegevens deelt met {pgo}?",
            "Vindt u het goed dat {aanbieder} uw gegevens deelt met {pgo}?",
        ),
        toestemming_services: same("Het gaat om:"),
        toestemming_indefinite: same("{pgo} mag ook later nieuwe gegevens ophalen, voor onbepaalde tijd"),
        toestemming_indefinite_explanation: s(
            "Kies je hiervoor? Dan geldt je toestemming tot je ermee stopt. Je hoeft dan niet elke keer opnieuw in te loggen.",
            "Kiest u hiervoor? Dan geldt uw toestemming tot u ermee stopt. U hoeft dan niet elke keer opnieuw in te loggen.",
        ),
        toestemming_not_without: s(
            "{aanbieder} mag jouw gegevens niet delen zonder jouw toestemming.",
            "{aanbieder} mag uw gegevens niet delen zonder uw toestemming.",
        ),
        toestemming_privacy: same("Lees de privacyverklaring van {aanbieder}"),
        toestemming_lapses: s(
            "Haalt {pgo} meer dan zes maanden geen gegevens op? Dan vervalt je toestemming.",
            "Haalt {pgo} meer dan zes maanden geen gegevens op? Dan vervalt uw toestemming.",
        ),
        toestemming_change: s(
            "Je kunt je toestemming altijd aanpassen of stoppen. Dat begint in {pgo}, bij {aanbieder}.",
            "U kunt uw toestemming altijd aanpassen of stoppen. Dat begint in {pgo}, bij {aanbieder}.",
        ),
        toestemming_secure: same("Het delen gaat via een veilige verbinding, volgens de regels van MedMij."),
        toestemming_yes: same("Ja, ik geef toestemming"),
        toestemming_no: same("Nee, ik geef geen toestemming"),
        bevestiging_title: same("Gegevens delen"),
        bevestiging_question: s(
            "Wil je {service} vanuit {pgo} delen met {aanbieder}?",
            "Wilt u {service} vanuit {pgo} delen met {aanbieder}?",
        ),
        bevestiging_judges: s(
            "{aanbieder} bekijkt zelf of jouw gegevens in het dossier komen.",
            "{aanbieder} bekijkt zelf of uw gegevens in het dossier komen.",
        ),
        bevestiging_yes: same("Ja, ik wil delen"),
        bevestiging_no: same("Nee, ik wil niet delen"),
        abonneren_title: same("Toestemming voor berichten"),
        abonneren_question: same(
            "Mag {aanbieder} {pgo} {days} dagen lang laten weten dat er iets nieuws is bij {service}?",
        ),
        abonneren_separate: s(
            "Het gaat alleen om een bericht. Voor de gegevens zelf geef je apart toestemming.",
            "Het gaat alleen om een bericht. Voor de gegevens zelf geeft u apart toestemming.",
        ),
        abonneren_yes: same("Ja, dat mag"),
        end_title: same("Stoppen met berichten"),
        end_question: s(
            "Wil je dat {aanbieder} {pgo} geen berichten meer stuurt over {service}?",
            "Wilt u dat {aanbieder} {pgo} geen berichten meer stuurt over {service}?",
        ),
        end_yes: same("Ja, stop de berichten"),
        cancelled_title: s("Je bent gestopt", "U bent gestopt"),
        cancelled_text: s(
            "Je bent niet ingelogd. {aanbieder} heeft niets gedeeld.",
            "U bent niet ingelogd. {aanbieder} heeft niets gedeeld.",
        ),
        no_data_title: same("Er is niets gedeeld"),
        no_data_text: s(
            "{aanbieder} kan nu geen gegevens met je delen via {pgo}.",
            "{aanbieder} kan nu geen gegevens met u delen via {pgo}.",
        ),
        refused_title: same("Er is niets gedeeld"),
        refused_text: s(
            "Je hebt geen toestemming gegeven. {aanbieder} heeft niets gedeeld.",
            "U hebt geen toestemming gegeven. {aanbieder} heeft niets gedeeld.",
        ),
        not_established_title: s("Je antwoord is niet verwerkt", "Uw antwoord is niet verwerkt"),
        not_established_text: s(
            "Wij konden niet vaststellen of je toestemming geeft. {aanbieder} heeft niets gedeeld.",
            "Wij konden niet vaststellen of u toestemming geeft. {aanbieder} heeft niets gedeeld.",
        ),
        identity_title: same("Inloggen is niet gelukt"),
        identity_text: s(
            "Wij konden niet vaststellen wie je bent. {aanbieder} heeft niets gedeeld.",
            "Wij konden niet vaststellen wie u bent. {aanbieder} heeft niets gedeeld.",
        ),
        vertegenwoordiging_title: same("Inloggen voor een ander"),
        vertegenwoordiging_missing: s(
            "Je wilde inloggen voor een ander, maar je logde in voor jezelf. Daarom stoppen wij hier.",
            "U wilde inloggen voor een ander, maar u logde in voor uzelf. Daarom stoppen wij hier.",
        ),
        vertegenwoordiging_unexpected: s(
            "Je logde in voor een ander, maar je vroeg om je eigen gegevens. Daarom stoppen wij hier.",
            "U logde in voor een ander, maar u vroeg om uw eigen gegevens. Daarom stoppen wij hier.",
        ),
        geboortedatum_differs: same("De geboortedatum klopt niet met wat {aanbieder} weet. Daarom stoppen wij hier."),
        back: same("Ga terug naar {pgo}"),
        fault_title: same("Deze vraag klopt niet"),
        fault_text: s(
            "Wij kunnen niet zien welke app je stuurde. Daarom gaan wij niet verder. Ga zelf terug naar je app en probeer het opnieuw.",
            "Wij kunnen niet zien welke app u stuurde. Daarom gaan wij niet verder. Ga zelf terug naar uw app en probeer het opnieuw.",
        ),
        expired_title: same("Deze pagina werkt niet meer"),
        expired_text: s(
            "Het duurde te lang, of je begon in een ander venster. Ga terug naar je app en begin opnieuw.",
            "Het duurde te lang, of u begon in een ander venster. Ga terug naar uw app en begin opnieuw.",
        ),
        outage_title: same("Technische storing"),
        outage_text: s(
            "Het spijt ons. Je kunt nu geen toestemming geven of aanpassen. Wij werken aan een oplossing.",
            "Het spijt ons. U kunt nu geen toestemming geven of aanpassen. Wij werken aan een oplossing.",
        ),
        outage_later: same(
            "Probeer het later nog eens. Of bel {dvza}, telefoon {phone}. Dat is de leverancier van het computersysteem van {aanbieder}.",
        ),
        overview_title: s("Jouw toestemmingen", "Uw toestemmingen"),
        overview_text: s(
            "Hier zie je welke toestemmingen je gaf voor onbepaalde tijd. Je kunt een toestemming stoppen.",
            "Hier ziet u welke toestemmingen u gaf voor onbepaalde tijd. U kunt een toestemming stoppen.",
        ),
        overview_empty: s(
            "Je hebt geen toestemmingen voor onbepaalde tijd.",
            "U hebt geen toestemmingen voor onbepaalde tijd.",
        ),
        overview_row: s(
            "{aanbieder} mag jouw gegevens delen met {pgo}",
            "{aanbieder} mag uw gegevens delen met {pgo}",
        ),
        overview_stop: same("Toestemming stoppen"),
        withdraw_title: same("Toestemming stoppen"),
        withdraw_question: s(
            "Wil je dat {aanbieder} geen gegevens meer deelt met {pgo}?",
            "Wilt u dat {aanbieder} geen gegevens meer deelt met {pgo}?",
        ),
        withdraw_yes: same("Ja, stop mijn toestemming"),
        withdraw_no: same("Nee, ga terug naar het overzicht"),
        extra: ExtraTexts::example(formal),
    }
}
