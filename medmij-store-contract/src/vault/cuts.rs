// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — a DVP that dies between any two steps of a refresh: after a restart the consent is whole.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use medmij_dvp::{
    Renewal,
    vault::{Advanced, DangerShiftVault, RefreshError, RefreshStart, RefreshTokens, StoreError, TokenVault, VaultKey},
};
use medmij_dvza::{Server, store::MemoryStore};
use medmij_oauth::{policy::ClientBinding, seal::LocalKeyRing};
use medmij_types::OsEntropy;
use tokio::sync::Notify;

use crate::store::dvza::{Bundle, code, dvp, is_covered, peer, server};

/// Where the DVP dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    BeforeBegin,
    AfterBegin,
    BeforeSend,
    /// The DVZA has answered, and the answer is lost.
    AfterSend,
    /// The answer is there, and not kept yet.
    BeforeFinish,
    /// The next token is kept, and the access token was not handed out.
    AfterFinish,
}

const CUTS: [Cut; 6] = [
    Cut::BeforeBegin,
    Cut::AfterBegin,
    Cut::BeforeSend,
    Cut::AfterSend,
    Cut::BeforeFinish,
    Cut::AfterFinish,
];

/// After a cut at any step, and another one at any step, the next refresh brings tokens that work, and so does the one after.
pub async fn core_tknint_208_a_cut_between_any_two_steps_loses_no_consent<V: DangerShiftVault>(vault: Arc<V>) {
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).expect("keys"));
    let pairs = CUTS.iter().flat_map(|a| CUTS.iter().map(move |b| (*a, *b)));
    for (number, (first, second)) in pairs.enumerate() {
        let (server, renewal) = langdurig().await;
        let key = VaultKey::of(&format!("rekening-{number}"), &renewal);
        let refresh_tokens = || RefreshTokens::new(Arc::clone(&vault), keys.clone(), Arc::new(OsEntropy));
        refresh_tokens().keep(&key, &renewal).await.expect("keep");
        for at in [first, second] {
            die(&vault, &keys, &server, &key, at).await;
            // the lease of the one that died is over
            vault.danger_shift_clock(Duration::from_secs(61)).await.expect("shift");
        }
        for _ in 0..2 {
            let (refresh_tokens, dvp) = (refresh_tokens(), dvp());
            let refreshed = refresh_tokens.refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp,
                &key,
                medmij_log::InitiatedBy::Machine,
                |request| async {
                    let request = request;
                    Ok::<_, Infallible>(server.token(&request, &peer("pgo.example.nl")).await)
                },
            );
            let tokens = refreshed.await;
            let tokens = tokens.unwrap_or_else(|error| panic!("{first:?}, {second:?}: {error}"));
            assert!(
                is_covered(&server, &tokens, "pgo.example.nl").await,
                "{first:?}, {second:?}"
            );
        }
    }
}

/// Of many that refresh at once one asks the DVZA; nobody else sends the token.
pub async fn core_tknint_208_refreshes_at_once_ask_once<V: DangerShiftVault>(vault: Arc<V>) {
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).expect("keys"));
    let (server, renewal) = langdurig().await;
    let key = VaultKey::of("rekening", &renewal);
    let refresh_tokens = Arc::new(RefreshTokens::new(Arc::clone(&vault), keys, Arc::new(OsEntropy)));
    refresh_tokens.keep(&key, &renewal).await.expect("keep");
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let first = {
        let (refresh_tokens, key, server) = (Arc::clone(&refresh_tokens), key.clone(), server.clone());
        let (asked, go_on) = (Arc::clone(&asked), Arc::clone(&go_on));
        tokio::spawn(async move {
            let dvp = dvp();
            let sent = refresh_tokens.refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp,
                &key,
                medmij_log::InitiatedBy::Machine,
                |request| async move {
                    asked.notify_one();
                    go_on.notified().await;
                    Ok::<_, Infallible>(server.token(&request, &peer("pgo.example.nl")).await)
                },
            );
            sent.await.is_ok()
        })
    };
    asked.notified().await;
    for _ in 0..8 {
        let not_sent = |_| std::future::ready(Err::<Response<Bytes>, _>("sent twice"));
        let late = refresh_tokens
            .refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp(),
                &key,
                medmij_log::InitiatedBy::Machine,
                not_sent,
            )
            .await;
        assert!(matches!(late, Err(RefreshError::UnderWay)), "{late:?}");
    }
    go_on.notify_one();
    assert!(first.await.expect("task"));
}

