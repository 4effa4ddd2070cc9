// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.208 — refresh answers that are cut at a random byte, over two replicas of the DVZA: no consent
//! is lost, no token has two successors, and each token that is used again after its successor ends the family.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use medmij_dvp::{
    ExchangeError,
    person::ActiveAccount,
    vault::{DangerShiftVault, RefreshError, RefreshTokens, TokenVault, VaultKey},
};
use medmij_dvza::{
    Server,
    store::{DangerShiftClock, MemoryStore, RefreshRate},
};
use medmij_oauth::{
    policy::Lifetime,
    seal::LocalKeyRing,
    wire::{ErrorCode, TokenResponseError},
};
use medmij_types::{Entropy as _, OsEntropy};
use tokio::sync::{Mutex, RwLock};

use crate::store::dvza::{Bundle, code, config, dvp, error_of, peer, server_with};

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CutAnswers {
    /// Langdurige toestemmingen that were used.
    pub consents: u64,
    /// Answers that ended at some byte before their last.
    pub cut: u64,
    /// Refreshes that brought tokens, of which the DVP kept the next one.
    pub whole: u64,
    /// Answers that said to come back later: another request with the same token was under way, or the database was away.
    pub later: u64,
    /// Requests that came to both replicas at once.
    pub doubled: u64,
    /// Of those, where both gave a token.
    pub two_successors: u64,
    /// Consents that ended though nobody used an old token.
    pub lost: u64,
    /// Tokens used again after their successor was.
    pub reused: u64,
    /// Of those, where the family ended.
    pub ended: u64,
}

impl CutAnswers {
    /// Whether the promise holds.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.lost == 0 && self.two_successors == 0 && self.ended == self.reused && self.reused > 0
    }

    fn add(&mut self, other: Self) {
        self.consents += other.consents;
        self.cut += other.cut;
        self.whole += other.whole;
        self.later += other.later;
        self.doubled += other.doubled;
        self.two_successors += other.two_successors;
        self.lost += other.lost;
        self.reused += other.reused;
        self.ended += other.ended;
    }
}

/// A few cuts, with the store of the DVZA in memory: the vault is what is tried.
pub async fn core_tknint_208_answers_cut_at_a_random_byte_lose_no_consent<V: DangerShiftVault + 'static>(
    vault: Arc<V>,
) {
    let store = Arc::new(MemoryStore::default());
    let found = cut_answers([Arc::clone(&store), store], vault, (40, 2), &Arc::default()).await;
    assert!(found.is_good() && found.cut >= 40, "{found:?}");
}

/// At least so many cuts, by so many callers at once, each with a consent of its own at a time. Two replicas of the DVZA
/// share the rows of `stores`; whichever is asked, and whatever of the database goes away in between, the DVP goes on.
/// `progress` counts the cuts as they happen.
pub async fn cut_answers<S: DangerShiftClock, V: DangerShiftVault + 'static>(
    stores: [Arc<S>; 2],
    vault: Arc<V>,
    (cuts, callers): (u64, u64),
    progress: &Arc<AtomicU64>,
) -> CutAnswers {
    let replicas = stores.each_ref().map(|store| {
        let mut config = config();
        // as in production: a second request with one token waits
        config.lifetimes.refresh_race = Lifetime::new(RACE).expect("lifetime");
        config.refresh_rate = RefreshRate::new(u32::MAX, Duration::from_secs(900));
        server_with(store, config)
    });
    let keys = Arc::new(LocalKeyRing::of_bytes(1, [7; 32], [8; 32]));
    // nobody moves the clock of the store between two requests that come at once
    let clock = Arc::new(RwLock::new(()));
    // two replicas of the DVP too
    let dvps = [0, 1].map(|_| {
        Arc::new(RefreshTokens::new(
            Arc::clone(&vault),
            keys.clone(),
            Arc::new(OsEntropy),
        ))
    });
    let consents = Arc::new(Mutex::new(begin_all(&replicas, &dvps[0], cuts / 4 + callers).await));
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (store, replicas, vault) = (Arc::clone(&stores[0]), replicas.clone(), Arc::clone(&vault));
            let (clock, progress) = (Arc::clone(&clock), Arc::clone(progress));
            let (dvps, consents) = (dvps.clone(), Arc::clone(&consents));
            tokio::spawn(async move {
                let mut found = CutAnswers::default();
                while found.cut < cuts.div_ceil(callers) {
                    let key = consents.lock().await.pop().expect("enough consents");
                    let world = World {
                        store: &*store,
                        vault: &*vault,
                        replicas: &replicas,
                        dvps: &dvps,
                        clock: &clock,
                        progress: &progress,
                    };
                    found.add(world.one_consent(&key).await);
                }
                found
            })
        })
        .collect();
    let mut found = CutAnswers::default();
    for task in tasks {
        found.add(task.await.expect("task"));
    }
    found
}

