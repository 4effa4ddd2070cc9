// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102, core.logging.202, core.logging.203 — the chain of a notification, rebuilt from the log files of both
//! sides.
#![allow(clippy::unwrap_used)] // also in the helpers

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use bytes::Bytes;
use http::Response;
use medmij_abonneren::{
    AboPolicy, Abonnement, AbonnementId, AbonnementRegister as _, AbonnementRow, AbonnementSource, MemoryRegister,
    Notificatie, NotificatieReceiver, NotificationLog,
};
use medmij_log::{Chain, LineFormat, MemoryObserver, check};
use medmij_oauth::{ClientId, seal::PersoonIndex, wire::RequestIds};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, CalendarDate, Clock as _, GegevensdienstId, Hostname, OsEntropy, PeerNames,
    SystemClock,
};

const DVP: &str = "pgo.example.nl";
const DVA: &str = "dvza.example.nl";

struct World {
    dva: (Arc<MemoryObserver>, NotificationLog),
    dvp: Arc<MemoryObserver>,
    receiver: NotificatieReceiver<MemoryRegister>,
    row: AbonnementRow,
    today: CalendarDate,
}

fn log(own: &str) -> (Arc<MemoryObserver>, NotificationLog) {
    let observer = Arc::new(MemoryObserver::new());
    let clock = Arc::new(SystemClock::default());
    let log = NotificationLog::new(Arc::clone(&observer) as _, clock, Hostname::parse(own).unwrap());
    (observer, log)
}

impl World {
    async fn new() -> Self {
        let today = CalendarDate::in_amsterdam(SystemClock::default().now());
        let aanbieder = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
        let service = GegevensdienstId::parse("42").unwrap();
        let (id, owner) = (AbonnementId::parse("abc-1").unwrap(), PersoonIndex::from_bytes([1; 32]));
        let (dvp, dvp_log) = log(DVP);
        let receiver = NotificatieReceiver::new(MemoryRegister::new(), AboPolicy::default()).with_log(dvp_log);
        let dvza = [Hostname::parse(DVA).unwrap()];
        let source = AbonnementSource::new(dvza, aanbieder.clone(), service.clone(), owner, today.plus(60));
        receiver.register().add(&id, source, 10).await.unwrap();
        let abonnement = Abonnement::new(id, today.plus(60));
        let row = AbonnementRow::new(abonnement, owner, ClientId::parse(DVP).unwrap(), aanbieder, service);
        Self {
            dva: log(DVA),
            dvp,
            receiver,
            row,
            today,
        }
    }

    /// Over the wire, where it gets there.
    async fn notify(&self, notification: &Notificatie, arrives: bool) {
        let endpoint = BackchannelUri::parse("https://node.pgo.example.nl/notify").unwrap();
        let request = notification.to_http(&endpoint, Some(&RequestIds::random(&OsEntropy).unwrap()));
        let peer = PeerNames::new(Some(DVA), [DVA]);
        let sent = self.dva.1.send(&self.row, notification, request, async |request| {
            if arrives {
                Ok(self.receiver.receive(&request, &peer, self.today).await.0)
            } else {
                Err("no connection")
            }
        });
        let answered: Result<Response<Bytes>, _> = sent.await;
        assert_eq!(answered.is_ok(), arrives);
    }

    /// Writes a file for each side, checks every line, and reads the chains back.
    fn chains(&self) -> (Vec<Chain>, String) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, log: &MemoryObserver| -> PathBuf {
            let path = folder.path().join(name);
            let line = |event| LineFormat::default().line(event, SystemTime::UNIX_EPOCH) + "\n";
            std::fs::write(&path, log.drain().iter().map(line).collect::<String>()).unwrap();
            path
        };
        let files = [write("dva.log", &self.dva.0), write("dvp.log", &self.dvp)];
        let texts = files.map(|file| std::fs::read_to_string(file).unwrap());
        for text in &texts {
            assert_eq!(check(text), [], "{text}");
        }
        (Chain::read(texts.iter().map(String::as_str)), texts.concat())
    }
}

fn names<'a>(chain: &'a Chain, node: &str) -> Vec<&'a str> {
    let of = chain.events.iter().filter(|event| event.node == node);
    of.map(|event| event.name.as_str()).collect()
}

#[tokio::test]
async fn core_logging_102_202_203_both_kinds_of_notification_are_whole_chains() {
    let world = World::new().await;
    let id = world.row.abonnement.id.clone();
    for (notification, kind) in [
        (Notificatie::data(id.clone()), "resource"),
        (
            Notificatie::abonnement(id, world.today.plus(30), world.today, 90).unwrap(),
            "subscription",
        ),
    ] {
        world.notify(&notification, true).await;
        let (chains, text) = world.chains();
        let [chain] = chains.as_slice() else { panic!("{text}") };
        assert!(chain.one_sided().is_empty(), "{chain}");
        let (sent, received) = (
            format!("send_{kind}_notification"),
            format!("receive_{kind}_notification"),
        );
        assert_eq!(names(chain, DVA), [sent.clone(), format!("{received}_response")]);
        assert_eq!(names(chain, DVP), [received, format!("{sent}_response")]);
        // of which DVP, Aanbieder and service, and nothing of the Abonnement or its Persoon
        for expected in [
            DVP,
            "eenofanderezorgaanbieder",
            r#""service_id":"42""#,
            r#""initiated_by":"machine""#,
        ] {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!text.contains("abc-1") && !text.contains("end_date"), "{text}");
    }
}

#[tokio::test]
async fn core_logging_102_202_203_a_notification_that_is_refused_or_lost_stands_in_the_chain() {
    let world = World::new().await;
    let unknown = Notificatie::data(AbonnementId::parse("onbekend").unwrap());
    world.notify(&unknown, true).await;
    let (chains, text) = world.chains();
    let [chain] = chains.as_slice() else { panic!("{text}") };
    assert!(chain.one_sided().is_empty(), "{chain}");
    assert_eq!(
        names(chain, DVA),
        [
            "send_resource_notification",
            "receive_resource_notification_error_response"
        ]
    );
    assert_eq!(
        names(chain, DVP),
        ["receive_resource_notification", "send_resource_notification_error"]
    );
    assert_eq!(text.matches(r#""status":400"#).count(), 2, "{text}");

    world
        .notify(&Notificatie::data(world.row.abonnement.id.clone()), false)
        .await;
    let (chains, text) = world.chains();
    let [chain] = chains.as_slice() else { panic!("{text}") };
    assert_eq!(
        names(chain, DVA),
        ["send_resource_notification", "receive_resource_notification_error"]
    );
    assert!(text.contains("temporarily_unavailable"), "{text}");
}
