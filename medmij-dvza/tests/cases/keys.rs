// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keys retire: a refresh and a job bring grants under the current ones, and a ring that lacks a key in use is refused.

use std::sync::Arc;

use medmij_dvp::Renewal;
use medmij_dvza::{KeysError, Server, store::Store as _};
use medmij_log::InitiatedBy;
use medmij_oauth::seal::{KeyRing as _, LocalKeyRing, SealingKey, key_of};
use medmij_types::{Bsn, Release};

use crate::cases::{
    dvza::{BSN, Setup, setup},
    whole_flow::{dvp, flow_request, peer, tokens_for},
};

fn key(n: u8) -> SealingKey {
    SealingKey::from_bytes([n; 32])
}

/// Key 1, index version 1.
fn first() -> LocalKeyRing {
    LocalKeyRing::new(1, key(1), key(101))
}

/// Keys 1 and 2, index versions 1 and 2.
fn both() -> LocalKeyRing {
    LocalKeyRing::new(2, key(2), key(101))
        .with_old(1, key(1))
        .with_index(2, key(102))
}

/// Key 2, index version 2 only.
fn second() -> LocalKeyRing {
    LocalKeyRing::new(2, key(2), key(101))
        .with_index(2, key(102))
        .without_index(1)
}

/// The same DVZA with other keys, as after a restart.
fn with_keys(setup: &Setup, keys: LocalKeyRing) -> Setup {
    let mut config = setup.server.config().clone();
    config.keys = Arc::new(keys);
    Setup {
        server: Server::danger_example(Arc::clone(&setup.dvza), config),
        dvza: Arc::clone(&setup.dvza),
        log: Arc::clone(&setup.log),
    }
}

async fn langdurig(setup: &Setup) -> Renewal {
    let asked = flow_request(Release::V2_2, &["42", "48"]);
    let tokens = tokens_for(setup, &dvp(), asked, "answer=yes&langdurig=yes").await;
    tokens.renewal.unwrap()
}

async fn refresh(setup: &Setup, renewal: Renewal) -> Renewal {
    let (request, exchange) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            renewal,
            InitiatedBy::Person,
        )
        .unwrap();
    let response = setup.server.token(&request, &peer()).await;
    dvp().tokens(exchange, &response).unwrap().renewal.unwrap()
}

#[tokio::test]
async fn a_refresh_brings_its_grant_under_the_current_keys_and_a_job_the_rest() {
    let old = setup(|config| config.keys = Arc::new(first()));
    let (mut refreshed, left) = (langdurig(&old).await, langdurig(&old).await);
    let now = with_keys(&old, both());
    now.server.check_keys().await.unwrap();
    refreshed = refresh(&now, refreshed).await;
    let bsn = Bsn::parse(BSN).unwrap();
    let grants = now.dvza.store.grants_of(&both().indexes(&bsn).unwrap()).await.unwrap();
    let keys = |version: u32| {
        let of = grants.iter().filter(|grant| grant.persoon.version() == version);
        of.map(|grant| key_of(&grant.body)).collect::<Vec<_>>()
    };
    assert_eq!((keys(2), keys(1)), (vec![Some(2)], vec![Some(1)]));

    // removing key 1 now is refused, with the count
    let without = with_keys(&old, second());
    let Err(KeysError::Needed(lacking)) = without.server.check_keys().await else {
        panic!("a key that is needed")
    };
    // one grant; its index, and those of two consents in the audit log
    let (sealing, index) = (lacking.sealing.into_iter(), lacking.index.into_iter());
    assert_eq!(
        (sealing.collect::<Vec<_>>(), index.collect::<Vec<_>>()),
        (vec![(1, 1)], vec![(1, 3)])
    );

    let round = now.server.reseal_grants(None, 100).await.unwrap();
    assert_eq!((round.resealed, round.unopened, round.next), (1, 0, None));
    assert_eq!(now.server.reseal_grants(None, 100).await.unwrap().resealed, 0);
    let Err(error) = without.server.check_keys().await else {
        panic!("the audit entries keep their version")
    };
    assert_eq!(
        error.to_string(),
        "key ring lacks what rows still need: index key version 1 (2 rows)"
    );
    // the old tokens work under the new keys, and older ones are still known for what they are
    let last = refresh(&without, refreshed.clone()).await;
    refresh(&without, left).await;
    let next = refresh(&without, last).await;
    let (request, _) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            refreshed,
            InitiatedBy::Person,
        )
        .unwrap();
    assert_eq!(without.server.token(&request, &peer()).await.status(), 400);
    let (request, _) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            next,
            InitiatedBy::Person,
        )
        .unwrap();
    assert_eq!(
        without.server.token(&request, &peer()).await.status(),
        400,
        "the grant has ended"
    );
}

