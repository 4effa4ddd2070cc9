// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reading never panics, and what was read is written so that it reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{List as _, ReadOptions, SchemaBasis, Snapshot};
use medmij_ocl::OAuthclientlist;
use medmij_whitelist::Whitelist;
use medmij_zal::{Zorgaanbiederslijst, koppellijst::Zorgaanbiederskoppellijst};

macro_rules! round_trip {
    ($list:ty, $bytes:expr) => {
        if let Ok(list) = Snapshot::<$list>::read($bytes.to_vec(), &ReadOptions::default().with_old_shapes())
            && list.document().basis() == SchemaBasis::Official
        {
            let again = Snapshot::<$list>::read(list.to_xml().into_bytes(), &ReadOptions::default()).expect("reads back");
            assert!(*list.list() == *again.list());
            assert_eq!(list.len(), again.len());
        }
    };
}

fuzz_target!(|bytes: &[u8]| {
    round_trip!(Zorgaanbiederslijst, bytes);
    round_trip!(OAuthclientlist, bytes);
    round_trip!(Whitelist, bytes);
    round_trip!(Gegevensdienstnamenlijst, bytes);
    let _ = Snapshot::<Zorgaanbiederskoppellijst>::read(bytes.to_vec(), &ReadOptions::default());
});