struct World<'a, S: DangerShiftClock, V: DangerShiftVault> {
    store: &'a S,
    vault: &'a V,
    replicas: &'a [Server<Bundle<S>>; 2],
    dvps: &'a [Arc<RefreshTokens<Arc<V>>>; 2],
    clock: &'a RwLock<()>,
    progress: &'a AtomicU64,
}

impl<S: DangerShiftClock, V: DangerShiftVault> World<'_, S, V> {
    /// A consent from its beginning to the reuse that ends it.
    async fn one_consent(&self, key: &VaultKey) -> CutAnswers {
        let mut found = CutAnswers {
            consents: 1,
            ..CutAnswers::default()
        };
        let (mut offered, mut refreshed) = (Vec::<Request<Bytes>>::new(), 0);
        while refreshed < REFRESHES {
            let cut_before = found.cut;
            let mut wire = Wire {
                replicas: self.replicas,
                offered: &mut offered,
                found: &mut found,
                clock: self.clock,
            };
            let (wire, dvp) = (&mut wire, dvp());
            let sent =
                self.dvps[draw(2)].refresh(active(), &dvp, key, medmij_log::InitiatedBy::Machine, move |request| {
                    wire.send(request)
                });
            let sent = sent.await;
            self.progress.fetch_add(found.cut - cut_before, Ordering::Relaxed);
            match sent {
                Ok(_) => {
                    found.whole += 1;
                    refreshed += 1;
                }
                Err(error) if ends(&error) => {
                    found.lost += 1;
                    return found;
                }
                Err(error) => {
                    found.later += 1;
                    self.wait_for(&error).await;
                }
            }
        }
        reuse(self.replicas, &offered, &mut found).await;
        found.ended += u64::from(self.is_over(key).await);
        found
    }

    /// The DVP asks again when the window of the race and the lease of the attempt are over.
    async fn wait_for(&self, error: &RefreshError) {
        if matches!(error, RefreshError::UnderWay | RefreshError::Vault(_)) {
            // where the database is away, it is asked again
            drop(self.vault.danger_shift_clock(Duration::from_secs(61)).await);
        }
        let _alone = self.clock.write().await;
        drop(self.store.danger_shift_clock(RACE).await);
    }

    /// Whether the token that the DVP keeps is refused.
    async fn is_over(&self, key: &VaultKey) -> bool {
        for _ in 0..100_000 {
            let (server, dvp) = (&self.replicas[draw(2)], dvp());
            let sent = self.dvps[draw(2)].refresh(
                active(),
                &dvp,
                key,
                medmij_log::InitiatedBy::Machine,
                |request| async move {
                    let request = request;
                    Ok::<_, std::convert::Infallible>(server.token(&request, &peer("pgo.example.nl")).await)
                },
            );
            match sent.await {
                Ok(_) => return false,
                Err(error) if ends(&error) => return true,
                Err(error) => self.wait_for(&error).await,
            }
        }
        panic!("the database did not come back")
    }
}

/// Offers a token whose successor was used.
async fn reuse<S: DangerShiftClock>(
    replicas: &[Server<Bundle<S>>; 2],
    offered: &[Request<Bytes>],
    found: &mut CutAnswers,
) {
    let mut different = offered.iter().map(Request::body).collect::<Vec<_>>();
    different.dedup();
    assert!(different.len() >= 3, "each refresh brings another token");
    let old = offered.first().expect("a request");
    found.reused += 1;
    let answer = until_available(&replicas[draw(2)], old).await;
    assert_eq!(error_of(&answer), "invalid_grant");
}

