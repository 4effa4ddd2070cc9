// SPDX-License-Identifier: AGPL-3.0-or-later
//! TLS versions and algorithms as data: core.tls.300 to core.tls.305
//!
//! * core.tls.300 wants TLS on all traffic: there is no other way in or out in this crate.
//! * core.tls.301 wants what the NCSC guideline calls "goed". The presets list exactly what is offered.
//! * core.tls.302 allows deviations that are written down: the only one is that of core.tls.305.
//! * core.tls.303 forbids False Start: the TLS library has none.
//! * core.tls.304 wants the highest common version: the library always takes it.
//! * core.tls.305, the deviation in force: TLS 1.2 is offered beside 1.3. [`TlsPolicy::tls13_only`] ends
//!   that with one switch.
//! * TLS 1.2 without extended master secret (RFC 7627) is a weaker TLS 1.2 that older peers speak. Refusing it looks like
//!   "TLS 1.2 not offered" to auditors' scanners (core.tls.305), so `ncsc_2_1` allows it and counts who needs it;
//!   `ncsc_2025` refuses it. Nothing that the extension protects is in use here: no resumption, and no exporter.
//! * No early data (0-RTT), no tickets, no resumption, no compression, no renegotiation on either side.

pub(crate) mod client;
pub(crate) mod ems;
#[cfg(feature = "axum")]
pub(crate) mod server;
mod time;
pub(crate) mod verify;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{CipherSuite, NamedGroup, SupportedProtocolVersion, version};

use crate::{ConfigError, Cryptography};

/// Which versions, cipher suites and key exchange groups are offered.
///
/// ```
/// use medmij_net::TlsPolicy;
///
/// let today = TlsPolicy::ncsc_2_1();
/// assert_eq!(today.versions(), ["TLSv1_3", "TLSv1_2"]);
/// assert_eq!(today.tls13_only().versions(), ["TLSv1_3"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct TlsPolicy {
    preset: &'static Preset,
    tls13_only: bool,
    cryptography: Cryptography,
    requires_ems: bool,
    post_quantum: bool,
}

impl TlsPolicy {
    /// The NCSC guideline 2.1 of 2021, which core.tls.301 names: AES-GCM of both sizes and ChaCha20, with
    /// TLS 1.2 as the deviation of core.tls.305. The default.
    pub fn ncsc_2_1() -> Self {
        Self::of(&NCSC_2_1)
    }

    /// The guideline of 2025: AES-128 is no longer "goed", so TLS 1.3 offers AES-256 and ChaCha20 only;
    /// the suites of TLS 1.2 are "voldoende" and follow as the deviation of core.tls.305.
    pub fn ncsc_2025() -> Self {
        Self::of(&NCSC_2025)
    }

