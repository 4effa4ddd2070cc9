// SPDX-License-Identifier: AGPL-3.0-or-later
//! The faults: what an operator, an authority, a disk or a Stelselnode does wrong, and what has to be found

use std::pin::Pin;
use std::time::Duration;

use medmij_gnl::GegevensdienstnamenlijstDraft;
use medmij_list::ListKind;
use medmij_node::StoreState;
use medmij_ocl::OAuthclientlistDraft;
use medmij_test::{G4Crl, G4Leaf, G4Level, G4Pki, G4Signature, Purpose, TestIdentity, Validity};
use medmij_types::{Clock, Tijdstempel, Volgnummer};
use medmij_zal::{
    Aanbiedertype, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft, ZorgaanbiederDraft,
    ZorgaanbiederslijstDraft,
};

use crate::readiness::world::{OWN, World, crl_file};

/// What has to be found, and its code.
pub(crate) enum Expected {
    NotReady(&'static str),
    Alarm(&'static str),
    Warning(&'static str),
}

pub(crate) struct Fault {
    pub(crate) name: String,
    pub(crate) expected: Expected,
    pub(crate) inject: Injection,
}

type Injection = Box<dyn for<'a> Fn(&'a World) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> + Send>;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn all() -> Vec<Fault> {
    let mut faults = certificates();
    faults.extend(chains());
    faults.extend(revocation());
    faults.extend(files());
    faults.extend(application());
    faults.extend(clocks());
    // these let more than a day pass
    faults.extend(lists_that_age());
    faults
}

use Expected::{Alarm, NotReady, Warning};

fn fault(name: &str, expected: Expected, inject: impl Fn(&World) + Send + Copy + 'static) -> Fault {
    Fault {
        name: name.to_owned(),
        expected,
        inject: Box::new(move |world| {
            inject(world);
            Box::pin(async {})
        }),
    }
}

fn certificates() -> Vec<Fault> {
    let present = |world: &World, leaf: G4Leaf| drop(world.present(&leaf));
    let system = || G4Leaf::system(OWN);
    vec![
        fault("certificate ended", NotReady("certificate-ends"), move |world| {
            present(world, system().validity(Validity::Expired));
        }),
        fault("certificate begins tomorrow", NotReady("identity"), move |world| {
            present(world, system().validity(Validity::NotYet));
        }),
        fault("certificate ends in 23 hours", NotReady("certificate-ends"), |world| {
            world.lasting(23 * HOUR);
        }),
        fault("certificate ends in 6 days", Alarm("certificate-ends"), |world| {
            world.lasting(6 * DAY);
        }),
        fault("certificate ends in 29 days", Warning("certificate-ends"), |world| {
            world.lasting(29 * DAY);
        }),
        fault("certificate of another host", NotReady("host-name"), move |world| {
            present(world, G4Leaf::system("anders.localhost"));
        }),
        fault("certificate for servers only", NotReady("identity"), move |world| {
            present(world, system().purposes(&[Purpose::ServerAuth]));
        }),
        fault("certificate for clients only", NotReady("identity"), move |world| {
            present(world, system().purposes(&[Purpose::ClientAuth]));
        }),
        fault("forged certificate", NotReady("identity"), move |world| {
            present(world, system().signed(G4Signature::Forged));
        }),
        fault("certificate with another salt", NotReady("identity"), move |world| {
            present(world, system().signed(G4Signature::ShortSalt));
        }),
    ]
}

fn chains() -> Vec<Fault> {
    /// Writes only these of leaf, TSP and intermediate.
    fn part(world: &World, parts: &[usize]) {
        let own = world.present(&G4Leaf::system(OWN).validity(Validity::For(200 * DAY)));
        let certificates: Vec<_> = own.chain_pem().split_inclusive("-----END CERTIFICATE-----\n").collect();
        let kept: String = parts.iter().map(|part| certificates[*part]).collect();
        world.write("node.pem", kept);
    }
    fn foreign() -> (G4Pki, TestIdentity) {
        let pki = G4Pki::foreign("B").unwrap();
        let own = pki.issue(&G4Leaf::system(OWN)).unwrap();
        (pki, own)
    }
    vec![
        fault("intermediate not in the chain file", NotReady("identity"), |world| {
            part(world, &[0, 1]);
        }),
        fault("tsp not in the chain file", NotReady("identity"), |world| {
            part(world, &[0, 2]);
        }),
        fault("only the leaf in the chain file", NotReady("identity"), |world| {
            part(world, &[0]);
        }),
        fault("certificate of another pki", NotReady("identity"), |world| {
            let (_, own) = foreign();
            world.write("node.pem", own.chain_pem());
            world.write("node.key", own.key_pem());
        }),
        fault("roots of another pki", NotReady("identity"), |world| {
            world.write("roots.pem", foreign().0.roots_pem());
        }),
    ]
}

fn revocation() -> Vec<Fault> {
    let mut faults = vec![
        fault("own certificate revoked", NotReady("identity"), |world| {
            let serial = world.own_serial();
            world.crl(G4Level::Tsp, &G4Crl::of(G4Level::Tsp).revoked([serial]));
        }),
        fault("own tsp revoked", NotReady("identity"), |world| {
            let serial = world.pki.authority_serial(G4Level::Tsp);
            world.crl(
                G4Level::Intermediate,
                &G4Crl::of(G4Level::Intermediate).revoked([serial]),
            );
        }),
        fault("own intermediate revoked", NotReady("identity"), |world| {
            let serial = world.pki.authority_serial(G4Level::Intermediate);
            world.crl(G4Level::Root, &G4Crl::of(G4Level::Root).revoked([serial]));
        }),
    ];
    for level in G4Level::ALL {
        let named = |what: &str| format!("crl of {level:?} {what}");
        faults.push(fault(&named("missing"), NotReady("identity"), move |world| {
            world.remove(crl_file(level));
        }));
        faults.push(fault(&named("stale"), NotReady("crl-ends"), move |world| {
            let now = world.clock.now();
            world.crl(level, &G4Crl::of(level).between(now - DAY, now - HOUR));
        }));
        faults.push(fault(&named("ends soon"), Alarm("crl-ends"), move |world| {
            let now = world.clock.now();
            world.crl(level, &G4Crl::of(level).between(now - DAY, now + HOUR / 2));
        }));
        faults.push(fault(&named("forged"), NotReady("identity"), move |world| {
            let now = world.clock.now();
            let forged = G4Crl::of(level)
                .between(now - HOUR, now + DAY)
                .signed(G4Signature::Forged);
            world.crl(level, &forged);
        }));
        faults.push(fault(&named("is no crl"), Alarm("credential-files"), move |world| {
            world.write(crl_file(level), "<html>");
        }));
    }
    faults
}

/// What was read before stays in use, so that the Node goes on; it would not start again.
fn files() -> Vec<Fault> {
    vec![
        fault("no crl at all", Alarm("credential-files"), |world| {
            G4Level::ALL.into_iter().for_each(|level| world.remove(crl_file(level)));
        }),
        fault("key gone", Alarm("credential-files"), |world| world.remove("node.key")),
        fault("key of another certificate", Alarm("credential-files"), |world| {
            let other = world.pki.issue(&G4Leaf::system(OWN).second_key()).unwrap();
            world.write("node.key", other.key_pem());
        }),
        fault("chain gone", Alarm("credential-files"), |world| {
            world.remove("node.pem");
        }),
        fault("chain is no pem", Alarm("credential-files"), |world| {
            world.write("node.pem", "");
        }),
        fault("certificate without a host name", Alarm("credential-files"), |world| {
            world.present(&G4Leaf::client_only());
        }),
        fault("roots gone", Alarm("credential-files"), |world| {
            world.remove("roots.pem");
        }),
        fault("roots damaged", Alarm("credential-files"), |world| {
            world.write(
                "roots.pem",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            );
        }),
        fault("folder of the lists gone", NotReady("folder"), |world| {
            std::fs::remove_dir_all(world.folder.path().join("kept")).unwrap();
            world.write("kept", "a file");
        }),
        fault("folder of the application gone", NotReady("folder"), |world| {
            std::fs::remove_dir(world.folder.path().join("dossier")).unwrap();
        }),
    ]
}

fn application() -> Vec<Fault> {
    fn store(world: &World, state: StoreState) {
        world.application.lock().unwrap().store = state;
    }
    vec![
        fault("store gone", NotReady("store"), |world| {
            store(world, StoreState::Gone("refused".to_owned()));
        }),
        fault("clock of the store jumped", NotReady("store-clock-jumped"), |world| {
            store(world, StoreState::ClockJumped);
        }),
        fault(
            "an old copy of the store was put back",
            NotReady("store-older-than-journal"),
            |world| {
                store(world, StoreState::OlderThanJournal);
            },
        ),
        fault(
            "another folder in place of the journal",
            NotReady("journal-shorter"),
            |world| {
                store(world, StoreState::JournalShorter);
            },
        ),
        fault("store hangs", NotReady("silent"), |world| {
            world.application.lock().unwrap().hangs = true;
        }),
        fault("source system gone", NotReady("other"), |world| {
            world.application.lock().unwrap().other = Some("no answer".to_owned());
        }),
        fault("log waits for its delivery", Alarm("log-spool"), |world| {
            world.application.lock().unwrap().spool = (2 * HOUR, false);
        }),
        fault("spool of the log full", Alarm("log-spool"), |world| {
            world.application.lock().unwrap().spool = (Duration::ZERO, true);
        }),
    ]
}

fn clocks() -> Vec<Fault> {
    vec![
        fault("wall clock set ten minutes ahead", Alarm("clock-jumped"), |world| {
            world.jump(|now| now + HOUR / 6);
        }),
        fault("wall clock set ten minutes back", Alarm("clock-jumped"), |world| {
            world.jump(|now| now - HOUR / 6);
        }),
        fault("wall clock set a year ahead", NotReady("certificate-ends"), |world| {
            world.jump(|now| now + 365 * DAY);
        }),
        fault("wall clock set a year back", NotReady("identity"), |world| {
            world.jump(|now| now - 365 * DAY);
        }),
    ]
}

fn lists_that_age() -> Vec<Fault> {
    type Which = fn(&World) -> ListKind;
    let aged = |name: &str, which: Which, time: Duration, expected| Fault {
        name: name.to_owned(),
        expected,
        inject: Box::new(move |world| {
            Box::pin(async move {
                world.spoil(which(world));
                world.pass(time).await;
            })
        }),
    };
    let gnl: Which = |_| ListKind::Gegevensdienstnamenlijst;
    let whitelist: Which = |_| ListKind::Whitelist;
    vec![
        aged(
            "Whitelist not confirmed for 40 minutes",
            whitelist,
            40 * HOUR / 60,
            Alarm("list"),
        ),
        aged(
            "list of the role not confirmed for 40 minutes",
            World::kind,
            40 * HOUR / 60,
            Alarm("list"),
        ),
        aged("names not confirmed for 40 minutes", gnl, 40 * HOUR / 60, Alarm("list")),
        aged("Whitelist too old", whitelist, 10 * HOUR, NotReady("list")),
        aged("list of the role too old", World::kind, 10 * HOUR, NotReady("list")),
        aged("names too old", gnl, 10 * HOUR, Alarm("list")),
    ]
}

/// The lists beside the Whitelist, with one entry each.
pub(crate) fn lists(stamp: &Tijdstempel, number: Volgnummer) -> [(ListKind, String); 3] {
    let mut service = GegevensdienstDraft::new(
        "48".parse().unwrap(),
        "https://login.example.nl/authorize".parse().unwrap(),
        "https://peer.localhost/token".parse().unwrap(),
    );
    let resources = "https://peer.localhost/fhir".parse().unwrap();
    service
        .systeemrollen
        .push(SysteemrolDraft::new("MM-3.0-BZB-FHIR".parse().unwrap(), resources));
    let mut version = InterfaceversieDraft::new("2".parse().unwrap());
    version.gegevensdiensten.push(service);
    let mut aanbieder = ZorgaanbiederDraft::new("umcharderwijk".parse().unwrap(), Aanbiedertype::Zorgaanbieder);
    aanbieder.interfaceversies.push(version);
    let mut zal = ZorgaanbiederslijstDraft::new(stamp.clone(), number);
    zal.zorgaanbieders.push(aanbieder);
    let mut ocl = OAuthclientlistDraft::new(stamp.clone(), number);
    ocl.clients
        .push(("pgo.example.nl".parse().unwrap(), "PGO".parse().unwrap()));
    let mut gnl = GegevensdienstnamenlijstDraft::new(stamp.clone(), number);
    gnl.gegevensdiensten
        .push(("48".parse().unwrap(), "Basisgegevens Zorg".parse().unwrap()));
    [
        (ListKind::Zorgaanbiederslijst, zal.to_xml_release3().unwrap()),
        (ListKind::OAuthclientlist, ocl.to_xml().unwrap()),
        (ListKind::Gegevensdienstnamenlijst, gnl.to_xml().unwrap()),
    ]
}
