// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a server remembers of a flow and of a grant. In the store it is sealed whole.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_oauth::{
    ClientId, Function, RedirectUri, Scope, Vertegenwoordiging,
    policy::Uitzondering,
    wire::{Geboortedatum, RequestIds},
};
use medmij_types::{
    Aanbiedernaam, Bsn, CalendarDate, CorrelationId, Entropy, EntropyError, GegevensdienstId, MedMijRequestId, Release,
    State,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{Persoon, ProvenRedirect, StepError};

/// A flow between authorization request and answer.
#[derive(Clone)]
pub(super) struct Flow {
    pub(super) client_id: ClientId,
    pub(super) redirect_uri: RedirectUri,
    pub(super) state: State,
    pub(super) scope: Scope,
    /// Set for every release: releases 1.0 and 1.1 take it from the settings.
    pub(super) aanbieder: Aanbiedernaam,
    pub(super) ids: Option<RequestIds>,
    pub(super) geboortedatum: Option<Geboortedatum>,
    pub(super) session_id: CorrelationId,
    pub(super) beheren: bool,
    pub(super) step: Step,
}

#[derive(Clone)]
pub(super) enum Step {
    Landing,
    Login {
        remember: Vec<u8>,
    },
    /// After the login: the question or, where nothing that was asked is available, the page that says so. It is one step with
    /// bytes of one length, so that the way back from it is the same work (autoriseren 1 and 2).
    Toestemming {
        persoon: Persoon,
        asked: Vec<Asked>,
    },
    End {
        reason: Uitzondering,
    },
    Overview {
        persoon: Persoon,
        /// What was withdrawn just now.
        stopped: Option<(ClientId, Aanbiedernaam)>,
    },
    AccessLog {
        persoon: Persoon,
    },
    Withdraw {
        persoon: Persoon,
        client_id: ClientId,
        aanbieder: Aanbiedernaam,
    },
}

/// A gegevensdienst that was asked, and whether something of it is available.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) id: GegevensdienstId,
    pub(super) available: bool,
}

impl Asked {
    /// The gegevensdiensten of which something is available.
    pub(super) fn available(asked: &[Self]) -> Vec<GegevensdienstId> {
        let available = asked.iter().filter(|asked| asked.available);
        available.map(|asked| asked.id.clone()).collect()
    }
}

impl Flow {
    pub(super) fn release(&self) -> Release {
        self.scope.release()
    }

    pub(super) fn redirect(&self) -> ProvenRedirect {
        ProvenRedirect::of_flow(self.redirect_uri.clone(), self.state.clone())
    }

    pub(super) fn trace_id(&self) -> &CorrelationId {
        self.ids.as_ref().map_or(&self.session_id, |ids| &ids.correlation_id)
    }

