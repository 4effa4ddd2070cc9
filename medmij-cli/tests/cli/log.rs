// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij log`: what lacks in which line, chains of both sides, Ketennormen, what was rejected.

use crate::bench::Bench;

fn line(kind: &str, node: &str, second: u32, id: &str, rest: &str) -> String {
    format!(
        r#"{{"event":{{"type":"{kind}","location":"{node}","datetime":"2026-11-30T12:00:{second:02}.000+00:00","session_id":"s","trace_id":"trace-1"}},"request":{{"id":"{id}","method":"post","client_id":"pgo.example.nl","server_id":"dva.example.nl","uri":"https://dva.example.nl/token","initiated_by":"person","grant_type":"authorization_code"}}{rest}}}"#
    )
}

fn both(bench: &Bench, answered: u32) {
    let status = r#","response":{"status":200}"#;
    let dvp = [
        line("send_token_request", "pgo.example.nl", 0, "r", ""),
        line("receive_token_response", "pgo.example.nl", answered, "r", status),
    ];
    let dva = [
        line("receive_token_request", "dva.example.nl", 1, "r", ""),
        line("send_token_response", "dva.example.nl", 2, "r", status),
    ];
    bench.file("dvp.log", dvp.join("\n"));
    bench.file("dva.log", dva.join("\n"));
}

