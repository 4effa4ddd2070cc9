// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a peer shows, what we know about revocation, and the verdict that has to follow

use std::time::{Duration, SystemTime};

use medmij_net::TrustRoots;
use medmij_test::{G4Crl, G4Leaf, G4Level, G4Pki, G4Signature, LeafSpec, Purpose, TestIdentity, TestPki, Validity};

use super::roots;
use crate::world::{DVP, DVZA};

/// The PKI of today, that of yesterday, one of others, and two good Nodes.
pub(crate) struct World {
    pub(crate) pki: G4Pki,
    pub(crate) old: TestPki,
    other: G4Pki,
    pub(crate) dvp: TestIdentity,
    pub(crate) dvza: TestIdentity,
}

impl World {
    pub(crate) fn new() -> Self {
        let pki = G4Pki::new("A").unwrap();
        Self {
            old: TestPki::new("private G1").unwrap(),
            other: G4Pki::foreign("B").unwrap(),
            dvp: pki.issue(&G4Leaf::system(DVP).second_key()).unwrap(),
            dvza: pki.issue(&G4Leaf::system(DVZA).second_key()).unwrap(),
            pki,
        }
    }
}

/// The side that shows the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Revoked,
    /// Nothing current says whether it is revoked.
    Unknown,
    /// Path, dates, purpose, name or signature.
    Unfit,
}

pub(crate) struct Case {
    pub(crate) name: String,
    /// As [`DVZA`] shows it, and as [`DVP`] does.
    shown: [Shown; 2],
    pub(crate) crls: Vec<Vec<u8>>,
    pub(crate) roots: TrustRoots,
    /// The roots as PEM, for the oracles.
    pub(crate) roots_pem: String,
    /// Of the server's, and of the client's.
    expected: [Verdict; 2],
}

#[derive(Clone)]
pub(crate) struct Shown {
    /// What is sent, the leaf first.
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) identity: TestIdentity,
}

impl Case {
    pub(crate) fn shown(&self, role: Role) -> &Shown {
        &self.shown[usize::from(role == Role::Client)]
    }

    pub(crate) fn expected(&self, role: Role) -> Verdict {
        self.expected[usize::from(role == Role::Client)]
    }
}

/// Every case; the first is the good one.
pub(crate) fn all(world: &World) -> Vec<Case> {
    let mut cases = Cases {
        good: world.pki.crls(&[]).unwrap(),
        leaves: leaves(world, &G4Leaf::system),
        world,
        cases: Vec::new(),
    };
    cases.leaf("good", Verdict::Good, &G4Leaf::system);
    cases.leaves();
    cases.chains();
    cases.lists_that_are_no_use();
    cases.withdrawals();
    cases.generations();
    cases.cases
}

struct Cases<'a> {
    world: &'a World,
    /// The CRLs from the root down, with nothing on them.
    good: Vec<Vec<u8>>,
    /// A good leaf of each side.
    leaves: [Shown; 2],
    cases: Vec<Case>,
}

