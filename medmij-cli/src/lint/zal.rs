// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.101, core.gegevensdiensten.201 — lints of the Zorgaanbiederslijst alone. There may be millions of values, of
//! which nearly all are fine: what surely is fine is passed over without making anything of it.

use std::{
    collections::{BTreeMap, HashMap, HashSet, hash_map::RandomState},
    hash::{BuildHasher as _, BuildHasherDefault, Hasher},
    ops::Range,
    thread,
};

use medmij_types::{Aanbiedernaam, lexical::is_zorgaanbiedernaam};
use medmij_zal::{OfferedGegevensdienst, Unusable, Zorgaanbieder, Zorgaanbiederslijst};

use super::{Code, findings::Sink};

/// From so many entries on, three threads look at them.
const MANY: usize = 10_000;

pub(crate) fn lint<'a>(list: &'a Zorgaanbiederslijst, sink: &mut Sink<'a>) {
    let entries = list.zorgaanbieders().len();
    if entries < MANY {
        values(list, 0..entries, sink);
        shared_endpoints(list, &Suspects::of(list), sink);
        return;
    }
    let half = entries / 2;
    let suspects = thread::scope(|scope| {
        // where there are no more threads to be had, the work is done here
        let suspects = thread::Builder::new().spawn_scoped(scope, || Suspects::of(list));
        let second = thread::Builder::new().spawn_scoped(scope, || {
            let mut found = Sink::empty(list);
            values(list, half..entries, &mut found);
            found
        });
        values(list, 0..half, sink);
        match second.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(found)) => sink.take(found),
            _ => values(list, half..entries, sink),
        }
        match suspects.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(suspects)) => suspects,
            _ => Suspects::of(list),
        }
    });
    shared_endpoints(list, &suspects, sink);
}

/// The values of these entries.
fn values(list: &Zorgaanbiederslijst, entries: Range<usize>, sink: &mut Sink<'_>) {
    let mut known = Known { origin: "" };
    for aanbieder in list.zorgaanbieders().skip(entries.start).take(entries.len()) {
        let name = aanbieder.name_str();
        if let Some(why) = name_fault(name) {
            let message = format!("the Zorgaanbiedernaam \"{name}\" does not have its form: {why} (core.alst.101)");
            sink.push(Code::V2, name, [Some(name)], message);
        }
        for version in aanbieder.interfaceversies() {
            if let Some(Err(why)) = version.id() {
                sink.push(Code::Use, name, [version.id_str(), Some(name)], why.to_string());
            }
            for service in version.gegevensdiensten() {
                gegevensdienst(aanbieder, service, &mut known, sink);
            }
        }
    }
}

fn gegevensdienst<'a>(
    aanbieder: Zorgaanbieder<'a>,
    service: OfferedGegevensdienst<'a>,
    known: &mut Known<'a>,
    sink: &mut Sink<'_>,
) {
    let id = service.id_str();
    let name = aanbieder.name_str();
    let mut check = |text: Option<&str>, result: Result<(), Unusable>| {
        if let Err(why) = result {
            sink.push(Code::Use, name, [text, Some(id), Some(name)], why.to_string());
        }
    };
    if !is_plain_code(id) {
        check(Some(id), service.id().map(drop));
    }
    let text = service.authorization_endpoint_str();
    if !known.covers(text) {
        check(text, known.keep(text, service.authorization_endpoint().map(drop)));
    }
    let text = service.token_endpoint_str();
    if !known.covers(text) {
        check(text, known.keep(text, service.token_endpoint().map(drop)));
    }
    if let Some(abonneren) = service.abonneren() {
        check(abonneren.max_duration_str(), abonneren.max_duration().map(drop));
        check(
            abonneren.subscription_endpoint_str(),
            abonneren.subscription_endpoint().map(drop),
        );
    }
    for role in service.systeemrollen() {
        if !is_plain_code(role.code_str()) {
            check(Some(role.code_str()), role.code().map(drop));
        }
        let text = role.resource_endpoint_str();
        if !known.covers(text) {
            check(text, known.keep(text, role.resource_endpoint().map(drop)));
        }
    }
}

/// V5: the endpoints that may be shared, by their hash, found in a first pass; nearly always none.
struct Suspects {
    key: u64,
    hashes: HashSet<u64>,
}

impl Suspects {
    fn of(list: &Zorgaanbiederslijst) -> Self {
        let key = RandomState::new().hash_one(0);
        let mut ids: HashMap<u64, u64, BuildHasherDefault<AsItIs>> = HashMap::default();
        let mut hashes = HashSet::new();
        each_resource_endpoint(list, |_, service, uri| {
            let (uri, id) = (hash(key, uri), hash(key, service.id_str()));
            if *ids.entry(uri).or_insert(id) != id {
                hashes.insert(uri);
            }
        });
        Self { key, hashes }
    }
}

/// V5, in a second pass that looks at the suspects only.
fn shared_endpoints(list: &Zorgaanbiederslijst, suspects: &Suspects, sink: &mut Sink<'_>) {
    if suspects.hashes.is_empty() {
        return;
    }
    // Which Gegevensdienst an endpoint was seen with first; reported once per endpoint.
    let mut serves: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    each_resource_endpoint(list, |aanbieder, service, uri| {
        if !suspects.hashes.contains(&hash(suspects.key, uri)) {
            return;
        }
        let (first, reported) = serves.entry(uri).or_insert_with(|| (service.id_str(), false));
        if *first != service.id_str() && !*reported {
            *reported = true;
            let message = format!(
                "the ResourceEndpointuri \"{uri}\" serves gegevensdienst {first} and gegevensdienst {}; each has an \
                 endpoint of its own (core.gegevensdiensten.201)",
                service.id_str()
            );
            let near = [Some(uri), Some(service.id_str()), Some(aanbieder.name_str())];
            sink.push(Code::V5, aanbieder.name_str(), near, message);
        }
    });
}