#[test]
fn core_logging_202_check_names_the_line_and_the_field() {
    let bench = Bench::new();
    both(&bench, 3);
    let run = bench.medmij(&["log", "check", "dvp.log", "dva.log"]);
    assert_eq!((run.exit, run.out.trim_end()), (0, "4 lines, 0 errors"), "{}", run.err);
    let broken = line("send_token_request", "pgo.example.nl", 0, "r", "").replace(r#","trace_id":"trace-1""#, "");
    bench.file("broken.log", format!("\n{broken}\nnot json\n"));
    let run = bench.medmij(&["log", "check", "broken.log"]);
    assert_eq!(run.exit, 1);
    assert!(
        run.out
            .contains("broken.log:2: error: send_token_request `event.trace_id` is missing"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("broken.log:3: error: the line is not JSON"),
        "{}",
        run.out
    );
    let run = bench.medmij(&["log", "check", "--json", "broken.log"]);
    assert_eq!(run.json()[0]["line"], 2);
    assert_eq!(bench.medmij(&["log", "check", "absent.log"]).exit, 2);
}

#[test]
fn core_logging_102_a_delivered_batch_is_read_as_its_lines() {
    let bench = Bench::new();
    let good = line("send_token_request", "pgo.example.nl", 0, "r", "");
    let bad = good.replace(r#","trace_id":"trace-1""#, "");
    bench.file("0.json", format!("[{good},{bad}]"));
    let run = bench.medmij(&["log", "check", "0.json"]);
    assert_eq!(run.exit, 1);
    assert!(run.out.contains("0.json:2: error: send_token_request"), "{}", run.out);
    assert!(run.out.trim_end().ends_with("2 lines, 1 errors"), "{}", run.out);
}

#[test]
fn chain_draws_both_sides_and_says_what_one_side_lacks() {
    let bench = Bench::new();
    both(&bench, 3);
    let run = bench.medmij(&["log", "chain", "dvp.log", "dva.log", "--svg", "."]);
    assert_eq!(run.exit, 0, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("pgo.example.nl  → dva.example.nl  send_token_request"),
        "{}",
        run.out
    );
    assert!(
        std::fs::read_to_string(bench.path().join("trace-1.svg"))
            .unwrap()
            .starts_with("<svg ")
    );
    bench.file("dva.log", line("receive_token_request", "dva.example.nl", 1, "r", ""));
    let run = bench.medmij(&["log", "chain", "dvp.log", "dva.log"]);
    assert_eq!(run.exit, 1);
    assert!(
        run.out
            .contains("one side only: receive_token_response 200 at pgo.example.nl"),
        "{}",
        run.out
    );
    assert_eq!(bench.medmij(&["log", "chain", "dvp.log", "--trace", "other"]).exit, 1);
}

#[test]
fn report_measures_the_ketennormen_of_a_month() {
    let bench = Bench::new();
    for (answered, exit, words) in [(10, 0, "met"), (11, 1, "not met")] {
        both(&bench, answered);
        let run = bench.medmij(&["log", "report", "--month", "2026-11", "dvp.log"]);
        assert_eq!(run.exit, exit, "{}", run.out);
        assert!(run.out.contains(&format!("(norm 99.5 %: {words})")), "{}", run.out);
    }
    let run = bench.medmij(&["log", "report", "--dva", "--month", "2026-11", "dva.log"]);
    assert!(run.exit == 0 && run.out.contains("token: 1 requests"), "{}", run.out);
    assert_eq!(
        bench.medmij(&["log", "report", "--month", "november", "dvp.log"]).exit,
        2
    );
}

#[test]
fn rejected_reads_back_what_was_put_aside() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path().join("spool/rejected")).unwrap();
    let run = bench.medmij(&["log", "rejected", "spool"]);
    assert_eq!((run.exit, run.out.as_str()), (0, ""));
    bench.file("spool/rejected/0000000000000007.batch", "{\"a\":1}\n{\"a\":2}\n");
    let run = bench.medmij(&["log", "rejected", "spool"]);
    assert!(run.exit == 1 && run.out.contains("{\"a\":2}"), "{}", run.out);
    assert_eq!(bench.medmij(&["log", "rejected", "absent"]).exit, 2);
}

#[test]
fn lines_that_are_no_log_lines_are_told_and_a_file_without_any_is_trouble() {
    let bench = Bench::new();
    both(&bench, 3);
    bench.file("page.html", "<html><body>Inloggen</body></html>");
    bench.file(
        "half.log",
        format!(
            "{}\n{{\"event\":",
            line("send_token_request", "pgo.example.nl", 0, "r", "")
        ),
    );
    for command in [&["log", "report", "--month", "2026-11"][..], &["log", "chain"]] {
        let none = bench.medmij(&[command, &["page.html"]].concat());
        assert_eq!((none.exit, none.out.as_str()), (2, ""), "{command:?}: {}", none.err);
        let some = bench.medmij(&[command, &["half.log"]].concat());
        assert!(
            some.err.contains("half.log: 1 of 2 lines are no log lines"),
            "{}",
            some.err
        );
        let all = bench.medmij(&[command, &["dvp.log", "dva.log"]].concat());
        assert_eq!((all.exit, all.err.as_str()), (0, ""), "{command:?}: {}", all.out);
    }
    let nobody = ["log", "report", "--month", "2026-11", "--beheerrapport", "", "dvp.log"];
    assert_eq!(bench.medmij(&nobody).exit, 2);
    let other = bench.medmij(&["log", "chain", "--trace", "another", "dvp.log"]);
    assert_eq!(other.exit, 1);
    assert!(other.err.contains("no such chain"), "{}", other.err);
}

#[test]
fn whatever_a_file_holds_each_line_is_told_by_its_number() {
    let bench = Bench::new();
    let good = line("send_token_request", "pgo.example.nl", 0, "r", "");
    let twice = good.replace(r#""type":"#, r#""type":"x","type":"#);
    let number = good.replace(r#""session_id":"s""#, r#""session_id":7"#);
    let space = good.replace("T12:", " 12:");
    let mut text = format!("\u{feff}{good}\r\n\n{twice}\n{number}\n{space}\n").into_bytes();
    text.extend_from_slice(b"\xff\xfe\x00\n");
    text.extend(std::iter::repeat_n(b'x', 3 << 20));
    text.extend_from_slice(format!("\n{{\"event\":{}\n{good}", "[".repeat(100_000)).as_bytes());
    bench.file("odd.log", text);
    let run = bench.medmij(&["log", "check", "odd.log"]);
    let said: Vec<&str> = run.out.lines().collect();
    let expected = [
        "odd.log:3: error: the line names a member twice",
        "odd.log:4: error: send_token_request `event.session_id` has a wrong form",
        "odd.log:4: remark: send_token_request `request.id` is that of line 1",
        "odd.log:5: error: send_token_request `event.datetime` has a wrong form",
        "odd.log:5: remark: send_token_request `request.id` is that of line 1",
        "odd.log:6: error: the line is not UTF-8",
        "odd.log:7: error: the line is longer than 1 MiB",
        "odd.log:8: error: the line is not JSON",
        "odd.log:9: remark: send_token_request `request.id` is that of line 1",
        "8 lines, 6 errors",
    ];
    assert_eq!((run.exit, said), (1, expected.to_vec()), "{}", run.err);
    let rows = bench.medmij(&["log", "check", "--json", "odd.log"]).json();
    assert_eq!(rows.len(), expected.len() - 1);
    // what is passed over is counted, and the rest is drawn and measured
    for arguments in [
        &["log", "chain", "odd.log"][..],
        &["log", "report", "--month", "2026-11", "odd.log"],
    ] {
        let run = bench.medmij(arguments);
        assert!(
            run.err.contains("odd.log: 4 of 8 lines are no log lines"),
            "{}",
            run.err
        );
    }
}

#[test]
fn a_batch_is_read_element_by_element_and_its_end_is_missed() {
    let bench = Bench::new();
    let good = line("send_token_request", "pgo.example.nl", 0, "r[]{}\\\\\\\",", "");
    let other = line("receive_token_request", "pgo.example.nl", 0, "r", "");
    for (text, exit, last) in [
        (String::new(), 0, "0 lines, 0 errors"),
        ("[]".to_owned(), 0, "0 lines, 0 errors"),
        (format!("[{good},\n {other}]\n[]\n"), 0, "2 lines, 0 errors"),
        (format!("[{good}]\n[{other}]"), 0, "2 lines, 0 errors"),
        (format!("[{good},]"), 1, "2 lines, 1 errors"),
        (format!("[{good},,{other}]"), 1, "3 lines, 1 errors"),
        (format!("[{good},{other}"), 1, "2 lines, 1 errors"),
        (format!("[{good}] {other}"), 1, "2 lines, 1 errors"),
        (format!("[{good},{}]", "1".repeat(2 << 20)), 1, "2 lines, 1 errors"),
        ("[INFO] text\nmore".to_owned(), 1, "2 lines, 2 errors"),
    ] {
        let run = bench.fed(&["log", "check", "-"], text.as_bytes());
        let shown: String = text.chars().take(40).collect();
        assert_eq!(
            (run.exit, run.out.lines().last()),
            (exit, Some(last)),
            "{shown}: {}",
            run.out
        );
    }
}

#[test]
fn a_compressed_file_is_said_to_be_one() {
    let bench = Bench::new();
    bench.file("dvp.log.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    for command in ["check", "chain", "report"] {
        let mut arguments = vec!["log", command, "dvp.log.gz"];
        if command == "report" {
            arguments.extend(["--month", "2026-11"]);
        }
        let run = bench.medmij(&arguments);
        assert!(run.exit == 2 && run.err.contains("is compressed (gzip)"), "{}", run.err);
    }
    assert_eq!(bench.medmij(&["log", "chain", "."]).exit, 2);
}

#[test]
fn files_in_any_order_and_twice_tell_the_same() {
    let bench = Bench::new();
    both(&bench, 3);
    let forth = bench.medmij(&["log", "chain", "dvp.log", "dva.log"]);
    let lines = std::fs::read_to_string(bench.path().join("dvp.log")).unwrap();
    bench.file("dvp.log", lines.lines().rev().collect::<Vec<_>>().join("\n"));
    let back = bench.medmij(&["log", "chain", "dva.log", "dvp.log", "dva.log"]);
    assert_eq!((back.exit, back.out), (0, forth.out));
    let run = bench.medmij(&["log", "report", "--month", "2026-11", "dvp.log", "dvp.log"]);
    assert!(run.exit == 0 && run.out.contains("token: 1 requests"), "{}", run.out);
}
