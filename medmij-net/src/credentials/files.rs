// SPDX-License-Identifier: AGPL-3.0-or-later
//! Credentials on disk, followed while they change (fault R16)

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Credentials;
use crate::{ConfigError, CrlFetcher, NodeIdentity, Revocation, RevocationPolicy, TrustRoots};

/// The files of one set of credentials, in PEM.
///
/// ```no_run
/// use std::time::Duration;
/// use medmij_net::{CredentialFiles, CrlFetcher};
///
/// # async fn run(channel: medmij_net::BackChannel) -> Result<(), Box<dyn std::error::Error>> {
/// let crls = CrlFetcher::new(["http://crl.example.nl/services.crl"])?.folder("/var/lib/medmij/crl");
/// let mut files = CredentialFiles::new("node.pem", "node.key", "pkioverheid.pem").crls_fetched_hard_fail(crls);
/// let credentials = files.fetch().await?;
/// // Follow the files; a broken one keeps the old credentials and is logged as an error.
/// files.follow(Duration::from_secs(60), |new| channel.reload(new)).await;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct CredentialFiles {
    chain: PathBuf,
    key: PathBuf,
    roots: PathBuf,
    intermediates: Option<PathBuf>,
    crls: Crls,
    password: Option<Zeroizing<String>>,
    in_use: Option<InUse>,
}

/// What is in use now.
struct InUse {
    digest: [u8; 32],
    credentials: Credentials,
}

#[derive(Debug)]
enum Crls {
    NotChosen,
    HardFail(PathBuf),
    SoftFail(PathBuf),
    Fetched(Box<CrlFetcher>, RevocationPolicy),
    DangerOff,
}

impl CredentialFiles {
    /// Chain and key of the node, and the roots of the other side.
    pub fn new(chain: impl Into<PathBuf>, key: impl Into<PathBuf>, roots: impl Into<PathBuf>) -> Self {
        Self {
            chain: chain.into(),
            key: key.into(),
            roots: roots.into(),
            intermediates: None,
            crls: Crls::NotChosen,
            password: None,
            in_use: None,
        }
    }

    /// The CA certificates between the roots and the nodes, in PEM: see [`TrustRoots::with_intermediates`].
    pub fn intermediates(mut self, path: impl Into<PathBuf>) -> Self {
        self.intermediates = Some(path.into());
        self
    }

    /// The CRLs: a file in PEM or DER, or a folder with files that end in `.crl`. A certificate that none of them speaks about
    /// is refused.
    pub fn crls_hard_fail(mut self, path: impl Into<PathBuf>) -> Self {
        self.crls = Crls::HardFail(path.into());
        self
    }

    /// The same; a certificate that none of them speaks about is taken.
    pub fn crls_soft_fail(mut self, path: impl Into<PathBuf>) -> Self {
        self.crls = Crls::SoftFail(path.into());
        self
    }

    /// The CRLs that `fetcher` finds; a certificate that none of them speaks about is refused.
    pub fn crls_fetched_hard_fail(mut self, fetcher: CrlFetcher) -> Self {
        self.crls = Crls::Fetched(Box::new(fetcher), RevocationPolicy::HardFail);
        self
    }

    /// The CRLs that `fetcher` finds; a certificate that none of them speaks about is taken.
    pub fn crls_fetched_soft_fail(mut self, fetcher: CrlFetcher) -> Self {
        self.crls = Crls::Fetched(Box::new(fetcher), RevocationPolicy::SoftFail);
        self
    }

    /// No revocation check at all.
    pub fn danger_no_revocation(mut self) -> Self {
        self.crls = Crls::DangerOff;
        self
    }

