// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102, core.logging.202 – core.logging.204 — of each function that the run had, a chain is rebuilt from the files
//! of both sides, and every line of them is as it should be.

use std::path::Path;

use demo::network::{DVP, DVZA_ONE, DVZA_TWO};
use medmij_log::{Chain, check};

use crate::logging::delivered;

/// What a function leaves in its chain, and what its lines hold. Who is represented is in no line: that is a Verzamelen.
type Function = (&'static str, &'static [&'static str], &'static [&'static str]);

const FUNCTIONS: [Function; 11] = [
    (
        "Verzamelen",
        &["send_token_request", "send_resource_response"],
        &["\"service_id\":\"48\""],
    ),
    ("documents", &["send_resource_response"], &["\"service_id\":\"51\""]),
    (
        "refusal",
        &["receive_authorization_response", "send_authorization_response"],
        &["access_denied"],
    ),
    (
        "a login that is broken off",
        &["show_landing_page", "send_authorization_request"],
        &[],
    ),
    (
        "Abonneren",
        &["send_token_request", "receive_resource_request"],
        &["/abonnementen/"],
    ),
    (
        "Notificeren",
        &["send_resource_notification", "receive_resource_notification"],
        &["\"initiated_by\":\"machine\""],
    ),
    (
        "refusal of a notification",
        &["receive_resource_notification_error_response"],
        &["\"status\":400"],
    ),
    (
        "refresh by the Persoon",
        &["send_token_request", "receive_token_response"],
        &["refresh_token", "\"initiated_by\":\"person\""],
    ),
    (
        "automatic collecting",
        &["send_token_request", "receive_token_response"],
        &["refresh_token", "\"initiated_by\":\"machine\""],
    ),
    ("failure", &["send_resource_request_error"], &[]),
    ("withdrawal", &["consent_withdrawn"], &[]),
];

/// Checks every line, and looks for a chain of each function.
pub(super) fn each_has_a_whole_chain(folder: &Path) {
    let texts = [DVP, "eigen", DVZA_ONE[0], DVZA_TWO[0]].map(|host| delivered(folder, host));
    for text in &texts {
        let faults: Vec<_> = check(text).into_iter().filter(|found| found.fault.is_error()).collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
    let chains = Chain::read(texts.iter().map(String::as_str));
    let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
    let mut missing = Vec::new();
    for (function, events, texts) in FUNCTIONS {
        let is_it = |chain: &&Chain| {
            let of_chain = |line: &&&str| line.contains(&chain.trace_id);
            let has_event = |name: &&str| chain.events.iter().any(|event| event.name == *name);
            let has_text = |text: &&str| lines.iter().filter(of_chain).any(|line| line.contains(*text));
            events.iter().all(has_event) && texts.iter().all(has_text)
        };
        let whole = |chain: &Chain| chain.nodes().len() == 2 && chain.one_sided().is_empty();
        if !chains.iter().filter(is_it).any(whole) {
            let found: Vec<String> = chains.iter().filter(is_it).map(ToString::to_string).collect();
            missing.push(format!(
                "{function}: {} chains, none whole\n{}",
                found.len(),
                found.join("\n")
            ));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
