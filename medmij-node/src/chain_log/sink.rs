// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — the other side of the chain log: a folder, or the central component over mutual TLS.

use std::time::Duration;

use bytes::Bytes;
use medmij_log::{FolderSink, Sink, SinkError, Upload, Verdict};
use medmij_net::{BackChannel, NetError, SendLimits};
use medmij_whitelist::HostPolicy;

use super::config::DeliverTo;
use crate::{Node, NodeError};

/// A batch of 60 MB takes its time; of the answer nothing but the status is used.
const LIMITS: (Duration, u64) = (Duration::from_secs(300), 1 << 20);

pub(super) enum LogSink {
    Nowhere,
    Folder(FolderSink),
    Address(Box<(Upload, BackChannel)>),
}

impl LogSink {
    pub(super) fn is_somewhere(&self) -> bool {
        !matches!(self, Self::Nowhere)
    }
}

impl Node {
    pub(super) fn log_sink(&self, to: DeliverTo) -> Result<LogSink, NodeError> {
        Ok(match to {
            DeliverTo::Nowhere => LogSink::Nowhere,
            DeliverTo::Folder(folder) => {
                std::fs::create_dir_all(&folder).map_err(|source| NodeError::Read {
                    path: folder.clone(),
                    source,
                })?;
                LogSink::Folder(FolderSink::new(folder))
            }
            DeliverTo::Address(upload, host) => {
                // one host, which the operator configured, by a client of its own: that of the Node still refuses it
                let channel = self.client_for(HostPolicy::danger_fixed([host]))?;
                LogSink::Address(Box::new((upload, channel)))
            }
        })
    }
}

impl Sink for LogSink {
    async fn deliver(&self, number: u64, body: Vec<u8>) -> Result<Verdict, SinkError> {
        match self {
            Self::Nowhere => Err(failed("nobody takes it")),
            Self::Folder(folder) => folder.deliver(number, body).await,
            Self::Address(to) => {
                let (upload, channel) = &**to;
                let request = upload
                    .request(body)
                    .map_err(|_| failed("name or password fit in no header"))?;
                let limits = SendLimits::default().total(LIMITS.0).body(LIMITS.1);
                let response = channel.send_within(request.map(Bytes::from), limits).await;
                Upload::judge(&response.map_err(|error| failed(why(&error)))?)
            }
        }
    }
}

fn failed(reason: &'static str) -> SinkError {
    SinkError::new(reason)
}

/// In our own words: those of the transport can hold names and paths.
fn why(error: &NetError) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_tls() {
        "no tls connection"
    } else if error.is_connect() {
        "no connection"
    } else {
        "no answer that can be used"
    }
}