    /// The password of the key, if it is encrypted (feature `encrypted-keys`).
    #[cfg(feature = "encrypted-keys")]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Zeroizing::new(password.into()));
        self
    }

    /// Reads all files. Of a fetcher it takes what is kept from before; see [`fetch`](Self::fetch).
    ///
    /// # Errors
    /// [`FileError`] names the file that is absent or cannot be used.
    pub fn load(&self) -> Result<Credentials, FileError> {
        Ok(self.read()?.credentials)
    }

    /// Lets the fetcher of CRLs, if there is one, ask once, and reads all files: the way to start.
    ///
    /// A distribution point that does not answer is logged; what its silence means is the policy's.
    ///
    /// # Errors
    /// [`FileError`] names the file that is absent or cannot be used.
    pub async fn fetch(&mut self) -> Result<Credentials, FileError> {
        let roots = self.load()?.roots;
        if let Crls::Fetched(fetcher, _) = &mut self.crls {
            fetcher.learn(&roots);
            fetcher.refresh().await;
        }
        self.load()
    }

    /// Looks at the files once: what they hold now, where it differs from the last look. For whoever keeps the time itself;
    /// of a fetcher it takes what is there.
    ///
    /// # Errors
    /// [`FileError`] names the file that is absent or cannot be used; what is in use stays.
    pub fn changed(&mut self) -> Result<Option<Credentials>, FileError> {
        let next = self.read()?;
        if self.in_use.as_ref().is_some_and(|in_use| in_use.digest == next.digest) {
            return Ok(None);
        }
        let credentials = next.credentials.clone();
        self.in_use = Some(next);
        Ok(Some(credentials))
    }

    /// Looks at the files at every interval, fetches CRLs every hour, and hands over what changed, for ever.
    /// What cannot be used is logged as an error, and the credentials in use stay; CRLs are renewed and grow
    /// too old all the same.
    pub async fn follow(
        mut self,
        every: Duration,
        mut apply: impl FnMut(&Credentials) -> Result<(), ConfigError> + Send,
    ) {
        let mut until_fetch = Duration::ZERO;
        loop {
            if let (Crls::Fetched(fetcher, _), true) = (&mut self.crls, until_fetch.is_zero()) {
                let failed = !fetcher.refresh().await.failures.is_empty();
                until_fetch = if failed { every } else { HOUR };
            }
            self.step(&mut apply);
            tokio::time::sleep(every).await;
            until_fetch = until_fetch.saturating_sub(every);
        }
    }

    fn step(&mut self, apply: &mut (impl FnMut(&Credentials) -> Result<(), ConfigError> + Send)) {
        let next = match self.read() {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "credentials cannot be read, the old ones stay");
                let Some(next) = self.renewed() else { return };
                next
            }
        };
        if self.in_use.as_ref().is_some_and(|in_use| in_use.digest == next.digest) {
            return;
        }
        match apply(&next.credentials) {
            Ok(()) => self.in_use = Some(next),
            Err(error) => tracing::error!(%error, "new credentials cannot be used, the old ones stay"),
        }
    }

    /// The credentials in use with the CRLs of now, while the files cannot be read.
    fn renewed(&self) -> Option<InUse> {
        let (Some(in_use), Crls::Fetched(fetcher, policy)) = (&self.in_use, &self.crls) else {
            return None;
        };
        let revocation = fetcher.revocation(*policy);
        let same = revocation.digests().eq(in_use.credentials.revocation.digests());
        let digest = if same { in_use.digest } else { [0; 32] };
        Some(InUse {
            digest,
            credentials: Credentials {
                revocation,
                ..in_use.credentials.clone()
            },
        })
    }

    fn read(&self) -> Result<InUse, FileError> {
        let chain = read(&self.chain)?;
        let key = read(&self.key)?;
        let roots = read(&self.roots)?;
        let bundle = self.intermediates.as_deref().map(read).transpose()?;
        let mut digest = Sha256::new();
        for bytes in [&chain, &key, &roots].into_iter().chain(&bundle) {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes.as_slice());
        }
        let config = |path: &Path| {
            let path = path.to_owned();
            |source| FileError::Config { path, source }
        };
        let revocation = match &self.crls {
            Crls::NotChosen => return Err(FileError::NoRevocation),
            Crls::DangerOff => Revocation::danger_off(),
            Crls::Fetched(fetcher, policy) => {
                let revocation = fetcher.revocation(*policy);
                revocation.digests().for_each(|crl| digest.update(crl));
                revocation
            }
            Crls::HardFail(path) | Crls::SoftFail(path) => {
                let mut crls = Vec::new();
                for path in crl_files(path)? {
                    let file = read(&path)?;
                    digest.update(file.as_slice());
                    let held = Revocation::crls_from_pem(&file).map_err(config(&path))?;
                    // what an authority's proxy answers in its place is no reason to let a CRL go
                    if held.is_empty() {
                        return Err(config(&path)(ConfigError::NoCrl));
                    }
                    crls.extend(held);
                }
                let hard = matches!(self.crls, Crls::HardFail(_));
                if hard {
                    Revocation::hard_fail(crls)
                } else {
                    Revocation::soft_fail(crls)
                }
                .map_err(config(path))?
            }
        };
        let mut roots = TrustRoots::from_pem(&roots).map_err(config(&self.roots))?;
        if let (Some(path), Some(bundle)) = (&self.intermediates, &bundle) {
            roots = roots.with_intermediates(bundle).map_err(config(path))?;
        }
        let identity = self.identity(&chain, &key).map_err(config(&self.key))?;
        Ok(InUse {
            digest: digest.finalize().into(),
            credentials: Credentials {
                identity,
                roots,
                revocation,
            },
        })
    }

    fn identity(&self, chain: &[u8], key: &[u8]) -> Result<NodeIdentity, ConfigError> {
        match &self.password {
            #[cfg(feature = "encrypted-keys")]
            Some(password) => NodeIdentity::from_encrypted_pem(chain, key, password),
            _ => NodeIdentity::from_pem(chain, key),
        }
    }
}

impl std::fmt::Debug for CredentialFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialFiles")
            .field("chain", &self.chain)
            .field("key", &self.key)
            .field("roots", &self.roots)
            .field("crls", &self.crls)
            .finish_non_exhaustive()
    }
}

/// A file of the credentials that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It was read and cannot be used.
    #[error("cannot use {}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ConfigError,
    },
    /// Nobody said how withdrawn certificates are found out.
    #[error("revocation policy is not chosen")]
    NoRevocation,
}

/// The file itself, or those in a folder that end in `.crl`.
fn crl_files(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unread = |source| FileError::Read {
        path: path.to_owned(),
        source,
    };
    let entries = fs::read_dir(path).map_err(unread)?;
    let mut files: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(unread)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "crl"));
    files.sort();
    Ok(files)
}

/// How often CRLs are fetched when all goes well.
const HOUR: Duration = Duration::from_secs(3600);

/// No file of keys, certificates or revocation lists is as large.
const LARGEST: u64 = 64 << 20;

/// A file within its bound: a device without an end is none.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    let whole = read.and_then(|_| match bytes.len() as u64 > LARGEST {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(()),
    });
    whole.map(|()| bytes).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