    /// The preset of this name, as [`name`](Self::name) says it.
    ///
    /// ```
    /// use medmij_net::TlsPolicy;
    ///
    /// assert_eq!(TlsPolicy::of_name("ncsc-2025"), Some(TlsPolicy::ncsc_2025()));
    /// assert_eq!(TlsPolicy::of_name("ncsc-2014"), None);
    /// ```
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::ncsc_2_1(), Self::ncsc_2025()]
            .into_iter()
            .find(|policy| policy.name() == name)
    }

    /// Without the deviation of core.tls.305: TLS 1.3 and nothing else.
    pub fn tls13_only(mut self) -> Self {
        self.tls13_only = true;
        self
    }

    /// Whether a peer with TLS 1.2 must know the extended master secret (RFC 7627). Default no with [`ncsc_2_1`](Self::ncsc_2_1),
    /// where peers without it are served and counted, and yes with [`ncsc_2025`](Self::ncsc_2025).
    ///
    /// ```
    /// use medmij_net::TlsPolicy;
    ///
    /// assert!(!TlsPolicy::ncsc_2_1().requires_extended_master_secret());
    /// assert!(TlsPolicy::ncsc_2_1().extended_master_secret(true).requires_extended_master_secret());
    /// ```
    pub fn extended_master_secret(mut self, required: bool) -> Self {
        self.requires_ems = required;
        self
    }

    /// Whether a peer with TLS 1.2 and without the extended master secret is refused.
    #[must_use]
    pub fn requires_extended_master_secret(&self) -> bool {
        self.requires_ems
    }

    /// Prefers the hybrid key exchange X25519MLKEM768, so that what is recorded today stays closed to a quantum computer of
    /// tomorrow. It is for TLS 1.3; peers that do not know it, or only TLS 1.2, agree on another group as before. Needs
    /// `Cryptography::AwsLcRs`: setting up TLS on ring fails with [`ConfigError::Tls`].
    pub fn post_quantum(mut self) -> Self {
        self.post_quantum = true;
        self
    }

    /// The same on the first cryptography of this build that has it; `None` where none has.
    ///
    /// ```
    /// use medmij_net::TlsPolicy;
    ///
    /// match TlsPolicy::ncsc_2_1().try_post_quantum() {
    ///     Some(hybrid) => assert_eq!(hybrid.groups()[0], "X25519MLKEM768"),
    ///     None => println!("this build has no aws-lc-rs"),
    /// }
    /// ```
    #[must_use]
    pub fn try_post_quantum(self) -> Option<Self> {
        Cryptography::ALL
            .iter()
            .map(|cryptography| self.cryptography(*cryptography).post_quantum())
            .find(|policy| policy.provider().is_ok())
    }

    /// Whether the hybrid key exchange is offered.
    #[must_use]
    pub fn is_post_quantum(&self) -> bool {
        self.post_quantum
    }

    /// Whose cryptography does the work; the presets are the same with each. Default ring.
    pub fn cryptography(mut self, cryptography: Cryptography) -> Self {
        self.cryptography = cryptography;
        self
    }

    /// The name of the preset: `ncsc-2.1` or `ncsc-2025`.
    pub fn name(&self) -> &'static str {
        self.preset.name
    }

    /// The names of the cipher suites that are offered, most wanted first.
    pub fn suites(&self) -> Vec<String> {
        self.chosen_suites().map(|suite| format!("{suite:?}")).collect()
    }

    /// The names of the groups for key exchange that are offered, most wanted first.
    pub fn groups(&self) -> Vec<String> {
        self.chosen_groups().map(|group| format!("{group:?}")).collect()
    }

    /// The names of the versions that are offered, highest first.
    pub fn versions(&self) -> Vec<String> {
        self.protocol_versions()
            .iter()
            .map(|version| format!("{:?}", version.version))
            .collect()
    }

    pub(crate) fn protocol_versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        if self.tls13_only { &TLS13 } else { &TLS13_AND_12 }
    }

    fn of(preset: &'static Preset) -> Self {
        Self {
            preset,
            tls13_only: false,
            cryptography: Cryptography::default(),
            requires_ems: preset.requires_ems,
            post_quantum: false,
        }
    }

    /// The cryptography, cut down to the preset.
    pub(crate) fn provider(&self) -> Result<Arc<CryptoProvider>, ConfigError> {
        let mut provider = self.cryptography.provider();
        let all = std::mem::take(&mut provider.cipher_suites);
        provider.cipher_suites = self
            .chosen_suites()
            .filter_map(|wanted| all.iter().copied().find(|had| had.suite() == *wanted))
            .collect();
        let groups = std::mem::take(&mut provider.kx_groups);
        provider.kx_groups = self
            .chosen_groups()
            .filter_map(|wanted| groups.iter().copied().find(|had| had.name() == *wanted))
            .collect();
        if provider.cipher_suites.len() != self.chosen_suites().count()
            || provider.kx_groups.len() != self.chosen_groups().count()
        {
            return Err(ConfigError::Tls(
                "the tls library lacks an algorithm of the preset".into(),
            ));
        }
        Ok(Arc::new(provider))
    }

    fn chosen_groups(&self) -> impl Iterator<Item = &'static NamedGroup> {
        let hybrid: &[NamedGroup] = if self.post_quantum {
            &[NamedGroup::X25519MLKEM768]
        } else {
            &[]
        };
        hybrid.iter().chain(self.preset.groups)
    }

    fn chosen_suites(&self) -> impl Iterator<Item = &'static CipherSuite> {
        let tls12 = if self.tls13_only { &[] } else { self.preset.tls12 };
        self.preset.tls13.iter().chain(tls12)
    }
}

