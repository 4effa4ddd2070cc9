// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — a Zorgaanbiederslijst in the making, to be published.

use medmij_list::{Header, ListError, ReadOptions, Snapshot};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, InterfaceversieId, Systeemrolcode, Tijdstempel,
    Volgnummer,
};

use crate::{Aanbiedertype, Zorgaanbiederslijst, write::Out};

const RELEASE2: &str = "xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release2/";
const RELEASE3: &str = "xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release3/";

/// A Zorgaanbiederslijst that a publisher makes.
///
/// ```
/// use medmij_types::{Tijdstempel, Volgnummer};
/// use medmij_zal::{
///     Aanbiedertype, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft, ZorgaanbiederDraft, ZorgaanbiederslijstDraft,
/// };
///
/// let mut service = GegevensdienstDraft::new(
///     "48".parse()?,
///     "https://login.example.nl/authorize".parse()?,
///     "https://dvza.example.nl/token".parse()?,
/// );
/// service.systeemrollen.push(SysteemrolDraft::new("MM-3.0-BZB-FHIR".parse()?, "https://dvza.example.nl/fhir".parse()?));
/// let mut version = InterfaceversieDraft::new("2".parse()?);
/// version.gegevensdiensten.push(service);
/// let mut aanbieder = ZorgaanbiederDraft::new("umcharderwijk".parse()?, Aanbiedertype::Zorgaanbieder);
/// aanbieder.interfaceversies.push(version);
/// let mut draft = ZorgaanbiederslijstDraft::new(Tijdstempel::parse("2026-03-29T12:00:00Z")?, Volgnummer::FIRST);
/// draft.zorgaanbieders.push(aanbieder);
///
/// assert!(draft.to_xml_release3()?.contains("<InterfaceversieId>2</InterfaceversieId>"));
/// // release2 has no Interfaceversies: the only one is written without its name
/// assert!(!draft.to_xml_release2()?.contains("Interfaceversie"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZorgaanbiederslijstDraft {
    /// The moment of publication.
    pub tijdstempel: Tijdstempel,
    /// The number of the publication.
    pub volgnummer: Volgnummer,
    /// The Zorgaanbieders; each name once.
    pub zorgaanbieders: Vec<ZorgaanbiederDraft>,
}

/// A Zorgaanbieder to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZorgaanbiederDraft {
    /// Its name.
    pub name: Aanbiedernaam,
    /// What kind of Aanbieder it is; release2 does not tell.
    pub aanbiedertype: Aanbiedertype,
    /// Its Interfaceversies; one or more, each id once; exactly one for release2.
    pub interfaceversies: Vec<InterfaceversieDraft>,
}

/// An Interfaceversie to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterfaceversieDraft {
    /// Its id; release2 does not tell.
    pub id: InterfaceversieId,
    /// Its Gegevensdiensten; one or more, each id once.
    pub gegevensdiensten: Vec<GegevensdienstDraft>,
}

/// A Gegevensdienst to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GegevensdienstDraft {
    /// Its id.
    pub id: GegevensdienstId,
    /// The AuthorizationEndpointuri.
    pub authorization_endpoint: FrontchannelUri,
    /// The TokenEndpointuri.
    pub token_endpoint: BackchannelUri,
    /// Whether and how one can subscribe; none for release2.
    pub abonneren: Option<AbonnerenDraft>,
    /// The Systeemrollen; one or more, each code once.
    pub systeemrollen: Vec<SysteemrolDraft>,
}

/// How one can subscribe, to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AbonnerenDraft {
    /// The longest subscription, in days; 1 or more.
    pub max_duration: std::num::NonZeroU32,
    /// The SubscriptionEndpointuri.
    pub subscription_endpoint: BackchannelUri,
}

/// A Systeemrol to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SysteemrolDraft {
    /// Its code.
    pub code: Systeemrolcode,
    /// The ResourceEndpointuri.
    pub resource_endpoint: BackchannelUri,
}

impl ZorgaanbiederslijstDraft {
    /// A draft without Zorgaanbieders.
    #[must_use]
    pub const fn new(tijdstempel: Tijdstempel, volgnummer: Volgnummer) -> Self {
        Self {
            tijdstempel,
            volgnummer,
            zorgaanbieders: Vec::new(),
        }
    }

    /// The document of release2. It was read back before it is handed over.
    ///
    /// # Errors
    ///
    /// [`DraftError::Interfaceversies`] or [`DraftError::Abonneren`] for what release2 cannot say, [`DraftError::Refused`]
    /// for the rule that the document breaks.
    pub fn to_xml_release2(&self) -> Result<String, DraftError> {
        for aanbieder in &self.zorgaanbieders {
            let name = || aanbieder.name.to_string();
            let [version] = aanbieder.interfaceversies.as_slice() else {
                return Err(DraftError::Interfaceversies {
                    name: name(),
                    count: aanbieder.interfaceversies.len(),
                });
            };
            if let Some(service) = version
                .gegevensdiensten
                .iter()
                .find(|service| service.abonneren.is_some())
            {
                return Err(DraftError::Abonneren {
                    name: name(),
                    gegevensdienst: service.id.to_string(),
                });
            }
        }
        self.checked(self.write(false))
    }

