// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lists with good values, for every family; and large ones for benchmarks.

use std::fmt::Write as _;

use crate::{family::Family, rng::Rng, tree::Element};

/// A small list that its schema accepts.
pub fn list(family: Family, rng: &mut Rng) -> Element {
    let mut root = Element::new(family.root())
        .with(Element::value("Tijdstempel", rng.pick(good("Tijdstempel"))))
        .with(Element::value("Volgnummer", rng.pick(good("Volgnummer"))));
    if family == Family::Proef && rng.chance(50) {
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
        Family::Gnl => ("Gegevensdiensten", naam),
        Family::Proef => ("Gegevensdiensten", proef),
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

fn naam(n: usize, rng: &mut Rng) -> Element {
    Element::new("Gegevensdienst")
        .with(Element::value("GegevensdienstId", &n.to_string()))
        .with(Element::value("Weergavenaam", rng.pick(good("Weergavenaam"))))
}

fn proef(n: usize, rng: &mut Rng) -> Element {
    let mut dienst = Element::new("Gegevensdienst")
        .with(Element::value("GegevensdienstId", &n.to_string()))
        .with(Element::value(
            "Weergavenaam",
            rng.pick(&["abc", "  ab   c ", "een naam"]),
        ));
    for _ in 0..rng.below(4) {
        dienst = dienst.with(Element::value(
            "Getal",
            rng.pick(&["0", "-0", " 12 ", "+3", "18446744073709551615"]),
        ));
    }
    match rng.below(4) {
        0 => dienst = dienst.with(Element::new("Keuze").with(Element::value("Een", rng.pick(&["", "x y"])))),
        1 => {
            dienst = dienst.with(
                Element::new("Keuze")
                    .with(Element::value("Twee", "ZA"))
                    .with(Element::value("Twee", "BAZB")),
            )
        }
        _ => {}
    }
    for _ in 0..2 {
        let (links, rechts) = (
            Element::value("Links", rng.pick(&["a", "12"])),
            Element::value("Rechts", " a  b "),
        );
        dienst = dienst.with(match rng.below(3) {
            0 => Element::new("Paar").with(links),
            1 => Element::new("Paar").with(links).with(rechts),
            _ => Element::new("Paar").with(rechts).with(links),
        });
    }
    dienst
}

fn zorgaanbieder(n: usize, rng: &mut Rng) -> Element {
    let letters: String = n.to_string().bytes().map(|b| char::from(b'a' + (b - b'0'))).collect();
    let mut diensten = Element::new("Gegevensdiensten");
    let most = if rng.chance(10) { 12 } else { 3 };
    for id in 0..=rng.below(most) {
        let mut rollen = Element::new("Systeemrollen");
        let most = if rng.chance(5) { 12 } else { 2 };
        for rol in 0..=rng.below(most) {
            rollen = rollen.with(
                Element::new("Systeemrol")
                    .with(Element::value("Systeemrolcode", &format!("MM-{rol}")))
                    .with(Element::new("ResourceEndpoint").with(Element::value(
                        "ResourceEndpointuri",
                        rng.pick(good("ResourceEndpointuri")),
                    ))),
            );
        }
        diensten = diensten.with(
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
                .with(rollen),
        );
    }
    Element::new("Zorgaanbieder")
        .with(Element::value("Zorgaanbiedernaam", &format!("zorg{letters}@medmij")))
        .with(diensten)
}

fn host(n: usize, rng: &mut Rng) -> String {
    format!(
        "{n}{}",
        rng.pick(&["a.nl", ".b-c.example", "xn--p.zorg.example", "-.1.22", "node.a-.nl"])
    )
}

/// Good values of an element, at their limits.
pub fn good(element: &str) -> &'static [&'static str] {
    match element {
        "Tijdstempel" => &[
            "2018-07-19T10:43:41+01:00",
            "2026-03-29T12:00:00Z",
            "2021-05-04T18:13:51.0+01:00",
            "  2018-07-19T10:43:41Z\n",
            "2018-07-19T10:43:41+14:00",
            "2018-07-19T24:00:00Z",
            "2018-07-19T10:43:41.5",
            "12018-07-19T10:43:41",
            "-2018-07-19T10:43:41",
            "2020-02-29T00:00:00-13:59",
            "2018-07-19T10:43:41.123456789012-00:00",
            "2000-02-29T23:59:59Z",
            "2018-07-19T24:00:00.000Z",
            "\t2018-07-19T10:43:41Z",
        ],
        "Volgnummer" => &[
            "1",
            "+1",
            "007",
            " 5 ",
            "\n12\t",
            "18446744073709551615",
            "0000000000000000000001",
        ],
        "OAuthclientOrganisatienaam" | "Weergavenaam" => &[
            "abc",
            "Mijn Dossier",
            "Jansen & Zn <1>",
            "   ",
            "😀😀😀",
            "'t Zorgboek",
            "é€\u{a0}",
            "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee",
            "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
            "a\nb\tc",
            "]]>",
            "a>b",
        ],
        "AuthorizationEndpointuri" => &[
            "https://a.nl",
            "https://login.example.nl/oauth/authorize",
            "https://a.nl/x/y",
            "https://a.nl/x:y;z",
            "https://a.b/x",
            "https://10.0.0.1/x",
            "https://a.nl-/x",
            "https://a.nl/x y",
            "https://a.nl/é%zz",
            "https://a.nl/x\ny",
        ],
        "TokenEndpointuri" | "ResourceEndpointuri" => &[
            "https://a.nl",
            "https://a.nl:8443/x",
            "https://a.nl:0",
            "https://a.nl:99999/x",
            "https://a.nl:\u{661}\u{662}",
            "https://a.nl/x:1",
            "https://dvza.example.nl/fhir/stu3",
            "https://a.nl/x&y",
            "https://a.nl/>",
            "https://a.nl/]]>",
        ],
        _ => &["x"],
    }
}

/// Values that break the type of an element, or nearly do.
pub fn doubtful(element: &str) -> &'static [&'static str] {
    match element {
        "Tijdstempel" => &[
            "2018-07-19T10:43:41",
            " 2018-07-19T10:43:41 ",
            "2018-07-19 10:43:41Z",
            "2018-02-30T10:43:41Z",
            "2019-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2018-07-19T10:43:60Z",
            "2018-07-19T10:60:00Z",
            "2018-07-19T25:00:00Z",
            "2018-07-19T24:00:01Z",
            "2018-07-19T24:01:00Z",
            "2018-07-19T10:43:41+14:01",
            "2018-07-19T10:43:41+15:00",
            "2018-07-19T10:43:41+01:60",
            "2018-07-19T10:43:41+01",
            "2018-07-19T10:43:41z",
            "2018-07-19t10:43:41Z",
            "0000-07-19T10:43:41Z",
            "02018-07-19T10:43:41Z",
            "+2018-07-19T10:43:41Z",
            "2018-7-19T10:43:41.00Z",
            "2018-07-19T10:43:41.Z",
            "2018-07-19T10:43:41ZZ",
            "2018-13-19T10:43:41Z",
            "2018-00-19T10:43:41Z",
            "2018-07-00T10:43:41Z",
            "2018-07-32T10:43:41Z",
            "",
            "   ",
            "gisteren om tien voor twaalf",
            "99999999999999999999-07-19T10:43:41Z",
            "-0001-01-01T00:00:00Z",
            "2018-07-19T10:43:41 Z",
            "2018-07-19T10:43:41\u{a0}Z",
            "218-07-19T10:43:41.0000Z",
            "2018-04-31T10:43:41Z",
            "2018-07-19T24:00:00.1Z",
            "2018-07-19T10:43:41.5-14:00",
            "2018-07-19T10:43Z-----------",
            "999999999-12-31T23:59:59Z",
            "-0000-07-19T10:43:41Z",
        ],
        "Volgnummer" | "Getal" => &[
            "0",
            "-1",
            "1.0",
            "",
            "+",
            "++1",
            "1 2",
            "\u{661}",
            "\u{a0}5",
            "0x1",
            "000",
            "-0",
            "1e3",
            "18446744073709551616",
            "99999999999999999999999",
            "1_000",
            "+0",
            "one",
            "\u{feff}1",
        ],
        "Hostname" | "MedMijNode" => &[
            "A.nl",
            "localhost",
            "10.0.0.1",
            "a.b",
            "-a.nl",
            "a..nl",
            "a.nl.",
            "a_b.nl",
            " a.nl",
            "a.nl ",
            "a.nl-",
            "a.nl:443",
            "*.a.nl",
            "ä.nl",
            "",
            "a.bc",
            "a-.nl",
            "1.22.33.44",
            "x.a--b",
            ".nl",
            "nl",
            "a.n-l",
            "a.nl\n",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.nl",
        ],
        "Zorgaanbiedernaam" => &[
            "ab@medmij",
            "abc@medmij",
            "abcd@medmij ",
            " abcd@medmij",
            "Abc@medmij",
            "ab1@medmij",
            "a.bc@medmij",
            "a-bc@medmij",
            "abc@MedMij",
            "abc@medmij.nl",
            "abc",
            "",
            "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee@medmij",
            "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeef@medmij",
            "@medmij",
            "abc@medmij@medmij",
            "ébc@medmij",
        ],
        "GegevensdienstId" | "Systeemrolcode" | "Links" => &[
            "",
            " ",
            "aaaaaaaaaabbbbbbbbbbcccccccccc",
            "aaaaaaaaaabbbbbbbbbbccccccccccd",
            "😀",
            "a b",
            "1",
            "01",
            "1 ",
            "~",
            "abc1",
            "Abc",
            "\u{663}",
            "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
            "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
        ],
        "OAuthclientOrganisatienaam" | "Weergavenaam" => &[
            "",
            "ab",
            "😀😀",
            "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeef",
            "  ",
            " a ",
            "abc",
            "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
        ],
        "AuthorizationEndpointuri" => &[
            "https://a.nl/",
            "https://a.nl/x/",
            "https://a.nl//x",
            "https://a.nl?q",
            "https://a.nl/x?q",
            "https://a.nl#f",
            "http://a.nl",
            "HTTPS://a.nl",
            "https://A.nl",
            "https://localhost",
            "https://u@a.nl",
            "https://a.nl:443",
            "https://a.nl:8443/x",
            "https://",
            "",
            " https://a.nl",
            "https://a.nl/x ",
            "https://a.nl/\t",
            "https://a.-b",
            "https://a..nl",
            "https://a.nl./x",
            "https://a_b.nl",
            "https://a.nl--",
            "https://a.n",
        ],
        "TokenEndpointuri" | "ResourceEndpointuri" => &[
            "https://a.b/x",
            "https://10.0.0.1/x",
            "https://a.nl-/x",
            "https://a.nl:123456",
            "https://a.nl:",
            "https://a.nl:1:2",
            "https://a.nl:²",
            "https://a.nl/",
            "https://a.nl:1 /x",
            "https://a.nl:-1",
            "https://a.nl:65536",
            "https://a.nl:00000/x",
            "https://a.nl:\u{1d7d8}",
            "https://a.nl:\u{966}\u{e50}\u{ff10}9",
            "https://a.nl:\u{2460}",
            "https://a.nl:\u{16b50}",
            "https://a.nl:\u{11c50}",
            "https://a.nl:\u{1e950}",
        ],
        "Soort" | "Twee" => &["", "za", "ZA ", "APD", "BAZB", "ZA"],
        _ => &["", "x", "  x  ", "ab"],
    }
}

