// SPDX-License-Identifier: AGPL-3.0-or-later
//! A DVZA for tests: what its supplier would bring, steered by fields.

use std::sync::{Arc, Mutex};

use medmij_dvza::{
    Aanbieder, AanbiederTexts, Aanbieders, Authentication, Client, Clients, Dvza, LoginCallback, LoginOutcome,
    LoginRequest, LoginStart, OfferedService, Persoon, Represented, Server, ServerConfig, SourceBirthDate,
    SupplierError, Toets, ToetsOutcome, ToetsQuery,
};
use medmij_log::MemoryObserver;
use medmij_oauth::{ClientId, Function, Vertegenwoordiging, seal::LocalKeyRing};
use medmij_types::{Aanbiedernaam, Bsn, GegevensdienstId, Hostname, Organisatienaam, OsEntropy, Release};

use crate::cases::counted::Counted;

pub(crate) const BSN: &str = "999990019";

pub(crate) struct TestDvza {
    pub(crate) store: Counted,
    pub(crate) clients: Mutex<Vec<&'static str>>,
    /// The gegevensdiensten for which the OCL knows them.
    pub(crate) listed: Mutex<Vec<&'static str>>,
    pub(crate) login: Mutex<Login>,
    pub(crate) logins: Mutex<Vec<LoginRequest>>,
    /// Who logs in.
    pub(crate) bsn: Mutex<&'static str>,
    pub(crate) outcome: Mutex<Option<ToetsOutcome>>,
    pub(crate) born: Mutex<Option<&'static str>>,
    /// Whether the representation stands; by default nobody can say.
    pub(crate) represented: Mutex<Option<Represented>>,
    /// Which kinds of representation the Aanbieder registered.
    pub(crate) kinds: Mutex<Vec<Vertegenwoordiging>>,
    /// What the Aanbieder says itself.
    pub(crate) texts: Mutex<Option<AanbiederTexts>>,
    pub(crate) broken: Mutex<bool>,
    /// The Aanbieders that were looked up.
    pub(crate) asked: Mutex<Vec<String>>,
}

#[derive(Clone, Copy)]
pub(crate) enum Login {
    Succeeded(Option<Vertegenwoordiging>),
    Cancelled,
    Failed,
}

pub(crate) struct Setup {
    pub(crate) dvza: Arc<TestDvza>,
    pub(crate) server: Server<TestDvza>,
    pub(crate) log: Arc<MemoryObserver>,
}

pub(crate) fn setup(change: impl FnOnce(&mut ServerConfig)) -> Setup {
    let dvza = Arc::new(TestDvza {
        store: Counted::default(),
        clients: Mutex::new(vec!["pgo.example.nl", "ander.example.nl"]),
        listed: Mutex::new(vec!["42", "48", "53"]),
        login: Mutex::new(Login::Succeeded(None)),
        logins: Mutex::default(),
        bsn: Mutex::new(BSN),
        outcome: Mutex::default(),
        born: Mutex::new(Some("19700901")),
        represented: Mutex::default(),
        kinds: Mutex::new(vec![
            Vertegenwoordiging::Voluntary,
            Vertegenwoordiging::ParentalAuthority,
        ]),
        texts: Mutex::default(),
        broken: Mutex::new(false),
        asked: Mutex::default(),
    });
    let log = Arc::new(MemoryObserver::new());
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
    let host = Hostname::parse("dvza.example.nl").unwrap();
    let mut config = ServerConfig::new(host, "DVZA Test BV", "088 123 45 67", keys);
    config.observer = Arc::clone(&log) as _;
    change(&mut config);
    Setup {
        server: Server::danger_example(Arc::clone(&dvza), config),
        dvza,
        log,
    }
}

pub(crate) fn setup_2_2() -> Setup {
    setup(|config| config.release = Release::V2_2)
}

impl Dvza for TestDvza {
    type Store = Counted;
    type Clients = Self;
    type Aanbieders = Self;
    type Authentication = Self;
    type Toets = Self;