    pub(super) fn at(&self, step: Step) -> Self {
        Self { step, ..self.clone() }
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let step = match &self.step {
            Step::Landing => StoredStep::Landing,
            Step::Login { remember } => StoredStep::Login {
                remember: remember.clone(),
            },
            Step::Toestemming { persoon, asked } => StoredStep::Toestemming {
                persoon: StoredPersoon::of(persoon),
                asked: asked.iter().map(AskedKept::of).collect(),
            },
            Step::End { reason } => StoredStep::End {
                reason: reason.as_str().to_owned(),
            },
            Step::Overview { persoon, stopped } => StoredStep::Overview {
                persoon: StoredPersoon::of(persoon),
                stopped: (stopped.as_ref())
                    .map(|(client_id, aanbieder)| (client_id.as_str().to_owned(), aanbieder.as_str().to_owned())),
            },
            Step::AccessLog { persoon } => StoredStep::AccessLog {
                persoon: StoredPersoon::of(persoon),
            },
            Step::Withdraw {
                persoon,
                client_id,
                aanbieder,
            } => StoredStep::Withdraw {
                persoon: StoredPersoon::of(persoon),
                client_id: client_id.as_str().to_owned(),
                aanbieder: aanbieder.as_str().to_owned(),
            },
        };
        write(&StoredFlow {
            version: FLOW_VERSION,
            client_id: self.client_id.as_str().to_owned(),
            redirect_uri: self.redirect_uri.as_str().to_owned(),
            state: self.state.expose().to_owned(),
            release: self.scope.release().as_str().to_owned(),
            function: self.scope.function().as_str().to_owned(),
            scope: self.scope.to_string(),
            aanbieder: self.aanbieder.as_str().to_owned(),
            request_id: self.ids.as_ref().map(|ids| ids.request_id.as_str().to_owned()),
            correlation_id: self.ids.as_ref().map(|ids| ids.correlation_id.as_str().to_owned()),
            geboortedatum: self.geboortedatum.as_ref().map(|date| date.as_str().to_owned()),
            session_id: self.session_id.as_str().to_owned(),
            beheren: self.beheren,
            step,
        })
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StepError> {
        let kept: StoredFlow = read(bytes, "flow", FLOW_VERSION)?;
        Self::from_stored(kept).ok_or(StepError::Unreadable("flow"))
    }

    fn from_stored(kept: StoredFlow) -> Option<Self> {
        let ids = match (kept.request_id, kept.correlation_id) {
            (Some(request), Some(correlation)) => Some(RequestIds::new(
                MedMijRequestId::parse(&request).ok()?,
                CorrelationId::parse(&correlation).ok()?,
            )),
            _ => None,
        };
        let step = match kept.step {
            StoredStep::Landing => Step::Landing,
            StoredStep::Login { remember } => Step::Login { remember },
            StoredStep::Toestemming { persoon, asked } => Step::Toestemming {
                persoon: persoon.read()?,
                asked: asked.iter().map(AskedKept::read).collect::<Option<_>>()?,
            },
            StoredStep::End { reason } => Step::End {
                reason: Uitzondering::from_name(&reason)?,
            },
            StoredStep::Overview { persoon, stopped } => Step::Overview {
                persoon: persoon.read()?,
                stopped: match stopped {
                    Some((client_id, aanbieder)) => Some((
                        ClientId::parse(&client_id).ok()?,
                        Aanbiedernaam::parse(&aanbieder).ok()?,
                    )),
                    None => None,
                },
            },
            StoredStep::AccessLog { persoon } => Step::AccessLog {
                persoon: persoon.read()?,
            },
            StoredStep::Withdraw {
                persoon,
                client_id,
                aanbieder,
            } => Step::Withdraw {
                persoon: persoon.read()?,
                client_id: ClientId::parse(&client_id).ok()?,
                aanbieder: Aanbiedernaam::parse(&aanbieder).ok()?,
            },
        };
        Some(Self {
            client_id: ClientId::parse(&kept.client_id).ok()?,
            redirect_uri: RedirectUri::parse(&kept.redirect_uri).ok()?,
            state: State::from_wire(kept.state).ok()?,
            scope: read_scope(&kept.release, &kept.function, &kept.scope)?,
            aanbieder: Aanbiedernaam::parse(&kept.aanbieder).ok()?,
            ids,
            geboortedatum: match kept.geboortedatum {
                Some(date) => Some(Geboortedatum::parse(&date).ok()?),
                None => None,
            },
            session_id: CorrelationId::parse(&kept.session_id).ok()?,
            beheren: kept.beheren,
            step,
        })
    }
}

/// What a grant is good for. It rests sealed beside the grant, for the token endpoint and the resource server.
#[derive(Clone)]
pub(super) struct GrantBody {
    pub(super) scope: Scope,
    pub(super) aanbieder: Aanbiedernaam,
    pub(super) gegevensdiensten: Vec<GegevensdienstId>,
    pub(super) persoon: Persoon,
    pub(super) correlation_id: Option<CorrelationId>,
    /// The key of the MAC of its refresh tokens; only where it is langdurig.
    pub(super) family: Option<FamilyKey>,
    /// The day in the Netherlands on which it was given, for the overview of the Persoon.
    pub(super) given: Option<CalendarDate>,
}

/// The key under which the refresh tokens of one grant carry their MAC. It rests sealed in the grant and nowhere else.
#[derive(Clone)]
pub(super) struct FamilyKey(Zeroizing<[u8; 32]>);

impl FamilyKey {
    pub(super) fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn read(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        let read = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()).ok()?;
        (read == 32).then_some(Self(bytes))
    }
}

