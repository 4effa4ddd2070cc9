// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.305 — the lists over mutual TLS; only the Stelselnode may be called (core.whl.303).

use std::path::{Path, PathBuf};

use medmij_list::{ListKind, Source as _, SourceError, supply::SourceName};
use medmij_net::{BackChannel, DangerLoopback, NodeIdentity, Revocation, StelselnodeSource, TrustRoots};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use tokio::runtime::{Builder, Runtime};

use crate::{arguments::CacheRefresh, cli_error::CliError, input::Input};

/// A Stelselnode to fetch from.
pub(super) struct Stelselnode {
    host: Hostname,
    source: StelselnodeSource,
    runtime: Runtime,
}

impl Stelselnode {
    pub(super) fn open(arguments: &CacheRefresh) -> Result<Self, CliError> {
        let name = arguments.stelselnode.as_deref().unwrap_or_default();
        let host = Hostname::parse(name).map_err(|cause| CliError::failed(format!("--stelselnode {name}"), cause))?;
        let identity = NodeIdentity::from_pem(&needed(arguments.chain.as_deref())?, &needed(arguments.key.as_deref())?)
            .map_err(|cause| CliError::failed("the identity of this node", cause))?;
        let roots = TrustRoots::from_pem(&needed(arguments.roots.as_deref())?)
            .map_err(|cause| CliError::failed("the roots", cause))?;
        let mut builder = BackChannel::builder(identity, roots, HostPolicy::stelselnode_only(host.clone()))
            .revocation(revocation(&arguments.crl, arguments.danger_no_revocation)?);
        if let Some(path) = &arguments.danger_loopback {
            let text = String::from_utf8_lossy(&needed(Some(path))?).into_owned();
            let map: DangerLoopback = text
                .parse()
                .map_err(|cause| CliError::failed("the loopback map", cause))?;
            builder = builder.danger_loopback(map);
        }
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| CliError::failed("tokio", e))?;
        let _inside = runtime.enter();
        let channel = builder
            .build()
            .map_err(|cause| CliError::failed("the back channel", cause))?;
        let source = StelselnodeSource::new(channel, host.clone(), arguments.api).folder(&arguments.path);
        drop(_inside);
        Ok(Self { host, source, runtime })
    }

    pub(super) fn name(&self) -> SourceName {
        SourceName::from(&self.host)
    }

    pub(super) fn fetch(&self, kind: ListKind) -> Result<Vec<u8>, SourceError> {
        self.runtime.block_on(self.source.fetch(kind))
    }
}

fn needed(path: Option<&Path>) -> Result<Vec<u8>, CliError> {
    // clap asks for all of them together with --stelselnode
    let path = path.ok_or_else(|| CliError::Usage("--stelselnode needs --chain, --key and --roots".to_owned()))?;
    Ok(Input::small(path)?.take())
}

fn revocation(files: &[PathBuf], off: bool) -> Result<Revocation, CliError> {
    if off {
        return Ok(Revocation::danger_off());
    }
    let failed = |cause| CliError::failed("the revocation lists", cause);
    let mut crls = Vec::new();
    for path in files {
        let found = Revocation::crls_from_pem(&needed(Some(path))?).map_err(failed)?;
        if found.is_empty() {
            return Err(CliError::Usage(format!("{} holds no revocation list", path.display())));
        }
        crls.extend(found);
    }
    Revocation::hard_fail(crls).map_err(failed)
}