    fn store(&self) -> &Counted {
        &self.store
    }
    fn clients(&self) -> &Self {
        self
    }
    fn aanbieders(&self) -> &Self {
        self
    }
    fn authentication(&self) -> &Self {
        self
    }
    fn toets(&self) -> &Self {
        self
    }
}

impl Clients for TestDvza {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, SupplierError> {
        if *self.broken.lock().unwrap() {
            return Err(SupplierError::new(
                "ocl",
                format!("https://bron.example.nl/?bsn={BSN} gave no answer"),
            ));
        }
        let listed = self.clients.lock().unwrap().contains(&id.as_str());
        let name = Organisatienaam::parse("De Enige Echte PGO").unwrap();
        let ids = self.listed.lock().unwrap();
        let ids = ids.iter().map(|id| GegevensdienstId::parse(id).unwrap()).collect();
        Ok(listed.then(|| Client::new(name, Some(ids))))
    }
}

impl Aanbieders for TestDvza {
    async fn aanbieder(&self, name: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
        self.asked.lock().unwrap().push(name.short().to_owned());
        let id = |id| GegevensdienstId::parse(id).unwrap();
        let services = vec![
            OfferedService::new(id("42"), Function::Verzamelen, "Huisartsgegevens"),
            OfferedService::new(id("48"), Function::Verzamelen, "Basisgegevens Zorg"),
            // offered, but the client is not on the OCL for it
            OfferedService::new(id("61"), Function::Verzamelen, "Basisgegevens langdurige zorg"),
            OfferedService::new(id("53"), Function::Delen, "Meetwaarden vitale functies"),
            OfferedService::new(id("60"), Function::Delen, "Vragenlijsten"),
            OfferedService::new(id("42"), Function::Abonneren, "Huisartsgegevens").with_max_duration(90),
        ];
        let privacy = "https://ziekenhuis.example.nl/privacy";
        let here = ["eenofanderezorgaanbieder", "tweedezorgaanbieder"].contains(&name.short());
        Ok(here.then(|| {
            let mut linde = Aanbieder::new(name.clone(), "Huisartsenpraktijk De Linde", privacy, services);
            linde.texts = self.texts.lock().unwrap().clone();
            let kinds = self.kinds.lock().unwrap();
            kinds
                .iter()
                .fold(linde, |linde, kind| linde.with_vertegenwoordiging(*kind))
        }))
    }
}

impl Authentication for TestDvza {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        self.logins.lock().unwrap().push(login.clone());
        let location = format!("https://login.example.nl/?RelayState={}", login.flow);
        Ok(LoginStart::new(location).remembering(*b"nonce"))
    }

    async fn finish(&self, callback: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        assert_eq!(callback.remember, b"nonce");
        Ok(match *self.login.lock().unwrap() {
            Login::Succeeded(kind) => {
                let persoon =
                    Persoon::new(Bsn::parse(*self.bsn.lock().unwrap()).unwrap()).with_assurance_level("substantieel");
                LoginOutcome::LoggedIn(match kind {
                    Some(kind) => persoon.represented(kind),
                    None => persoon,
                })
            }
            Login::Cancelled => LoginOutcome::Cancelled,
            Login::Failed => LoginOutcome::Failed,
        })
    }
}

impl Toets for TestDvza {
    async fn toets(&self, query: &ToetsQuery<'_>) -> Result<ToetsOutcome, SupplierError> {
        let steered = self.outcome.lock().unwrap().clone();
        Ok(steered.unwrap_or_else(|| ToetsOutcome::Available(query.gegevensdiensten.to_vec())))
    }

    async fn represented(&self, _: &Persoon, _: &Aanbieder) -> Result<Option<Represented>, SupplierError> {
        Ok(*self.represented.lock().unwrap())
    }

    async fn geboortedatum(&self, _: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
        let born = *self.born.lock().unwrap();
        Ok(born.map(|date| SourceBirthDate::parse(date).unwrap()))
    }
}
