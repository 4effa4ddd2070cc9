// SPDX-License-Identifier: AGPL-3.0-or-later
//! By which profiles a zib is recognised: `tables/zibs.txt`.

/// Whether there is a profile for a zib, or another way to see it.
pub(super) fn is_known(zib: &str) -> bool {
    OTHERWISE.contains(&zib) || lines().any(|(name, _)| name == zib)
}

/// The zibs that a profile means.
pub(super) fn zibs_of(url: &str) -> Vec<&'static str> {
    let name = last_part(url);
    let bare = PREFIXES
        .iter()
        .find_map(|prefix| Some(name.get(prefix.len()..)?).filter(|_| starts_with(name, prefix)))
        .unwrap_or(name);
    let means = |known: &str| match known.strip_prefix('=') {
        // written out, with its prefix
        Some(known) => name.eq_ignore_ascii_case(known),
        // a profile of a part of the zib: LaboratoryTestResult-Observation, MedicalDevice.Product
        None => {
            starts_with(bare, known)
                && bare
                    .get(known.len()..)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
        }
    };
    lines()
        .filter(|(_, profiles)| profiles.split_whitespace().any(means))
        .map(|(zib, _)| zib)
        .collect()
}

/// What follows the last slash of a canonical URL, without its version.
pub(super) fn last_part(url: &str) -> &str {
    let url = url.split('|').next().unwrap_or(url).trim_end_matches('/');
    url.rsplit('/').next().unwrap_or(url)
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../tables/zibs.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
}

/// Zibs that are seen as elements of a Patient too.
const OTHERWISE: [&str; 2] = ["BurgerlijkeStaat", "Contactpersoon"];
const PREFIXES: [&str; 6] = ["zib-", "nl-core-", "imm-", "mp-", "bgz-", "lz-"];
