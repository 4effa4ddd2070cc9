// SPDX-License-Identifier: AGPL-3.0-or-later
//! NEN 7513 — who did it.

use medmij_oauth::Vertegenwoordiging;
use medmij_types::{CorrelationId, Hostname};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// The Persoon of the entry.
    Persoon,
    /// Somebody who represents the Persoon of the entry. A DVAuthN tells in which way, and not who.
    Representative(Vertegenwoordiging),
    /// The DVP of the entry, by this name of its certificate, where there was one.
    Client(Option<Hostname>),
    /// An operator, by the name under which the DVZA knows that operator.
    Operator(String),
    /// The program by itself.
    System,
}

impl Actor {
    /// The kind, as a stable name.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Persoon => "persoon",
            Self::Representative(_) => "representative",
            Self::Client(_) => "client",
            Self::Operator(_) => "operator",
            Self::System => "system",
        }
    }

    /// The id within the kind, where it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Persoon | Self::System => None,
            Self::Representative(kind) => Some(kind.as_str()),
            Self::Client(name) => name.as_ref().map(Hostname::as_str),
            Self::Operator(name) => Some(name),
        }
    }

    /// Reads kind and id, as a store keeps them.
    #[must_use]
    pub fn parse(kind: &str, id: Option<&str>) -> Option<Self> {
        match (kind, id) {
            ("persoon", None) => Some(Self::Persoon),
            ("representative", Some(id)) => [Vertegenwoordiging::Voluntary, Vertegenwoordiging::ParentalAuthority]
                .into_iter()
                .find(|kind| kind.as_str() == id)
                .map(Self::Representative),
            ("client", None) => Some(Self::Client(None)),
            ("client", Some(id)) => Hostname::parse(id).ok().map(|name| Self::Client(Some(name))),
            ("operator", Some(id)) => Some(Self::Operator(id.to_owned())),
            ("system", None) => Some(Self::System),
            _ => None,
        }
    }
}

/// Who did something, from where, and in which chain of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acting {
    /// Who.
    pub actor: Actor,
    /// The node that wrote the entry; a command of an operator is none.
    pub source: Option<Hostname>,
    /// The id of the chain of requests, `X-Correlation-ID`.
    pub trace_id: Option<CorrelationId>,
}

impl Acting {
    /// Somebody.
    #[must_use]
    pub fn new(actor: Actor) -> Self {
        Self {
            actor,
            source: None,
            trace_id: None,
        }
    }

    /// The Persoon of the entry.
    #[must_use]
    pub fn persoon() -> Self {
        Self::new(Actor::Persoon)
    }

    /// The program by itself.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Actor::System)
    }

    /// An operator, by name.
    #[must_use]
    pub fn operator(name: impl Into<String>) -> Self {
        Self::new(Actor::Operator(name.into()))
    }

    /// At this node, in this chain of requests.
    #[must_use]
    pub fn at(mut self, source: &Hostname, trace_id: Option<&CorrelationId>) -> Self {
        self.source = Some(source.clone());
        self.trace_id = trace_id.cloned();
        self
    }
}
