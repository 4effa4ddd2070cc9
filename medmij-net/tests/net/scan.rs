// SPDX-License-Identifier: AGPL-3.0-or-later
//! What others see of the listener: `sslyze` scans it and finds the preset and nothing else (core.tls.301)
//!
//! `pip install sslyze` makes it available; the variable `SSLYZE` may name the program.

use std::process::Command;

use medmij_net::TlsPolicy;
use serde_json::Value;

use crate::listener::counting;
use crate::world::{DVP, DVZA, Served, World, only};

#[tokio::test(flavor = "multi_thread")]
async fn core_tls_301_core_tls_303_a_scan_shows_only_what_the_preset_allows() {
    let program = std::env::var("SSLYZE").unwrap_or_else(|_| "sslyze".to_owned());
    if !Command::new(&program)
        .arg("--help")
        .output()
        .is_ok_and(|help| help.status.success())
    {
        medmij_test::skip("sslyze is not installed, the listener was not scanned");
        return;
    }
    let world = World::new();
    let tls12 = TlsPolicy::ncsc_2_1();
    for policy in [tls12, TlsPolicy::ncsc_2025(), TlsPolicy::ncsc_2025().tls13_only()] {
        let served = Served::start(world.listener(only(DVP)).tls(policy), counting().0).await;
        let target = served.address.to_string();
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.json");
        let mut scan = Command::new(&program);
        scan.args(["--quiet", "--sni", DVZA])
            .arg(format!("--json_out={}", report.display()))
            .arg(target);
        tokio::task::spawn_blocking(move || scan.output())
            .await
            .unwrap()
            .unwrap();
        let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        served.stop().await;
        let result = &report["server_scan_results"][0]["scan_result"];
        assert!(result.is_object(), "{}", report["server_scan_results"][0]);

        let suites = |version: &str| -> Vec<String> {
            let accepted = &result[format!("{version}_cipher_suites")]["result"]["accepted_cipher_suites"];
            let names = accepted
                .as_array()
                .unwrap()
                .iter()
                .map(|suite| suite["cipher_suite"]["name"].as_str().unwrap());
            names.map(ToOwned::to_owned).collect()
        };
        for old in ["ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"] {
            assert!(suites(old).is_empty(), "{policy:?} {old}");
        }
        let allowed = policy.suites();
        let allowed: Vec<_> = allowed.iter().map(|name| name.replace("TLS13_", "TLS_")).collect();
        let (twelve, thirteen) = (suites("tls_1_2"), suites("tls_1_3"));
        assert!(!thirteen.is_empty(), "{policy:?}");
        assert_eq!(
            twelve.is_empty(),
            policy.versions() == ["TLSv1_3"],
            "{policy:?}: {twelve:?}"
        );
        for name in twelve.iter().chain(&thirteen) {
            assert!(allowed.contains(name), "{policy:?} offers {name}");
        }
        let curves = &result["elliptic_curves"]["result"]["supported_curves"];
        let mut curves: Vec<_> = curves
            .as_array()
            .unwrap()
            .iter()
            .map(|curve| curve["name"].as_str().unwrap().to_owned())
            .collect();
        curves.sort();
        assert_eq!(curves, policy.groups(), "{policy:?}");
        for (scan, finding) in [
            ("tls_1_3_early_data", "supports_early_data"),
            ("tls_compression", "supports_compression"),
            ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos"),
            ("heartbleed", "is_vulnerable_to_heartbleed"),
            ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection"),
        ] {
            assert_ne!(result[scan]["result"][finding], Value::Bool(true), "{policy:?} {scan}");
        }
    }
}
