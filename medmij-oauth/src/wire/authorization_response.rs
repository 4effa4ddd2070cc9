// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 6749 sections 4.1.2 and 4.1.2.1 — the answer to an authorization request, in the query of the redirect.

use medmij_types::{AuthorizationCode, State};

use super::ErrorResponse;
use crate::OauthError;
use crate::{RedirectUri, error_code::ErrorCode, form::Form};

/// The answer: a code or an error, with the `state` of the request.
///
/// ```
/// use medmij_oauth::{RedirectUri, wire::AuthorizationResponse};
/// use medmij_types::{AuthorizationCode, State};
///
/// let code = AuthorizationCode::from_wire("c+d")?;
/// let answer = AuthorizationResponse::new(Some(State::from_wire("x y")?), Ok(code));
/// let url = answer.to_url(&RedirectUri::parse("https://pgo.example.nl/cb?a=1")?);
/// assert_eq!(url, "https://pgo.example.nl/cb?a=1&code=c%2Bd&state=x%20y");
///
/// let read = AuthorizationResponse::parse("error=access_denied&state=x%20y")?;
/// assert!(read.result.is_err());
/// assert!(AuthorizationResponse::parse("code=een&code=twee&state=x").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationResponse {
    /// The `state` as it was sent. Absent only in an error to a request that had no readable one.
    pub state: Option<State>,
    /// The code, or the error.
    pub result: Result<AuthorizationCode, ErrorResponse>,
}

impl AuthorizationResponse {
    /// An answer.
    #[must_use]
    pub fn new(state: Option<State>, result: Result<AuthorizationCode, ErrorResponse>) -> Self {
        Self { state, result }
    }

    /// Reads the query of the redirect. Where `error` stands, a `code` beside it is ignored (D08), and what is encoded wrongly
    /// in it reads as `?`: a refusal stays a refusal.
    ///
    /// # Errors
    ///
    /// [`OauthError`]: the query or a parameter cannot be read, or there is no `state`, or neither code nor error.
    pub fn parse(query: &str) -> Result<Self, OauthError> {
        let form = Form::parse(query.as_bytes())?;
        let state = Self::state(&form)?;
        // twice is no error code, and an error all the same
        if let Some(error) = form.one_lossy("error").unwrap_or(Some("?")) {
            let description = form.one_lossy("error_description").ok().flatten();
            let error = ErrorResponse::new(ErrorCode::from_wire(error), description);
            return Ok(Self::new(state, Err(error)));
        }
        let code = form.one("code");
        if state.is_none() {
            return Err(OauthError::ResponseState);
        }
        let code = code?.ok_or(OauthError::ResponseCode)?;
        let code = AuthorizationCode::from_wire(code).map_err(|_| OauthError::ResponseCharacter)?;
        Ok(Self::new(state, Ok(code)))
    }

    /// The `state` of an answer, whatever else it holds.
    pub(crate) fn state(form: &Form) -> Result<Option<State>, OauthError> {
        let state = form.one("state")?.map(State::from_wire);
        state.transpose().map_err(|_| OauthError::ResponseCharacter)
    }

    /// The redirect: the exact `redirect_uri` with the parameters in its query and nothing else (D01).
    #[must_use]
    pub fn to_url(&self, redirect_uri: &RedirectUri) -> String {
        let mut pairs = Vec::with_capacity(3);
        match &self.result {
            Ok(code) => pairs.push(("code", code.expose())),
            Err(refused) => {
                pairs.push(("error", refused.error.as_str()));
                if let Some(description) = &refused.description {
                    pairs.push(("error_description", description.as_str()));
                }
            }
        }
        if let Some(state) = &self.state {
            pairs.push(("state", state.expose()));
        }
        redirect_uri.with_parameters(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d01_a_success_holds_code_and_state_only() {
        let response = AuthorizationResponse::new(
            Some(State::from_wire("a b&~").unwrap()),
            Ok(AuthorizationCode::from_wire("xyz").unwrap()),
        );
        let url = response.to_url(&RedirectUri::parse("https://pgo.example.nl/cb").unwrap());
        assert_eq!(url, "https://pgo.example.nl/cb?code=xyz&state=a%20b%26~");
        let query = url.split_once('?').unwrap().1;
        let read = AuthorizationResponse::parse(query).unwrap();
        assert_eq!(read.state, response.state);
        assert_eq!(read.result, response.result);
    }

    #[test]
    fn d08_peers_43_44_responses_are_read_or_refused() {
        use OauthError as E;
        for (query, error) in [
            ("", E::ResponseState),
            ("code=x", E::ResponseState),
            ("state=s", E::ResponseCode),
            ("state=&code=x", E::ResponseState),
            ("state=s&state=s&code=x", E::ParameterDuplicate),
            ("state=s&code=x&code=y", E::ParameterDuplicate),
            ("state=s&code=%ff", E::ParameterEncoding),
            ("state=s&code=%0a", E::ResponseCharacter),
            ("state=%ff&code=x", E::ParameterEncoding),
            ("state=%ff&error=access_denied", E::ParameterEncoding),
        ] {
            assert_eq!(AuthorizationResponse::parse(query).unwrap_err(), error, "{query}");
        }
        let refused =
            AuthorizationResponse::parse("error=access_denied&error_description=nee%0D%0A&code=x&state=s").unwrap();
        let error = refused.result.unwrap_err();
        assert_eq!(
            (error.error, error.description.as_deref()),
            (ErrorCode::AccessDenied, Some("nee??"))
        );
    }

    #[test]
    fn rfc6749_4_1_2_1_an_error_that_is_encoded_wrongly_is_an_error() {
        for (query, error, description) in [
            (
                "error=access_denied&error_description=Geen%20co%F6rdinatie&state=s",
                ErrorCode::AccessDenied,
                Some("Geen co?rdinatie"),
            ),
            (
                "error=access%FFdenied&state=s",
                ErrorCode::Other("access?denied".into()),
                None,
            ),
            ("error=a&error=b&state=s", ErrorCode::Other("?".into()), None),
            (
                "error=access_denied&code=%zz&x=%&state=s",
                ErrorCode::AccessDenied,
                None,
            ),
        ] {
            let read = AuthorizationResponse::parse(query).unwrap();
            assert_eq!(read.state, State::from_wire("s").ok(), "{query}");
            let refused = read.result.unwrap_err();
            assert_eq!((refused.error, refused.description.as_deref()), (error, description));
        }
    }

    #[test]
    fn core_tknint_202_a_foreign_parameter_that_is_encoded_wrongly_costs_no_code() {
        let read = AuthorizationResponse::parse("code=x&gclid=%zz&utm=%ff&state=s").unwrap();
        assert_eq!(read.result, Ok(AuthorizationCode::from_wire("x").unwrap()));
    }
}
