// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — the contract of a vault, on the one in memory.

use medmij_dvp::vault::MemoryVault;

medmij_store_contract::vault_contract!(MemoryVault::new());