/// Asks until the database is there.
async fn until_available<S: DangerShiftClock>(server: &Server<Bundle<S>>, request: &Request<Bytes>) -> Response<Bytes> {
    for _ in 0..100_000 {
        let answer = server.token(request, &peer("pgo.example.nl")).await;
        if answer.status() != 503 {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("the database did not come back")
}

/// So many consents, with their first refresh tokens in the vault.
async fn begin_all<S: DangerShiftClock, V: TokenVault>(
    replicas: &[Server<Bundle<S>>; 2],
    refresh_tokens: &RefreshTokens<Arc<V>>,
    consents: u64,
) -> Vec<VaultKey> {
    let mut keys = Vec::new();
    for name in 0..consents {
        let server = &replicas[draw(2)];
        let (dvp, received) = code(server, true).await;
        let (request, exchange) = dvp.token_request(received).expect("request");
        let response = server.token(&request, &peer("pgo.example.nl")).await;
        let tokens = dvp.tokens(exchange, &response).expect("tokens");
        let renewal = tokens.renewal.expect("langdurig");
        let key = VaultKey::of(&name.to_string(), &renewal);
        refresh_tokens.keep(&key, &renewal).await.expect("keep");
        keys.push(key);
    }
    keys
}

/// The way to the DVZA and back.
struct Wire<'a, S: DangerShiftClock> {
    replicas: &'a [Server<Bundle<S>>; 2],
    offered: &'a mut Vec<Request<Bytes>>,
    found: &'a mut CutAnswers,
    clock: &'a RwLock<()>,
}

impl<S: DangerShiftClock> Wire<'_, S> {
    async fn send(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, &'static str> {
        let names = peer("pgo.example.nl");
        let at = draw(2);
        let answer = if draw(4) == 0 {
            // something in between sends it twice
            self.found.doubled += 1;
            let _still = self.clock.read().await;
            let (one, other) = tokio::join!(
                self.replicas[at].token(&request, &names),
                self.replicas[1 - at].token(&request, &names)
            );
            self.found.two_successors += u64::from(one.status() == 200 && other.status() == 200);
            if draw(2) == 0 { one } else { other }
        } else {
            self.replicas[at].token(&request, &names).await
        };
        self.offered.push(request);
        self.cut(answer)
    }

    /// Half of the answers end at some byte.
    fn cut(&mut self, mut answer: Response<Bytes>) -> Result<Response<Bytes>, &'static str> {
        let head: usize = answer
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        let length = head + answer.body().len();
        let at = draw(2 * length);
        if at >= length {
            return Ok(answer);
        }
        self.found.cut += 1;
        match at.checked_sub(head) {
            // a proxy without a length takes what it has for the whole
            Some(at) if draw(2) == 0 => {
                let short = answer.body().slice(..at);
                *answer.body_mut() = short;
                Ok(answer)
            }
            _ => Err("the connection ended before the response was complete"),
        }
    }
}

/// Whether the DVP lost the consent.
fn ends(error: &RefreshError) -> bool {
    match error {
        RefreshError::Unknown => true,
        RefreshError::Exchange(ExchangeError::Response(TokenResponseError::Refused(refused))) => {
            refused.error == ErrorCode::InvalidGrant
        }
        _ => false,
    }
}

fn active() -> ActiveAccount {
    ActiveAccount::danger_unchecked()
}

/// A number below `most`.
fn draw(most: usize) -> usize {
    let mut bytes = [0; 8];
    OsEntropy.fill(&mut bytes).expect("entropy");
    usize::try_from(u64::from_le_bytes(bytes) % u64::try_from(most).expect("small")).expect("small")
}

/// How long a second request with one token waits.
const RACE: Duration = Duration::from_secs(5);

/// So often a consent is used before an old token ends it.
const REFRESHES: u32 = 12;
