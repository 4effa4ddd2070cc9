// SPDX-License-Identifier: AGPL-3.0-or-later
//! The cases of the server that turn on the store, run through [`Server`] itself: whoever writes a store runs
//! [`server_contract!`](crate::server_contract) beside [`store_contract!`](crate::store_contract).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use medmij_dvza::{Next, store::DangerShiftClock};
use medmij_oauth::policy::ClientBinding;

use super::dvza::{at_consent, code, error_of, is_covered, peer, refresh, server, start, submit};

/// Instantiates the server's cases for a store: an expression that makes an empty one (it may `.await`).
#[macro_export]
macro_rules! server_contract {
    ($make:expr) => {
        $crate::server_contract!(@tests $make;
            server_whole_flow_and_replay_e07_suite_1,
            server_code_lives_900_s_suite_2_d02_d03,
            server_code_of_another_client_suite_3_e13,
            server_refresh_family_suite_15_g04_g08,
            server_stolen_token_o14_suite_5,
            server_consent_in_two_tabs_peers_56,
            server_two_replicas_r5,
            server_replicas_with_other_clocks_r9,
            server_without_entropy_gives_nothing_o2,
            server_consent_commits_with_its_audit_entry_o17,
            server_refusal_commits_with_its_audit_entry_o17,
            server_withdrawal_commits_with_its_audit_entry_o17,
            server_core_tknint_203_204_code_again_after_0_1_30_s_suite_1,
            server_core_autorisatie_204_code_at_899_900_901_s_suite_2_d02_d03,
            server_core_tknint_200_204_client_id_suite_4_e12,
            server_core_tknint_200_certificate_suite_5_o14_e14_e16,
            server_core_tknint_205_redirect_uri_suite_6_e08_to_e11,
            server_core_tknint_200_scope_of_a_refresh_suite_10,
            server_autoriseren_2_refusal_suite_11,
            server_toestemmingsverklaring_refresh_token_suite_15_g05_g06_g11,
            server_refresh_token_at_two_replicas_suite_15_r6,
            server_beheren_toestemmingen_withdrawal_g09_g10_g13,
            server_autoriseren_3_flow_expires_c22,
            server_rfc_6750_access_token_900_s_h12,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::store::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

/// E07, A1: a code gives a token once; a replay ends the token.
pub async fn server_whole_flow_and_replay_e07_suite_1<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (dvp, received) = code(&server, false).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let tokens = dvp
        .tokens(exchange, &server.token(&request, &peer("pgo.example.nl")).await)
        .expect("tokens");
    assert!(is_covered(&server, &tokens, "pgo.example.nl").await);
    assert_eq!(
        error_of(&server.token(&request, &peer("pgo.example.nl")).await),
        "invalid_grant"
    );
    assert!(!is_covered(&server, &tokens, "pgo.example.nl").await);
}

/// A2, D02, D03: a code works within 900 seconds, by the clock of the store.
pub async fn server_code_lives_900_s_suite_2_d02_d03<S: DangerShiftClock>(store: Arc<S>) {
    for (after, status) in [(890, 200), (900, 400)] {
        let server = server(&store, ClientBinding::learn());
        let (dvp, received) = code(&server, false).await;
        let (request, _) = dvp.token_request(received).expect("request");
        store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .expect("shift");
        assert_eq!(
            server.token(&request, &peer("pgo.example.nl")).await.status(),
            status,
            "{after}"
        );
    }
}

/// A3, E13: the code of one client with the good certificate of another; it is burnt.
pub async fn server_code_of_another_client_suite_3_e13<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (dvp, received) = code(&server, false).await;
    let (request, _) = dvp.token_request(received).expect("request");
    let body =
        String::from_utf8_lossy(request.body()).replace("client_id=pgo.example.nl", "client_id=ander.example.nl");
    let stolen = request.clone().map(|_| Bytes::from(body));
    assert_eq!(
        error_of(&server.token(&stolen, &peer("ander.example.nl")).await),
        "invalid_grant"
    );
    assert_eq!(
        error_of(&server.token(&request, &peer("pgo.example.nl")).await),
        "invalid_grant"
    );
}

/// A15, G04, G08: rotation, and reuse that ends the family.
pub async fn server_refresh_family_suite_15_g04_g08<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::learn());
    let (dvp, received) = code(&server, true).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let tokens = dvp
        .tokens(exchange, &server.token(&request, &peer("pgo.example.nl")).await)
        .expect("tokens");
    let first = tokens.renewal.expect("langdurig");
    let second = refresh(&server, &dvp, first.clone()).await.expect("second");
    let third = refresh(&server, &dvp, second.renewal.expect("next"))
        .await
        .expect("third");
    assert!(is_covered(&server, &third, "pgo.example.nl").await);
    assert!(refresh(&server, &dvp, first).await.is_none());
    assert!(!is_covered(&server, &third, "pgo.example.nl").await);
    assert!(refresh(&server, &dvp, third.renewal.expect("next")).await.is_none());
}

/// O14, A5: under the policy `require` a token with another certificate is refused and stays valid.
pub async fn server_stolen_token_o14_suite_5<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, ClientBinding::require());
    let (dvp, received) = code(&server, false).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let tokens = dvp
        .tokens(exchange, &server.token(&request, &peer("pgo.example.nl")).await)
        .expect("tokens");
    assert!(!is_covered(&server, &tokens, "ander.example.nl").await);
    assert!(is_covered(&server, &tokens, "pgo.example.nl").await);
}

/// Case 56: the question is answered in two tabs at once; one code comes of it.
pub async fn server_consent_in_two_tabs_peers_56<S: DangerShiftClock>(store: Arc<S>) {
    for _ in 0..10 {
        let server = server(&store, ClientBinding::learn());
        let (_, location) = start();
        let (visitor, csrf) = at_consent(&server, &location).await;
        let mut tasks = Vec::new();
        for answer in ["yes", "yes", "no", "yes"] {
            let (server, visitor) = (server.clone(), visitor.clone());
            let form = format!("csrf={csrf}&answer={answer}");
            tasks.push(tokio::spawn(async move { submit(&server, &visitor, &form).await }));
        }
        let mut codes = 0;
        let mut refusals = 0;
        for task in tasks {
            match task.await.expect("task") {
                Next::Away(url) if url.contains("code=") => codes += 1,
                Next::Away(_) | Next::Flow(_) => refusals += 1,
                Next::Page(page) => assert_eq!(page.status, 403),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(codes + refusals, 1, "{codes} codes, {refusals} refusals");
    }
}

/// R5: two replicas share one store; each code gives one token.
pub async fn server_two_replicas_r5<S: DangerShiftClock>(store: Arc<S>) {
    let replicas = [
        server(&store, ClientBinding::learn()),
        server(&store, ClientBinding::learn()),
    ];
    for _ in 0..20 {
        let (dvp, received) = code(&replicas[0], false).await;
        let (request, _) = dvp.token_request(received).expect("request");
        let mut tasks = Vec::new();
        for i in 0..8 {
            let (server, request) = (replicas[i % 2].clone(), request.clone());
            tasks.push(tokio::spawn(async move {
                server.token(&request, &peer("pgo.example.nl")).await.status()
            }));
        }
        let mut good = 0;
        for task in tasks {
            good += usize::from(task.await.expect("task") == 200);
        }
        assert_eq!(good, 1);
    }
}
