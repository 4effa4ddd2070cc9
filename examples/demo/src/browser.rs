// SPDX-License-Identifier: AGPL-3.0-or-later
//! A browser for the demo: just enough of one to walk the front channel as a Persoon would.
//!
//! It resolves names under `.localhost` to loopback, as browsers do (RFC 6761 section 6.3), keeps cookies per host,
//! follows redirects and fills in forms. It does not run scripts, and the pages need none.

mod page;

pub use page::{Form, Page};

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use std::collections::{BTreeMap, BTreeSet};

/// The largest page that is read.
const MAX_PAGE: usize = 1 << 20;
/// The most redirects after one another.
const MAX_REDIRECTS: usize = 10;

/// A browser with its cookies.
#[derive(Default)]
pub struct Browser {
    cookies: BTreeMap<(String, String), String>,
    stop_before: Option<(String, String)>,
    secrets: BTreeSet<String>,
    /// Ends of addresses, which are no secrets though forms repeat them.
    ends: BTreeSet<String>,
    recorded: Option<Vec<Exchange>>,
}

/// A request and the head of its answer, both with secrets: for those of invented persons only.
pub struct Exchange {
    /// Method, address and headers; the form or nothing as its body.
    pub request: Request<Bytes>,
    /// Status and headers of the answer, and its body.
    pub answer: http::Response<Bytes>,
}

impl Browser {
    /// A browser that does not follow a redirect to this host and path: for looking at what is in it.
    #[must_use]
    pub fn stopping_before(host: &str, path: &str) -> Self {
        Self {
            stop_before: Some((format!("http://{host}:"), path.to_owned())),
            ..Self::default()
        }
    }

