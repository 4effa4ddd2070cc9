// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.208, core.dossier.108 — a copy is made, consents end in every way there is, the copy is put back: none of
//! their tokens is served, neither before nor after the store is reconciled with its journal.

use std::{path::Path, sync::Arc};

use medmij_dvza::store::{
    Acting, DangerShiftClock, Granted, JournaledStore, PersoonEnd, Redeem, RedeemedCode, Rotated, Store,
};
use medmij_oauth::{
    journal::Journal,
    seal::PersoonIndex,
    storage::{JournalMarks, SecretHash, StoreError},
};
use medmij_types::{AccessToken, OsEntropy};
use tokio::task::JoinSet;

use super::{
    dvza::{bgz, config, peer, server_with},
    fixtures::{Token, audit, client, name, new_access, new_grant_of, open, redeem, rotate},
};

/// A langdurige toestemming, with what was issued from it.
#[derive(Clone)]
pub struct Issued {
    number: usize,
    persoon: PersoonIndex,
    code: SecretHash,
    offer: Redeem,
    token: Token,
}

/// So many toestemmingen, each of another Persoon; the last one is not to end.
pub async fn issue<S: DangerShiftClock>(store: &Arc<S>, many: usize) -> Vec<Issued> {
    let (mut tasks, mut issued) = (JoinSet::new(), Vec::new());
    for number in 0..=many {
        if tasks.len() >= AT_ONCE {
            issued.extend(tasks.join_next().await.map(|task| task.expect("task")));
        }
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let persoon = PersoonIndex::from_bytes(*SecretHash::of(&number.to_string()).as_bytes());
            let new = new_grant_of(persoon, open(&*store).await, true);
            let (grant, code, offer) = (new.grant.id.clone(), new.code, redeem(new.binding));
            assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
            let taken = store.take_code(&code, &offer).await.expect("take");
            assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
            let hash = offer.refresh.as_ref().expect("refresh").token;
            let token = Token {
                grant,
                hash,
                generation: 1,
            };
            Issued {
                number,
                persoon,
                code,
                offer,
                token,
            }
        });
    }
    issued.extend(tasks.join_all().await);
    issued.sort_by_key(|issued| issued.number);
    issued
}

/// A store with the journal in this folder.
pub fn journaled<S: Store + JournalMarks>(store: S, folder: &Path) -> Arc<JournaledStore<S>> {
    let journal = Journal::open(folder, "dvza").expect("journal");
    Arc::new(JournaledStore::new(store, journal))
}

/// All but the last end: withdrawn most of them, and in every other way a few.
pub async fn end_all<S: Store + JournalMarks>(store: &Arc<JournaledStore<S>>, issued: &[Issued]) {
    let (_, ending) = issued.split_last().expect("one stays");
    let mut tasks = JoinSet::new();
    for issued in ending {
        if tasks.len() >= AT_ONCE {
            tasks.join_next().await.expect("some").expect("task");
        }
        let (store, issued) = (Arc::clone(store), issued.clone());
        tasks.spawn(async move { end(&*store, &issued).await });
    }
    tasks.join_all().await;
}

async fn end<S: Store>(store: &S, issued: &Issued) {
    let by = Acting::operator("ann");
    let persoon = vec![issued.persoon];
    match issued.number % 20 {
        0 => {
            let ended = store.end_persoon(&PersoonEnd::after_death(persoon, by)).await;
            assert_eq!(ended.expect("end").grants.len(), 1);
        }
        1 => {
            let ended = store.end_persoon(&PersoonEnd::erasure(persoon, by)).await;
            assert_eq!(ended.expect("end").entries, 1);
        }
        2 => store.revoke_grant(&issued.token.grant, &by).await.expect("revoke"),
        3 => {
            let mut again = issued.offer.clone();
            again.access = new_access();
            let replayed = store.take_code(&issued.code, &again).await.expect("take");
            assert_eq!(replayed, RedeemedCode::Replayed);
        }
        4 => {
            let mut token = issued.token.clone();
            for _ in 0..2 {
                let next = rotate(&token);
                let rotated = store.rotate_refresh(&next).await.expect("rotate");
                assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
                token = Token::of(&next);
            }
            let reused = store.rotate_refresh(&rotate(&issued.token)).await.expect("rotate");
            assert_eq!(reused, Rotated::Reused);
        }
        _ => {
            let entry = audit(medmij_dvza::store::AuditKind::Withdrawn);
            let client = client("pgo.example.nl");
            let ended = store.withdraw(&persoon, Some(&name()), &client, entry).await;
            assert_eq!(ended.expect("withdraw"), 1);
        }
    }
}

/// How many of the tokens of these a store serves: `Err` where it does not answer.
async fn served<S: Store>(store: &S, issued: &[Issued]) -> Result<usize, StoreError> {
    let mut served = 0;
    for issued in issued {
        served += usize::from(store.access(&issued.offer.access.token).await?.is_some());
    }
    Ok(served)
}

