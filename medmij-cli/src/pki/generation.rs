// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is known of the generations of PKIoverheid (read 2026-11-25), as data.

use serde::Serialize;

/// A generation of authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Generation {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether MedMij's back channel takes certificates of it.
    pub(crate) for_medmij: bool,
    /// The last month of its life, where it is known.
    pub(crate) ends: Option<&'static str>,
    /// How many levels a chain has, the leaf included.
    pub(crate) levels: u8,
}

/// The private generation 1.
pub(crate) const PRIVATE_G1: Generation = Generation {
    name: "PKIoverheid Private G1",
    for_medmij: true,
    ends: Some("2028-11"),
    levels: 4,
};

/// The private generation 4, for servers.
pub(crate) const PRIVATE_G4: Generation = Generation {
    name: "PKIoverheid Private G4",
    for_medmij: true,
    ends: None,
    levels: 4,
};

/// The generation 4 for other purposes: its certificates carry no host name.
pub(crate) const OTHER_G4: Generation = Generation {
    name: "PKIoverheid G4 (other purposes)",
    for_medmij: false,
    ends: None,
    levels: 4,
};

/// The public generation 3.
pub(crate) const G3: Generation = Generation {
    name: "PKIoverheid G3",
    for_medmij: false,
    ends: Some("2028-11"),
    levels: 4,
};

/// The public generation with extended validation, which has ended.
pub(crate) const EV: Generation = Generation {
    name: "PKIoverheid EV",
    for_medmij: false,
    ends: Some("2022-12"),
    levels: 4,
};

/// The public generation 2, which has ended.
pub(crate) const G2: Generation = Generation {
    name: "PKIoverheid G2",
    for_medmij: false,
    ends: Some("2020-03"),
    levels: 4,
};

/// Words of a common name, all of which have to be there, and the generation that they mean; the first match counts.
const BY_NAME: &[(&[&str], Generation)] = &[
    (&["g4", "priv", "tls"], PRIVATE_G4),
    (&["g4", "root"], OTHER_G4),
    (&["g4", "pkio"], OTHER_G4),
    (&["g4", "intm"], OTHER_G4),
    (&["private", "g1"], PRIVATE_G1),
    (&["privaterootca"], PRIVATE_G1),
    (&["staat der nederlanden", "ev "], EV),
    (&["pkioverheid", " ev "], EV),
    (&["staat der nederlanden", "g2"], G2),
    (&["pkioverheid", "g2"], G2),
    (&["staat der nederlanden", "g3"], G3),
    (&["pkioverheid", "g3"], G3),
];

/// The authorities of the private generation 4 from which servers get their certificates (2025).
pub(crate) const G4_ISSUERS: &[&str] = &["DigiCert", "Digidentity", "KPN", "UZI"];

/// Authorities that were revoked, by their common name, and when.
pub(crate) const REVOKED: &[(&str, &str)] = &[("UZI Server - G4 PKIo Priv G-TLS SYS - 2024", "2025-10-29")];

/// The generation of a certificate by a name in it.
pub(crate) fn of(name: &str) -> Option<Generation> {
    let name = name.to_lowercase();
    BY_NAME
        .iter()
        .find(|(words, _)| words.iter().all(|word| name.contains(word)))
        .map(|(_, generation)| *generation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_generation() {
        let cases = [
            ("Staat der Nederlanden - G4 Root Priv G-TLS - 2024", Some(PRIVATE_G4)),
            ("KPN - G4 PKIo Priv G-TLS SYS - 2025", Some(PRIVATE_G4)),
            ("KPN - G4 PKIo Priv G-Other Authentication - 2025", Some(OTHER_G4)),
            ("Staat der Nederlanden Private Root CA - G1", Some(PRIVATE_G1)),
            ("Staat der Nederlanden Private Services CA - G1", Some(PRIVATE_G1)),
            ("Staat der Nederlanden Root CA - G3", Some(G3)),
            ("KPN PKIoverheid Server CA G3", Some(G3)),
            ("Staat der Nederlanden EV Root CA", Some(EV)),
            ("Staat der Nederlanden EV Intermediair CA", Some(EV)),
            ("QuoVadis PKIoverheid EV CA", Some(EV)),
            ("Staat der Nederlanden Root CA - G2", Some(G2)),
            ("KPN PKIoverheid Organisatie CA - G2", Some(G2)),
            ("ISRG Root X1", None),
        ];
        for (name, expected) in cases {
            assert_eq!(of(name), expected, "{name}");
        }
    }
}
