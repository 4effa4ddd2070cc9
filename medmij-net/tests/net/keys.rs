// SPDX-License-Identifier: AGPL-3.0-or-later
//! A key that stays elsewhere, at work on both sides (core.tls.314)

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use medmij_net::{
    BackChannel, BackChannelListener, ConfigError, DangerLoopback, NodeIdentity, NodeSigner, Revocation, SignatureKind,
};
use medmij_test::{KeyKind, LeafSpec, TestIdentity};
use rustls::sign::SigningKey;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::listener::counting;
use crate::world::{DVP, DVZA, Served, World, host, only, send};

/// Stands for an HSM: it signs, it counts, and it gives the key to nobody.
struct Device {
    key: Arc<dyn SigningKey>,
    kinds: Vec<SignatureKind>,
    signed: AtomicUsize,
    broken: bool,
}

impl Device {
    fn holding(identity: &TestIdentity, kind: SignatureKind) -> Self {
        let key = PrivatePkcs8KeyDer::from(identity.key_der().to_vec()).into();
        let key = crate::raw::provider().key_provider.load_private_key(key).unwrap();
        Self {
            key,
            kinds: vec![kind],
            signed: AtomicUsize::new(0),
            broken: false,
        }
    }
}

impl NodeSigner for Device {
    fn kinds(&self) -> &[SignatureKind] {
        &self.kinds
    }

    fn sign(&self, kind: SignatureKind, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        if self.broken {
            return Err("the device is out".into());
        }
        self.signed.fetch_add(1, Ordering::SeqCst);
        let scheme = match kind {
            SignatureKind::EcdsaP256Sha256 => rustls::SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureKind::EcdsaP384Sha384 => rustls::SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureKind::Ed25519 => rustls::SignatureScheme::ED25519,
            other => return Err(format!("{other:?} is not for this key").into()),
        };
        let signer = self.key.choose_scheme(&[scheme]).ok_or("not for this key")?;
        Ok(signer.sign(message)?)
    }
}

fn chain(identity: &TestIdentity) -> Vec<CertificateDer<'static>> {
    identity.chain_der().iter().cloned().map(CertificateDer::from).collect()
}

#[tokio::test]
async fn core_tls_314_both_sides_work_with_keys_that_are_elsewhere() {
    let world = World::new();
    for (kind, key) in [
        (SignatureKind::EcdsaP256Sha256, KeyKind::P256),
        (SignatureKind::EcdsaP384Sha384, KeyKind::P384),
        (SignatureKind::Ed25519, KeyKind::Ed25519),
    ] {
        let issue = |name| world.pki.issue(&LeafSpec::node(name).key(key)).unwrap();
        let (dvp, dvza) = (issue(DVP), issue(DVZA));
        let device = Arc::new(Device::holding(&dvza, kind));
        let server = NodeIdentity::with_signer(chain(&dvza), Arc::clone(&device) as Arc<dyn NodeSigner>).unwrap();
        let client = NodeIdentity::with_signer(chain(&dvp), Arc::new(Device::holding(&dvp, kind))).unwrap();
        let listener =
            BackChannelListener::builder(server, world.roots(), only(DVP)).revocation(Revocation::danger_off());
        let served = Served::start(listener, counting().0).await;
        let channel = BackChannel::builder(client, world.roots(), only(DVZA))
            .revocation(Revocation::danger_off())
            .danger_loopback(DangerLoopback::new().back(host(DVZA), served.address).unwrap())
            .build()
            .unwrap();
        assert_eq!(send(&channel, "/").await.unwrap().status(), 200, "{kind:?}");
        // Once to prove that the key fits, once in the handshake.
        assert_eq!(device.signed.load(Ordering::SeqCst), 2, "{kind:?}");
        served.stop().await;
    }
}

#[test]
fn core_tls_314_a_signer_that_does_not_fit_is_found_at_once() {
    let world = World::new();
    let (dvp, dvza) = (world.node(DVP), world.node(DVZA));
    let wrong = Device::holding(&dvza, SignatureKind::EcdsaP256Sha256);
    let mut none = Device::holding(&dvp, SignatureKind::EcdsaP256Sha256);
    none.kinds.clear();
    let mut broken = Device::holding(&dvp, SignatureKind::EcdsaP256Sha256);
    broken.broken = true;
    let other_kind = Device::holding(&dvp, SignatureKind::Ed25519);
    for device in [wrong, none, broken, other_kind] {
        let result = NodeIdentity::with_signer(chain(&dvp), Arc::new(device));
        assert!(matches!(result, Err(ConfigError::Signer(_))), "{result:?}");
    }
}