impl GrantBody {
    /// What a token that admits these gegevensdiensten is good for. The consent stays as it is.
    pub(super) fn narrowed_to(&self, gegevensdiensten: Vec<GegevensdienstId>) -> Self {
        let mut narrowed = self.clone();
        if !self.scope.gegevensdiensten().is_empty()
            && let Some(scope) = self.scope.narrowed_to(&gegevensdiensten)
        {
            narrowed.scope = scope;
        }
        narrowed.gegevensdiensten = gegevensdiensten;
        narrowed
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        write(&StoredGrant {
            version: GRANT_VERSION,
            family: (self.family.as_ref()).map(|key| Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_bytes()))),
            release: self.scope.release().as_str().to_owned(),
            function: Some(self.scope.function())
                .filter(|function| *function != Function::Verzamelen)
                .map(|function| function.as_str().to_owned()),
            scope: self.scope.to_string(),
            aanbieder: Some(&self.aanbieder)
                .filter(|name| Some(*name) != self.scope.aanbieder())
                .map(|name| name.as_str().to_owned()),
            gegevensdiensten: texts(&self.gegevensdiensten),
            persoon: StoredPersoon::of(&self.persoon),
            correlation_id: self.correlation_id.as_ref().map(|id| id.as_str().to_owned()),
            given: self.given.map(|day| day.to_string()),
        })
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StepError> {
        let kept: StoredGrant = read(bytes, "grant", GRANT_VERSION)?;
        Self::from_stored(kept).ok_or(StepError::Unreadable("grant"))
    }

    fn from_stored(kept: StoredGrant) -> Option<Self> {
        let function = kept.function.as_deref().unwrap_or(Function::Verzamelen.as_str());
        let scope = read_scope(&kept.release, function, &kept.scope)?;
        Some(Self {
            aanbieder: match &kept.aanbieder {
                Some(name) => Aanbiedernaam::parse(name).ok()?,
                None => scope.aanbieder()?.clone(),
            },
            scope,
            gegevensdiensten: ids_of(&kept.gegevensdiensten)?,
            persoon: kept.persoon.read()?,
            correlation_id: match kept.correlation_id {
                Some(id) => Some(CorrelationId::parse(&id).ok()?),
                None => None,
            },
            family: match kept.family {
                Some(key) => Some(FamilyKey::read(&key)?),
                None => None,
            },
            given: kept.given.and_then(|day| CalendarDate::parse(&day).ok()),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct StoredFlow {
    #[serde(rename = "v")]
    version: u32,
    client_id: String,
    redirect_uri: String,
    state: String,
    release: String,
    function: String,
    scope: String,
    aanbieder: String,
    request_id: Option<String>,
    correlation_id: Option<String>,
    geboortedatum: Option<String>,
    session_id: String,
    beheren: bool,
    step: StoredStep,
}

#[derive(Serialize, Deserialize)]
enum StoredStep {
    Landing,
    Login {
        remember: Vec<u8>,
    },
    Toestemming {
        persoon: StoredPersoon,
        asked: Vec<AskedKept>,
    },
    End {
        reason: String,
    },
    Overview {
        persoon: StoredPersoon,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stopped: Option<(String, String)>,
    },
    AccessLog {
        persoon: StoredPersoon,
    },
    Withdraw {
        persoon: StoredPersoon,
        client_id: String,
        aanbieder: String,
    },
}

/// A gegevensdienst that was asked, with 1 where something of it is available and 0 where not: as long either way.
#[derive(Serialize, Deserialize)]
struct AskedKept(String, u8);

impl AskedKept {
    fn of(asked: &Asked) -> Self {
        Self(asked.id.as_str().to_owned(), u8::from(asked.available))
    }

    fn read(&self) -> Option<Asked> {
        let id = GegevensdienstId::parse(&self.0).ok()?;
        let available = self.1 == 1;
        (self.1 <= 1).then_some(Asked { id, available })
    }
}

/// What every version of a body has.
#[derive(Deserialize)]
struct StoredVersion {
    #[serde(rename = "v")]
    version: u32,
}

/// With short names and without defaults: there is one of these for every live grant.
#[derive(Serialize, Deserialize)]
struct StoredGrant {
    #[serde(rename = "v")]
    version: u32,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    family: Option<Zeroizing<String>>,
    #[serde(rename = "r")]
    release: String,
    /// Verzamelen where it is absent.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(rename = "s")]
    scope: String,
    /// That of the scope where it is absent.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    aanbieder: Option<String>,
    #[serde(rename = "g")]
    gegevensdiensten: Vec<String>,
    #[serde(rename = "p")]
    persoon: StoredPersoon,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    given: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredPersoon {
    #[serde(rename = "b")]
    bsn: Zeroizing<String>,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    vertegenwoordiging: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    level: Option<String>,
}

impl StoredPersoon {
    fn of(persoon: &Persoon) -> Self {
        Self {
            bsn: Zeroizing::new(persoon.bsn.expose().to_owned()),
            vertegenwoordiging: persoon.vertegenwoordiging.map(|kind| kind.as_str().to_owned()),
            level: persoon.assurance_level.clone(),
        }
    }

    fn read(self) -> Option<Persoon> {
        let mut persoon = Persoon::new(Bsn::parse(&self.bsn).ok()?);
        persoon.vertegenwoordiging = match self.vertegenwoordiging.as_deref() {
            None => None,
            Some(name) => Some(
                [Vertegenwoordiging::Voluntary, Vertegenwoordiging::ParentalAuthority]
                    .into_iter()
                    .find(|kind| kind.as_str() == name)?,
            ),
        };
        persoon.assurance_level = self.level;
        Some(persoon)
    }
}

fn write(kept: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // texts and numbers only: writing cannot fail
    Zeroizing::new(serde_json::to_vec(kept).unwrap_or_default())
}

/// A body of this version. One of another version is not broken: whoever wrote it can read it.
fn read<T: DeserializeOwned>(bytes: &[u8], what: &'static str, version: u32) -> Result<T, StepError> {
    let kept: StoredVersion = serde_json::from_slice(bytes).map_err(|_| StepError::Unreadable(what))?;
    if kept.version != version {
        return Err(StepError::KeptVersion(what, kept.version));
    }
    serde_json::from_slice(bytes).map_err(|_| StepError::Unreadable(what))
}

fn texts(ids: &[GegevensdienstId]) -> Vec<String> {
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

fn ids_of(texts: &[String]) -> Option<Vec<GegevensdienstId>> {
    texts.iter().map(|id| GegevensdienstId::parse(id).ok()).collect()
}

fn read_scope(release: &str, function: &str, scope: &str) -> Option<Scope> {
    Scope::parse(Release::parse(release).ok()?, Function::from_name(function)?, scope).ok()
}

/// The version of the body of a flow, in the store and in the cookie: it goes up with every change that another program would
/// misread.
const FLOW_VERSION: u32 = 1;

/// The version of the body of a grant: it goes up with every change that an older program would misread.
const GRANT_VERSION: u32 = 1;
