// SPDX-License-Identifier: AGPL-3.0-or-later
//! The lists that are tested: how ours reads them, and which schema judges them.

use std::{path::PathBuf, sync::Arc};

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{Dialect, List, ListError, ReadLimits, ReadOptions, Snapshot};
use medmij_ocl::OAuthclientlist;
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    Zal,
    Ocl,
    Whitelist,
    OldWhitelist,
    Gnl,
    /// A list that does not exist, judged by an imported schema.
    Trial,
}

impl Family {
    pub const ALL: [Self; 6] = [
        Self::Zal,
        Self::Ocl,
        Self::Whitelist,
        Self::OldWhitelist,
        Self::Gnl,
        Self::Trial,
    ];

    pub fn root(self) -> &'static str {
        match self {
            Self::Zal => "Zorgaanbiederslijst",
            Self::Ocl => "OAuthclientlist",
            Self::Whitelist | Self::OldWhitelist => "Whitelist",
            Self::Gnl | Self::Trial => "Gegevensdienstnamenlijst",
        }
    }

    pub fn namespace(self) -> &'static str {
        match self {
            Self::Zal => "xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release2/",
            Self::Ocl => "xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release2/",
            Self::Whitelist | Self::OldWhitelist => "xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/",
            Self::Gnl => "xmlns://afsprakenstelsel.medmij.nl/gegevensdienstnamenlijst/release1/",
            Self::Trial => "xmlns://afsprakenstelsel.medmij.nl/gegevensdienstnamenlijst/release9/",
        }
    }

    /// The schema that this project wrote.
    pub fn own_schema(self) -> PathBuf {
        let name = match self {
            Self::Zal => "zorgaanbiederslijst-release2.xsd",
            Self::Ocl => "oauthclientlist-release2.xsd",
            Self::Whitelist => "whitelist-release2.xsd",
            Self::OldWhitelist => "whitelist-release2-old.xsd",
            Self::Gnl => "gegevensdienstnamenlijst-release1.xsd",
            Self::Trial => "proef-release9.xsd",
        };
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name)
    }

    /// The newest official schema, where `MEDMIJ_DATA` has it.
    pub fn official_schema(self) -> Option<PathBuf> {
        let name = match self {
            Self::Zal => "zorgaanbiederslijst-release2-fv5.xsd",
            Self::Ocl => "oauthclientlist-release2-fv5.xsd",
            Self::Whitelist => "whitelist-release2-fv13.xsd",
            Self::OldWhitelist => "whitelist-release2-fv2.xsd",
            Self::Gnl => "gegevensdienstnamenlijst-release1-fv7.xsd",
            Self::Trial => return None,
        };
        let path = PathBuf::from(std::env::var_os("MEDMIJ_DATA")?)
            .join("schemas")
            .join(name);
        path.is_file().then_some(path)
    }

    /// The dialect that is built in; for [`Family::Trial`] none is.
    pub fn built_in(self) -> Option<Arc<Dialect>> {
        let (dialects, at) = match self {
            Self::Zal => (Zorgaanbiederslijst::dialects(), 0),
            Self::Ocl => (OAuthclientlist::dialects(), 0),
            Self::Whitelist => (Whitelist::dialects(), 0),
            Self::OldWhitelist => (Whitelist::dialects(), 1),
            Self::Gnl => (Gegevensdienstnamenlijst::dialects(), 0),
            Self::Trial => return None,
        };
        dialects.ok()?.get(at).cloned()
    }

    /// Reads with the built-in dialects as a supplier would, or with one dialect.
    pub fn read(self, bytes: &[u8], limits: &ReadLimits, dialect: Option<&Arc<Dialect>>) -> Result<(), ListError> {
        let mut options = ReadOptions::default();
        options.limits = limits.clone();
        options.dialect = dialect.cloned();
        let bytes = bytes.to_vec();
        match self {
            Self::Zal => Snapshot::<Zorgaanbiederslijst>::read(bytes, &options).map(drop),
            Self::Ocl => Snapshot::<OAuthclientlist>::read(bytes, &options).map(drop),
            Self::Whitelist | Self::OldWhitelist => Snapshot::<Whitelist>::read(bytes, &options).map(drop),
            Self::Gnl | Self::Trial => Snapshot::<Gegevensdienstnamenlijst>::read(bytes, &options).map(drop),
        }
    }
}
