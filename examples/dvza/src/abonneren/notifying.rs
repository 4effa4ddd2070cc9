// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206, ext.abo.subnotint — what is new goes out within the hour, and so does that an Abonnement is over.

use super::Feed;
use crate::{STEP, storage::Storage};
use medmij_abonneren::{
    AboPolicy, AbonnementError, AbonnementRow, Abonnementen as _, Losses, Notificatie, NotificatieKind,
    NotificationLog, Sender, Settled, SharedOutbox as _, TakeInError, deliver, lists::notification_endpoint, settle,
    take_in, tell_of_ends,
};
use medmij_dvza::registratie::Registratie;
use medmij_list::ListCache;
use medmij_net::BackChannel;
use medmij_oauth::{Function, storage::StoreError, wire::RequestIds};
use medmij_ocl::OAuthclientlist;
use medmij_types::{CalendarDate, Clock as _, OsEntropy, SystemClock};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How often it looks for news, and for what is due.
const LOOK: Duration = Duration::from_secs(2);
/// How often it tells of what is over, and tries again.
const TELL: Duration = Duration::from_secs(30);
/// So many go out at one look: well within the lease of two minutes.
const MOST: usize = 20;
/// A DVP has ten seconds to answer (ext.abo.rscnotint.207); after this nobody waits any more.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends notifications.
pub(crate) struct Notifying {
    pub(crate) role: String,
    pub(crate) back: BackChannel,
    pub(crate) clients: Arc<ListCache<OAuthclientlist>>,
    pub(crate) registratie: Arc<Registratie>,
    pub(crate) store: Arc<Storage>,
    pub(crate) log: NotificationLog,
    pub(crate) losses: Losses,
    pub(crate) clock: SystemClock,
}

impl Notifying {
    /// Looks, sends and tells until it is aborted.
    pub(crate) async fn run(self, feeds: Vec<Feed>) {
        let mut reported: Option<Instant> = None;
        loop {
            if let Err(error) = self.look(&feeds).await {
                tracing::warn!(%error, rule = "ext.abo.rscnotint.206", "notifications wait");
            }
            if reported.is_none_or(|at| at.elapsed() > TELL) {
                reported = Some(Instant::now());
                if let Err(error) = self.tell().await {
                    tracing::warn!(%error, rule = "ext.abo.subnotint", "ends of subscriptions wait");
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn look(&self, feeds: &[Feed]) -> Result<(), TakeInError> {
        // an older copy may have what was ended since
        if self.store.is_older().await? {
            return Ok(());
        }
        let store = self.store.store();
        let today = CalendarDate::in_amsterdam(self.clock.now());
        for feed in feeds {
            let name = feed.name();
            if store.position(&name).await?.is_none() {
                // news begins with the first look ever
                let now = Feed::position(self.clock.now());
                store.take_in(&name, None, &now, Vec::new()).await?;
            }
            while take_in(&name, feed, store, store, today).await? > 0 {}
        }
        while deliver(store, store, self, self.clock.now(), MOST).await?.sent >= MOST {}
        Ok(())
    }

    async fn tell(&self) -> Result<(), StoreError> {
        if !self.store.is_older().await? {
            tell_of_ends(self.store.store(), self, self.clock.now()).await?;
        }
        Ok(())
    }

    /// What the Aanbieder offers no more ends: the DVP is told at the next telling.
    async fn has_ended(&self, row: &AbonnementRow) -> Result<bool, StoreError> {
        if self
            .registratie
            .serves(&row.aanbieder, Function::Abonneren, &row.gegevensdienst)
        {
            return Ok(false);
        }
        let today = CalendarDate::in_amsterdam(self.clock.now());
        let (id, end) = (&row.abonnement.id, row.abonnement.end);
        self.store.store().change(id, end, today).await?;
        Ok(true)
    }
}

impl Sender for Notifying {
    async fn send(&self, row: &AbonnementRow, notification: &Notificatie) -> Result<Settled, StoreError> {
        let kind = notification.kind();
        if kind == NotificatieKind::Details && self.has_ended(row).await? {
            return Ok(Settled::Ended { alarm: None });
        }
        let list = self.clients.current();
        let endpoint = list.and_then(|list| notification_endpoint(&list, &row.client_id, kind));
        let Some(endpoint) = endpoint else {
            // the OAuth Client List does not say where: it may tomorrow
            return Ok(Settled::Again(AbonnementError::NoAnswer));
        };
        let ids = RequestIds::random(&OsEntropy).ok();
        let request = notification.to_http(&endpoint, ids.as_ref());
        let send = async |request| match tokio::time::timeout(PATIENCE, self.back.send(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        };
        let settled = match self.log.send(row, notification, request, send).await {
            Ok(response) => {
                let judged = (&self.losses, &self.clock as _);
                settle(self.store.store(), row, &response, judged, &AboPolicy::default()).await?
            }
            Err(error) => {
                tracing::info!(error, client_id = %row.client_id, "notification did not arrive");
                Settled::Again(AbonnementError::NoAnswer)
            }
        };
        let (rule, what) = match kind {
            NotificatieKind::Details => ("ext.abo.rscnotint.206", "dat er iets nieuws is"),
            _ => ("ext.abo.subnotint", "dat een abonnement voorbij is"),
        };
        let outcome = match &settled {
            Settled::Done => "aangenomen",
            Settled::Ended { .. } => "het abonnement is daar niet bekend, en eindigt hier",
            _ => "niet aangekomen, straks nog eens",
        };
        tracing::info!(target: STEP, role = self.role, rule, "laat {} weten {what}: {outcome}", row.client_id);
        Ok(settled)
    }
}
