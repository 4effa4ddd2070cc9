// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — the subscription interface from request to answer, over a store: I01 – I04.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Version, header};
use medmij_abonneren::{
    AboPolicy, Abonnement, AbonnementId, AbonnementRequest, Abonnementen, SubscriptionToken, answer,
};
use medmij_oauth::{
    Function,
    seal::{KeyRing as _, LocalKeyRing},
};
use medmij_types::CalendarDate;
use medmij_types::{BackchannelUri, Bsn, OsEntropy};

use super::{client, name, service, today};
use crate::person::CONTRACT_BSN;

struct Dva<A> {
    store: Arc<A>,
    keys: LocalKeyRing,
    policy: AboPolicy,
}

impl<A: Abonnementen> Dva<A> {
    fn new(store: &Arc<A>) -> Self {
        Self {
            store: Arc::clone(store),
            keys: LocalKeyRing::ephemeral(&OsEntropy).expect("keys"),
            policy: AboPolicy::default(),
        }
    }

    /// What a request with a token of so many days is answered; it goes over the wire as it would.
    async fn ask(&self, days: u32, by: &str, asked: &AbonnementRequest) -> Response<Bytes> {
        let endpoint = BackchannelUri::parse("https://dvza.example.nl/abo").expect("uri");
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, "Bearer t".parse().expect("value"))]);
        let request: Request<Bytes> = asked.to_http(&endpoint, headers, &self.policy);
        // I01: ext.abo.subint.200, ext.abo.subint.201
        assert_eq!(request.version(), Version::HTTP_11);
        for name in [header::ACCEPT, header::CONTENT_TYPE] {
            assert_eq!(request.headers().get(name).expect("header"), "application/json");
        }
        assert_eq!(
            request.headers().get(header::AUTHORIZATION).expect("header"),
            "Bearer t"
        );
        assert_eq!(
            request.method() == Method::POST,
            matches!(asked, AbonnementRequest::Create { .. })
        );
        let rest = request
            .uri()
            .path()
            .trim_start_matches("/abo")
            .trim_matches('/')
            .to_owned();
        let token = SubscriptionToken {
            function: Function::Abonneren,
            days: Some(days),
            gegevensdiensten: &[service("42")],
            bsn: &Bsn::parse(CONTRACT_BSN).expect("bsn"),
            aanbieder: &name(),
            client_id: &client(by),
        };
        let tools = (&self.keys as _, &OsEntropy as _);
        let answered = answer(&*self.store, &request, &rest, &token, today(), tools, &self.policy).await;
        answered.expect("answer")
    }

    async fn create(&self, days: u32) -> AbonnementId {
        let asked = AbonnementRequest::Create {
            end: today().plus(days),
        };
        let created = self.ask(60, "pgo.example.nl", &asked).await;
        assert_eq!(created.status(), 201);
        Abonnement::parse(&created, &self.policy).expect("abonnement").id
    }

    async fn end_of(&self, id: &AbonnementId) -> Option<CalendarDate> {
        let found = self.store.find(id, today()).await.expect("find");
        found.map(|row| row.abonnement.end)
    }
}

/// I01, I02, I03, I04: the request, and what has to be accepted.
pub async fn ext_abo_subint_i01_i02_i03_i04_the_interface_over_a_store<A: Abonnementen>(store: Arc<A>) {
    let dva = Dva::new(&store);
    let id = dva.create(60).await;
    let persoon = dva.keys.index(&Bsn::parse(CONTRACT_BSN).expect("bsn")).expect("index");
    let of = store.of_persoon(&persoon, today()).await.expect("of");
    assert_eq!(of.len(), 1);
    let change = |asked| AbonnementRequest::Change {
        id: id.clone(),
        end: today().plus(asked),
    };
    for (days, asked, status, end) in [
        // I03: shorter has to be accepted, whatever the token says of the duration
        (60, 30, 200, 30),
        (5, 20, 200, 20),
        // I04: longer only within what was consented to
        (60, 61, 400, 20),
        (60, 60, 200, 60),
        (0, 61, 400, 60),
    ] {
        let answered = dva.ask(days, "pgo.example.nl", &change(asked)).await;
        assert_eq!(answered.status(), status, "{days} {asked}");
        assert_eq!(dva.end_of(&id).await, Some(today().plus(end)), "{days} {asked}");
    }
    // subscribe~0 allows nothing but the end, and that has to be accepted (I02)
    let again = AbonnementRequest::Create { end: today().plus(1) };
    assert_eq!(dva.ask(0, "pgo.example.nl", &again).await.status(), 400);
    let end = AbonnementRequest::End { id: id.clone() };
    assert_eq!(dva.ask(0, "pgo.example.nl", &end).await.status(), 200);
    assert_eq!(dva.end_of(&id).await, None);
    assert_eq!(dva.ask(0, "pgo.example.nl", &end).await.status(), 404);
    // I02 with a token of a running Abonnement
    let second = dva.create(10).await;
    let end = AbonnementRequest::End { id: second.clone() };
    assert_eq!(dva.ask(60, "pgo.example.nl", &end).await.status(), 200);
    assert_eq!(dva.end_of(&second).await, None);

    // bounded by policy, the same for every DVP
    let mut few = Dva::new(&store);
    few.policy.most = 2;
    for status in [201, 201, 403] {
        let asked = AbonnementRequest::Create { end: today().plus(3) };
        assert_eq!(few.ask(60, "pgo.example.nl", &asked).await.status(), status);
    }
}

/// Another DVP, with the same Persoon: not there.
pub async fn ext_abo_subint_of_somebody_else_is_not_there<A: Abonnementen>(store: Arc<A>) {
    let dva = Dva::new(&store);
    let id = dva.create(60).await;
    let requests = [
        AbonnementRequest::End { id: id.clone() },
        AbonnementRequest::Change {
            id: id.clone(),
            end: today().plus(1),
        },
    ];
    for asked in requests {
        let answered = dva.ask(60, "ander.example.nl", &asked).await;
        assert_eq!(answered.status(), 404);
    }
    assert_eq!(dva.end_of(&id).await, Some(today().plus(60)));
}
