// SPDX-License-Identifier: AGPL-3.0-or-later
//! I. Abonneren and Notificeren, from authorization to notification.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use medmij_abonneren::{
    AboPolicy, Abonnement, AbonnementRegister as _, AbonnementRequest, AbonnementRow, AbonnementSource,
    Abonnementen as _, Created, MemoryAbonnementen, MemoryRegister, Notificatie, NotificatieReceiver, answer,
};
use medmij_dvp::{FlowRequest, Tokens};
use medmij_oauth::{
    Function, Scope,
    seal::{KeyRing as _, LocalKeyRing},
};
use medmij_types::CalendarDate;
use medmij_types::{BackchannelUri, Bsn, Hostname, OsEntropy, PeerNames, Release};

use crate::cases::{
    dvza::{BSN, Setup, setup_2_2},
    whole_flow::{dvp, group, id, name, peer, redirect, tokens_for},
};

struct Dva {
    setup: Setup,
    abonnementen: MemoryAbonnementen,
    keys: LocalKeyRing,
    today: CalendarDate,
}

impl Dva {
    fn new() -> Self {
        Self {
            setup: setup_2_2(),
            abonnementen: MemoryAbonnementen::new(),
            keys: LocalKeyRing::ephemeral(&OsEntropy).unwrap(),
            today: CalendarDate::parse("2026-05-01").unwrap(),
        }
    }

    async fn tokens(&self, days: u32) -> Tokens {
        let scope = Scope::abonneren(Release::V2_2, days, name(), id("42")).unwrap();
        let request = FlowRequest::new(name(), scope, &group(&["42"]), redirect());
        tokens_for(&self.setup, &dvp(), request, "answer=yes").await
    }

    async fn ask(&self, tokens: &Tokens, asked: &AbonnementRequest) -> Response<Bytes> {
        let endpoint = BackchannelUri::parse("https://dvza.example.nl/abo").unwrap();
        let headers = tokens.resource_headers(&OsEntropy).unwrap();
        let request: Request<Bytes> = asked.to_http(&endpoint, headers, &AboPolicy::default());
        let rest = request
            .uri()
            .path()
            .trim_start_matches("/abo")
            .trim_matches('/')
            .to_owned();
        let functions = [Function::Abonneren];
        let server = &self.setup.server;
        let granted_access = server
            .guard_for(&functions, request.headers(), None, &peer(), (&name(), &id("42")))
            .await
            .unwrap();
        let tools = (&self.keys as _, &OsEntropy as _);
        answer(
            &self.abonnementen,
            &request,
            &rest,
            &(&granted_access).into(),
            self.today,
            tools,
            &AboPolicy::default(),
        )
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn ext_abo_subint_i02_i03_i04_i05_i06_i08_a_life_of_an_abonnement() {
    let dva = Dva::new();
    let policy = AboPolicy::default();
    let tokens = dva.tokens(60).await;
    let created = dva
        .ask(
            &tokens,
            &AbonnementRequest::Create {
                end: dva.today.plus(60),
            },
        )
        .await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let abonnement = Abonnement::parse(&created, &policy).unwrap();

    // the DVP knows it from now on, and takes its notifications
    let receiver = NotificatieReceiver::new(MemoryRegister::new(), AboPolicy::default());
    let dvza = Hostname::parse("dvza.example.nl").unwrap();
    let owner = dva.keys.fingerprint("rekening", b"rekening-7").unwrap();
    let source = AbonnementSource::new([dvza], name(), id("42"), owner, abonnement.end);
    let added = receiver.register().add(&abonnement.id, source, 100).await.unwrap();
    assert_eq!(added, Created::Done);
    let persoon = dva.keys.index(&Bsn::parse(BSN).unwrap()).unwrap();
    let rows = dva
        .abonnementen
        .to_notify(&persoon, &name(), &id("42"), dva.today)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let endpoint = BackchannelUri::parse("https://pgo.example.nl/notify").unwrap();
    let notify = async |notificatie: &Notificatie| {
        let from = PeerNames::new(None, ["dvza.example.nl"]);
        let request = notificatie.to_http(&endpoint, None);
        receiver.receive(&request, &from, dva.today).await
    };
    let (response, received) = notify(&Notificatie::data(rows[0].abonnement.id.clone())).await;
    assert!(Notificatie::answered(&response, &AboPolicy::default()).is_ok() && !received.unwrap().past);

    // longer than was consented to is refused, shorter is accepted
    let change = |days| AbonnementRequest::Change {
        id: abonnement.id.clone(),
        end: dva.today.plus(days),
    };
    assert_eq!(dva.ask(&tokens, &change(61)).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(dva.ask(&tokens, &change(10)).await.status(), StatusCode::OK);
    assert_eq!(dva.ask(&tokens, &change(60)).await.status(), StatusCode::OK);

    // consent of 0 days ends it, and allows nothing else
    let ending = dva.tokens(0).await;
    let again = AbonnementRequest::Create { end: dva.today.plus(1) };
    assert_eq!(dva.ask(&ending, &again).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        dva.ask(
            &ending,
            &AbonnementRequest::End {
                id: abonnement.id.clone()
            }
        )
        .await
        .status(),
        StatusCode::OK
    );
    assert!(
        dva.abonnementen
            .to_notify(&persoon, &name(), &id("42"), dva.today)
            .await
            .unwrap()
            .is_empty()
    );
    let over = Notificatie::abonnement(abonnement.id.clone(), dva.today, dva.today, 90).unwrap();
    assert!(notify(&over).await.1.unwrap().past);
}

#[tokio::test]
async fn ext_abo_subint_an_abonnement_of_somebody_else_is_not_there() {
    let dva = Dva::new();
    let tokens = dva.tokens(60).await;
    let created = dva
        .ask(
            &tokens,
            &AbonnementRequest::Create {
                end: dva.today.plus(60),
            },
        )
        .await;
    let own = Abonnement::parse(&created, &AboPolicy::default()).unwrap();
    let row = dva.abonnementen.find(&own.id, dva.today).await.unwrap().unwrap();
    let other = Abonnement::new(medmij_abonneren::AbonnementId::random(&OsEntropy).unwrap(), own.end);
    let client = medmij_oauth::ClientId::parse("ander.example.nl").unwrap();
    let other = AbonnementRow::new(other, row.persoon, client, row.aanbieder, row.gegevensdienst);
    let of_another = other.abonnement.id.clone();
    let created = dva.abonnementen.create(other, 10, dva.today).await.unwrap();
    assert_eq!(created, Created::Done);
    let end = AbonnementRequest::End { id: of_another.clone() };
    assert_eq!(dva.ask(&tokens, &end).await.status(), StatusCode::NOT_FOUND);
    assert!(dva.abonnementen.find(&of_another, dva.today).await.unwrap().is_some());
}
