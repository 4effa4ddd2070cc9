// SPDX-License-Identifier: AGPL-3.0-or-later
//! The four lists of the demo, as the Stelselnode publishes them.

use crate::network::{DVP, DVP_NODE, DVP_TWO, DVZA_ONE, DVZA_TWO, MESSAGE_DAYS, MESSAGES, OFFERINGS};
use medmij_gnl::GegevensdienstnamenlijstDraft;
use medmij_list::{ListError, ListKind, ReadOptions, Snapshot};
use medmij_ocl::OAuthclientlistDraft;
use medmij_types::{
    Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Hostname, InterfaceversieId, Organisatienaam,
    Systeemrolcode, Tijdstempel, Volgnummer, Weergavenaam,
};
use medmij_whitelist::{Whitelist, WhitelistDraft};
use medmij_zal::{
    Aanbiedertype, AbonnerenDraft, DraftError, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft,
    ZorgaanbiederDraft, ZorgaanbiederslijstDraft,
};
use std::{num::NonZeroU32, path::Path, time::SystemTime};

/// How the lists differ from the ordinary ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// Not at all.
    Plain,
    /// This Node is not on the Whitelist.
    WithoutNode(&'static str),
    /// The DVP is not on the OAuth Client List, somebody else is.
    WithoutDvp,
}

/// Writes the four lists into a folder, under their official file names.
///
/// # Errors
///
/// [`ListsError`], where a file cannot be written.
pub fn write(folder: &Path, number: Volgnummer, variant: Variant) -> Result<(), ListsError> {
    let stamp = Tijdstempel::from_system_time(SystemTime::now()).map_err(own("Tijdstempel"))?;
    for (kind, xml) in [
        (ListKind::Zorgaanbiederslijst, zal(&stamp, number)?),
        (ListKind::OAuthclientlist, ocl(&stamp, number, variant)?),
        (ListKind::Whitelist, whitelist(&stamp, number, variant)?),
        (ListKind::Gegevensdienstnamenlijst, gnl(&stamp, number)?),
    ] {
        // aside and renamed, so that a Stelselnode never reads half a list
        let aside = folder.join(format!("{}.new", kind.file_name()));
        std::fs::write(&aside, xml)?;
        std::fs::rename(aside, folder.join(kind.file_name()))?;
    }
    Ok(())
}

/// The number after that of the lists which are in the folder now; the first where there are none.
#[must_use]
pub fn next_volgnummer(folder: &Path) -> Volgnummer {
    let published = std::fs::read(folder.join(ListKind::Whitelist.file_name())).ok();
    let snapshot = published.and_then(|bytes| Snapshot::<Whitelist>::read(bytes, &ReadOptions::files()).ok());
    snapshot
        .and_then(|list| list.header().volgnummer().next())
        .unwrap_or(Volgnummer::FIRST)
}

fn zal(stamp: &Tijdstempel, number: Volgnummer) -> Result<String, ListsError> {
    let mut draft = ZorgaanbiederslijstDraft::new(stamp.clone(), number);
    for (aanbieder, _, gegevensdienst, dvza) in OFFERINGS {
        let name = Aanbiedernaam::parse(aanbieder).map_err(own("Aanbiedernaam"))?;
        if draft.zorgaanbieders.last().is_none_or(|last| last.name != name) {
            let mut entry = ZorgaanbiederDraft::new(name, Aanbiedertype::Zorgaanbieder);
            let version = InterfaceversieId::parse("2").map_err(own("InterfaceversieId"))?;
            entry.interfaceversies.push(InterfaceversieDraft::new(version));
            draft.zorgaanbieders.push(entry);
        }
        let versions = draft.zorgaanbieders.last_mut().map(|entry| &mut entry.interfaceversies);
        if let Some(version) = versions.and_then(|versions| versions.last_mut()) {
            let mut service = service(aanbieder, gegevensdienst, dvza)?;
            if MESSAGES.contains(&(aanbieder, gegevensdienst)) {
                service.abonneren = Some(abonneren(aanbieder, gegevensdienst, dvza)?);
            }
            version.gegevensdiensten.push(service);
        }
    }
    Ok(draft.to_xml_release3()?)
}

/// Where and for how long one can subscribe.
fn abonneren(aanbieder: &str, gegevensdienst: &str, [_, back]: [&str; 2]) -> Result<AbonnerenDraft, ListsError> {
    let id = GegevensdienstId::parse(gegevensdienst).map_err(own("GegevensdienstId"))?;
    let uri = format!("https://{back}{}", dvza::subscription_path(aanbieder, &id));
    let days = NonZeroU32::new(MESSAGE_DAYS).ok_or(ListsError::Own("MaximaleDuur"))?;
    let uri = BackchannelUri::parse(&uri).map_err(own("SubscriptionEndpointuri"))?;
    Ok(AbonnerenDraft::new(days, uri))
}

