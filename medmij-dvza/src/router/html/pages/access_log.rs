// SPDX-License-Identifier: AGPL-3.0-or-later
//! NEN 7513 — the entries of the audit log as sentences.

use std::time::SystemTime;

use medmij_types::AmsterdamTime;

use super::Frame;
use crate::{
    server::{AccessLogRow, ExtraTexts},
    store::{AuditKind, AuditObject, AuditOutcome},
};

impl Frame<'_> {
    /// When, what, and who did it where that was somebody else.
    pub(super) fn event(&self, row: &AccessLogRow, dvza: &str) -> String {
        let extra = &self.texts().extra;
        let fill = self.page.fill(Some(&row.names));
        let fill = fill.name("{service}", &row.services.join(", ")).name("{dvza}", dvza);
        let text = format!("{}: {}", moment(row.at), fill.text(sentence(row, extra)));
        if row.represented {
            format!("{text} {}", extra.log_represented)
        } else {
            text
        }
    }
}

fn sentence<'a>(row: &AccessLogRow, extra: &'a ExtraTexts) -> &'a str {
    match (row.kind, row.object, row.outcome) {
        (AuditKind::Consented, ..) => &extra.log_consented,
        (AuditKind::Refused, ..) => &extra.log_refused,
        (AuditKind::NothingToShare, ..) => &extra.log_nothing,
        (AuditKind::Withdrawn, ..) => &extra.log_withdrawn,
        (AuditKind::Ended, ..) => &extra.log_ended,
        (AuditKind::Read, ..) if row.by_operator => &extra.log_read_by_other,
        (AuditKind::Read, ..) => &extra.log_read,
        (AuditKind::Accessed, _, AuditOutcome::Refused) => &extra.log_access_refused,
        (AuditKind::Accessed, AuditObject::SharedData, _) => &extra.log_shared,
        (AuditKind::Accessed, AuditObject::Subscription, _) => &extra.log_subscription,
        (AuditKind::Accessed, ..) => &extra.log_accessed,
        _ => &extra.log_administered,
    }
}

/// `30 november 2026, 21:05 uur`, by the clock in the Netherlands.
fn moment(at: SystemTime) -> String {
    let local = AmsterdamTime::of(at);
    let day = local.date().in_dutch();
    format!("{day}, {:02}:{:02} uur", local.hour(), local.minute())
}
