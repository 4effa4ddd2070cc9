// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contracts of a store and a vault, on PostgreSQL.

use medmij_store_postgres::{PostgresStore, PostgresVault};

use crate::private_server as database;

medmij_store_contract::store_contract!(match database::database().await {
    Some((options, _)) => PostgresStore::open(&options).await.unwrap(),
    None => return,
});

/// The cases of the server, over this store.
mod server {
    use super::{PostgresStore, database};

    medmij_store_contract::server_contract!(match database::database().await {
        Some((options, _)) => PostgresStore::open(&options).await.unwrap(),
        None => return,
    });
}

/// The Abonnementen of a DVZA.
mod abonnementen {
    use super::{PostgresStore, database};

    medmij_store_contract::abonnementen_contract!(match database::database().await {
        Some((options, _)) => PostgresStore::open(&options).await.unwrap(),
        None => return,
    });
}

/// What ends with a Persoon beside its grants.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn core_dossier_108_abonnementen_end_with_their_persoon() {
    let Some((options, _)) = database::database().await else {
        return;
    };
    let store = std::sync::Arc::new(PostgresStore::open(&options).await.unwrap());
    medmij_store_contract::store::core_dossier_108_abonnementen_end_with_their_persoon(store).await;
}

/// Its outbox.
mod outbox {
    use super::{PostgresStore, database};

    medmij_store_contract::shared_outbox_contract!(match database::database().await {
        Some((options, _)) => PostgresStore::open(&options).await.unwrap(),
        None => return,
    });
}

/// The vault of a DVP.
mod vault {
    use super::{PostgresVault, database};

    medmij_store_contract::vault_contract!(match database::vault().await {
        Some((options, _)) => PostgresVault::open(&options).await.unwrap(),
        None => return,
    });
}

/// Its Abonnementen.
mod register {
    use super::{PostgresVault, database};

    medmij_store_contract::register_contract!(match database::vault().await {
        Some((options, _)) => PostgresVault::open(&options).await.unwrap(),
        None => return,
    });
}

/// What is collected automatically.
mod orders {
    use super::{PostgresVault, database};

    medmij_store_contract::orders_contract!(match database::vault().await {
        Some((options, _)) => PostgresVault::open(&options).await.unwrap(),
        None => return,
    });
}

/// Its dossiers.
mod dossiers {
    use super::{PostgresVault, database};

    medmij_store_contract::dossiers_contract!(match database::vault().await {
        Some((options, _)) => PostgresVault::open(&options).await.unwrap(),
        None => return,
    });
}
