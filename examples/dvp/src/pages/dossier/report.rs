// SPDX-License-Identifier: AGPL-3.0-or-later
//! The portabiliteitsrapport: at which zorgaanbieders what was collected when, for another PGO.

use crate::{
    App,
    account::{events::Event, vault::VaultError},
    collecting::asked::{self, Asked},
    gate::{SignedIn, Visitor},
    html,
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, FixedOffset};
use http::header;
use medmij_log::report::{Portabiliteitsrapport, ReportedGegevensdienst, ReportedRequest, ReportedZorgaanbieder};
use medmij_types::{Clock as _, SystemClock, Tijdstempel};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

pub(super) const NAME: &str = "portabiliteitsrapport.xml";

/// It goes to the browser and nowhere else.
pub(super) async fn report(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    match text(&app, &signed_in).await {
        Ok(xml) => {
            app.record(signed_in.person(), Event::CopyTaken).await;
            let headers = [
                (header::CONTENT_TYPE, "application/xml; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{NAME}\"")),
            ];
            (headers, xml).into_response()
        }
        Err(error) => html::outage(&visitor, &error),
    }
}

pub(super) async fn text(app: &App, signed_in: &SignedIn) -> Result<String, VaultError> {
    let asked = asked::all(app, signed_in.person()).await?;
    let deelnemer = app.dvp.client_id().hostname().as_str();
    Ok(of(deelnemer, &asked, SystemClock::default().now()).map_or_else(String::new, |report| report.to_xml()))
}

/// `None` only at the end of the calendar.
fn of(deelnemer: &str, asked: &[Asked], now: SystemTime) -> Option<Portabiliteitsrapport> {
    let mut rows: BTreeMap<&str, Vec<ReportedGegevensdienst>> = BTreeMap::new();
    for each in asked {
        let at = moment(UNIX_EPOCH + Duration::from_secs(u64::try_from(each.at).ok()?))?;
        // each request was sent while its gegevensdienst was collected
        let requests = each.requests.iter().map(|uri| ReportedRequest::new(uri, at)).collect();
        let row = ReportedGegevensdienst::new(each.gegevensdienst.as_str(), at, requests);
        rows.entry(each.aanbieder.as_str()).or_default().push(row);
    }
    let created = moment(now)?;
    let from = rows.values().flatten().map(|row| row.at).min().unwrap_or(created);
    let rows = rows
        .into_iter()
        .map(|(name, rows)| ReportedZorgaanbieder::new(name, rows));
    Some(Portabiliteitsrapport::new(
        deelnemer,
        (from, created),
        created,
        rows.collect(),
    ))
}

fn moment(at: SystemTime) -> Option<DateTime<FixedOffset>> {
    Tijdstempel::from_system_time(at).ok()?.to_chrono()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_where_what_was_collected_when_and_reads_back() {
        let asked = |aanbieder: &str, id: &str, at| Asked {
            aanbieder: aanbieder.parse().unwrap(),
            gegevensdienst: id.parse().unwrap(),
            at,
            requests: vec![format!("https://dva.example.nl/{id}/Patient?_count=1&_x=2")],
        };
        let all = [
            asked("dewilg", "48", 1_000),
            asked("delinde", "51", 2_000),
            asked("dewilg", "48", 90_000),
        ];
        let now = UNIX_EPOCH + Duration::from_secs(100_000);
        let report = of("pgo.example.nl", &all, now).unwrap();
        assert_eq!(Portabiliteitsrapport::parse(&report.to_xml()), Ok(report.clone()));
        let rows = report
            .zorgaanbieders
            .iter()
            .map(|each| (each.name.as_str(), each.gegevensdiensten.len()));
        assert_eq!(rows.collect::<Vec<_>>(), [("delinde@medmij", 1), ("dewilg@medmij", 2)]);
        assert_eq!(Some(report.from), moment(UNIX_EPOCH + Duration::from_secs(1_000)));
        assert_eq!(Some(report.until), moment(now));
        assert!(of("pgo.example.nl", &[], now).unwrap().zorgaanbieders.is_empty());
    }
}