    /// The document of release3. Its schema is not public: the elements are those of the official example. It was read
    /// back before it is handed over.
    ///
    /// # Errors
    ///
    /// [`DraftError::Refused`] for the rule that the document breaks, [`DraftError::Incomplete`] where something is missing.
    pub fn to_xml_release3(&self) -> Result<String, DraftError> {
        self.checked(self.write(true))
    }

    fn checked(&self, xml: String) -> Result<String, DraftError> {
        let list = Snapshot::<Zorgaanbiederslijst>::read(xml.clone().into_bytes(), &ReadOptions::default())?;
        match list.document().remarks().next() {
            Some(remark) if remark.rule() == medmij_list::Rule::MissingElement => {
                Err(DraftError::Incomplete(remark.to_string()))
            }
            _ => Ok(xml),
        }
    }

    fn write(&self, release3: bool) -> String {
        let header = Header::new(self.tijdstempel.clone(), self.volgnummer);
        let namespace = if release3 { RELEASE3 } else { RELEASE2 };
        let mut out = Out::new(&header, namespace, release3);
        for aanbieder in &self.zorgaanbieders {
            out.aanbieder(aanbieder.name.as_str(), Some(aanbieder.aanbiedertype.code()));
            for version in &aanbieder.interfaceversies {
                out.version(version.id.as_str());
                for service in &version.gegevensdiensten {
                    let uris = (
                        Some(service.authorization_endpoint.as_str()),
                        Some(service.token_endpoint.as_str()),
                    );
                    out.service(service.id.as_str(), uris.0, uris.1);
                    if let Some(abonneren) = &service.abonneren {
                        let duration = abonneren.max_duration.to_string();
                        out.abonneren(Some(&duration), Some(abonneren.subscription_endpoint.as_str()));
                    }
                    out.roles(
                        service
                            .systeemrollen
                            .iter()
                            .map(|role| (role.code.as_str(), Some(role.resource_endpoint.as_str()))),
                    );
                    out.end_service();
                }
                out.end_version();
            }
            out.end_aanbieder();
        }
        out.finish()
    }
}

impl ZorgaanbiederDraft {
    /// A Zorgaanbieder without Interfaceversies.
    #[must_use]
    pub const fn new(name: Aanbiedernaam, aanbiedertype: Aanbiedertype) -> Self {
        Self {
            name,
            aanbiedertype,
            interfaceversies: Vec::new(),
        }
    }
}

impl InterfaceversieDraft {
    /// An Interfaceversie without Gegevensdiensten.
    #[must_use]
    pub const fn new(id: InterfaceversieId) -> Self {
        Self {
            id,
            gegevensdiensten: Vec::new(),
        }
    }
}

impl GegevensdienstDraft {
    /// A Gegevensdienst without Systeemrollen.
    #[must_use]
    pub const fn new(
        id: GegevensdienstId,
        authorization_endpoint: FrontchannelUri,
        token_endpoint: BackchannelUri,
    ) -> Self {
        Self {
            id,
            authorization_endpoint,
            token_endpoint,
            abonneren: None,
            systeemrollen: Vec::new(),
        }
    }
}

impl AbonnerenDraft {
    /// A way to subscribe.
    #[must_use]
    pub const fn new(max_duration: std::num::NonZeroU32, subscription_endpoint: BackchannelUri) -> Self {
        Self {
            max_duration,
            subscription_endpoint,
        }
    }
}

impl SysteemrolDraft {
    /// A Systeemrol.
    #[must_use]
    pub const fn new(code: Systeemrolcode, resource_endpoint: BackchannelUri) -> Self {
        Self {
            code,
            resource_endpoint,
        }
    }
}

/// Why a draft is no list of a release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// Release2 has no Interfaceversies, so there must be exactly one.
    #[error("{name} has {count} interfaceversies, and release2 can say one only")]
    Interfaceversies {
        /// The Zorgaanbieder.
        name: String,
        /// How many it has.
        count: usize,
    },
    /// Release2 has no Abonneren.
    #[error("gegevensdienst {gegevensdienst} of {name} has abonneren, which release2 cannot say")]
    Abonneren {
        /// The Zorgaanbieder.
        name: String,
        /// The Gegevensdienst.
        gegevensdienst: String,
    },
    /// Something that must be there is not.
    #[error("the draft is not complete: {0}")]
    Incomplete(String),
    /// The document breaks a rule.
    #[error("the draft is refused: {0}")]
    Refused(#[from] ListError),
}
