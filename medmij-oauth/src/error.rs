// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a value of this crate cannot be made: one error for all of them, a variant for each rule.

use medmij_types::ValueError;

/// The rule that a value breaks, named after the value whose rule it is. It never holds the value.
///
/// ```
/// use medmij_oauth::{OauthError, RedirectUri};
///
/// assert_eq!(RedirectUri::parse("http://pgo.example.nl/cb"), Err(OauthError::RedirectUriScheme));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OauthError {
    /// More bytes than may be read, [`Form::MAX_LEN`](crate::form::Form::MAX_LEN) by default.
    #[error("parameters are too long")]
    FormTooLong,
    /// More than [`Form::MAX_PARAMETERS`](crate::form::Form::MAX_PARAMETERS) parameters.
    #[error("more than 100 parameters")]
    FormTooMany,
    /// It occurs more than once (RFC 6749 section 3.1).
    #[error("parameter occurs more than once")]
    ParameterDuplicate,
    /// A `%` without two hexadecimal digits, or no UTF-8.
    #[error("parameter is encoded wrongly")]
    ParameterEncoding,
    /// A character that no parameter of an authorization response holds.
    #[error("authorization response cannot be read")]
    ResponseCharacter,
    /// No `state`.
    #[error("authorization response has no state")]
    ResponseState,
    /// Neither `code` nor `error`.
    #[error("authorization response has neither code nor error")]
    ResponseCode,
    /// No text.
    #[error("redirect_uri is empty")]
    RedirectUriEmpty,
    /// More than [`RedirectUri::MAX_LEN`](crate::RedirectUri::MAX_LEN) bytes.
    #[error("redirect_uri is longer than 2000 bytes")]
    RedirectUriTooLong,
    /// A character that has no place in a URI: control, space, `\`, non-ASCII and so on.
    #[error("redirect_uri holds a character that is not allowed in a uri")]
    RedirectUriCharacter,
    /// A `#` (RFC 6749 section 3.1.2).
    #[error("redirect_uri has a fragment")]
    RedirectUriFragment,
    /// Not an absolute URI with `://`.
    #[error("redirect_uri is not a full uri")]
    RedirectUriNotFull,
    /// Another scheme than `https`.
    #[error("redirect_uri is not https")]
    RedirectUriScheme,
    /// An `@` before the path.
    #[error("redirect_uri has user information before its host")]
    RedirectUriUserinfo,
    /// A port, also an empty one and also 443.
    #[error("redirect_uri has a port")]
    RedirectUriPort,
    /// The host is no usable host name.
    #[error("redirect_uri has no usable host: {0}")]
    RedirectUriHost(ValueError),
    /// A `%` that is not followed by two hexadecimal digits, or stands for a control character.
    #[error("redirect_uri has a wrong percent escape")]
    RedirectUriEscape,
    /// An empty query, or one that holds a parameter of the authorization response.
    #[error("redirect_uri has a query that cannot carry an authorization response")]
    RedirectUriQuery,
    /// No text.
    #[error("scope is empty")]
    ScopeEmpty,
    /// More than [`Scope::MAX_LEN`](crate::Scope::MAX_LEN) bytes.
    #[error("scope is longer than 2000 bytes")]
    ScopeTooLong,
    /// A space at an end, or two in a row.
    #[error("scope parts are not separated by single spaces")]
    ScopeSpace,
    /// Another number of parts than the function of this release has.
    #[error("scope has a number of parts that this function and release do not have")]
    ScopePartCount,
    /// A part has another form.
    #[error("part of the scope has not the form of this function and release")]
    ScopeForm,
    /// The name is none, has the suffix `@medmij`, or is the literal of a representation.
    #[error("scope holds no valid aanbiedernaam without suffix")]
    ScopeAanbiedernaam,
    /// The id is none.
    #[error("scope holds no valid gegevensdienst id")]
    ScopeGegevensdienstId,
    /// Two Aanbieders in one scope (core.authint.200 of release 1.5).
    #[error("scope names more than one aanbieder")]
    ScopeAanbieders,
    /// A gegevensdienst occurs twice.
    #[error("scope names a gegevensdienst twice")]
    ScopeDuplicate,
    /// None or too many gegevensdiensten for this function and release.
    #[error("scope names a number of gegevensdiensten that this function and release do not have")]
    ScopeGegevensdienstCount,
    /// The duration is no non-negative number of days (ext.abo.authint.200), or is not given.
    #[error("scope has no valid number of days")]
    ScopeDays,
    /// The release has no such representation, or it occurs twice.
    #[error("scope asks for a representation that this release does not have")]
    ScopeVertegenwoordiging,
    /// The release has no such function.
    #[error("release does not have this function")]
    ScopeFunction,
    /// Not eight digits.
    #[error("not a date of the form YYYYMMDD")]
    GeboortedatumForm,
    /// A part is `00` or `0000`: not known.
    #[error("date has unknown parts")]
    GeboortedatumUnknown,
    /// No day that exists, or one before 1800.
    #[error("date is no day that exists")]
    GeboortedatumDay,
    /// A line is not `seal ID KEY` or `index VERSION KEY` with 32 bytes of base64url.
    #[error("line {0} of the key file is no key: \"seal ID KEY\" or \"index VERSION KEY\", 32 bytes in base64url")]
    KeyFileLine(usize),
    /// A key occurs twice.
    #[error("line {0} of the key file has an id that is there already")]
    KeyFileTwice(usize),
    /// There is no key that seals, or none for the index.
    #[error("key file has no key that seals, or none for the index")]
    KeyFileLacking,
    /// An automatic redirect at autoriseren 1 or 2 would tell by its moment which of the two it was.
    #[error("autoriseren 1 and 2 end on a page, not in a redirect of their own")]
    PolicyAutomaticRedirect,
    /// Not in the alphabet of RFC 6749 appendix A.7.
    #[error("error description holds a character that rfc 6749 does not allow")]
    PolicyDescription,
    /// A lifetime outside its bounds.
    #[error("lifetime of {seconds} s is not between {least} and {most} s")]
    Lifetime {
        /// What was asked, in whole seconds.
        seconds: u64,
        /// The shortest.
        least: u64,
        /// The longest.
        most: u64,
    },
}
