// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — the register of a DVP, and who is heard by it.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use medmij_abonneren::{
    AboPolicy, AbonnementId, AbonnementRegister, AbonnementSource, Created, Notificatie, NotificatieReceiver, Received,
};
use medmij_oauth::storage::StoreError;
use medmij_types::{BackchannelUri, PeerNames};

use super::{fresh_id, host, name, persoon, service, today};

fn source(dvza: &[&str], of: u8, days: u32) -> AbonnementSource {
    let hosts = dvza.iter().map(|name| host(name));
    AbonnementSource::new(hosts, name(), service("42"), persoon(of), today().plus(days))
}

/// A notification is taken from a Node of the DVZA of its Abonnement, and from nobody else.
pub async fn ext_abo_subnotint_only_the_dvza_of_an_abonnement_is_heard<R: AbonnementRegister>(register: Arc<R>) {
    let receiver = NotificatieReceiver::new(Shared(register), AboPolicy::default());
    let id = fresh_id();
    let source = source(&["dvza.example.nl", "tweede.dvza.example.nl"], 1, 60);
    let added = receiver.register().add(&id, source.clone(), 10).await.expect("add");
    assert_eq!(added, Created::Done);
    assert_eq!(
        receiver.register().source(&id).await.expect("bron"),
        Some(source.clone())
    );
    let news = Notificatie::data(id.clone());
    for from in ["dvza.example.nl", "tweede.dvza.example.nl"] {
        let (response, received) = notify(&receiver, &news, from).await;
        assert_eq!(response.status(), 200, "{from}");
        assert_eq!(received.expect("received").source, source);
    }
    let over = Notificatie::abonnement(id.clone(), today(), today(), 90).expect("notificatie");
    let (unknown, _) = notify(&receiver, &Notificatie::data(fresh_id()), "dvza.example.nl").await;
    for notificatie in [&news, &over] {
        let (response, received) = notify(&receiver, notificatie, "andere.example.nl").await;
        assert_eq!((response.status(), response.body()), (unknown.status(), unknown.body()));
        assert!(received.is_none());
    }
    // another end is remembered, and an end of today is the end
    let shorter = Notificatie::abonnement(id.clone(), today().plus(5), today(), 90).expect("notificatie");
    let (_, received) = notify(&receiver, &shorter, "dvza.example.nl").await;
    assert!(!received.expect("received").past);
    let kept = receiver.register().source(&id).await.expect("bron").expect("there");
    assert_eq!(kept.end, today().plus(5));
    let (_, received) = notify(&receiver, &over, "dvza.example.nl").await;
    assert!(received.expect("received").past);
    let (response, received) = notify(&receiver, &news, "dvza.example.nl").await;
    assert_eq!((response.status(), received), (unknown.status(), None));
}

/// A second DVZA that answers with the id of an Abonnement of the first does not become its source.
pub async fn ext_abo_subnotint_an_id_keeps_its_source<R: AbonnementRegister>(register: Arc<R>) {
    let id = fresh_id();
    let own = source(&["dvza.example.nl"], 1, 60);
    assert_eq!(register.add(&id, own.clone(), 10).await.expect("add"), Created::Done);
    let hostile = source(&["andere.example.nl"], 1, 90);
    assert_eq!(register.add(&id, hostile, 10).await.expect("add"), Created::Collision);
    assert_eq!(register.source(&id).await.expect("bron"), Some(own));
    register.remove(&id).await.expect("remove");
    register
        .remove(&id)
        .await
        .expect("removing what is not there does nothing");
    assert_eq!(register.source(&id).await.expect("bron"), None);
    register.set_end(&id, today()).await.expect("nor does another end");
    assert_eq!(register.source(&id).await.expect("bron"), None);
}

/// A Persoon has so many; what ended some time ago goes, a few at a time.
pub async fn ext_abo_subnotint_the_register_is_bounded_and_purged<R: AbonnementRegister>(register: Arc<R>) {
    let mut ids: Vec<AbonnementId> = Vec::new();
    for (days, answer) in [
        (1, Created::Done),
        (2, Created::Done),
        (3, Created::Done),
        (4, Created::Full),
    ] {
        let id = fresh_id();
        let added = register.add(&id, source(&["dvza.example.nl"], 1, days), 3).await;
        assert_eq!(added.expect("add"), answer);
        ids.push(id);
    }
    ids.truncate(3);
    ids.sort();
    let of = register.of(&persoon(1)).await.expect("of");
    assert_eq!(of.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), ids);
    assert!(register.of(&persoon(2)).await.expect("of").is_empty());
    let added = register.add(&fresh_id(), source(&["dvza.example.nl"], 2, 1), 3).await;
    assert_eq!(added.expect("add"), Created::Done);
    for gone in [2, 1, 0] {
        assert_eq!(register.purge_before(today().plus(3), 2).await.expect("purge"), gone);
    }
    let left = register.of(&persoon(1)).await.expect("of");
    assert_eq!(
        left.iter().map(|(_, source)| source.end).collect::<Vec<_>>(),
        [today().plus(3)]
    );
}

async fn notify<R: AbonnementRegister>(
    receiver: &NotificatieReceiver<R>,
    notificatie: &Notificatie,
    from: &str,
) -> (Response<Bytes>, Option<Received>) {
    let endpoint = BackchannelUri::parse("https://pgo.example.nl/notify").expect("uri");
    let request = notificatie.to_http(&endpoint, None);
    receiver.receive(&request, &PeerNames::new(None, [from]), today()).await
}

/// The register under test, owned by an [`NotificatieReceiver`].
struct Shared<R>(Arc<R>);

impl<R: AbonnementRegister> AbonnementRegister for Shared<R> {
    async fn add(&self, id: &AbonnementId, source: AbonnementSource, most: u32) -> Result<Created, StoreError> {
        self.0.add(id, source, most).await
    }

    async fn source(&self, id: &AbonnementId) -> Result<Option<AbonnementSource>, StoreError> {
        self.0.source(id).await
    }

    async fn set_end(&self, id: &AbonnementId, end: medmij_types::CalendarDate) -> Result<(), StoreError> {
        self.0.set_end(id, end).await
    }

    async fn remove(&self, id: &AbonnementId) -> Result<(), StoreError> {
        self.0.remove(id).await
    }

    async fn of(
        &self,
        owner: &medmij_oauth::seal::PersoonIndex,
    ) -> Result<Vec<(AbonnementId, AbonnementSource)>, StoreError> {
        self.0.of(owner).await
    }

    async fn purge_before(&self, day: medmij_types::CalendarDate, batch: usize) -> Result<usize, StoreError> {
        self.0.purge_before(day, batch).await
    }
}
