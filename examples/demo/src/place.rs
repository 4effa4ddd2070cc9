// SPDX-License-Identifier: AGPL-3.0-or-later
//! A place that is left free: a folder with what a program of somebody's own needs to take it, as the guides ask for it.

use crate::{
    network::{Network, NetworkError, write_secret},
    roles::Role,
};
use medmij_types::{Entropy as _, OsEntropy};
use std::{fmt, path::PathBuf};

/// The place of a role that does not run.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder, with `node.toml` and what that names; for a DVZA also the two keys of its store.
    pub folder: PathBuf,
    role: Role,
    name: String,
    node: String,
    addresses: String,
}

impl Place {
    /// Fills the folder of a role.
    ///
    /// # Errors
    ///
    /// [`NetworkError`], where the folder cannot be written.
    pub fn prepare(network: &Network, role: Role) -> Result<Self, NetworkError> {
        let [one, two] = &network.dvzas;
        let of_dvza = |dvza: &dvza::Config| {
            let addresses = format!("voorkant {}, achterkant {}", dvza.front, dvza.back);
            (dvza.node.clone(), dvza.hostname.clone(), addresses, r#""ocl", "gnl""#)
        };
        let of_dvp = |dvp: &dvp::Config| {
            let addresses = format!("voorkant {}", dvp.address);
            (dvp.node.clone(), dvp.client_id.clone(), addresses, r#""zal", "gnl""#)
        };
        let (node, name, addresses, lists) = match role {
            Role::DvzaEen => of_dvza(one),
            Role::DvzaTwee => of_dvza(two),
            Role::Dvp => of_dvp(&network.dvp),
            Role::DvpTwee => of_dvp(&network.dvp_two),
        };
        let folder = network.folder.join("vrij").join(role.file());
        std::fs::create_dir_all(folder.join("crl"))?;
        std::fs::copy(&node.chain, folder.join("node.pem"))?;
        write_secret(&folder.join("node.key"), &std::fs::read(&node.key)?)?;
        std::fs::copy(&node.roots, folder.join("roots.pem"))?;
        for list in std::fs::read_dir(&node.crls)? {
            let list = list?.path();
            if let (Some(name), true) = (list.file_name(), list.extension().is_some_and(|end| end == "crl")) {
                std::fs::copy(&list, folder.join("crl").join(name))?;
            }
        }
        if matches!(role, Role::DvzaEen | Role::DvzaTwee) {
            for key in ["sealing.key", "index.key"] {
                let mut bytes = [0; 32];
                OsEntropy.fill(&mut bytes)?;
                write_secret(&folder.join(key), &bytes)?;
            }
        }
        let toml = format!(
            "hostname = \"{}\"\nchain = \"node.pem\"\nkey = \"node.key\"\nroots = \"roots.pem\"\ncrls = \"crl\"\n\
             stelselnode = \"{}\"\nfolder = \"kept\"\nlists = [{lists}]\n\
             # for one machine: where each name leads to\ndanger_loopback = '''\n{}'''\n",
            node.hostname,
            node.stelselnode,
            node.danger_loopback.unwrap_or_default(),
        );
        std::fs::write(folder.join("node.toml"), toml)?;
        Ok(Self {
            folder,
            role,
            name: name.to_string(),
            node: node.hostname.to_string(),
            addresses,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "De plaats van {} is vrij voor een programma van uzelf:\n  naam          {}, als Node {}\n  \
             luistert op   {}\n  map           {}",
            self.role.file(),
            self.name,
            self.node,
            self.addresses,
            self.folder.display(),
        )
    }
}
