// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — where the chain log is spooled and delivered.
//!
//! The upload operation of the central component and its authentication could not be read: address, authentication and
//! the one name in which published lines differ are values here.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use http::Uri;
use medmij_log::{Authentication, LineFormat, MAX_RETENTION, MIN_RETENTION, ResponseIdName, Upload};
use medmij_types::Hostname;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::NodeError;

/// Where the chain log goes.
///
/// ```toml
/// [log]
/// spool = "spool"                                            # a folder of its own
/// deliver_to = "https://acc-api.medmij.nl/eagleeye/v1/logs"  # over mutual TLS; or a folder
/// user = "pgo"                                               # HTTP Basic, where the contract asks for it
/// password_file = "log-password"
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LogConfig {
    /// The folder in which lines wait, and in which they are archived.
    pub spool: PathBuf,
    /// The address of the logs of the central component (`https://…`), or a folder that takes a file a batch. Without one
    /// the lines wait for whoever fetches them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_to: Option<String>,
    /// The name for HTTP Basic, beside the certificate of the Node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The file with the password for HTTP Basic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The file with a bearer token, in place of a name and a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Seconds between two deliveries: ten minutes, and never more than an hour.
    #[serde(default = "ten_minutes")]
    pub every: u64,
    /// Months that delivered lines are kept: 24, and never more than 36 (core.logging.101).
    #[serde(default = "two_years")]
    pub months: u32,
    /// MiB that may wait; what comes beyond it is lost, and counted.
    #[serde(default = "four_gib")]
    pub room: u64,
    /// Writes `response.id` in place of `response.request_id`.
    #[serde(default)]
    pub response_id: bool,
}

fn ten_minutes() -> u64 {
    600
}

fn two_years() -> u32 {
    24
}

fn four_gib() -> u64 {
    4_096
}

/// Where batches go.
pub(super) enum DeliverTo {
    Nowhere,
    Folder(PathBuf),
    Address(Upload, Hostname),
}

impl LogConfig {
    /// A spool in this folder, that is delivered nowhere yet.
    #[must_use]
    pub fn in_folder(spool: impl Into<PathBuf>) -> Self {
        Self {
            spool: spool.into(),
            deliver_to: None,
            user: None,
            password_file: None,
            token_file: None,
            every: ten_minutes(),
            months: two_years(),
            room: four_gib(),
            response_id: false,
        }
    }

    /// The same, delivered to an address or a folder.
    #[must_use]
    pub fn delivered_to(mut self, place: impl Into<String>) -> Self {
        self.deliver_to = Some(place.into());
        self
    }

    pub(super) fn format(&self) -> LineFormat {
        LineFormat::default().with_response_id(if self.response_id {
            ResponseIdName::Id
        } else {
            ResponseIdName::RequestId
        })
    }

    /// How long delivered lines are kept.
    pub(super) fn retention(&self) -> Duration {
        let months = u64::from(self.months.saturating_sub(24).min(12));
        // between the two bounds a month is a twelfth of the third year
        let more = MAX_RETENTION.saturating_sub(MIN_RETENTION).as_secs() / 12 * months;
        MIN_RETENTION.saturating_add(Duration::from_secs(more))
    }

    pub(super) fn deliver_to(&self) -> Result<DeliverTo, NodeError> {
        let authentication = self.authentication()?;
        let Some(place) = &self.deliver_to else {
            return Ok(DeliverTo::Nowhere);
        };
        if !place.contains("://") {
            return Ok(DeliverTo::Folder(PathBuf::from(place)));
        }
        let uri: Uri = place.parse().map_err(|_| refused("deliver_to is no address"))?;
        let host = uri.host().and_then(|host| Hostname::parse(host).ok());
        let host = host.ok_or_else(|| refused("deliver_to has no host name"))?;
        let upload = Upload::new(uri, authentication).map_err(|error| refused(&error.to_string()))?;
        Ok(DeliverTo::Address(upload, host))
    }

    fn authentication(&self) -> Result<Authentication, NodeError> {
        match (&self.user, &self.password_file, &self.token_file) {
            (None, None, None) => Ok(Authentication::ClientCertificate),
            (Some(user), Some(file), None) => Ok(Authentication::Basic {
                user: user.clone(),
                password: secret(file)?,
            }),
            (None, None, Some(file)) => {
                Authentication::bearer(secret(file)?.as_str()).map_err(|_| refused("token_file holds no bearer token"))
            }
            _ => Err(refused("give user and password_file, or token_file, or none of them")),
        }
    }
}

/// The first line of a file.
fn secret(path: &Path) -> Result<Zeroizing<String>, NodeError> {
    let bytes = Zeroizing::new(crate::config::read(path)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| refused("a file with a secret is no text"))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn refused(what: &str) -> NodeError {
    NodeError::Log(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_logging_102_address_folder_and_authentication_are_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "geheim\n").unwrap();
        let whole = |config: &LogConfig| config.deliver_to();
        let base = LogConfig::in_folder("spool");
        assert!(matches!(whole(&base), Ok(DeliverTo::Nowhere)));
        let to = |place: &str| base.clone().delivered_to(place);
        assert!(matches!(whole(&to("/var/log/medmij")), Ok(DeliverTo::Folder(_))));
        let mut basic = to("https://acc-api.medmij.nl/eagleeye/v1/logs");
        assert!(matches!(whole(&basic), Ok(DeliverTo::Address(..))));
        basic.user = Some("pgo".to_owned());
        assert!(whole(&basic).is_err(), "a name without a password");
        basic.password_file = Some(file.clone());
        let Ok(DeliverTo::Address(upload, host)) = whole(&basic) else {
            panic!("not an address");
        };
        assert_eq!(host.as_str(), "acc-api.medmij.nl");
        assert!(!format!("{upload:?}").contains("geheim"));
        basic.token_file = Some(file);
        assert!(whole(&basic).is_err(), "both");
        for wrong in [
            "http://acc-api.medmij.nl/logs",
            "https://127.0.0.1/logs",
            "https:///logs",
        ] {
            assert!(whole(&to(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn core_logging_101_lines_are_kept_24_to_36_months() {
        let retention = |months| {
            let mut config = LogConfig::in_folder("spool");
            config.months = months;
            config.retention()
        };
        assert_eq!((retention(0), retention(24)), (MIN_RETENTION, MIN_RETENTION));
        assert!(retention(30) > MIN_RETENTION && retention(30) < MAX_RETENTION);
        assert!(retention(99) <= MAX_RETENTION && retention(99) > retention(35));
    }
}
