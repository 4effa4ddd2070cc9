// SPDX-License-Identifier: AGPL-3.0-or-later
//! A scripted MedMij Stelselnode to test list supply against, over real mutual TLS
//!
//! It publishes lists at the addresses of core.lijsten.300, `/MedMij_<List>.xml?api=<major>`, and does at
//! each request what a script says: answer well, be slow, cut the connection, hand out another list or an
//! endless one, show another certificate. Use it to see what your software does when the real one fails.
//!
//! ```
//! use medmij_list::{ListKind, Source};
//! use medmij_net::{BackChannel, BackChannelListener, DangerLoopback, NodeIdentity, Revocation, StelselnodeSource, TrustRoots};
//! use medmij_test::stelselnode::{Answer, Stelselnode};
//! use medmij_test::{LeafSpec, TestPki};
//! use medmij_types::Hostname;
//! use medmij_whitelist::HostPolicy;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pki = TestPki::new("A")?;
//! let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes())?;
//! let node = |name| {
//!     let made = pki.issue(&LeafSpec::node(name))?;
//!     Ok::<_, Box<dyn std::error::Error>>(NodeIdentity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes())?)
//! };
//! let (dvp, stelselnode) = (Hostname::parse("dvp.localhost")?, Hostname::parse("stelselnode.localhost")?);
//!
//! // The Stelselnode lets the DVP in, publishes a Whitelist and will fail once.
//! let listener = BackChannelListener::builder(node("stelselnode.localhost")?, roots.clone(), HostPolicy::danger_fixed([dvp]))
//!     .revocation(Revocation::danger_off())
//!     .bind("127.0.0.1:0".parse()?)
//!     .await?;
//! let server = Stelselnode::start(listener);
//! server.publish(ListKind::Whitelist, "<Whitelist/>");
//! server.script(ListKind::Whitelist, [Answer::CutAfter(5)]);
//!
//! // The DVP fetches.
//! let channel = BackChannel::builder(node("dvp.localhost")?, roots, HostPolicy::stelselnode_only(stelselnode.clone()))
//!     .revocation(Revocation::danger_off())
//!     .danger_loopback(DangerLoopback::new().back(stelselnode.clone(), server.address())?)
//!     .build()?;
//! let source = StelselnodeSource::new(channel, stelselnode, 2);
//! assert!(source.fetch(ListKind::Whitelist).await.is_err());
//! assert_eq!(source.fetch(ListKind::Whitelist).await?, b"<Whitelist/>");
//! assert_eq!(server.requests().len(), 2);
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
mod answer;
mod body;
mod server;

pub use answer::Answer;
pub use server::{Seen, Stelselnode};
