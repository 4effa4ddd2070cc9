// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.lijsten.300 — which lists there are, and what their files are called.

use std::fmt;

/// A list of MedMij Registratie.
///
/// ```
/// use medmij_list::ListKind;
///
/// assert_eq!(ListKind::Whitelist.file_name(), "MedMij_Whitelist.xml");
/// assert_eq!(ListKind::from_root("OAuthclientlist"), Some(ListKind::OAuthclientlist));
/// assert_eq!(ListKind::from_short("zal"), Some(ListKind::Zorgaanbiederslijst));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ListKind {
    /// Zorgaanbiederslijst (ZAL), the Aanbiederslijst of release 2.x.
    Zorgaanbiederslijst,
    /// OAuth Client List (OCL).
    OAuthclientlist,
    /// Whitelist.
    Whitelist,
    /// Gegevensdienstnamenlijst (GNL).
    Gegevensdienstnamenlijst,
    /// Zorgaanbiederskoppellijst (ZKL): not one of the four lists of core.lijsten.300, but made the same way.
    Zorgaanbiederskoppellijst,
}

impl ListKind {
    /// The lists, in a fixed order.
    pub const ALL: [Self; 5] = [
        Self::Zorgaanbiederslijst,
        Self::OAuthclientlist,
        Self::Whitelist,
        Self::Gegevensdienstnamenlijst,
        Self::Zorgaanbiederskoppellijst,
    ];

    /// The local name of the root element.
    #[must_use]
    pub const fn root(self) -> &'static str {
        match self {
            Self::Zorgaanbiederslijst => "Zorgaanbiederslijst",
            Self::OAuthclientlist => "OAuthclientlist",
            Self::Whitelist => "Whitelist",
            Self::Gegevensdienstnamenlijst => "Gegevensdienstnamenlijst",
            Self::Zorgaanbiederskoppellijst => "Zorgaanbiederskoppellijst",
        }
    }

    /// The file name, which is the same in every release.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Zorgaanbiederslijst => "MedMij_Zorgaanbiederslijst.xml",
            Self::OAuthclientlist => "MedMij_OAuthclientlist.xml",
            Self::Whitelist => "MedMij_Whitelist.xml",
            Self::Gegevensdienstnamenlijst => "MedMij_Gegevensdienstnamenlijst.xml",
            Self::Zorgaanbiederskoppellijst => "MedMij_Zorgaanbiederskoppellijst.xml",
        }
    }

    /// The short name that people and the command line use: `zal`, `ocl`, `whitelist`, `gnl`, `zkl`.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Zorgaanbiederslijst => "zal",
            Self::OAuthclientlist => "ocl",
            Self::Whitelist => "whitelist",
            Self::Gegevensdienstnamenlijst => "gnl",
            Self::Zorgaanbiederskoppellijst => "zkl",
        }
    }

    /// The list whose root element has this local name.
    #[must_use]
    pub fn from_root(local_name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.root() == local_name)
    }

    /// The list with this short name.
    #[must_use]
    pub fn from_short(short: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.short() == short)
    }
}

impl fmt::Display for ListKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root())
    }
}
