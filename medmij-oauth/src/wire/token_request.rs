// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, core.tknint.208 — the token request and the refresh request.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use medmij_types::{AuthorizationCode, BackchannelUri, RefreshToken};

use super::{RequestIds, request_headers::is_media_type};
use crate::OauthError;
use crate::{
    ClientId, RedirectUri,
    form::{self, Form},
    policy::TokenUitzondering,
};

/// A request to the token endpoint.
///
/// ```
/// use bytes::Bytes;
/// use http::Request;
/// use medmij_oauth::{policy::TokenUitzondering, wire::TokenRequest};
///
/// let post = |body: &'static str| {
///     let request = Request::post("https://dvza.example.nl/oauth/token");
///     request.header("content-type", "application/x-www-form-urlencoded").body(Bytes::from_static(body.as_bytes()))
/// };
/// let good = "grant_type=authorization_code&code=abc&client_id=pgo.example.nl\
///             &redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb";
/// assert_eq!(TokenRequest::parse(&post(good)?)?.client_id().as_str(), "pgo.example.nl");
///
/// // core.tknint.205, and core.tknint.204: the code was offered all the same
/// let refused = TokenRequest::parse(&post("grant_type=authorization_code&code=abc&client_id=pgo.example.nl")?);
/// let refused = refused.unwrap_err();
/// assert_eq!(refused.uitzondering, TokenUitzondering::InvalidRequest);
/// assert_eq!(refused.offered.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "core.autorisatie.200 knows these two grants")]
pub enum TokenRequest {
    /// With an authorization code.
    Code(CodeRequest),
    /// With a refresh token.
    Refresh(RefreshRequest),
}

/// `grant_type=authorization_code`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CodeRequest {
    /// The code.
    pub code: AuthorizationCode,
    /// The client.
    pub client_id: ClientId,
    /// The same `redirect_uri` as in the authorization request (core.tknint.205).
    pub redirect_uri: RedirectUri,
}

/// `grant_type=refresh_token`. It has no `redirect_uri` and no `scope`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefreshRequest {
    /// The refresh token.
    pub refresh_token: RefreshToken,
    /// The client.
    pub client_id: ClientId,
}

impl CodeRequest {
    /// A request.
    #[must_use]
    pub fn new(code: AuthorizationCode, client_id: ClientId, redirect_uri: RedirectUri) -> Self {
        Self {
            code,
            client_id,
            redirect_uri,
        }
    }
}

impl RefreshRequest {
    /// A request.
    #[must_use]
    pub fn new(refresh_token: RefreshToken, client_id: ClientId) -> Self {
        Self {
            refresh_token,
            client_id,
        }
    }
}

