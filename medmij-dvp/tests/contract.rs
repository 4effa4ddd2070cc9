// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208, core.gegevensuitwisseling.102 — the contracts of a vault and of a store of orders, on those in memory.

use medmij_dvp::{collecting::MemoryOrders, vault::MemoryVault};

medmij_store_contract::vault_contract!(MemoryVault::new());

/// Orders and runs of automatic collecting.
mod orders {
    use medmij_dvp::collecting::MemoryOrders;

    medmij_store_contract::orders_contract!(MemoryOrders::new());
}

/// Dossiers.
mod dossiers {
    use medmij_dvp::dossier::MemoryDossiers;

    medmij_store_contract::dossiers_contract!(MemoryDossiers::new());
}

/// Nights with both changes of the clock. `MEDMIJ_NIGHTS` and `MEDMIJ_PERSONS` make it large.
#[tokio::test]
async fn core_gegevensuitwisseling_102_201_no_night_breaks_a_rule_and_what_is_due_is_done() {
    let number = |name: &str, default: u32| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (nights, persons) = (number("MEDMIJ_NIGHTS", 8), number("MEDMIJ_PERSONS", 100));
    for first in ["2026-10-22", "2027-03-25"] {
        let store = MemoryOrders::new();
        let found = medmij_store_contract::orders::nights(&store, first, nights, 0..persons).await;
        println!(
            "{nights} nights from {first}, {} runs: {} of {} done",
            found.runs, found.done, found.due
        );
        assert!(found.done * 100 >= found.due * 99, "{found:?}");
    }
}
