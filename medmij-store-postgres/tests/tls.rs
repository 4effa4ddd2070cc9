// SPDX-License-Identifier: AGPL-3.0-or-later
//! TLS to the database: the right root and name or no connection at all.

#![cfg(feature = "rustls")]

use medmij_dvza::store::Store;
use medmij_store_contract::store::new_flow;
use medmij_store_postgres::{OpenError, PostgresOptions, PostgresStore, PostgresTls};
use medmij_test::postgres::{PostgresError, TestPostgres};
use medmij_test::{LeafSpec, TestPki};

#[tokio::test]
async fn only_the_right_root_and_name_are_spoken_to() {
    let (pki, other) = (TestPki::new("A").unwrap(), TestPki::new("B").unwrap());
    let leaf = pki.issue(&LeafSpec::node("db.localhost")).unwrap();
    let (server, port) = match TestPostgres::start_with_tls(leaf.chain_pem(), leaf.key_pem()) {
        Err(absent @ (PostgresError::Absent | PostgresError::NoUser)) => {
            medmij_test::skip(&absent.to_string());
            return;
        }
        started => started.unwrap(),
    };
    let connection = server.create_database().unwrap();
    let name = connection.rsplit('=').next().unwrap();
    let at = |host: &str, roots: &str| {
        let connection = format!("host={host} hostaddr=127.0.0.1 port={port} user=postgres dbname={name}");
        let tls = PostgresTls::from_pem(roots.as_bytes()).unwrap();
        PostgresOptions::parse(&connection).unwrap().tls(tls)
    };
    let good = at("db.localhost", &pki.roots_pem());
    PostgresStore::migrate(&good).await.unwrap();
    let store = PostgresStore::open(&good).await.unwrap();
    store.open_flow(new_flow()).await.unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                    WHERE application_name = 'medmij-oauth' AND ssl AND version = 'TLSv1.3'";
    assert_eq!(server.sql(&connection, sessions).unwrap().trim(), "1");

    for bad in [
        at("db.localhost", &other.roots_pem()),
        at("elsewhere.localhost", &pki.roots_pem()),
    ] {
        let refused = PostgresStore::open(&bad).await;
        assert!(matches!(refused, Err(OpenError::Unavailable(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked() {
    let Some(server) = TestPostgres::shared() else { return };
    let pki = TestPki::new("A").unwrap();
    let tls = PostgresTls::from_pem(pki.roots_pem().as_bytes()).unwrap();
    let options = PostgresOptions::parse(&server.create_database().unwrap()).unwrap();
    let refused = PostgresStore::open(&options.tls(tls)).await;
    assert!(matches!(refused, Err(OpenError::Unavailable(_))), "{refused:?}");
}