#[tokio::test]
async fn a_job_goes_on_past_grants_that_it_cannot_open() {
    let old = setup(|config| config.keys = Arc::new(first()));
    for _ in 0..3 {
        langdurig(&old).await;
    }
    let lost = with_keys(&old, LocalKeyRing::new(3, key(3), key(101)));
    langdurig(&lost).await;
    let (mut after, mut seen) = (None, 0);
    loop {
        let round = lost.server.reseal_grants(after.as_ref(), 2).await.unwrap();
        assert_eq!(round.resealed, 0);
        seen += round.unopened;
        after = round.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 3);
    let Err(KeysError::Needed(lacking)) = lost.server.check_keys().await else {
        panic!("a key that is needed")
    };
    assert_eq!(lacking.sealing.into_iter().collect::<Vec<_>>(), [(1, 3)]);
}

/// A Persoon sees and withdraws what was consented to under every version of the index key.
#[tokio::test]
async fn beheren_toestemmingen_finds_every_version_of_the_index_key() {
    use http::HeaderMap;
    use medmij_dvza::{Arrived, Next, Screen, Submitted};
    use medmij_oauth::form::Form;

    let old = setup(|config| config.keys = Arc::new(first()));
    let renewal = langdurig(&old).await;
    let now = with_keys(&old, both());
    langdurig(&now).await;
    let query = "response_type=code&client_id=pgo.example.nl&redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb\
                 &scope=eenofanderezorgaanbieder&state=s";
    let Arrived::Flow(mut visitor) = now.server.beheren(query, &HeaderMap::new()).await else {
        panic!("no flow")
    };
    for answer in ["answer=login", "", "answer=stop&number=0", "answer=yes"] {
        let next = if answer.is_empty() {
            let page = now
                .server
                .login(&visitor, format!("RelayState={}", visitor.flow).as_str())
                .await;
            assert!(matches!(page, Next::Flow(_)), "{page:?}");
            page
        } else {
            let csrf = now.server.page(&visitor).await.csrf.unwrap();
            let form = Form::parse(format!("csrf={csrf}&{answer}").as_bytes()).unwrap();
            now.server
                .submit(&visitor, &Submitted::new(&form, "https://dvza.example.nl/oauth/login"))
                .await
        };
        if let Next::Flow(on) | Next::Login { visitor: on, .. } = next {
            visitor = on;
        }
    }
    let Screen::Overview(overview) = now.server.page(&visitor).await.screen else {
        panic!("no overview")
    };
    assert!(
        overview.toestemmingen.is_empty(),
        "both were one consent, and both ended"
    );
    let (request, _) = dvp()
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            renewal,
            InitiatedBy::Person,
        )
        .unwrap();
    assert_eq!(now.server.token(&request, &peer()).await.status(), 400);
}

/// And the DVP: a token that was kept under an older version of the index key is refreshed, replaced and forgotten.
#[tokio::test]
async fn a_vault_finds_what_was_kept_under_every_version_of_the_index_key() {
    use medmij_dvp::vault::{MemoryVault, RefreshError, RefreshTokens, VaultKey};
    use medmij_types::OsEntropy;

    let setup = setup(|config| config.keys = Arc::new(first()));
    let (server, vault) = (&setup.server, Arc::new(MemoryVault::new()));
    let refresh_tokens =
        |keys: LocalKeyRing| RefreshTokens::new(Arc::clone(&vault), Arc::new(keys), Arc::new(OsEntropy));
    let renewal = langdurig(&setup).await;
    let key = VaultKey::of("rekening-7", &renewal);
    refresh_tokens(first()).keep(&key, &renewal).await.unwrap();
    let send = |request| async move { Ok::<_, std::io::Error>(server.token(&request, &peer()).await) };
    for _ in 0..2 {
        refresh_tokens(both())
            .refresh(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                &dvp(),
                &key,
                InitiatedBy::Machine,
                send,
            )
            .await
            .unwrap();
    }
    // kept anew, it is under the current version and nowhere else
    refresh_tokens(both())
        .keep(&key, &langdurig(&setup).await)
        .await
        .unwrap();
    refresh_tokens(second())
        .refresh(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            &dvp(),
            &key,
            InitiatedBy::Machine,
            send,
        )
        .await
        .unwrap();
    let gone = refresh_tokens(first())
        .refresh(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            &dvp(),
            &key,
            InitiatedBy::Machine,
            send,
        )
        .await;
    assert!(matches!(gone, Err(RefreshError::Unknown)));
    refresh_tokens(both()).forget(&key).await.unwrap();
    let gone = refresh_tokens(both())
        .refresh(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            &dvp(),
            &key,
            InitiatedBy::Machine,
            send,
        )
        .await;
    assert!(matches!(gone, Err(RefreshError::Unknown)));
}