/// RFC 6749 section 6: an answer without a next refresh token leaves the old one; `invalid_grant` ends it; anything else may be
/// tried again.
pub async fn rfc_6749_6_only_invalid_grant_ends_what_is_kept<V: DangerShiftVault>(vault: Arc<V>) {
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).expect("keys"));
    let (_, renewal) = langdurig().await;
    let key = VaultKey::of("rekening", &renewal);
    let refresh_tokens = RefreshTokens::new(Arc::clone(&vault), keys, Arc::new(OsEntropy));
    refresh_tokens.keep(&key, &renewal).await.expect("keep");
    for (status, body, there) in [
        (200, r#"{"access_token":"a","token_type":"Bearer"}"#, true),
        (503, r#"{"error":"temporarily_unavailable"}"#, true),
        (400, r#"{"error":"invalid_request"}"#, true),
        (200, "<html>", true),
        (400, r#"{"error":"invalid_grant"}"#, false),
    ] {
        let answer = Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(Bytes::from_static(body.as_bytes()))
            .expect("response");
        let answered = |_| std::future::ready(Ok::<_, Infallible>(answer));
        let refreshed = refresh_tokens
            .refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp(),
                &key,
                medmij_log::InitiatedBy::Machine,
                answered,
            )
            .await;
        assert_eq!(refreshed.is_ok(), body.contains("access_token"), "{body}");
        let not_sent = |_| std::future::ready(Err::<Response<Bytes>, _>("not sent"));
        let again = refresh_tokens
            .refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp(),
                &key,
                medmij_log::InitiatedBy::Machine,
                not_sent,
            )
            .await;
        let kept = matches!(again, Err(RefreshError::Send(_)));
        assert_eq!(kept, there, "{body}: {again:?}");
    }
}

/// A DVZA, and the refresh token of a langdurige toestemming.
async fn langdurig() -> (Server<Bundle<MemoryStore>>, Renewal) {
    let server = server(&Arc::new(MemoryStore::default()), ClientBinding::learn());
    let (dvp, received) = code(&server, true).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let response = server.token(&request, &peer("pgo.example.nl")).await;
    let tokens = dvp.tokens(exchange, &response).expect("tokens");
    (server, tokens.renewal.expect("langdurig"))
}

/// A refresh that goes as far as the cut, and no further.
async fn die<V: DangerShiftVault>(
    vault: &Arc<V>,
    keys: &Arc<LocalKeyRing>,
    server: &Server<Bundle<MemoryStore>>,
    key: &VaultKey,
    at: Cut,
) {
    let reached = Arc::new(Notify::new());
    let dying = Dying {
        vault: Arc::clone(vault),
        at,
        reached: Arc::clone(&reached),
    };
    let (server, key, send) = (server.clone(), key.clone(), dying.clone());
    let refresh_tokens = RefreshTokens::new(dying, keys.clone(), Arc::new(OsEntropy));
    let task = tokio::spawn(async move {
        let dvp = dvp();
        let refreshed = refresh_tokens.refresh(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            &dvp,
            &key,
            medmij_log::InitiatedBy::Machine,
            |request| async move {
                send.dies(Cut::BeforeSend).await;
                let response = server.token(&request, &peer("pgo.example.nl")).await;
                send.dies(Cut::AfterSend).await;
                Ok::<_, Infallible>(response)
            },
        );
        drop(refreshed.await);
    });
    reached.notified().await;
    task.abort();
    assert!(
        task.await.is_err_and(|error| error.is_cancelled()),
        "{at:?} was not reached"
    );
}

/// A vault of a process that dies.
struct Dying<V> {
    vault: Arc<V>,
    at: Cut,
    reached: Arc<Notify>,
}

impl<V> Clone for Dying<V> {
    fn clone(&self) -> Self {
        Self {
            vault: Arc::clone(&self.vault),
            at: self.at,
            reached: Arc::clone(&self.reached),
        }
    }
}

impl<V> Dying<V> {
    async fn dies(&self, here: Cut) {
        if self.at == here {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

impl<V: DangerShiftVault> TokenVault for Dying<V> {
    async fn keep(&self, key: &VaultKey, sealed: Vec<u8>) -> Result<(), StoreError> {
        self.vault.keep(key, sealed).await
    }

    async fn begin(&self, key: &VaultKey, lease: Duration) -> Result<RefreshStart, StoreError> {
        self.dies(Cut::BeforeBegin).await;
        let started = self.vault.begin(key, lease).await;
        self.dies(Cut::AfterBegin).await;
        started
    }

    async fn finish(&self, key: &VaultKey, attempt: u64, sealed: Vec<u8>) -> Result<Advanced, StoreError> {
        self.dies(Cut::BeforeFinish).await;
        let finished = self.vault.finish(key, attempt, sealed).await;
        self.dies(Cut::AfterFinish).await;
        finished
    }

    async fn release(&self, key: &VaultKey, attempt: u64) -> Result<(), StoreError> {
        self.vault.release(key, attempt).await
    }

    async fn lapse(&self, key: &VaultKey, attempt: u64) -> Result<Advanced, StoreError> {
        self.vault.lapse(key, attempt).await
    }

    async fn forget(&self, key: &VaultKey) -> Result<(), StoreError> {
        self.vault.forget(key).await
    }

    async fn purge(&self, older_than: Duration, batch: usize) -> Result<usize, StoreError> {
        self.vault.purge(older_than, batch).await
    }
}
