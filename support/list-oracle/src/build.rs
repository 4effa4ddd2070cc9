// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lists with good values, for every family; and large ones for benchmarks.

mod large;
mod values;

use crate::{family::Family, rng::Rng, tree::Element};

pub use large::{large_host, large_whitelist, large_zal, letters};
pub use values::{doubtful, good};

/// A small list that its schema accepts.
pub fn list(family: Family, rng: &mut Rng) -> Element {
    let mut root = Element::new(family.root())
        .with(Element::value("Tijdstempel", rng.pick(good("Tijdstempel"))))
        .with(Element::value("Volgnummer", rng.pick(good("Volgnummer"))));
    if family == Family::Trial && rng.chance(50) {
        root = root.with(Element::value("Soort", rng.pick(&["ZA", "BAZB"])));
    }
    let most = if rng.chance(10) { 14 } else { 4 };
    let entries = if family == Family::OldWhitelist {
        1 + rng.below(most)
    } else {
        rng.below(most)
    };
    let (container, entry): (&str, fn(usize, &mut Rng) -> Element) = match family {
        Family::Zal => ("Zorgaanbieders", zorgaanbieder),
        Family::Ocl => ("OAuthclients", client),
        Family::Whitelist => ("MedMijNodes", node),
        Family::OldWhitelist => ("MedMijNodes", |n, rng| Element::value("MedMijNode", &host(n, rng))),
        Family::Gnl => ("Gegevensdiensten", name),
        Family::Trial => ("Gegevensdiensten", trial),
    };
    let mut entries_of = Element::new(container);
    for n in 0..entries {
        entries_of = entries_of.with(entry(n, rng));
    }
    root.with(entries_of)
}

fn node(n: usize, rng: &mut Rng) -> Element {
    Element::new("MedMijNode").with(Element::value("Hostname", &host(n, rng)))
}

fn client(n: usize, rng: &mut Rng) -> Element {
    Element::new("OAuthclient")
        .with(Element::value("Hostname", &host(n, rng)))
        .with(Element::value(
            "OAuthclientOrganisatienaam",
            rng.pick(good("OAuthclientOrganisatienaam")),
        ))
}

fn name(n: usize, rng: &mut Rng) -> Element {
    Element::new("Gegevensdienst")
        .with(Element::value("GegevensdienstId", &n.to_string()))
        .with(Element::value("Weergavenaam", rng.pick(good("Weergavenaam"))))
}

fn trial(n: usize, rng: &mut Rng) -> Element {
    let mut service = Element::new("Gegevensdienst")
        .with(Element::value("GegevensdienstId", &n.to_string()))
        .with(Element::value(
            "Weergavenaam",
            rng.pick(&["abc", "  ab   c ", "een naam"]),
        ));
    for _ in 0..rng.below(4) {
        service = service.with(Element::value(
            "Getal",
            rng.pick(&["0", "-0", " 12 ", "+3", "18446744073709551615"]),
        ));
    }
    match rng.below(4) {
        0 => service = service.with(Element::new("Keuze").with(Element::value("Een", rng.pick(&["", "x y"])))),
        1 => {
            service = service.with(
                Element::new("Keuze")
                    .with(Element::value("Twee", "ZA"))
                    .with(Element::value("Twee", "BAZB")),
            )
        }
        _ => {}
    }
    for _ in 0..2 {
        let (links, right) = (
            Element::value("Links", rng.pick(&["a", "12"])),
            Element::value("Rechts", " a  b "),
        );
        service = service.with(match rng.below(3) {
            0 => Element::new("Paar").with(links),
            1 => Element::new("Paar").with(links).with(right),
            _ => Element::new("Paar").with(right).with(links),
        });
    }
    service
}

fn zorgaanbieder(n: usize, rng: &mut Rng) -> Element {
    let letters: String = n.to_string().bytes().map(|b| char::from(b'a' + (b - b'0'))).collect();
    let mut services = Element::new("Gegevensdiensten");
    let most = if rng.chance(10) { 12 } else { 3 };
    for id in 0..=rng.below(most) {
        let mut roles = Element::new("Systeemrollen");
        let most = if rng.chance(5) { 12 } else { 2 };
        for role in 0..=rng.below(most) {
            roles = roles.with(
                Element::new("Systeemrol")
                    .with(Element::value("Systeemrolcode", &format!("MM-{role}")))
                    .with(Element::new("ResourceEndpoint").with(Element::value(
                        "ResourceEndpointuri",
                        rng.pick(good("ResourceEndpointuri")),
                    ))),
            );
        }
        services = services.with(
            Element::new("Gegevensdienst")
                .with(Element::value("GegevensdienstId", &id.to_string()))
                .with(Element::new("AuthorizationEndpoint").with(Element::value(
                    "AuthorizationEndpointuri",
                    rng.pick(good("AuthorizationEndpointuri")),
                )))
                .with(
                    Element::new("TokenEndpoint")
                        .with(Element::value("TokenEndpointuri", rng.pick(good("TokenEndpointuri")))),
                )
                .with(roles),
        );
    }
    Element::new("Zorgaanbieder")
        .with(Element::value("Zorgaanbiedernaam", &format!("zorg{letters}@medmij")))
        .with(services)
}

fn host(n: usize, rng: &mut Rng) -> String {
    format!(
        "{n}{}",
        rng.pick(&["a.nl", ".b-c.example", "xn--p.zorg.example", "-.1.22", "node.a-.nl"])
    )
}
