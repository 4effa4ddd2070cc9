// SPDX-License-Identifier: AGPL-3.0-or-later
//! Large lists for benchmarks: the same bytes for the same numbers.

use std::fmt::Write as _;

use crate::{family::Family, rng::Rng};

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
            for role in 0..=rng.below(2) {
                let _ = write!(
                    out,
                    "                        <Systeemrol>\n                            <Systeemrolcode>MM-{role}.0-BZB-FHIR</Systeemrolcode>\n                            \
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
