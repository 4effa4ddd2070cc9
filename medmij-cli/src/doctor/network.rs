// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.309 — the listener that says nothing to strangers, the port of the operator

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::config::Config;
use super::finding::Finding;
use super::stranger;

pub(super) async fn judge(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(address) = config.back {
        findings.extend(listener(config, address).await);
    }
    for (key, address) in [("front", config.front), ("address", config.address)] {
        if let Some(address) = address
            && let Err(error) = timeout(PATIENCE, TcpStream::connect(address))
                .await
                .unwrap_or_else(|late| Err(late.into()))
        {
            findings.push(Finding::error(
                "front-unreachable",
                format_args!("nothing listens on {address} for browsers (`{key}`): {error}"),
                "start the application, or mend the address",
            ));
        }
    }
    if let Some(address) = config.operator {
        findings.extend(operator(address).await);
        findings.extend(metrics(config, address).await);
    }
    findings
}

async fn listener(config: &Config, address: SocketAddr) -> Vec<Finding> {
    match said(address, "/").await {
        Err(error) => vec![Finding::error(
            "listener-unreachable",
            format_args!("nothing listens on {address} for Nodes: {error}"),
            "start the application, or mend `back`",
        )],
        // an alert of TLS is no answer
        Ok(answer) if !answer.is_empty() && !answer.starts_with(ALERT) => vec![Finding::error(
            "listener-answers-strangers",
            format_args!("{address} answers without TLS and without a certificate (core.whl.309)"),
            "serve the back channel by `Node::listen` only, and see what else took the port",
        )],
        Ok(_) => {
            let (own, behind_proxy) = (config.node.hostname.clone(), config.node.proxy.is_some());
            let chain = config.node.chain.clone();
            let looked = tokio::task::spawn_blocking(move || {
                let met = stranger::meet(address, &own);
                stranger::judge(&met, address, &chain, behind_proxy)
            });
            looked.await.unwrap_or_default()
        }
    }
}

async fn operator(address: SocketAddr) -> Option<Finding> {
    if !address.ip().is_loopback() {
        return Some(Finding::error(
            "operator-exposed",
            format_args!("the port of the operator is {address}, which others can reach"),
            "give it an address on loopback",
        ));
    }
    match said(address, "/ready").await {
        Ok(answer) if answer.starts_with("HTTP/1.1 200") => None,
        Ok(answer) if answer.starts_with("HTTP/1.1 503") => {
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            Some(Finding::error(
                "not-ready",
                format_args!("the application says that it is not ready: {body}"),
                "mend what it names; it becomes ready by itself",
            ))
        }
        Ok(_) | Err(_) => Some(Finding::error(
            "operator-unreachable",
            format_args!("nobody answers /ready on {address}"),
            "start the application, or mend `operator`",
        )),
    }
}

/// What an application that runs says about itself: a DVZA that it mounts limits, the part `limits` of its readiness
/// (core.gegevensdiensten.103), and how many files it may open (R12).
async fn metrics(config: &Config, address: SocketAddr) -> Vec<Finding> {
    let Some(metrics) = said(address, "/metrics")
        .await
        .ok()
        .filter(|answer| answer.starts_with("HTTP/1.1 200"))
    else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let is_dvza = config.hostname.is_some() && config.client_id.is_none();
    if is_dvza && !metrics.contains("part=\"limits\"") {
        findings.push(Finding::warning(
            "limits-not-mounted",
            "the application does not say that it mounts request limits: one DVP or one address may take it all",
            "mount them with `RouterOptions::with_limits`, and let a probe `limits` of the Node say so",
        ));
    }
    let files = metrics
        .lines()
        .find_map(|line| line.strip_prefix("medmij_descriptors_limit "))
        .and_then(|limit| limit.trim().parse::<u64>().ok());
    if let Some(limit) = files.filter(|limit| *limit < DESCRIPTORS) {
        findings.push(Finding::warning(
            "descriptors",
            format_args!("the application may open {limit} files, which are connections too: a busy hour or a few hostile peers use them up"),
            "raise the limit of open files of the service to 65536 (`LimitNOFILE=` of systemd, or `ulimit -n`) and start it anew",
        ));
    }
    findings
}

/// What comes back for a request in the clear, within three seconds.
async fn said(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = timeout(PATIENCE, TcpStream::connect(address)).await??;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, async {
        stream.write_all(request.as_bytes()).await?;
        (&mut stream).take(64 * 1024).read_to_end(&mut answer).await
    })
    .await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

const PATIENCE: Duration = Duration::from_secs(3);
/// How a record begins in which TLS refuses.
const ALERT: char = '\u{15}';
/// A listener takes two fifths of them, and by default up to 8,192 connections.
const DESCRIPTORS: u64 = 4_096;
