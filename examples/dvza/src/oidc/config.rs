// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the operator says of the OpenID provider.

use super::OidcError;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The configuration of a login by OpenID Connect, in the agreement with the broker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The issuer, exactly as its ID tokens name it; its discovery document is under it.
    pub issuer: String,
    /// Who this DVZA is there.
    pub client_id: String,
    /// The file with the client secret.
    pub client_secret: PathBuf,
    /// The file with the certificate authorities (PEM) of the provider.
    pub roots: Option<PathBuf>,
    /// The claim that holds the BSN.
    #[serde(default = "bsn")]
    pub bsn_claim: String,
    /// The scopes to ask for.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The assurance levels that are enough, as the broker writes them in `acr`, best last: DigiD Substantieel and higher.
    #[serde(default = "levels")]
    pub levels: Vec<String>,
}

impl OidcConfig {
    pub(super) fn read_secret(&self) -> Result<String, OidcError> {
        let secret = std::fs::read_to_string(&self.client_secret).map_err(|source| OidcError::File {
            what: "client secret",
            path: self.client_secret.clone(),
            source,
        })?;
        Ok(secret.trim_end().to_owned())
    }
}

fn bsn() -> String {
    "bsn".to_owned()
}

fn scopes() -> Vec<String> {
    vec!["openid".to_owned()]
}

/// eIDAS names, and those of DigiD in SAML, which brokers pass on: Smartcard is Substantieel, SmartcardPKI is Hoog.
fn levels() -> Vec<String> {
    [
        "http://eidas.europa.eu/LoA/substantial",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard",
        "http://eidas.europa.eu/LoA/high",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
    ]
    .map(str::to_owned)
    .to_vec()
}