impl TokenRequest {
    /// The client that the request names.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::Code(request) => &request.client_id,
            Self::Refresh(request) => &request.client_id,
        }
    }

    /// The form body: the parameters of the rule and nothing else, each encoded once.
    #[must_use]
    pub fn to_form(&self) -> String {
        match self {
            Self::Code(request) => form::encode([
                ("grant_type", "authorization_code"),
                ("code", request.code.expose()),
                ("client_id", request.client_id.as_str()),
                ("redirect_uri", request.redirect_uri.as_str()),
            ]),
            Self::Refresh(request) => form::encode([
                ("grant_type", "refresh_token"),
                ("refresh_token", request.refresh_token.expose()),
                ("client_id", request.client_id.as_str()),
            ]),
        }
    }

    /// The request as it is sent; `ids` from release 2.0 on.
    #[must_use]
    pub fn to_http(&self, endpoint: &BackchannelUri, ids: Option<&RequestIds>) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from(self.to_form()));
        *request.method_mut() = Method::POST;
        // a BackchannelUri is always a uri; were it not, the transport refuses a request without host
        *request.uri_mut() = endpoint.as_str().parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(ids) = ids {
            ids.write(headers);
        }
        request
    }

    /// The codes that a request names, whether or not it can be read (core.tknint.204): in its body as a form or as JSON, and
    /// in its query. Sixteen at most.
    #[must_use]
    pub fn offered(request: &Request<Bytes>) -> Vec<AuthorizationCode> {
        let query = request.uri().query().unwrap_or_default();
        let json: Option<serde_json::Map<String, serde_json::Value>> = match request.body().trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(request.body()).ok(),
            _ => None,
        };
        let json = json.as_ref().and_then(|object| object.get("code")?.as_str());
        form::values(request.body(), "code")
            .chain(form::values(query.as_bytes(), "code"))
            .chain(json.map(str::to_owned))
            .filter_map(|code| AuthorizationCode::from_wire(code).ok())
            .take(16)
            .collect()
    }

    /// Reads a request. Unknown parameters are ignored (core.tknint.200).
    ///
    /// # Errors
    ///
    /// [`TokenRequestError`], which still holds the codes that were offered, so that the server can retire them
    /// (core.tknint.204).
    pub fn parse(request: &Request<Bytes>) -> Result<Self, TokenRequestError> {
        let is_form = is_media_type(request.headers(), FORM);
        let query = request.uri().query().unwrap_or_default();
        let fault = |what| TokenRequestError::new(what).offering(Self::offered(request));
        let form = Form::parse(request.body()).map_err(|_| fault("body is no form"))?;
        if !is_form {
            return Err(fault("content type is not application/x-www-form-urlencoded"));
        }
        if KNOWN.iter().any(|name| form::names(query, name)) {
            return Err(fault("parameters are in the uri"));
        }
        let one = |name| {
            form.one(name).map_err(|error| match error {
                OauthError::ParameterDuplicate => fault("parameter occurs twice"),
                _ => fault("parameter is encoded wrongly"),
            })
        };
        let (grant_type, code, refresh_token) = (one("grant_type")?, one("code")?, one("refresh_token")?);
        let (client_id, redirect_uri) = (one("client_id")?, one("redirect_uri")?);

        let grant_type = grant_type.ok_or_else(|| fault("grant_type is missing"))?;
        if !matches!(grant_type, "authorization_code" | "refresh_token") {
            return Err(fault("grant_type is unknown").because(TokenUitzondering::GrantType));
        }
        let client_id = client_id.ok_or_else(|| fault("client_id is missing"))?;
        let client_id = ClientId::parse(client_id)
            .map_err(|_| fault("client_id is no host name").because(TokenUitzondering::Client))?;
        if grant_type == "refresh_token" {
            let token = refresh_token.ok_or_else(|| fault("refresh_token is missing"))?;
            let token = RefreshToken::from_wire(token)
                .map_err(|_| fault("refresh_token is malformed").because(TokenUitzondering::Grant))?;
            return Ok(Self::Refresh(RefreshRequest::new(token, client_id)));
        }
        let code = code.ok_or_else(|| fault("code is missing"))?;
        let code = AuthorizationCode::from_wire(code)
            .map_err(|_| fault("code is malformed").because(TokenUitzondering::Grant))?;
        // core.tknint.205: no token without redirect_uri, nor with another one
        let redirect_uri = redirect_uri.ok_or_else(|| fault("redirect_uri is missing"))?;
        let redirect_uri = RedirectUri::parse(redirect_uri)
            .map_err(|_| fault("redirect_uri is not the one of the request").because(TokenUitzondering::Grant))?;
        Ok(Self::Code(CodeRequest::new(code, client_id, redirect_uri)))
    }
}

/// Why a token request cannot be read, with the codes that it offered all the same.
#[derive(Clone, Debug, thiserror::Error)]
#[error("token request: {what}")]
#[non_exhaustive]
pub struct TokenRequestError {
    /// The exception of the token interface.
    pub uitzondering: TokenUitzondering,
    /// What is wrong, in fixed words.
    pub what: &'static str,
    /// Codes to retire: core.tknint.204 counts an offer, not a success.
    pub offered: Vec<AuthorizationCode>,
}

impl TokenRequestError {
    fn new(what: &'static str) -> Self {
        Self {
            uitzondering: TokenUitzondering::InvalidRequest,
            what,
            offered: Vec::new(),
        }
    }

    fn because(mut self, uitzondering: TokenUitzondering) -> Self {
        self.uitzondering = uitzondering;
        self
    }

    fn offering(mut self, offered: Vec<AuthorizationCode>) -> Self {
        self.offered = offered;
        self
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const KNOWN: [&str; 6] = [
    "grant_type",
    "code",
    "client_id",
    "redirect_uri",
    "refresh_token",
    "client_secret",
];

#[cfg(test)]
mod tests;
