// SPDX-License-Identifier: AGPL-3.0-or-later
//! The DVZA that is measured: everything a supplier brings, answered at once, so that the bouwstenen are what is measured.
//!
//! The login is a stub: it accepts everybody. It listens on loopback only, and the keys of the server end with it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use medmij_dvza::{
    Aanbieder, Aanbieders, Authentication, Client, Clients, Dvza, LoginCallback, LoginOutcome, LoginRequest,
    LoginStart, OfferedService, Persoon, Server, ServerConfig, SourceBirthDate, SupplierError, Toets, ToetsOutcome,
    ToetsQuery, store::Store,
};
use medmij_log::Observer;
use medmij_oauth::{ClientId, Function, policy::Lifetime, seal::LocalKeyRing};
use medmij_types::{Aanbiedernaam, Bsn, GegevensdienstId, Hostname, Organisatienaam, OsEntropy};

use crate::{
    work::Failure,
    world::{AANBIEDER, CLIENT, HOST},
};

/// The bundle of a supplier, over whichever store.
pub(crate) struct LoadDvza<S> {
    store: Arc<S>,
    logins: AtomicU32,
    client: Client,
    aanbieder: Aanbieder,
}

impl<S: Store> LoadDvza<S> {
    /// A server over this store, with keys of its own, whose codes, tokens and flows live so long. Its events go to an
    /// observer, or nowhere.
    pub(crate) fn server(
        store: Arc<S>,
        lifetime: Duration,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Server<Self>, Failure> {
        let services = [("42", "Huisartsgegevens"), ("48", "Basisgegevens Zorg")];
        let services = services
            .iter()
            .map(|(id, name)| {
                Ok(OfferedService::new(
                    GegevensdienstId::parse(id)?,
                    Function::Verzamelen,
                    *name,
                ))
            })
            .collect::<Result<_, Failure>>()?;
        let dvza = Self {
            store,
            logins: AtomicU32::new(0),
            client: Client::new(Organisatienaam::parse("De Enige Echte PGO")?, None),
            aanbieder: Aanbieder::new(
                Aanbiedernaam::parse(AANBIEDER)?,
                "Huisartsenpraktijk De Linde",
                "https://praktijk.example.nl/privacy",
                services,
            ),
        };
        let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy)?);
        let mut config = ServerConfig::new(Hostname::parse(HOST)?, "DVZA onder last", "088 000 00 00", keys);
        if let Some(observer) = observer {
            config.observer = observer;
        }
        config.lifetimes.code = Lifetime::new(lifetime)?;
        config.lifetimes.access_token = Lifetime::new(lifetime)?;
        config.lifetimes.flow = Lifetime::new(lifetime)?;
        Ok(Server::danger_example(Arc::new(dvza), config))
    }
}

impl<S: Store> Dvza for LoadDvza<S> {
    type Store = S;
    type Clients = Self;
    type Aanbieders = Self;
    type Authentication = Self;
    type Toets = Self;

    fn store(&self) -> &S {
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

impl<S: Store> Clients for LoadDvza<S> {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, SupplierError> {
        Ok((id.as_str() == CLIENT).then(|| self.client.clone()))
    }
}

impl<S: Store> Aanbieders for LoadDvza<S> {
    async fn aanbieder(&self, name: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
        Ok((*name == self.aanbieder.name).then(|| self.aanbieder.clone()))
    }
}

impl<S: Store> Authentication for LoadDvza<S> {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        Ok(LoginStart::new(format!(
            "https://{HOST}/load/login?RelayState={}",
            login.flow
        )))
    }

    async fn finish(&self, _: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        let number = self.logins.fetch_add(1, Ordering::Relaxed);
        let bsn = Bsn::parse(&nth_bsn(number)).map_err(|error| SupplierError::new("login", error))?;
        Ok(LoginOutcome::LoggedIn(Persoon::new(bsn)))
    }
}

impl<S: Store> Toets for LoadDvza<S> {
    async fn toets(&self, query: &ToetsQuery<'_>) -> Result<ToetsOutcome, SupplierError> {
        Ok(ToetsOutcome::Available(query.gegevensdiensten.to_vec()))
    }

    async fn geboortedatum(&self, _: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
        Ok(SourceBirthDate::parse("19700901").ok())
    }
}

/// Numbers of the test range that pass the elfproef, a new one each time, so that there are as many Persons as flows. After
/// some nine million it begins again.
fn nth_bsn(number: u32) -> String {
    (0..)
        .map(|more| 90_000_000 + (number % 4_500_000) * 2 + more)
        .find_map(|eight| {
            let weighed: u32 = (0..8).map(|at| eight / 10u32.pow(at) % 10 * (at + 2)).sum();
            let check = weighed % 11;
            (check < 10).then(|| format!("{eight}{check}"))
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_a_bsn() {
        for number in 0..10_000 {
            let bsn = nth_bsn(number);
            assert!(Bsn::parse(&bsn).is_ok(), "{bsn}");
        }
    }
}
