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

pub(super) async fn judge(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(address) = config.back {
        findings.extend(listener(address).await);
    }
    if let Some(address) = config.operator {
        findings.extend(operator(address).await);
        if config.hostname.is_some() && config.client_id.is_none() {
            findings.extend(limits(address).await);
        }
    }
    findings
}

async fn listener(address: SocketAddr) -> Option<Finding> {
    match said(address, "/").await {
        Err(error) => Some(Finding::error(
            "listener-unreachable",
            format_args!("nothing listens on {address} for Nodes: {error}"),
            "start the application, or mend `back`",
        )),
        Ok(answer) if answer.contains("HTTP/") => Some(Finding::error(
            "listener-answers-strangers",
            format_args!("{address} answers without TLS and without a certificate (core.whl.309)"),
            "serve the back channel by `Node::listen` only, and see what else took the port",
        )),
        Ok(_) => None,
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

/// Whether a DVZA that runs says that it mounts limits: the part `limits` of its readiness (core.gegevensdiensten.103).
async fn limits(address: SocketAddr) -> Option<Finding> {
    let metrics = said(address, "/metrics").await.ok()?;
    let runs = metrics.starts_with("HTTP/1.1 200");
    (runs && !metrics.contains("part=\"limits\"")).then(|| {
        Finding::warning(
            "limits-not-mounted",
            "the application does not say that it mounts request limits: one DVP or one address may take it all",
            "mount them with `RouterOptions::with_limits`, and let a probe `limits` of the Node say so",
        )
    })
}

/// What comes back for a request in the clear, within three seconds.
async fn said(address: SocketAddr, path: &str) -> std::io::Result<String> {
    const PATIENCE: Duration = Duration::from_secs(3);
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