    /// The same, keeping what it sends and gets.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.recorded = Some(Vec::new());
        self
    }

    /// What it sent and got since this was asked last, where it keeps that.
    pub fn exchanges(&mut self) -> Vec<Exchange> {
        self.recorded.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// What nobody but this browser may know of what it has seen: cookies, codes, `state`s, and the tokens in forms.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        self.secrets.difference(&self.ends).cloned().collect()
    }

    /// Opens an address and follows redirects to the page they end on.
    pub async fn open(&mut self, address: &str) -> Result<Page, BrowserError> {
        self.follow(Method::GET, address.to_owned(), Bytes::new(), None).await
    }

    /// Sends a form of a page, with the named button pressed and other fields set.
    pub async fn submit(
        &mut self,
        page: &Page,
        form: &Form,
        button: Option<(&str, &str)>,
        fields: &[(&str, &str)],
    ) -> Result<Page, BrowserError> {
        let mut pairs: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        pairs.retain(|(name, _)| !fields.iter().any(|(other, _)| other == name));
        pairs.extend(fields);
        pairs.extend(button);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let target = page.resolve(&form.action)?;
        if form.post {
            self.follow(Method::POST, target, Bytes::from(body), Some(&page.origin()))
                .await
        } else {
            let separator = if target.contains('?') { '&' } else { '?' };
            self.follow(Method::GET, format!("{target}{separator}{body}"), Bytes::new(), None)
                .await
        }
    }

    async fn follow(
        &mut self,
        mut method: Method,
        mut address: String,
        mut body: Bytes,
        origin: Option<&str>,
    ) -> Result<Page, BrowserError> {
        for _ in 0..=MAX_REDIRECTS {
            let page = self
                .request(&method, &address, std::mem::take(&mut body), origin)
                .await?;
            match page.location()? {
                Some(location) if self.stops_before(&location) => return Ok(page),
                Some(location) => {
                    tracing::debug!(from = %page.without_query(), "redirect");
                    (method, address) = (Method::GET, location);
                }
                None => return Ok(page),
            }
        }
        Err(BrowserError::TooManyRedirects)
    }

    async fn request(
        &mut self,
        method: &Method,
        address: &str,
        body: Bytes,
        origin: Option<&str>,
    ) -> Result<Page, BrowserError> {
        let uri: Uri = address.parse().map_err(|_| BrowserError::Address(address.to_owned()))?;
        let (Some("http"), Some(host), Some(port)) = (uri.scheme_str(), uri.host(), uri.port_u16()) else {
            return Err(BrowserError::Address(address.to_owned()));
        };
        if !host.ends_with(".localhost") {
            return Err(BrowserError::Address(address.to_owned()));
        }
        let host = host.to_owned();
        let mut request = Request::builder()
            .method(method.clone())
            .uri(uri.path_and_query().map_or("/", |p| p.as_str()))
            .header(header::HOST, format!("{host}:{port}"))
            .header(header::ACCEPT, "text/html");
        if *method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        if let Some(cookies) = self.cookies_for(&host) {
            request = request.header(header::COOKIE, cookies);
        }
        let request = request
            .body(body)
            .map_err(|_| BrowserError::Address(address.to_owned()))?;

        let socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
        let connection = tokio::spawn(connection);
        let kept = self.recorded.is_some().then(|| request.clone());
        let response = sender.send_request(request.map(Full::new)).await?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            self.keep_cookie(&host, cookie.to_str().unwrap_or_default());
        }
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_PAGE)
            .collect()
            .await
            .map_err(|_| BrowserError::TooLarge)?
            .to_bytes();
        connection.abort();
        if let (Some(recorded), Some(mut request)) = (&mut self.recorded, kept) {
            *request.uri_mut() = uri;
            let answer = http::Response::from_parts(parts.clone(), body.clone());
            recorded.push(Exchange { request, answer });
        }
        let page = Page::new(
            address.to_owned(),
            parts.status,
            parts.headers,
            String::from_utf8_lossy(&body).into_owned(),
        );
        self.remember(&page)?;
        Ok(page)
    }

    fn remember(&mut self, page: &Page) -> Result<(), BrowserError> {
        let hidden = page.forms().into_iter().flat_map(|form| form.fields);
        let hidden = hidden.filter(|(name, _)| !["aanbieder", "back", "flow"].contains(&name.as_str()));
        let location = page.location()?.unwrap_or_default();
        let query = location.split_once('?').map_or("", |(_, query)| query);
        let query = form_urlencoded::parse(query.as_bytes()).into_owned();
        let query = query.filter(|(name, _)| ["code", "state"].contains(&name.as_str()));
        let cookies = self
            .cookies
            .iter()
            .map(|((_, name), value)| (name.clone(), value.clone()));
        let seen: Vec<_> = hidden.chain(query).chain(cookies).map(|(_, value)| value).collect();
        let end = page.without_query().rsplit('/').next().unwrap_or_default();
        self.ends.insert(end.to_owned());
        // shorter ones can be guessed, and are none
        self.secrets.extend(seen.into_iter().filter(|value| value.len() >= 16));
        Ok(())
    }

    /// What it would send to a host as cookies.
    #[must_use]
    pub fn cookies_of(&self, host: &str) -> String {
        self.cookies_for(host).unwrap_or_default()
    }

    fn stops_before(&self, location: &str) -> bool {
        self.stop_before
            .as_ref()
            .is_some_and(|(host, path)| location.starts_with(host) && location.contains(path))
    }

    fn cookies_for(&self, host: &str) -> Option<String> {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .filter(|((h, _), _)| h == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn keep_cookie(&mut self, host: &str, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let key = (host.to_owned(), name.to_owned());
        if parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }
}

/// What can go wrong between the Persoon and a page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserError {
    /// Only `http://<name>.localhost:<port>` can be opened.
    #[error("the browser of the demo cannot open {0}")]
    Address(String),
    /// Nobody answers there.
    #[error("no connection to the page: {0}")]
    Connect(#[from] std::io::Error),
    /// The answer is not HTTP.
    #[error("the page did not come: {0}")]
    Http(#[from] hyper::Error),
    /// The page is over a megabyte.
    #[error("the page is larger than a megabyte, or was cut off")]
    TooLarge,
    /// A ring of redirects.
    #[error("the page redirects more than {MAX_REDIRECTS} times")]
    TooManyRedirects,
    /// A form or link that should be there is not.
    #[error("{url} (status {status}) has no {what}")]
    Missing {
        /// The page, without its query.
        url: String,
        /// The status it came with.
        status: StatusCode,
        /// What was looked for.
        what: String,
    },
}
