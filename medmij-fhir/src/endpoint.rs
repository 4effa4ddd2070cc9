// SPDX-License-Identifier: AGPL-3.0-or-later
//! A ResourceEndpoint, and the rule that says which links stay inside it (threats F1 and F7).
//!
//! An access token goes to the ResourceEndpoints of one gegevensdienst and nowhere else. A link from
//! another party (`next`, `attachment.url`) is compared by its parsed parts, scheme, host, port and
//! path segments, never by how its text begins.

use std::fmt;

use medmij_types::{BackchannelUri, Systeemrolcode};
use url::Url;

use crate::bsn::searches_on_bsn;
use crate::outcome::printable;
use crate::query::Query;

/// The base of the FHIR service of one systeemrol: a `ResourceEndpointuri` of the Zorgaanbiederslijst.
///
/// ```
/// use medmij_fhir::ResourceEndpoint;
/// use medmij_types::BackchannelUri;
///
/// let uri = BackchannelUri::parse("https://dvza.example.nl/fhir/48").unwrap();
/// let endpoint = ResourceEndpoint::new(uri)?;
///
/// let next = endpoint.admit("https://dvza.example.nl/fhir/48/Observation?page=2")?;
/// assert_eq!(next.as_str(), "https://dvza.example.nl/fhir/48/Observation?page=2");
/// assert_eq!(endpoint.admit("Binary/brief-1")?.as_str(), "https://dvza.example.nl/fhir/48/Binary/brief-1");
///
/// let error = endpoint.admit("https://dvza.example.nl.evil.example/fhir/48/Observation?page=2").unwrap_err();
/// assert!(error.to_string().contains("https://dvza.example.nl.evil.example/fhir/48/Observation"));
/// # Ok::<(), medmij_fhir::LinkError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceEndpoint {
    uri: BackchannelUri,
    url: Url,
}

/// A URL that lies inside a ResourceEndpoint. Only [`ResourceEndpoint`] makes one, and only a
/// `Target` can be sent an access token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target(Box<str>);

/// A link that is not followed. The message names the link, without its query.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("link {link} is not followed: {rule}")]
#[non_exhaustive]
pub struct LinkError {
    /// The link, shortened, printable, without query and user information.
    pub link: String,
    /// The rule it breaks.
    pub rule: LinkRule,
}

/// Why a link is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LinkRule {
    /// Not a URL, or one with characters that readers disagree about.
    #[error("it is not a plain URL")]
    Malformed,
    /// Not https.
    #[error("its scheme is not https")]
    Scheme,
    /// `user@host`.
    #[error("it carries user information")]
    UserInfo,
    /// Another host or port than the ResourceEndpoint.
    #[error("its origin is not that of the ResourceEndpoint")]
    Origin,
    /// A path outside the base path of the ResourceEndpoint.
    #[error("its path is outside the ResourceEndpoint")]
    BasePath,
    /// core.rscint.203: it searches on a BSN.
    #[error("it holds a BSN (core.rscint.203)")]
    Bsn,
    /// F2: it was already followed.
    #[error("it was already followed")]
    Visited,
}

impl ResourceEndpoint {
    /// Takes the URI of an endpoint.
    ///
    /// # Errors
    /// [`LinkError`] when the URI has a query or a path that is not plain.
    pub fn new(uri: BackchannelUri) -> Result<Self, LinkError> {
        let wrong = |rule| LinkError::new(uri.as_str(), rule);
        let url = plain_url(uri.as_str(), None).map_err(wrong)?;
        if url.query().is_some() {
            return Err(wrong(LinkRule::Malformed));
        }
        Ok(Self { uri, url })
    }

    /// The URI as the list has it.
    #[must_use]
    pub fn uri(&self) -> &BackchannelUri {
        &self.uri
    }

    /// The URL of a query.
    #[must_use]
    pub fn target(&self, query: &Query) -> Target {
        Target(format!("{}/{}", self.base(), query.path_and_query()).into())
    }

    /// The endpoint itself, to which a Bundle of Delen is posted.
    pub(crate) fn root(&self) -> Target {
        Target(self.base().into())
    }

    /// Admits a link that another party gave: absolute, or relative to this endpoint.
    ///
    /// # Errors
    /// [`LinkError`], which names the link: another origin, another base path, user information, a
    /// BSN, or a text that readers could disagree about.
    pub fn admit(&self, link: &str) -> Result<Target, LinkError> {
        self.judge(link).map_err(|rule| LinkError::new(link, rule))
    }

