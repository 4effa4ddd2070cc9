// SPDX-License-Identifier: AGPL-3.0-or-later
//! What we call well-formed, the crate `xml` must call well-formed too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medmij_list::{ReadLimits, check_well_formed};
use xml::reader::{EventReader, XmlEvent};

fuzz_target!(|bytes: &[u8]| {
    if check_well_formed(bytes, &ReadLimits::default()).is_err() {
        return;
    }
    for event in EventReader::new(bytes) {
        match event {
            Ok(XmlEvent::EndDocument) => break,
            Ok(_) => {}
            Err(error) => panic!("accepted, and the crate xml says {error}"),
        }
    }
});