/// A large Zorgaanbiederslijst of release2, written without a tree: the same bytes for the same numbers.
pub fn large_zal(zorgaanbieders: usize) -> String {
    let mut rng = Rng::new(7);
    let mut out = String::with_capacity(zorgaanbieders * 2500);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Zorgaanbiederslijst xmlns=\"");
    out.push_str(Family::Zal.namespace());
    out.push_str("\">\n    <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>\n    <Volgnummer>7</Volgnummer>\n    <Zorgaanbieders>\n");
    for n in 0..zorgaanbieders {
        let name = letters(n);
        let host = format!(
            "za{}.{}-{name}.example",
            rng.below(1000),
            rng.pick(&["pgo", "zorg", "hub", "epd"])
        );
        let _ = write!(
            out,
            "        <Zorgaanbieder>\n            <Zorgaanbiedernaam>{}{name}@medmij</Zorgaanbiedernaam>\n            <Gegevensdiensten>\n",
            rng.pick(&["apotheek", "kliniek", "huisartspraktijk", "ziekenhuis"])
        );
        let first = rng.below(60);
        for id in first..=first + rng.below(3) {
            let _ = write!(
                out,
                "                <Gegevensdienst>\n                    <GegevensdienstId>{id}</GegevensdienstId>\n                    \
                 <AuthorizationEndpoint>\n                        <AuthorizationEndpointuri>https://{host}/oauth/authorize</AuthorizationEndpointuri>\n                    \
                 </AuthorizationEndpoint>\n                    <TokenEndpoint>\n                        \
                 <TokenEndpointuri>https://{host}/oauth/token</TokenEndpointuri>\n                    </TokenEndpoint>\n                    <Systeemrollen>\n"
            );
            for rol in 0..=rng.below(2) {
                let _ = write!(
                    out,
                    "                        <Systeemrol>\n                            <Systeemrolcode>MM-{rol}.0-BZB-FHIR</Systeemrolcode>\n                            \
                     <ResourceEndpoint>\n                                <ResourceEndpointuri>https://{host}/fhir/{id}</ResourceEndpointuri>\n                            \
                     </ResourceEndpoint>\n                        </Systeemrol>\n"
                );
            }
            out.push_str("                    </Systeemrollen>\n                </Gegevensdienst>\n");
        }
        out.push_str("            </Gegevensdiensten>\n        </Zorgaanbieder>\n");
    }
    out.push_str("    </Zorgaanbieders>\n</Zorgaanbiederslijst>\n");
    out
}

/// A large Whitelist.
pub fn large_whitelist(nodes: usize) -> String {
    let mut out = String::with_capacity(nodes * 110);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Whitelist xmlns=\"");
    out.push_str(Family::Whitelist.namespace());
    out.push_str(
        "\">\n    <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>\n    <Volgnummer>7</Volgnummer>\n    <MedMijNodes>\n",
    );
    for n in 0..nodes {
        let _ = write!(
            out,
            "        <MedMijNode>\n            <Hostname>{}</Hostname>\n        </MedMijNode>\n",
            large_host(n)
        );
    }
    out.push_str("    </MedMijNodes>\n</Whitelist>\n");
    out
}

/// The n-th host of the large Whitelist.
pub fn large_host(n: usize) -> String {
    format!("node{}.zorg-{}.example", n % 10, letters(n))
}

/// Letters that no other number has.
pub fn letters(mut n: usize) -> String {
    let mut out = String::new();
    for _ in 0..5 {
        out.push(char::from(b'a' + u8::try_from(n % 26).unwrap()));
        n /= 26;
    }
    out
}