/// The folder of the journal is taken away and an empty one is in its place: nothing is served, by a store that runs and by
/// one that starts, until the folder is back.
pub async fn a_journal_that_was_replaced_is_noticed<S: DangerShiftClock + JournalMarks>(store: S, folder: &Path) {
    let (journal, kept) = (folder.join("journal"), folder.join("kept"));
    let store = journaled(store, &journal);
    let issued = issue(&store, 3).await;
    end_all(&store, &issued).await;
    let (stays, _) = issued.split_last().expect("one stays");
    assert_eq!(served(&*store, std::slice::from_ref(stays)).await.expect("access"), 1);

    std::fs::rename(&journal, &kept).expect("rename");
    std::fs::create_dir(&journal).expect("folder");
    let started = Journal::open(&journal, "dvza").expect("journal");
    for journal in [store.journal(), &started] {
        journal.look_again();
        let lacking = journal.lacks(store.store()).await.expect("look");
        assert_eq!(lacking.values().sum::<u64>(), 3);
        assert!(journal.pass(store.store()).await.is_err());
    }
    assert_refused(store.access(&stays.offer.access.token).await);
    // reconciling ends what the journal has, which is nothing
    assert_eq!(store.reconcile(&Acting::operator("ann")).await.expect("reconcile"), 0);
    assert_refused(store.access(&stays.offer.access.token).await);

    std::fs::remove_dir(&journal).expect("remove");
    std::fs::rename(&kept, &journal).expect("rename");
    store.journal().look_again();
    assert_eq!(served(&*store, std::slice::from_ref(stays)).await.expect("access"), 1);
}

/// The copy is put back, with the journal as it is now.
pub async fn nothing_that_ended_is_revived<S: DangerShiftClock + JournalMarks>(
    restored: S,
    folder: &Path,
    issued: &[Issued],
) {
    let (kept, ended) = issued.split_last().expect("one stays");
    let revived = served(&restored, issued).await.expect("access");
    assert_eq!(
        revived,
        issued.len(),
        "the copy has all of them: without a journal they would work"
    );
    let store = journaled(restored, folder);

    // before: nothing is served, of nobody, and nothing of it is used up
    assert!(store.is_older().await.expect("look"));
    for each in issued {
        assert_refused(store.access(&each.offer.access.token).await);
        assert_refused(store.rotate_refresh(&rotate(&each.token)).await);
        assert_refused(store.take_code(&each.code, &each.offer).await);
        assert_refused(store.live_grant(&each.token.grant).await);
    }
    assert_refused(store.grants_of(&[kept.persoon]).await);
    assert_refused(store.open_flow(super::new_flow()).await);
    let server = server_with(&store, config());
    let (headers, request) = calls();
    let answer = server.token(&request, &peer("pgo.example.nl")).await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key(http::header::RETRY_AFTER));
    let refused = server
        .guard(&headers, None, &peer("pgo.example.nl"), (&name(), &bgz()))
        .await;
    assert_eq!(refused.expect_err("refused").status(), 503);

    // after: those that ended have ended, whoever reconciles
    let by = Acting::operator("ann");
    assert_eq!(store.reconcile(&by).await.expect("reconcile"), ended.len());
    assert_eq!(store.reconcile(&by).await.expect("reconcile"), 0);
    assert!(!store.is_older().await.expect("look"));
    assert_eq!(served(&*store, ended).await.expect("access"), 0);
    for each in ended {
        let rotated = store.rotate_refresh(&rotate(&each.token)).await.expect("rotate");
        assert_eq!(rotated, Rotated::Unknown);
        assert!(store.grants_of(&[each.persoon]).await.expect("grants").is_empty());
    }
    // and what did not end goes on
    assert_eq!(served(&*store, std::slice::from_ref(kept)).await.expect("access"), 1);
    let rotated = store.rotate_refresh(&rotate(&kept.token)).await.expect("rotate");
    assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
    assert_eq!(server.token(&request, &peer("pgo.example.nl")).await.status(), 400);
    // an erased Persoon is not in the audit log again
    let entries = store.danger_audit().await.expect("audit");
    let erased = ended.iter().filter(|each| each.number % 20 == 1);
    for each in erased {
        assert!(entries.iter().all(|entry| entry.persoon != Some(each.persoon)));
    }
}

fn assert_refused<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
}

/// A resource request, and a token request with a code that nobody has.
fn calls() -> (http::HeaderMap, http::Request<bytes::Bytes>) {
    let token = AccessToken::random(&OsEntropy).expect("entropy");
    let value = format!("Bearer {}", token.expose()).parse().expect("header");
    let headers = http::HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
    let body = "grant_type=authorization_code&code=QUJDREVGR0hJSktMTU5PUFFSU1RVVg&client_id=pgo.example.nl\
                &redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb";
    let request = http::Request::post("https://dvza.example.nl/token")
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(bytes::Bytes::from_static(body.as_bytes()))
        .expect("request");
    (headers, request)
}

/// As many as a pool of connections has.
const AT_ONCE: usize = 8;
