// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13, O16 — what a store keeps is bounded by what a Persoon has; nothing overflows.

use std::{sync::Arc, time::Duration};

use super::fixtures::{Token, langdurig, new_access, new_flow, new_grant, redeem, rotate};
use medmij_dvza::store::{DangerShiftClock, Granted, NewRefresh, RedeemedCode, Rotated};

/// What goes when a grant that was refreshed fifty times lapses is one row of the grant, and no row for each refresh.
pub async fn rows_of_a_grant_do_not_grow_with_refreshes<S: DangerShiftClock>(store: Arc<S>) {
    let mut token = langdurig(&*store).await;
    for _ in 0..50 {
        let next = rotate(&token);
        let rotated = store.rotate_refresh(&next).await.expect("rotate");
        assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
        token = Token::of(&next);
    }
    // the access tokens go first; the store in memory takes some by itself
    store.danger_shift_clock(Duration::from_secs(900)).await.expect("shift");
    while store.purge(1_000).await.expect("purge") > 0 {}
    store
        .danger_shift_clock(Duration::from_secs(400 * 86_400))
        .await
        .expect("shift");
    let mut gone = 0;
    loop {
        match store.purge(1_000).await.expect("purge") {
            0 => break,
            some => gone += some,
        }
    }
    assert!(gone <= 1, "{gone} rows of one grant");
}

/// A grant that ended has nothing left: neither the code nor a token finds it, and the Persoon has no grants.
pub async fn a_grant_that_ended_is_gone<S: DangerShiftClock>(store: Arc<S>) {
    let new = new_grant(super::fixtures::open(&*store).await, true);
    let (id, code, binding, who) = (new.grant.id.clone(), new.code, new.binding, new.grant.persoon);
    assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
    let tokens = redeem(binding);
    let taken = store.take_code(&code, &tokens).await.expect("take");
    assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
    assert!(store.live_grant(&id).await.expect("grant").is_some());
    store
        .revoke_grant(&id, &medmij_dvza::store::Acting::system())
        .await
        .expect("revoke");
    assert_eq!(store.live_grant(&id).await.expect("grant"), None);
    assert_eq!(store.grant_of_code(&code).await.expect("grant"), None);
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        RedeemedCode::Unknown
    );
    assert!(store.access(&tokens.access.token).await.expect("access").is_none());
    assert!(store.grants_of(&[who]).await.expect("grants").is_empty());
}

/// The longest durations there are give long lives, and no panic and no life in the past.
pub async fn longest_lifetimes_do_not_overflow<S: DangerShiftClock>(store: Arc<S>) {
    for longest in [Duration::MAX, Duration::from_secs(u64::MAX)] {
        let mut flow = new_flow();
        flow.lifetime = longest;
        let id = flow.id.clone();
        store.open_flow(flow).await.expect("open");
        assert!(store.flow(&id).await.expect("flow").is_some());
        let mut new = new_grant(id, true);
        new.lifetime = longest;
        let (code, binding) = (new.code, new.binding);
        assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
        let mut tokens = redeem(binding);
        tokens.access.lifetime = longest;
        let refresh = NewRefresh::new(tokens.refresh.as_ref().expect("refresh").token, 1, longest);
        tokens.refresh = Some(refresh.clone());
        let taken = store.take_code(&code, &tokens).await.expect("take");
        let RedeemedCode::Fresh(grant) = taken else {
            panic!("{taken:?}")
        };
        assert!(store.access(&tokens.access.token).await.expect("access").is_some());
        let token = Token {
            grant: grant.id,
            hash: refresh.token,
            generation: 1,
        };
        let mut next = rotate(&token);
        (next.race, next.rate.within) = (longest, longest);
        next.next.lifetime = longest;
        next.access = new_access();
        next.access.lifetime = longest;
        let rotated = store.rotate_refresh(&next).await.expect("rotate");
        assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
        let mut again = rotate(&token);
        (again.race, again.next.generation) = (longest, 3);
        let put_off = store.rotate_refresh(&again).await.expect("rotate");
        assert_eq!(put_off, Rotated::Race);
        while store.purge(1_000).await.expect("purge") > 0 {}
        assert!(store.access(&next.access.token).await.expect("access").is_some());
    }
}
