// SPDX-License-Identifier: AGPL-3.0-or-later
//! The configuration of a Node: who it is, whom it trusts, which lists it follows.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use medmij_net::{ConfigError, CredentialFiles, DangerLoopback, DnsSettings, TlsPolicy};
use medmij_types::Hostname;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{NodeDns, NodeError, NodeTls, ProxyConfig};

/// Who a Node is and whom it trusts. It is part of a larger configuration, or a file of its own
/// ([`read`](Self::read)).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NodeConfig {
    /// Its host name on the back channel, as its certificate has it.
    pub hostname: Hostname,
    /// A PEM file with its certificate and the intermediates.
    pub chain: PathBuf,
    /// A PEM file with its private key (PKCS#8).
    pub key: PathBuf,
    /// A PEM file with the roots of the back channel, and no others.
    pub roots: PathBuf,
    /// The revocation lists: a file in PEM or DER, or a folder with files that end in `.crl`, one of each authority.
    pub crls: PathBuf,
    /// The Stelselnode, from which the lists come.
    pub stelselnode: Hostname,
    /// The folder in which lists and the memory against rollback outlive the process.
    pub folder: PathBuf,
    /// The lists that are followed beside the Whitelist.
    #[serde(default)]
    pub lists: BTreeSet<NodeList>,
    /// The proxy in front of the listener; without, the participants connect to it themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyConfig>,
    /// Versions and algorithms of TLS, of the guideline that is in force (core.tls.301).
    #[serde(default, skip_serializing_if = "NodeTls::is_default")]
    pub tls: NodeTls,
    /// How host names are proven (core.dns).
    #[serde(default, skip_serializing_if = "NodeDns::is_default")]
    pub dns: NodeDns,
    /// For development on one machine: the loopback map, in its text form ([`DangerLoopback`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger_loopback: Option<String>,
}

/// A list that a Node may follow beside the Whitelist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NodeList {
    /// The Zorgaanbiederslijst, for a DVP.
    Zal,
    /// The OAuth Client List, for a DVZA.
    Ocl,
    /// The Gegevensdienstnamenlijst.
    Gnl,
}

impl NodeConfig {
    /// A configuration in a folder with `node.pem`, `node.key`, `roots.pem` and revocation lists (`*.crl`), that keeps its lists in `kept` there
    /// and follows the Whitelist alone.
    #[must_use]
    pub fn in_folder(folder: impl AsRef<Path>, hostname: Hostname, stelselnode: Hostname) -> Self {
        let path = |name: &str| folder.as_ref().join(name);
        Self {
            hostname,
            chain: path("node.pem"),
            key: path("node.key"),
            roots: path("roots.pem"),
            crls: folder.as_ref().to_owned(),
            stelselnode,
            folder: path("kept"),
            lists: BTreeSet::new(),
            proxy: None,
            tls: NodeTls::default(),
            dns: NodeDns::default(),
            danger_loopback: None,
        }
    }

    /// The same, following these lists beside the Whitelist.
    #[must_use]
    pub fn with_lists(mut self, lists: impl IntoIterator<Item = NodeList>) -> Self {
        self.lists = lists.into_iter().collect();
        self
    }

    /// Reads a file: JSON where its name ends on `.json`, TOML otherwise. Paths in it start at its folder.
    ///
    /// # Errors
    ///
    /// [`NodeError::Read`] where the file cannot be read, [`NodeError::Config`] where something in it is missing, unknown or
    /// malformed.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, NodeError> {
        let path = path.as_ref();
        let config: Self = Self::read_within(path)?;
        Ok(config.relative_to(path.parent().unwrap_or_else(|| Path::new(""))))
    }

    /// Reads the file of a larger configuration that has this one as a part. Paths in it are taken as they stand.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read): [`NodeError`].
    pub fn read_within<C: DeserializeOwned>(path: impl AsRef<Path>) -> Result<C, NodeError> {
        let path = path.as_ref();
        let refused = |what: String| NodeError::Config {
            path: path.to_owned(),
            what,
        };
        let text = String::from_utf8(read(path)?).map_err(|error| refused(error.to_string()))?;
        // some editors put a byte order mark before it
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if path.extension().is_some_and(|extension| extension == "json") {
            serde_json::from_str(text).map_err(|error| refused(error.to_string()))
        } else {
            toml::from_str(text).map_err(|error| refused(error.to_string()))
        }
    }

    fn relative_to(mut self, folder: &Path) -> Self {
        let files = [&mut self.chain, &mut self.key, &mut self.roots, &mut self.crls];
        for path in files.into_iter().chain([&mut self.folder]).chain(&mut self.dns.anchors) {
            *path = folder.join(&*path);
        }
        self
    }

    /// The files of its credentials. A certificate that no revocation list speaks about is refused.
    pub(crate) fn files(&self) -> CredentialFiles {
        CredentialFiles::new(&self.chain, &self.key, &self.roots).crls_hard_fail(&self.crls)
    }

    /// Versions and algorithms, as [`tls`](Self::tls) says.
    ///
    /// # Errors
    ///
    /// [`NodeError::Net`] where this build has no cryptography for what is asked.
    pub fn tls_policy(&self) -> Result<TlsPolicy, NodeError> {
        Ok(self.tls.policy()?)
    }

    /// How host names are proven, as [`dns`](Self::dns) says; by default what release 2.2 asks where this crate has its feature
    /// `dnssec`, and not at all without it.
    ///
    /// # Errors
    ///
    /// [`NodeError::Read`] where the trust anchors cannot be read, [`NodeError::Net`] where names are to be proven and this build
    /// cannot.
    pub fn dns_settings(&self) -> Result<DnsSettings, NodeError> {
        let settings = self.dns.settings();
        let Some(path) = &self.dns.anchors else {
            return Ok(settings);
        };
        let text = String::from_utf8(read(path)?).map_err(|_| ConfigError::Dns("the trust anchors are no text"))?;
        Ok(settings.anchors(&text))
    }

    pub(crate) fn loopback(&self) -> Result<DangerLoopback, NodeError> {
        match &self.danger_loopback {
            Some(map) => Ok(map.parse()?),
            None => Ok(DangerLoopback::default()),
        }
    }
}

