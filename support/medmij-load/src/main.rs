// SPDX-License-Identifier: AGPL-3.0-or-later
//! (being written)
fn main() {}
