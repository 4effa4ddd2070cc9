// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo — the contracts of both sides, on the stores in memory.

use medmij_abonneren::{MemoryAbonnementen, MemoryRegister, MemorySharedOutbox};

medmij_store_contract::abonnementen_contract!(MemoryAbonnementen::new());
medmij_store_contract::register_contract!(MemoryRegister::new());
medmij_store_contract::shared_outbox_contract!(MemorySharedOutbox::new());
