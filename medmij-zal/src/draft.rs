// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Zorgaanbiederslijst to publish, and writing one.

use medmij_list::{Header, ListError, ListWriter, ReadOptions, Snapshot};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, InterfaceversieId, Systeemrolcode, Tijdstempel,
    Volgnummer,
};

use crate::{Aanbiedertype, Zorgaanbiederslijst};

/// A Zorgaanbiederslijst that a publisher makes.
///
/// ```
/// use medmij_types::{Tijdstempel, Volgnummer};
/// use medmij_zal::{
///     Aanbiedertype, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft, ZorgaanbiederDraft, ZorgaanbiederslijstDraft,
/// };
///
/// let mut dienst = GegevensdienstDraft::new(
///     "48".parse()?,
///     "https://login.example.nl/authorize".parse()?,
///     "https://dvza.example.nl/token".parse()?,
/// );
/// dienst.systeemrollen.push(SysteemrolDraft::new("MM-3.0-BZB-FHIR".parse()?, "https://dvza.example.nl/fhir".parse()?));
/// let mut versie = InterfaceversieDraft::new("2".parse()?);
/// versie.gegevensdiensten.push(dienst);
/// let mut aanbieder = ZorgaanbiederDraft::new("umcharderwijk".parse()?, Aanbiedertype::Zorgaanbieder);
/// aanbieder.interfaceversies.push(versie);
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
    pub naam: Aanbiedernaam,
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
    pub maximale_duur: std::num::NonZeroU32,
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
    /// What release2 cannot say, or the rule that the draft breaks.
    pub fn to_xml_release2(&self) -> Result<String, DraftError> {
        for aanbieder in &self.zorgaanbieders {
            let naam = || aanbieder.naam.to_string();
            let [versie] = aanbieder.interfaceversies.as_slice() else {
                return Err(DraftError::Interfaceversies {
                    naam: naam(),
                    count: aanbieder.interfaceversies.len(),
                });
            };
            if let Some(dienst) = versie.gegevensdiensten.iter().find(|dienst| dienst.abonneren.is_some()) {
                return Err(DraftError::Abonneren {
                    naam: naam(),
                    gegevensdienst: dienst.id.to_string(),
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
    /// The rule that the draft breaks, inferred rules included.
    pub fn to_xml_release3(&self) -> Result<String, DraftError> {
        self.checked(self.write(true))
    }

    fn checked(&self, xml: String) -> Result<String, DraftError> {
        use medmij_list::List as _;
        let list = Snapshot::<Zorgaanbiederslijst>::read(xml.clone().into_bytes(), &ReadOptions::files())?;
        match list.document().remarks().next() {
            Some(remark) if remark.rule() == medmij_list::Rule::MissingElement => {
                Err(DraftError::Incomplete(remark.to_string()))
            }
            _ => Ok(xml),
        }
    }

    fn write(&self, release3: bool) -> String {
        let header = Header::new(self.tijdstempel.clone(), self.volgnummer);
        let mut out = Out::new(&header, release3);
        for aanbieder in &self.zorgaanbieders {
            out.aanbieder(aanbieder.naam.as_str(), Some(aanbieder.aanbiedertype.code()));
            for versie in &aanbieder.interfaceversies {
                out.versie(versie.id.as_str());
                for dienst in &versie.gegevensdiensten {
                    let uris = (
                        Some(dienst.authorization_endpoint.as_str()),
                        Some(dienst.token_endpoint.as_str()),
                    );
                    out.dienst(dienst.id.as_str(), uris.0, uris.1);
                    if let Some(abonneren) = &dienst.abonneren {
                        let duur = abonneren.maximale_duur.to_string();
                        out.abonneren(Some(&duur), Some(abonneren.subscription_endpoint.as_str()));
                    }
                    out.rollen(
                        dienst
                            .systeemrollen
                            .iter()
                            .map(|rol| (rol.code.as_str(), Some(rol.resource_endpoint.as_str()))),
                    );
                    out.writer.close();
                }
                out.end_versie();
            }
            out.end_aanbieder();
        }
        out.writer.finish()
    }
}

impl ZorgaanbiederDraft {
    /// A Zorgaanbieder without Interfaceversies.
    #[must_use]
    pub const fn new(naam: Aanbiedernaam, aanbiedertype: Aanbiedertype) -> Self {
        Self {
            naam,
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
    pub const fn new(maximale_duur: std::num::NonZeroU32, subscription_endpoint: BackchannelUri) -> Self {
        Self {
            maximale_duur,
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
    #[error("{naam} has {count} interfaceversies, and release2 can say one only")]
    Interfaceversies {
        /// The Zorgaanbieder.
        naam: String,
        /// How many it has.
        count: usize,
    },
    /// Release2 has no Abonneren.
    #[error("gegevensdienst {gegevensdienst} of {naam} has abonneren, which release2 cannot say")]
    Abonneren {
        /// The Zorgaanbieder.
        naam: String,
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

/// Writes a list as it was read.
pub(crate) fn write_list(list: &Zorgaanbiederslijst) -> String {
    let mut out = Out::new(list.header(), list.has_interfaceversies());
    for aanbieder in list.zorgaanbieders() {
        out.aanbieder(aanbieder.naam_str(), aanbieder.aanbiedertype_str());
        for versie in aanbieder.interfaceversies() {
            out.versie(versie.id_str().unwrap_or_default());
            for dienst in versie.gegevensdiensten() {
                out.dienst(
                    dienst.id_str(),
                    dienst.authorization_endpoint_str(),
                    dienst.token_endpoint_str(),
                );
                if let Some(abonneren) = dienst.abonneren() {
                    out.abonneren(abonneren.maximale_duur_str(), abonneren.subscription_endpoint_str());
                }
                out.rollen(
                    dienst
                        .systeemrollen()
                        .map(|rol| (rol.code_str(), rol.resource_endpoint_str())),
                );
                out.writer.close();
            }
            out.end_versie();
        }
        out.end_aanbieder();
    }
    out.writer.finish()
}

/// The elements of the list in their order.
struct Out {
    writer: ListWriter,
    release3: bool,
}

impl Out {
    fn new(header: &Header, release3: bool) -> Self {
        let namespace = if release3 {
            "xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release3/"
        } else {
            "xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release2/"
        };
        let mut writer = ListWriter::new("Zorgaanbiederslijst", namespace);
        writer.header(header);
        writer.open("Zorgaanbieders");
        Self { writer, release3 }
    }

    fn aanbieder(&mut self, naam: &str, aanbiedertype: Option<&str>) {
        self.writer.open("Zorgaanbieder");
        self.writer.value("Zorgaanbiedernaam", naam);
        if self.release3 {
            aanbiedertype
                .into_iter()
                .for_each(|of| self.writer.value("Aanbiedertype", of));
            self.writer.open("Interfaceversies");
        }
    }

    fn end_aanbieder(&mut self) {
        if self.release3 {
            self.writer.close();
        }
        self.writer.close();
    }

    fn versie(&mut self, id: &str) {
        if self.release3 {
            self.writer.open("Interfaceversie");
            self.writer.value("InterfaceversieId", id);
        }
        self.writer.open("Gegevensdiensten");
    }

    fn end_versie(&mut self) {
        self.writer.close();
        if self.release3 {
            self.writer.close();
        }
    }

    fn dienst(&mut self, id: &str, authorization: Option<&str>, token: Option<&str>) {
        self.writer.open("Gegevensdienst");
        self.writer.value("GegevensdienstId", id);
        self.endpoint("AuthorizationEndpoint", "AuthorizationEndpointuri", authorization);
        self.endpoint("TokenEndpoint", "TokenEndpointuri", token);
    }

    fn abonneren(&mut self, duur: Option<&str>, subscription: Option<&str>) {
        self.writer.open("Abonneren");
        duur.into_iter()
            .for_each(|duur| self.writer.value("MaximaleDuur", duur));
        subscription
            .into_iter()
            .for_each(|uri| self.writer.value("SubscriptionEndpointuri", uri));
        self.writer.close();
    }

    fn rollen<'a>(&mut self, rollen: impl Iterator<Item = (&'a str, Option<&'a str>)>) {
        self.writer.open("Systeemrollen");
        for (code, resource) in rollen {
            self.writer.open("Systeemrol");
            self.writer.value("Systeemrolcode", code);
            self.endpoint("ResourceEndpoint", "ResourceEndpointuri", resource);
            self.writer.close();
        }
        self.writer.close();
    }

    fn endpoint(&mut self, outer: &'static str, inner: &str, uri: Option<&str>) {
        if let Some(uri) = uri {
            self.writer.open(outer);
            self.writer.value(inner, uri);
            self.writer.close();
        }
    }
}