/// No file of a configuration is as large.
const LARGEST: u64 = 16 << 20;

/// A file within its bound: a device without an end is none.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, NodeError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    let whole = read.and_then(|_| match bytes.len() as u64 > LARGEST {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(bytes),
    });
    whole.map_err(|source| NodeError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
        hostname = "node.example.nl"
        chain = "node.pem"
        key = "/etc/node.key"
        roots = "roots.pem"
        crls = "crl"
        stelselnode = "stelselnode.example.nl"
        folder = "kept"
        lists = ["gnl", "zal"]
    "#;

    #[test]
    fn a_file_is_read_with_its_paths_from_its_own_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.toml");
        std::fs::write(&path, TOML).unwrap();
        let config = NodeConfig::read(&path).unwrap();
        assert_eq!(config.chain, folder.path().join("node.pem"));
        assert_eq!(config.key, Path::new("/etc/node.key"));
        assert_eq!(config.crls, folder.path().join("crl"));
        assert_eq!(config.lists, BTreeSet::from([NodeList::Zal, NodeList::Gnl]));
        assert_eq!(config.tls_policy().unwrap(), TlsPolicy::ncsc_2_1());
        // the same as JSON
        let json = folder.path().join("node.json");
        std::fs::write(&json, serde_json::to_vec(&config).unwrap()).unwrap();
        assert_eq!(NodeConfig::read(&json).unwrap().folder, config.folder);
    }

    #[test]
    fn core_tls_301_core_dns_what_a_file_says_of_tls_and_dns_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.toml");
        let keys = "tls = { guideline = \"ncsc-2025\", tls13_only = true }\n\
            dns = { policy = \"trust-ad\", refuse_unsigned = true, servers = [\"127.0.0.1:53\"], anchors = \"root.key\" }\n";
        std::fs::write(&path, format!("{TOML}\n{keys}")).unwrap();
        let config = NodeConfig::read(&path).unwrap();
        assert_eq!(config.tls_policy().unwrap(), TlsPolicy::ncsc_2025().tls13_only());
        assert!(
            matches!(config.dns_settings(), Err(NodeError::Read { .. })),
            "no anchors"
        );
        std::fs::write(folder.path().join("root.key"), ". IN DNSKEY 257 3 8 AQ==").unwrap();
        let expected = DnsSettings::new(medmij_types::DnsPolicy::TrustAd)
            .refuse_unsigned(true)
            .servers(["127.0.0.1:53".parse().unwrap()])
            .anchors(". IN DNSKEY 257 3 8 AQ==");
        assert_eq!(config.dns_settings().unwrap(), expected);
    }

    #[test]
    fn a_file_that_does_not_fit_says_where_and_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.toml");
        for (from, to, said) in [
            ("hostname = \"node.example.nl\"", "hostname = \"a b\"", "hostname"),
            ("folder = \"kept\"", "", "folder"),
            ("[\"gnl\", \"zal\"]", "[\"whitelist\"]", "whitelist"),
            ("chain =", "ketting =", "ketting"),
            ("lists =", "tls.guideline = \"ncsc-2014\"\nlists =", "ncsc-2014"),
            ("lists =", "dns.policy = \"sometimes\"\nlists =", "sometimes"),
        ] {
            std::fs::write(&path, TOML.replace(from, to)).unwrap();
            let error = NodeConfig::read(&path).unwrap_err().to_string();
            assert!(error.contains("node.toml") && error.contains(said), "{error}");
        }
        let missing = NodeConfig::read(folder.path().join("none.toml"));
        assert!(matches!(missing, Err(NodeError::Read { .. })));
    }
}