impl Default for TlsPolicy {
    fn default() -> Self {
        Self::ncsc_2_1()
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Preset {
    name: &'static str,
    tls13: &'static [CipherSuite],
    tls12: &'static [CipherSuite],
    groups: &'static [NamedGroup],
    requires_ems: bool,
}

/// All three are "goed" in both editions; the fastest comes first.
const GROUPS: &[NamedGroup] = &[NamedGroup::X25519, NamedGroup::secp256r1, NamedGroup::secp384r1];

static NCSC_2_1: Preset = Preset {
    name: "ncsc-2.1",
    tls13: &[
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS13_AES_128_GCM_SHA256,
    ],
    tls12: TLS12_ECDHE_AEAD,
    groups: GROUPS,
    requires_ems: false,
};

static NCSC_2025: Preset = Preset {
    name: "ncsc-2025",
    tls13: &[
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ],
    tls12: TLS12_ECDHE_AEAD,
    groups: GROUPS,
    requires_ems: true,
};

const TLS12_ECDHE_AEAD: &[CipherSuite] = &[
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

static TLS13: [&SupportedProtocolVersion; 1] = [&version::TLS13];
static TLS13_AND_12: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];

/// The one application protocol of the back channel. HTTP/2 is absent on purpose: it lets one connection
/// serve several hosts.
pub(crate) const ALPN: &[u8] = b"http/1.1";

#[cfg(test)]
mod tests {
    use super::*;

    fn policies() -> impl Iterator<Item = TlsPolicy> {
        Cryptography::ALL.iter().flat_map(|cryptography| {
            [TlsPolicy::ncsc_2_1(), TlsPolicy::ncsc_2025()]
                .into_iter()
                .flat_map(|policy| [policy, policy.tls13_only()])
                .map(|policy| policy.cryptography(*cryptography))
        })
    }

    #[test]
    fn core_tls_301_every_preset_is_what_the_library_offers_whosever_cryptography_it_is() {
        for policy in policies() {
            let provider = policy.provider().unwrap();
            let suites = provider.cipher_suites.iter();
            let offered: Vec<_> = suites.map(|s| format!("{:?}", s.suite())).collect();
            assert_eq!(offered, policy.suites(), "{policy:?}");
            let groups = provider.kx_groups.iter();
            let offered: Vec<_> = groups.map(|group| format!("{:?}", group.name())).collect();
            assert_eq!(offered, policy.groups(), "{policy:?}");
        }
    }

    /// What NCSC calls "goed", and for TLS 1.2 "voldoende" with forward secrecy and AEAD: the deviation of core.tls.305.
    #[test]
    fn core_tls_301_core_tls_302_the_presets_by_the_letter() {
        const TLS12: [&str; 6] = [
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ];
        let good = ["TLS13_AES_256_GCM_SHA384", "TLS13_CHACHA20_POLY1305_SHA256"];
        // "goed" in 2021, "voldoende" in 2025
        let aes_128 = "TLS13_AES_128_GCM_SHA256";
        let with = |tls13: &[&'static str]| [tls13, &TLS12].concat();
        for (policy, suites) in [
            (TlsPolicy::ncsc_2_1(), with(&[good[0], good[1], aes_128])),
            (TlsPolicy::ncsc_2_1().tls13_only(), vec![good[0], good[1], aes_128]),
            (TlsPolicy::ncsc_2025(), with(&good)),
            (TlsPolicy::ncsc_2025().tls13_only(), good.to_vec()),
        ] {
            assert_eq!(policy.suites(), suites, "{policy:?}");
            assert_eq!(policy.groups(), ["X25519", "secp256r1", "secp384r1"], "{policy:?}");
        }
    }

    #[test]
    fn core_tls_301_post_quantum_is_there_where_the_library_has_it() {
        for cryptography in Cryptography::ALL {
            let policy = TlsPolicy::ncsc_2025().cryptography(*cryptography).post_quantum();
            assert_eq!(policy.groups()[0], "X25519MLKEM768");
            match policy.provider() {
                Ok(provider) => assert_eq!(provider.kx_groups[0].name(), NamedGroup::X25519MLKEM768),
                Err(error) => assert!(
                    *cryptography == Cryptography::Ring && matches!(error, ConfigError::Tls(_)),
                    "{cryptography:?}: {error}"
                ),
            }
        }
    }

    #[test]
    fn core_tls_305_one_switch_ends_tls_1_2() {
        assert_eq!(TlsPolicy::default(), TlsPolicy::ncsc_2_1());
        for policy in policies().map(TlsPolicy::tls13_only) {
            assert_eq!(policy.versions(), ["TLSv1_3"]);
            assert!(policy.suites().iter().all(|name| name.starts_with("TLS13_")));
        }
    }
}