impl Cases<'_> {
    /// Leaves that are right, and leaves that cannot be used whatever is revoked.
    fn leaves(&mut self) {
        let uzi = |host: &str| G4Leaf::system(host).uzi("00000001").common_name("Huisarts J. de Vries");
        self.leaf("the otherName of the UZI-register", Verdict::Good, &uzi);
        let named = |host: &str| G4Leaf::system(host).common_name("www.example.nl");
        self.leaf("a host name in the common name is free text", Verdict::Good, &named);
        let point = |host: &str| G4Leaf::system(host).crl_point("http://crl.example.nl/tsp.crl");
        self.leaf("names the address of its crl", Verdict::Good, &point);
        let two = |host: &str| G4Leaf::system("anders.example.nl").dns(host);
        self.leaf("two names", Verdict::Good, &two);
        self.leaf("client only, without a host name", Verdict::Unfit, &|_| {
            G4Leaf::client_only()
        });
        let only_uzi = |_: &str| G4Leaf::client_only().uzi("00000001");
        self.leaf("client only, with an otherName", Verdict::Unfit, &only_uzi);
        self.leaf("another host", Verdict::Unfit, &|_| G4Leaf::system("anders.example.nl"));
        let mail = |host: &str| G4Leaf::system(host).purposes(&[Purpose::EmailProtection]);
        self.leaf("for mail only", Verdict::Unfit, &mail);
        // right in one direction, and of no use in the other
        for (name, purpose, expected) in [
            ("for servers only", Purpose::ServerAuth, [Verdict::Good, Verdict::Unfit]),
            ("for clients only", Purpose::ClientAuth, [Verdict::Unfit, Verdict::Good]),
        ] {
            let shown = leaves(self.world, &|host| G4Leaf::system(host).purposes(&[purpose]));
            self.push(name, shown, self.good.clone(), expected);
        }
        for (name, validity) in [("expired", Validity::Expired), ("not yet valid", Validity::NotYet)] {
            self.leaf(name, Verdict::Unfit, &|host| G4Leaf::system(host).validity(validity));
        }
        for (name, signature) in [
            ("leaf with a salt of 32", G4Signature::ShortSalt),
            (
                "leaf with another salt than it states",
                G4Signature::OtherSaltThanStated,
            ),
            ("forged leaf", G4Signature::Forged),
        ] {
            self.leaf(name, Verdict::Unfit, &|host| G4Leaf::system(host).signed(signature));
        }
    }

    fn chains(&mut self) {
        let (tsp, intermediate) = (1, 2);
        for (name, missing) in [("tsp not sent", tsp), ("intermediate not sent", intermediate)] {
            self.chain(name, Verdict::Unfit, |chain, _| drop(chain.remove(missing)));
        }
        self.chain("sent in another order", Verdict::Good, |chain, _| {
            chain.swap(tsp, intermediate);
        });
        self.chain("the root sent too", Verdict::Good, |chain, world| {
            chain.push(world.pki.authority_der(G4Level::Root).to_vec());
        });
        self.chain("intermediate of another pki", Verdict::Unfit, |chain, world| {
            chain[intermediate] = world.other.authority_der(G4Level::Intermediate).to_vec();
        });
    }

    /// At each level a CRL that is missing, stale, foreign, forged or wrongly signed.
    fn lists_that_are_no_use(&mut self) {
        let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
        let stale = |level| G4Crl::of(level).between(now - 48 * hour, now - 24 * hour);
        for (at, level) in G4Level::ALL.into_iter().enumerate() {
            let mut crls = self.good.clone();
            crls.remove(at);
            self.crls(&format!("crl of {level:?} missing"), Verdict::Unknown, crls);
            let with = |client_config: &G4Crl, pki: &G4Pki| {
                let mut crls = self.good.clone();
                crls[at] = pki.crl(client_config).unwrap();
                crls
            };
            let (pki, of) = (&self.world.pki, G4Crl::of(level));
            let same_name = G4Pki::foreign("A").unwrap();
            let lists = [
                ("stale", with(&stale(level), pki)),
                (
                    "of the future",
                    with(&of.clone().between(now + hour, now + 24 * hour), pki),
                ),
                ("of another pki", with(&of, &self.world.other)),
                ("of another pki with the same names", with(&of, &same_name)),
                ("forged", with(&of.clone().signed(G4Signature::Forged), pki)),
                (
                    "with a salt of 32",
                    with(&of.clone().signed(G4Signature::ShortSalt), pki),
                ),
                (
                    "with another salt than it states",
                    with(&of.clone().signed(G4Signature::OtherSaltThanStated), pki),
                ),
            ];
            for (how, crls) in lists {
                self.crls(&format!("crl of {level:?} {how}"), Verdict::Unknown, crls);
            }
        }
    }

    fn withdrawals(&mut self) {
        let pki = &self.world.pki;
        let serials: Vec<_> = self.leaves.iter().map(|leaf| leaf.identity.serial()).collect();
        let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
        let leaf = G4Crl::of(G4Level::Tsp).revoked(serials.clone());
        let tsp = G4Crl::of(G4Level::Intermediate).revoked([pki.authority_serial(G4Level::Tsp)]);
        let intermediate = G4Crl::of(G4Level::Root).revoked([pki.authority_serial(G4Level::Intermediate)]);
        let instead = |at: usize, client_config: &G4Crl| {
            let mut crls = self.good.clone();
            crls[at] = pki.crl(client_config).unwrap();
            crls
        };
        let beside = |client_config: &G4Crl| [self.good.clone(), vec![pki.crl(client_config).unwrap()]].concat();
        let dated = |client_config: &G4Crl, ago: u32| client_config.clone().between(now - ago * hour, now + 24 * hour);
        let lists = [
            ("leaf revoked", Verdict::Revoked, instead(2, &leaf)),
            ("tsp revoked", Verdict::Revoked, instead(1, &tsp)),
            ("intermediate revoked", Verdict::Revoked, instead(0, &intermediate)),
            (
                "leaf revoked by a stale crl",
                Verdict::Revoked,
                instead(2, &leaf.clone().between(now - 48 * hour, now - 24 * hour)),
            ),
            (
                "tsp revoked by a stale crl",
                Verdict::Revoked,
                instead(1, &tsp.clone().between(now - 48 * hour, now - 24 * hour)),
            ),
            (
                "another serial revoked",
                Verdict::Good,
                instead(2, &G4Crl::of(G4Level::Tsp).revoked([7, 8, 9])),
            ),
            (
                "leaf on the crl of the intermediate, where its serial means another",
                Verdict::Good,
                instead(1, &G4Crl::of(G4Level::Intermediate).revoked(serials.clone())),
            ),
            (
                "leaf revoked by a forged crl beside the real one",
                Verdict::Good,
                beside(&dated(&leaf, 0).signed(G4Signature::Forged)),
            ),
            (
                "leaf revoked by the newer of two",
                Verdict::Revoked,
                beside(&dated(&leaf, 0)),
            ),
            (
                "leaf revoked by the older of two",
                Verdict::Good,
                beside(&dated(&leaf, 20)),
            ),
            (
                "leaf revoked, and a forged newer crl without it",
                Verdict::Revoked,
                [
                    instead(2, &leaf),
                    vec![
                        pki.crl(&dated(&G4Crl::of(G4Level::Tsp), 0).signed(G4Signature::Forged))
                            .unwrap(),
                    ],
                ]
                .concat(),
            ),
        ];
        for (name, expected, crls) in lists {
            self.crls(name, expected, crls);
        }
    }

    /// Which generations are taken is the operator's: the roots that are configured.
    fn generations(&mut self) {
        let world = self.world;
        let old = |host: &str| {
            let identity = world.old.issue(&LeafSpec::node(host)).unwrap();
            Shown {
                chain: identity.chain_der().to_vec(),
                identity,
            }
        };
        let old = [old(DVZA), old(DVP)];
        let crls = [self.good.clone(), world.old.crls(&[]).unwrap()].concat();
        let (g4, g1) = (world.pki.roots_pem(), world.old.roots_pem());
        let both = format!("{g4}{g1}");
        for (name, shown, roots_pem, expected) in [
            (
                "the old generation where only the new one is taken",
                &old,
                &g4,
                Verdict::Unfit,
            ),
            (
                "the new generation where only the old one is taken",
                &self.leaves,
                &g1,
                Verdict::Unfit,
            ),
            ("the old generation where both are taken", &old, &both, Verdict::Good),
            (
                "the new generation where both are taken",
                &self.leaves,
                &both,
                Verdict::Good,
            ),
        ] {
            self.cases.push(Case {
                name: name.to_owned(),
                shown: shown.clone(),
                crls: crls.clone(),
                roots: roots(roots_pem),
                roots_pem: roots_pem.clone(),
                expected: [expected; 2],
            });
        }
    }

    fn leaf(&mut self, name: &str, expected: Verdict, leaf: &dyn Fn(&str) -> G4Leaf) {
        let shown = leaves(self.world, leaf);
        self.push(name, shown, self.good.clone(), [expected; 2]);
    }

    fn chain(&mut self, name: &str, expected: Verdict, change: impl Fn(&mut Vec<Vec<u8>>, &World)) {
        let mut shown = self.leaves.clone();
        for shown in &mut shown {
            change(&mut shown.chain, self.world);
        }
        self.push(name, shown, self.good.clone(), [expected; 2]);
    }

    fn crls(&mut self, name: &str, expected: Verdict, crls: Vec<Vec<u8>>) {
        self.push(name, self.leaves.clone(), crls, [expected; 2]);
    }

    fn push(&mut self, name: &str, shown: [Shown; 2], crls: Vec<Vec<u8>>, expected: [Verdict; 2]) {
        let roots_pem = self.world.pki.roots_pem();
        self.cases.push(Case {
            name: name.to_owned(),
            shown,
            crls,
            roots: roots(&roots_pem),
            roots_pem,
            expected,
        });
    }
}

fn leaves(world: &World, leaf: &dyn Fn(&str) -> G4Leaf) -> [Shown; 2] {
    [DVZA, DVP].map(|host| {
        let identity = world.pki.issue(&leaf(host)).unwrap();
        Shown {
            chain: identity.chain_der().to_vec(),
            identity,
        }
    })
}