/// A gegevensdienst at a DVZA: authorization on its front-channel host, the rest on its Node.
fn service(aanbieder: &str, gegevensdienst: &str, [front, back]: [&str; 2]) -> Result<GegevensdienstDraft, ListsError> {
    let id = GegevensdienstId::parse(gegevensdienst).map_err(own("GegevensdienstId"))?;
    let authorize = format!("https://{front}{}", dvza::AUTHORIZE);
    let token = format!("https://{back}{}", dvza::TOKEN);
    let mut draft = GegevensdienstDraft::new(
        id.clone(),
        FrontchannelUri::parse(&authorize).map_err(own("AuthorizationEndpointuri"))?,
        BackchannelUri::parse(&token).map_err(own("TokenEndpointuri"))?,
    );
    let known = medmij_fhir::Gegevensdienst::lookup(&id).ok_or(ListsError::Own("gegevensdienst"))?;
    let resources = format!("https://{back}{}", dvza::resource_path(aanbieder, &id));
    // the codes of Delen are not known: a code of the demo's own
    let own_code = Systeemrolcode::parse(&format!("VOORBEELD-{id}")).map_err(own("Systeemrolcode"))?;
    let codes = match known.systeemrollen() {
        [] => std::slice::from_ref(&own_code),
        codes => codes,
    };
    for code in codes {
        draft.systeemrollen.push(SysteemrolDraft::new(
            code.clone(),
            BackchannelUri::parse(&resources).map_err(own("ResourceEndpointuri"))?,
        ));
    }
    Ok(draft)
}

fn ocl(stamp: &Tijdstempel, number: Volgnummer, variant: Variant) -> Result<String, ListsError> {
    let host = if variant == Variant::WithoutDvp {
        "andere-pgo.localhost"
    } else {
        DVP
    };
    let mut draft = OAuthclientlistDraft::new(stamp.clone(), number);
    let name = Organisatienaam::parse("Voorbeeld-PGO").map_err(own("OAuthclientOrganisatienaam"))?;
    draft
        .clients
        .push((Hostname::parse(host).map_err(own("Hostname"))?, name));
    let name = Organisatienaam::parse("Tweede voorbeeld-PGO").map_err(own("OAuthclientOrganisatienaam"))?;
    draft
        .clients
        .push((Hostname::parse(DVP_TWO[0]).map_err(own("Hostname"))?, name));
    // ext.abo.subnotint.201: each DVP takes notifications at its Node
    for [client, node] in [[host, DVP_NODE], DVP_TWO] {
        let client = Hostname::parse(client).map_err(own("Hostname"))?;
        let uri = format!("https://{node}{}", dvp::NOTIFICATIONS);
        let uri = BackchannelUri::parse(&uri).map_err(own("NotificationEndpointuri"))?;
        draft.notifications.insert(client, uri);
    }
    Ok(draft.to_xml_release3()?)
}

fn whitelist(stamp: &Tijdstempel, number: Volgnummer, variant: Variant) -> Result<String, ListsError> {
    let mut draft = WhitelistDraft::new(stamp.clone(), number);
    for name in [DVP_NODE, DVP_TWO[1], DVZA_ONE[1], DVZA_TWO[1]] {
        if variant != Variant::WithoutNode(name) {
            draft.hosts.push(Hostname::parse(name).map_err(own("Hostname"))?);
        }
    }
    Ok(draft.to_xml()?)
}

fn gnl(stamp: &Tijdstempel, number: Volgnummer) -> Result<String, ListsError> {
    let mut draft = GegevensdienstnamenlijstDraft::new(stamp.clone(), number);
    for (id, name) in [
        ("48", "Basisgegevens Zorg"),
        ("50", "Basisgegevens GGZ"),
        ("51", "Documenten"),
        ("53", "Meetwaarden vitale functies"),
        ("63", "Vaccinaties"),
    ] {
        let id = GegevensdienstId::parse(id).map_err(own("GegevensdienstId"))?;
        draft
            .gegevensdiensten
            .push((id, Weergavenaam::parse(name).map_err(own("Weergavenaam"))?));
    }
    Ok(draft.to_xml()?)
}

fn own<E>(what: &'static str) -> impl FnOnce(E) -> ListsError {
    move |_| ListsError::Own(what)
}

/// Why a list is not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListsError {
    /// A file cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A list is not valid.
    #[error(transparent)]
    List(#[from] ListError),
    /// The Zorgaanbiederslijst is not valid.
    #[error(transparent)]
    Zal(#[from] DraftError),
    /// A value in this program is not what it should be.
    #[error("a {0} of the demo is not valid")]
    Own(&'static str),
}