fn each_resource_endpoint<'a>(
    list: &'a Zorgaanbiederslijst,
    mut each: impl FnMut(Zorgaanbieder<'a>, OfferedGegevensdienst<'a>, &'a str),
) {
    for aanbieder in list.zorgaanbieders() {
        for service in aanbieder
            .interfaceversies()
            .flat_map(|version| version.gegevensdiensten())
        {
            for uri in service.systeemrollen().filter_map(|role| role.resource_endpoint_str()) {
                each(aanbieder, service, uri);
            }
        }
    }
}

/// A hash that is quick rather than good: what collides is looked at again.
fn hash(key: u64, text: &str) -> u64 {
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let mut hash = words.iter().fold(key ^ text.len() as u64, |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    for b in rest {
        hash = mix(hash, u64::from(*b));
    }
    hash ^ (hash >> 32)
}

/// The keys are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u64(u64::from(*b));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = self.0.rotate_left(8) ^ value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The scheme and host of the last URI that was fine: most URIs of an entry have the same.
struct Known<'a> {
    origin: &'a str,
}

impl<'a> Known<'a> {
    /// Whether the URI is fine for sure: the known host without a port, and a plain path.
    fn covers(&self, uri: Option<&str>) -> bool {
        let path = uri.and_then(|uri| uri.strip_prefix(self.origin).filter(|_| !self.origin.is_empty()));
        path.is_some_and(is_plain_path)
    }

    fn keep(&mut self, uri: Option<&'a str>, result: Result<(), Unusable>) -> Result<(), Unusable> {
        const SCHEME: usize = "https://".len();
        if result.is_ok()
            && let Some(uri) = uri
            && let Some((authority, _)) = uri.get(SCHEME..).and_then(|rest| rest.split_once('/'))
            && !authority.contains(':')
        {
            self.origin = uri.get(..SCHEME + authority.len()).unwrap_or_default();
        }
        result
    }
}

/// Segments of letters, digits, `-` and `_`; nothing empty, nothing with a dot.
fn is_plain_path(path: &str) -> bool {
    let mut after_slash = false;
    for (n, b) in path.bytes().enumerate() {
        match b {
            b'/' if !after_slash => after_slash = true,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' if n > 0 => after_slash = false,
            _ => return false,
        }
    }
    !after_slash && path.len() < 1024
}

fn name_fault(name: &str) -> Option<String> {
    if is_zorgaanbiedernaam(name) {
        return None;
    }
    match Aanbiedernaam::parse(name) {
        Err(why) => Some(why.to_string()),
        Ok(_) if name.ends_with("@medmij") => None,
        Ok(_) => Some("it does not end in @medmij".to_owned()),
    }
}

fn is_plain_code(code: &str) -> bool {
    (1..=30).contains(&code.len())
        && code.starts_with(|c: char| c.is_ascii_alphanumeric())
        && code
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_types::{BackchannelUri, FrontchannelUri, GegevensdienstId, Systeemrolcode};

    #[test]
    fn what_is_passed_over_is_fine() {
        let mut known = Known { origin: "" };
        assert!(!known.covers(Some("https://a.nl/x")));
        known.keep(Some("https://a.nl:8443/x"), Ok(())).unwrap();
        assert_eq!(known.origin, "");
        known.keep(Some("https://a.nl/x"), Ok(())).unwrap();
        for (uri, is_covered) in [
            ("https://a.nl", true),
            ("https://a.nl/fhir/48", true),
            ("https://a.nl/fhir/R4_x-y", true),
            ("https://a.nl/", false),
            ("https://a.nl//x", false),
            ("https://a.nl/../x", false),
            ("https://a.nl/%zz", false),
            ("https://a.nl:99999/x", false),
            ("https://a.nl.evil-.nl/x", false),
            ("https://a.nlx/y", false),
            ("https://a.nl?x", false),
            ("", false),
        ] {
            assert_eq!(known.covers(Some(uri)), is_covered, "{uri}");
            if is_covered {
                assert!(BackchannelUri::parse(uri).is_ok() && FrontchannelUri::parse(uri).is_ok());
            }
        }
        assert!(!known.covers(None));
    }

    #[test]
    fn plain_names_and_codes_are_fine() {
        for code in [
            "",
            "1",
            "MM-3.0-BZB-FHIR",
            "a b",
            "ab~c",
            "-a",
            ".a",
            "é",
            &"1".repeat(30),
            &"1".repeat(31),
        ] {
            let fine = GegevensdienstId::parse(code).is_ok() && Systeemrolcode::parse(code).is_ok();
            assert!(!is_plain_code(code) || fine, "{code}");
        }
        for name in [
            "umc@medmij",
            "um@medmij",
            "umc@Medmij",
            "u.c@medmij",
            "u..c@medmij",
            "jansen&zn@medmij",
            "z12345@medmij",
            "umc",
            "Umc@medmij",
        ] {
            let fine = name.ends_with("@medmij") && Aanbiedernaam::parse(name).is_ok();
            assert_eq!(name_fault(name).is_none(), fine, "{name}");
        }
    }
}
