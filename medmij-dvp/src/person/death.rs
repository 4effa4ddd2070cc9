// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.108 — at the PGO: collecting and notices stop, the dossier is frozen, and is erased after the term of a policy.

use std::time::{Duration, SystemTime};

use super::{Account, NoticeBoard, PersonId};
use crate::{
    collecting::OrderStore,
    dossier::{DossierError, DossierStore, Dossiers},
};

/// How long a frozen dossier is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeathPolicy {
    erase_after: Duration,
}

impl Default for DeathPolicy {
    /// Half a year. The framework names no term.
    fn default() -> Self {
        Self::erase_after(Duration::from_secs(183 * 86_400))
    }
}

impl DeathPolicy {
    /// Another term, such as the one of the agreement with the Persoon.
    #[must_use]
    pub const fn erase_after(erase_after: Duration) -> Self {
        Self { erase_after }
    }

    /// Erases at most so many dossiers whose term is over, with their keys; how many went. Run it once a day.
    ///
    /// # Errors
    /// [`DossierError`], as [`Dossiers::erase_frozen`].
    pub async fn erase<S: DossierStore>(
        &self,
        dossiers: &Dossiers<S>,
        now: SystemTime,
        most: usize,
    ) -> Result<usize, DossierError> {
        dossiers.erase_frozen(now, self.erase_after, most).await
    }
}

/// What ended with a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// So many orders of automatic collecting.
    pub orders: usize,
    /// Whether there was a dossier, which is frozen now.
    pub dossier: bool,
}

/// A death became known: nothing is collected or told any more, nobody logs in, and the dossier is closed. Keep the account
/// afterwards. Done again, it changes nothing; after an error do it again.
///
/// What stands at a DVZA is ended there; refresh tokens in the vault are refused from then on, and lapse.
///
/// # Errors
/// [`DossierError`]. The account is frozen then all the same.
pub async fn stop_after_death<S: DossierStore, O: OrderStore>(
    (dossiers, orders): (&Dossiers<S>, &O),
    account: &mut Account,
    board: &mut NoticeBoard,
    person: PersonId,
    now: SystemTime,
) -> Result<Stopped, DossierError> {
    account.freeze();
    board.clear(person);
    let orders = orders.cancel_orders(person).await?;
    let dossier = dossiers.freeze(person, now).await?;
    Ok(Stopped { orders, dossier })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use medmij_oauth::seal::LocalKeyRing;
    use medmij_types::OsEntropy;

    use super::*;
    use crate::{
        collecting::{CollectingPolicy, MemoryOrders, Order, SlotKey},
        dossier::{MemoryDossiers, StoredEntry},
        person::{AccountPolicy, AccountStatus, Notice},
    };

    #[tokio::test]
    async fn core_dossier_108_collecting_and_notices_stop_and_the_dossier_is_erased_after_the_term() {
        let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
        let dossiers = Dossiers::new(MemoryDossiers::new(), keys, Arc::new(OsEntropy));
        let (orders, person) = (MemoryOrders::new(), PersonId::new(1));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let order = Order::new(
            person,
            "dva.nl".parse().unwrap(),
            "een@medmij".parse().unwrap(),
            "48".parse().unwrap(),
        );
        let rules = (&CollectingPolicy::default(), &SlotKey::new([1; 32]));
        orders.add_order(order, now, rules).await.unwrap();
        let dossier = dossiers.open(person).await.unwrap();
        dossier.keep(&[StoredEntry::own(b"{}".to_vec())]).await.unwrap();
        let (mut account, mut board) = (Account::opened(now), NoticeBoard::default());
        board.add(person, Notice::Collected);
        for orders_that_end in [1, 0] {
            let stopped = stop_after_death((&dossiers, &orders), &mut account, &mut board, person, now).await;
            let expected = Stopped {
                orders: orders_that_end,
                dossier: true,
            };
            assert_eq!(stopped.unwrap(), expected);
        }
        assert_eq!(account.status(now, AccountPolicy::default()), AccountStatus::Frozen);
        assert_eq!(board.take(now), []);
        assert!(matches!(dossiers.open(person).await, Err(DossierError::Frozen)));
        let policy = DeathPolicy::erase_after(Duration::from_secs(10));
        let later = now + Duration::from_secs(11);
        let erased = [
            policy.erase(&dossiers, now, 9).await.unwrap(),
            policy.erase(&dossiers, later, 9).await.unwrap(),
            policy.erase(&dossiers, later, 9).await.unwrap(),
        ];
        assert_eq!(erased, [0, 1, 0]);
    }
}
