// SPDX-License-Identifier: AGPL-3.0-or-later
//! The results of searches with more matches than one page holds.
//!
//! They stay in memory for at most 900 s, are found by a random key of 128 bits that nobody can guess,
//! and are given only to the access token that asked. A page costs what the page is. When there is no
//! more room the oldest result of the same token goes first, then the oldest of all; its links answer 410.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use medmij_types::Entropy;
use sha2::{Digest, Sha256};

use super::include::Include;
use super::refusal::Refusal;
use crate::name::ResourceType;
use crate::resource::Resource;

/// How long a page can be asked: an access token lives no longer.
const LIFETIME: Duration = Duration::from_secs(900);
/// Results of one token.
const EACH: usize = 64;

/// The access token that a request carries, as its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner([u8; 32]);

/// A result that was too long for one page.
#[derive(Debug)]
pub(super) struct LongResult {
    pub(super) resource_type: ResourceType,
    pub(super) last_n: bool,
    pub(super) matches: Vec<Resource>,
    pub(super) includes: Vec<Include>,
    pub(super) size: usize,
}

#[derive(Debug)]
struct Row {
    owner: Owner,
    kept_at: Duration,
    bytes: usize,
    result: Arc<LongResult>,
}

/// All results of one server.
#[derive(Debug)]
pub(super) struct Pages {
    rows: Mutex<BTreeMap<String, Row>>,
    most_bytes: usize,
}

impl Owner {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut digest = Sha256::new();
        for value in headers.get_all(AUTHORIZATION) {
            digest.update(value.as_bytes());
        }
        Self(digest.finalize().into())
    }
}

impl Pages {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self {
            rows: Mutex::new(BTreeMap::new()),
            most_bytes,
        }
    }

    /// Keeps a result and gives its key.
    pub(super) fn keep(
        &self,
        owner: Owner,
        result: LongResult,
        now: Duration,
        entropy: &dyn Entropy,
    ) -> Result<(String, Arc<LongResult>), Refusal> {
        let bytes: usize = result.matches.iter().map(|resource| resource.as_str().len()).sum();
        if bytes > self.most_bytes {
            return Err(Refusal::TooCostly);
        }
        let mut random = [0; 16];
        entropy.fill(&mut random).map_err(|_| Refusal::Internal)?;
        let key = random.iter().fold(String::with_capacity(32), |mut key, byte| {
            let _ = write!(key, "{byte:02x}");
            key
        });
        let result = Arc::new(result);
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|_, row| now.saturating_sub(row.kept_at) < LIFETIME);
        while rows.values().filter(|row| row.owner == owner).count() >= EACH && drop_oldest(&mut rows, Some(owner)) {}
        while rows.values().map(|row| row.bytes).sum::<usize>() + bytes > self.most_bytes
            && (drop_oldest(&mut rows, Some(owner)) || drop_oldest(&mut rows, None))
        {}
        let row = Row {
            owner,
            kept_at: now,
            bytes,
            result: Arc::clone(&result),
        };
        rows.insert(key.clone(), row);
        Ok((key, result))
    }

    /// The result with this key, for the token that asked it.
    pub(super) fn find(&self, owner: Owner, key: &str, now: Duration) -> Option<Arc<LongResult>> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let row = rows.get(key)?;
        let live = row.owner == owner && now.saturating_sub(row.kept_at) < LIFETIME;
        live.then(|| Arc::clone(&row.result))
    }
}

fn drop_oldest(rows: &mut BTreeMap<String, Row>, owner: Option<Owner>) -> bool {
    let of_owner = |row: &&Row| owner.is_none_or(|owner| row.owner == owner);
    let Some(oldest) = rows.values().filter(of_owner).map(|row| row.kept_at).min() else {
        return false;
    };
    let key = rows
        .iter()
        .find(|(_, row)| of_owner(row) && row.kept_at == oldest)
        .map(|(key, _)| key.clone());
    key.and_then(|key| rows.remove(&key)).is_some()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderMap;
    use medmij_types::OsEntropy;

    use super::{LongResult, Owner, Pages};
    use crate::limits::Limits;
    use crate::name::ResourceType;
    use crate::resource::Resource;

    fn owner(token: &str) -> Owner {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        Owner::of(&headers)
    }

    fn result(matches: usize) -> LongResult {
        let flag = Resource::parse(br#"{"resourceType":"Flag","id":"a"}"#, &Limits::default()).unwrap();
        LongResult {
            resource_type: ResourceType::parse("Flag").unwrap(),
            last_n: false,
            matches: vec![flag; matches],
            includes: Vec::new(),
            size: 1,
        }
    }

    #[test]
    fn a_page_is_of_its_token_and_lives_900_seconds() {
        let pages = Pages::new(10_000);
        let (key, _) = pages
            .keep(owner("een"), result(3), Duration::from_secs(10), &OsEntropy)
            .unwrap();
        assert!(pages.find(owner("een"), &key, Duration::from_secs(909)).is_some());
        assert!(pages.find(owner("een"), &key, Duration::from_secs(910)).is_none());
        assert!(pages.find(owner("twee"), &key, Duration::from_secs(10)).is_none());
        assert!(pages.find(owner("een"), "0", Duration::from_secs(10)).is_none());
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_of_the_same_token_goes_first() {
        let one = 32 * 10;
        let pages = Pages::new(3 * one);
        let keep = |token: &str, at| {
            pages
                .keep(owner(token), result(10), Duration::from_secs(at), &OsEntropy)
                .unwrap()
                .0
        };
        let (first, second, third) = (keep("een", 0), keep("twee", 1), keep("een", 2));
        let fourth = keep("een", 3);
        let there = |token: &str, key: &str| pages.find(owner(token), key, Duration::from_secs(4)).is_some();
        assert!(!there("een", &first) && there("twee", &second) && there("een", &third) && there("een", &fourth));
        assert!(
            pages
                .keep(owner("een"), result(40), Duration::from_secs(5), &OsEntropy)
                .is_err()
        );
    }
}
