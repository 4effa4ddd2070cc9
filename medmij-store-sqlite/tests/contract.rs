// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contracts of a store and a vault, on SQLite.

use medmij_store_sqlite::{SqliteOptions, SqliteStore, SqliteVault};

use crate::folder;

medmij_store_contract::store_contract!(
    SqliteStore::open(SqliteOptions::new(folder::folder("contract").join("store.db"))).unwrap()
);

/// The cases of the server, over this store.
mod server {
    use super::{SqliteOptions, SqliteStore, folder};

    medmij_store_contract::server_contract!(
        SqliteStore::open(SqliteOptions::new(folder::folder("contract").join("store.db"))).unwrap()
    );
}

/// The Abonnementen of a DVZA.
mod abonnementen {
    use super::{SqliteOptions, SqliteStore, folder};

    medmij_store_contract::abonnementen_contract!(
        SqliteStore::open(SqliteOptions::new(folder::folder("contract").join("store.db"))).unwrap()
    );
}

/// What ends with a Persoon beside its grants.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn core_dossier_108_abonnementen_end_with_their_persoon() {
    let store = SqliteStore::open(SqliteOptions::new(folder::folder("contract").join("store.db"))).unwrap();
    let store = std::sync::Arc::new(store);
    medmij_store_contract::store::core_dossier_108_abonnementen_end_with_their_persoon(store).await;
}

/// Its outbox.
mod outbox {
    use super::{SqliteOptions, SqliteStore, folder};

    medmij_store_contract::shared_outbox_contract!(
        SqliteStore::open(SqliteOptions::new(folder::folder("contract").join("store.db"))).unwrap()
    );
}

/// The vault of a DVP.
mod vault {
    use super::{SqliteOptions, SqliteVault, folder};

    medmij_store_contract::vault_contract!(
        SqliteVault::open(SqliteOptions::new(folder::folder("contract").join("vault.db"))).unwrap()
    );
}

/// Its Abonnementen.
mod register {
    use super::{SqliteOptions, SqliteVault, folder};

    medmij_store_contract::register_contract!(
        SqliteVault::open(SqliteOptions::new(folder::folder("contract").join("vault.db"))).unwrap()
    );
}

/// What is collected automatically.
mod orders {
    use super::{SqliteOptions, SqliteVault, folder};

    medmij_store_contract::orders_contract!(
        SqliteVault::open(SqliteOptions::new(folder::folder("contract").join("vault.db"))).unwrap()
    );
}

/// Its dossiers.
mod dossiers {
    use super::{SqliteOptions, SqliteVault, folder};

    medmij_store_contract::dossiers_contract!(
        SqliteVault::open(SqliteOptions::new(folder::folder("contract").join("vault.db"))).unwrap()
    );
}
