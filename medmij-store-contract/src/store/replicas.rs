// SPDX-License-Identifier: AGPL-3.0-or-later
//! Two replicas of a server that do not agree on the time, and one without randomness.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use medmij_dvp::Callback;
use medmij_dvza::{
    Arrived, Next, Server,
    store::{AuditKind, DangerShiftClock},
};
use medmij_types::{Clock, Entropy, EntropyError, OsEntropy, SystemClock};

use super::dvza::{Bundle, at_consent, code, config, dvp, is_covered, peer, refresh, server_with, start, submit};

/// R9: one replica is five minutes late, the other a day early. The clock of the store decides, so both say the same of every
/// code and token.
pub async fn server_replicas_with_other_clocks_r9<S: DangerShiftClock>(store: Arc<S>) {
    let five_minutes = Duration::from_secs(300);
    let replicas = [
        replica(&store, Wrong::Late(five_minutes)),
        replica(&store, Wrong::Early(Duration::from_secs(86_400))),
    ];
    for (issuer, redeemer) in [(0, 1), (1, 0)] {
        for (after, status) in [(890, 200), (900, 400)] {
            let (_, received) = code(&replicas[issuer], true).await;
            let (request, exchange) = dvp().token_request(received).expect("request");
            shift(&*store, after).await;
            let response = replicas[redeemer].token(&request, &peer("pgo.example.nl")).await;
            assert_eq!(response.status(), status, "code after {after} s");
            if status != 200 {
                continue;
            }
            let tokens = dvp().tokens(exchange, &response).expect("tokens");
            shift(&*store, 890).await;
            for replica in &replicas {
                assert!(
                    is_covered(replica, &tokens, "pgo.example.nl").await,
                    "token after 890 s"
                );
            }
            shift(&*store, 10).await;
            for replica in &replicas {
                assert!(
                    !is_covered(replica, &tokens, "pgo.example.nl").await,
                    "token after 900 s"
                );
            }
            // half a year less a second after its issue, at the other one
            shift(&*store, 182 * 86_400 - 910).await;
            let renewal = tokens.renewal.expect("langdurig");
            assert!(refresh(&replicas[issuer], &dvp(), renewal).await.is_some());
        }
    }
}

/// O2: without randomness there is no flow, no code and no token: 503, and what was there stays as it was.
pub async fn server_without_entropy_gives_nothing_o2<S: DangerShiftClock>(store: Arc<S>) {
    let entropy = Arc::new(Failing(AtomicUsize::new(usize::MAX)));
    let mut config = config();
    config.entropy = entropy.clone();
    let server = server_with(&store, config);
    let consents = || async {
        let entries = store.danger_audit().await.expect("audit");
        entries
            .iter()
            .filter(|entry| entry.kind == AuditKind::Consented)
            .count()
    };

    let (flow, location) = start();
    let query = location.split_once('?').expect("query").1;
    let headers = http::HeaderMap::new();
    for arrived in entropy.fails_at_each(|| server.authorize(query, &headers)).await {
        match arrived {
            Arrived::Page(page) => assert_eq!(page.status, 503),
            other => panic!("{other:?}"),
        }
    }
    let (visitor, csrf) = at_consent(&server, &location).await;
    let form = format!("csrf={csrf}&answer=yes&langdurig=yes");
    for next in entropy.fails_at_each(|| submit(&server, &visitor, &form)).await {
        match next {
            Next::Page(page) => assert_eq!(page.status, 503),
            other => panic!("a code without randomness: {other:?}"),
        }
    }
    assert_eq!(consents().await, 0, "no consent without its code");

    // the question is still there, and answered when there is randomness again
    let Next::Away(back) = submit(&server, &visitor, &form).await else {
        panic!("no code")
    };
    let callback = Callback::new("s", "/cb", back.split_once('?').expect("query").1);
    let received = flow.finish(&callback, SystemTime::now()).expect("code");
    let (request, exchange) = dvp().token_request(received).expect("request");
    let names = peer("pgo.example.nl");
    for response in entropy.fails_at_each(|| server.token(&request, &names)).await {
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key("retry-after"));
    }
    let response = server.token(&request, &names).await;
    assert!(dvp().tokens(exchange, &response).is_ok(), "the code was not burnt");
}

async fn shift<S: DangerShiftClock>(store: &S, seconds: u64) {
    store
        .danger_shift_clock(Duration::from_secs(seconds))
        .await
        .expect("shift");
}

fn replica<S: DangerShiftClock>(store: &Arc<S>, clock: Wrong) -> Server<Bundle<S>> {
    let mut config = config();
    config.clock = Arc::new(clock);
    server_with(store, config)
}

/// A clock of a replica that is wrong.
#[derive(Clone, Copy)]
enum Wrong {
    Late(Duration),
    Early(Duration),
}

impl Clock for Wrong {
    fn now(&self) -> SystemTime {
        let now = SystemClock::default().now();
        match *self {
            Self::Late(by) => now - by,
            Self::Early(by) => now + by,
        }
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Randomness that gives out after so many draws.
struct Failing(AtomicUsize);

impl Failing {
    /// What becomes of a step when the first, the second, … draw fails, until one needs no more draws.
    async fn fails_at_each<F: Future>(&self, step: impl Fn() -> F) -> Vec<F::Output> {
        let mut outcomes = Vec::new();
        for draws in 0..MAX_COLLISIONS {
            self.0.store(draws, Ordering::SeqCst);
            outcomes.push(step().await);
        }
        self.0.store(usize::MAX, Ordering::SeqCst);
        outcomes
    }
}

impl Entropy for Failing {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let left = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| EntropyError)?;
        OsEntropy.fill(bytes)
    }
}

/// Each of the three steps needs more draws than this: flow and session; id, code and seal; two tokens.
const MAX_COLLISIONS: usize = 2;
