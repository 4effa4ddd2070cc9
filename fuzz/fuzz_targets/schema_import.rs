// SPDX-License-Identifier: AGPL-3.0-or-later
//! Importing a schema never panics, and a dialect survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medmij_list::Dialect;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(dialect) = Dialect::from_xsd(bytes) {
        let again: Dialect = dialect.to_string().parse().expect("reads back");
        assert_eq!(again, dialect);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<Dialect>();
    }
});
