// SPDX-License-Identifier: AGPL-3.0-or-later
//! The small network of the load programs: a test PKI, one DVZA, one DVP, and a folder through which two processes find each
//! other.

use std::{
    fmt::Write as _,
    fs, io,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use medmij_test::{LeafSpec, TestIdentity, TestPki};
use rustls::{ClientConfig, RootCertStore, crypto::ring, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use crate::work::Failure;

/// The DVZA, on both channels.
pub(crate) const HOST: &str = "dvza.example.nl";
/// The DVP: its client_id, and the name of its certificate.
pub(crate) const CLIENT: &str = "pgo.example.nl";
/// Its redirect_uri.
pub(crate) const REDIRECT: &str = "https://pgo.example.nl/cb";
/// The Aanbieder.
pub(crate) const AANBIEDER: &str = "eenofanderezorgaanbieder";
/// Where the routers are mounted.
pub(crate) const BASE: &str = "/oauth";

/// The identities of a run.
pub(crate) struct Pki {
    pub(crate) roots: String,
    pub(crate) crls: Vec<Vec<u8>>,
    pub(crate) node: TestIdentity,
    pub(crate) front: TestIdentity,
    dvp: TestIdentity,
}

impl Pki {
    pub(crate) fn new() -> Result<Self, Failure> {
        let pki = TestPki::new("load")?;
        Ok(Self {
            roots: pki.roots_pem(),
            crls: pki.crls(&[])?,
            node: pki.issue(&LeafSpec::node(HOST))?,
            front: pki.issue(&LeafSpec::front(HOST))?,
            dvp: pki.issue(&LeafSpec::node(CLIENT))?,
        })
    }
}

/// The folder of a run: who listens where, and the certificates with which the load program comes.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Writes what the other process needs of the PKI; the server's own key too, for a server that is no part of this
    /// program.
    pub(crate) fn write_pki(&self, pki: &Pki) -> Result<(), Failure> {
        self.write("roots.pem", &pki.roots)?;
        for (name, identity) in [("dvp", &pki.dvp), ("node", &pki.node)] {
            self.write(&format!("{name}.chain.pem"), identity.chain_pem())?;
            self.write(&format!("{name}.key.pem"), identity.key_pem())?;
        }
        Ok(())
    }

    pub(crate) fn write_addresses(&self, addresses: &Addresses) -> Result<(), Failure> {
        let Addresses { pid, front, back } = addresses;
        let mut text = String::new();
        write!(text, "pid {pid}\nfront {front}\nback {back}\n")?;
        self.write("addresses", &text)
    }

    /// Who listens where, as the server wrote it.
    pub(crate) fn addresses(&self) -> Result<Addresses, Failure> {
        let text = self.read("addresses")?;
        let find = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or_else(|| format!("addresses say no {name}"))
        };
        Ok(Addresses {
            pid: find("pid")?.parse()?,
            front: find("front")?.parse()?,
            back: find("back")?.parse()?,
        })
    }

    /// TLS as a DVP speaks it, with its certificate.
    pub(crate) fn client(&self) -> Result<Arc<ClientConfig>, Failure> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(self.read("roots.pem")?.as_bytes()) {
            roots.add(root?)?;
        }
        let chain = CertificateDer::pem_slice_iter(self.read("dvp.chain.pem")?.as_bytes()).collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(self.read("dvp.key.pem")?.as_bytes())?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        let path = self.0.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        // whoever reads it must not find half of it
        let part = self.0.join(format!("{name}.part"));
        let written: io::Result<()> = (|| {
            fs::write(&part, text)?;
            fs::set_permissions(&part, fs::Permissions::from_mode(0o600))?;
            fs::rename(&part, self.0.join(name))
        })();
        Ok(written?)
    }
}

/// Who listens where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) pid: u32,
    pub(crate) front: SocketAddr,
    pub(crate) back: SocketAddr,
}

/// Writes a PKI into a folder, for a server that is no part of this program.
#[derive(Debug, clap::Args)]
pub(crate) struct PkiArgs {
    /// The folder; it must exist.
    #[arg(long)]
    folder: PathBuf,
}

pub(crate) fn make_pki(args: &PkiArgs) -> Result<(), Failure> {
    Folder::at(&args.folder).write_pki(&Pki::new()?)
}