    /// The URI without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.uri.as_str().trim_end_matches('/')
    }

    /// The path below this endpoint, when `path` is the path of a request to it; empty for the endpoint itself.
    pub(crate) fn below_or_at<'a>(&self, path: &'a str) -> Option<&'a str> {
        let base = self.url.path().trim_end_matches('/');
        let rest = path.strip_prefix(base)?;
        if rest.is_empty() {
            Some(rest)
        } else {
            rest.strip_prefix('/')
        }
    }

    fn judge(&self, link: &str) -> Result<Target, LinkRule> {
        let url = plain_url(link, Some(self.base()))?;
        let same_host = url.host_str() == self.url.host_str();
        if !same_host || url.port_or_known_default() != self.url.port_or_known_default() {
            return Err(LinkRule::Origin);
        }
        let base = segments(&self.url);
        let path = segments(&url);
        if path.len() < base.len() || !base.iter().zip(&path).all(|(a, b)| a == b) {
            return Err(LinkRule::BasePath);
        }
        Ok(Target(url.as_str().into()))
    }
}

impl Target {
    /// The absolute URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, with its port where it has one.
    pub(crate) fn host(&self) -> &str {
        authority(&self.0)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LinkError {
    pub(crate) fn new(link: &str, rule: LinkRule) -> Self {
        let visible = link.split(['?', '#']).next().unwrap_or_default();
        let mut shown = match (visible.find("//"), visible.rfind('@')) {
            (Some(slashes), Some(at)) if slashes < at => {
                let (scheme, host) = (visible.get(..slashes + 2), visible.get(at..));
                format!("{}…{}", scheme.unwrap_or_default(), host.unwrap_or_default())
            }
            _ => visible.to_owned(),
        };
        if searches_on_bsn(&shown) {
            shown = "…".to_owned();
        }
        if visible.len() < link.len() {
            shown.push_str("?…");
        }
        Self {
            link: printable(&shown, 200),
            rule,
        }
    }
}

/// The ResourceEndpoints of one Aanbieder, Interfaceversie and Gegevensdienst, by systeemrol.
///
/// A gegevensdienst with two systeemrollen, such as 51, may have them on two endpoints; links
/// between these are followed.
///
/// ```
/// use medmij_fhir::{ResourceEndpoint, ResourceEndpoints};
/// use medmij_types::{BackchannelUri, Systeemrolcode};
///
/// let uri = |text| BackchannelUri::parse(text).unwrap();
/// let endpoints = ResourceEndpoints::new(
///     Systeemrolcode::parse("MM-3.0-PLB-FHIR").unwrap(),
///     ResourceEndpoint::new(uri("https://lijst.example.nl/fhir"))?,
/// )
/// .with(
///     Systeemrolcode::parse("MM-3.0-PDB-FHIR").unwrap(),
///     ResourceEndpoint::new(uri("https://document.example.nl/fhir"))?,
/// );
/// assert_eq!(endpoints.iter().count(), 2);
/// # Ok::<(), medmij_fhir::LinkError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceEndpoints(Vec<(Systeemrolcode, ResourceEndpoint)>);

impl ResourceEndpoints {
    /// The endpoint of one systeemrol.
    #[must_use]
    pub fn new(systeemrol: Systeemrolcode, endpoint: ResourceEndpoint) -> Self {
        Self(vec![(systeemrol, endpoint)])
    }

    /// The `ResourceEndpointuri`s of a gegevensdienst, as a Zorgaanbiederslijst gives them.
    ///
    /// # Errors
    /// [`LinkError`], as [`ResourceEndpoint::new`].
    pub fn from_uris(uris: impl IntoIterator<Item = (Systeemrolcode, BackchannelUri)>) -> Result<Self, LinkError> {
        let endpoint = |(systeemrol, uri)| Ok((systeemrol, ResourceEndpoint::new(uri)?));
        uris.into_iter().map(endpoint).collect::<Result<_, _>>().map(Self)
    }

    /// Adds the endpoint of another systeemrol.
    #[must_use]
    pub fn with(mut self, systeemrol: Systeemrolcode, endpoint: ResourceEndpoint) -> Self {
        self.0.push((systeemrol, endpoint));
        self
    }

    /// The endpoints with their systeemrollen, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&Systeemrolcode, &ResourceEndpoint)> {
        self.0.iter().map(|(systeemrol, endpoint)| (systeemrol, endpoint))
    }

    /// The endpoint of a systeemrol; the first, when there are several.
    #[must_use]
    pub fn lookup(&self, systeemrol: &Systeemrolcode) -> Option<&ResourceEndpoint> {
        self.find(systeemrol.as_str())
    }

    pub(crate) fn find(&self, systeemrol: &str) -> Option<&ResourceEndpoint> {
        self.iter()
            .find(|(code, _)| code.as_str() == systeemrol)
            .map(|(_, endpoint)| endpoint)
    }

    /// Admits a link that came from `from`; an absolute link may lead to any of the endpoints.
    pub(crate) fn admit(&self, from: &ResourceEndpoint, link: &str) -> Result<Target, LinkError> {
        let first = match from.admit(link) {
            Ok(target) => return Ok(target),
            Err(error) => error,
        };
        if !link.starts_with("https://") {
            return Err(first);
        }
        self.0
            .iter()
            .find_map(|(_, endpoint)| endpoint.admit(link).ok())
            .ok_or(first)
    }
}

/// Parses a link and refuses what URL readers are known to disagree about.
fn plain_url(link: &str, base: Option<&str>) -> Result<Url, LinkRule> {
    let plain = !link.is_empty()
        && link.len() <= 8192
        && link.bytes().all(|b| {
            b.is_ascii_graphic() && !matches!(b, b'\\' | b'#' | b'"' | b'<' | b'>' | b'`' | b'^' | b'{' | b'}')
        });
    if !plain {
        return Err(LinkRule::Malformed);
    }
    if searches_on_bsn(link) {
        return Err(LinkRule::Bsn);
    }
    let path = link.split('?').next().unwrap_or_default();
    let url = match Url::parse(link) {
        Ok(url) => {
            if url.scheme() != "https" {
                return Err(LinkRule::Scheme);
            }
            // `https:path` and `https:///host` parse, and mean different things to different readers
            if !link
                .get(..8)
                .is_some_and(|start| start.eq_ignore_ascii_case("https://"))
                || path.get(8..9) == Some("/")
            {
                return Err(LinkRule::Malformed);
            }
            url
        }
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let base = base.ok_or(LinkRule::Malformed)?;
            if path.starts_with("//") {
                return Err(LinkRule::Origin);
            }
            let base = Url::parse(&format!("{base}/")).map_err(|_| LinkRule::Malformed)?;
            base.join(link).map_err(|_| LinkRule::Malformed)?
        }
        Err(_) => return Err(LinkRule::Malformed),
    };
    if !url.username().is_empty() || url.password().is_some() || authority(link).contains('@') {
        return Err(LinkRule::UserInfo);
    }
    let unsettled = |segment: &str| {
        let segment = segment.to_ascii_lowercase();
        ["%2e", "%2f", "%5c", "%00", "%25"]
            .iter()
            .any(|code| segment.contains(code))
            || segment == "."
            || segment == ".."
            || has_broken_escape(&segment)
    };
    // only a link that was parsed as absolute has an authority: in a relative one `://` is part of its path
    let own_path = match path.get(..8) {
        Some(start) if start.eq_ignore_ascii_case("https://") => path
            .get(8..)
            .and_then(|rest| rest.split_once('/'))
            .map_or("", |(_, path)| path),
        _ => path,
    };
    if own_path.split('/').any(unsettled)
        || url.path().trim_end_matches('/').contains("//")
        || url.path().ends_with("//")
    {
        return Err(LinkRule::BasePath);
    }
    Ok(url)
}

/// A percent sign without two hexadecimal digits: readers make different things of it.
fn has_broken_escape(segment: &str) -> bool {
    segment.match_indices('%').any(|(at, _)| {
        let digits = segment.get(at + 1..at + 3).unwrap_or_default();
        digits.len() < 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

fn authority(link: &str) -> &str {
    link.split_once("://")
        .map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default())
}

/// Path segments without the empty one that a slash at the end makes.
fn segments(url: &Url) -> Vec<&str> {
    url.path().split('/').filter(|segment| !segment.is_empty()).collect()
}

#[cfg(test)]
mod tests;
