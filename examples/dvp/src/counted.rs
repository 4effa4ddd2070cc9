// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.206, core.rscint.202, ext.abo.rscnotint.207 — what is counted of the events on their way to the chain log:
//! events by outcome, how fast token requests, resource requests and notifications are answered, and by which DVP.

use medmij_abonneren::{AboPolicy, AnswerTimes};
use medmij_log::{
    Metrics, Observer,
    report::{Ketennorm, KetennormCounter},
};
use medmij_types::{Clock as _, SystemClock};
use std::sync::Arc;

/// The observer that counts before `next`, and what it counted, as text for `/metrics`.
pub(crate) fn before(next: Arc<dyn Observer>) -> (Arc<dyn Observer>, impl Fn() -> String + Send + Sync + 'static) {
    let times = Arc::new(AnswerTimes::new());
    let next = Arc::clone(&times).before(next, AboPolicy::default());
    let norms = Arc::new(KetennormCounter::before(next, Ketennorm::OF_DVP));
    let metrics = Arc::new(Metrics::before(Arc::clone(&norms) as _));
    let counted = Arc::clone(&metrics);
    let text = move || {
        let now = SystemClock::default().now();
        [counted.to_text(), norms.to_text(), times.to_text(now)].concat()
    };
    (metrics, text)
}
