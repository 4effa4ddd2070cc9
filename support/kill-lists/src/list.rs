// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Whitelist whose every entry tells its Volgnummer, so that a mix of two shows.

use std::{fmt::Write as _, path::Path, sync::Arc};

use medmij_list::{
    ListCache, RefreshPolicy,
    supply::{FileLayer, FileStorage, ListSupply, SourceName, SourceNameError},
};
use medmij_types::{Clock, SystemClock};
use medmij_whitelist::Whitelist;

/// The list with this number.
pub(crate) fn publish(volgnummer: u64, hosts: u32) -> Vec<u8> {
    let mut xml = format!(
        "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">\n\
         <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>\n<Volgnummer>{volgnummer}</Volgnummer>\n<MedMijNodes>\n"
    );
    for host in 0..hosts {
        // Writing into a string cannot fail.
        let _ = writeln!(
            xml,
            "<MedMijNode><Hostname>n{volgnummer}-{host}.voorbeeld.nl</Hostname></MedMijNode>"
        );
    }
    xml.push_str("</MedMijNodes>\n</Whitelist>\n");
    xml.into_bytes()
}

/// Whether all entries belong to the number of the list.
pub(crate) fn is_whole(list: &Whitelist, hosts: u32) -> bool {
    let start = format!("n{}-", list.header().volgnummer());
    list.nodes().len() == hosts as usize && list.nodes().all(|node| node.as_str().starts_with(&start))
}

/// What refreshes it and keeps it in this folder.
pub(crate) fn supply(folder: &Path, layer: Arc<dyn FileLayer>) -> Result<ListSupply<Whitelist>, SourceNameError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let cache = Arc::new(ListCache::new(RefreshPolicy::default(), Arc::clone(&clock)));
    let storage = Arc::new(FileStorage::with_layer(folder, layer));
    Ok(ListSupply::new(
        SourceName::parse("stelselnode.localhost")?,
        2,
        cache,
        storage,
        clock,
    ))
}
