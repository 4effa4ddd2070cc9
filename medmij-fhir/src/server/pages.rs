// SPDX-License-Identifier: AGPL-3.0-or-later
//! The results of searches with more matches than one page holds.
//!
//! They stay in memory for at most 900 s, and are given only to the access token that asked. A page costs what the page
//! is. When there is no more room the oldest result of the same token goes first, then the oldest of all.
//!
//! A link to a page is a random key of 128 bits that nobody can guess; its result is found by the process that made it, and
//! answers 410 elsewhere or when it is gone. With a [`PageSeal`] the link holds the search itself, sealed: another replica
//! runs it once more, and the page is answered when the same resources come, in the same order. No health data leaves the
//! memory of a process for that, and none is in the link.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use medmij_types::Entropy;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::include::Include;
use super::refusal::Refusal;
use crate::name::ResourceType;
use crate::resource::Resource;

/// How long a page can be asked: an access token lives no longer.
const LIFETIME: Duration = Duration::from_secs(900);
/// Seconds that the clocks of two replicas may differ.
const SKEW: u64 = 60;
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
    /// The parameters that were applied.
    pub(super) query: Vec<(String, String)>,
    pub(super) key: String,
    /// Of the matches, see [`digest_of`].
    pub(super) digest: String,
    /// When its links end, in seconds since 1970.
    pub(super) expires: u64,
}

/// Seals what is in the link to a next page: authenticated encryption with keys that all replicas of a server share.
///
/// A key ring of `medmij-oauth` is one in a few lines, as `examples/dvza` shows. Opening must fail for other bytes, another
/// context and a key that is gone.
pub trait PageSeal: Send + Sync {
    /// Seals `plain` for a context; none where it cannot.
    fn seal(&self, plain: &[u8], context: &[u8]) -> Option<Vec<u8>>;

    /// Opens what was sealed for this context; none where it was not.
    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>>;
}

/// What a link to a page says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PageLink {
    pub(super) key: String,
    pub(super) first: usize,
    pub(super) size: usize,
    pub(super) digest: String,
    pub(super) expires: u64,
    /// The search; not there in a link that is not sealed.
    pub(super) query: Option<Vec<(String, String)>>,
}

impl PageLink {
    pub(super) fn to(result: &LongResult, first: usize) -> Self {
        Self {
            key: result.key.clone(),
            first,
            size: result.size,
            digest: result.digest.clone(),
            expires: result.expires,
            query: Some(result.query.clone()),
        }
    }

    /// When a link ends that is made now.
    pub(super) fn end_of(now: SystemTime) -> u64 {
        seconds(now).saturating_add(LIFETIME.as_secs())
    }

    pub(super) fn has_ended(&self, now: SystemTime) -> bool {
        // a clock that was set back does not make a link live longer than it may
        let now = seconds(now);
        self.expires <= now || self.expires > now.saturating_add(LIFETIME.as_secs() + SKEW)
    }

    pub(super) fn plain(&self) -> String {
        format!("{}-{}", self.key, self.first)
    }

    pub(super) fn of_plain(text: &str) -> Option<Self> {
        let (key, first) = text.split_once('-')?;
        Some(Self {
            key: key.to_owned(),
            first: first.parse().ok()?,
            size: 0,
            digest: String::new(),
            expires: 0,
            query: None,
        })
    }

    pub(super) fn seal(&self, seal: &dyn PageSeal, context: &[u8]) -> Result<String, Refusal> {
        let plain = serde_json::to_vec(self).map_err(|_| Refusal::Internal)?;
        let sealed = seal.seal(&plain, context).ok_or(Refusal::Internal)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(super) fn open(text: &str, seal: &dyn PageSeal, context: &[u8]) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        serde_json::from_slice(&seal.open(&sealed, context)?).ok()
    }
}

/// By which a result is known again: which resources, in which order.
pub(super) fn digest_of(matches: &[Resource]) -> String {
    let mut digest = Sha256::new();
    for resource in matches {
        digest.update(resource.resource_type().as_str());
        digest.update("/");
        digest.update(resource.id().map_or("", |id| id.as_str()));
        digest.update(" ");
    }
    hex(&digest.finalize())
}

/// A key that nobody can guess.
pub(super) fn random_key(entropy: &dyn Entropy) -> Result<String, Refusal> {
    let mut random = [0; 16];
    entropy.fill(&mut random).map_err(|_| Refusal::Internal)?;
    Ok(hex(&random))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
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

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Pages {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self {
            rows: Mutex::new(BTreeMap::new()),
            most_bytes,
        }
    }

    /// Keeps a result under its key.
    pub(super) fn keep(&self, owner: Owner, result: LongResult, now: Duration) -> Result<Arc<LongResult>, Refusal> {
        let bytes: usize = result.matches.iter().map(|resource| resource.as_str().len()).sum();
        if bytes > self.most_bytes {
            return Err(Refusal::TooCostly);
        }
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
        rows.insert(result.key.clone(), row);
        Ok(result)
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

    use super::{LongResult, Owner, Pages};
    use crate::limits::Limits;
    use crate::name::ResourceType;
    use crate::resource::Resource;

    fn owner(token: &str) -> Owner {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        Owner::of(&headers)
    }

    fn result(key: &str, matches: usize) -> LongResult {
        let flag = Resource::parse(br#"{"resourceType":"Flag","id":"a"}"#, &Limits::default()).unwrap();
        LongResult {
            resource_type: ResourceType::parse("Flag").unwrap(),
            last_n: false,
            matches: vec![flag; matches],
            includes: Vec::new(),
            size: 1,
            query: Vec::new(),
            key: key.to_owned(),
            digest: String::new(),
            expires: 0,
        }
    }

    #[test]
    fn a_page_is_of_its_token_and_lives_900_seconds() {
        let pages = Pages::new(10_000);
        pages
            .keep(owner("een"), result("k", 3), Duration::from_secs(10))
            .unwrap();
        assert!(pages.find(owner("een"), "k", Duration::from_secs(909)).is_some());
        assert!(pages.find(owner("een"), "k", Duration::from_secs(910)).is_none());
        assert!(pages.find(owner("twee"), "k", Duration::from_secs(10)).is_none());
        assert!(pages.find(owner("een"), "0", Duration::from_secs(10)).is_none());
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_of_the_same_token_goes_first() {
        let one = 32 * 10;
        let pages = Pages::new(3 * one);
        let keep = |token: &str, key: &str, at| {
            pages
                .keep(owner(token), result(key, 10), Duration::from_secs(at))
                .unwrap()
        };
        keep("een", "first", 0);
        keep("twee", "second", 1);
        keep("een", "third", 2);
        keep("een", "fourth", 3);
        let there = |token: &str, key: &str| pages.find(owner(token), key, Duration::from_secs(4)).is_some();
        assert!(!there("een", "first") && there("twee", "second") && there("een", "third") && there("een", "fourth"));
        let large = pages.keep(owner("een"), result("fifth", 40), Duration::from_secs(5));
        assert!(large.is_err());
    }
}
