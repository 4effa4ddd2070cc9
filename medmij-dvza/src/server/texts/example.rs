// SPDX-License-Identifier: AGPL-3.0-or-later
//! The example texts, in plain Dutch (B1): with "je", as release 2.2.4 addresses the reader, and with "u", as 1.x does.

use super::{ExtraTexts, TextPack};

pub(super) fn pack(formal: bool) -> TextPack {
    let s = |je: &str, u: &str| if formal { u.to_owned() } else { je.to_owned() };
    let same = str::to_owned;
    TextPack {
        version: s("voorbeeld-2", "voorbeeld-2-u"),
        voorbeeld: true,
        landing_titel: same("Gegevens van {aanbieder}"),
        landing_tekst: s(
            "{pgo} vraagt namens jou om gegevens bij {aanbieder}. Log eerst in. Dan weten wij zeker dat jij het bent.",
            "{pgo} vraagt namens u om gegevens bij {aanbieder}. Log eerst in. Dan weten wij zeker dat u het bent.",
        ),
        landing_inloggen: same("Verder naar inloggen"),
        landing_annuleren: same("Stoppen"),
        toestemming_titel: same("Toestemming geven"),
        toestemming_vraag: s(
            "Vind je het goed dat {aanbieder} jouw gegevens deelt met {pgo}?",
            "Vindt u het goed dat {aanbieder} uw gegevens deelt met {pgo}?",
        ),
        toestemming_diensten: same("Het gaat om:"),
        toestemming_onbepaald: same("{pgo} mag ook later nieuwe gegevens ophalen, voor onbepaalde tijd"),
        toestemming_onbepaald_uitleg: s(
            "Kies je hiervoor? Dan geldt je toestemming tot je ermee stopt. Je hoeft dan niet elke keer opnieuw in te loggen.",
            "Kiest u hiervoor? Dan geldt uw toestemming tot u ermee stopt. U hoeft dan niet elke keer opnieuw in te loggen.",
        ),
        toestemming_niet_zonder: s(
            "{aanbieder} mag jouw gegevens niet delen zonder jouw toestemming.",
            "{aanbieder} mag uw gegevens niet delen zonder uw toestemming.",
        ),
        toestemming_privacy: same("Lees de privacyverklaring van {aanbieder}"),
        toestemming_vervalt: s(
            "Haalt {pgo} meer dan zes maanden geen gegevens op? Dan vervalt je toestemming.",
            "Haalt {pgo} meer dan zes maanden geen gegevens op? Dan vervalt uw toestemming.",
        ),
        toestemming_aanpassen: s(
            "Je kunt je toestemming altijd aanpassen of stoppen. Dat begint in {pgo}, bij {aanbieder}.",
            "U kunt uw toestemming altijd aanpassen of stoppen. Dat begint in {pgo}, bij {aanbieder}.",
        ),
        toestemming_veilig: same("Het delen gaat via een veilige verbinding, volgens de regels van MedMij."),
        toestemming_ja: same("Ja, ik geef toestemming"),
        toestemming_nee: same("Nee, ik geef geen toestemming"),
        bevestiging_titel: same("Gegevens delen"),
        bevestiging_vraag: s(
            "Wil je {dienst} vanuit {pgo} delen met {aanbieder}?",
            "Wilt u {dienst} vanuit {pgo} delen met {aanbieder}?",
        ),
        bevestiging_beoordeelt: s(
            "{aanbieder} bekijkt zelf of jouw gegevens in het dossier komen.",
            "{aanbieder} bekijkt zelf of uw gegevens in het dossier komen.",
        ),
        bevestiging_ja: same("Ja, ik wil delen"),
        bevestiging_nee: same("Nee, ik wil niet delen"),
        abonneren_titel: same("Toestemming voor berichten"),
        abonneren_vraag: same(
            "Mag {aanbieder} {pgo} {dagen} dagen lang laten weten dat er iets nieuws is bij {dienst}?",
        ),
        abonneren_apart: s(
            "Het gaat alleen om een bericht. Voor de gegevens zelf geef je apart toestemming.",
            "Het gaat alleen om een bericht. Voor de gegevens zelf geeft u apart toestemming.",
        ),
        abonneren_ja: same("Ja, dat mag"),
        beeindigen_titel: same("Stoppen met berichten"),
        beeindigen_vraag: s(
            "Wil je dat {aanbieder} {pgo} geen berichten meer stuurt over {dienst}?",
            "Wilt u dat {aanbieder} {pgo} geen berichten meer stuurt over {dienst}?",
        ),
        beeindigen_ja: same("Ja, stop de berichten"),
        annulering_titel: s("Je bent gestopt", "U bent gestopt"),
        annulering_tekst: s(
            "Je bent niet ingelogd. {aanbieder} heeft niets gedeeld.",
            "U bent niet ingelogd. {aanbieder} heeft niets gedeeld.",
        ),
        geen_gegevens_titel: same("Er is niets gedeeld"),
        geen_gegevens_tekst: s(
            "{aanbieder} kan nu geen gegevens met je delen via {pgo}.",
            "{aanbieder} kan nu geen gegevens met u delen via {pgo}.",
        ),
        geweigerd_titel: same("Er is niets gedeeld"),
        geweigerd_tekst: s(
            "Je hebt geen toestemming gegeven. {aanbieder} heeft niets gedeeld.",
            "U hebt geen toestemming gegeven. {aanbieder} heeft niets gedeeld.",
        ),
        niet_vast_titel: s("Je antwoord is niet verwerkt", "Uw antwoord is niet verwerkt"),
        niet_vast_tekst: s(
            "Wij konden niet vaststellen of je toestemming geeft. {aanbieder} heeft niets gedeeld.",
            "Wij konden niet vaststellen of u toestemming geeft. {aanbieder} heeft niets gedeeld.",
        ),
        identiteit_titel: same("Inloggen is niet gelukt"),
        identiteit_tekst: s(
            "Wij konden niet vaststellen wie je bent. {aanbieder} heeft niets gedeeld.",
            "Wij konden niet vaststellen wie u bent. {aanbieder} heeft niets gedeeld.",
        ),
        vertegenwoordiging_titel: same("Inloggen voor een ander"),
        vertegenwoordiging_ontbreekt: s(
            "Je wilde inloggen voor een ander, maar je logde in voor jezelf. Daarom stoppen wij hier.",
            "U wilde inloggen voor een ander, maar u logde in voor uzelf. Daarom stoppen wij hier.",
        ),
        vertegenwoordiging_onverwacht: s(
            "Je logde in voor een ander, maar je vroeg om je eigen gegevens. Daarom stoppen wij hier.",
            "U logde in voor een ander, maar u vroeg om uw eigen gegevens. Daarom stoppen wij hier.",
        ),
        geboortedatum_anders: same("De geboortedatum klopt niet met wat {aanbieder} weet. Daarom stoppen wij hier."),
        terug: same("Terug naar {pgo}"),
        fout_titel: same("Deze vraag klopt niet"),
        fout_tekst: s(
            "Wij kunnen niet zien welke app je stuurde. Daarom gaan wij niet verder. Ga zelf terug naar je app en probeer het opnieuw.",
            "Wij kunnen niet zien welke app u stuurde. Daarom gaan wij niet verder. Ga zelf terug naar uw app en probeer het opnieuw.",
        ),
        verlopen_titel: same("Deze pagina werkt niet meer"),
        verlopen_tekst: s(
            "Het duurde te lang, of je begon in een ander venster. Ga terug naar je app en begin opnieuw.",
            "Het duurde te lang, of u begon in een ander venster. Ga terug naar uw app en begin opnieuw.",
        ),
        storing_titel: same("Technische storing"),
        storing_tekst: s(
            "Het spijt ons. Je kunt nu geen toestemming geven of aanpassen. Wij werken aan een oplossing.",
            "Het spijt ons. U kunt nu geen toestemming geven of aanpassen. Wij werken aan een oplossing.",
        ),
        storing_later: same(
            "Probeer het later nog eens. Of bel {dvza}, telefoon {telefoon}. Dat is de leverancier van het computersysteem van {aanbieder}.",
        ),
        overzicht_titel: s("Jouw toestemmingen", "Uw toestemmingen"),
        overzicht_tekst: s(
            "Hier zie je welke toestemmingen je gaf voor onbepaalde tijd. Je kunt een toestemming stoppen.",
            "Hier ziet u welke toestemmingen u gaf voor onbepaalde tijd. U kunt een toestemming stoppen.",
        ),
        overzicht_leeg: s(
            "Je hebt geen toestemmingen voor onbepaalde tijd.",
            "U hebt geen toestemmingen voor onbepaalde tijd.",
        ),
        overzicht_rij: s(
            "{aanbieder} mag jouw gegevens delen met {pgo}",
            "{aanbieder} mag uw gegevens delen met {pgo}",
        ),
        overzicht_stop: same("Toestemming stoppen"),
        intrekken_titel: same("Toestemming stoppen"),
        intrekken_vraag: s(
            "Wil je dat {aanbieder} geen gegevens meer deelt met {pgo}?",
            "Wilt u dat {aanbieder} geen gegevens meer deelt met {pgo}?",
        ),
        intrekken_ja: same("Ja, stop mijn toestemming"),
        intrekken_nee: same("Nee, terug naar het overzicht"),
        extra: ExtraTexts::example(formal),
    }
}
