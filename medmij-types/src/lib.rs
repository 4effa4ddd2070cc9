// SPDX-License-Identifier: AGPL-3.0-or-later
//! Identifiers and values of the MedMij Afsprakenstelsel that more than one crate mentions.
//!
//! A value of these types that exists is valid: [`Hostname`], [`Aanbiedernaam`], [`BackchannelUri`] and the others
//! have one way in, `parse`, and keep the exact text they were made from. Nothing here does IO; the clock and the
//! randomness are arguments ([`Clock`], [`Entropy`]).
//!
//! Two strengths of rule are side by side, on purpose:
//!
//! * [`lexical`] holds what the official XML Schemas accept, to the letter. The list crates use it to judge a list.
//! * The types hold what is *usable*. A list may lawfully contain the host `a-.nl` or the port 99999; such an entry
//!   loads, but no [`Hostname`] or [`BackchannelUri`] can be made of it, so nothing can ever be sent there.
//!
//! ```
//! use medmij_types::{Aanbiedernaam, BackchannelUri, Hostname};
//!
//! let name = Aanbiedernaam::parse("umcharderwijk@medmij")?;
//! assert_eq!(name.short(), "umcharderwijk");
//!
//! let uri = BackchannelUri::parse("https://medmij.xisbridge.net:8099/oauth/token")?;
//! assert_eq!(uri.hostname(), &Hostname::parse("medmij.xisbridge.net")?);
//! assert_eq!(uri.port(), Some(8099));
//!
//! // schema-valid, and still of no use
//! assert!(medmij_types::lexical::is_backchannel_uri("https://a.nl:99999"));
//! assert!(BackchannelUri::parse("https://a.nl:99999").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Strict JSON of another party is read by [`json`].
//!
//! # Features
//!
//! * `os` (default): [`OsEntropy`].
//! * `serde`: text in and out, with the same checks. Secrets and [`Bsn`] never get it.
//! * `chrono`, `url`: conversions. Days are counted by chrono either way; its types show only with the feature.
#![forbid(unsafe_code)]

#[macro_use]
mod text;

mod aanbiedernaam;
mod amsterdam;
mod bsn;
mod clock;
mod codes;
mod content_coding;
mod date;
mod dns;
mod endpoint_uri;
mod entropy;
mod error;
mod hostname;
mod interfaceversie;
pub mod json;
pub mod lexical;
mod names;
mod peer_names;
mod release;
mod request_ids;
mod secret;
mod show;
mod tijdstempel;
mod volgnummer;

pub use crate::{
    aanbiedernaam::Aanbiedernaam,
    amsterdam::AmsterdamTime,
    bsn::Bsn,
    clock::{Clock, SystemClock},
    codes::{GegevensdienstId, Systeemrolcode},
    content_coding::is_content_coding,
    date::CalendarDate,
    dns::DnsPolicy,
    endpoint_uri::{BackchannelUri, FrontchannelUri},
    entropy::{Entropy, EntropyError},
    error::ValueError,
    hostname::Hostname,
    interfaceversie::InterfaceversieId,
    names::{Organisatienaam, Weergavenaam},
    peer_names::PeerNames,
    release::Release,
    request_ids::{CorrelationId, MedMijRequestId},
    secret::{AccessToken, AuthorizationCode, RefreshToken, State},
    show::{Printable, is_printable},
    tijdstempel::Tijdstempel,
    volgnummer::Volgnummer,
};

#[cfg(feature = "os")]
pub use crate::entropy::OsEntropy;

#[cfg(feature = "serde")]
#[doc(hidden)]
pub use serde;
