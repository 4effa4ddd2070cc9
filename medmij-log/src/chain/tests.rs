// SPDX-License-Identifier: AGPL-3.0-or-later
use super::*;

fn line(name: &str, node: &str, millis: u32, id: &str, rest: &str) -> String {
    format!(
        r#"{{"event":{{"type":"{name}","location":"{node}","datetime":"2026-11-30T12:00:00.{millis:03}+00:00","trace_id":"t"}},"request":{{"id":"{id}"}}{rest}}}"#
    )
}

fn both_sides() -> [String; 2] {
    let dvp = [
        line("send_token_request", "pgo.example.nl", 10, "r1", ""),
        line(
            "receive_token_response",
            "pgo.example.nl",
            40,
            "r1",
            r#","response":{"status":200}"#,
        ),
        line("send_resource_request", "pgo.example.nl", 50, "r2", ""),
        line(
            "receive_resource_error_response",
            "pgo.example.nl",
            70,
            "r2",
            r#","error":{"code":"other"}"#,
        ),
    ];
    let dva = [
        // its clock is behind: the request arrives before it was sent
        line("receive_token_request", "dva.example.nl", 5, "r1", ""),
        line(
            "send_token_response",
            "dva.example.nl",
            35,
            "r1",
            r#","response":{"status":200}"#,
        ),
        line("receive_resource_request", "dva.example.nl", 60, "r2", ""),
        line(
            "send_resource_request_error",
            "dva.example.nl",
            65,
            "r2",
            r#","error":{"code":"other"}"#,
        ),
    ];
    [dvp.join("\n"), dva.join("\n")]
}

#[test]
fn a_chain_is_rebuilt_from_the_files_of_both_sides() {
    let files = both_sides();
    let chains = Chain::read(files.iter().map(String::as_str));
    assert_eq!(chains.len(), 1);
    let chain = &chains[0];
    assert_eq!(chain.steps().len(), 4, "each message is one step");
    assert_eq!(chain.one_sided(), Vec::<&ChainEvent>::new());
    let text = chain.to_string();
    for expected in [
        "pgo.example.nl  → dva.example.nl  send_token_request",
        "dva.example.nl  → pgo.example.nl  send_token_response 200",
        "dva.example.nl  → pgo.example.nl  send_resource_request_error (other)",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_message_that_one_side_lacks_is_named() {
    let [dvp, dva] = both_sides();
    let dva: Vec<&str> = dva
        .lines()
        .filter(|line| !line.contains("receive_resource_request"))
        .collect();
    let chain = &Chain::read([dvp.as_str(), dva.join("\n").as_str()])[0];
    let missing: Vec<&str> = chain.one_sided().iter().map(|event| event.name.as_str()).collect();
    assert_eq!(missing, ["send_resource_request"]);
    // one log alone says nothing of the other
    assert_eq!(Chain::read([dvp.as_str()])[0].one_sided(), Vec::<&ChainEvent>::new());
}

#[test]
fn the_picture_is_well_formed_and_escapes_what_it_shows() {
    let evil = line("send_token_request", "pgo<script>&.nl", 1, "r", "");
    let picture = svg(&Chain::read([evil.as_str()])[0]);
    assert!(picture.contains("pgo&lt;script&gt;&amp;.nl"));
    assert!(!picture.contains("<script>"));
}

#[test]
fn chains_stand_in_the_order_in_which_they_began() {
    let late = line("send_token_request", "a.nl", 9, "r", "").replace(r#""trace_id":"t""#, r#""trace_id":"a""#);
    let early = line("send_token_request", "a.nl", 1, "r", "").replace(r#""trace_id":"t""#, r#""trace_id":"b""#);
    let chains = Chain::read([late.as_str(), early.as_str(), "no line"]);
    assert_eq!(
        chains.iter().map(|chain| chain.trace_id.as_str()).collect::<Vec<_>>(),
        ["b", "a"]
    );
}
